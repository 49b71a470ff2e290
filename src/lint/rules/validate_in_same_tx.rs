//! Adds a constraint NOT VALID and validates it in the same transaction.
//!
//! ## What happens
//! `NOT VALID` makes the first step an instant and VALIDATE lets reads and writes go on, but a lock lives until
//! its transaction ends: the scan runs under the lock of the first step after all. Nothing is won over adding
//! the constraint in one go, and reads (with a CHECK) or writes (with a foreign key) wait for every row.
//!
//! ## Not reported
//! Tables that are new in the pending set, and statements that each commit by themselves.
//!
//! ## Instead
//! Put VALIDATE into the next migration.

use super::{Check, Postgres, Rule};
use crate::lint::fixes::{Relied, to_next_migration};
use crate::lint::{File, Report};
use crate::model::{Action, Apart, Fix, Ident, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "validate-in-same-tx",
    row: 59,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::File(check),
    source: include_str!("validate_in_same_tx.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    for (at, change, said) in file.changes() {
        let Some((table, name)) = validated(&change.action) else { continue };
        let added_before = transactions
            .before(at)
            .chain([at])
            .any(|index| adds_not_valid(file, index, table, name));
        if said.on_new || !added_before {
            continue;
        }
        let dialect = file.engine.dialect;
        let relied_on = Relied {
            name: Some(name),
            table: Some(&table.name),
        };
        let moves_as = format!("validate_{}", name.as_str());
        let apart = to_next_migration(file, at, &moves_as, relied_on);
        let alone = file.script.statements[at].changes.len() == 1;
        let fix = Fix {
            title: "validate it".to_owned(),
            edits: Vec::new(),
            follow_up: None,
            apart: Some(apart),
        };
        report.maybe_fixable(
            change.span,
            format!(
                "validates `{name}` in the transaction that adds it: the lock of the first step on `{table}` is held \
                 while every row is read, so nothing is won by NOT VALID"
            ),
            format!(
                "Move it to the next migration\n\n\
                 -- migrate: reads every row, reads and writes go on\n\
                 ALTER TABLE {} VALIDATE CONSTRAINT {};",
                table.sql(dialect),
                name.sql(dialect)
            ),
            Some(fix).filter(|fix| alone && fix.apart.as_ref().is_some_and(Apart::may_move)),
        );
    }
}

fn validated(action: &Action) -> Option<(&Name, &Ident)> {
    match action {
        Action::AlterTable { table, change } => match &**change {
            TableChange::ValidateConstraint { name } => Some((table, name)),
            _ => None,
        },
        _ => None,
    }
}

fn adds_not_valid(file: &File<'_>, index: usize, table: &Name, name: &Ident) -> bool {
    let changes = &file.script.statements[index].changes;
    changes.iter().any(|change| match &change.action {
        Action::AlterTable { table: on, change } if on == table => match &**change {
            TableChange::AddConstraint { constraint, .. } => {
                constraint.not_valid && constraint.name.as_ref() == Some(name)
            }
            _ => false,
        },
        _ => false,
    })
}
