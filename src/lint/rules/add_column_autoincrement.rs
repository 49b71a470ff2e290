//! Adds a column that numbers the rows that are there.
//!
//! ## What happens
//! `serial`, `bigserial`, `GENERATED … AS IDENTITY` and `AUTO_INCREMENT` give every row its number at once. PostgreSQL writes
//! the whole table and its indexes anew under ACCESS EXCLUSIVE: reads and writes of all releases wait; identity
//! is no better than serial here. MySQL copies the table while writes wait. In which order the rows are numbered is
//! left to the server, and may differ on a replica that replays the statement.
//!
//! ## Not reported
//! Tables that are new in the pending set.
//!
//! ## Instead
//! On PostgreSQL: a plain nullable column, a sequence as its default, and the rows that are there in batches; identity
//! later, when it is full. On MySQL in a quiet hour, or with an online tool.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::columns::added_column;
use crate::lint::sequences::batch;
use crate::lint::{Report, Site};
use crate::model::{ColumnDef, Dialect, Ident, Name, Severity};

pub(super) const RULE: Rule = Rule {
    id: "add-column-autoincrement",
    row: 46,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("add_column_autoincrement.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, column)) = added_column(site) else { return };
    let kind = match (site.file.engine.dialect, &column.identity) {
        (_, Some(_)) => "an identity column",
        (Dialect::Mysql, None) => "an AUTO_INCREMENT column",
        (_, None) => "a serial column",
    };
    if column.identity.is_none() && !column.auto_increment {
        return;
    }
    let (cost, help) = match site.file.engine.dialect {
        Dialect::Mysql => (
            format!("the server copies the table, and writes to `{table}` wait"),
            format!("Change `{table}` in a quiet hour or with an online tool (gh-ost, pt-online-schema-change)"),
        ),
        _ => (
            format!("the table is rewritten under ACCESS EXCLUSIVE, and reads and writes of `{table}` wait"),
            steps(site, table, column),
        ),
    };
    report.finding(
        site.span(),
        format!("adds `{}` to `{table}` as {kind}, and numbers every row that is there: {cost}", column.name),
        help,
    );
}

fn steps(site: &Site<'_>, table: &Name, column: &ColumnDef) -> String {
    let dialect = site.file.engine.dialect;
    let name = &column.name;
    let (table_sql, column_sql) = (table.sql(dialect), name.sql(dialect));
    let sequence = table.sibling(Ident::folded(&format!("{}_{}_seq", table.name.written(), name.written())));
    let sequence_sql = sequence.sql(dialect);
    let next = format!("nextval('{sequence_sql}')");
    let whole = match column.data_type.as_ref().map(|data_type| data_type.name.as_str()) {
        Some("smallint" | "smallserial" | "serial2") => "smallint",
        Some("integer" | "serial" | "serial4") => "integer",
        _ => "bigint",
    };
    let empty = format!("{column_sql} IS NULL");
    format!(
        "Add a plain column, give it a sequence, and number the rows in batches\n\n\
         -- expand: instants\n\
         ALTER TABLE {table_sql} ADD COLUMN {column_sql} {whole};\n\
         CREATE SEQUENCE {sequence_sql} OWNED BY {table_sql}.{column_sql};\n\
         ALTER TABLE {table_sql} ALTER COLUMN {column_sql} SET DEFAULT {next};\n\
         -- migrate: until no row is left\n{}",
        batch(site, table, name, &next, &empty),
    )
}
