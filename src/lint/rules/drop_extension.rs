//! Drops an extension whose functions, types or operators a running release may use.
//!
//! ## What happens
//! Everything that the extension brought is gone at once: a default like `uuid_generate_v4()`, an operator of
//! `pg_trgm`, a column type of `citext` or `PostGIS`. PostgreSQL refuses the drop while objects depend on it, but queries
//! of the application are no objects.
//!
//! ## Not reported
//! An extension that was created earlier in the same pending set.
//!
//! ## Instead
//! Move every use off it first, and drop it when every release that has one is retired.

use super::{Check, Postgres, Rule};
use crate::lint::objects::{called, dropped, object_sql};
use crate::lint::{Report, Site};
use crate::model::{Dialect, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-extension",
    row: 8,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("drop_extension.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(object) = dropped(site, &[ObjectKind::Extension]) else { return };
    report.finding(
        site.span(),
        format!(
            "drops {} with all its functions, types and operators: every release that uses one of them fails, \
             also the one a rollback would go back to",
            called(object)
        ),
        format!(
            "Drop it in a migration of its own, after every release that uses it is retired\n\nDROP {};",
            object_sql(object, Dialect::Postgres)
        ),
    );
}
