//! Alters a table in a way that SQLite refuses.
//!
//! ## What happens
//! Some clauses SQLite never takes, some not before a certain version, and some only while the table is empty: those
//! pass in CI on an empty database and fail in production. Measured on SQLite 3.40 and 3.54.
//!
//! ## Not reported
//! ADD COLUMN … NOT NULL without a default, of which a rule of its own speaks; on a table that is new in
//! the pending set, what is refused only once there are rows; a dropped column that a view or trigger names, which
//! needs the view's whole text.
//!
//! ## Instead
//! Rebuild the table (`sqlite.org/lang_altertable.html`, section 7): new table, copy, drop, rename, with
//! `PRAGMA foreign_keys = OFF` before the transaction and `PRAGMA foreign_key_check` before its end.

use super::{Check, Rule, Sqlite};
use crate::lint::{Report, Site};
use crate::model::{Action, ColumnDef, ConstraintKind, Engine, Ident, Name, Severity, TableChange};
use crate::schema::Table;

pub(super) const RULE: Rule = Rule {
    id: "lite-unsupported-alter",
    row: 104,
    severity: Severity::Error,
    dialects: &[Sqlite],
    check: Check::Change(check),
    source: include_str!("lite_unsupported_alter.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let refused = match site.action() {
        Action::Truncate { .. } => {
            return report.finding(
                site.span(),
                "SQLite has no TRUNCATE: the statement is refused",
                "Write DELETE FROM, without a condition",
            );
        }
        Action::AlterTable { table, change } => {
            if let Some(reason) = refusal(site, table, change) {
                Some((table, reason))
            } else {
                let several = site.statement.changes.len() > 1 && site.statement.changes[0] != *site.change;
                several.then(|| (table, "one ALTER TABLE takes one action".to_owned()))
            }
        }
        _ => None,
    };
    if let Some((table, reason)) = refused {
        report.finding(
            site.span(),
            format!("SQLite refuses this change of `{table}`: {reason}"),
            help(site, table),
        );
    }
}

/// Why the configured version refuses the clause, if it does.
fn refusal(site: &Site<'_>, table: &Name, change: &TableChange) -> Option<String> {
    let engine = site.file.engine;
    match change {
        TableChange::AddColumn {
            if_not_exists: true,
            ..
        }
        | TableChange::DropColumn {
            if_exists: true, ..
        } => Some("it has no IF [NOT] EXISTS for columns".to_owned()),
        TableChange::AddColumn { column, .. } => {
            refused_column(column, site.schema.is_new_table(table)).map(str::to_owned)
        }
        TableChange::DropColumn { column, .. } => {
            before(engine, 35, "DROP COLUMN").or_else(|| in_use(site.schema.table(table)?, column))
        }
        TableChange::RenameColumn { .. } => before(engine, 25, "RENAME COLUMN"),
        TableChange::SetNotNull { .. } | TableChange::DropNotNull { .. } => {
            before(engine, 53, "ALTER COLUMN … NOT NULL")
        }
        TableChange::AddConstraint { constraint, .. } => match constraint.kind {
            ConstraintKind::Check(_) => before(engine, 53, "ADD CONSTRAINT … CHECK"),
            _ => Some(format!("it adds no {} to a table that exists", constraint.kind.word())),
        },
        TableChange::DropConstraint { .. } => before(engine, 53, "DROP CONSTRAINT"),
        _ => Some("it has no such clause".to_owned()),
    }
}

fn before(engine: &Engine, minor: u16, clause: &str) -> Option<String> {
    (!engine.at_least(3, minor, 0)).then(|| format!("{clause} came with 3.{minor}, and this is for {engine}"))
}

fn refused_column(column: &ColumnDef, on_new_table: bool) -> Option<&'static str> {
    if column.primary_key {
        return Some("a column that is added cannot be the PRIMARY KEY");
    }
    if column.unique {
        return Some("a column that is added cannot be UNIQUE; add a unique index after it");
    }
    if on_new_table {
        return None;
    }
    if column.generated.as_ref().is_some_and(|generated| generated.stored) {
        return Some("as soon as there are rows, a column that is added cannot be STORED; VIRTUAL can");
    }
    let computed = column.default.as_ref().is_some_and(|default| !default.literal);
    computed.then_some("as soon as there are rows, the default of a column that is added must be a constant")
}

/// What keeps the column from being dropped (`sqlite.org/lang_altertable.html`, section 5).
fn in_use(table: &Table, column: &Ident) -> Option<String> {
    for held in &table.constraints {
        let what = match &held.constraint.kind {
            ConstraintKind::PrimaryKey { columns, .. } if columns.contains(column) => "the primary key",
            ConstraintKind::Unique { columns, .. } if columns.contains(column) => "a UNIQUE constraint",
            ConstraintKind::Check(expr) if expr.columns.contains(column) && !is_own_check(table, column, &expr.text) => {
                "a CHECK"
            }
            _ => continue,
        };
        return Some(format!("`{column}` is part of {what}"));
    }
    let index = table.indexes.iter().find(|index| {
        let keyed = index.def.keys.iter().any(|key| match key {
            Ok(key) => key == column,
            Err(expr) => expr.columns.contains(column),
        });
        keyed || index.def.partial.as_ref().is_some_and(|expr| expr.columns.contains(column))
    });
    if let Some(index) = index {
        return Some(format!("`{column}` is used by index {}; drop that first", index.def.label()));
    }
    let generated = table.columns.iter().find(|other| {
        other.def.name != *column
            && other.def.generated.as_ref().is_some_and(|generated| generated.expr.columns.contains(column))
    });
    generated.map(|other| format!("`{column}` is used by the generated column `{}`", other.def.name))
}

/// A CHECK in the column's own definition goes with it.
fn is_own_check(table: &Table, column: &Ident, text: &str) -> bool {
    let own = table.column(column).and_then(|column| column.def.check.as_ref());
    own.is_some_and(|check| check.text == text)
}

fn help(site: &Site<'_>, table: &Name) -> String {
    let name = site.name(table);
    let new = format!("{}_new", table.name.written());
    format!(
        "Rebuild the table, or use a form that SQLite takes\n\n\
         PRAGMA foreign_keys = OFF; -- outside the transaction\n\
         BEGIN;\n\
         CREATE TABLE {new} (…);\n\
         INSERT INTO {new} (…) SELECT … FROM {name};\n\
         DROP TABLE {name};\n\
         ALTER TABLE {new} RENAME TO {name};\n\
         -- its indexes and triggers again\n\
         PRAGMA foreign_key_check;\n\
         COMMIT;\n\
         PRAGMA foreign_keys = ON;"
    )
}
