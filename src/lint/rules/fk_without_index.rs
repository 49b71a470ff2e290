//! A foreign key whose referencing columns no index begins with.
//!
//! ## What happens
//! Neither PostgreSQL nor SQLite makes an index for a foreign key (MySQL does). Each DELETE in the table
//! referred to, and each change of its key, then reads the whole referencing table, with the row locks held.
//!
//! ## Not reported
//! Columns that an index, unique constraint or primary key begins with, also one that the same file creates.
//!
//! ## Instead
//! Create the index; on a table in use CONCURRENTLY, before the foreign key.

use super::{Check, Postgres, Rule, Sqlite};
use crate::lint::constraints::added;
use crate::lint::words::{columns_sql, index_name};
use crate::lint::{Report, Site};
use crate::model::{
    Action, ConstraintKind, CreateTable, Dialect, Ident, Name, Severity, TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "fk-without-index",
    row: 62,
    severity: Severity::Note,
    dialects: &[Postgres, Sqlite],
    check: Check::Change(check),
    source: include_str!("fk_without_index.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for (table, columns, parent) in foreign_keys(site) {
        let indexed = site
            .schema
            .table(table)
            .is_some_and(|table| table.has_index_on(&columns))
            || indexed_here(site, table, &columns);
        if indexed {
            continue;
        }
        let dialect = site.file.engine.dialect;
        let concurrently = if dialect == Dialect::Postgres && !site.schema.is_new_table(table)
            && !matches!(site.action(), Action::CreateTable(_))
        {
            " CONCURRENTLY"
        } else {
            ""
        };
        let list = columns_sql(&columns, dialect);
        report.finding(
            site.span(),
            format!(
                "no index begins with `{table}` ({list}), which refers to `{parent}`: each DELETE in `{parent}` reads the \
                 whole of `{table}`"
            ),
            format!(
                "Create an index on the referencing columns\n\nCREATE INDEX{concurrently} {} ON {} ({list});",
                index_name(table, &columns).sql(dialect),
                table.sql(dialect)
            ),
        );
    }
}

/// The foreign keys that the change brings: table, columns, and the table referred to.
fn foreign_keys<'a>(site: &Site<'a>) -> Vec<(&'a Name, Vec<Ident>, &'a Name)> {
    if let Some((table, constraint)) = added(site) {
        return match &constraint.kind {
            ConstraintKind::ForeignKey {
                columns,
                references,
            } => vec![(table, columns.clone(), &references.table)],
            _ => Vec::new(),
        };
    }
    match site.action() {
        Action::CreateTable(create) => of_new_table(create),
        Action::AlterTable { table, change } => match &**change {
            TableChange::AddColumn { column, .. } if !column.unique && !column.primary_key => {
                let own = vec![column.name.clone()];
                let reference = column.references.as_ref();
                reference
                    .map(|reference| (table, own, &reference.table))
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn of_new_table(create: &CreateTable) -> Vec<(&Name, Vec<Ident>, &Name)> {
    let of_columns = create.columns.iter().filter_map(|column| {
        let reference = column.references.as_ref()?;
        Some((vec![column.name.clone()], &reference.table))
    });
    let of_table = create
        .constraints
        .iter()
        .filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey {
                columns,
                references,
            } => Some((columns.clone(), &references.table)),
            _ => None,
        });
    let keys = create
        .constraints
        .iter()
        .filter_map(|constraint| match &constraint.kind {
            ConstraintKind::Unique { columns, .. }
            | ConstraintKind::PrimaryKey { columns, .. } => Some(columns.clone()),
            _ => None,
        });
    let own_keys = create
        .columns
        .iter()
        .filter(|column| column.unique || column.primary_key)
        .map(|column| vec![column.name.clone()]);
    let keys: Vec<_> = keys.chain(own_keys).collect();
    of_columns
        .chain(of_table)
        .filter(|(columns, _)| !keys.iter().any(|key| begins_with(key.iter(), columns)))
        .map(|(columns, parent)| (&create.name, columns, parent))
        .collect()
}

/// Whether this statement or a later one of the file creates an index or key that begins with the columns.
fn indexed_here(site: &Site<'_>, table: &Name, columns: &[Ident]) -> bool {
    let own = site.statement.changes.iter();
    let later = site.later().map(|(_, change)| change);
    own.chain(later).any(|change| match &change.action {
        Action::CreateIndex(create) => {
            create.table == *table
                && create.partial.is_none()
                && begins_with(create.keys.iter().map_while(|key| key.as_ref().ok()), columns)
        }
        Action::AlterTable { table: on, change } if on == table => match &**change {
            TableChange::AddConstraint { constraint, .. } => match &constraint.kind {
                ConstraintKind::Unique { columns: key, .. }
                | ConstraintKind::PrimaryKey { columns: key, .. } => {
                    begins_with(key.iter(), columns)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    })
}

/// Whether the first keys are these columns, in any order among themselves.
fn begins_with<'a>(keys: impl Iterator<Item = &'a Ident>, columns: &[Ident]) -> bool {
    let first: Vec<_> = keys.take(columns.len()).collect();
    first.len() == columns.len() && columns.iter().all(|column| first.contains(&column))
}
