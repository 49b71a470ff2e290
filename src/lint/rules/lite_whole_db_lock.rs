//! Works on every row of a table while no other writer of a SQLite database gets through.
//!
//! ## What happens
//! SQLite has one write lock for the whole database. While rows are copied, an index is built or the file is
//! vacuumed, every other process that writes waits for its `busy_timeout` and then fails with `SQLITE_BUSY`, whichever
//! table it writes to.
//!
//! ## Not reported
//! What touches the schema alone; tables that are new in the pending set, unless they are filled from an old one; UPDATE
//! and DELETE, of which `unbatched-backfill` speaks.
//!
//! ## Instead
//! Set a `busy_timeout` in every release that is longer than this takes, move rows in small batches, or run
//! it in a quiet hour.

use super::{Check, Rule, Sqlite};
use crate::lint::{Report, Site};
use crate::model::{Action, LockWork, RowSource, Severity};

pub(super) const RULE: Rule = Rule {
    id: "lite-whole-db-lock",
    row: 107,
    severity: Severity::Warning,
    dialects: &[Sqlite],
    check: Check::Change(check),
    source: include_str!("lite_whole_db_lock.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.locks.iter().all(|lock| lock.work == LockWork::Instant) {
        return;
    }
    let what = match site.action() {
        Action::Rows(rows) => match &rows.source {
            RowSource::Query(from)
                if site.schema.is_new_table(&rows.table)
                    && from.iter().any(|table| !site.schema.is_new_table(table)) =>
            {
                format!("copies rows into `{}`", rows.table)
            }
            _ => return,
        },
        Action::CreateTable(create) => format!("fills `{}` from a query", create.name),
        Action::CreateIndex(create) => format!("builds index {}", create.label()),
        Action::AlterTable { table, .. } => format!("goes through every row of `{table}`"),
        Action::Maintain { command, .. } => format!("{} writes the whole database anew", command.to_uppercase()),
        Action::Reindex { object, .. } => format!("rebuilds {object}"),
        _ => return,
    };
    report.finding(
        site.span(),
        format!("{what} under the one write lock of the database: every other writer waits, and fails with SQLITE_BUSY \
                 after its busy_timeout"),
        "Set a longer busy_timeout in every release, move rows in small batches, or choose a quiet hour",
    );
}
