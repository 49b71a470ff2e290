//! Stops several tables in one transaction, one after the other.
//!
//! ## What happens
//! Each ACCESS EXCLUSIVE is held until the transaction ends, while it waits for the next: the first tables are
//! stopped for as long as the last lock takes to get. An application that uses the same tables in another
//! order makes a deadlock, which ends the migration or its own transaction.
//!
//! ## Not reported
//! Tables that one statement locks together; locks on what is new in the pending set; statements that each commit
//! by themselves.
//!
//! ## Instead
//! One table for each migration.

use super::{Check, Postgres, Rule};
use crate::lint::ddl::said;
use crate::lint::{File, Report};
use crate::model::{LockMode, Name, Severity};

pub(super) const RULE: Rule = Rule {
    id: "many-tables-locked",
    row: 84,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::File(check),
    source: include_str!("many_tables_locked.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    let mut current = None;
    let mut held: Vec<&Name> = Vec::new();
    let mut reported = false;
    for at in 0..file.script.statements.len() {
        let Some(transaction) = transactions.at(at) else { continue };
        if current != Some(transaction) {
            current = Some(transaction);
            held.clear();
            reported = false;
        }
        let wanted = exclusive(file, at);
        let next = wanted.iter().find(|name| !held.contains(name));
        if let (Some(next), Some(first), false) = (next, held.first(), reported) {
            reported = true;
            report.finding(
                file.script.statements[at].span,
                format!(
                    "waits for ACCESS EXCLUSIVE on `{next}` while the transaction holds it on `{first}`: `{first}` is \
                     stopped for as long, and an application that uses the two in another order makes a deadlock"
                ),
                format!("Give `{next}` a migration of its own"),
            );
        }
        held.extend(wanted);
    }
}

fn exclusive<'a>(file: &File<'a>, index: usize) -> Vec<&'a Name> {
    let locks = said(file, index).iter().flat_map(|said| &said.locks);
    locks
        .filter(|lock| lock.mode == LockMode::AccessExclusive)
        .filter_map(|lock| lock.on.as_ref())
        .collect()
}
