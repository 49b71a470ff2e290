//! Drops a table and creates it again in the same file.
//!
//! ## What happens
//! The rows are gone, whatever the new definition is; `IF EXISTS` does not help where the table exists. Between the two
//! statements every release that names the table fails, and after them it meets an empty one. Rails writes this as
//! `create_table …, force: true`, MariaDB as `CREATE OR REPLACE TABLE`, `mysqldump` as its default.
//!
//! ## Not reported
//! Temporary tables, tables created earlier in the same pending set, and a rebuild, which copies the rows over
//! before it drops the old table.
//!
//! ## Instead
//! Change the table by ALTER TABLE. If it is meant to be a fresh one, create it under a name of its own and drop the
//! old one in a contract migration.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::objects::{breaks, dropped};
use crate::lint::rebuild::Rebuild;
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, Name, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "recreate-table",
    row: 15,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("recreate_table.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let how = match site.action() {
        Action::CreateTable(create) if create.or_replace && breaks(site) => {
            Some((&create.name, "replaces"))
        }
        _ => dropped(site, &[ObjectKind::Table, ObjectKind::ForeignTable])
            .map(|object| &object.name)
            .filter(|table| comes_back(site, table) && Rebuild::of(site).is_none())
            .map(|table| (table, "drops and creates again")),
    };
    let Some((table, verb)) = how else { return };
    let fresh = table.sibling(Ident::folded(&format!("{}_v2", table.name.written())));
    report.finding(
        site.span(),
        format!(
            "{verb} table `{table}`: its rows are gone, and running releases meet an empty table, \
             also the one a rollback would go back to"
        ),
        format!(
            "Change the table by ALTER TABLE, or create the new one beside it\n\n\
             -- expand: a name of its own\n\
             CREATE TABLE {} (…);\n\
             -- contract: when every release that uses {table} is retired\n\
             DROP TABLE {};",
            site.name(&fresh),
            site.name(table),
        ),
    );
}

/// Whether the file creates a table of this name after the statement.
pub(super) fn comes_back(site: &Site<'_>, table: &Name) -> bool {
    site.later().any(|(_, change)| match &change.action {
        Action::CreateTable(create) => create.name == *table && !create.temporary,
        _ => false,
    })
}
