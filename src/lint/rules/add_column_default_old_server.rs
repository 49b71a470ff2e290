//! Adds a column with a default on a server that writes every row anew for it.
//!
//! ## What happens
//! Since PostgreSQL 11, MySQL 8.0.12 and MariaDB 10.3 a constant default is kept once in the catalog. Older servers put it
//! into every row: PostgreSQL under ACCESS EXCLUSIVE, which stops reads and writes; MySQL and MariaDB rebuild the table.
//!
//! ## Not reported
//! Tables that are new in the pending set; a server version that is not configured; a default that has to be computed
//! for each row, which no server spares.
//!
//! ## Instead
//! If no server is that old any more, raise the version in the configuration. On PostgreSQL split it otherwise: the
//! column, then its default, then the rows in batches. On MySQL choose a quiet hour or an online tool.

use super::{Check, Mysql, Postgres, Rule};
use crate::cost::{Volatility, volatility};
use crate::lint::columns::added_column;
use crate::lint::sequences::{batch, definition};
use crate::lint::{Report, Site};
use crate::model::{ColumnDef, Dialect, Engine, Expr, Name, Severity};

pub(super) const RULE: Rule = Rule {
    id: "add-column-default-old-server",
    row: 44,
    severity: Severity::Warning,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("add_column_default_old_server.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, column)) = added_column(site) else { return };
    let engine = *site.file.engine;
    let Some(default) = column.default.as_ref().filter(|default| !default.is_null()) else { return };
    if !is_old(engine) || engine.dialect == Dialect::Postgres && default.calls.iter().any(|call| is_computed(call)) {
        return;
    }
    let cost = match engine.dialect {
        Dialect::Mysql => "the table is rebuilt for it".to_owned(),
        _ => format!("the table is rewritten under ACCESS EXCLUSIVE, and reads and writes of `{table}` wait"),
    };
    report.finding(
        site.span(),
        format!("adds `{}` to `{table}` with a default, which {engine} puts into every row: {cost}", column.name),
        help(site, table, column, default),
    );
}

/// Whether the server is known to be older than constant defaults in the catalog. MySQL "8.0" without a third number says
/// nothing: the first that anybody ran in production was 8.0.11.
fn is_old(engine: Engine) -> bool {
    match engine.dialect {
        _ if engine.is_mariadb() => !engine.at_least(10, 3, 0),
        Dialect::Postgres => !engine.at_least(11, 0, 0),
        Dialect::Mysql => !engine.at_least(8, 0, 0) || engine.at_least(8, 0, 1) && !engine.at_least(8, 0, 12),
        Dialect::Sqlite => false,
    }
}

fn is_computed(call: &str) -> bool {
    matches!(volatility(call), Volatility::Volatile | Volatility::Unknown)
}

fn help(site: &Site<'_>, table: &Name, column: &ColumnDef, default: &Expr) -> String {
    let dialect = site.file.engine.dialect;
    if dialect == Dialect::Mysql {
        return format!(
            "Raise the configured version if no server is that old, or change `{table}` in a quiet hour or with an online tool \
             (gh-ost, pt-online-schema-change)"
        );
    }
    let (table_sql, column_sql) = (table.sql(dialect), column.name.sql(dialect));
    let empty = format!("{column_sql} IS NULL");
    format!(
        "Raise the configured version if no server is that old, or split the statement\n\n\
         -- expand\n\
         ALTER TABLE {table_sql} ADD COLUMN {};\n\
         ALTER TABLE {table_sql} ALTER COLUMN {column_sql} SET DEFAULT {};\n\
         -- migrate: until no row is left\n{}",
        definition(&column.name, column.data_type.as_ref(), dialect),
        default.text,
        batch(site, table, &column.name, &default.text, &empty),
    )
}
