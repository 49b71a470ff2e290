//! Adds, drops or exchanges a primary key.
//!
//! ## What happens
//! PostgreSQL builds the key's index and proves NOT NULL under ACCESS EXCLUSIVE: reads and writes wait. MySQL
//! rebuilds the table, and copies it with writes blocked when the key is dropped alone. SQLite writes the
//! table anew. Writes of running releases that leave the key out or repeat it fail from then on; upserts
//! that name a key that is gone (`ON CONFLICT`, `ON DUPLICATE KEY`) fail or change their meaning.
//!
//! ## Not reported
//! Tables that are new in the pending set; on PostgreSQL a key added by `USING INDEX`, of which another rule
//! looks at the NULLs.
//!
//! ## Instead
//! On PostgreSQL: build a unique index CONCURRENTLY, prove the columns NOT NULL by a validated CHECK, then add the
//! key by `USING INDEX`. Elsewhere: in a quiet hour, in a contract migration of its own.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::constraints::{added, rebuild_changes};
use crate::lint::sequences::prove_not_null;
use crate::lint::words::{columns_sql, unique_index_name};
use crate::lint::{Report, Site};
use crate::model::{
    Action, ConstraintKind, Dialect, Effect, Ident, Name, Severity, TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "add-or-change-primary-key",
    row: 56,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("add_or_change_primary_key.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new {
        return;
    }
    if site.file.engine.dialect == Dialect::Sqlite {
        return rebuilt(site, report);
    }
    let Action::AlterTable { table, change } = site.action() else { return };
    match &**change {
        TableChange::DropConstraint { name, kind, .. } if drops_key(site, table, name.as_ref(), *kind) => {
            dropped(site, table, report);
        }
        TableChange::AddColumn { column, .. } if column.primary_key => {
            let columns = std::slice::from_ref(&column.name);
            new_key(site, table, columns, report);
        }
        _ => {
            if let Some((_, constraint)) = added(site)
                && let ConstraintKind::PrimaryKey {
                    columns,
                    using_index: None,
                } = &constraint.kind
            {
                new_key(site, table, columns, report);
            }
        }
    }
}

fn drops_key(site: &Site<'_>, table: &Name, name: Option<&Ident>, kind: Option<&str>) -> bool {
    let held = name.and_then(|name| site.schema.table(table)?.constraint(name));
    kind == Some("primary key")
        || held.is_some_and(|held| {
            matches!(held.constraint.kind, ConstraintKind::PrimaryKey { .. })
        })
}

fn new_key(site: &Site<'_>, table: &Name, columns: &[Ident], report: &mut Report<'_>) {
    let dialect = site.file.engine.dialect;
    let list = columns_sql(columns, dialect);
    let writes = "writes of running releases that leave it out or repeat it fail";
    let table_sql = table.sql(dialect);
    if dialect == Dialect::Mysql {
        return report.finding(
            site.span(),
            format!("makes ({list}) the primary key of `{table}`: the server rebuilds the table, and {writes}"),
            format!(
                "Do it in a contract migration of its own, in a quiet hour\n\n\
                 ALTER TABLE {table_sql} DROP PRIMARY KEY, ADD PRIMARY KEY ({list}), ALGORITHM=INPLACE, LOCK=NONE;"
            ),
        );
    }
    let index = unique_index_name(table, columns).sql(dialect);
    let proof: String = columns
        .iter()
        .map(|column| prove_not_null(table, column))
        .collect();
    report.finding(
        site.span(),
        format!(
            "makes ({list}) the primary key of `{table}` under ACCESS EXCLUSIVE: reads and writes wait while its index \
             is built and every row is checked for NULL; afterwards {writes}"
        ),
        format!(
            "Build the index and prove NOT NULL first, then make it the key\n\n\
             -- migrate, in a migration that runs outside a transaction\n\
             CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table_sql} ({list});\n\
             {proof}\
             -- contract: an instant\n\
             ALTER TABLE {table_sql} ADD PRIMARY KEY USING INDEX {index};"
        ),
    );
}

fn dropped(site: &Site<'_>, table: &Name, report: &mut Report<'_>) {
    let same_statement = site.statement.changes.iter().any(|change| {
        matches!(&change.action, Action::AlterTable { change, .. } if matches!(&**change,
            TableChange::AddConstraint { constraint, .. }
                if matches!(constraint.kind, ConstraintKind::PrimaryKey { .. })))
    });
    if same_statement || site.judged.verdict.effect == Effect::Neutral {
        // The key that comes in its place is reported.
        return;
    }
    let cost = match site.file.engine.dialect {
        Dialect::Mysql => "the server copies the whole table while writes wait",
        _ => "takes ACCESS EXCLUSIVE for an instant",
    };
    report.finding(
        site.span(),
        format!(
            "drops the primary key of `{table}`: {cost}; upserts of running releases that rely on it fail or change \
             their meaning, foreign keys that point to it must go first, and equal rows may come in"
        ),
        "Exchange it in one statement, in a contract migration, after every release that relies on it is retired",
    );
}

fn rebuilt(site: &Site<'_>, report: &mut Report<'_>) {
    let changes = rebuild_changes(site).unwrap_or_default();
    let concerns_key = |change: &TableChange| match change {
        TableChange::AddConstraint { constraint, .. } => {
            matches!(constraint.kind, ConstraintKind::PrimaryKey { .. })
        }
        TableChange::DropConstraint { kind, .. } => *kind == Some("primary key"),
        _ => false,
    };
    if !changes.iter().any(concerns_key) {
        return;
    }
    let Action::Drop { object, .. } = site.action() else { return };
    report.finding(
        site.span(),
        format!(
            "the rebuilt `{}` has another primary key: writes of running releases that repeat it fail, and so do \
             upserts (ON CONFLICT) that name the old one",
            object.name
        ),
        "Exchange the key in a contract migration, after every release that relies on the old one is retired",
    );
}
