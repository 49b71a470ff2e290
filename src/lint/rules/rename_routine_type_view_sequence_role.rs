//! Renames a view, a routine, a type, a sequence, a role, or a view's column that a running release still calls by
//! its old name.
//!
//! ## What happens
//! The statement takes an instant, and from then on every release that says the old name fails: it reads the view,
//! calls the function, casts to the type or logs in as the role. Drivers that look types up by name fail when they
//! connect. A renamed role loses an MD5 password, which has the name mixed into it.
//!
//! ## Not reported
//! What is new in the pending set, and the first step of a type swap (rename, create anew, move the columns over),
//! which is judged by the difference of the two types. Tables, schemas, indexes and constraints have rules of their
//! own.
//!
//! ## Instead
//! Make a second one under the new name, and drop the old one when every release that says its name is retired.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::columns::clauses;
use crate::lint::objects::{breaks, called, is_view, object_sql};
use crate::lint::{Report, Site};
use crate::model::{Action, Name, Object, ObjectKind, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "rename-routine-type-view-sequence-role",
    row: 22,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("rename_routine_type_view_sequence_role.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    of_view_columns(site, report);
    let Action::Rename { object, to } = site.action() else { return };
    let other_rule = matches!(
        object.kind,
        ObjectKind::Table | ObjectKind::ForeignTable | ObjectKind::Schema | ObjectKind::Database
    );
    if other_rule || !breaks(site) {
        return;
    }
    report.finding(
        site.span(),
        format!(
            "renames {} to `{to}`: every release that says `{}` fails, also the one a rollback would go back to",
            called(object),
            object.name
        ),
        steps(site, object, to),
    );
}

fn of_view_columns(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let TableChange::RenameColumn { from, to } = &*clause.change else { continue };
        if !is_view(site, clause.table) {
            continue;
        }
        let (view, dialect) = (clause.table, site.file.engine.dialect);
        report.finding(
            site.span(),
            format!(
                "renames column `{from}` of view `{view}` to `{to}`: every release that reads `{from}` fails, also the \
                 one a rollback would go back to"
            ),
            format!(
                "Show the column under both names; new columns go last\n\n\
                 -- expand\n\
                 CREATE OR REPLACE VIEW {} AS SELECT …, {} AS {} FROM …;",
                site.name(view),
                from.sql(dialect),
                to.sql(dialect),
            ),
        );
    }
}

fn steps(site: &Site<'_>, object: &Object, to: &Name) -> String {
    let dialect = site.file.engine.dialect;
    let (old, new) = (site.name(&object.name), site.name(to));
    let create = match object.kind {
        ObjectKind::View => format!("CREATE VIEW {new} AS SELECT * FROM {old};"),
        ObjectKind::Role => format!("CREATE ROLE {new} LOGIN IN ROLE {old};"),
        ObjectKind::MaterializedView => format!("CREATE MATERIALIZED VIEW {new} AS …;"),
        kind => format!("CREATE {} {new} …;", kind.word().to_uppercase()),
    };
    format!(
        "Make a second one under the new name\n\n\
         -- expand\n\
         {create}\n\
         -- contract: when every release that says {old} is retired\n\
         DROP {};",
        object_sql(object, dialect)
    )
}
