//! Takes a lock by hand.
//!
//! ## What happens
//! LOCK TABLE holds a whole table until the transaction ends, LOCK TABLES and FLUSH TABLES WITH READ LOCK until
//! they are undone: running releases wait. `GET_LOCK` waits for whoever holds that name, and is only given back
//! when the session ends.
//!
//! ## Not reported
//! Modes that neither reads nor writes wait for; tables that are new in the pending set.
//!
//! ## Instead
//! Leave the locking to the statements that need it; each takes the weakest lock that it can work with.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "lock-table-explicit",
    row: 86,
    severity: Severity::Warning,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("lock_table_explicit.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    match site.action() {
        Action::LockTable { tables, .. } => {
            let Some(lock) = site
                .judged
                .locks
                .iter()
                .filter(|lock| lock.mode.blocks_writes())
                .max_by_key(|lock| lock.mode)
            else {
                return;
            };
            let on = if tables.is_empty() {
                "every table".to_owned()
            } else {
                let names: Vec<_> = tables.iter().map(|table| format!("`{table}`")).collect();
                names.join(" and ")
            };
            let until = match site.file.engine.dialect {
                Dialect::Mysql => "until UNLOCK TABLES",
                _ => "until the transaction ends",
            };
            report.finding(
                site.span(),
                format!("locks {on} by hand: {} of running releases wait {until}", lock.mode.blocks()),
                "Leave the locking to the statements that need it",
            );
        }
        Action::Query { calls } if calls.iter().any(|call| call == "get_lock") => {
            report.finding(
                site.span(),
                "GET_LOCK waits for whoever holds that name, and keeps it until the session ends: a second run of the \
                 migration waits behind the first",
                "Leave it to the runner to keep two runs apart",
            );
        }
        _ => {}
    }
}
