//! The statements of a backfill: where the next batch ends, the batch itself, what is left.

use std::fmt::Write as _;

use super::key::{Column, Key, Kind};
use super::shape::Shape;
use crate::model::Dialect;

/// How a statement is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// As people shall read it: `by key (id)`.
    pub how: String,
    /// What the cursor stands on changes its meaning with this: the node of the table's file.
    pub file: Option<String>,
    along: Along,
    dialect: Dialect,
    from: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Along {
    Key {
        columns: Vec<Column>,
        /// The columns as SQL, qualified.
        names: Vec<String>,
    },
    Pages {
        /// `t.ctid`.
        name: String,
        rows_per_page: u64,
    },
}

/// What follows a place in the key, up to another one that is included; of pages, from one up to another that is not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range<'a> {
    /// After this.
    pub after: Option<&'a [String]>,
    /// Up to this.
    pub upto: Option<&'a [String]>,
}

impl Cut {
    pub(super) fn by_key(shape: &Shape, key: &Key, dialect: Dialect) -> Self {
        let sql = |column: &Column| column.name.sql(dialect);
        let names: Vec<_> = key
            .columns
            .iter()
            .map(|column| format!("{}.{}", shape.qualifier, sql(column)))
            .collect();
        let plain: Vec<_> = key
            .columns
            .iter()
            .map(|column| column.name.written())
            .collect();
        Self {
            how: format!("by key ({})", plain.join(", ")),
            file: None,
            along: Along::Key {
                columns: key.columns.clone(),
                names,
            },
            dialect,
            from: shape.from.clone(),
        }
    }

    pub(super) fn by_page(shape: &Shape, rows_per_page: u64, file: &str) -> Self {
        Self {
            how: "by page of its file (ctid)".to_owned(),
            file: Some(file.to_owned()),
            along: Along::Pages {
                name: format!("{}.ctid", shape.qualifier),
                rows_per_page,
            },
            dialect: Dialect::Postgres,
            from: shape.from.clone(),
        }
    }

    /// Asks for the key of the last row of a batch of so many rows; no row answers where there are not as many left.
    ///
    /// It is the ordered query that gives the cursor, and never what the batch returns: that has no order.
    pub fn end_of_batch(&self, range: Range<'_>, rows: u64) -> Option<String> {
        let (columns, order) = self.selected("")?;
        let offset = rows.saturating_sub(1);
        Some(format!(
            "SELECT {columns} FROM {}{} ORDER BY {order} LIMIT 1 OFFSET {offset}",
            self.from,
            self.filter(range)
        ))
    }

    /// Where a batch of about so many rows ends that is cut by page.
    pub fn end_of_pages(
        &self,
        after: Option<&[String]>,
        upto: &[String],
        rows: u64,
    ) -> Option<Vec<String>> {
        let Along::Pages { rows_per_page, .. } = &self.along else {
            return None;
        };
        let page = |place: &[String]| place.first().and_then(|page| page.parse::<u64>().ok());
        let first = after.and_then(page).unwrap_or(0);
        let next = first + (rows / rows_per_page).max(1);
        (next < page(upto)?).then(|| vec![next.to_string()])
    }

    /// Asks for the first key, or with `last` for the last one.
    pub fn edge(&self, last: bool) -> Option<String> {
        let (columns, order) = self.selected(if last { " DESC" } else { "" })?;
        Some(format!(
            "SELECT {columns} FROM {} ORDER BY {order} LIMIT 1",
            self.from
        ))
    }

    /// Asks how many rows there are in the range.
    pub fn count(&self, range: Range<'_>) -> String {
        let count = match self.dialect {
            Dialect::Postgres => "count(*)::text",
            Dialect::Mysql => "concat('', count(*))",
            Dialect::Sqlite => "CAST(count(*) AS text)",
        };
        format!("SELECT {count} FROM {}{}", self.from, self.filter(range))
    }

    /// Whether the cursor stands on a number, by which the way that is left can be told.
    pub fn is_numeric(&self) -> bool {
        match &self.along {
            Along::Pages { .. } => true,
            Along::Key { columns, .. } => columns.len() == 1,
        }
    }

    /// The columns of the key as text, and the order by them.
    fn selected(&self, direction: &str) -> Option<(String, String)> {
        let Along::Key { columns, names } = &self.along else {
            return None;
        };
        let texts: Vec<_> = columns
            .iter()
            .zip(names)
            .map(|(column, name)| match (&column.kind, self.dialect) {
                (Kind::Bytes, _) => format!("hex({name})"),
                (_, Dialect::Postgres) => format!("{name}::text"),
                (_, Dialect::Mysql) => format!("CAST({name} AS char CHARACTER SET utf8mb4)"),
                (_, Dialect::Sqlite) => format!("quote({name})"),
            })
            .collect();
        let order: Vec<_> = names
            .iter()
            .map(|name| format!("{name}{direction}"))
            .collect();
        Some((texts.join(", "), order.join(", ")))
    }

    fn filter(&self, range: Range<'_>) -> String {
        match self.condition(range) {
            Some(condition) => format!(" WHERE {condition}"),
            None => String::new(),
        }
    }

    /// What holds of the rows in the range; `None` where it is not bounded.
    fn condition(&self, range: Range<'_>) -> Option<String> {
        let after = range.after.map(|place| self.beyond(place, ">"));
        let upto = range.upto.map(|place| self.beyond(place, "<"));
        match (after, upto) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one),
            (Some(after), Some(upto)) => Some(format!("{after} AND {upto}")),
        }
    }

    /// `>`: after the place; `<`: up to it, itself included.
    fn beyond(&self, place: &[String], direction: &str) -> String {
        match &self.along {
            Along::Pages { name, .. } => {
                let page = place.first().map_or("0", String::as_str);
                let operator = if direction == ">" { ">=" } else { "<" };
                format!("{name} {operator} '({page},0)'::tid")
            }
            Along::Key { columns, names } => {
                let values: Vec<_> = columns
                    .iter()
                    .zip(place)
                    .map(|(column, value)| literal(&column.kind, value))
                    .collect();
                let last = if direction == ">" { ">" } else { "<=" };
                match (&names[..], &values[..]) {
                    ([name], [value]) => format!("{name} {last} {value}"),
                    // MariaDB reads the index from its start for a row comparison, and seeks for this.
                    _ if self.dialect == Dialect::Mysql => spelled_out(names, &values, direction),
                    _ => format!("({}) {last} ({})", names.join(", "), values.join(", ")),
                }
            }
        }
    }
}

/// `a >= x AND (a > x OR (a = x AND b > y))`.
fn spelled_out(names: &[String], values: &[String], direction: &str) -> String {
    let mut text = String::new();
    let last = names.len() - 1;
    for (at, (name, value)) in names.iter().zip(values).enumerate() {
        let ends = match (at == last, direction) {
            (true, "<") => "<=",
            _ => direction,
        };
        // Writing to a string cannot fail.
        let _ = match at {
            _ if at == last => write!(text, "{name} {ends} {value}"),
            0 => write!(
                text,
                "{name} {direction}= {value} AND ({name} {ends} {value} OR ({name} = {value} AND "
            ),
            _ => write!(text, "({name} {ends} {value} OR ({name} = {value} AND "),
        };
    }
    text.push_str(&"))".repeat(last));
    text
}

/// A value of the key as SQL. What stands in the record is quoted like everything else.
fn literal(kind: &Kind, value: &str) -> String {
    match kind {
        Kind::Number if is_number(value) => value.to_owned(),
        Kind::Cast(kind) => format!("{}::{kind}", quoted(value)),
        Kind::Bytes => format!("X'{}'", only_hex(value)),
        Kind::Quoted => value.to_owned(),
        Kind::Text | Kind::Number | Kind::Unfit(_) => {
            let bytes = value.bytes().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            format!("_utf8mb4 X'{bytes}'")
        }
    }
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn only_hex(value: &str) -> String {
    value.chars().filter(char::is_ascii_hexdigit).collect()
}

/// A text as PostgreSQL reads it whatever `standard_conforming_strings` says.
fn quoted(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

impl Shape {
    /// One batch: the statement, about the rows in the range alone.
    pub fn batch(&self, cut: &Cut, range: Range<'_>) -> String {
        self.with_condition(cut.condition(range).as_deref(), self.condition.as_deref())
    }

    /// One batch of a sweep: as [`Self::batch`], about rows alone that there is something to do to.
    pub fn sweep(&self, cut: &Cut, range: Range<'_>) -> Option<String> {
        let open = self.open.as_deref()?;
        Some(self.with_condition(cut.condition(range).as_deref(), Some(open)))
    }

    /// Asks how many rows there is still something to do to; `None` where that cannot be said.
    pub fn remaining(&self) -> Option<String> {
        let count = match self.dialect {
            Dialect::Postgres => "count(*)::text",
            Dialect::Mysql => "concat('', count(*))",
            Dialect::Sqlite => "CAST(count(*) AS text)",
        };
        let open = self.open.as_deref()?;
        Some(format!("SELECT {count} FROM {} WHERE {open}", self.from))
    }

    /// Whether it can be said which rows there is still something to do to.
    pub const fn tells_open_rows(&self) -> bool {
        self.open.is_some()
    }

    fn with_condition(&self, range: Option<&str>, condition: Option<&str>) -> String {
        let both = match (range, condition) {
            (None, None) => "1 = 1".to_owned(),
            (Some(one), None) => one.to_owned(),
            // A condition may end in a comment.
            (None, Some(one)) => format!("({one}\n)"),
            (Some(range), Some(condition)) => format!("{range} AND ({condition}\n)"),
        };
        let tail = if self.tail.is_empty() {
            String::new()
        } else {
            format!("\n{}", self.tail)
        };
        format!("{}\nWHERE {both}{tail}", self.head)
    }
}
