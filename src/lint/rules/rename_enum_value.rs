//! Renames a label of an enum that a running release still writes or compares with.
//!
//! ## What happens
//! Rows are not touched: those that had the old label show the new one from now on. A running release that writes the
//! old label, or compares with it, fails with `invalid input value for enum`; one that reads meets a label it has
//! never heard of. So does the release that a rollback would go back to.
//!
//! ## Not reported
//! A type that is new in the pending set.
//!
//! ## Instead
//! Add the new label, and let releases accept both before any writes it. Move the rows over in batches, and stop
//! writing the old label. PostgreSQL cannot remove a label, so the old one stays; that hurts nobody.

use super::{Check, Postgres, Rule};
use crate::lint::objects::breaks;
use crate::lint::sequences::batch;
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Ident, Name, Severity, TypeChange};

pub(super) const RULE: Rule = Rule {
    id: "rename-enum-value",
    row: 21,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("rename_enum_value.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterType { name, change: TypeChange::RenameValue { from, to } } = site.action() else {
        return;
    };
    if !breaks(site) {
        return;
    }
    report.finding(
        site.span(),
        format!(
            "renames label '{from}' of `{name}` to '{to}': every release that writes '{from}' or compares with it \
             fails, also the one a rollback would go back to"
        ),
        steps(site, name, from, to),
    );
}

fn steps(site: &Site<'_>, name: &Name, from: &str, to: &str) -> String {
    let quoted = |label: &str| format!("'{}'", label.replace('\'', "''"));
    let (from, to) = (quoted(from), quoted(to));
    let mut help = format!(
        "Add the new label, move the rows over, and leave the old one unused\n\n\
         -- expand: let every release that may run accept it before one writes it\n\
         ALTER TYPE {} ADD VALUE {to};",
        site.name(name)
    );
    let mut users: Vec<(&Name, &Ident)> = site
        .schema
        .users_of_type(name)
        .map(|(table, column)| (&table.name, &column.def.name))
        .collect();
    users.sort();
    if !users.is_empty() {
        help.push_str("\n-- migrate, in a migration of its own: in batches, until no row is left");
    }
    for (table, column) in users {
        let condition = format!("{} = {from}", column.sql(Dialect::Postgres));
        help.push('\n');
        help.push_str(&batch(site, table, column, &to, &condition));
    }
    help
}
