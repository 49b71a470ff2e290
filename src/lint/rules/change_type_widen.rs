//! Widens a column's type: what running releases write and read still fits.
//!
//! ## What happens
//! Nothing, until a new release writes a value that the old type could not hold. From then on a release from before
//! may meet it: a 32-bit integer that overflows, a form field or a fixed-size buffer that cuts, a rollback to code that
//! refuses what it reads. And the old type cannot be had back without losing that value.
//! PostgreSQL changes its catalog alone for a longer `varchar`, `varchar` to `text`, or more digits at the same scale.
//! MySQL copies the table for most others, `INT` to `BIGINT` among them, and a type swap in PostgreSQL rewrites it;
//! where somebody waits it is a warning and the message says so, elsewhere a note.
//!
//! ## Not reported
//! Columns that are new in the pending set. Of what crosses the 255th byte of a MySQL VARCHAR, and of labels that are
//! added to an ENUM there, rules of their own speak.
//!
//! ## Instead
//! It is right as an expand step. Let no release use the new range while one that does not know it may still run.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::retype::{Retype, RetypeKind, retypes_to, waiting};
use crate::lint::{Report, Site};
use crate::model::{Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "change-type-widen",
    row: 25,
    severity: Severity::Warning,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("change_type_widen.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::Widened) {
        let consequence = match site.file.engine.dialect {
            // Values go by affinity, which stays; the declared type is what some drivers read.
            Dialect::Sqlite => "every value stays what it is, but drivers may go by the declared type",
            _ => {
                "safe until a new release writes what the old type could not hold; from then on running releases may \
                 fail to read it, and the old type cannot be had back"
            }
        };
        let waiting = waiting(site);
        let severity = if waiting.is_empty() { Severity::Note } else { Severity::Warning };
        report.at_most(severity).finding(
            site.span(),
            format!("{}: {consequence}{waiting}", retype.told(site)),
            help(site, retype),
        );
    }
}

fn help(site: &Site<'_>, retype: &Retype<'_>) -> String {
    if site.file.engine.dialect == Dialect::Sqlite {
        return "Look whether a driver of a release that may run reads the declared type".to_owned();
    }
    let advice = "Let no release use the new range while one that does not know it may still run";
    let beyond = retype.old.as_ref().filter(|old| **old != retype.new);
    match beyond.and_then(|old| retype.does_not_fit(site, old)) {
        Some(condition) => format!(
            "{advice}\n\n-- before a rollback: the rows that releases from before cannot hold\n\
             SELECT * FROM {} WHERE {condition};",
            site.name(retype.table)
        ),
        None => advice.to_owned(),
    }
}
