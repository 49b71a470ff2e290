//! Drops a column that a running release may still read or write.
//!
//! ## What happens
//! The statement removes the column and its data at once. Every release that still names it fails on its
//! next query, and a rollback to such a release is an outage. Indexes, foreign keys and multi-column unique
//! constraints that contain the column go with it without a word. A table rebuild (new table, copy, drop, rename)
//! whose new table lacks the column does the same.
//!
//! ## Not reported
//! A column that was added earlier in the same pending set, or whose table was: no release has seen it. A virtual
//! generated column is a warning: it can be computed again, though releases that read it fail.
//!
//! ## Instead
//! 1. Stop naming the column in the application (tell the ORM to ignore it).
//! 2. Loosen it, so that inserts that leave it out work: drop its NOT NULL or give it a default.
//! 3. When every release that names the column is retired, drop it in a migration of its own.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::{clauses, is_required};
use crate::lint::sequences::type_sql;
use crate::lint::{Report, Site};
use crate::model::{Dialect, Ident, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "drop-column",
    row: 1,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_column.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let TableChange::DropColumn { column, .. } = &*clause.change else { continue };
        let (table, subject) = (clause.table, clause.subject());
        if is_virtual(site, table, column) {
            report.at_most(Severity::Warning).finding(
                site.span(),
                format!(
                    "{subject}drops generated column `{column}` of `{table}`: nothing is lost, but every release that \
                     still reads it fails, also the one a rollback would go back to"
                ),
                steps(site, table, column),
            );
            continue;
        }
        report.finding(
            site.span(),
            format!(
                "{subject}drops column `{column}` of `{table}`: its data is gone, and every release that still names it \
                 fails, also the one a rollback would go back to"
            ),
            steps(site, table, column),
        );
    }
}

fn is_virtual(site: &Site<'_>, table: &Name, column: &Ident) -> bool {
    let held = site.schema.column(table, column);
    let generated = held.and_then(|held| held.def.generated.as_ref());
    generated.is_some_and(|generated| !generated.stored)
}

fn steps(site: &Site<'_>, table: &Name, column: &Ident) -> String {
    let dialect = site.file.engine.dialect;
    let mut help = String::from(
        "Drop it in a migration of its own, after every release that names it is retired\n\n",
    );
    if let Some(loosened) = loosened(site, table, column) {
        help.push_str("-- expand: inserts of releases that no longer name it must work\n");
        help.push_str(&loosened);
        help.push('\n');
    }
    help.push_str(&format!(
        "-- contract: when every release that names it is retired\nALTER TABLE {} DROP COLUMN {};",
        table.sql(dialect),
        column.sql(dialect),
    ));
    help
}

/// The statement that lets inserts leave a required column out; `SQLite` has none.
fn loosened(site: &Site<'_>, table: &Name, column: &Ident) -> Option<String> {
    let dialect = site.file.engine.dialect;
    if !is_required(site, table, column) {
        return None;
    }
    let (table_sql, column_sql) = (table.sql(dialect), column.sql(dialect));
    match dialect {
        Dialect::Postgres => {
            Some(format!("ALTER TABLE {table_sql} ALTER COLUMN {column_sql} DROP NOT NULL;"))
        }
        Dialect::Mysql => {
            let data_type = site.schema.column(table, column)?.def.data_type.as_ref()?;
            let data_type = type_sql(data_type, dialect);
            Some(format!("ALTER TABLE {table_sql} MODIFY {column_sql} {data_type} NULL;"))
        }
        Dialect::Sqlite => None,
    }
}
