//! Clauses about columns, however the file says them.

use std::borrow::Cow;

use crate::classify::fills_from;
use crate::model::{Action, ColumnDef, Effect, Ident, Name, TableChange};
use crate::schema::{Column, Table, redefinition_changes};

use super::Site;
use super::rebuild::Rebuild;

/// A clause about a table that a release may use.
pub(super) struct Clause<'a> {
    /// The table.
    pub(super) table: &'a Name,
    /// What becomes of it.
    pub(super) change: Cow<'a, TableChange>,
    /// The table right before, as far as the folder tells.
    held: Option<&'a Table>,
    /// No statement says so: a table rebuild comes to it.
    pub(super) rebuilt: bool,
}

impl<'a> Clause<'a> {
    /// The column right before, as far as the folder tells.
    pub(super) fn column(&self, column: &Ident) -> Option<&'a Column> {
        self.held?.column(column)
    }

    /// Whether an INSERT that left the column out got a value for it by DEFAULT; `None` where the folder does not tell.
    pub(super) fn had_default(&self, column: &Ident) -> Option<bool> {
        let default = self.column(column)?.def.default.as_ref();
        Some(default.is_some_and(|default| !default.is_null()))
    }

    /// Whether the column was added in the same pending set.
    pub(super) fn is_new(&self, site: &Site<'_>, column: &Ident) -> bool {
        let held = self.column(column);
        held.is_some_and(|held| site.schema.is_current(held.birth))
    }

    /// The column that loses its default by this clause.
    pub(super) fn undefaulted(&self) -> Option<&Ident> {
        match &*self.change {
            TableChange::DropDefault { column } => Some(column),
            TableChange::SetDefault { column, default } if default.is_null() => Some(column),
            _ => None,
        }
    }

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
pub(super) fn clauses<'s, 'a>(site: &'s Site<'a>) -> &'s [Clause<'a>] {
    site.clauses.get_or_init(|| read(site))
}

fn read<'a>(site: &Site<'a>) -> Vec<Clause<'a>> {
    let effect = site.judged.verdict.effect;
    if effect == Effect::Neutral || site.judged.on_new && effect != Effect::Restrict {
        return Vec::new();
    }
    match site.action() {
        Action::AlterTable { table, change } => {
            let own = |change| Clause {
                table,
                change,
                held: site.schema.table(table),
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
                    held: rebuild.before(),
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
    if held.auto_increment && !column.auto_increment {
        parts.push(TableChange::SetGenerated {
            column: from.clone(),
            clause: "drop auto_increment",
        });
    }
    Some(parts)
}

/// Whether the column is NOT NULL as far as the folder tells.
pub(super) fn is_required(site: &Site<'_>, table: &Name, column: &Ident) -> bool {
    let held = site.schema.column(table, column);
    held.is_some_and(|held| held.def.not_null && held.def.default.is_none())
}

/// Whether an INSERT that does not know the new column fails: it is NOT NULL and nothing fills it, now or later in
/// the file. A primary key is spoken of as such.
pub(super) fn starts_required(site: &Site<'_>, table: &Name, column: &ColumnDef) -> bool {
    !column.fills_itself() && !column.primary_key && !is_filled(site, table, &column.name)
}

/// Whether this statement or a later one of the file gives the column a default or another way to fill itself.
pub(super) fn is_filled(site: &Site<'_>, table: &Name, column: &Ident) -> bool {
    fills_from(site.file.script, site.index, table, column)
}

/// The column that the change adds to a table that releases may use, and the table.
pub(super) fn added_column<'a>(site: &Site<'a>) -> Option<(&'a Name, &'a ColumnDef)> {
    match site.action() {
        Action::AlterTable { table, change } if !site.judged.on_new => match &**change {
            TableChange::AddColumn { column, .. } => Some((table, column)),
            _ => None,
        },
        _ => None,
    }
}

/// The table's primary key, where it is one column.
pub(super) fn single_key<'a>(site: &Site<'a>, table: &Name) -> Option<&'a Ident> {
    match site.schema.table(table)?.primary_key()? {
        [only] => Some(only),
        _ => None,
    }
}
