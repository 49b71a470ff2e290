//! MySQL 8 and MariaDB: what `ALGORITHM` and `LOCK` the server settles for, in the words of [`LockMode`].
//!
//! MySQL's column follows its manual ("Online DDL Operations"), MariaDB's was measured on 10.11 by trying
//! INSTANT, NOCOPY, INPLACE and COPY in turn with the weakest LOCK accepted. Every form of DDL takes an
//! exclusive metadata lock for a moment, and waits with it for the transactions that are open on the table
//! while all who come later wait behind it. So each change has that lock, and a second one for the work:
//!
//! | server | said here |
//! |---|---|
//! | INSTANT; in place without touching rows | ACCESS EXCLUSIVE, instant |
//! | in place, `LOCK=NONE`: an index is built, or the table rebuilt | the same, and SHARE UPDATE EXCLUSIVE with scan or rewrite |
//! | in place with `LOCK=SHARED`; COPY | the same, and SHARE with scan or rewrite |
//! | `LOCK=EXCLUSIVE` demanded | ACCESS EXCLUSIVE with rewrite |
//!
//! Clauses of one ALTER are priced one by one; the server takes the weakest algorithm for all of them.
//! Strict mode and `foreign_key_checks=1` are assumed, and the row format that is the default.

mod redefine;

#[cfg(test)]
mod tests;

use redefine::way_of_redefinition;

use crate::model::LockMode::{
    AccessExclusive, RowExclusive, RowShare, Share, ShareUpdateExclusive,
};
use crate::model::LockWork::{Instant, Rewrite, Scan};
use crate::model::{
    Action, ColumnDef, Constraint, ConstraintKind, CreateIndex, Engine, Expr, Ident, Lock, Name,
    Object, ObjectKind, RowChange, RowVerb, TableChange,
};
use crate::schema::Schema;

use super::{Locks, links, work_of_rows};

/// How the server goes about a change, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// The dictionary alone.
    Dictionary,
    /// An index is built while reads and writes go on.
    OnlineBuild,
    /// The table is rebuilt while reads and writes go on.
    OnlineRebuild,
    /// An index is built while writes wait.
    SharedBuild,
    /// The table is rebuilt or copied while writes wait.
    SharedCopy,
}

pub(super) fn locks(action: &Action, schema: &Schema, engine: Engine) -> Vec<Lock> {
    let mut locks = Locks::new(schema);
    match action {
        Action::CreateTable(create) => {
            if create.or_replace {
                locks.take(&create.name, AccessExclusive, Instant);
            }
            for parent in links::parents_of_new(create) {
                locks.take(&parent, AccessExclusive, Instant);
            }
        }
        Action::AlterTable { table, change } => alter_table(table, change, engine, &mut locks),
        Action::CreateIndex(create) => {
            go(&create.table, way_of_index(create, schema), &mut locks);
        }
        Action::CreateView(create) if create.or_replace && schema.view(&create.name).is_some() => {
            locks.take(&create.name, AccessExclusive, Instant);
        }
        Action::CreateTrigger(create) => locks.take(&create.table, AccessExclusive, Instant),
        Action::Drop { object, .. } => drop(object, &mut locks),
        Action::Rename { object, .. } => match (object.kind, &object.table) {
            (ObjectKind::Table | ObjectKind::View, _) => {
                locks.take(&object.name, AccessExclusive, Instant);
            }
            (ObjectKind::Index, Some(table)) => locks.take(table, AccessExclusive, Instant),
            _ => {}
        },
        Action::SetIndexVisible { index, .. } => {
            if let Some(table) = &index.table {
                locks.take(table, AccessExclusive, Instant);
            }
        }
        Action::AlterSequence { name, .. } => locks.take(name, AccessExclusive, Instant),
        Action::Truncate { table, .. } => locks.take(table, AccessExclusive, Instant),
        Action::Rows(rows) => write_rows(rows, &mut locks),
        Action::Maintain {
            table: Some(table),
            command,
            rewrites,
        } => match *command {
            "optimize table" => go(table, Way::OnlineRebuild, &mut locks),
            _ if *rewrites => go(table, Way::SharedCopy, &mut locks),
            _ => {}
        },
        Action::LockTable { tables, mode } => lock_tables(tables, mode, &mut locks),
        _ => {}
    }
    locks.held
}

/// Takes the locks of a change to `table` that is done this way.
fn go(table: &Name, way: Way, locks: &mut Locks<'_>) {
    locks.take(table, AccessExclusive, Instant);
    match way {
        Way::Dictionary => {}
        Way::OnlineBuild => locks.take(table, ShareUpdateExclusive, Scan),
        Way::OnlineRebuild => locks.take(table, ShareUpdateExclusive, Rewrite),
        Way::SharedBuild => locks.take(table, Share, Scan),
        Way::SharedCopy => locks.take(table, Share, Rewrite),
    }
}

fn alter_table(table: &Name, change: &TableChange, engine: Engine, locks: &mut Locks<'_>) {
    let schema = locks.schema;
    let way = match change {
        TableChange::AddColumn {
            column, position, ..
        } => {
            if let Some(reference) = &column.references
                && honours_inline_references(engine)
            {
                locks.take(&reference.table, AccessExclusive, Instant);
            }
            way_of_new_column(column, position.is_some(), engine)
        }
        TableChange::DropColumn { column, .. } => {
            way_of_dropped_column(table, column, schema, engine)
        }
        TableChange::RedefineColumn {
            from,
            column,
            position,
        } => way_of_redefinition(table, from, column, position.is_some(), schema, engine),
        TableChange::AddConstraint { constraint, .. } => {
            if let ConstraintKind::ForeignKey { references, .. } = &constraint.kind {
                locks.take(&references.table, AccessExclusive, Instant);
            }
            way_of_constraint(constraint)
        }
        TableChange::DropConstraint { name, kind, .. } => {
            let held = name
                .as_ref()
                .and_then(|name| schema.table(table)?.constraint(name));
            if let Some(ConstraintKind::ForeignKey { references, .. }) =
                held.map(|held| &held.constraint.kind)
            {
                locks.take(&references.table, AccessExclusive, Instant);
            }
            // Cheaper when the same statement adds another primary key.
            match kind {
                Some("primary key") => Way::SharedCopy,
                _ => Way::Dictionary,
            }
        }
        TableChange::AlterConstraint { clause, .. } => {
            let enforces = clause.contains("enforced") && !clause.contains("not enforced");
            if enforces {
                Way::SharedCopy
            } else {
                Way::Dictionary
            }
        }
        TableChange::ArrangePartitions { clause } | TableChange::DropPartitions { clause } => {
            way_of_partitions(&clause.to_ascii_lowercase())
        }
        TableChange::Rebuild { clause } => {
            let other_engine = clause.contains("engine") && !clause.contains("innodb");
            if other_engine || clause.contains("partition") {
                Way::SharedCopy
            } else {
                Way::OnlineRebuild
            }
        }
        TableChange::Demand { algorithm, lock } => {
            return demand(table, algorithm.as_deref(), lock.as_deref(), locks);
        }
        TableChange::SetNotNull { .. } | TableChange::DropNotNull { .. } => Way::OnlineRebuild,
        TableChange::SetDefault { .. }
        | TableChange::DropDefault { .. }
        | TableChange::RenameColumn { .. }
        | TableChange::SetCharset { convert: false, .. }
        | TableChange::SetOptions { .. } => Way::Dictionary,
        // CONVERT TO a character set. What else is left is not MySQL's: it can only stand here because
        // something was misread.
        _ => Way::SharedCopy,
    };
    go(table, way, locks);
}

/// MySQL before 9.0 reads REFERENCES on a column and ignores it; MariaDB makes a foreign key of it.
fn honours_inline_references(engine: Engine) -> bool {
    engine.is_mariadb() || engine.at_least(9, 0, 0)
}

fn way_of_new_column(column: &ColumnDef, placed: bool, engine: Engine) -> Way {
    let stored = column
        .generated
        .as_ref()
        .is_some_and(|generated| generated.stored);
    let copies = stored
        || column.auto_increment
        || column.check.is_some() && !engine.is_mariadb()
        || column.references.is_some() && honours_inline_references(engine)
        || column
            .default
            .as_ref()
            .is_some_and(|default| !is_constant(default));
    if copies {
        return Way::SharedCopy;
    }
    if column.unique || column.primary_key {
        // With an index to build as well, the column loses INSTANT.
        return Way::OnlineRebuild;
    }
    let instant = if engine.is_mariadb() {
        engine.at_least(10, 3, 2)
    } else if placed {
        engine.at_least(8, 0, 29)
    } else {
        engine.at_least(8, 0, 12)
    };
    if instant {
        Way::Dictionary
    } else {
        Way::OnlineRebuild
    }
}

/// A literal, or the time of the statement, is one value for all rows.
fn is_constant(default: &Expr) -> bool {
    let now = ["now", "current_timestamp", "localtime", "localtimestamp"];
    default.literal
        || !default.calls.is_empty()
            && default
                .calls
                .iter()
                .all(|call| now.contains(&call.as_str()))
}

fn way_of_dropped_column(table: &Name, column: &Ident, schema: &Schema, engine: Engine) -> Way {
    let indexed = schema.table(table).is_some_and(|table| {
        table
            .indexes
            .iter()
            .any(|index| index.def.columns().any(|key| key == column))
            || table.constraints.iter().any(|held| {
                matches!(
                    held.constraint.kind,
                    ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. }
                ) && held.constraint.kind.columns().contains(column)
            })
    });
    if engine.is_mariadb() || engine.at_least(8, 0, 29) && !indexed {
        Way::Dictionary
    } else {
        Way::OnlineRebuild
    }
}

fn way_of_constraint(constraint: &Constraint) -> Way {
    match constraint.kind {
        ConstraintKind::Check(_) if constraint.not_enforced => Way::Dictionary,
        ConstraintKind::Unique { .. } => Way::OnlineBuild,
        ConstraintKind::PrimaryKey { .. } => Way::OnlineRebuild,
        _ => Way::SharedCopy,
    }
}

fn way_of_index(create: &CreateIndex, schema: &Schema) -> Way {
    match create.method.as_str() {
        "fulltext" => {
            // The first full-text index of a table rebuilds it, to make room for FTS_DOC_ID.
            let first = !schema.table(&create.table).is_some_and(|table| {
                table
                    .indexes
                    .iter()
                    .any(|index| index.def.method == "fulltext")
            });
            if first {
                Way::SharedCopy
            } else {
                Way::SharedBuild
            }
        }
        "spatial" => Way::SharedBuild,
        _ => Way::OnlineBuild,
    }
}

/// RANGE and LIST partitions come and go whole; HASH and KEY ones, and everything that moves rows between
/// partitions, copy.
fn way_of_partitions(clause: &str) -> Way {
    let moves_rows = [
        "coalesce",
        "reorganize",
        "rebuild",
        "partition by",
        "remove",
        "partitions ",
    ];
    if moves_rows.iter().any(|word| clause.contains(word)) {
        Way::SharedCopy
    } else {
        Way::Dictionary
    }
}

/// `ALGORITHM` and `LOCK` are told one by one, each as if the other were not there.
fn demand(table: &Name, algorithm: Option<&str>, lock: Option<&str>, locks: &mut Locks<'_>) {
    if algorithm == Some("copy") {
        go(table, Way::SharedCopy, locks);
    }
    match lock {
        Some("exclusive") => locks.take(table, AccessExclusive, Rewrite),
        Some("shared") => locks.take(table, Share, Rewrite),
        _ => {}
    }
}

fn drop(object: &Object, locks: &mut Locks<'_>) {
    match (object.kind, &object.table) {
        (ObjectKind::Table, _) => {
            locks.take(&object.name, AccessExclusive, Instant);
            if !locks.schema.is_new_table(&object.name) {
                for parent in links::parents(locks.schema, &object.name) {
                    locks.take(&parent, AccessExclusive, Instant);
                }
            }
        }
        (ObjectKind::View, _) => locks.take(&object.name, AccessExclusive, Instant),
        (ObjectKind::Index | ObjectKind::Trigger, Some(table)) => {
            locks.take(table, AccessExclusive, Instant);
        }
        _ => {}
    }
}

fn write_rows(rows: &RowChange, locks: &mut Locks<'_>) {
    let schema = locks.schema;
    locks.take(&rows.table, RowExclusive, work_of_rows(rows));
    if rows.verb != RowVerb::Delete && !schema.is_new_table(&rows.table) {
        for parent in links::parents(schema, &rows.table) {
            locks.take(&parent, RowShare, Instant);
        }
    }
}

/// `LOCK TABLES … READ|WRITE`; without tables `FLUSH TABLES WITH READ LOCK`, which stops every writer.
fn lock_tables(tables: &[Name], mode: &str, locks: &mut Locks<'_>) {
    let mode = if mode.contains("write") {
        AccessExclusive
    } else {
        Share
    };
    if tables.is_empty() {
        locks.held.push(Lock {
            on: None,
            mode,
            work: Instant,
        });
    }
    for table in tables {
        locks.take(table, mode, Instant);
    }
}
