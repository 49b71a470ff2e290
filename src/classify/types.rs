//! What changing a column's type means for a release that still has the old one in mind.

use crate::model::{DataType, Dialect, TypeShape};
use crate::schema::Schema;

/// How a new type stands to the old one, seen by a release that knows the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// No difference that anybody could see.
    Same,
    /// Every old value and every old write fits, in the same form.
    Widens,
    /// Some values that fitted do not fit any more.
    Narrows,
    /// The values mean something else, or come in another form.
    Differs,
    /// The same instants only while the session's time zone is UTC (PostgreSQL).
    DependsOnTimeZone,
}

/// Compares two types of one engine. User-defined types are looked up in `schema`.
pub fn compare(old: &DataType, new: &DataType, schema: &Schema) -> Shift {
    if old == new {
        return Shift::Same;
    }
    if old.dimensions != new.dimensions {
        return Shift::Differs;
    }
    match schema.dialect() {
        Dialect::Postgres => postgres(old, new, schema),
        Dialect::Mysql => mysql(old, new),
        Dialect::Sqlite => sqlite(old, new),
    }
}

fn postgres(old: &DataType, new: &DataType, schema: &Schema) -> Shift {
    let text_like = |data_type: &DataType| matches!(data_type.name.as_str(), "text" | "varchar");
    // An array of one text type is not comparable with one of another: `varchar[] = text[]` is no operator.
    let same_element = old.dimensions == 0 || old.name == new.name;
    if text_like(old) && text_like(new) && same_element {
        return by_limit(old.number(0), new.number(0));
    }
    match (old.name.as_str(), new.name.as_str()) {
        ("numeric", "numeric") => by_precision(old, new),
        ("cidr", "inet") => Shift::Widens,
        ("timestamp", "timestamptz") | ("timestamptz", "timestamp") => Shift::DependsOnTimeZone,
        ("char" | "bit", one) if one == old.name => Shift::Differs,
        // Fractions of a second more come to old releases in a text that they may not parse.
        ("timestamp" | "timestamptz" | "time" | "timetz" | "interval", one) if one == old.name => {
            fraction(old.number(0).unwrap_or(6), new.number(0).unwrap_or(6))
        }
        ("varbit", "varbit") => by_limit(old.number(0), new.number(0)),
        _ => match (schema.shape_of(old), schema.shape_of(new)) {
            (Some(TypeShape::Enum(had)), Some(TypeShape::Enum(has))) => {
                if had.iter().all(|label| has.contains(label)) {
                    Shift::Widens
                } else {
                    Shift::Narrows
                }
            }
            _ => Shift::Differs,
        },
    }
}

/// Compares a limit that `None` lifts.
fn by_limit(old: Option<u64>, new: Option<u64>) -> Shift {
    match (old, new) {
        (_, None) => Shift::Widens,
        (Some(old), Some(new)) if new >= old => Shift::Widens,
        _ => Shift::Narrows,
    }
}

/// Digits of a second.
fn fraction(old: u64, new: u64) -> Shift {
    match new.cmp(&old) {
        std::cmp::Ordering::Less => Shift::Narrows,
        std::cmp::Ordering::Equal => Shift::Same,
        std::cmp::Ordering::Greater => Shift::Differs,
    }
}

/// Precision may grow; a scale that changes rounds, or moves digits.
fn by_precision(old: &DataType, new: &DataType) -> Shift {
    let scale = |data_type: &DataType| data_type.number(1).unwrap_or(0);
    match (old.number(0), new.number(0)) {
        (_, None) => Shift::Widens,
        (Some(before), Some(after)) if scale(old) == scale(new) => {
            if after >= before {
                Shift::Widens
            } else {
                Shift::Narrows
            }
        }
        (Some(before), Some(after))
            if scale(new) > scale(old)
                && after.saturating_sub(scale(new)) >= before.saturating_sub(scale(old)) =>
        {
            Shift::Differs
        }
        _ => Shift::Narrows,
    }
}

fn mysql(old: &DataType, new: &DataType) -> Shift {
    if let (Some(before), Some(after)) = (integer_bytes(&old.name), integer_bytes(&new.name)) {
        let shown = (before, old.unsigned) == (after, new.unsigned);
        return match (old.unsigned, new.unsigned) {
            _ if shown => Shift::Same,
            (before_unsigned, after_unsigned)
                if before_unsigned == after_unsigned && after > before =>
            {
                Shift::Widens
            }
            (true, false) if after > before => Shift::Widens,
            _ => Shift::Narrows,
        };
    }
    for family in [
        &["tinytext", "text", "mediumtext", "longtext"],
        &["tinyblob", "blob", "mediumblob", "longblob"],
    ] {
        let rank = |name: &str| family.iter().position(|one| *one == name);
        match (rank(&old.name), rank(&new.name)) {
            (Some(before), Some(after)) => {
                return if after >= before {
                    Shift::Widens
                } else {
                    Shift::Narrows
                };
            }
            (None, Some(after)) if is_short_form_of(&old.name, family[1]) => {
                // A VARCHAR holds up to 65,535 bytes, as TEXT does; TINYTEXT holds 255.
                let fits = after >= 1 || old.number(0).is_some_and(|length| length <= 63);
                return if fits { Shift::Widens } else { Shift::Narrows };
            }
            (Some(_), None) if is_short_form_of(&new.name, family[1]) => return Shift::Narrows,
            _ => {}
        }
    }
    match (old.name.as_str(), new.name.as_str()) {
        ("varchar" | "varbinary", one) if one == old.name => by_limit(old.number(0), new.number(0)),
        ("char", "char") | ("binary", "binary") => {
            if new.number(0) >= old.number(0) {
                Shift::Widens
            } else {
                Shift::Narrows
            }
        }
        ("decimal" | "numeric", "decimal" | "numeric") => by_precision(old, new),
        ("float", "double") => Shift::Widens,
        ("datetime" | "timestamp" | "time", one) if one == old.name => {
            fraction(old.number(0).unwrap_or(0), new.number(0).unwrap_or(0))
        }
        ("char", "varchar") | ("binary", "varbinary") if new.number(0) >= old.number(0) => {
            Shift::Widens
        }
        ("enum", "enum") | ("set", "set") => {
            if new.args.starts_with(&old.args) {
                Shift::Widens
            } else {
                Shift::Narrows
            }
        }
        _ => Shift::Differs,
    }
}

fn is_short_form_of(short: &str, long: &str) -> bool {
    matches!((short, long), ("varchar", "text") | ("varbinary", "blob"))
}

fn integer_bytes(name: &str) -> Option<u8> {
    Some(match name {
        "tinyint" => 1,
        "smallint" => 2,
        "mediumint" => 3,
        "integer" | "int" => 4,
        "bigint" => 8,
        _ => return None,
    })
}

/// SQLite keeps values by affinity; the declared type is what drivers read.
fn sqlite(old: &DataType, new: &DataType) -> Shift {
    if affinity(&old.name) == affinity(&new.name) {
        Shift::Widens
    } else {
        Shift::Differs
    }
}

/// The affinity of a declared type (sqlite.org, "Datatypes In SQLite", section 3.1).
fn affinity(declared: &str) -> &'static str {
    let has = |part: &str| declared.to_ascii_lowercase().contains(part);
    if has("int") {
        "integer"
    } else if has("char") || has("clob") || has("text") {
        "text"
    } else if has("blob") || declared.is_empty() {
        "blob"
    } else if has("real") || has("floa") || has("doub") {
        "real"
    } else {
        "numeric"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> DataType {
        let unsigned = text.ends_with(" unsigned");
        let text = text.trim_end_matches(" unsigned");
        let (name, args) = match text.split_once('(') {
            Some((name, args)) => {
                let args = args
                    .trim_end_matches(')')
                    .split(',')
                    .map(|arg| arg.trim().to_owned());
                (name, args.collect())
            }
            None => (text, Vec::new()),
        };
        DataType {
            args,
            unsigned,
            ..DataType::named(name)
        }
    }

    #[test]
    fn a_type_widens_only_where_every_old_value_keeps_its_form() {
        use Dialect::{Mysql, Postgres, Sqlite};
        use Shift::{DependsOnTimeZone, Differs, Narrows, Same, Widens};
        let cases = [
            (Postgres, "varchar(10)", "varchar(20)", Widens),
            (Postgres, "varchar(10)", "text", Widens),
            (Postgres, "text", "varchar", Widens),
            (Postgres, "text", "varchar(10)", Narrows),
            (Postgres, "varchar(20)", "varchar(10)", Narrows),
            (Postgres, "char(4)", "varchar(4)", Differs),
            (Postgres, "char(4)", "char(8)", Differs),
            (Postgres, "integer", "bigint", Differs),
            (Postgres, "numeric(10,2)", "numeric(12,2)", Widens),
            (Postgres, "numeric(10,2)", "numeric(12,3)", Differs),
            (Postgres, "numeric(10,2)", "numeric(10,4)", Narrows),
            (Postgres, "timestamp", "timestamptz", DependsOnTimeZone),
            (Postgres, "timestamp(3)", "timestamp", Differs),
            (Postgres, "cidr", "inet", Widens),
            (Postgres, "json", "jsonb", Differs),
            (Mysql, "integer", "bigint", Widens),
            (Mysql, "integer unsigned", "bigint", Widens),
            (Mysql, "integer", "integer unsigned", Narrows),
            (Mysql, "bigint", "integer", Narrows),
            (Mysql, "varchar(64)", "varchar(255)", Widens),
            (Mysql, "varchar(255)", "text", Widens),
            (Mysql, "varchar(255)", "tinytext", Narrows),
            (Mysql, "text", "varchar(255)", Narrows),
            (Mysql, "text", "longtext", Widens),
            (Mysql, "enum(a, b)", "enum(a, b, c)", Widens),
            (Mysql, "enum(a, b)", "enum(b, a)", Narrows),
            (Mysql, "datetime", "datetime(6)", Differs),
            (Mysql, "char(36)", "varchar(36)", Widens),
            (Mysql, "date", "datetime", Differs),
            (Sqlite, "varchar(10)", "text", Widens),
            (Sqlite, "integer", "text", Differs),
            (Sqlite, "bigint", "bigint", Same),
        ];
        for (dialect, old, new, expected) in cases {
            let schema = Schema::new(dialect);
            assert_eq!(
                compare(&of(old), &of(new), &schema),
                expected,
                "{dialect}: {old} → {new}"
            );
        }
    }
}
