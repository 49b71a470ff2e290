//! Begins or ends transactions in a way that the runner or the server does not expect.
//!
//! ## What happens
//! A BEGIN without a COMMIT leaves the changes undone when the session ends, or their locks held until then. A
//! BEGIN inside the transaction that the runner has opened is refused or ignored, and the COMMIT then ends the
//! runner's: what follows, and the record that the file has run, is no longer applied with the rest or not at all.
//!
//! ## Not reported
//! A BEGIN with its COMMIT in a file that the runner does not wrap.
//!
//! ## Instead
//! Leave transactions to the runner. Where the file needs its own, use the runner's marker for no transaction, and end
//! each that is begun.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::transactions::controls;
use crate::lint::{File, Report};
use crate::model::{Dialect, Severity, TransactionControl, TransactionMode};

pub(super) const RULE: Rule = Rule {
    id: "transaction-control",
    row: 89,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("transaction_control.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    if file.migration.transaction == TransactionMode::File {
        inside_the_runners(file, report);
    } else {
        unbalanced(file, report);
    }
    savepoints_alone(file, report);
}

/// The first BEGIN, COMMIT or ROLLBACK is enough: it is where things go wrong.
fn inside_the_runners(file: &File<'_>, report: &mut Report<'_>) {
    use TransactionControl::{Begin, Commit, Rollback};
    let statements = 0..file.script.statements.len();
    let first = statements
        .filter_map(|at| Some((at, controls(file, at)?)))
        .find(|(_, control)| matches!(control, Begin | Commit | Rollback));
    let Some((at, control)) = first else { return };
    let what = match control {
        Begin => "BEGIN in the transaction that the runner puts around the file",
        Commit => "COMMIT ends the transaction that the runner puts around the file",
        _ => "ROLLBACK undoes the transaction that the runner puts around the file",
    };
    let effect = match (control, file.engine.dialect) {
        (Begin, Dialect::Sqlite) => "SQLite refuses it",
        (Begin, Dialect::Mysql) => "it commits what went before",
        (Begin, Dialect::Postgres) => {
            "PostgreSQL warns and goes on, and the file's COMMIT then ends the runner's transaction"
        }
        _ => "what follows, and the record that the file has run, is not applied as one with it",
    };
    report.finding(
        file.script.statements[at].span,
        format!("{what}: {effect}"),
        "Leave it out, or use the runner's marker for no transaction",
    );
}

fn unbalanced(file: &File<'_>, report: &mut Report<'_>) {
    use TransactionControl::{Begin, Commit, Rollback};
    let mut open = None;
    for at in 0..file.script.statements.len() {
        let span = file.script.statements[at].span;
        match (controls(file, at), open) {
            (Some(Begin), Some(first)) => report.finding(
                span,
                format!(
                    "BEGIN inside the transaction that line {} began: it does not nest, and one COMMIT ends both",
                    file.line_of(first)
                ),
                "Leave it out, or end the first transaction before",
            ),
            (Some(Begin), None) => open = Some(at),
            (Some(Commit | Rollback), Some(_)) => open = None,
            (Some(Commit | Rollback), None) => report.finding(
                span,
                "ends a transaction that the file has not begun",
                "Begin it in the same file, or leave both to the runner",
            ),
            _ => {}
        }
    }
    if let Some(at) = open {
        report.finding(
            file.script.statements[at].span,
            "BEGIN without a COMMIT: when the session ends everything after it is undone, and until then its locks \
             are held",
            "End the transaction in the same file\n\nCOMMIT;",
        );
    }
}

/// SQLite's SAVEPOINT opens a transaction where there is none; the others need one.
fn savepoints_alone(file: &File<'_>, report: &mut Report<'_>) {
    use TransactionControl::{ReleaseSavepoint, RollbackToSavepoint, Savepoint};
    if file.engine.dialect == Dialect::Sqlite || file.migration.transaction == TransactionMode::Unknown {
        return;
    }
    let transactions = file.transactions();
    for at in 0..file.script.statements.len() {
        let is_savepoint = matches!(
            controls(file, at),
            Some(Savepoint | ReleaseSavepoint | RollbackToSavepoint)
        );
        if is_savepoint && transactions.at(at).is_none() {
            report.finding(
                file.script.statements[at].span,
                "a savepoint outside of a transaction: PostgreSQL refuses it, and MySQL forgets it at once",
                "Put BEGIN before it and COMMIT behind",
            );
            return;
        }
    }
}
