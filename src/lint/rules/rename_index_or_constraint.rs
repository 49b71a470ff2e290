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
use crate::model::{Action, Dialect, Object, ObjectKind, Severity, TableChange};

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
        Action::Rename { object, .. } if object.kind == ObjectKind::Index => {
            (!is_plain(site, object)).then(|| ("index", object.name.to_string(), object.table.clone()))
        }
        Action::AlterTable { table, change } => match &**change {
            TableChange::RenameConstraint { from, .. } => {
                Some(("constraint", from.to_string(), Some(table.clone())))
            }
            _ => None,
        },
        _ => None,
    };
    let Some((kind, name, table)) = renamed else { return };
    let table = table.map_or_else(String::new, |table| format!(" of `{table}`"));
    let uses = match (site.file.engine.dialect, kind) {
        (Dialect::Mysql, "index") => "an index hint that names it is an error from now on",
        (Dialect::Mysql, _) => "code that looks for it in an error's text does not find it",
        _ => "`ON CONFLICT ON CONSTRAINT` fails, and code that looks for it in an error's text does not find it",
    };
    report.finding(
        site.span(),
        format!("renames {kind} `{name}`{table}: where a release uses it by name, {uses}"),
        format!("Look for `{name}` in the code of the releases that may run"),
    );
}

/// Whether the index is known as one that no query can name.
fn is_plain(site: &Site<'_>, object: &Object) -> bool {
    site.file.engine.dialect == Dialect::Postgres
        && site
            .schema
            .index(&object.name, object.table.as_ref())
            .is_some_and(|(_, index)| !index.def.unique)
}
