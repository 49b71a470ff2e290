//! Locks in words, for the plan and for messages.

use crate::model::{Dialect, Lock, LockMode, LockWork};

/// One clause that says what the lock stops and for how long in kind, in the engine's own terms:
/// `ACCESS EXCLUSIVE on orders, rewrite: blocks reads and writes while every row is written anew`.
pub fn summary(lock: &Lock, dialect: Dialect) -> String {
    let on = lock
        .on
        .as_ref()
        .map_or(String::new(), |name| format!(" on {name}"));
    let work = lock.work.name();
    let while_working = duration(lock);
    match dialect {
        Dialect::Postgres | Dialect::Sqlite => format!(
            "{}{on}, {work}: blocks {} {while_working}",
            lock.mode.name(),
            lock.mode.blocks()
        ),
        Dialect::Mysql => format!(
            "{}{on}, {work}: blocks {} {while_working}",
            mysql_name(lock.mode),
            mysql_blocks(lock.mode)
        ),
    }
}

fn duration(lock: &Lock) -> &'static str {
    match (lock.work, lock.mode) {
        (LockWork::Instant, LockMode::DatabaseWrite) => "for a moment",
        (LockWork::Instant, _) => "for a moment, once it is granted",
        (LockWork::Scan, _) => "while every row is read",
        (LockWork::Rewrite, _) => "while every row is written anew",
    }
}

/// MySQL's own words for the modes that its costs are told in.
fn mysql_name(mode: LockMode) -> &'static str {
    match mode {
        LockMode::AccessExclusive => "exclusive metadata lock",
        LockMode::Share | LockMode::ShareRowExclusive | LockMode::Exclusive => "LOCK=SHARED",
        LockMode::ShareUpdateExclusive => "LOCK=NONE",
        LockMode::RowShare | LockMode::AccessShare => "shared row locks",
        LockMode::RowExclusive => "row locks",
        LockMode::DatabaseWrite => LockMode::DatabaseWrite.name(),
    }
}

fn mysql_blocks(mode: LockMode) -> &'static str {
    match mode {
        LockMode::ShareUpdateExclusive => "other schema changes",
        LockMode::RowExclusive => "writers of the same rows",
        other => other.blocks(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ident, Name};

    #[test]
    fn a_lock_reads_as_what_it_stops_and_for_how_long() {
        let orders = || Some(Name::bare(Ident::folded("orders")));
        let lock = |on, mode, work| Lock { on, mode, work };
        let cases = [
            (
                Dialect::Postgres,
                lock(orders(), LockMode::AccessExclusive, LockWork::Rewrite),
                "ACCESS EXCLUSIVE on orders, rewrite: blocks reads and writes while every row is written anew",
            ),
            (
                Dialect::Postgres,
                lock(orders(), LockMode::ShareUpdateExclusive, LockWork::Scan),
                "SHARE UPDATE EXCLUSIVE on orders, scan: blocks other schema changes and VACUUM while every row is read",
            ),
            (
                Dialect::Mysql,
                lock(orders(), LockMode::Share, LockWork::Rewrite),
                "LOCK=SHARED on orders, rewrite: blocks writes while every row is written anew",
            ),
            (
                Dialect::Mysql,
                lock(orders(), LockMode::AccessExclusive, LockWork::Instant),
                "exclusive metadata lock on orders, instant: blocks reads and writes for a moment, once it is granted",
            ),
            (
                Dialect::Sqlite,
                lock(None, LockMode::DatabaseWrite, LockWork::Scan),
                "database write lock, scan: blocks every other writer of the database while every row is read",
            ),
        ];
        for (dialect, lock, expected) in cases {
            assert_eq!(summary(&lock, dialect), expected);
        }
    }
}
