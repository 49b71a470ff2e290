//! Gives a new required column a default for the rows that are there, and takes it away again.
//!
//! ## What happens
//! The ADD COLUMN looks harmless, for its default fills every row. With the default gone the column is still NOT NULL,
//! and each INSERT of a release that does not know it fails. Django writes exactly this pair for a new field
//! with a default of its own.
//!
//! ## Not reported
//! A new column that may be NULL; a new table; a default that the file sets again. A default of a column that running
//! releases know: see `drop-default`.
//!
//! ## Instead
//! Keep the default until every release that leaves the column out is retired, then drop it in a contract migration.
//! In Django 5, `db_default` keeps it in the database.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::{clauses, is_filled};
use crate::lint::sequences::drop_default;
use crate::lint::{Report, Site};
use crate::model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "default-then-drop-default",
    row: 38,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("default_then_drop_default.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let Some(column) = clause.undefaulted() else { continue };
        let required = clause.column(column).is_some_and(|held| held.def.not_null);
        if !required || !clause.is_new(site, column) || is_filled(site, clause.table, column) {
            continue;
        }
        let table = clause.table;
        report.finding(
            site.span(),
            format!(
                "{}takes the default from `{column}` of `{table}`, which is new and NOT NULL: every INSERT of a release \
                 that does not know it fails",
                clause.subject()
            ),
            format!(
                "Keep the default until every release that leaves the column out is retired\n\n\
                 -- contract, in a migration of its own\n{}",
                drop_default(table, column, site.file.engine.dialect)
            ),
        );
    }
}
