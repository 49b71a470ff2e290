//! The SELECT that reads a tool's table, every value as text.

use crate::model::{Dialect, Ident, Name};

/// A column of a tool's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// How a column becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As the engine prints it.
    Plain,
    /// `1` or `0`: the engines print truth in different ways.
    Flag,
    /// Hexadecimal, lower case.
    Bytes,
}

pub(super) const fn plain(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Plain,
    }
}

pub(super) const fn flag(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Flag,
    }
}

pub(super) const fn bytes(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Bytes,
    }
}

/// Reads the columns, in the order of the first of them: every tool's list begins with what orders its rows.
pub(super) fn select(table: &Name, columns: &[Column], dialect: Dialect) -> String {
    let name = |column: &Column| Ident::folded(column.name).sql(dialect);
    let values: Vec<_> = columns
        .iter()
        .map(|column| as_text(&name(column), column.kind, dialect))
        .collect();
    let order = columns.first().map(name).unwrap_or_default();
    format!(
        "SELECT {} FROM {} ORDER BY {order}",
        values.join(", "),
        table.sql(dialect)
    )
}

fn as_text(name: &str, kind: Kind, dialect: Dialect) -> String {
    match (kind, dialect) {
        (Kind::Flag, _) => format!("CASE WHEN {name} THEN '1' ELSE '0' END"),
        (Kind::Plain, Dialect::Mysql) => format!("CAST({name} AS CHAR)"),
        (Kind::Plain, _) => format!("CAST({name} AS TEXT)"),
        (Kind::Bytes, Dialect::Postgres) => format!("encode({name}, 'hex')"),
        (Kind::Bytes, _) => format!("LOWER(HEX({name}))"),
    }
}
