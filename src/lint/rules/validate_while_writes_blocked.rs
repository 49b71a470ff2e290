//! Validates a constraint while an earlier statement of the transaction still blocks writers.
//!
//! ## What happens
//! VALIDATE itself lets reads and writes go on, but it takes as long as the table is large, and every lock that
//! the transaction took before is held until it ends: writers of those tables wait for the whole scan.
//!
//! ## Not reported
//! A constraint that is added in the same transaction, which is another rule's finding; locks on what is new
//! in the pending set; statements that each commit by themselves.
//!
//! ## Instead
//! Give VALIDATE a migration of its own.

use super::{Check, Postgres, Rule};
use crate::lint::{File, Report};
use crate::model::{Action, Ident, Lock, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "validate-while-writes-blocked",
    row: 60,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::File(check),
    source: include_str!("validate_while_writes_blocked.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    for (at, change, said) in file.changes() {
        let Action::AlterTable { table, change: clause } = &change.action else { continue };
        let TableChange::ValidateConstraint { name } = &**clause else { continue };
        if said.on_new || transactions.before(at).chain([at]).any(|index| adds(file, index, name)) {
            continue;
        }
        let Some((line, lock)) = transactions
            .before(at)
            .find_map(|index| Some((index, blocking_lock(file, index)?)))
        else {
            continue;
        };
        let held_on = lock.on.as_ref().map_or(String::new(), Name::to_string);
        let dialect = file.engine.dialect;
        report.finding(
            change.span,
            format!(
                "validates `{name}` while the transaction holds {} on `{held_on}` (taken on line {}): {} of `{held_on}` \
                 wait until every row of `{table}` is read",
                lock.mode.name(),
                file.line_of(line),
                lock.mode.blocks(),
            ),
            format!(
                "Give it a migration of its own\n\n\
                 -- migrate\n\
                 ALTER TABLE {} VALIDATE CONSTRAINT {};",
                table.sql(dialect),
                name.sql(dialect)
            ),
        );
    }
}

fn adds(file: &File<'_>, index: usize, name: &Ident) -> bool {
    let changes = &file.script.statements[index].changes;
    changes.iter().any(|change| match &change.action {
        Action::AlterTable { change, .. } => matches!(&**change,
            TableChange::AddConstraint { constraint, .. } if constraint.name.as_ref() == Some(name)),
        _ => false,
    })
}

fn blocking_lock<'a>(file: &File<'a>, index: usize) -> Option<&'a Lock> {
    let judged = file.judged.get(index)?;
    let locks = judged.changes.iter().flat_map(|change| &change.locks);
    locks
        .filter(|lock| lock.mode.blocks_writes())
        .max_by_key(|lock| lock.mode)
}
