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
use crate::lint::fixes::own_comments;
use crate::lint::timeouts::{InForce, Timeout, duration};
use crate::lint::{File, Report};
use crate::model::{Dialect, Edit, Fix, Severity, Span, TransactionMode};

pub(super) const RULE: Rule = Rule {
    id: "lock-timeout-missing",
    row: 81,
    severity: Severity::Warning,
    dialects: &[Postgres, Mysql],
    check: Check::File(check),
    source: include_str!("lock_timeout_missing.rs"),
};

/// What is suggested where the project allows it: long enough for what runs, short enough for who waits.
const USUAL_MS: u64 = 5_000;

/// One finding a file is enough: the same line mends the rest.
fn check(file: &File<'_>, report: &mut Report<'_>) {
    let transactions = file.transactions();
    let timeout = timeout(file);
    for at in 0..file.script.statements.len() {
        if !said(file, at).iter().any(stops_somebody) {
            continue;
        }
        match timeout.at(file, transactions, at) {
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
    // Zero is what the author chose; to choose otherwise is not ours.
    let fix = fix(file, timeout).filter(|_| off_by.is_none());
    report.maybe_fixable(
        file.script.statements[at].span,
        format!(
            "wants {lock_name}{on}, and {why}: behind one long transaction it waits without end, and all reads and writes \
             that come later wait behind it"
        ),
        format!("Set it before, and let the runner try again\n\n{}", setting(file, at)),
        fix,
    );
}

fn setting(file: &File<'_>, at: usize) -> String {
    let ms = file.surroundings.lock_timeout_limit_ms.unwrap_or(USUAL_MS).min(USUAL_MS);
    match file.engine.dialect {
        Dialect::Mysql => {
            let seconds = (ms / 1000).max(1);
            format!("SET SESSION lock_wait_timeout = {seconds};")
        }
        _ if file.transactions().at(at).is_some() => {
            format!("SET LOCAL lock_timeout = '{}';", duration(ms))
        }
        _ => format!("SET lock_timeout = '{}';", duration(ms)),
    }
}

/// Sets it before each statement that needs it, once a transaction. A second statement would make a transaction of a
/// file that is sent as one query, and some of MySQL's runners take a single one only: a file of one statement is
/// left alone there.
fn fix(file: &File<'_>, timeout: &Timeout) -> Option<Fix> {
    let statements = &file.script.statements;
    let lone = statements.len() == 1
        && (file.migration.transaction == TransactionMode::OneQuery
            || file.engine.dialect == Dialect::Mysql);
    if lone {
        return None;
    }
    let transactions = file.transactions();
    let mut covered = Vec::new();
    let mut edits = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let transaction = transactions.at(at);
        // Outside a transaction it is set for the session, and stays set.
        let is_covered = covered.contains(&None) || covered.contains(&transaction);
        let wanted = said(file, at).iter().any(stops_somebody)
            && timeout.at(file, transactions, at) == InForce::Missing;
        if is_covered || !wanted {
            continue;
        }
        let is_session = transaction.is_none() || file.engine.dialect == Dialect::Mysql;
        covered.push(transaction.filter(|_| !is_session));
        let comments = own_comments(file, at);
        let start = if comments.is_empty() {
            statement.span.start
        } else {
            comments.start
        };
        edits.push(Edit {
            span: Span::new(start, start),
            text: format!("{}\n", setting(file, at)),
        });
    }
    Some(Fix {
        title: format!("set {} before", timeout.variable),
        edits,
        follow_up: None,
        apart: None,
    })
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
