//! What constraints lock when they come, go, are checked or change.

use crate::model::LockMode::{AccessExclusive, RowShare, ShareRowExclusive, ShareUpdateExclusive};
use crate::model::LockWork::{Instant, Scan};
use crate::model::{Constraint, ConstraintKind, Engine, Ident, LockWork, Name};
use crate::schema::{Schema, Table};

use super::{Locks, links, take_all};

pub(super) fn add_constraint(
    table: &Name,
    constraint: &Constraint,
    engine: Engine,
    locks: &mut Locks<'_>,
) {
    let checks_rows = !constraint.not_valid && !constraint.not_enforced;
    let scan_if = |scans: bool| if scans { Scan } else { Instant };
    match &constraint.kind {
        ConstraintKind::Check(_) => locks.take(table, AccessExclusive, scan_if(checks_rows)),
        ConstraintKind::NotNull { column } => {
            let work = not_null_work(table, column, locks.schema, engine);
            locks.take(
                table,
                AccessExclusive,
                if checks_rows { work } else { Instant },
            );
        }
        ConstraintKind::ForeignKey { references, .. } => {
            locks.take(table, ShareRowExclusive, scan_if(checks_rows));
            locks.take(&references.table, ShareRowExclusive, scan_if(checks_rows));
        }
        ConstraintKind::Unique {
            using_index: Some(_),
            ..
        } => locks.take(table, AccessExclusive, Instant),
        ConstraintKind::PrimaryKey {
            using_index: Some(index),
            ..
        } => {
            let nullable = !index_is_not_null(table, index, locks.schema);
            locks.take(table, AccessExclusive, scan_if(nullable));
        }
        ConstraintKind::Unique { .. }
        | ConstraintKind::PrimaryKey { .. }
        | ConstraintKind::Exclude { .. } => locks.take(table, AccessExclusive, Scan),
    }
}

pub(super) fn drop_constraint(
    table: &Name,
    name: Option<&Ident>,
    cascade: bool,
    locks: &mut Locks<'_>,
) {
    let schema = locks.schema;
    locks.take(table, AccessExclusive, Instant);
    let held = name.and_then(|name| schema.table(table)?.constraint(name));
    if let Some(ConstraintKind::ForeignKey { references, .. }) =
        held.map(|held| &held.constraint.kind)
    {
        locks.take(&references.table, AccessExclusive, Instant);
    }
    if cascade {
        // A foreign key that leans on a dropped key goes with it.
        take_all(
            &links::children(schema, table),
            AccessExclusive,
            Instant,
            locks,
        );
    }
}

pub(super) fn validate(table: &Name, name: &Ident, locks: &mut Locks<'_>) {
    let held = locks
        .schema
        .table(table)
        .and_then(|table| table.constraint(name));
    let valid = held.is_some_and(|held| !held.constraint.not_valid);
    let work = if valid { Instant } else { Scan };
    locks.take(table, ShareUpdateExclusive, work);
    if let Some(ConstraintKind::ForeignKey { references, .. }) =
        held.map(|held| &held.constraint.kind)
    {
        locks.take(&references.table, RowShare, work);
    }
}

/// DEFERRABLE is a word in the catalog; ENFORCED (PostgreSQL 18) reads the rows of both tables.
pub(super) fn alter_constraint(table: &Name, name: &Ident, clause: &str, locks: &mut Locks<'_>) {
    let enforces = clause.contains("enforced") && !clause.contains("not enforced");
    if !enforces {
        return locks.take(table, AccessExclusive, Instant);
    }
    locks.take(table, AccessExclusive, Scan);
    let held = locks
        .schema
        .table(table)
        .and_then(|table| table.constraint(name));
    if let Some(ConstraintKind::ForeignKey { references, .. }) =
        held.map(|held| &held.constraint.kind)
    {
        locks.take(&references.table, ShareRowExclusive, Scan);
    }
}

/// Whether it matches the partition's bounds is not read: a validated CHECK on a table that is about to
/// become a partition is there for that.
pub(super) fn has_valid_check(table: &Table) -> bool {
    table.constraints.iter().any(|held| {
        matches!(held.constraint.kind, ConstraintKind::Check(_))
            && !held.constraint.not_valid
            && !held.constraint.not_enforced
    })
}

/// A validated CHECK spares the scan from PostgreSQL 12 on.
pub(super) fn not_null_work(
    table: &Name,
    column: &Ident,
    schema: &Schema,
    engine: Engine,
) -> LockWork {
    let already = schema
        .column(table, column)
        .is_some_and(|column| column.def.not_null);
    let proven = engine.at_least(12, 0, 0)
        && schema
            .table(table)
            .is_some_and(|table| table.proves_not_null(column));
    if already || proven { Instant } else { Scan }
}

/// Whether every column of the index is known to hold no NULL, so that a primary key needs no scan.
fn index_is_not_null(table: &Name, index: &Ident, schema: &Schema) -> bool {
    let name = table.sibling(index.clone());
    schema
        .index(&name, Some(table))
        .is_some_and(|(table, index)| {
            index.def.columns().all(|column| {
                table
                    .column(column)
                    .is_some_and(|column| column.def.not_null)
                    || table.proves_not_null(column)
            })
        })
}
