//! Renames a schema or a database, or moves something to another schema.
//!
//! ## What happens
//! The statement takes an instant, and from then on every release that looks where things were fails: it names the
//! schema in its queries, or has it alone on its `search_path`. What is moved takes its indexes, constraints and owned
//! sequences along, so nothing is left to be found under the old name.
//!
//! ## Not reported
//! What is new in the pending set.
//!
//! ## Instead
//! Leave a way in at the old place: a view for a table, a function that calls the moved one, and for the rest a
//! `search_path` that names both schemas, set for the application's role before the move. When every release that
//! looks at the old place is retired, take it away.

use super::{Check, Postgres, Rule};
use crate::lint::objects::{breaks, called, object_sql};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Ident, Object, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "rename-schema-or-set-schema",
    row: 20,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("rename_schema_or_set_schema.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if !breaks(site) {
        return;
    }
    match site.action() {
        Action::SetSchema { object, schema } => report.finding(
            site.span(),
            format!(
                "moves {} to schema `{schema}`: every release that looks for it where it was fails, also the one a \
                 rollback would go back to",
                called(object)
            ),
            way_in(object, schema),
        ),
        Action::Rename { object, to }
            if matches!(object.kind, ObjectKind::Schema | ObjectKind::Database) =>
        {
            let (kind, name) = (object.kind.word(), &object.name);
            report.finding(
                site.span(),
                format!(
                    "renames {kind} `{name}` to `{to}`: every release that says `{name}` finds nothing of what was in \
                     it, also the one a rollback would go back to"
                ),
                format!(
                    "Make a {kind} of the new name and move things over one by one, with a way in left at the old \
                     place\n\n\
                     -- contract: when every release that says {name} is retired\n\
                     ALTER {} {} RENAME TO {};",
                    kind.to_uppercase(),
                    site.name(name),
                    site.name(to),
                ),
            );
        }
        _ => {}
    }
}

/// How running releases still find what was moved.
fn way_in(object: &Object, schema: &Ident) -> String {
    let dialect = Dialect::Postgres;
    let old = object.name.schema.as_ref();
    let old_schema = old.map_or_else(|| "public".to_owned(), |schema| schema.sql(dialect));
    let (name, schema) = (object.name.name.sql(dialect), schema.sql(dialect));
    if object.kind.is_relation() {
        return format!(
            "Leave a view in its place, in the same transaction\n\n\
             BEGIN;\n\
             ALTER {kind} {old_schema}.{name} SET SCHEMA {schema};\n\
             CREATE VIEW {old_schema}.{name} AS SELECT * FROM {schema}.{name};\n\
             COMMIT;\n\
             -- contract: when every release that looks in {old_schema} is retired\n\
             DROP VIEW {old_schema}.{name};",
            kind = object.kind.word().to_uppercase(),
        );
    }
    format!(
        "Let the application's role find it at both places first\n\n\
         -- expand: new sessions look in both\n\
         ALTER ROLE … SET search_path = {old_schema}, {schema};\n\
         -- contract: when every release that names {old_schema} is retired\n\
         ALTER {} SET SCHEMA {schema};",
        object_sql(object, dialect),
    )
}
