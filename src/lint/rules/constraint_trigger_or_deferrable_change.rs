//! Changes when a constraint is checked.
//!
//! ## What happens
//! The lock is ACCESS EXCLUSIVE, for an instant. What changes is the moment at which running releases meet an
//! error: a constraint that is deferred now fails at COMMIT, where many applications expect none; one that is
//! not deferred any more fails in the middle of transactions that were right before.
//!
//! ## Not reported
//! Tables that are new in the pending set; ENFORCED and NOT ENFORCED, which are other rules' business.
//!
//! ## Instead
//! Let every release that may run handle the error at either moment first.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "constraint-trigger-or-deferrable-change",
    row: 64,
    severity: Severity::Note,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("constraint_trigger_or_deferrable_change.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    let TableChange::AlterConstraint { name, clause } = &**change else { return };
    let concerns_time = clause.contains("deferr") || clause.contains("initially");
    if site.judged.on_new || !concerns_time {
        return;
    }
    let deferred = clause.contains("initially deferred");
    let moment = if deferred {
        "errors move from the statement to COMMIT"
    } else {
        "errors may come at another moment"
    };
    report.finding(
        site.span(),
        format!("changes when `{name}` of `{table}` is checked: for running releases {moment}"),
        "Let every release that may run handle the error at either moment first",
    );
}
