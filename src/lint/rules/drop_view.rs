//! Drops a view that a running release may still read.
//!
//! ## What happens
//! No row is lost, but every release that still reads the view fails from this statement on, also the one a rollback
//! would go back to.
//!
//! ## Not reported
//! A view that was created earlier in the same pending set, and one that the same file creates again, of which
//! `replace-view-or-function` speaks.
//!
//! ## Instead
//! Create the new view under a name of its own, let new releases read that, and drop the old one when every release
//! that reads it is retired.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::objects::{called, dropped, object_sql};
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, Name, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-view",
    row: 4,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_view.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(object) = dropped(site, &[ObjectKind::View, ObjectKind::MaterializedView]) else { return };
    if comes_back(site, &object.name) {
        return;
    }
    let dialect = site.file.engine.dialect;
    let next = object.name.sibling(Ident::folded(&format!("{}_v2", object.name.name.written())));
    report.finding(
        site.span(),
        format!(
            "drops {}: every release that still reads it fails, also the one a rollback would go back to",
            called(object)
        ),
        format!(
            "Drop it in a migration of its own, after every release that reads it is retired\n\n\
             -- expand: what takes its place, if anything does\n\
             CREATE {} {} AS SELECT …;\n\
             -- contract: when every release that reads {} is retired\n\
             DROP {};",
            object.kind.word().to_uppercase(),
            next.sql(dialect),
            object.name,
            object_sql(object, dialect),
        ),
    );
}

fn comes_back(site: &Site<'_>, view: &Name) -> bool {
    site.later().any(|(_, change)| match &change.action {
        Action::CreateView(create) => create.name == *view,
        _ => false,
    })
}
