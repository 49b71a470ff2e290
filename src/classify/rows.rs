//! Statements that write rows, or may.

use std::collections::HashSet;
use std::sync::LazyLock;

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
    let own = |call: &str| context.schema.defines_routine(call);
    let foreign = calls
        .iter()
        .find(|call| own(call) || !is_known_to_read(call));
    match foreign {
        None => says(Effect::Neutral, "reads only"),
        Some(call) => {
            let defined = own(call);
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

/// Functions that are called for their answer and change nothing an application sees, one a line: those of
/// PostgreSQL's `pg_catalog` that are immutable or stable (`pg_proc.provolatile`) and the harmless among the volatile,
/// those of its common extensions, and the functions of the manuals of MySQL, MariaDB and SQLite.
const READERS: &str = include_str!("readers.txt");

fn is_known_to_read(call: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| READERS.lines().collect());
    NAMES.contains(call)
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
            "to_regclass",
            "btrim",
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
