//! Adds a column that `SELECT *` and INSERTs without a column list meet unprepared.
//!
//! ## What happens
//! A running release that says `SELECT *` gets one column more, and fails where it counts them or decodes them by
//! position; PostgreSQL drivers may also refuse a cached plan whose result changed. On MySQL and SQLite an
//! `INSERT INTO t VALUES (…)` without a column list fails at once, for the number of values is wrong.
//!
//! ## Not reported
//! Tables that are new in the pending set. The rule is off by default, for most applications name their columns and a
//! note on every new column would be read by nobody: switch it on where yours do not.
//!
//! ## Instead
//! Name the columns, in SELECT and in INSERT, in every release that may still run; then add the column.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::clauses;
use crate::lint::words::columns_sql;
use crate::lint::{Report, Site};
use crate::model::{Dialect, Ident, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "add-column-visible",
    row: 48,
    severity: Severity::Off,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("add_column_visible.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let TableChange::AddColumn { column, .. } = &*clause.change else { continue };
        let table = clause.table;
        let inserts = match site.file.engine.dialect {
            Dialect::Postgres => "",
            _ => ", and INSERTs without a column list fail",
        };
        report.finding(
            site.span(),
            format!(
                "{}adds `{}` to `{table}`: running releases that say SELECT * get a column more{inserts}",
                clause.subject(),
                column.name
            ),
            help(site, table),
        );
    }
}

fn help(site: &Site<'_>, table: &Name) -> String {
    let dialect = site.file.engine.dialect;
    let held = site.schema.table(table).filter(|held| held.complete);
    let columns: Vec<Ident> = held.map_or_else(Vec::new, |held| {
        held.columns.iter().map(|column| column.def.name.clone()).collect()
    });
    let list = if columns.is_empty() { "…".to_owned() } else { columns_sql(&columns, dialect) };
    format!(
        "Name the columns in every release that may still run\n\nSELECT {list} FROM {};",
        table.sql(dialect)
    )
}
