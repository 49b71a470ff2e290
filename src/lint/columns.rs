//! Clauses about columns, however the file says them.

use std::borrow::Cow;

use crate::model::{Action, Effect, Ident, Name, TableChange};
use crate::schema::redefinition_changes;

use super::Site;
use super::rebuild::Rebuild;

/// A clause about a table that a release may use.
pub(super) struct Clause<'a> {
    /// The table.
    pub(super) table: &'a Name,
    /// What becomes of it.
    pub(super) change: Cow<'a, TableChange>,
    /// No statement says so: a table rebuild comes to it.
    rebuilt: bool,
}

impl Clause<'_> {
    /// How a sentence about it begins: a rebuild has to be named, for its text says nothing of the kind.
    pub(super) const fn subject(&self) -> &'static str {
        if self.rebuilt { "the rebuild " } else { "" }
    }
}

/// The clauses that the change comes to: an ALTER TABLE's own, those that MySQL's MODIFY and CHANGE stand for,
/// and at the DROP of a table rebuild the difference of the two definitions.
///
/// Left out is what changes nothing, and what concerns only what is new in the pending set; but a new column
/// that becomes required is told, for a running release leaves it out.
pub(super) fn clauses<'a>(site: &Site<'a>) -> Vec<Clause<'a>> {
    let effect = site.judged.verdict.effect;
    if effect == Effect::Neutral || site.judged.on_new && effect != Effect::Restrict {
        return Vec::new();
    }
    match site.action() {
        Action::AlterTable { table, change } => {
            let own = |change| Clause {
                table,
                change,
                rebuilt: false,
            };
            redefined(site, table, change).map_or_else(
                || vec![own(Cow::Borrowed(&**change))],
                |parts| {
                    parts
                        .into_iter()
                        .map(|part| own(Cow::Owned(part)))
                        .collect()
                },
            )
        }
        Action::Drop { .. } => Rebuild::of(site).map_or_else(Vec::new, |rebuild| {
            let changes = rebuild.changes().into_iter();
            changes
                .map(|change| Clause {
                    table: rebuild.table,
                    change: Cow::Owned(change),
                    rebuilt: true,
                })
                .collect()
        }),
        _ => Vec::new(),
    }
}

/// What MODIFY and CHANGE come to, where the old definition is known. A CHANGE to another name is a rename
/// before all else.
fn redefined(site: &Site<'_>, table: &Name, change: &TableChange) -> Option<Vec<TableChange>> {
    let TableChange::RedefineColumn { from, column, .. } = change else {
        return None;
    };
    if *from != column.name {
        return Some(vec![TableChange::RenameColumn {
            from: from.clone(),
            to: column.name.clone(),
        }]);
    }
    let held = &site.schema.column(table, from)?.def;
    let in_key = site
        .schema
        .table(table)
        .and_then(|table| table.primary_key())
        .is_some_and(|key| key.contains(from));
    let mut parts = redefinition_changes(held, column);
    // A column of the primary key stays NOT NULL, whether the clause says so or not.
    parts.retain(|part| !(in_key && matches!(part, TableChange::DropNotNull { .. })));
    Some(parts)
}

/// Whether the column is NOT NULL as far as the folder tells.
pub(super) fn is_required(site: &Site<'_>, table: &Name, column: &Ident) -> bool {
    let held = site.schema.column(table, column);
    held.is_some_and(|held| held.def.not_null && held.def.default.is_none())
}

/// The table's primary key, where it is one column.
pub(super) fn single_key<'a>(site: &Site<'a>, table: &Name) -> Option<&'a Ident> {
    match site.schema.table(table)?.primary_key()? {
        [only] => Some(only),
        _ => None,
    }
}
