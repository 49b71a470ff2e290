//! Builds the index of a new unique constraint in the ALTER TABLE that adds it.
//!
//! ## What happens
//! PostgreSQL builds the index under ACCESS EXCLUSIVE: neither reads nor writes of the table get through until
//! it is done, and two equal rows make it all fail at the end. MySQL and MariaDB let reads and writes go
//! on, but find two equal rows only at the end as well, those written meanwhile included.
//!
//! ## Not reported
//! Tables that are new in the pending set; `USING INDEX`. On MySQL, a unique index that takes the place of an
//! equal one. That writers are bound from now on is another rule's finding.
//!
//! ## Instead
//! On PostgreSQL, build the unique index CONCURRENTLY outside a transaction, then make it the constraint's by
//! `USING INDEX`, which takes an instant. On MySQL, look for equal rows first.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::constraints::added;
use crate::lint::words::{columns_sql, constraint_name};
use crate::lint::{Report, Site};
use crate::model::{
    Action, ConstraintKind, Dialect, Effect, Ident, Name, Severity, TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "add-unique-constraint",
    row: 54,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("add_unique_constraint.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, name, columns)) = unique(site) else { return };
    if site.judged.on_new {
        return;
    }
    let dialect = site.file.engine.dialect;
    let list = columns_sql(&columns, dialect);
    let table_sql = table.sql(dialect);
    if dialect == Dialect::Postgres {
        let index = Ident::folded(&format!("{}_idx", name.written())).sql(dialect);
        report.finding(
            site.span(),
            format!(
                "builds the index of `{name}` under ACCESS EXCLUSIVE on `{table}`: reads and writes wait until it \
                 is built, and two equal rows make it fail at the end"
            ),
            format!(
                "Build the index concurrently, then make it the constraint's\n\n\
                 -- migrate, in a migration that runs outside a transaction\n\
                 CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table_sql} ({list});\n\
                 -- contract, in the next migration: an instant\n\
                 ALTER TABLE {table_sql} ADD CONSTRAINT {} UNIQUE USING INDEX {index};",
                name.sql(dialect)
            ),
        );
    } else if site.judged.verdict.effect != Effect::Neutral {
        report.finding(
            site.span(),
            format!(
                "makes `{table}` ({list}) unique: two equal rows, also those that running releases write meanwhile, \
                 make it fail after the whole index was built"
            ),
            format!(
                "Look for equal rows first\n\n\
                 SELECT {list}, count(*) FROM {table_sql} GROUP BY {list} HAVING count(*) > 1;"
            ),
        );
    }
}

fn unique<'a>(site: &Site<'a>) -> Option<(&'a Name, Ident, Vec<Ident>)> {
    if let Some((table, constraint)) = added(site) {
        return match &constraint.kind {
            ConstraintKind::Unique {
                columns,
                using_index: None,
            } => Some((table, constraint_name(table, constraint), columns.clone())),
            _ => None,
        };
    }
    match site.action() {
        Action::AlterTable { table, change } => match &**change {
            TableChange::AddColumn { column, .. } if column.unique => {
                let name = format!("{}_{}_key", table.name.written(), column.name.written());
                Some((table, Ident::folded(&name), vec![column.name.clone()]))
            }
            _ => None,
        },
        Action::CreateIndex(create)
            if create.unique && site.file.engine.dialect == Dialect::Mysql =>
        {
            let columns: Option<Vec<_>> = create.keys.iter().map(|key| key.clone().ok()).collect();
            let name = create.name.as_ref()?.name.clone();
            Some((&create.table, name, columns?))
        }
        _ => None,
    }
}
