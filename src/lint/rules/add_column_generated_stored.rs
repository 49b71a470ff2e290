//! Adds a generated column that is stored, and so computed for every row at once.
//!
//! ## What happens
//! PostgreSQL writes the whole table and its indexes anew under ACCESS EXCLUSIVE: reads and writes of all releases
//! wait. MySQL and MariaDB copy the table while writes wait.
//!
//! ## Not reported
//! Tables that are new in the pending set; virtual generated columns (MySQL, and PostgreSQL from 18 on, where they
//! are the default), which touch the catalog alone.
//!
//! ## Instead
//! Make it virtual where the server can. Otherwise add a plain column, keep it by a trigger, and fill the rows
//! that are there in batches.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::columns::added_column;
use crate::lint::sequences::{batch, definition};
use crate::lint::{Report, Site};
use crate::model::{Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "add-column-generated-stored",
    row: 45,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("add_column_generated_stored.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, column)) = added_column(site) else { return };
    let Some(generated) = column.generated.as_ref().filter(|generated| generated.stored) else { return };
    let (name, expr) = (&column.name, &generated.expr.text);
    let engine = site.file.engine;
    let dialect = engine.dialect;
    let cost = match dialect {
        Dialect::Mysql => format!("the server copies the table, and writes to `{table}` wait"),
        _ => format!("the table is rewritten under ACCESS EXCLUSIVE, and reads and writes of `{table}` wait"),
    };
    let plain = definition(name, column.data_type.as_ref(), dialect);
    let table_sql = table.sql(dialect);
    let has_virtual = dialect == Dialect::Mysql || engine.at_least(18, 0, 0);
    let help = if has_virtual {
        format!(
            "Make it virtual, which is an instant\n\n\
             ALTER TABLE {table_sql} ADD COLUMN {plain} GENERATED ALWAYS AS ({expr}) VIRTUAL;"
        )
    } else {
        let stale = format!("{} IS DISTINCT FROM ({expr})", name.sql(dialect));
        format!(
            "Add a plain column, let a trigger keep it, and fill the rows in batches\n\n\
             -- expand, with a BEFORE INSERT OR UPDATE trigger that sets it\n\
             ALTER TABLE {table_sql} ADD COLUMN {plain};\n\
             -- migrate: until no row is left\n{}",
            batch(site, table, name, expr, &stale),
        )
    };
    report.finding(
        site.span(),
        format!("adds stored generated column `{name}` to `{table}`, computed for every row at once: {cost}"),
        help,
    );
}
