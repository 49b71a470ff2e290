//! Drops a type or a domain that a running release may still name.
//!
//! ## What happens
//! PostgreSQL refuses it while a column has the type, unless CASCADE drops the column as well. A release that casts to
//! the type or binds a parameter by its name fails in any case; drivers that load types by name fail when they connect.
//!
//! ## Not reported
//! A type that was created earlier in the same pending set, and the old type of a swap (rename, create anew, move
//! the columns over, drop), which is judged by the difference of the two.
//!
//! ## Instead
//! Drop it in the contract migration that drops its last column, or after it.

use super::{Check, Postgres, Rule};
use crate::lint::objects::{called, dropped, object_sql};
use crate::lint::{Report, Site};
use crate::model::{Dialect, Ident, Name, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-type-domain-enum",
    row: 6,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("drop_type_domain_enum.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(object) = dropped(site, &[ObjectKind::Type, ObjectKind::Domain]) else { return };
    let mut users: Vec<(&Name, &Ident)> = site
        .schema
        .users_of_type(&object.name)
        .map(|(table, column)| (&table.name, &column.def.name))
        .collect();
    users.sort();
    let used = match users.first() {
        Some((table, column)) => format!("column `{column}` of `{table}` still has it, and "),
        None => String::new(),
    };
    let mut help =
        String::from("Drop it in a contract migration, after the columns that have it\n\n");
    for (table, column) in users {
        help.push_str(&format!(
            "-- contract: when every release that names {column} is retired\nALTER TABLE {} DROP COLUMN {};\n",
            table.sql(Dialect::Postgres),
            column.sql(Dialect::Postgres),
        ));
    }
    help.push_str(&format!(
        "-- contract: when every release that casts to it is retired\nDROP {};",
        object_sql(object, Dialect::Postgres)
    ));
    report.finding(
        site.span(),
        format!(
            "drops {}: {used}every release that casts to it or binds it by name fails, also the one a rollback would \
             go back to",
            called(object)
        ),
        help,
    );
}
