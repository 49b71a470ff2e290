//! Adds a trigger to a table that running releases write.
//!
//! ## What happens
//! From this statement on it fires for the writes of the old release too: they take longer, may change what they
//! did not change, and may fail. PostgreSQL takes SHARE ROW EXCLUSIVE for an instant, which writers wait for.
//!
//! ## Not reported
//! Tables and views that are new in the pending set.
//!
//! ## Instead
//! A trigger that keeps an old and a new column in step is the right bridge: name it so, and drop it in the
//! contract migration that drops the old column.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Effect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "create-trigger",
    row: 76,
    severity: Severity::Note,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("create_trigger.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::CreateTrigger(create) = site.action() else { return };
    if site.judged.on_new || site.judged.verdict.effect != Effect::Rows {
        return;
    }
    report.finding(
        site.span(),
        format!(
            "trigger `{}` fires from now on for the writes of every release to `{}`, also of those that do not know it",
            create.name, create.table
        ),
        "Plan its removal: drop it in the contract migration that ends what it bridges",
    );
}
