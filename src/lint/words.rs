//! Names in suggestions: the user's own where there are some, and the engine's own fashion where not.

use crate::model::{Constraint, ConstraintKind, Dialect, Ident, Name};

/// Columns as SQL: `a, "Order"`.
pub(super) fn columns_sql(columns: &[Ident], dialect: Dialect) -> String {
    let columns: Vec<_> = columns.iter().map(|column| column.sql(dialect)).collect();
    columns.join(", ")
}

/// The constraint's name, or the one that PostgreSQL would give it: `orders_total_check`.
pub(super) fn constraint_name(table: &Name, constraint: &Constraint) -> Ident {
    constraint.name.clone().unwrap_or_else(|| {
        let suffix = match constraint.kind {
            ConstraintKind::Check(_) => "check",
            ConstraintKind::ForeignKey { .. } => "fkey",
            ConstraintKind::Unique { .. } => "key",
            ConstraintKind::PrimaryKey { .. } => return joined(table, &[], "pkey"),
            ConstraintKind::Exclude { .. } => "excl",
            ConstraintKind::NotNull { .. } => "not_null",
        };
        joined(table, constraint.kind.columns(), suffix)
    })
}

/// A name for a unique index on these columns: `orders_number_key`.
pub(super) fn unique_index_name(table: &Name, columns: &[Ident]) -> Ident {
    joined(table, columns, "key")
}

/// A name for a plain index on these columns: `orders_customer_id_idx`.
pub(super) fn index_name(table: &Name, columns: &[Ident]) -> Ident {
    joined(table, columns, "idx")
}

fn joined(table: &Name, columns: &[Ident], suffix: &str) -> Ident {
    let parts = std::iter::once(&table.name).chain(columns);
    let stem: Vec<_> = parts.map(Ident::written).collect();
    Ident::folded(&format!("{}_{suffix}", stem.join("_")))
}

/// Line numbers for a sentence: `line 3`, `lines 3, 5 and 8`.
pub(super) fn lines(numbers: &[usize]) -> String {
    let all: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => format!("line {one}"),
        [first @ .., last] => format!("lines {} and {last}", first.join(", ")),
    }
}
