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
use crate::lint::fixes::{Relied, out_of_transaction};
use crate::lint::words::{columns_sql, constraint_name};
use crate::lint::{Report, Site};
use crate::model::{
    Action, ConstraintKind, Dialect, Edit, Effect, Fix, FollowUp, Ident, Name, Severity, TableChange,
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
        report.maybe_fixable(
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
            fix(site, table, &name, &list),
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

/// Builds the index in the place of the constraint, which comes in the next migration. Only for the plain form:
/// DEFERRABLE, INCLUDE and their kin would have to be told apart for the index and for the constraint.
fn fix(site: &Site<'_>, table: &Name, name: &Ident, list: &str) -> Option<Fix> {
    const LONGEST_NAME_BYTES: usize = 63;
    let dialect = Dialect::Postgres;
    let (table_sql, name_sql) = (table.sql(dialect), name.sql(dialect));
    let words = |text: &str| {
        let spaced = text.replace('(', " ( ").replace(')', " ) ").replace(',', " , ");
        spaced.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>()
    };
    let plain = format!("ALTER TABLE {table_sql} ADD CONSTRAINT {name_sql} UNIQUE ({list})");
    if words(site.sql()) != words(&plain) {
        return None;
    }
    let index = Ident::folded(&format!("{}_idx", name.written()));
    let relied_on = Relied {
        name: Some(name),
        table: Some(&table.name),
    };
    let moves_as = format!("build_{}", index.as_str());
    let apart = out_of_transaction(site.file, site.index, &moves_as, relied_on).ok()?;
    let index_sql = index.sql(dialect);
    (index.as_str().len() <= LONGEST_NAME_BYTES).then(|| Fix {
        title: "build its index first, concurrently".to_owned(),
        edits: vec![Edit {
            span: site.statement.span,
            text: format!("CREATE UNIQUE INDEX CONCURRENTLY {index_sql} ON {table_sql} ({list})"),
        }],
        follow_up: Some(FollowUp {
            name: format!("add_{}", name.as_str()),
            sql: format!(
                "ALTER TABLE {table_sql} ADD CONSTRAINT {name_sql} UNIQUE USING INDEX {index_sql};\n"
            ),
        }),
        apart,
    })
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
