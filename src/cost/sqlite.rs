//! SQLite: one write lock for the whole database, taken at a transaction's first write and held to its end.
//!
//! So nothing is locked by itself, and what matters is how long the statement works: the schema row alone,
//! a look at every row, or every row written anew (measured on 3.40 and 3.54). DDL on a table that is new
//! takes the same lock, but finds no rows to work on.

#[cfg(test)]
mod tests;

use crate::model::LockMode::DatabaseWrite;
use crate::model::LockWork::{Instant, Rewrite, Scan};
use crate::model::{Action, ConstraintKind, Lock, LockWork, RowSource, RowVerb, TableChange};
use crate::schema::Schema;

use super::work_of_rows;

pub(super) fn locks(action: &Action, schema: &Schema) -> Vec<Lock> {
    let work = match action {
        Action::AlterTable { table, change } => {
            if schema.is_new_table(table) {
                Some(Instant)
            } else {
                Some(work_of_clause(change))
            }
        }
        Action::CreateIndex(create) => {
            if schema.is_new_table(&create.table) {
                Some(Instant)
            } else {
                Some(Scan)
            }
        }
        Action::CreateTable(create) => Some(if create.as_query { Rewrite } else { Instant }),
        Action::CreateView(_)
        | Action::CreateTrigger(_)
        | Action::Create { .. }
        | Action::Drop { .. }
        | Action::Rename { .. } => Some(Instant),
        Action::Rows(rows) => Some(match (rows.verb, &rows.source) {
            (RowVerb::Insert | RowVerb::Replace, RowSource::Query(from)) if !from.is_empty() => {
                Rewrite
            }
            _ => work_of_rows(rows),
        }),
        Action::Maintain { .. } => Some(Rewrite),
        Action::Reindex { .. } | Action::Analyze { .. } => Some(Scan),
        _ => None,
    };
    let lock = |work| Lock {
        on: None,
        mode: DatabaseWrite,
        work,
    };
    work.map(lock).into_iter().collect()
}

fn work_of_clause(change: &TableChange) -> LockWork {
    match change {
        TableChange::AddColumn { column, .. } if column.check.is_some() => Scan,
        TableChange::AddColumn { .. }
        | TableChange::RenameColumn { .. }
        | TableChange::DropNotNull { .. }
        | TableChange::DropConstraint { .. } => Instant,
        // From 3.53 on; existing rows are checked.
        TableChange::SetNotNull { .. } => Scan,
        TableChange::AddConstraint { constraint, .. }
            if matches!(constraint.kind, ConstraintKind::Check(_)) =>
        {
            Scan
        }
        _ => Rewrite,
    }
}
