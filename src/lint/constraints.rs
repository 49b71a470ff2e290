//! Questions about constraints that several rules ask.

use crate::model::{Action, Constraint, ConstraintKind, Ident, Name, TableChange};
use crate::schema::Index;

use super::Site;
use super::rebuild::Rebuild;

/// The constraint that the change adds to a table by `ADD CONSTRAINT`, and the table.
pub(super) fn added<'a>(site: &Site<'a>) -> Option<(&'a Name, &'a Constraint)> {
    match site.action() {
        Action::AlterTable { table, change } => match &**change {
            TableChange::AddConstraint { constraint, .. } => Some((table, constraint)),
            _ => None,
        },
        _ => None,
    }
}

/// The plain index on the very columns that the change makes unique: it is there, or was until this file
/// dropped it.
pub(super) fn plain_index_made_unique<'a>(site: &Site<'a>) -> Option<&'a Index> {
    let (table, columns) = unique_columns(site)?;
    let held = site.schema.table(table)?;
    let mut indexes = held.indexes.iter().chain(&held.dropped_indexes);
    indexes.find(|index| {
        !index.def.unique
            && index.def.partial.is_none()
            && index.def.keys.iter().all(Result::is_ok)
            && index.def.columns().eq(columns.iter())
    })
}

/// The columns that the change makes unique as a whole, and their table.
fn unique_columns<'a>(site: &Site<'a>) -> Option<(&'a Name, Vec<Ident>)> {
    if let Some((table, constraint)) = added(site) {
        return match &constraint.kind {
            ConstraintKind::Unique {
                columns,
                using_index: None,
            } => Some((table, columns.clone())),
            _ => None,
        };
    }
    match site.action() {
        Action::CreateIndex(create) if create.unique && create.partial.is_none() => {
            let columns: Option<Vec<_>> = create.keys.iter().map(|key| key.clone().ok()).collect();
            columns.map(|columns| (&create.table, columns))
        }
        _ => None,
    }
}

/// What a SQLite table rebuild comes to, at the DROP of the old table: the clauses that would turn the old
/// definition into that of the table that takes its name later in the file.
pub(super) fn rebuild_changes(site: &Site<'_>) -> Option<Vec<TableChange>> {
    Rebuild::of(site).map(|rebuild| rebuild.changes())
}
