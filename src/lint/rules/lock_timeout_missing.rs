//! Wants a lock that stops applications, and sets no limit to waiting for it.
//!
//! ## What happens
//! A lock that takes an instant may be waited for much longer: behind one long query or forgotten transaction the
//! statement waits, and every later read and write of the table waits behind the statement. Without
//! `lock_timeout` (MySQL: `lock_wait_timeout`, a year by default) that lasts until somebody notices.
//!
//! ## Not reported
//! Files that set it before, to anything but 0 and no longer than the configured limit; runners or roles that
//! set it, when the configuration says so; locks on what is new in the pending set.
//!
//! ## Instead
//! Set it at the top of the file, to a few seconds, and let the runner try again.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::ddl::{said, stops_somebody};
use crate::lint::timeouts::{InForce, Timeout, duration};
use crate::lint::transactions::Transactions;
use crate::lint::{File, Report};
use crate::model::{Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "lock-timeout-missing",
    row: 81,
    severity: Severity::Warning,
    dialects: &[Postgres, Mysql],
    check: Check::File(check),
    source: include_str!("lock_timeout_missing.rs"),
};

/// One finding a file is enough: the same line mends the rest.
fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = Transactions::of(file);
    let timeout = timeout(file);
    for at in 0..file.script.statements.len() {
        if !said(file, at).iter().any(stops_somebody) {
            continue;
        }
        match timeout.at(file, &transactions, at) {
            InForce::Set(ms, Some(by)) => {
                if let Some(limit) = file.surroundings.lock_timeout_limit_ms.filter(|limit| ms > *limit) {
                    return too_long(file, &timeout, by, ms, limit, report);
                }
            }
            InForce::Set(_, None) => {}
            InForce::Missing => return missing(file, &timeout, at, None, report),
            InForce::Off(by) => return missing(file, &timeout, at, Some(by), report),
        }
    }
}

fn timeout(file: &File<'_>) -> Timeout {
    let by_runner_ms = file.surroundings.lock_timeout_ms;
    match file.engine.dialect {
        Dialect::Mysql => Timeout {
            variable: "lock_wait_timeout",
            bare_unit_ms: 1000.0,
            by_runner_ms,
        },
        _ => Timeout {
            variable: "lock_timeout",
            bare_unit_ms: 1.0,
            by_runner_ms,
        },
    }
}

fn missing(
    file: &File<'_>,
    timeout: &Timeout,
    at: usize,
    off_by: Option<usize>,
    report: &mut Report<'_>,
) {
    let variable = timeout.variable;
    let stopping = said(file, at).iter().filter(|said| stops_somebody(said));
    let lock = stopping.flat_map(|said| &said.locks).max_by_key(|lock| lock.mode);
    let on = lock
        .and_then(|lock| lock.on.as_ref())
        .map_or(String::new(), |name| format!(" on `{name}`"));
    let lock_name = match (file.engine.dialect, lock) {
        (Dialect::Mysql, _) | (_, None) => "an exclusive metadata lock",
        (_, Some(lock)) => lock.mode.name(),
    };
    let why = match (off_by, timeout.set_after(file, at)) {
        (Some(by), _) => format!("{variable} = 0 on line {} means to wait for ever", file.line_of(by)),
        (None, Some(late)) => format!("{variable} is set only on line {}, after it", file.line_of(late)),
        (None, None) => format!("no {variable} is set"),
    };
    report.finding(
        file.script.statements[at].span,
        format!(
            "wants {lock_name}{on}, and {why}: behind one long transaction it waits without end, and all reads and writes \
             that come later wait behind it"
        ),
        format!("Set it before, and let the runner try again\n\n{}", setting(file)),
    );
}

fn setting(file: &File<'_>) -> String {
    match file.engine.dialect {
        Dialect::Mysql => "SET SESSION lock_wait_timeout = 5;".to_owned(),
        _ if Transactions::of(file).at(0).is_some() => "SET LOCAL lock_timeout = '5s';".to_owned(),
        _ => "SET lock_timeout = '5s';".to_owned(),
    }
}

fn too_long(
    file: &File<'_>,
    timeout: &Timeout,
    by: usize,
    ms: u64,
    limit: u64,
    report: &mut Report<'_>,
) {
    let variable = timeout.variable;
    report.finding(
        file.script.statements[by].span,
        format!(
            "{variable} of {} is longer than the {} that this project allows: for so long every read and write of the \
             table may wait",
            duration(ms),
            duration(limit)
        ),
        format!("Set it to {} at most", duration(limit)),
    );
}
