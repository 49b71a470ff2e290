//! Changes the attributes of a composite type that running releases build or read.
//!
//! ## What happens
//! An attribute that goes takes its part of every stored value with it; one that is renamed or gets another type breaks
//! every release that names it or casts to the type. A new one breaks those that write whole rows of the type: `ROW(1,
//! 2)::place` has one value too few. PostgreSQL refuses another type while a column has the composite type.
//!
//! ## Not reported
//! A type that is new in the pending set.
//!
//! ## Instead
//! Create a new type with the attributes wanted, and move over to it column by column.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, Severity, TypeChange};

pub(super) const RULE: Rule = Rule {
    id: "composite-attribute-change",
    row: 35,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("composite_attribute_change.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterType { name, change } = site.action() else { return };
    if site.judged.on_new {
        return;
    }
    let next = name.sibling(Ident::folded(&format!("{}_v2", name.name.written())));
    let help = format!(
        "Create a new type, and move over to it column by column\n\n\
         -- expand\n\
         CREATE TYPE {} AS (…);\n\
         -- contract: when no column and no release uses it any more\n\
         DROP TYPE {};",
        site.name(&next),
        site.name(name),
    );
    let also = "also the one a rollback would go back to";
    match change {
        TypeChange::AddAttribute { name: attribute } => report.at_most(Severity::Warning).finding(
            site.span(),
            format!(
                "adds attribute `{attribute}` to type `{name}`: running releases that write whole rows of it have one \
                 value too few"
            ),
            help,
        ),
        TypeChange::DropAttribute { name: attribute } => report.finding(
            site.span(),
            format!(
                "drops attribute `{attribute}` of type `{name}`: its part of every stored value is gone, and every \
                 release that names it fails, {also}"
            ),
            help,
        ),
        TypeChange::AlterAttribute { name: attribute } => report.finding(
            site.span(),
            format!(
                "gives attribute `{attribute}` of type `{name}` another type: running releases get it in another form, \
                 {also}; PostgreSQL refuses it while a column has the type"
            ),
            help,
        ),
        TypeChange::RenameAttribute { from, to } => report.finding(
            site.span(),
            format!(
                "renames attribute `{from}` of type `{name}` to `{to}`: every release that says `{from}` fails, {also}"
            ),
            help,
        ),
        _ => {}
    }
}
