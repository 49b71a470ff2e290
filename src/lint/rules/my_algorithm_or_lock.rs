//! Demands a way that blocks writers, or leaves the way to the server.
//!
//! ## What happens
//! ALGORITHM=COPY copies the whole table while writes wait; LOCK=SHARED stops writes and LOCK=EXCLUSIVE reads as
//! well. With no demand at all the server falls back to a copy in silence, when a version, a row format or a
//! second clause does not allow the online way.
//!
//! ## Not reported
//! Tables that are new in the pending set; statements for which no online way exists, of which other rules speak.
//!
//! ## Instead
//! State the online way that is expected: the server then refuses the statement instead of copying.

use super::{Check, Mysql, Rule};
use crate::lint::ddl::said;
use crate::lint::{File, Report};
use crate::model::{Action, Change, LockMode, LockWork, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "my-algorithm-or-lock",
    row: 91,
    severity: Severity::Error,
    dialects: &[Mysql],
    check: Check::File(check),
    source: include_str!("my_algorithm_or_lock.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    for at in 0..file.script.statements.len() {
        let changes = &file.script.statements[at].changes;
        let released = said(file, at).iter().any(|said| !said.locks.is_empty());
        if !released {
            continue;
        }
        for change in changes {
            if let Some(effect) = blocking_demand(change) {
                report.finding(
                    change.span,
                    effect,
                    "Demand the online way, which the server refuses where it does not exist\n\n\
                     ALGORITHM=INPLACE, LOCK=NONE",
                );
            }
        }
        undemanded(file, at, report);
    }
}

fn blocking_demand(change: &Change) -> Option<&'static str> {
    let Action::AlterTable { change, .. } = &change.action else { return None };
    let TableChange::Demand { algorithm, lock } = &**change else { return None };
    match (algorithm.as_deref(), lock.as_deref()) {
        (Some("copy"), _) => {
            Some("ALGORITHM=COPY copies the whole table, and every write to it waits until the copy is done")
        }
        (_, Some("shared")) => Some("LOCK=SHARED: every write to the table waits until the statement is done"),
        (_, Some("exclusive")) => {
            Some("LOCK=EXCLUSIVE: every read and write of the table waits until the statement is done")
        }
        _ => None,
    }
}

/// Says what to demand, where an online way exists and nothing is demanded.
fn undemanded(file: &File<'_>, at: usize, report: &mut Report<'_>) {
    let statement = &file.script.statements[at];
    let text = statement.span.of(&file.migration.text).to_ascii_lowercase();
    let alters = statement.changes.iter().any(|change| {
        matches!(change.action, Action::AlterTable { .. } | Action::CreateIndex(_))
    });
    if !alters || text.contains("algorithm") || text.contains("lock=") || text.contains("lock =") {
        return;
    }
    let locks = || said(file, at).iter().flat_map(|said| &said.locks);
    if locks().any(|lock| lock.mode >= LockMode::Share && lock.work != LockWork::Instant)
        || locks().any(|lock| lock.mode == LockMode::Share)
    {
        return;
    }
    let works = locks().any(|lock| lock.work != LockWork::Instant);
    let instant = !works && statement.changes.iter().all(|change| is_instant_form(&change.action));
    let demand = if instant { "ALGORITHM=INSTANT" } else { "ALGORITHM=INPLACE, LOCK=NONE" };
    let comma = if matches!(statement.changes[0].action, Action::AlterTable { .. }) {
        ", "
    } else {
        " "
    };
    let demand = if comma == " " { demand.replace(", ", " ") } else { demand.to_owned() };
    report.at_most(Severity::Note).finding(
        statement.span,
        "runs online as far as can be told, but nothing demands it: where the server cannot, it copies the table in \
         silence while writes wait",
        format!(
            "State the way that is expected\n\n{}{comma}{demand};",
            statement.span.of(&file.migration.text).trim_end()
        ),
    );
}

fn is_instant_form(action: &Action) -> bool {
    let Action::AlterTable { change, .. } = action else { return false };
    matches!(
        **change,
        TableChange::AddColumn { .. }
            | TableChange::DropColumn { .. }
            | TableChange::RenameColumn { .. }
            | TableChange::SetDefault { .. }
            | TableChange::DropDefault { .. }
    )
}
