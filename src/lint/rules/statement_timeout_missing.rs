//! Works under a lock that stops applications, and sets no limit to the work.
//!
//! ## What happens
//! Once the lock is granted, reading or writing every row takes as long as the table is large, and on the
//! production table nobody has tried. `statement_timeout` (MariaDB: `max_statement_time`) gives up instead of
//! stopping the application for an hour.
//!
//! ## Not reported
//! Statements that only touch the catalog, which `lock_timeout` covers; files that set it before, to anything but
//! 0; runners or roles that set it, when the configuration says so; what is new in the pending set. MySQL
//! has no such setting for DDL.
//!
//! ## Instead
//! Set it at the top of the file, to the longest stop that users may notice.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::ddl::said;
use crate::lint::timeouts::{InForce, Timeout};
use crate::lint::{File, JudgedChange, Report};
use crate::model::{Dialect, LockMode, LockWork, Severity};

pub(super) const RULE: Rule = Rule {
    id: "statement-timeout-missing",
    row: 82,
    severity: Severity::Warning,
    dialects: &[Postgres, Mysql],
    check: Check::File(check),
    source: include_str!("statement_timeout_missing.rs"),
};

/// One finding a file is enough: the same line mends the rest.
fn check(file: &File<'_>, report: &mut Report<'_>) {
    let is_mysql = file.engine.dialect == Dialect::Mysql;
    if is_mysql && !file.engine.is_mariadb() {
        return;
    }
    let timeout = Timeout {
        variable: if is_mysql { "max_statement_time" } else { "statement_timeout" },
        bare_unit_ms: if is_mysql { 1000.0 } else { 1.0 },
        by_runner_ms: file.surroundings.statement_timeout_ms,
    };
    let transactions = file.transactions();
    let unlimited = (0..file.script.statements.len()).find(|at| {
        said(file, *at).iter().any(works_while_others_wait)
            && !matches!(timeout.at(file, transactions, *at), InForce::Set(..))
    });
    let Some(at) = unlimited else { return };
    let variable = timeout.variable;
    let setting = match (is_mysql, transactions.at(0)) {
        (true, _) => "SET SESSION max_statement_time = 60;",
        (false, Some(_)) => "SET LOCAL statement_timeout = '60s';",
        (false, None) => "SET statement_timeout = '60s';",
    };
    report.finding(
        file.script.statements[at].span,
        format!(
            "reads or writes every row while others wait for its lock, and no {variable} is set: on a large table that \
             lasts as long as it lasts"
        ),
        format!("Set it before, to the longest stop that users may notice\n\n{setting}"),
    );
}

fn works_while_others_wait(said: &JudgedChange) -> bool {
    said.locks.iter().any(|lock| {
        lock.mode.blocks_writes()
            && lock.mode != LockMode::DatabaseWrite
            && lock.work != LockWork::Instant
    })
}
