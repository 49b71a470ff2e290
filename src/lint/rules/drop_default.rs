//! Takes away a default that INSERTs of running releases may rely on.
//!
//! ## What happens
//! An INSERT that leaves the column out gets NULL where it got the default, or fails if the column is NOT NULL. ORMs
//! leave out what the application did not set, so nobody has to have chosen to rely on it. A table rebuild whose
//! new table lacks the default does the same, and so does dropping the default of a domain.
//!
//! ## Not reported
//! Tables that are new in the pending set; a column without a default; a default that the same file sets again (as
//! around a change of type); a new column that may be NULL. A new column that may not: see
//! `default-then-drop-default`.
//!
//! ## Instead
//! Let new releases write the column themselves; drop the default in a contract migration, when every release that
//! leaves the column out is retired.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::{Clause, clauses, is_filled};
use crate::lint::sequences::drop_default;
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, Severity, TypeChange};

pub(super) const RULE: Rule = Rule {
    id: "drop-default",
    row: 41,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_default.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if let Action::AlterType {
        name,
        change: TypeChange::DropDomainDefault,
    } = site.action()
        && !site.judged.on_new
    {
        return report.finding(
            site.span(),
            format!(
                "drops the default of domain `{name}`: inserts of running releases that leave a column of it out get NULL, or \
                 fail"
            ),
            "Drop it in a contract migration, when every release that leaves such a column out is retired",
        );
    }
    for clause in clauses(site) {
        let Some(column) = clause.undefaulted() else { continue };
        let bare = clause.had_default(column) == Some(false);
        if bare || clause.is_new(site, column) || is_filled(site, clause.table, column) {
            continue;
        }
        let table = clause.table;
        report.finding(
            site.span(),
            format!(
                "{}drops the default of `{column}` of `{table}`: inserts of running releases that leave it out {}",
                clause.subject(),
                outcome(clause, column)
            ),
            format!(
                "Drop it in a contract migration of its own\n\n\
                 -- contract: when every release that leaves {column} out is retired\n{}",
                drop_default(table, column, site.file.engine.dialect)
            ),
        );
    }
}

fn outcome(clause: &Clause<'_>, column: &Ident) -> &'static str {
    match clause.column(column).map(|held| held.def.not_null) {
        Some(true) => "fail",
        Some(false) => "get NULL",
        None => "get NULL, or fail",
    }
}
