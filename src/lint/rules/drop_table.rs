//! Drops a table that a running release may still use.
//!
//! ## What happens
//! The table and its rows are gone at once; `IF EXISTS` does not help. Every release that still names the
//! table fails, and so does a rollback to it. On PostgreSQL the drop takes ACCESS EXCLUSIVE on the table and
//! on every table that it refers to by a foreign key.
//!
//! ## Not reported
//! Temporary tables, tables created earlier in the same pending set, the old table of a rebuild (new table, copy,
//! drop, rename), which is judged by the difference of the two definitions, and a table that the same file creates
//! again, of which `recreate-table` speaks.
//!
//! ## Instead
//! 1. Remove every use from the application.
//! 2. When every release that has one is retired, rename the table in a migration of its own: whatever still needs
//!    it fails loudly, and a rename back mends it at once.
//! 3. Drop it later.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::objects::dropped;
use crate::lint::rebuild::Rebuild;
use crate::lint::rules::recreate_table::comes_back;
use crate::lint::{Report, Site};
use crate::model::{Ident, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-table",
    row: 2,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_table.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(object) = dropped(site, &[ObjectKind::Table, ObjectKind::ForeignTable]) else { return };
    let table = &object.name;
    if Rebuild::of(site).is_some() || comes_back(site, table) {
        return;
    }
    let tombstone = Ident::folded(&format!("{}_unused", table.name.written()));
    let (table_sql, dialect) = (site.name(table), site.file.engine.dialect);
    report.finding(
        site.span(),
        format!(
            "drops table `{table}`: its rows are gone, and every release that still names it fails, \
             also the one a rollback would go back to"
        ),
        format!(
            "Make it unreachable first, after every release that names it is retired, and drop it later\n\n\
             -- contract: what still needs it fails now, and renaming it back mends that\n\
             ALTER TABLE {table_sql} RENAME TO {};\n\
             -- contract, in a later migration\n\
             DROP TABLE {};",
            tombstone.sql(dialect),
            table.sibling(tombstone.clone()).sql(dialect),
        ),
    );
}
