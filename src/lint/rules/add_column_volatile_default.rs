//! Adds a column whose default has to be computed for each row.
//!
//! ## What happens
//! PostgreSQL computes a constant, `now()` or any other immutable or stable default once and keeps it in the catalog:
//! an instant. A volatile one (`random()`, `gen_random_uuid()`, `clock_timestamp()`, `nextval(…)`) has another value for
//! each row, so that the whole table and its indexes are written anew under ACCESS EXCLUSIVE: reads and writes of all
//! releases wait until the last row is done.
//!
//! ## Not reported
//! Tables that are new in the pending set; literals, casts, and functions that PostgreSQL declares immutable or
//! stable. A function that we do not know is a warning: it is volatile unless its definition says otherwise.
//!
//! ## Instead
//! 1. Add the column without a default: an instant.
//! 2. Set the default, which only rows to come get.
//! 3. Fill the rows that are there in batches.

use super::{Check, Postgres, Rule};
use crate::cost::{Volatility, volatility};
use crate::lint::columns::added_column;
use crate::lint::sequences::{batch, definition};
use crate::lint::{Report, Site};
use crate::model::{ColumnDef, Expr, Name, Severity};

pub(super) const RULE: Rule = Rule {
    id: "add-column-volatile-default",
    row: 43,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("add_column_volatile_default.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, column)) = added_column(site) else { return };
    let Some(default) = &column.default else { return };
    let first = |kind| default.calls.iter().find(|call| volatility(call) == kind);
    let name = &column.name;
    if let Some(function) = first(Volatility::Volatile) {
        report.finding(
            site.span(),
            format!(
                "adds `{name}` to `{table}` with a default that `{function}` computes for each row: the table is rewritten under \
                 ACCESS EXCLUSIVE, and reads and writes of `{table}` wait until it is done"
            ),
            steps(site, table, column, default),
        );
    } else if let Some(function) = first(Volatility::Unknown) {
        report.at_most(Severity::Warning).finding(
            site.span(),
            format!(
                "adds `{name}` to `{table}` with a default from `{function}`: unless that is declared IMMUTABLE or STABLE, the \
                 table is rewritten under ACCESS EXCLUSIVE while reads and writes of `{table}` wait"
            ),
            steps(site, table, column, default),
        );
    }
}

fn steps(site: &Site<'_>, table: &Name, column: &ColumnDef, default: &Expr) -> String {
    let dialect = site.file.engine.dialect;
    let (table_sql, column_sql) = (table.sql(dialect), column.name.sql(dialect));
    let empty = format!("{column_sql} IS NULL");
    format!(
        "Add the column first, its default after it, and fill the rows in batches\n\n\
         -- expand: two instants\n\
         ALTER TABLE {table_sql} ADD COLUMN {};\n\
         ALTER TABLE {table_sql} ALTER COLUMN {column_sql} SET DEFAULT {};\n\
         -- migrate: until no row is left\n{}",
        definition(&column.name, column.data_type.as_ref(), dialect),
        default.text,
        batch(site, table, &column.name, &default.text, &empty),
    )
}
