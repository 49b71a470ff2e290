//! Drops, empties or swaps a partition, and its rows with it.
//!
//! ## What happens
//! `DROP`, `TRUNCATE`, `EXCHANGE` and `DISCARD PARTITION` take every row of the partition away in one moment; MySQL
//! commits it at once. Queries of running releases find fewer rows, without an error.
//!
//! ## Not reported
//! Tables that are new in the pending set; `ADD`, `REORGANIZE` and `COALESCE PARTITION`, which keep the rows. On PostgreSQL
//! a partition is a table, and `drop-table` and `detach-partition` speak of it.
//!
//! ## Instead
//! Exchange the partition with an empty table of the same definition when no release needs its rows any more, keep that
//! table for a while, and drop it later.

use super::{Check, Mysql, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Ident, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "drop-partition",
    row: 13,
    severity: Severity::Error,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("drop_partition.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    let TableChange::DropPartitions { clause } = &**change else { return };
    if site.judged.on_new {
        return;
    }
    let kept = table.sibling(Ident::folded(&format!("{}_kept", table.name.written())));
    let (table_sql, kept_sql) = (table.sql(Dialect::Mysql), kept.sql(Dialect::Mysql));
    let partition = clause.split_whitespace().nth(2).unwrap_or("…").trim_end_matches(',');
    report.finding(
        site.span(),
        format!(
            "`{clause}` takes every row of the partition out of `{table}` at once: running releases find fewer rows, \
             without an error, and nothing brings them back"
        ),
        format!(
            "Move the rows into a table of their own when no release needs them any more, and drop that later\n\n\
             -- contract\n\
             CREATE TABLE {kept_sql} LIKE {table_sql};\n\
             ALTER TABLE {kept_sql} REMOVE PARTITIONING;\n\
             ALTER TABLE {table_sql} EXCHANGE PARTITION {partition} WITH TABLE {kept_sql};\n\
             -- contract, in a later migration\n\
             ALTER TABLE {table_sql} DROP PARTITION {partition};\n\
             DROP TABLE {kept_sql};"
        ),
    );
}
