//! Table rebuilds: new table, copy, drop, rename. SQLite knows no other way for most changes; what one comes to
//! is told at the DROP of the old table.

use crate::model::{Action, Name, ObjectKind, RowSource, TableChange};
use crate::schema::{Table, definition_changes};

use super::Site;

/// A table that is rebuilt, at the DROP of its old self.
pub(super) struct Rebuild<'a> {
    /// The name that running releases know the table by.
    pub(super) table: &'a Name,
    before: Option<&'a Table>,
    after: &'a Table,
}

impl<'a> Rebuild<'a> {
    /// The rebuild that the change is the DROP of: a table of the same name stands at the end, filled from it.
    pub(super) fn of(site: &Site<'a>) -> Option<Self> {
        let Action::Drop { object, .. } = site.action() else {
            return None;
        };
        if object.kind != ObjectKind::Table {
            return None;
        }
        let old = &object.name;
        let (table, successor) = takes_the_name(site, old).or_else(|| took_the_name(site, old))?;
        let copied = site.earlier().any(|(_, change)| match &change.action {
            Action::Rows(rows) => {
                rows.table == *successor
                    && matches!(&rows.source, RowSource::Query(from) if from.contains(old))
            }
            _ => false,
        });
        let after = site.schema.table(successor)?;
        copied.then(|| Self {
            table,
            before: site.schema.table(old),
            after,
        })
    }

    /// The table as it was, where the folder tells.
    pub(super) const fn before(&self) -> Option<&'a Table> {
        self.before
    }

    /// The clauses that would turn the old definition into the new one; none where the folder does not tell both.
    pub(super) fn changes(&self) -> Vec<TableChange> {
        match self.before {
            Some(before) if before.complete && self.after.complete => {
                definition_changes(before, self.after)
            }
            _ => Vec::new(),
        }
    }
}

/// `DROP t; ALTER TABLE t_new RENAME TO t`: the table's name, and its successor's for now.
fn takes_the_name<'a>(site: &Site<'a>, old: &'a Name) -> Option<(&'a Name, &'a Name)> {
    site.later().find_map(|(_, change)| match &change.action {
        Action::Rename { object, to } if to == old => Some((old, &object.name)),
        _ => None,
    })
}

/// `ALTER TABLE t RENAME TO t_old; CREATE TABLE t …; DROP t_old`.
fn took_the_name<'a>(site: &Site<'a>, old: &Name) -> Option<(&'a Name, &'a Name)> {
    site.earlier().find_map(|(_, change)| match &change.action {
        Action::Rename { object, to } if to == old => Some((&object.name, &object.name)),
        _ => None,
    })
}
