//! Adds an exclusion constraint, which has no online form.
//!
//! ## What happens
//! PostgreSQL builds the constraint's index under ACCESS EXCLUSIVE: reads and writes of the table wait until every
//! row has been compared. Neither CONCURRENTLY nor NOT VALID nor USING INDEX exists for it.
//!
//! ## Not reported
//! Tables that are new in the pending set.
//!
//! ## Instead
//! Create a new table with the constraint, keep both in step by triggers, copy the rows in batches, and let
//! new releases use the new table. On a small table: set a short `lock_timeout` and take the pause.

use super::{Check, Postgres, Rule};
use crate::lint::constraints::added;
use crate::lint::words::constraint_name;
use crate::lint::{Report, Site};
use crate::model::{ConstraintKind, Ident, Severity};

pub(super) const RULE: Rule = Rule {
    id: "add-exclusion",
    row: 58,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("add_exclusion.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, constraint)) = added(site) else { return };
    if site.judged.on_new || !matches!(constraint.kind, ConstraintKind::Exclude { .. }) {
        return;
    }
    let dialect = site.file.engine.dialect;
    let name = constraint_name(table, constraint);
    let successor = table.sibling(Ident::folded(&format!("{}_v2", table.name.written())));
    report.finding(
        site.span(),
        format!(
            "builds exclusion constraint `{name}` under ACCESS EXCLUSIVE on `{table}`: reads and writes wait until every \
             row is compared, and no online form of it exists"
        ),
        format!(
            "Build it on a new table and move over, or take the pause under a short lock_timeout\n\n\
             -- expand: an empty table, with the constraint\n\
             CREATE TABLE {new} (LIKE {old} INCLUDING ALL);\n\
             ALTER TABLE {new} ADD CONSTRAINT {} EXCLUDE …;\n\
             -- expand: keep both in step by triggers; migrate: copy the rows of {old} in batches;\n\
             -- contract: drop {old} when every release that uses it is retired",
            name.sql(dialect),
            new = successor.sql(dialect),
            old = table.sql(dialect),
        ),
    );
}
