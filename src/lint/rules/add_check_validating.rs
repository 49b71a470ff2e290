//! Adds a CHECK and reads every row for it while the table is locked.
//!
//! ## What happens
//! PostgreSQL holds ACCESS EXCLUSIVE until the last row is checked: neither reads nor writes of any release get
//! through. MySQL copies the whole table and blocks writes while it does; MariaDB as well, unless the
//! CHECK comes with a new column.
//!
//! ## Not reported
//! Tables that are new in the pending set; `NOT VALID` and `NOT ENFORCED`.
//!
//! ## Instead
//! On PostgreSQL, add it `NOT VALID` (an instant), then VALIDATE it in a migration of its own, which lets
//! reads and writes go on. The new writes are bound from the first step on: that is the contract point. On
//! MySQL, let the application check, or change the table in a quiet hour or with an online tool.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::constraints::added;
use crate::lint::fixes::append_to_clause;
use crate::lint::words::constraint_name;
use crate::lint::{Report, Site};
use crate::model::{
    Action, ColumnDef, Constraint, ConstraintKind, Dialect, Fix, FollowUp, Ident, LockWork, Name,
    Severity, TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "add-check-validating",
    row: 52,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("add_check_validating.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new || site.judged.locks.iter().all(|lock| lock.work == LockWork::Instant) {
        return;
    }
    if let Some((table, constraint)) = added(site) {
        if let ConstraintKind::Check(expr) = &constraint.kind {
            constraint_alone(site, table, constraint, &expr.text, report);
        }
    } else if let Action::AlterTable { table, change } = site.action()
        && let TableChange::AddColumn { column, .. } = &**change
        && let Some(expr) = &column.check
    {
        with_column(site, table, column, &expr.text, report);
    }
}

fn constraint_alone(
    site: &Site<'_>,
    table: &Name,
    constraint: &Constraint,
    condition: &str,
    report: &mut Report<'_>,
) {
    let name = constraint_name(table, constraint);
    let dialect = site.file.engine.dialect;
    let message = message(site, table, &format!("CHECK `{name}`"));
    if dialect == Dialect::Mysql {
        return report.finding(site.span(), message, mysql_help(table));
    }
    let help = format!(
        "Add it NOT VALID, and validate it in a migration of its own\n\n{}",
        two_steps(table, &name, condition, dialect)
    );
    let named = constraint.name.is_some();
    match append_to_clause(site, "NOT VALID").filter(|_| named) {
        Some(edit) => report.fixable(
            site.span(),
            message,
            help,
            Fix {
                title: "add it NOT VALID and validate it in the next migration".to_owned(),
                edits: vec![edit],
                follow_up: Some(FollowUp {
                    name: format!("validate_{}", name.as_str()),
                    sql: format!("{}\n", validate(table, &name, dialect)),
                }),
                apart: None,
            },
        ),
        None => report.finding(site.span(), message, help),
    }
}

fn with_column(
    site: &Site<'_>,
    table: &Name,
    column: &ColumnDef,
    condition: &str,
    report: &mut Report<'_>,
) {
    let what = format!("column `{}` with a CHECK", column.name);
    let message = message(site, table, &what);
    let dialect = site.file.engine.dialect;
    if dialect == Dialect::Mysql {
        return report.finding(site.span(), message, mysql_help(table));
    }
    let name = Ident::folded(&format!(
        "{}_{}_check",
        table.name.written(),
        column.name.written()
    ));
    report.finding(
        site.span(),
        message,
        format!(
            "Add the column first and its CHECK after it, NOT VALID\n\n\
             -- expand: ADD COLUMN {} without the CHECK, then\n{}",
            column.name.sql(dialect),
            two_steps(table, &name, condition, dialect)
        ),
    );
}

fn message(site: &Site<'_>, table: &Name, what: &str) -> String {
    match site.file.engine.dialect {
        Dialect::Mysql => format!(
            "adds {what} to `{table}`: the server copies the whole table, and every write to it waits until \
             the copy is done"
        ),
        _ => format!(
            "adds {what} to `{table}` and reads every row for it under ACCESS EXCLUSIVE: reads and writes of \
             `{table}` wait until the last row is checked"
        ),
    }
}

fn two_steps(table: &Name, name: &Ident, condition: &str, dialect: Dialect) -> String {
    format!(
        "-- contract: binds new writes, an instant\n\
         ALTER TABLE {} ADD CONSTRAINT {} CHECK ({condition}) NOT VALID;\n\
         -- migrate, in the next migration: reads every row, reads and writes go on\n{}",
        table.sql(dialect),
        name.sql(dialect),
        validate(table, name, dialect),
    )
}

fn validate(table: &Name, name: &Ident, dialect: Dialect) -> String {
    format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {};",
        table.sql(dialect),
        name.sql(dialect)
    )
}

fn mysql_help(table: &Name) -> String {
    format!(
        "Let the application check, or change `{table}` in a quiet hour or with an online tool \
         (gh-ost, pt-online-schema-change)"
    )
}
