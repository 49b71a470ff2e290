//! Replaces a view or routine that running releases use.
//!
//! ## What happens
//! From this statement on the old release reads through the new view and calls the new body, and a rollback of
//! the application does not bring the old one back. PostgreSQL refuses OR REPLACE of a view that loses or
//! reorders columns; a drop and a create in one go do not refuse it.
//!
//! ## Not reported
//! Views and routines that the folder creates for the first time, or that are new in the pending set.
//!
//! ## Instead
//! Create the new one under a name with a version in it, let new releases use that, and drop the old one when
//! every release that uses it is retired. Where both releases must see the new meaning, replace it knowingly.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, CreateRoutine, CreateView, Effect, Ident, Object, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "replace-view-or-function",
    row: 75,
    severity: Severity::Warning,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("replace_view_or_function.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let replaced = match site.action() {
        Action::CreateView(create) if replaces_view(site, create) => {
            let kind = if create.materialized {
                ObjectKind::MaterializedView
            } else {
                ObjectKind::View
            };
            Object::new(kind, create.name.clone())
        }
        Action::CreateRoutine(create) if replaces_routine(site, create) => create.object.clone(),
        _ => return,
    };
    let uses = if replaced.kind.is_routine() {
        "running releases call the new body"
    } else {
        "running releases read through the new definition"
    };
    let narrower = if site.judged.verdict.effect == Effect::Reshape {
        format!("; {}", site.judged.verdict.reason)
    } else {
        String::new()
    };
    let successor = Ident::folded(&format!("{}_v2", replaced.name.name.written()));
    report.finding(
        site.span(),
        format!(
            "replaces {} `{}`: {uses} from this statement on, and a rollback does not bring the old one back{narrower}",
            replaced.kind.word(),
            replaced.name
        ),
        format!(
            "Create it beside the old one, and drop that when no release uses it any more\n\n\
             -- expand\n\
             CREATE {kind} {} …;\n\
             -- contract\n\
             DROP {kind} {};",
            site.name(&replaced.name.sibling(successor)),
            site.name(&replaced.name),
            kind = replaced.kind.word().to_uppercase(),
        ),
    );
}

fn replaces_view(site: &Site<'_>, create: &CreateView) -> bool {
    if create.temporary {
        return false;
    }
    let is_old = |kind| {
        let object = Object::new(kind, create.name.clone());
        let stands = create.or_replace && site.schema.knows(&object) && !site.schema.is_new(&object);
        stands || site.schema.was_released_and_dropped(&object)
    };
    is_old(ObjectKind::View) || is_old(ObjectKind::MaterializedView)
}

fn replaces_routine(site: &Site<'_>, create: &CreateRoutine) -> bool {
    let object = &create.object;
    let stands = create.or_replace && site.schema.knows(object) && !site.schema.is_new(object);
    let unsigned = Object {
        signature: None,
        ..object.clone()
    };
    stands || site.schema.was_released_and_dropped(object) || site.schema.was_released_and_dropped(&unsigned)
}
