//! Gives a column a default that running releases do not know of.
//!
//! ## What happens
//! Rows that are there keep their values. From this statement on an INSERT of a running release that leaves the column out
//! gets the new value, where it got NULL, another default, or an error before; that release then reads rows of its own
//! that it does not expect. A rollback does not take the values back.
//!
//! ## Not reported
//! Tables and columns that are new in the pending set; the default that the column has already; one that the same file
//! dropped before, as around a change of type.
//!
//! ## Instead
//! Let both versions understand both values before the default changes. Some ORMs send the default that they know with
//! each INSERT: there the database's matters only when the release is exchanged.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::{Clause, clauses};
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "set-or-change-default",
    row: 42,
    severity: Severity::Note,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("set_or_change_default.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let TableChange::SetDefault { column, default } = &*clause.change else { continue };
        let held = clause
            .column(column)
            .and_then(|held| held.def.default.as_ref())
            .filter(|default| !default.is_null());
        let same = held.is_some_and(|held| held.text == default.text);
        if default.is_null() || same || clause.is_new(site, column) || comes_back(site, clause, column) {
            continue;
        }
        let before = match (held, clause.column(column)) {
            (Some(held), _) => format!("where they got {}", held.text),
            (None, Some(_)) => "where they got NULL or failed".to_owned(),
            (None, None) => "whatever they got before".to_owned(),
        };
        report.finding(
            site.span(),
            format!(
                "{}sets the default of `{column}` of `{}` to {}: inserts of running releases that leave it out get that, {before}",
                clause.subject(),
                clause.table,
                default.text
            ),
            "Make sure that every release that may still run understands the new value",
        );
    }
}

/// Whether the file dropped the default before: what it sets now is likely the same in another type.
fn comes_back(site: &Site<'_>, clause: &Clause<'_>, column: &Ident) -> bool {
    let own = site.statement.changes.iter();
    let mut changes = site.earlier().map(|(_, change)| change).chain(own);
    changes.any(|change| match &change.action {
        Action::AlterTable { table, change } if table == clause.table => {
            matches!(&**change, TableChange::DropDefault { column: other } if other == column)
        }
        _ => false,
    })
}
