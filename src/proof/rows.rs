//! Rows that satisfy a table's types and constraints, as far as its catalog tells them.
//!
//! A value is made of a table, a column and a [`Variant`] alone, so that whoever refers to a row knows what is in it
//! without asking.

use std::collections::BTreeSet;

use super::catalog::{Catalog, Column, Relation, RelationKind};
use super::compare::mentions;
use crate::model::Dialect;

/// Which of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Short ones, another for each number.
    Plain(u32),
    /// As long and as large as the type takes, so that a narrower one does not.
    Wide(u32),
    /// NULL where the column takes it.
    Null(u32),
}

impl Variant {
    const fn number(self) -> u32 {
        match self {
            Self::Plain(number) | Self::Wide(number) | Self::Null(number) => number,
        }
    }
}

/// Makes rows for the tables of one catalog.
#[derive(Clone, Copy, Debug)]
pub struct Generator<'a> {
    dialect: Dialect,
    catalog: &'a Catalog,
}

/// A foreign key is followed through as many tables.
const DEEPEST: usize = 8;

impl<'a> Generator<'a> {
    /// For the tables of this catalog.
    pub const fn new(dialect: Dialect, catalog: &'a Catalog) -> Self {
        Self { dialect, catalog }
    }

    /// The tables of these names and those that they refer to, which come first.
    pub fn in_order(&self, names: &BTreeSet<String>) -> Vec<&'a Relation> {
        let mut seen = BTreeSet::new();
        let mut order = Vec::new();
        for name in names {
            self.visit(name, &mut seen, &mut order);
        }
        order
    }

    /// A foreign key names its target with its schema, also where that is the first one.
    fn relation(&self, name: &str) -> Option<&'a Relation> {
        let relations = &self.catalog.relations;
        relations.get(name).or_else(|| relations.get(bare(name)))
    }

    fn visit(&self, name: &str, seen: &mut BTreeSet<String>, order: &mut Vec<&'a Relation>) {
        let Some(relation) = self.relation(name) else {
            return;
        };
        if relation.kind != RelationKind::Table || !seen.insert(relation.name.clone()) {
            return;
        }
        for key in &relation.foreign_keys {
            self.visit(&key.target, seen, order);
        }
        order.push(relation);
    }

    /// INSERT statements for a table, to be tried one by one: what one of them breaks another may keep to.
    pub fn inserts(&self, relation: &Relation) -> Vec<String> {
        let variants = [
            Variant::Plain(0),
            Variant::Wide(1),
            Variant::Null(2),
            Variant::Plain(3),
        ];
        variants
            .iter()
            .map(|variant| self.insert(relation, *variant))
            .collect()
    }

    /// The same with rows of small values alone: beside the largest number, a table that counts its rows itself has none
    /// for the next.
    pub fn plain_inserts(&self, relation: &Relation) -> Vec<String> {
        [Variant::Plain(0), Variant::Plain(3)]
            .iter()
            .map(|variant| self.insert(relation, *variant))
            .collect()
    }

    /// One INSERT with a value for each column that takes one. All of a row but what has to be unique is as in the first
    /// row for a [`Variant::Plain`]: so a key that is added later meets rows that are equal.
    fn insert(&self, relation: &Relation, variant: Variant) -> String {
        let columns: Vec<_> = relation
            .columns
            .iter()
            .filter(|(_, column)| column.generated.is_none())
            .collect();
        let table = self.table(relation);
        if columns.is_empty() {
            return format!("INSERT INTO {table} DEFAULT VALUES");
        }
        let values = columns.iter().map(|(name, _)| {
            let unique = relation.keys.iter().any(|key| key.columns.contains(name));
            let wanted = match variant {
                Variant::Plain(_) if !unique => Variant::Plain(0),
                other => other,
            };
            self.value(relation, name, wanted)
        });
        let values: Vec<_> = values.collect();
        let names: Vec<_> = columns.iter().map(|(name, _)| self.quoted(name)).collect();
        let always = columns
            .iter()
            .any(|(_, column)| column.identity.as_deref() == Some("always"));
        let overriding = if always {
            " OVERRIDING SYSTEM VALUE"
        } else {
            ""
        };
        format!(
            "INSERT INTO {table} ({}){overriding} VALUES ({})",
            names.join(", "),
            values.join(", ")
        )
    }

    /// The literal for a column of a table.
    pub fn value(&self, relation: &Relation, column: &str, variant: Variant) -> String {
        self.value_at(relation, column, variant, 0)
    }

    fn value_at(&self, relation: &Relation, name: &str, variant: Variant, depth: usize) -> String {
        let Some(column) = relation.columns.get(name) else {
            return "NULL".to_owned();
        };
        let key = relation
            .keys
            .iter()
            .any(|key| key.name == "primary key" && key.columns.iter().any(|one| one == name));
        if matches!(variant, Variant::Null(_)) && !column.not_null && !column.fills_itself() && !key
        {
            return "NULL".to_owned();
        }
        if let Some(value) = self.referred(relation, name, depth) {
            return value;
        }
        let checks: Vec<&str> = relation
            .checks
            .iter()
            .filter(|check| mentions(check, name))
            .map(String::as_str)
            .collect();
        self.literal(column, &column.data_type, &checks, variant)
    }

    /// What a foreign key has to refer to: the first row of its target.
    fn referred(&self, relation: &Relation, name: &str, depth: usize) -> Option<String> {
        let key = relation
            .foreign_keys
            .iter()
            .find(|key| key.columns.iter().any(|column| column == name))?;
        let at = key.columns.iter().position(|column| column == name)?;
        let target = self.relation(&key.target)?;
        let theirs = match key.target_columns.get(at).map(String::as_str) {
            // SQLite: not told, so it is the primary key.
            Some("") | None => {
                let primary = target.keys.iter().find(|key| key.name == "primary key")?;
                primary.columns.get(at)?
            }
            Some(theirs) => theirs,
        };
        if depth >= DEEPEST || (target.name == relation.name && theirs == name) {
            return None;
        }
        Some(self.value_at(target, theirs, Variant::Plain(0), depth + 1))
    }

    fn literal(
        &self,
        column: &Column,
        data_type: &str,
        checks: &[&str],
        variant: Variant,
    ) -> String {
        let number = variant.number();
        if let Some(labels) = self.labels(data_type) {
            return match labels.get(number as usize % labels.len().max(1)) {
                Some(label) => quoted_text(label),
                None => "NULL".to_owned(),
            };
        }
        if let Some(domain) = self.catalog.domains.get(bare(data_type)) {
            let checks: Vec<&str> = domain.checks.iter().map(String::as_str).collect();
            return self.literal(column, &domain.data_type, &checks, variant);
        }
        let shape = Shape::of(self.dialect, data_type);
        let told = told_by(checks, shape.is_text());
        if !told.is_empty() {
            return told[number as usize % told.len()].clone();
        }
        let default = column.default.as_deref();
        if shape == Shape::Unknown {
            return default.map_or_else(|| "NULL".to_owned(), str::to_owned);
        }
        shape.literal(data_type, variant, checks)
    }

    fn labels(&self, data_type: &str) -> Option<Vec<String>> {
        if let Some(labels) = self.catalog.enums.get(bare(data_type)) {
            return Some(labels.clone());
        }
        let lower = data_type.to_ascii_lowercase();
        let inside = lower
            .starts_with("enum(")
            .then(|| &data_type[5..data_type.len() - 1])?;
        Some(inside.split(',').map(unquoted_text).collect())
    }

    /// A name as SQL takes it. PostgreSQL's catalog prints relations with quotes where they need them.
    pub fn table(&self, relation: &Relation) -> String {
        match self.dialect {
            Dialect::Postgres => relation.name.clone(),
            Dialect::Mysql | Dialect::Sqlite => self.quoted(&relation.name),
        }
    }

    fn quoted(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }
}

/// What kind of value a type takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The largest value.
    Integer(u64),
    Decimal,
    Float,
    Text(usize),
    Json,
    Bool,
    Uuid,
    Date,
    Time,
    Moment,
    Interval,
    Bytes,
    Fixed(&'static str),
    Unknown,
}

/// How long a text for an unbounded type is: longer than what people narrow columns to.
const LONG: usize = 300;

impl Shape {
    fn of(dialect: Dialect, data_type: &str) -> Self {
        let lower = data_type.to_ascii_lowercase();
        let base = lower
            .split(['(', ' '])
            .next()
            .unwrap_or_default()
            .trim_matches('"');
        if lower.ends_with("[]") {
            return Self::Fixed("'{}'");
        }
        let unsigned = u64::from(lower.contains("unsigned"));
        let length = argument(&lower);
        match (dialect, base) {
            (Dialect::Sqlite, _) => Self::by_affinity(&lower, length),
            (Dialect::Mysql, "tinyint") if length == Some(1) => Self::Bool,
            (_, "tinyint") => Self::Integer(127 + 128 * unsigned),
            (_, "smallint" | "int2" | "year") if base != "year" => {
                Self::Integer(32_767 + 32_768 * unsigned)
            }
            (_, "year") => Self::Fixed("2020"),
            (_, "mediumint") => Self::Integer(8_388_607),
            (_, "integer" | "int" | "int4") => {
                Self::Integer(2_147_483_647 + 2_147_483_648 * unsigned)
            }
            (_, "bigint" | "int8") => Self::Integer(9_007_199_254_740_991),
            (_, "oid") => Self::Integer(2_147_483_647),
            (_, "numeric" | "decimal") => Self::Decimal,
            (_, "real" | "float" | "double" | "float4" | "float8") => Self::Float,
            (_, "boolean" | "bool") => Self::Bool,
            (Dialect::Postgres, "character" | "char" | "varchar" | "bpchar")
            | (Dialect::Mysql, "char" | "varchar") => Self::Text(length.unwrap_or(
                if lower.starts_with("char") && !lower.contains("varying") {
                    1
                } else {
                    LONG
                },
            )),
            (_, "tinytext") => Self::Text(250),
            (_, "text" | "mediumtext" | "longtext" | "citext" | "name") => {
                Self::Text(if base == "name" { 60 } else { LONG })
            }
            (_, "json" | "jsonb") => Self::Json,
            (_, "uuid") => Self::Uuid,
            (_, "date") => Self::Date,
            (_, "time") => Self::Time,
            (_, "timestamp" | "timestamptz" | "datetime") => Self::Moment,
            (_, "interval") => Self::Interval,
            (Dialect::Postgres, "bytea")
            | (_, "blob" | "tinyblob" | "mediumblob" | "longblob" | "varbinary" | "binary") => {
                Self::Bytes
            }
            (Dialect::Postgres, "inet" | "cidr") => Self::Fixed("'10.0.0.0'"),
            (Dialect::Postgres, "macaddr") => Self::Fixed("'08:00:2b:01:02:03'"),
            (Dialect::Postgres, "money") => Self::Fixed("'1'"),
            (Dialect::Postgres, "xml") => Self::Fixed("'<a/>'"),
            (Dialect::Postgres, "point") => Self::Fixed("'(0,0)'"),
            (Dialect::Postgres, "tsvector" | "tsquery" | "ltree") => Self::Fixed("'a'"),
            (Dialect::Postgres, base) if base.ends_with("range") => Self::Fixed("'empty'"),
            (Dialect::Mysql, "bit") => Self::Fixed("b'1'"),
            (Dialect::Postgres, "hstore") | (Dialect::Mysql, "set") => Self::Fixed("''"),
            (Dialect::Mysql, "inet6") => Self::Fixed("'::1'"),
            _ => Self::Unknown,
        }
    }

    /// SQLite's rules (sqlite.org/datatype3.html, section 3.1); times by their name, as everybody reads them.
    fn by_affinity(lower: &str, length: Option<usize>) -> Self {
        if lower.contains("int") {
            Self::Integer(9_007_199_254_740_991)
        } else if lower.contains("json") {
            Self::Json
        } else if lower.contains("char") || lower.contains("clob") || lower.contains("text") {
            Self::Text(length.unwrap_or(LONG))
        } else if lower.contains("blob") {
            Self::Bytes
        } else if lower.contains("real") || lower.contains("floa") || lower.contains("doub") {
            Self::Float
        } else if lower.contains("datetime") || lower.contains("timestamp") {
            Self::Moment
        } else if lower.contains("date") {
            Self::Date
        } else if lower.contains("bool") {
            Self::Bool
        } else if lower.is_empty() || lower == "any" {
            Self::Text(LONG)
        } else {
            Self::Integer(1_000_000)
        }
    }

    const fn is_text(self) -> bool {
        matches!(self, Self::Text(_))
    }

    fn literal(self, data_type: &str, variant: Variant, checks: &[&str]) -> String {
        let number = variant.number();
        let wide = matches!(variant, Variant::Wide(_));
        match self {
            // Numbers that a sequence does not come to soon.
            Self::Integer(most) if wide => (most - u64::from(number)).to_string(),
            Self::Integer(most) => (most.min(1000) / 10 + u64::from(number)).to_string(),
            Self::Decimal => decimal(data_type, number, wide),
            Self::Float => format!("{number}.5"),
            Self::Text(_) if checks.iter().any(|check| check.contains("json_valid")) => {
                "'{}'".to_owned()
            }
            Self::Text(length) => text(length, number, wide),
            Self::Json => format!("'{{\"n\": {number}}}'"),
            Self::Bool => if number.is_multiple_of(2) {
                "TRUE"
            } else {
                "FALSE"
            }
            .to_owned(),
            Self::Uuid => format!("'00000000-0000-4000-8000-{number:012}'"),
            Self::Date => format!("'2020-01-{:02}'", 1 + number % 28),
            Self::Time => format!("'10:{:02}:00'", number % 60),
            Self::Moment => format!("'2020-01-{:02} 10:00:00'", 1 + number % 28),
            Self::Interval => format!("'{} days'", 1 + number),
            Self::Bytes => format!(
                "'{}'",
                char::from(b'a' + u8::try_from(number % 26).unwrap_or(0))
            ),
            Self::Fixed(value) => value.to_owned(),
            Self::Unknown => "NULL".to_owned(),
        }
    }
}

/// A name without the schema that PostgreSQL's catalog leaves away elsewhere.
fn bare(name: &str) -> &str {
    name.strip_prefix("public.").unwrap_or(name)
}

/// `12` of `varchar(12)`.
fn argument(lower: &str) -> Option<usize> {
    let inside = lower.split_once('(')?.1;
    inside.split([',', ')']).next()?.trim().parse().ok()
}

fn text(length: usize, number: u32, wide: bool) -> String {
    let word = format!("{}{number}", if length < 4 { "" } else { "x" });
    let start = word.len().saturating_sub(length);
    let word = &word[start..];
    let filled = if wide {
        let fill = length.min(LONG).saturating_sub(word.len());
        format!("{word}{}", "y".repeat(fill))
    } else {
        word.to_owned()
    };
    quoted_text(&filled)
}

/// As many digits as `numeric(precision, scale)` takes.
fn decimal(data_type: &str, number: u32, wide: bool) -> String {
    let arguments: Vec<usize> = data_type
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(inside, _)| {
            inside
                .split(',')
                .filter_map(|part| part.trim().parse().ok())
                .collect()
        })
        .unwrap_or_default();
    let precision = arguments.first().copied().unwrap_or(12);
    let scale = arguments.get(1).copied().unwrap_or(0);
    let whole = precision.saturating_sub(scale);
    if wide && whole > 1 {
        let fraction = if scale > 0 {
            format!(".{}", "9".repeat(scale))
        } else {
            String::new()
        };
        return format!("{}{}{fraction}", "9".repeat(whole - 1), number % 10);
    }
    if whole == 0 {
        "0"
    } else {
        return (number % 10).to_string();
    }
    .to_owned()
}

/// The literals that checks hold a column against: what is allowed is mostly among them, or next to them.
fn told_by(checks: &[&str], is_text: bool) -> Vec<String> {
    let mut told = Vec::new();
    for check in checks.iter().filter(|check| !check.contains("json_valid")) {
        if is_text {
            let lower = check.to_ascii_lowercase();
            // A length or a pattern is no value.
            let is_listed = !(lower.contains("length")
                || lower.contains('~')
                || lower.contains("like")
                || lower.contains("regexp")
                || lower.contains("<>")
                || lower.contains("!="));
            if is_listed {
                let literals = check.split('\'').skip(1).step_by(2);
                told.extend(literals.filter(|it| !it.is_empty()).map(quoted_text));
            }
        } else {
            let words = check.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
            let numbers = words.filter_map(|word| word.parse::<i64>().ok());
            told.extend(numbers.flat_map(|number| {
                [
                    (number + 1).to_string(),
                    number.to_string(),
                    (number - 1).to_string(),
                ]
            }));
        }
    }
    told
}

fn quoted_text(text: impl AsRef<str>) -> String {
    format!("'{}'", text.as_ref().replace('\'', "''"))
}

fn unquoted_text(text: &str) -> String {
    text.trim().trim_matches('\'').replace("''", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_suits_its_type() {
        let catalog = Catalog::default();
        let cases = [
            (
                Dialect::Postgres,
                "character varying(3)",
                Variant::Wide(1),
                "'1yy'",
            ),
            (Dialect::Postgres, "integer", Variant::Wide(1), "2147483646"),
            (
                Dialect::Postgres,
                "numeric(5,2)",
                Variant::Wide(1),
                "991.99",
            ),
            (Dialect::Postgres, "text[]", Variant::Plain(0), "'{}'"),
            (Dialect::Mysql, "enum('a','b')", Variant::Plain(1), "'b'"),
            (
                Dialect::Mysql,
                "int(10) unsigned",
                Variant::Wide(0),
                "4294967295",
            ),
            (Dialect::Sqlite, "VARCHAR(2)", Variant::Plain(7), "'7'"),
        ];
        for (dialect, data_type, variant, expected) in cases {
            let line = serde_json::json!({ "type": data_type }).to_string();
            let column: Column = serde_json::from_str(&line).expect("a column");
            let made = Generator::new(dialect, &catalog).literal(&column, data_type, &[], variant);
            assert_eq!(made, expected, "{data_type}");
        }
    }

    #[test]
    fn a_row_keeps_to_checks_and_refers_to_what_is_there() {
        let lines = [
            r#"{"row":"relation","kind":"table","name":"o"}"#,
            r#"{"row":"part","part":"column","of":"o","name":"id","type":"integer","not_null":true}"#,
            r#"{"row":"part","part":"key","of":"o","name":"o_pkey","columns":["id"]}"#,
            r#"{"row":"relation","kind":"table","name":"t"}"#,
            r#"{"row":"part","part":"column","of":"t","name":"oid","type":"integer","not_null":true}"#,
            r#"{"row":"part","part":"column","of":"t","name":"state","type":"text","not_null":true}"#,
            r#"{"row":"part","part":"check","of":"t","expression":"state = ANY (ARRAY['on'::text, 'off'::text])"}"#,
            r#"{"row":"part","part":"foreign-key","of":"t","columns":["oid"],"target":"o","target_columns":["id"],"on_delete":"a","on_update":"a"}"#,
        ];
        let catalog = Catalog::from_lines(&lines.join("\n")).expect("a catalog");
        let generator = Generator::new(Dialect::Postgres, &catalog);
        let order = generator.in_order(&BTreeSet::from(["t".to_owned()]));
        let names: Vec<_> = order
            .iter()
            .map(|relation| relation.name.as_str())
            .collect();
        assert_eq!(names, ["o", "t"], "what is referred to comes first");
        assert_eq!(
            generator.inserts(order[1])[0],
            "INSERT INTO t (\"oid\", \"state\") VALUES (100, 'on')"
        );
        assert_eq!(
            generator.inserts(order[0])[0],
            "INSERT INTO o (\"id\") VALUES (100)"
        );
    }
}
