//! PostgreSQL: locks as `pg_locks` showed them on 12 to 18, beside relfilenode and tuples read.
//!
//! Left out are ACCESS SHARE, which every query takes, and the locks of `COMMENT` and of statements that
//! reach every object of a role: neither makes an application wait for longer than a moment. Children of a
//! partitioned or inherited table are locked as their parent is, and not named.

mod constraints;
mod types;

#[cfg(test)]
mod tests;

use constraints::{
    add_constraint, alter_constraint, drop_constraint, has_valid_check, not_null_work, validate,
};
use types::type_change_work;

use crate::model::LockMode::{
    AccessExclusive, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive,
    ShareUpdateExclusive,
};
use crate::model::LockWork::{Instant, Rewrite, Scan};
use crate::model::{
    Action, ColumnDef, CreateIndex, CreateTable, Engine, Expr, Lock, LockMode, LockWork, Name,
    Object, ObjectKind, RowChange, RowVerb, TableChange, TypeChange, TypeShape,
};
use crate::schema::{Schema, Table};

use super::volatility::{Volatility, volatility};
use super::{Locks, links, work_of_rows};

pub(super) fn locks(action: &Action, schema: &Schema, engine: Engine) -> Vec<Lock> {
    let mut locks = Locks::new(schema);
    match action {
        Action::CreateTable(create) => create_table(create, &mut locks),
        Action::AlterTable { table, change } => alter_table(table, change, engine, &mut locks),
        Action::CreateIndex(create) => create_index(create, &mut locks),
        Action::CreateView(create) if create.or_replace && schema.view(&create.name).is_some() => {
            locks.take(&create.name, AccessExclusive, Instant);
        }
        Action::CreateTrigger(create) => locks.take(&create.table, ShareRowExclusive, Instant),
        Action::Create { object, .. } => match (object.kind, &object.table) {
            (ObjectKind::Policy | ObjectKind::Rule, Some(table)) => {
                locks.take(table, AccessExclusive, Instant);
            }
            (ObjectKind::Statistics, Some(table)) => {
                locks.take(table, ShareUpdateExclusive, Instant);
            }
            _ => {}
        },
        Action::Drop {
            object,
            cascade,
            concurrently,
            ..
        } => drop(object, *cascade, *concurrently, &mut locks),
        Action::Rename { object, .. }
        | Action::SetSchema { object, .. }
        | Action::SetOwner { object }
        | Action::AlterObject { object, .. } => alter_object(object, &mut locks),
        Action::AlterType { name, change } => alter_domain(name, change, &mut locks),
        Action::AlterSequence { name, .. } => locks.take(name, ShareRowExclusive, Instant),
        Action::Truncate { table, cascade } => truncate(table, *cascade, &mut locks),
        Action::Rows(rows) => write_rows(rows, &mut locks),
        Action::Reindex {
            object,
            concurrently,
        } => reindex(object, *concurrently, &mut locks),
        Action::Refresh { view, concurrently } => {
            let mode = if *concurrently {
                Exclusive
            } else {
                AccessExclusive
            };
            locks.take(view, mode, Rewrite);
        }
        Action::Maintain {
            table, rewrites, ..
        } => {
            let (mode, work) = if *rewrites {
                (AccessExclusive, Rewrite)
            } else {
                (ShareUpdateExclusive, Scan)
            };
            for table in one_or_all(table.as_ref(), schema) {
                locks.take(&table, mode, work);
            }
        }
        Action::Analyze { table } => {
            for table in one_or_all(table.as_ref(), schema) {
                locks.take(&table, ShareUpdateExclusive, Instant);
            }
        }
        Action::LockTable { tables, mode } => {
            for table in tables {
                locks.take(table, lock_mode(mode), Instant);
            }
        }
        _ => {}
    }
    locks.held
}

fn create_table(create: &CreateTable, locks: &mut Locks<'_>) {
    for parent in links::parents_of_new(create) {
        locks.take(&parent, ShareRowExclusive, Instant);
    }
    for parent in &create.inherits {
        locks.take(parent, ShareUpdateExclusive, Instant);
    }
    if let Some(parent) = &create.partition_of {
        locks.take(parent, AccessExclusive, Instant);
    }
}

/// One clause of an ALTER TABLE. A clause that this engine does not have is priced as the worst: it can
/// only stand here because something was misread.
fn alter_table(table: &Name, change: &TableChange, engine: Engine, locks: &mut Locks<'_>) {
    let schema = locks.schema;
    match change {
        TableChange::AddColumn { column, .. } => add_column(table, column, locks),
        TableChange::DropColumn {
            column, cascade, ..
        } => {
            locks.take(table, AccessExclusive, Instant);
            take_all(
                &links::parents_by_column(schema, table, column),
                AccessExclusive,
                Instant,
                locks,
            );
            if *cascade {
                let children = links::children_by_column(schema, table, column);
                take_all(&children, AccessExclusive, Instant, locks);
            }
        }
        TableChange::SetType {
            column,
            data_type,
            using,
            collation,
        } => {
            let work = type_change_work(
                table,
                column,
                data_type,
                using.as_ref(),
                collation.as_deref(),
                schema,
            );
            locks.take(table, AccessExclusive, work);
            // A foreign key on the column is made anew; its rows are compared again if they were rewritten.
            let work = if work == Rewrite { Scan } else { Instant };
            let mut partners = links::parents_by_column(schema, table, column);
            partners.extend(links::children_by_column(schema, table, column));
            take_all(&partners, AccessExclusive, work, locks);
        }
        TableChange::SetNotNull { column } => {
            locks.take(
                table,
                AccessExclusive,
                not_null_work(table, column, schema, engine),
            );
        }
        TableChange::SetGenerated { column, clause } => {
            let is_virtual = schema.column(table, column).is_some_and(|column| {
                column
                    .def
                    .generated
                    .as_ref()
                    .is_some_and(|generated| !generated.stored)
            });
            let rewrites = *clause == "set expression" && !is_virtual;
            locks.take(
                table,
                AccessExclusive,
                if rewrites { Rewrite } else { Instant },
            );
        }
        TableChange::SetColumnOption { option, .. } => {
            let option = option.to_ascii_lowercase();
            let storage = option.contains("storage") || option.contains("compression");
            let mode = if storage {
                AccessExclusive
            } else {
                ShareUpdateExclusive
            };
            locks.take(table, mode, Instant);
        }
        TableChange::AddConstraint { constraint, .. } => {
            add_constraint(table, constraint, engine, locks);
        }
        TableChange::DropConstraint { name, cascade, .. } => {
            drop_constraint(table, name.as_ref(), *cascade, locks);
        }
        TableChange::ValidateConstraint { name } => validate(table, name, locks),
        TableChange::AlterConstraint { name, clause } => {
            alter_constraint(table, name, clause, locks);
        }
        TableChange::SetTrigger { .. } => locks.take(table, ShareRowExclusive, Instant),
        TableChange::AttachPartition { child, .. } => {
            locks.take(table, ShareUpdateExclusive, Instant);
            let proven = schema.table(child).is_some_and(has_valid_check);
            locks.take(child, AccessExclusive, if proven { Instant } else { Scan });
        }
        TableChange::DetachPartition {
            child,
            concurrently,
        } => {
            let (parent_mode, child_mode) = match concurrently {
                true => (ShareUpdateExclusive, AccessExclusive),
                false if engine.at_least(14, 0, 0) => (AccessExclusive, AccessExclusive),
                false => (AccessExclusive, ShareUpdateExclusive),
            };
            locks.take(table, parent_mode, Instant);
            locks.take(child, child_mode, Instant);
        }
        TableChange::Inherit { parent, added } => {
            locks.take(table, AccessExclusive, Instant);
            if *added {
                locks.take(parent, ShareUpdateExclusive, Instant);
            }
        }
        TableChange::SetOptions { .. } | TableChange::ClusterOn => {
            locks.take(table, ShareUpdateExclusive, Instant);
        }
        TableChange::RenameColumn { .. }
        | TableChange::DropNotNull { .. }
        | TableChange::SetDefault { .. }
        | TableChange::DropDefault { .. }
        | TableChange::AddIdentity { .. }
        | TableChange::RenameConstraint { .. }
        | TableChange::SetRule { .. }
        | TableChange::RowSecurity { .. }
        | TableChange::ReplicaIdentity { .. } => locks.take(table, AccessExclusive, Instant),
        TableChange::SetLogged { .. }
        | TableChange::SetTablespace
        | TableChange::SetAccessMethod
        | TableChange::RedefineColumn { .. }
        | TableChange::ArrangePartitions { .. }
        | TableChange::DropPartitions { .. }
        | TableChange::SetCharset { .. }
        | TableChange::Rebuild { .. }
        | TableChange::Demand { .. } => locks.take(table, AccessExclusive, Rewrite),
    }
}

fn add_column(table: &Name, column: &ColumnDef, locks: &mut Locks<'_>) {
    let stored = column
        .generated
        .as_ref()
        .is_some_and(|generated| generated.stored);
    let constrained_domain = column.data_type.as_ref().is_some_and(|data_type| {
        matches!(
            locks.schema.shape_of(data_type),
            Some(TypeShape::Domain {
                constrained: true,
                ..
            })
        )
    });
    let default = column.default.as_ref().filter(|default| !default.is_null());
    let rewrites = stored
        || constrained_domain
        || column.auto_increment
        || column.identity.is_some()
        || default.is_some_and(is_volatile);
    let filled = rewrites || default.is_some();
    // NOT NULL in a column that holds nothing is looked for in every row, and found in the first.
    let scans = column.check.is_some()
        || column.not_null && !filled
        || column.unique
        || column.primary_key
        || column.references.is_some() && filled;
    let work = match (rewrites, scans) {
        (true, _) => Rewrite,
        (false, true) => Scan,
        (false, false) => Instant,
    };
    locks.take(table, AccessExclusive, work);
    if let Some(reference) = &column.references
        && reference.table != *table
    {
        // A new column that is NULL everywhere has nothing to look up in the other table.
        let work = if filled { Scan } else { Instant };
        locks.take(&reference.table, ShareRowExclusive, work);
    }
}

/// A function that we do not know is somebody's own, and those are volatile unless declared otherwise.
fn is_volatile(default: &Expr) -> bool {
    let calls = default.calls.iter();
    calls
        .map(|call| volatility(call))
        .any(|volatility| matches!(volatility, Volatility::Volatile | Volatility::Unknown))
}

fn create_index(create: &CreateIndex, locks: &mut Locks<'_>) {
    let (mode, work) = match create {
        _ if create.concurrently => (ShareUpdateExclusive, Scan),
        _ if create.only => (Share, Instant),
        _ => (Share, Scan),
    };
    locks.take(&create.table, mode, work);
}

fn drop(object: &Object, cascade: bool, concurrently: bool, locks: &mut Locks<'_>) {
    let schema = locks.schema;
    match object.kind {
        ObjectKind::Table | ObjectKind::ForeignTable => {
            locks.take(&object.name, AccessExclusive, Instant);
            if !schema.is_new_table(&object.name) {
                let parents = links::parents(schema, &object.name);
                take_all(&parents, AccessExclusive, Instant, locks);
            }
            if cascade {
                let children = links::children(schema, &object.name);
                take_all(&children, AccessExclusive, Instant, locks);
            }
        }
        ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Sequence => {
            locks.take(&object.name, AccessExclusive, Instant);
        }
        ObjectKind::Index => {
            let mode = if concurrently {
                ShareUpdateExclusive
            } else {
                AccessExclusive
            };
            let table = table_of_index(object, schema);
            locks.take(table.unwrap_or(&object.name), mode, Instant);
        }
        ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
            if let Some(table) = &object.table {
                locks.take(table, AccessExclusive, Instant);
            }
        }
        ObjectKind::Schema if cascade => {
            let inside = tables_where(schema, |table| {
                table.name.schema.as_ref() == Some(&object.name.name)
            });
            take_all(&inside, AccessExclusive, Instant, locks);
        }
        _ => {}
    }
}

/// RENAME, SET SCHEMA, OWNER TO and what else ALTER says of an object.
fn alter_object(object: &Object, locks: &mut Locks<'_>) {
    match (object.kind, &object.table) {
        (ObjectKind::Index, _) if locks.schema.is_new(object) => {}
        (ObjectKind::Index, _) => locks.take(&object.name, ShareUpdateExclusive, Instant),
        (ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule, Some(table)) => {
            locks.take(table, AccessExclusive, Instant);
        }
        (kind, _) if kind.is_relation() || kind == ObjectKind::Sequence => {
            locks.take(&object.name, AccessExclusive, Instant);
        }
        _ => {}
    }
}

fn alter_domain(domain: &Name, change: &TypeChange, locks: &mut Locks<'_>) {
    let scans = matches!(
        change,
        TypeChange::AddDomainConstraint { not_valid: false }
            | TypeChange::SetDomainNotNull
            | TypeChange::ValidateDomainConstraint { .. }
    );
    if scans {
        let mut users: Vec<_> = locks
            .schema
            .users_of_type(domain)
            .map(|(table, _)| table.name.clone())
            .collect();
        users.sort();
        take_all(&users, Share, Scan, locks);
    }
}

fn truncate(table: &Name, cascade: bool, locks: &mut Locks<'_>) {
    let mut reached = vec![table.clone()];
    let mut at = 0;
    while cascade && at < reached.len() {
        let children = links::children(locks.schema, &reached[at]);
        reached.extend(
            children
                .into_iter()
                .filter(|child| !reached.contains(child))
                .collect::<Vec<_>>(),
        );
        at += 1;
    }
    take_all(&reached, AccessExclusive, Instant, locks);
}

fn write_rows(rows: &RowChange, locks: &mut Locks<'_>) {
    let schema = locks.schema;
    locks.take(&rows.table, RowExclusive, work_of_rows(rows));
    if rows.verb == RowVerb::Delete || schema.is_new_table(&rows.table) {
        return;
    }
    let known = schema.table(&rows.table).into_iter();
    for (columns, reference) in known.flat_map(links::foreign_keys) {
        let touched =
            rows.verb != RowVerb::Update || columns.iter().any(|key| rows.columns.contains(key));
        if touched && reference.table != rows.table {
            locks.take(&reference.table, RowShare, Instant);
        }
    }
}

fn reindex(object: &Object, concurrently: bool, locks: &mut Locks<'_>) {
    let schema = locks.schema;
    let mode = if concurrently {
        ShareUpdateExclusive
    } else {
        Share
    };
    match object.kind {
        ObjectKind::Index => {
            let table = table_of_index(object, schema);
            if table.is_some_and(|table| schema.is_new_table(table)) {
                return;
            }
            if let Some(table) = table {
                locks.take(table, mode, Scan);
            }
            // Every query plans with every index, so this lock stops reads of the table as well.
            let mode = if concurrently {
                ShareUpdateExclusive
            } else {
                AccessExclusive
            };
            locks.take(&object.name, mode, Scan);
        }
        ObjectKind::Table => locks.take(&object.name, mode, Scan),
        ObjectKind::Schema => {
            let inside = tables_where(schema, |table| {
                table.name.schema.as_ref() == Some(&object.name.name)
            });
            take_all(&inside, mode, Scan, locks);
        }
        _ => take_all(&tables_where(schema, |_| true), mode, Scan, locks),
    }
}

fn table_of_index<'a>(index: &'a Object, schema: &'a Schema) -> Option<&'a Name> {
    schema
        .index(&index.name, index.table.as_ref())
        .map(|(table, _)| &table.name)
}

fn lock_mode(written: &str) -> LockMode {
    match written.trim().trim_end_matches(" mode") {
        "access share" => LockMode::AccessShare,
        "row share" => RowShare,
        "row exclusive" => RowExclusive,
        "share update exclusive" => ShareUpdateExclusive,
        "share" => Share,
        "share row exclusive" => ShareRowExclusive,
        "exclusive" => Exclusive,
        _ => AccessExclusive,
    }
}

fn one_or_all(table: Option<&Name>, schema: &Schema) -> Vec<Name> {
    match table {
        Some(table) => vec![table.clone()],
        None => tables_where(schema, |_| true),
    }
}

/// The known tables that fit, in the order of their names.
fn tables_where(schema: &Schema, fits: impl Fn(&Table) -> bool) -> Vec<Name> {
    let mut names: Vec<_> = schema
        .tables()
        .filter(|table| fits(table))
        .map(|table| table.name.clone())
        .collect();
    names.sort();
    names
}

fn take_all(tables: &[Name], mode: LockMode, work: LockWork, locks: &mut Locks<'_>) {
    for table in tables {
        locks.take(table, mode, work);
    }
}
