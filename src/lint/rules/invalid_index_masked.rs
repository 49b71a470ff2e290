//! Takes an index that failed to build for one that is there.
//!
//! ## What happens
//! CREATE INDEX CONCURRENTLY that fails (a timeout, a duplicate, a deadlock) leaves an INVALID index behind. With
//! IF NOT EXISTS the next run finds that name, does nothing and succeeds: queries never use the index, a
//! unique one guards nothing, and yet every write pays for it.
//!
//! ## Not reported
//! The form that drops the index first, IF EXISTS, in the same file.
//!
//! ## Instead
//! Drop what a failed run may have left, then build without IF NOT EXISTS.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "invalid-index-masked",
    row: 71,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("invalid_index_masked.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::CreateIndex(create) = site.action() else { return };
    let Some(name) = &create.name else { return };
    if !create.concurrently || !create.if_not_exists {
        return;
    }
    let dropped_before = site.earlier().any(|(_, change)| match &change.action {
        Action::Drop { object, .. } => object.kind == ObjectKind::Index && object.name == *name,
        _ => false,
    });
    if dropped_before {
        return;
    }
    let index = site.name(name);
    report.finding(
        site.span(),
        format!(
            "IF NOT EXISTS takes an INVALID index `{name}`, left by a build that failed, for one that is there: the \
             migration succeeds and no query of `{}` ever uses it",
            create.table
        ),
        format!(
            "Drop what a failed run may have left, then build without IF NOT EXISTS\n\n\
             DROP INDEX CONCURRENTLY IF EXISTS {index};\n\
             CREATE {}INDEX CONCURRENTLY {index} ON …;",
            if create.unique { "UNIQUE " } else { "" }
        ),
    );
}
