//! Drops a table that a running release may still use.
//!
//! ## What happens
//! The table and its rows are gone at once; `IF EXISTS` does not help. Every release that still names the
//! table fails, and so does a rollback to it. On PostgreSQL the drop takes ACCESS EXCLUSIVE on the table and
//! on every table that it refers to by a foreign key.
//!
//! ## Not reported
//! Temporary tables, tables created earlier in the same pending set, and the old table of a rebuild (new
//! table, copy, drop, rename), which is judged by the difference of the two definitions.
//!
//! ## Instead
//! Remove every use, wait until every release that has one is retired, and drop the table in a migration of
//! its own.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Effect, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-table",
    row: 2,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_table.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Drop { object, .. } = site.action() else { return };
    let is_table = matches!(object.kind, ObjectKind::Table | ObjectKind::ForeignTable);
    if !is_table || site.judged.on_new || site.judged.verdict.effect != Effect::Destroy {
        return;
    }
    let table = &object.name;
    report.finding(
        site.span(),
        format!(
            "drops table `{table}`: its rows are gone, and every release that still names it fails, \
             also the one a rollback would go back to"
        ),
        format!(
            "Drop it in a migration of its own, after every release that names it is retired\n\n\
             DROP TABLE {};",
            site.name(table),
        ),
    );
}
