//! Renames an index or a constraint that a release may know by its name.
//!
//! ## What happens
//! As a rule nothing: no query names an index or a constraint. Those that do fail or change their plan: `ON CONFLICT
//! ON CONSTRAINT`, MySQL's index hints (`FORCE INDEX` of an index that is not there is an error), and code that tells
//! a duplicate from another failure by the name in the error's text.
//!
//! ## Not reported
//! What is new in the pending set, and PostgreSQL's indexes that are not unique, which no query can name.
//!
//! ## Instead
//! Look for the old name in the application's code and in its error handling before.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{
    Action, ConstraintKind, Dialect, Ident, Name, Object, ObjectKind, Severity, TableChange,
};

pub(super) const RULE: Rule = Rule {
    id: "rename-index-or-constraint",
    row: 23,
    severity: Severity::Note,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("rename_index_or_constraint.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new {
        return;
    }
    let renamed = match site.action() {
        Action::Rename { object, .. }
            if object.kind == ObjectKind::Index && !is_plain(site, object) =>
        {
            Some(("index", &object.name.name, object.table.as_ref(), true))
        }
        Action::AlterTable { table, change } => match &**change {
            TableChange::RenameConstraint { from, .. } => {
                Some(("constraint", from, Some(table), may_be_arbiter(site, table, from)))
            }
            _ => None,
        },
        _ => None,
    };
    let Some((kind, name, table, arbiter)) = renamed else { return };
    let table = table.map_or_else(String::new, |table| format!(" of `{table}`"));
    let uses = match (site.file.engine.dialect, kind) {
        (Dialect::Mysql, "index") => "an index hint that names it is an error from now on",
        (Dialect::Postgres, _) if arbiter => {
            "`ON CONFLICT ON CONSTRAINT` fails, and code that looks for it in an error's text does not find it"
        }
        _ => "code that looks for it in an error's text does not find it",
    };
    report.finding(
        site.span(),
        format!("renames {kind} `{name}`{table}: where a release uses it by name, {uses}"),
        format!("Look for `{name}` in the code of the releases that may run"),
    );
}

/// Whether `ON CONFLICT ON CONSTRAINT` can name the constraint, for all that the folder tells.
fn may_be_arbiter(site: &Site<'_>, table: &Name, name: &Ident) -> bool {
    let table = site.schema.table(table);
    let held = table.and_then(|table| table.constraint(name));
    held.is_none_or(|held| {
        matches!(
            held.constraint.kind,
            ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. } | ConstraintKind::Exclude { .. }
        )
    })
}

/// Whether the index is known as one that no query can name.
fn is_plain(site: &Site<'_>, object: &Object) -> bool {
    site.file.engine.dialect == Dialect::Postgres
        && site
            .schema
            .index(&object.name, object.table.as_ref())
            .is_some_and(|(_, index)| !index.def.unique)
}
