//! Goes on working in a transaction that already stops reads and writes of a table.
//!
//! ## What happens
//! ACCESS EXCLUSIVE is held until the transaction ends. A statement after it that reads or writes many rows, of
//! whatever table, prolongs the stop of the first table by as long as it takes.
//!
//! ## Not reported
//! Statements that only touch the catalog; locks on what is new in the pending set; statements that each commit by
//! themselves. VALIDATE and row changes have rules of their own.
//!
//! ## Instead
//! Put the work into a migration of its own, before the lock or after it.

use super::{Check, Postgres, Rule};
use crate::lint::ddl::said;
use crate::lint::{File, JudgedChange, Report};
use crate::model::{Action, Change, LockMode, LockWork, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "work-after-exclusive-lock",
    row: 83,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::File(check),
    source: include_str!("work_after_exclusive_lock.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    let mut reported = None;
    for (at, change, judged) in file.changes() {
        if !is_long(change, judged) || reported == Some(transactions.at(at)) {
            continue;
        }
        let Some((line, stopped)) = transactions
            .before(at)
            .find_map(|index| Some((index, exclusive(file, index)?)))
        else {
            continue;
        };
        reported = Some(transactions.at(at));
        report.finding(
            change.span,
            format!(
                "works through many rows while the transaction holds ACCESS EXCLUSIVE on `{stopped}` (since line {}): \
                 reads and writes of `{stopped}` wait for this statement too",
                file.line_of(line)
            ),
            "Put one of the two into a migration of its own",
        );
    }
}

/// What reads or writes many rows. Rows and VALIDATE are other rules' business.
fn is_long(change: &Change, said: &JudgedChange) -> bool {
    let other_rule = match &change.action {
        Action::Rows(_) => true,
        Action::AlterTable { change, .. } => {
            matches!(**change, TableChange::ValidateConstraint { .. })
        }
        _ => false,
    };
    !other_rule && said.locks.iter().any(|lock| lock.work != LockWork::Instant)
}

/// A table that the statement at `index` locks ACCESS EXCLUSIVE.
fn exclusive<'a>(file: &File<'a>, index: usize) -> Option<&'a Name> {
    let locks = said(file, index).iter().flat_map(|said| &said.locks);
    locks
        .filter(|lock| lock.mode == LockMode::AccessExclusive)
        .find_map(|lock| lock.on.as_ref())
}
