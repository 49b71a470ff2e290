//! Drops a constraint, or a unique index, that running releases write under.
//!
//! ## What happens
//! Old code runs on, but rows may come in that it never expected and that forbid putting the constraint back.
//! With a unique constraint or index goes the `ON CONFLICT (…)` that names its columns: those statements fail
//! at once. Dropping a foreign key takes ACCESS EXCLUSIVE on the table referred to as well.
//!
//! ## Not reported
//! What is new in the pending set; a constraint that goes with its column or table in the same file; one that is put
//! back, or whose columns stay unique by another constraint or index. Primary keys have a rule of their own.
//!
//! ## Instead
//! Drop it in a contract migration, when every release that relies on it is retired. To exchange it, create
//! the new one first. PostgreSQL 18 can keep a CHECK or foreign key `NOT ENFORCED`.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{
    Action, Constraint, ConstraintKind, Dialect, Effect, Ident, Name, ObjectKind, Severity,
    TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "drop-constraint",
    row: 61,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_constraint.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new || !matches!(site.judged.verdict.effect, Effect::Loosen | Effect::Reshape) {
        return;
    }
    match site.action() {
        Action::AlterTable { table, change } => {
            if let TableChange::DropConstraint { name, kind, .. } = &**change
                && *kind != Some("primary key")
            {
                let held = name
                    .as_ref()
                    .and_then(|name| site.schema.table(table)?.constraint(name));
                let constraint = held.map(|held| &held.constraint);
                dropped(site, table, name.as_ref(), constraint, report);
            }
        }
        Action::Drop { object, .. } if object.kind == ObjectKind::Index => {
            let found = site.schema.index(&object.name, object.table.as_ref());
            if let Some((table, index)) = found
                && index.def.unique
                && !goes_with(site, &table.name, &index.def.columns().cloned().collect::<Vec<_>>())
            {
                unique_goes(site, &table.name, &object.name.name, "unique index", report);
            }
        }
        _ => {}
    }
}

fn dropped(
    site: &Site<'_>,
    table: &Name,
    name: Option<&Ident>,
    constraint: Option<&Constraint>,
    report: &mut Report<'_>,
) {
    let shown = name.cloned().unwrap_or_else(|| Ident::folded("?"));
    if let Some(constraint) = constraint
        && (goes_with(site, table, constraint.kind.columns()) || comes_back(site, table, constraint))
    {
        return;
    }
    let lock = match constraint.map(|constraint| &constraint.kind) {
        Some(ConstraintKind::PrimaryKey { .. }) => return,
        Some(ConstraintKind::Unique { .. }) => {
            return unique_goes(site, table, &shown, "unique constraint", report);
        }
        Some(ConstraintKind::ForeignKey { references, .. })
            if site.file.engine.dialect == Dialect::Postgres =>
        {
            format!(" under ACCESS EXCLUSIVE on `{table}` and on `{}`", references.table)
        }
        _ => String::new(),
    };
    let word = constraint.map_or("constraint", |constraint| constraint.kind.word());
    report.at_most(Severity::Warning).finding(
        site.span(),
        format!(
            "drops {word} `{shown}` of `{table}`{lock}: rows may come in that older releases never met and that forbid \
             putting it back after a rollback"
        ),
        "Drop it in a contract migration, after every release that relies on it is retired",
    );
}

fn unique_goes(
    site: &Site<'_>,
    table: &Name,
    name: &Ident,
    word: &str,
    report: &mut Report<'_>,
) {
    let upsert = match site.file.engine.dialect {
        Dialect::Mysql => "ON DUPLICATE KEY UPDATE and REPLACE of running releases insert second rows",
        Dialect::Postgres | Dialect::Sqlite => {
            "ON CONFLICT of running releases that names its columns fails at once"
        }
    };
    report.finding(
        site.span(),
        format!(
            "drops {word} `{name}` of `{table}`: {upsert}, and equal rows that come in meanwhile forbid putting it back"
        ),
        "Drop it in a contract migration, after every release that relies on it is retired; \
         to exchange it, create the new one first",
    );
}

/// Whether the same file drops one of the columns, or the table.
fn goes_with(site: &Site<'_>, table: &Name, columns: &[Ident]) -> bool {
    let own = site.statement.changes.iter();
    let others = site.later().map(|(_, change)| change);
    own.chain(others).any(|change| match &change.action {
        Action::AlterTable { table: on, change } if on == table => {
            matches!(&**change, TableChange::DropColumn { column, .. } if columns.contains(column))
        }
        Action::Drop { object, .. } => object.kind == ObjectKind::Table && object.name == *table,
        _ => false,
    })
}

/// Whether the same file adds a constraint of the same kind on the same columns again.
fn comes_back(site: &Site<'_>, table: &Name, constraint: &Constraint) -> bool {
    let own = site.statement.changes.iter();
    let others = site.later().map(|(_, change)| change);
    own.chain(others).any(|change| match &change.action {
        Action::AlterTable { table: on, change } if on == table => match &**change {
            TableChange::AddConstraint {
                constraint: new, ..
            } => {
                std::mem::discriminant(&new.kind) == std::mem::discriminant(&constraint.kind)
                    && new.kind.columns() == constraint.kind.columns()
            }
            _ => false,
        },
        _ => false,
    })
}
