//! Creates or drops outside a transaction without IF [NOT] EXISTS.
//!
//! ## What happens
//! A statement that commits by itself stays done when a later one fails. The second run of the migration then
//! stops at this statement, and somebody has to mend the database by hand.
//!
//! ## Not reported
//! What runs in a transaction, which takes all of it back; clauses that the engine has no IF [NOT] EXISTS for; the rule
//! is off unless configured, since IF NOT EXISTS also hides that something else of that name is there.
//!
//! ## Instead
//! Add IF NOT EXISTS or IF EXISTS, or keep one statement to a file. After a failed CREATE INDEX CONCURRENTLY drop the
//! invalid index first: IF NOT EXISTS would take it for the real one.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Engine, ObjectKind, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "not-idempotent",
    row: 96,
    severity: Severity::Off,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("not_idempotent.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let engine = site.file.engine;
    let Some(guard) = missing_guard(site.action(), engine) else { return };
    // MySQL commits at every DDL statement, whatever surrounds it.
    let taken_back = engine.dialect != Dialect::Mysql
        && site.file.transactions().at(site.index).is_some();
    if taken_back || site.change.conditional {
        return;
    }
    report.finding(
        site.span(),
        format!("commits by itself and has no {guard}: after a failure further down, the next run stops here"),
        format!("Add {guard}, or give the statement a file of its own"),
    );
}

/// The words that are missing and that this engine would take.
fn missing_guard(action: &Action, engine: &Engine) -> Option<&'static str> {
    const CREATE: &str = "IF NOT EXISTS";
    const DROP: &str = "IF EXISTS";
    let postgres = engine.dialect == Dialect::Postgres;
    // MySQL itself has neither form for columns and indexes, SQLite none for columns.
    let of_columns = postgres || engine.is_mariadb();
    let of_indexes = of_columns || engine.dialect == Dialect::Sqlite;
    let (guarded, takes_it, words) = match action {
        Action::CreateTable(create) => (create.if_not_exists || create.or_replace, true, CREATE),
        Action::CreateIndex(create) => (create.if_not_exists, of_indexes, CREATE),
        Action::Create {
            object,
            if_not_exists,
            or_replace,
        } => {
            let takes_it = matches!(
                object.kind,
                ObjectKind::Sequence | ObjectKind::Schema | ObjectKind::Extension
            );
            (*if_not_exists || *or_replace, takes_it, CREATE)
        }
        Action::Drop {
            object, if_exists, ..
        } => {
            let takes_it = object.kind != ObjectKind::Index || of_indexes;
            (*if_exists, takes_it, DROP)
        }
        Action::AlterTable { change, .. } => match &**change {
            TableChange::AddColumn { if_not_exists, .. } => (*if_not_exists, of_columns, CREATE),
            TableChange::DropColumn { if_exists, .. } => (*if_exists, of_columns, DROP),
            TableChange::DropConstraint { if_exists, .. } => (*if_exists, postgres, DROP),
            _ => return None,
        },
        _ => return None,
    };
    (!guarded && takes_it).then_some(words)
}
