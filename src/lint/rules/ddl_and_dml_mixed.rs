//! Changes the schema and many rows in one go.
//!
//! ## What happens
//! On PostgreSQL the locks of the schema change are held until the transaction ends, so running releases wait for the
//! whole backfill. On MySQL each schema change commits what went before it: when the row change fails, the file
//! is applied in half. On SQLite the one write lock is held for all of it.
//!
//! ## Not reported
//! Rows of tables that are new in the pending set; literal rows, and batches with a LIMIT; on PostgreSQL, statements that
//! do not share a transaction.
//!
//! ## Instead
//! Three migrations: the schema change (expand), the rows in batches (migrate), what tightens (contract).

use super::{Check, EVERYWHERE, Rule};
use crate::lint::ddl::{is_ddl, said, stops_somebody};
use crate::lint::{File, JudgedChange, Report};
use crate::model::{Action, Dialect, LockWork, RowChange, Severity};

pub(super) const RULE: Rule = Rule {
    id: "ddl-and-dml-mixed",
    row: 87,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("ddl_and_dml_mixed.rs"),
};

/// One finding a file is enough.
fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    let shares = |one: usize, other: usize| match file.engine.dialect {
        Dialect::Postgres => {
            transactions.at(one).is_some() && transactions.at(one) == transactions.at(other)
        }
        Dialect::Mysql | Dialect::Sqlite => true,
    };
    let statements = 0..file.script.statements.len();
    let schema_changes: Vec<_> = statements.filter(|at| alters_what_is_used(file, *at)).collect();
    for (at, change, judged) in file.changes() {
        let Action::Rows(rows) = &change.action else { continue };
        if !is_long(rows, judged) {
            continue;
        }
        let Some(other) = schema_changes.iter().find(|other| shares(**other, at)) else { continue };
        let table = &rows.table;
        let effect = match file.engine.dialect {
            Dialect::Postgres => {
                "its locks are held until the transaction ends, so reads or writes wait for every row"
            }
            Dialect::Mysql => {
                "each schema change commits by itself, so when this fails the file is applied in half"
            }
            Dialect::Sqlite => "the one write lock is held for all of it, and every other writer waits",
        };
        report.finding(
            change.span,
            format!(
                "changes rows of `{table}` in one go with the schema change on line {}: {effect}",
                file.line_of(*other)
            ),
            "Put the row change into a migrate migration of its own, and run it in batches",
        );
        return;
    }
}

fn is_long(rows: &RowChange, said: &JudgedChange) -> bool {
    !said.on_new && !rows.limited && said.locks.iter().any(|lock| lock.work != LockWork::Instant)
}

fn alters_what_is_used(file: &File<'_>, index: usize) -> bool {
    let changes = &file.script.statements[index].changes;
    changes.iter().zip(said(file, index)).any(|(change, said)| {
        let used = match file.engine.dialect {
            Dialect::Sqlite => !said.on_new && !matches!(change.action, Action::CreateTable(_)),
            Dialect::Postgres | Dialect::Mysql => stops_somebody(said),
        };
        is_ddl(&change.action) && used
    })
}
