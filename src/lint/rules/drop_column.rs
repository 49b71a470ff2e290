//! Drops a column that a running release may still read or write.
//!
//! ## What happens
//! The statement removes the column and its data at once. Every release that still names it fails on its
//! next query, and a rollback to such a release is an outage. Indexes, foreign keys and multi-column unique
//! constraints that contain the column go with it without a word.
//!
//! ## Not reported
//! A column that was added earlier in the same pending set, or whose table was: no release has seen it.
//!
//! ## Instead
//! 1. Stop naming the column in the application (tell the ORM to ignore it).
//! 2. Loosen it, so that inserts that leave it out work: drop its NOT NULL or give it a default.
//! 3. When every release that names the column is retired, drop it in a migration of its own.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "drop-column",
    row: 1,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_column.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    let TableChange::DropColumn { column, .. } = &**change else { return };
    if site.judged.on_new {
        return;
    }
    let dialect = site.file.engine.dialect;
    report.finding(
        site.span(),
        format!(
            "drops column `{column}` of `{table}`: its data is gone, and every release that still names it fails, \
             also the one a rollback would go back to"
        ),
        format!(
            "Drop it in a migration of its own, after every release that names it is retired\n\n\
             ALTER TABLE {} DROP COLUMN {};",
            table.sql(dialect),
            column.sql(dialect),
        ),
    );
}
