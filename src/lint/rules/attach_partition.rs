//! Attaches a partition whose rows PostgreSQL must read to see that they fit.
//!
//! ## What happens
//! The table that is attached is locked ACCESS EXCLUSIVE until every row of it has been checked against the
//! partition's bounds. The parent is only locked SHARE UPDATE EXCLUSIVE, but a DEFAULT partition of it
//! is locked and read as well.
//!
//! ## Not reported
//! Tables that are new in the pending set, and tables with a validated CHECK, which is taken to prove the bounds.
//!
//! ## Instead
//! Add a CHECK with the partition's bounds NOT VALID, validate it in a migration of its own, attach, drop the
//! CHECK.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, LockWork, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "attach-partition",
    row: 77,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("attach_partition.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    let TableChange::AttachPartition { child, .. } = &**change else { return };
    let reads = |on: &crate::model::Lock| on.work != LockWork::Instant;
    if !site.judged.locks.iter().any(reads) {
        return;
    }
    let dialect = site.file.engine.dialect;
    let check = Ident::folded(&format!("{}_bounds", child.name.written())).sql(dialect);
    let child_sql = child.sql(dialect);
    report.finding(
        site.span(),
        format!(
            "attaches `{child}` to `{table}` under ACCESS EXCLUSIVE on `{child}`: its reads and writes wait while every row \
             is checked against the bounds"
        ),
        format!(
            "Prove the bounds first by a CHECK that is validated without blocking\n\n\
             -- expand\n\
             ALTER TABLE {child_sql} ADD CONSTRAINT {check} CHECK (… the bounds, and NOT NULL of the key …) NOT VALID;\n\
             -- migrate, in the next migration\n\
             ALTER TABLE {child_sql} VALIDATE CONSTRAINT {check};\n\
             -- then: an instant\n\
             ALTER TABLE {} ATTACH PARTITION {child_sql} …;\n\
             ALTER TABLE {child_sql} DROP CONSTRAINT {check};",
            table.sql(dialect)
        ),
    );
}
