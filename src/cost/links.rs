//! Which tables foreign keys tie together: DDL on one end locks the other.

use crate::model::{ConstraintKind, CreateTable, Ident, Name, Reference};
use crate::schema::{Schema, Table};

/// The foreign keys of a known table: their columns and what these refer to.
pub(super) fn foreign_keys(table: &Table) -> impl Iterator<Item = (&[Ident], &Reference)> {
    table
        .constraints
        .iter()
        .filter_map(|held| match &held.constraint.kind {
            ConstraintKind::ForeignKey {
                columns,
                references,
            } => Some((columns.as_slice(), references)),
            _ => None,
        })
}

/// The tables that `table` refers to.
pub(super) fn parents(schema: &Schema, table: &Name) -> Vec<Name> {
    let known = schema.table(table).into_iter();
    sorted(
        known
            .flat_map(foreign_keys)
            .map(|(_, reference)| reference.table.clone()),
        table,
    )
}

/// The tables that refer to `table`.
pub(super) fn children(schema: &Schema, table: &Name) -> Vec<Name> {
    let refers = |child: &&Table| foreign_keys(child).any(|(_, to)| to.table == *table);
    sorted(
        schema
            .tables()
            .filter(refers)
            .map(|child| child.name.clone()),
        table,
    )
}

/// The tables that `table` refers to by a foreign key with `column` in it.
pub(super) fn parents_by_column(schema: &Schema, table: &Name, column: &Ident) -> Vec<Name> {
    let known = schema.table(table).into_iter();
    sorted(
        known
            .flat_map(foreign_keys)
            .filter(|(columns, _)| columns.contains(column))
            .map(|(_, reference)| reference.table.clone()),
        table,
    )
}

/// The tables that refer to `column` of `table`.
pub(super) fn children_by_column(schema: &Schema, table: &Name, column: &Ident) -> Vec<Name> {
    let key = schema
        .table(table)
        .and_then(Table::primary_key)
        .unwrap_or_default();
    let refers = |child: &&Table| {
        foreign_keys(child).any(|(_, to)| {
            let columns = if to.columns.is_empty() {
                key
            } else {
                &to.columns
            };
            to.table == *table && columns.contains(column)
        })
    };
    sorted(
        schema
            .tables()
            .filter(refers)
            .map(|child| child.name.clone()),
        table,
    )
}

/// The tables that a new table refers to.
pub(super) fn parents_of_new(create: &CreateTable) -> Vec<Name> {
    let of_columns = create
        .columns
        .iter()
        .filter_map(|column| column.references.as_ref());
    let of_table = create
        .constraints
        .iter()
        .filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey { references, .. } => Some(references),
            _ => None,
        });
    sorted(
        of_columns
            .chain(of_table)
            .map(|reference| reference.table.clone()),
        &create.name,
    )
}

/// In the order of their names, each once, and without `table` itself, which is locked anyway.
fn sorted(names: impl Iterator<Item = Name>, table: &Name) -> Vec<Name> {
    let mut names: Vec<_> = names.filter(|name| name != table).collect();
    names.sort();
    names.dedup();
    names
}
