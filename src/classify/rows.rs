//! Statements that write rows, or may.

use crate::model::{Effect, Name, RowChange, RowVerb};

use super::{Context, Judgement, says};

pub(super) fn write(rows: &RowChange, context: &Context<'_>) -> Judgement {
    let table = &rows.table;
    if is_catalog(table) {
        return says(
            Effect::Unknown,
            format!(
                "edits the engine's own catalog `{table}`: what that does cannot be read from the file"
            ),
        );
    }
    if context.schema.is_new_table(table) && !context.facts.rebuilds_as(table) {
        return says(Effect::Add, "fills a table that no release has seen");
    }
    match rows.verb {
        RowVerb::Delete if rows.every_row => {
            says(Effect::Destroy, format!("deletes every row of `{table}`"))
        }
        RowVerb::Delete => says(Effect::Rows, "deletes the rows that its condition names"),
        RowVerb::Update if rows.every_row => {
            says(Effect::Rows, "changes every row, keeps the shape")
        }
        RowVerb::Update => says(Effect::Rows, "changes rows, keeps the shape"),
        RowVerb::Insert | RowVerb::Copy => says(Effect::Rows, "adds rows, keeps the shape"),
        RowVerb::Replace | RowVerb::Merge => {
            says(Effect::Rows, "adds and replaces rows, keeps the shape")
        }
    }
}

fn is_catalog(table: &Name) -> bool {
    let schema = table.schema.as_ref().map(crate::model::Ident::as_str);
    matches!(
        schema,
        Some("pg_catalog" | "information_schema" | "mysql" | "performance_schema")
    ) || matches!(table.name.as_str(), "sqlite_master" | "sqlite_schema")
        || schema.is_none() && table.name.as_str().starts_with("pg_") && {
            matches!(
                table.name.as_str(),
                "pg_attribute"
                    | "pg_class"
                    | "pg_enum"
                    | "pg_type"
                    | "pg_constraint"
                    | "pg_index"
                    | "pg_proc"
                    | "pg_trigger"
                    | "pg_depend"
                    | "pg_database"
            )
        }
}

pub(super) fn truncate(table: &Name, cascade: bool, context: &Context<'_>) -> Judgement {
    let is_new = context.schema.is_new_table(table) && !context.facts.rebuilds_as(table);
    if is_new && !cascade {
        return says(Effect::Add, "empties a table that no release has seen");
    }
    let reach = if cascade {
        " and of every table that refers to it"
    } else {
        ""
    };
    says(
        Effect::Destroy,
        format!("all rows of `{table}`{reach} are gone"),
    )
}

/// A SELECT reads, unless a function in it does more.
pub(super) fn query(calls: &[String], context: &Context<'_>) -> Judgement {
    if calls.iter().any(|call| call == "setval") {
        return says(Effect::Rows, "sets a sequence's next value");
    }
    let foreign = calls.iter().find(|call| !is_known_to_read(call));
    match foreign {
        None => says(Effect::Neutral, "reads only"),
        Some(call) => {
            let defined = context.schema.defines_routine(call);
            let whose = if defined {
                "the folder's own function"
            } else {
                "the function"
            };
            says(
                Effect::Unknown,
                format!(
                    "calls {whose} `{call}`, and what that does cannot be read from the statement"
                ),
            )
        }
    }
}

/// Functions of the three engines that are called for their answer and change nothing an application sees.
fn is_known_to_read(call: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "array_",
        "btrim",
        "char_",
        "current_",
        "date_",
        "has_",
        "json",
        "lo_get",
        "make_",
        "obj_description",
        "percentile_",
        "pg_advisory",
        "pg_column",
        "pg_get",
        "pg_is",
        "pg_relation",
        "pg_sleep",
        "pg_table",
        "pg_total",
        "pg_try_advisory",
        "pg_typeof",
        "quote_",
        "regexp_",
        "row_",
        "sqlite_",
        "string_",
        "to_",
        "uuid",
    ];
    const NAMES: &[&str] = &[
        "abs",
        "age",
        "avg",
        "bool_and",
        "bool_or",
        "cast",
        "ceil",
        "ceiling",
        "char",
        "chr",
        "clock_timestamp",
        "coalesce",
        "col_description",
        "concat",
        "concat_ws",
        "convert",
        "count",
        "database",
        "date",
        "datetime",
        "decode",
        "dense_rank",
        "digest",
        "encode",
        "exists",
        "extract",
        "field",
        "find_in_set",
        "first_value",
        "floor",
        "format",
        "from_unixtime",
        "gen_random_uuid",
        "generate_series",
        "get_lock",
        "greatest",
        "group_concat",
        "hex",
        "if",
        "ifnull",
        "iif",
        "inet_aton",
        "inet_ntoa",
        "instr",
        "is_free_lock",
        "isnull",
        "jsonb_agg",
        "lag",
        "last_insert_id",
        "last_value",
        "lead",
        "least",
        "left",
        "length",
        "localtimestamp",
        "locate",
        "lower",
        "lpad",
        "ltrim",
        "max",
        "md5",
        "min",
        "mod",
        "now",
        "nullif",
        "num_nonnulls",
        "nvl",
        "overlay",
        "position",
        "power",
        "printf",
        "rand",
        "random",
        "rank",
        "release_lock",
        "replace",
        "reverse",
        "right",
        "round",
        "rpad",
        "rtrim",
        "schema",
        "sha1",
        "sha2",
        "sha256",
        "sign",
        "sleep",
        "split_part",
        "sqrt",
        "statement_timestamp",
        "strftime",
        "strpos",
        "substr",
        "substring",
        "sum",
        "sysdate",
        "time",
        "timestamp",
        "total",
        "transaction_timestamp",
        "translate",
        "trim",
        "trunc",
        "typeof",
        "unhex",
        "unistr",
        "unix_timestamp",
        "unnest",
        "upper",
        "user",
        "utc_timestamp",
        "version",
        "year",
        "zeroblob",
    ];
    NAMES.binary_search(&call).is_ok() || PREFIXES.iter().any(|prefix| call.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_functions_known_to_read_are_taken_to_read() {
        for call in [
            "count",
            "now",
            "coalesce",
            "pg_get_constraintdef",
            "to_char",
            "zeroblob",
            "abs",
        ] {
            assert!(is_known_to_read(call), "{call}");
        }
        for call in [
            "drop_everything",
            "create_hypertable",
            "lo_unlink",
            "dblink_exec",
        ] {
            assert!(!is_known_to_read(call), "{call}");
        }
    }
}
