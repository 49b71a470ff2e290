//! Runs a statement inside a transaction that PostgreSQL only takes outside of one.
//!
//! ## What happens
//! PostgreSQL refuses it (`cannot run inside a transaction block`), in production as everywhere: CREATE, DROP and
//! REINDEX … CONCURRENTLY, DETACH PARTITION … CONCURRENTLY, VACUUM, CREATE and DROP DATABASE, and their kin. The
//! transaction may be the file's own, or the one that the runner puts around each file.
//!
//! ## Not reported
//! Files that the runner runs without a transaction, by its own marker or by its nature.
//!
//! ## Instead
//! Put the statement into a migration of its own, with the runner's marker for no transaction.

use super::{Check, Postgres, Rule};
use crate::lint::fixes::{Relied, out_of_transaction};
use crate::lint::{File, Report};
use crate::model::{Action, Change, Fix, ObjectKind, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "concurrently-in-transaction",
    row: 69,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::File(check),
    source: include_str!("concurrently_in_transaction.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    for (at, change, _) in file.changes() {
        let Some(what) = refuses_transaction(&change.action) else { continue };
        if transactions.at(at).is_none() {
            continue;
        }
        let whose = if transactions.opened_by_file(at) {
            "the file's own transaction"
        } else {
            "the transaction that the runner puts around the file"
        };
        let statement = file.script.statements[at].span.of(&file.migration.text);
        report.maybe_fixable(
            change.span,
            format!("{what} runs in {whose}, and PostgreSQL refuses that: the migration fails"),
            format!(
                "Put it into a migration of its own that runs without a transaction\n\n\
                 -- the runner's marker for no transaction stands here\n{statement};"
            ),
            fix(file, at, change),
        );
    }
}

fn fix(file: &File<'_>, at: usize, change: &Change) -> Option<Fix> {
    let (name, table) = match &change.action {
        Action::CreateIndex(create) => (create.name.as_ref(), Some(&create.table)),
        Action::Drop { object, .. } if object.kind == ObjectKind::Index => (Some(&object.name), None),
        Action::Reindex { object, .. } => (Some(&object.name), None),
        _ => return None,
    };
    let relied_on = Relied {
        name: name.map(|name| &name.name),
        table: table.map(|table| &table.name),
    };
    let verb = match &change.action {
        Action::CreateIndex(_) => "add",
        Action::Drop { .. } => "drop",
        _ => "reindex",
    };
    let noun = name.or(table)?.name.as_str();
    let apart = out_of_transaction(file, at, &format!("{verb}_{noun}"), relied_on).ok()?;
    Some(Fix {
        title: "run it".to_owned(),
        edits: Vec::new(),
        follow_up: None,
        apart,
    })
}

/// What the statement is called, when no transaction may be open around it.
fn refuses_transaction(action: &Action) -> Option<&'static str> {
    match action {
        Action::CreateIndex(create) if create.concurrently => Some("CREATE INDEX CONCURRENTLY"),
        Action::Drop {
            object,
            concurrently,
            ..
        } => match object.kind {
            ObjectKind::Index if *concurrently => Some("DROP INDEX CONCURRENTLY"),
            ObjectKind::Database => Some("DROP DATABASE"),
            _ => None,
        },
        Action::Create { object, .. } if object.kind == ObjectKind::Database => {
            Some("CREATE DATABASE")
        }
        Action::Reindex {
            concurrently: true, ..
        } => Some("REINDEX CONCURRENTLY"),
        Action::Reindex { object, .. } => match object.kind {
            ObjectKind::Schema => Some("REINDEX SCHEMA"),
            ObjectKind::Database => Some("REINDEX DATABASE"),
            _ => None,
        },
        Action::AlterTable { change, .. } => match &**change {
            TableChange::DetachPartition {
                concurrently: true, ..
            } => Some("DETACH PARTITION CONCURRENTLY"),
            _ => None,
        },
        Action::Maintain { command, table, .. } => {
            if command.starts_with("vacuum") {
                Some("VACUUM")
            } else {
                (*command == "cluster" && table.is_none()).then_some("CLUSTER of all tables")
            }
        }
        Action::Session { command } if command.starts_with("alter system") => Some("ALTER SYSTEM"),
        _ => None,
    }
}
