//! Adds a column that every INSERT must name, to a table that running releases write.
//!
//! ## What happens
//! Releases that do not know the column leave it out, and each of their INSERTs fails from this statement on;
//! so do those of the release that traffic is rolled back to. On PostgreSQL and SQLite the statement itself
//! fails as soon as the table holds one row, so that an empty test database proves nothing. A table rebuild whose
//! new table has such a column does the same to the writers.
//!
//! ## Not reported
//! Tables that are new in the pending set; a column with a default, generated, or with identity; a column that gets
//! its default later in the same file. MySQL fills the rows that are there with a value of its own making: see
//! `my-implicit-default`. A primary key: see `add-or-change-primary-key`.
//!
//! ## Instead
//! 1. Add the column nullable, or with a default that may stay.
//! 2. Let new releases write it, and fill the rows that are there in batches.
//! 3. When every release that leaves it out is retired, make it NOT NULL.
//!
//! `bgmigrate split` writes these steps in the place of the file.

use super::{Check, Postgres, Rule, Sqlite};
use crate::lint::columns::{clauses, starts_required};
use crate::lint::sequences::{batch, definition, demand_value};
use crate::lint::{Report, Site};
use crate::model::{ColumnDef, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "add-required-column",
    row: 36,
    severity: Severity::Error,
    dialects: &[Postgres, Sqlite],
    check: Check::Change(check),
    source: include_str!("add_required_column.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let TableChange::AddColumn { column, .. } = &*clause.change else { continue };
        if !starts_required(site, clause.table, column) {
            continue;
        }
        let (table, subject) = (clause.table, clause.subject());
        let rows = if clause.rebuilt {
            ""
        } else {
            ", and the statement itself fails unless the table is empty"
        };
        report.finding(
            site.span(),
            format!(
                "{subject}adds `{}` to `{table}`, NOT NULL and without a default: every INSERT of a release that does not \
                 know it fails{rows}",
                column.name
            ),
            steps(site, table, column),
        );
    }
}

/// The migrations that add the column, fill it, and demand it at last.
pub(super) fn steps(site: &Site<'_>, table: &Name, column: &ColumnDef) -> String {
    let dialect = site.file.engine.dialect;
    let (name, data_type) = (&column.name, column.data_type.as_ref());
    let empty = format!("{} IS NULL", name.sql(dialect));
    format!(
        "Add it nullable, fill it, and demand it when every release that leaves it out is retired\n\n\
         -- expand\nALTER TABLE {} ADD COLUMN {};\n\
         -- migrate: fill it in batches, until no row is left\n{}\n{}",
        table.sql(dialect),
        definition(name, data_type, dialect),
        batch(site, table, name, "…", &empty),
        demand_value(table, name, data_type, dialect).trim_end(),
    )
}
