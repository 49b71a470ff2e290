//! Drops or disables a trigger or rule that running releases rely on to fire.
//!
//! ## What happens
//! Nothing fails, and that is the danger: what the trigger did for a running release, keeping a second column in step,
//! an audit row, a search vector, stops without an error, and the rows written from then on are wrong. On PostgreSQL
//! DROP TRIGGER takes ACCESS EXCLUSIVE on its table; DISABLE TRIGGER stops writes for a moment.
//!
//! ## Not reported
//! A trigger on a table that is new in the pending set, or created in it; one that the same file creates again; one
//! that the same transaction enables again, during which nobody else writes.
//!
//! ## Instead
//! Drop it in a contract migration, when every release that writes without doing the trigger's work is retired;
//! never in one step with the column that it keeps in step.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::objects::{called, dropped, object_sql};
use crate::lint::{Report, Site};
use crate::model::{Action, Name, ObjectKind, Severity, TableChange, TransactionMode};

pub(super) const RULE: Rule = Rule {
    id: "drop-trigger-or-rule",
    row: 9,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_trigger_or_rule.rs"),
};

const KINDS: &[ObjectKind] = &[ObjectKind::Trigger, ObjectKind::Rule, ObjectKind::EventTrigger];

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let dialect = site.file.engine.dialect;
    if let Some(object) = dropped(site, KINDS) {
        let sql = format!("DROP {};", object_sql(object, dialect));
        return tell(site, &format!("drops {}", called(object)), &sql, report);
    }
    let Action::AlterTable { table, change } = site.action() else { return };
    let what = match &**change {
        TableChange::SetTrigger { name: Some(name), enabled: false } => format!("trigger `{name}`"),
        TableChange::SetTrigger { name: None, enabled: false } => "every trigger".to_owned(),
        TableChange::SetRule { name, enabled: false } => format!("rule `{name}`"),
        _ => return,
    };
    if !site.judged.on_new && !enabled_again(site, table, change) {
        let sql = site.span().of(&site.file.migration.text);
        let sql = format!("ALTER TABLE {} {sql};", table.sql(dialect));
        tell(site, &format!("disables {what} of `{table}`"), &sql, report);
    }
}

fn tell(site: &Site<'_>, what: &str, sql: &str, report: &mut Report<'_>) {
    report.finding(
        site.span(),
        format!(
            "{what}: what it did for the writes of running releases stops without an error, also for the release that \
             a rollback would go back to"
        ),
        format!(
            "Do it in a migration of its own, after every release that relies on it is retired\n\n\
             -- contract: when every release that writes without doing its work is retired\n{sql}"
        ),
    );
}

/// Whether the same transaction enables it again: the lock of DISABLE keeps writers out until then. Where the folder
/// does not tell what runs in one transaction, the author is trusted to know.
fn enabled_again(site: &Site<'_>, table: &Name, disabled: &TableChange) -> bool {
    let transactions = site.file.transactions();
    let own = transactions.at(site.index);
    (own.is_some() || site.file.migration.transaction == TransactionMode::Unknown)
        && site.later().any(|(at, change)| match &change.action {
            Action::AlterTable { table: other, change } if other == table => {
                transactions.at(at) == own
                    && match (disabled, &**change) {
                        (
                            TableChange::SetTrigger { name, .. },
                            TableChange::SetTrigger { name: again, enabled: true },
                        ) => again.is_none() || again == name,
                        (
                            TableChange::SetRule { name, .. },
                            TableChange::SetRule { name: again, enabled: true },
                        ) => again == name,
                        _ => false,
                    }
            }
            _ => false,
        })
}
