//! Whether a type that changed still takes and gives all that it did.

use crate::model::Dialect;

use super::Facts;

/// Notes what a change of type means to those who use it.
pub(super) fn retyped(dialect: Dialect, what: &str, old: &str, new: &str, facts: &mut Facts) {
    if old == new {
        return;
    }
    let told = format!("{what}: {old} became {new}");
    if widens(dialect, old, new) {
        facts.loosening(told);
    } else {
        facts.breaking(told);
    }
}

/// The type's word without what is in brackets: `varchar` of `varchar(20)`.
pub(super) fn base(data_type: &str) -> String {
    Type::read(data_type).base
}

/// No value and no statement that fitted the old type is refused by the new one, or read differently.
fn widens(dialect: Dialect, old: &str, new: &str) -> bool {
    match dialect {
        Dialect::Postgres => postgres_widens(&Type::read(old), &Type::read(new)),
        Dialect::Mysql => mysql_widens(&Type::read(old), &Type::read(new)),
        Dialect::Sqlite => sqlite_widens(old, new),
    }
}

/// A type taken apart: `numeric(10,2)` is the base `numeric` with the arguments 10 and 2.
struct Type {
    base: String,
    arguments: Vec<String>,
    /// What follows the brackets: `unsigned`, `without time zone`, `[]`.
    suffix: String,
}

impl Type {
    fn read(text: &str) -> Self {
        let lower = |text: &str| text.trim().to_lowercase();
        let Some((base, rest)) = text.split_once('(') else {
            let (base, suffix) = text
                .split_once(' ')
                .filter(|_| text.ends_with("signed"))
                .unwrap_or((text, ""));
            return Self {
                base: lower(base),
                arguments: Vec::new(),
                suffix: lower(suffix),
            };
        };
        let (inside, suffix) = rest.rsplit_once(')').unwrap_or((rest, ""));
        let arguments = inside
            .split(',')
            .map(|argument| argument.trim().to_owned())
            .collect();
        Self {
            base: lower(base),
            arguments,
            suffix: lower(suffix),
        }
    }

    fn number(&self, at: usize) -> Option<u64> {
        self.arguments.get(at)?.parse().ok()
    }

    /// Its length is at least that of `other`; no length is without limit.
    fn at_least_as_long_as(&self, other: &Self) -> bool {
        match (self.number(0), other.number(0)) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => mine >= theirs,
        }
    }
}

fn postgres_widens(old: &Type, new: &Type) -> bool {
    if old.suffix != new.suffix && !(old.arguments.is_empty() || new.arguments.is_empty()) {
        return false;
    }
    match (old.base.as_str(), new.base.as_str()) {
        ("character varying", "text") | ("cidr", "inet") => true,
        ("text", "character varying") => new.arguments.is_empty(),
        ("character varying", "character varying") | ("bit varying", "bit varying") => {
            new.at_least_as_long_as(old)
        }
        ("numeric", "numeric") => {
            new.arguments.is_empty()
                || (new.at_least_as_long_as(old) && old.arguments.get(1) == new.arguments.get(1))
        }
        _ => false,
    }
}

fn mysql_widens(old: &Type, new: &Type) -> bool {
    const FAMILIES: &[&[&str]] = &[
        &["tinyint", "smallint", "mediumint", "int", "bigint"],
        &["float", "double"],
        &["char", "varchar", "text", "mediumtext", "longtext"],
        &["tinytext", "text", "mediumtext", "longtext"],
        &["varbinary", "blob", "mediumblob", "longblob"],
        &["tinyblob", "blob", "mediumblob", "longblob"],
    ];
    if old.suffix != new.suffix {
        return false;
    }
    if old.base != new.base {
        let rank = |family: &[&str], base: &str| family.iter().position(|it| *it == base);
        return FAMILIES.iter().any(|family| {
            match (rank(family, &old.base), rank(family, &new.base)) {
                (Some(was), Some(is)) => {
                    was < is && (new.base != "varchar" || new.at_least_as_long_as(old))
                }
                _ => false,
            }
        });
    }
    match new.base.as_str() {
        // Labels may only follow the ones that are there: rows hold their numbers.
        "enum" | "set" => new.arguments.starts_with(&old.arguments),
        "decimal" => new.at_least_as_long_as(old) && old.arguments.get(1) == new.arguments.get(1),
        // The number in brackets is the width of a display.
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => true,
        _ => new.at_least_as_long_as(old),
    }
}

/// SQLite keeps no lengths, only affinities; a driver still reads the word, so numbers, dates and
/// truth values are not taken for each other.
fn sqlite_widens(old: &str, new: &str) -> bool {
    let family = |text: &str| {
        let base = Type::read(text).base;
        let is = |words: &[&str]| words.iter().any(|word| base.contains(word));
        if is(&["int"]) {
            Some("integer")
        } else if is(&["char", "clob", "text"]) {
            Some("text")
        } else if is(&["real", "floa", "doub"]) {
            Some("real")
        } else {
            None
        }
    };
    old.eq_ignore_ascii_case(new) || (family(old).is_some() && family(old) == family(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_widens_when_every_old_value_still_fits_and_reads_the_same() {
        use Dialect::{Mysql, Postgres, Sqlite};
        let cases: &[(Dialect, &str, &str, bool)] = &[
            (
                Postgres,
                "character varying(10)",
                "character varying(20)",
                true,
            ),
            (
                Postgres,
                "character varying(20)",
                "character varying(10)",
                false,
            ),
            (Postgres, "character varying(20)", "character varying", true),
            (Postgres, "character varying(20)", "text", true),
            (Postgres, "text", "character varying(20)", false),
            (Postgres, "text", "character varying", true),
            (Postgres, "numeric(10,2)", "numeric(12,2)", true),
            (Postgres, "numeric(10,2)", "numeric(12,3)", false),
            (Postgres, "numeric(10,2)", "numeric", true),
            (Postgres, "integer", "bigint", false),
            (
                Postgres,
                "character varying(10)[]",
                "character varying(20)",
                false,
            ),
            (
                Postgres,
                "timestamp without time zone",
                "timestamp with time zone",
                false,
            ),
            (Mysql, "int(11)", "bigint(20)", true),
            (Mysql, "int(11)", "int(10) unsigned", false),
            (Mysql, "varchar(10)", "varchar(20)", true),
            (Mysql, "varchar(255)", "varchar(191)", false),
            (Mysql, "varchar(255)", "text", true),
            (Mysql, "longtext", "text", false),
            (Mysql, "enum('a','b')", "enum('a','b','c')", true),
            (Mysql, "enum('a','b')", "enum('b','a')", false),
            (Mysql, "decimal(10,2)", "decimal(12,2)", true),
            (Sqlite, "VARCHAR(10)", "TEXT", true),
            (Sqlite, "INTEGER", "BIGINT", true),
            (Sqlite, "TEXT", "INTEGER", false),
            (Sqlite, "DATETIME", "INTEGER", false),
        ];
        for (dialect, old, new, expected) in cases {
            assert_eq!(
                widens(*dialect, old, new),
                *expected,
                "{dialect}: {old} to {new}"
            );
        }
    }
}
