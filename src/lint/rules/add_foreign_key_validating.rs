//! Adds a foreign key and compares every row of two tables for it while both are locked.
//!
//! ## What happens
//! PostgreSQL holds SHARE ROW EXCLUSIVE on the referencing and on the referenced table until every row has
//! been looked up: no release can write to either. MySQL and MariaDB copy the referencing table and block its
//! writes while they do; with `foreign_key_checks = 0` they do not copy, and do not check the rows either.
//!
//! ## Not reported
//! Tables that are new in the pending set; `NOT VALID` and `NOT ENFORCED`; on PostgreSQL, a new nullable column
//! with REFERENCES and no default, which has nothing to look up.
//!
//! ## Instead
//! On PostgreSQL, add it `NOT VALID` and VALIDATE it in a migration of its own, which lets reads and writes of
//! both tables go on. On MySQL, find the rows without a parent first, and add the key in a quiet hour or
//! with an online tool.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::constraints::added;
use crate::lint::fixes::append_to_clause;
use crate::lint::words::{columns_sql, constraint_name};
use crate::lint::{Report, Site};
use crate::model::{
    Action, ConstraintKind, Dialect, Fix, FollowUp, Ident, LockWork, Name, Reference, Severity,
    TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "add-foreign-key-validating",
    row: 53,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("add_foreign_key_validating.rs"),
};

/// The foreign key that the change adds.
struct Added<'a> {
    table: &'a Name,
    name: Ident,
    columns: Vec<Ident>,
    references: &'a Reference,
    /// `ADD CONSTRAINT` with a name of its own, which a later VALIDATE can call it by.
    named: bool,
}

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(key) = foreign_key(site) else { return };
    if site.judged.on_new || site.judged.locks.iter().all(|lock| lock.work == LockWork::Instant) {
        return;
    }
    let (table, parent) = (key.table, &key.references.table);
    if site.file.engine.dialect == Dialect::Mysql {
        let message = if checks_are_off(site) {
            format!(
                "adds foreign key `{}` to `{table}` while foreign_key_checks is 0: rows that refer to nothing \
                 in `{parent}` stay, and nothing will ever report them",
                key.name
            )
        } else {
            format!(
                "adds foreign key `{}` to `{table}`: the server copies the whole table, and every write to it \
                 waits until the copy is done",
                key.name
            )
        };
        report.finding(site.span(), message, mysql_help(&key));
        return;
    }
    let message = format!(
        "adds foreign key `{}` under SHARE ROW EXCLUSIVE on `{table}` and on `{parent}`: writes to both wait \
         until every row is looked up",
        key.name
    );
    let help = format!(
        "Add it NOT VALID, and validate it in a migration of its own\n\n{}",
        two_steps(&key)
    );
    match append_to_clause(site, "NOT VALID").filter(|_| key.named) {
        Some(edit) => report.fixable(
            site.span(),
            message,
            help,
            Fix {
                title: "add it NOT VALID and validate it in the next migration".to_owned(),
                edits: vec![edit],
                follow_up: Some(FollowUp {
                    name: format!("validate_{}", key.name.as_str()),
                    sql: format!("{}\n", validate(&key)),
                }),
                apart: None,
            },
        ),
        None => report.finding(site.span(), message, help),
    }
}

fn foreign_key<'a>(site: &Site<'a>) -> Option<Added<'a>> {
    if let Some((table, constraint)) = added(site) {
        let ConstraintKind::ForeignKey {
            columns,
            references,
        } = &constraint.kind
        else {
            return None;
        };
        return Some(Added {
            table,
            name: constraint_name(table, constraint),
            columns: columns.clone(),
            references,
            named: constraint.name.is_some(),
        });
    }
    let Action::AlterTable { table, change } = site.action() else {
        return None;
    };
    let TableChange::AddColumn { column, .. } = &**change else {
        return None;
    };
    let references = column.references.as_ref()?;
    let name = format!("{}_{}_fkey", table.name.written(), column.name.written());
    Some(Added {
        table,
        name: Ident::folded(&name),
        columns: vec![column.name.clone()],
        references,
        named: false,
    })
}

fn checks_are_off(site: &Site<'_>) -> bool {
    let set = site.earlier().filter_map(|(_, change)| match &change.action {
        Action::Set {
            variable, value, ..
        } if variable == "foreign_key_checks" => Some(value.as_deref()),
        _ => None,
    });
    set.last()
        .flatten()
        .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "0" | "off" | "false"))
}

fn two_steps(key: &Added<'_>) -> String {
    let dialect = Dialect::Postgres;
    let to = match key.references.columns.as_slice() {
        [] => String::new(),
        columns => format!(" ({})", columns_sql(columns, dialect)),
    };
    let cascade = if key.references.on_delete_cascade {
        " ON DELETE CASCADE"
    } else {
        ""
    };
    format!(
        "-- contract: binds new writes, an instant on both tables\n\
         ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}{to}{cascade} NOT VALID;\n\
         -- migrate, in the next migration: looks every row up, reads and writes go on\n{}",
        key.table.sql(dialect),
        key.name.sql(dialect),
        columns_sql(&key.columns, dialect),
        key.references.table.sql(dialect),
        validate(key),
    )
}

fn validate(key: &Added<'_>) -> String {
    format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {};",
        key.table.sql(Dialect::Postgres),
        key.name.sql(Dialect::Postgres)
    )
}

fn mysql_help(key: &Added<'_>) -> String {
    let advice = "Find the rows without a parent first, and add the key in a quiet hour or with an online tool";
    let ([column], [parent_key]) = (key.columns.as_slice(), key.references.columns.as_slice())
    else {
        return advice.to_owned();
    };
    let dialect = Dialect::Mysql;
    format!(
        "{advice}\n\n\
         -- must return no row\n\
         SELECT child.* FROM {} AS child LEFT JOIN {} AS parent ON parent.{key} = child.{own}\n\
         WHERE child.{own} IS NOT NULL AND parent.{key} IS NULL;",
        key.table.sql(dialect),
        key.references.table.sql(dialect),
        key = parent_key.sql(dialect),
        own = column.sql(dialect),
    )
}
