//! Drops an index that queries of running releases may rely on for their speed.
//!
//! ## What happens
//! No query fails, but those that used the index read the whole table from now on, and building it again takes
//! as long as it took at first. If nobody is sure, production finds out.
//!
//! ## Not reported
//! Indexes that are new in the pending set; one that goes with its column or table in the same file; one whose
//! columns another index begins with, so its queries keep one; on MySQL, one that an earlier migration made
//! invisible (MariaDB: ignored). Unique ones have a rule of their own.
//!
//! ## Instead
//! Create its replacement before. On MySQL, make it invisible first, watch, and drop it in a later migration:
//! making it visible again takes an instant. Elsewhere, look at the server's usage counts
//! (`pg_stat_user_indexes.idx_scan`) before.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Ident, Name, Object, ObjectKind, Severity, TableChange};
use crate::schema::{Index, Table};

pub(super) const RULE: Rule = Rule {
    id: "drop-index-visible",
    row: 67,
    severity: Severity::Warning,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_index_visible.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Drop { object, .. } = site.action() else { return };
    if object.kind != ObjectKind::Index || site.judged.on_new {
        return;
    }
    let Some((table, index)) = site.schema.index(&object.name, object.table.as_ref()) else {
        return;
    };
    let hidden = !index.visible && !hidden_here(site, object);
    if index.def.unique || hidden || has_other(table, index) || goes_with(site, table, index) {
        return;
    }
    let dialect = site.file.engine.dialect;
    let help = match dialect {
        Dialect::Mysql => {
            let hide = if site.file.engine.is_mariadb() { "IGNORED" } else { "INVISIBLE" };
            format!(
                "Hide it first, watch, and drop it in a later migration\n\n\
                 -- expand: an instant, and undone by the opposite word\n\
                 ALTER TABLE {table} ALTER INDEX {index} {hide};\n\
                 -- contract\n\
                 ALTER TABLE {table} DROP INDEX {index};",
                table = site.name(&table.name),
                index = object.name.name.sql(dialect),
            )
        }
        Dialect::Postgres => format!(
            "Make sure that nothing uses it\n\n\
             SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{}';",
            object.name.name.as_str().replace('\'', "''")
        ),
        Dialect::Sqlite => "Make sure that no query uses it (EXPLAIN QUERY PLAN)".to_owned(),
    };
    report.finding(
        site.span(),
        format!(
            "drops index `{}` of `{}`: queries of running releases that used it read the whole table from now on",
            object.name, table.name
        ),
        help,
    );
}

/// Whether this very file hides it: then nobody has watched what happens without it.
fn hidden_here(site: &Site<'_>, dropped: &Object) -> bool {
    let own = site.statement.changes.iter();
    let earlier = site.earlier().map(|(_, change)| change);
    own.chain(earlier).any(|change| {
        matches!(&change.action, Action::SetIndexVisible { index, visible: false }
            if index.name == dropped.name && index.table == dropped.table)
    })
}

/// Whether another index serves the queries of this one.
fn has_other(table: &Table, dropped: &Index) -> bool {
    let wanted = &dropped.def.keys;
    table.indexes.iter().any(|other| {
        other.def.name != dropped.def.name
            && other.def.keys.starts_with(wanted)
            && other.def.method == dropped.def.method
            && (other.def.partial.is_none() || other.def.partial == dropped.def.partial)
    }) || table.constraints.iter().any(|held| {
        use crate::model::ConstraintKind::{PrimaryKey, Unique};
        let key: &[Ident] = match &held.constraint.kind {
            Unique { columns, .. } | PrimaryKey { columns, .. } => columns,
            _ => return false,
        };
        key.len() >= wanted.len() && wanted.iter().zip(key).all(|(one, other)| one.as_ref() == Ok(other))
    })
}

fn goes_with(site: &Site<'_>, table: &Table, index: &Index) -> bool {
    let own = site.statement.changes.iter();
    let others = site.later().map(|(_, change)| change);
    let named = |name: &Name| *name == table.name;
    own.chain(others).any(|change| match &change.action {
        Action::AlterTable { table, change } if named(table) => match &**change {
            TableChange::DropColumn { column, .. } => index.def.columns().any(|key| key == column),
            _ => false,
        },
        Action::Drop { object, .. } => object.kind == ObjectKind::Table && named(&object.name),
        _ => false,
    })
}
