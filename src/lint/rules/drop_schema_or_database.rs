//! Drops a schema or a database with whatever is in it.
//!
//! ## What happens
//! Every table, view, type and function inside is gone, and no file tells which. Every release that uses one of them
//! fails, also the one a rollback would go back to. In MySQL SCHEMA and DATABASE are one word; in PostgreSQL
//! `DROP SCHEMA` without CASCADE is refused as long as something is inside, and with it takes all that along.
//!
//! ## Not reported
//! A schema that was created earlier in the same pending set.
//!
//! ## Instead
//! Empty it object by object, each in a contract migration whose plan can be read, and drop what is empty.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::objects::{called, dropped, object_sql};
use crate::lint::{Report, Site};
use crate::model::{Action, Object, ObjectKind, Severity};
use crate::schema::Table;

pub(super) const RULE: Rule = Rule {
    id: "drop-schema-or-database",
    row: 3,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("drop_schema_or_database.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(object) = dropped(site, &[ObjectKind::Schema, ObjectKind::Database]) else { return };
    let dialect = site.file.engine.dialect;
    let mut help = String::from("Empty it in contract migrations of their own, and drop it last\n\n");
    let inside = tables_in(site, object);
    for table in &inside {
        help.push_str(&format!("DROP TABLE {};\n", table.name.sql(dialect)));
    }
    if inside.is_empty() {
        help.push_str("-- contract: what is inside, one by one\n");
    }
    help.push_str(&format!("DROP {};", object_sql(object, dialect)));
    let cascade = match site.action() {
        Action::Drop { cascade: true, .. } => ", and what depends on it elsewhere goes along",
        _ => "",
    };
    report.finding(
        site.span(),
        format!(
            "drops {} and all that is in it{cascade}: every release that uses any of it fails, also the one a \
             rollback would go back to",
            called(object)
        ),
        help,
    );
}

fn tables_in<'a>(site: &Site<'a>, object: &Object) -> Vec<&'a Table> {
    let tables = site.schema.tables();
    let mut inside: Vec<_> =
        tables.filter(|table| table.name.schema.as_ref() == Some(&object.name.name)).collect();
    inside.sort_by(|one, other| one.name.cmp(&other.name));
    inside
}
