//! Drops something together with whatever depends on it.
//!
//! ## What happens
//! CASCADE also drops the views, foreign keys, defaults, functions and columns that depend on the object, those that
//! depend on them, and so on. Which these are only the database knows, and it may differ between two databases: a view
//! that somebody made in production goes along without a word.
//!
//! ## Not reported
//! What is new in the pending set. `TRUNCATE … CASCADE`, of which `truncate` speaks.
//!
//! ## Instead
//! Name each object that has to go, in the order of their dependence, and let PostgreSQL refuse when one was forgotten.

use super::{Check, Postgres, Rule};
use crate::lint::objects::{breaks, called};
use crate::lint::{Report, Site};
use crate::model::{Action, Effect, Name, ObjectKind, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "drop-cascade",
    row: 12,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("drop_cascade.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let (what, reads) = match site.action() {
        Action::Drop { object, cascade: true, .. } if breaks(site) => {
            let relation = object.kind.is_relation().then_some(&object.name);
            // What is inside goes by the DROP itself, and is told there.
            if object.kind == ObjectKind::Schema {
                return;
            }
            (called(object), relation)
        }
        Action::AlterTable { table, change } if loses(site) => match &**change {
            TableChange::DropColumn { column, cascade: true, .. } => {
                (format!("column `{column}` of `{table}`"), Some(table))
            }
            TableChange::DropConstraint { name: Some(name), cascade: true, .. } => {
                (format!("constraint `{name}` of `{table}`"), None)
            }
            _ => return,
        },
        _ => return,
    };
    let known = reads.map_or_else(String::new, |relation| dependents(site, relation));
    report.finding(
        site.span(),
        format!(
            "drops {what} with CASCADE: whatever depends on it goes along{known}, and no file tells what that is in \
             the database that this will run on"
        ),
        "Leave CASCADE out, and drop each dependent object by name in a contract migration before",
    );
}

fn loses(site: &Site<'_>) -> bool {
    !site.judged.on_new && !matches!(site.judged.verdict.effect, Effect::Neutral | Effect::Add)
}

/// The tables that refer to the relation, as far as the folder tells.
fn dependents(site: &Site<'_>, relation: &Name) -> String {
    let mut referring: Vec<_> = site
        .schema
        .tables()
        .filter(|table| {
            table.name != *relation
                && table.constraints.iter().any(|held| match &held.constraint.kind {
                    crate::model::ConstraintKind::ForeignKey { references, .. } => references.table == *relation,
                    _ => false,
                })
        })
        .map(|table| format!("`{}`", table.name))
        .collect();
    referring.sort();
    match referring.as_slice() {
        [] => String::new(),
        names => format!(" (the foreign keys of {} at least)", names.join(", ")),
    }
}
