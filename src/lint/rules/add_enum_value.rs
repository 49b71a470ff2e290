//! Adds a label to an enum, which releases from before have never heard of.
//!
//! ## What happens
//! Nothing, until a new release writes the label. From then on every release from before may read it: drivers that map
//! labels to a closed list fail, and a `switch` without a default does something or nothing. A rollback after the first
//! such row goes back to a release that cannot read it. PostgreSQL can never remove a label.
//!
//! ## Not reported
//! A type or column that is new in the pending set, and `IF NOT EXISTS` of a label that is there. Labels that go or
//! change places in MySQL have a rule of their own.
//!
//! ## Instead
//! It is right as an expand step, if releases come in this order: first one that reads the label, or tolerates what it
//! does not know; when every release from before is retired, one that writes it.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::retype::{RetypeKind, retypes_to, waiting};
use crate::lint::{Report, Site};
use crate::model::{Action, Name, Severity, TypeChange, TypeShape};

pub(super) const RULE: Rule = Rule {
    id: "add-enum-value",
    row: 32,
    severity: Severity::Warning,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("add_enum_value.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::LabelsAdded) {
        let had = retype.old.as_ref().map_or(0, |old| old.args.len());
        let added: Vec<_> = retype.new.args.iter().skip(had).map(String::as_str).collect();
        let of = format!("column `{}` of `{}`", retype.column, retype.table);
        say(site, &added, &of, report);
    }
    let Action::AlterType { name, change: TypeChange::AddValue { label, .. } } = site.action() else {
        return;
    };
    if !site.judged.on_new && !has_label(site, name, label) {
        say(site, &[label], &format!("enum `{name}`"), report);
    }
}

fn has_label(site: &Site<'_>, name: &Name, label: &String) -> bool {
    matches!(site.schema.type_shape(name), Some(TypeShape::Enum(labels)) if labels.contains(label))
}

fn say(site: &Site<'_>, labels: &[&str], of: &str, report: &mut Report<'_>) {
    let quoted: Vec<_> = labels.iter().map(|label| format!("'{label}'")).collect();
    let labels = quoted.join(", ");
    report.finding(
        site.span(),
        format!(
            "adds {labels} to {of}: safe until a new release writes it; from then on running releases read a label that \
             they have never heard of{}",
            waiting(site)
        ),
        "Ship a release that reads the label first; write it when every release from before is retired",
    );
}
