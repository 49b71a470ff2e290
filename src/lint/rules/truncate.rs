//! Empties a table that running releases use.
//!
//! ## What happens
//! Every row is gone, and unlike DELETE nothing fires for it on PostgreSQL but TRUNCATE triggers; on MySQL it commits
//! at once and cannot be rolled back. The table is locked against reads and writes meanwhile. `CASCADE` empties
//! every table that refers to it by a foreign key as well.
//!
//! ## Not reported
//! Temporary tables, and tables that are new in the pending set.
//!
//! ## Instead
//! Copy what may be needed aside, and delete in batches, in a contract migration.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::columns::single_key;
use crate::lint::{Report, Site};
use crate::model::{Action, ConstraintKind, Dialect, Ident, Name, Severity};

pub(super) const RULE: Rule = Rule {
    id: "truncate",
    row: 11,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("truncate.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Truncate { table, cascade } = site.action() else { return };
    if site.judged.on_new {
        return;
    }
    let reach = if *cascade { reached(site, table) } else { String::new() };
    report.finding(
        site.span(),
        format!(
            "empties `{table}`{reach}: the rows are gone for every release, and ACCESS EXCLUSIVE stops reads and \
             writes of it meanwhile"
        ),
        format!(
            "Keep a copy, and delete in batches in a contract migration\n\n{}",
            batches(site, table)
        ),
    );
}

/// The tables that CASCADE empties as well, as far as the folder tells.
fn reached(site: &Site<'_>, table: &Name) -> String {
    let mut children: Vec<_> = site
        .schema
        .tables()
        .filter(|child| {
            child.name != *table
                && child.constraints.iter().any(|held| match &held.constraint.kind {
                    ConstraintKind::ForeignKey { references, .. } => references.table == *table,
                    _ => false,
                })
        })
        .map(|child| format!("`{}`", child.name))
        .collect();
    children.sort();
    match children.as_slice() {
        [] => " and every table that refers to it".to_owned(),
        names => format!(" and, by CASCADE, {}", names.join(", ")),
    }
}

fn batches(site: &Site<'_>, table: &Name) -> String {
    let dialect = site.file.engine.dialect;
    let table_sql = table.sql(dialect);
    let copy = table.sibling(Ident::folded(&format!("{}_before_delete", table.name.written())));
    let key = single_key(site, table).map_or_else(|| "ctid".to_owned(), |key| key.sql(dialect));
    let delete = match dialect {
        Dialect::Mysql => format!("DELETE FROM {table_sql} LIMIT 1000;"),
        _ => format!(
            "DELETE FROM {table_sql} WHERE {key} IN (SELECT {key} FROM {table_sql} LIMIT 1000);"
        ),
    };
    format!(
        "-- expand: a copy to go back to\n\
         CREATE TABLE {} AS SELECT * FROM {table_sql};\n\
         -- contract: again and again until no row is left\n\
         {delete}",
        copy.sql(dialect)
    )
}
