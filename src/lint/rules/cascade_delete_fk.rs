//! Adds a foreign key by which a delete in one table deletes rows in another.
//!
//! ## What happens
//! `ON DELETE CASCADE` changes what a delete of a running release does: it was written to remove a row of the parent, and
//! from now on removes the rows that refer to it as well. Nothing fails and nothing is reported; rows are gone.
//!
//! ## Not reported
//! A referencing or referenced table that is new in the pending set; a foreign key that cascaded before and is put back;
//! on MySQL before 9.0, REFERENCES on a column, which the server ignores.
//!
//! ## Instead
//! Add the key without CASCADE, let new releases delete the rows themselves, and change it when every release that
//! deletes from the parent without meaning the children is retired.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, ConstraintKind, Dialect, Ident, Name, Reference, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "cascade-delete-fk",
    row: 17,
    severity: Severity::Warning,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("cascade_delete_fk.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    let (columns, references) = match &**change {
        TableChange::AddConstraint { constraint, .. } => match &constraint.kind {
            ConstraintKind::ForeignKey { columns, references } => (columns.as_slice(), references),
            _ => return,
        },
        TableChange::AddColumn { column, .. } => match &column.references {
            Some(references) if honours_inline(site) => (std::slice::from_ref(&column.name), references),
            _ => return,
        },
        _ => return,
    };
    let parent = &references.table;
    if !references.on_delete_cascade
        || site.judged.on_new
        || site.schema.is_new_table(parent)
        || cascaded_before(site, table, columns, references)
    {
        return;
    }
    let dialect = site.file.engine.dialect;
    let list: Vec<_> = columns.iter().map(|column| column.sql(dialect)).collect();
    let rows = match list.as_slice() {
        [one] => format!("WHERE {one} = …"),
        _ => "WHERE …".to_owned(),
    };
    report.finding(
        site.span(),
        format!(
            "deletes rows of `{table}` along with the row of `{parent}` that they refer to: a running release that deletes \
             from `{parent}` does not expect that, and nothing tells it"
        ),
        format!(
            "Leave ON DELETE CASCADE out until every release that deletes from {parent} knows of it\n\n\
             -- in the new release, before it deletes from {parent}\n\
             DELETE FROM {} {rows};",
            table.sql(dialect)
        ),
    );
}

/// `MySQL` before 9.0 reads REFERENCES on a column and ignores it.
fn honours_inline(site: &Site<'_>) -> bool {
    let engine = site.file.engine;
    engine.dialect != Dialect::Mysql || engine.is_mariadb() || engine.at_least(9, 0, 0)
}

fn cascaded_before(site: &Site<'_>, table: &Name, on: &[Ident], to: &Reference) -> bool {
    let Some(held) = site.schema.table(table) else { return false };
    let mut earlier = held.constraints.iter().chain(&held.dropped_constraints);
    earlier.any(|held| match &held.constraint.kind {
        ConstraintKind::ForeignKey { columns, references } => {
            columns == on && references.table == to.table && references.on_delete_cascade
        }
        _ => false,
    })
}
