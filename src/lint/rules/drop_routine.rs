//! Drops a function, procedure, aggregate, operator, cast or event that a running release may rely on.
//!
//! ## What happens
//! Every query, default, policy or trigger that calls it fails from this statement on, also those of the release that
//! a rollback would go back to. An event that is gone fails nobody: its work silently stops being done.
//!
//! ## Not reported
//! What was created earlier in the same pending set, and a routine that comes back in the same file under the same
//! signature, which is a replacement.
//!
//! ## Instead
//! Keep the old signature beside the new one until every release that calls it is retired.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::objects::{called, dropped, object_sql};
use crate::lint::{Report, Site};
use crate::model::{ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-routine",
    row: 5,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("drop_routine.rs"),
};

const KINDS: &[ObjectKind] = &[
    ObjectKind::Function,
    ObjectKind::Procedure,
    ObjectKind::Aggregate,
    ObjectKind::Operator,
    ObjectKind::Cast,
    ObjectKind::Event,
];

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(object) = dropped(site, KINDS) else { return };
    let what = called(object);
    let message = if object.kind == ObjectKind::Event {
        format!("drops {what}: what it did for running releases silently stops being done")
    } else if object.signature.is_none() && overloads(site, &object.name) > 1 {
        format!(
            "drops {what} without its argument types, and {} of that name are known: the statement fails, or \
             takes one that running releases call",
            overloads(site, &object.name)
        )
    } else {
        format!(
            "drops {what}: every query of a running release that uses it fails, also of the one a rollback would go \
             back to"
        )
    };
    report.finding(
        site.span(),
        message,
        format!(
            "Drop it in a migration of its own, after every release that uses it is retired\n\nDROP {};",
            object_sql(object, site.file.engine.dialect)
        ),
    );
}

fn overloads(site: &Site<'_>, name: &crate::model::Name) -> usize {
    site.schema.routines(name).count()
}
