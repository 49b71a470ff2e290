//! Detaches a partition: its rows disappear from the table that running releases read.
//!
//! ## What happens
//! Queries of the parent stop finding the partition's rows, without an error. Without CONCURRENTLY (PostgreSQL 14
//! and later) it also takes ACCESS EXCLUSIVE on the parent, behind which all reads and writes queue.
//!
//! ## Not reported
//! Partitions and parents that are new in the pending set.
//!
//! ## Instead
//! Detach it CONCURRENTLY, outside a transaction, in a contract migration, when no release needs its rows.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "detach-partition",
    row: 78,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("detach_partition.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    let TableChange::DetachPartition {
        child,
        concurrently,
    } = &**change
    else {
        return;
    };
    if site.judged.on_new || site.schema.is_new_table(child) {
        return;
    }
    let online = site.file.engine.at_least(14, 0, 0);
    let lock = if *concurrently {
        ""
    } else {
        ", under ACCESS EXCLUSIVE on the parent, behind which all its reads and writes queue"
    };
    let word = if online { " CONCURRENTLY" } else { "" };
    report.finding(
        site.span(),
        format!(
            "detaches `{child}` from `{table}`{lock}: queries of `{table}` stop finding its rows, in every release and \
             without an error"
        ),
        format!(
            "Detach it in a contract migration, when no release needs its rows\n\n\
             ALTER TABLE {} DETACH PARTITION {}{word};",
            site.name(table),
            site.name(child)
        ),
    );
}
