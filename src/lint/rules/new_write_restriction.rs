//! Narrows what may be written to a table that running releases write.
//!
//! ## What happens
//! From this statement on, an INSERT or UPDATE of a running release that breaks the new constraint or unique
//! index fails, and so do the writes of a release that traffic is rolled back to. `NOT VALID` and
//! `CONCURRENTLY` spare the rows that are there and the locks, not the writers: they are bound at once.
//!
//! ## Not reported
//! Tables that are new in the pending set; constraints on a new nullable column without a default, which old releases
//! leave NULL;
//! `NOT ENFORCED`; what the table demanded before and gets back. Other rules speak of primary keys, of SET NOT
//! NULL, of domains, and of an index that becomes unique.
//!
//! ## Instead
//! 1. Make every release that may still run obey the rule by itself, and mend the rows that break it.
//! 2. When every release that does not obey it is retired, add the constraint in a contract migration.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::{Clause, clauses, starts_required};
use crate::lint::constraints::{added, plain_index_made_unique};
use crate::lint::words::columns_sql;
use crate::lint::{Report, Site};
use crate::model::{
    Action, ColumnDef, Constraint, ConstraintKind, CreateIndex, Dialect, Effect, Name, Severity, TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "new-write-restriction",
    row: 51,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("new_write_restriction.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new || site.judged.verdict.effect != Effect::Restrict {
        return;
    }
    if plain_index_made_unique(site).is_some() {
        return;
    }
    let dialect = site.file.engine.dialect;
    if matches!(site.action(), Action::Drop { .. }) {
        for (what, query) in rebuilt(site, dialect) {
            report_one(site, &format!("the rebuild brings a {what}"), query, report);
        }
        return;
    }
    let said = match site.action() {
        Action::CreateIndex(create) => Some(of_index(create, dialect)),
        Action::AlterTable { table, change } => match &**change {
            TableChange::AlterConstraint { name, .. } => Some((
                format!("constraint `{name}` of `{table}` is enforced from now on"),
                None,
            )),
            // A column that is required, or the key, is spoken of as such.
            TableChange::AddColumn { column, .. }
                if !starts_required(site, table, column) && !column.primary_key =>
            {
                let what = format!("the constraint on new column `{}` of `{table}`", column.name);
                Some((what, None))
            }
            TableChange::RedefineColumn { column, .. } if becomes_unique(site, table, column) => {
                let name = &column.name;
                Some((
                    format!("new unique constraint on `{name}` of `{table}`"),
                    Some(duplicates(table, &name.sql(dialect), dialect)),
                ))
            }
            _ => added(site)
                .filter(|(_, constraint)| {
                    !matches!(constraint.kind, ConstraintKind::PrimaryKey { .. })
                })
                .map(|(table, constraint)| of_constraint(table, constraint, dialect)),
        },
        _ => None,
    };
    if let Some((what, query)) = said {
        report_one(site, &what, query, report);
    }
}

fn report_one(site: &Site<'_>, what: &str, query: Option<String>, report: &mut Report<'_>) {
    let mut help = "Add it in a contract migration, after every release that may break it is retired"
        .to_owned();
    if let Some(query) = query {
        help.push_str("\n\n-- the rows that break it today; let no release write more of them\n");
        help.push_str(&query);
    }
    report.finding(
        site.span(),
        format!(
            "{what}: writes of running releases that break it fail at once, also those of the release \
             that a rollback would go back to"
        ),
        help,
    );
}

/// The constraints that only the new definition of a rebuilt table has, unless all of their columns are new as well.
fn rebuilt(site: &Site<'_>, dialect: Dialect) -> Vec<(String, Option<String>)> {
    let clauses = clauses(site);
    let on_old = |clause: &Clause<'_>, constraint: &Constraint| {
        let columns = constraint.kind.columns();
        columns.is_empty() || columns.iter().any(|column| clause.column(column).is_some())
    };
    let added = clauses.iter().filter_map(|clause| match &*clause.change {
        TableChange::AddConstraint { constraint, .. }
            if !matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }) && on_old(clause, constraint) =>
        {
            Some(of_constraint(clause.table, constraint, dialect))
        }
        _ => None,
    });
    added.collect()
}

/// MySQL: `MODIFY … UNIQUE` of a column that was not.
fn becomes_unique(site: &Site<'_>, table: &Name, column: &ColumnDef) -> bool {
    let own = std::slice::from_ref(&column.name);
    let held = site.schema.table(table);
    column.unique && held.is_some_and(|held| held.column(&column.name).is_some() && !held.is_unique_on(own))
}

fn of_index(create: &CreateIndex, dialect: Dialect) -> (String, Option<String>) {
    let columns: Vec<_> = create.columns().cloned().collect();
    let what = format!("unique index {}", create.label());
    if columns.len() != create.keys.len() || create.partial.is_some() {
        return (what, None);
    }
    let list = columns_sql(&columns, dialect);
    (what, Some(duplicates(&create.table, &list, dialect)))
}

fn of_constraint(
    table: &Name,
    constraint: &Constraint,
    dialect: Dialect,
) -> (String, Option<String>) {
    let name = constraint
        .name
        .as_ref()
        .map_or(String::new(), |name| format!(" `{name}`"));
    let what = format!("new {}{name} on `{table}`", constraint.kind.word());
    let table_sql = table.sql(dialect);
    let query = match &constraint.kind {
        ConstraintKind::Check(expr) => {
            Some(format!("SELECT * FROM {table_sql} WHERE NOT ({});", expr.text))
        }
        ConstraintKind::Unique { columns, .. } if !columns.is_empty() => {
            Some(duplicates(table, &columns_sql(columns, dialect), dialect))
        }
        ConstraintKind::ForeignKey {
            columns,
            references,
        } => match (columns.as_slice(), references.columns.as_slice()) {
            ([column], [key]) => Some(format!(
                "SELECT * FROM {table_sql} AS child\nWHERE child.{own} IS NOT NULL\n  \
                 AND NOT EXISTS (SELECT 1 FROM {} AS parent WHERE parent.{} = child.{own});",
                references.table.sql(dialect),
                key.sql(dialect),
                own = column.sql(dialect),
            )),
            _ => None,
        },
        ConstraintKind::NotNull { column } => Some(format!(
            "SELECT * FROM {table_sql} WHERE {} IS NULL;",
            column.sql(dialect)
        )),
        _ => None,
    };
    (what, query)
}

fn duplicates(table: &Name, columns: &str, dialect: Dialect) -> String {
    format!(
        "SELECT {columns}, count(*) FROM {} GROUP BY {columns} HAVING count(*) > 1;",
        table.sql(dialect)
    )
}
