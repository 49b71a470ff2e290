//! Takes a right, a role or an owner away that a running release may log in with.
//!
//! ## What happens
//! Each release connects as some role, and often two releases as two. What is revoked, what belongs to another
//! owner, or what a role may do by its attributes and settings is missing for the old one from the next query (or
//! the next connection) on: `permission denied` on statements that worked a moment ago. Owners are the ones
//! who may alter and drop, so later migrations can fail as well.
//!
//! ## Not reported
//! Objects that are new in the pending set, `REASSIGN OWNED` (a rule of its own), and rights that are granted.
//!
//! ## Instead
//! 1. Grant the right to the role that the new release uses.
//! 2. When every release that uses the old role is retired, revoke it from the old one.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Effect, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "revoke-or-owner-change",
    row: 93,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("revoke_or_owner_change.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.verdict.effect != Effect::Restrict {
        return;
    }
    let dialect = site.file.engine.dialect;
    let (what, first) = match site.action() {
        Action::Revoke { on, from } => (
            format!("takes rights on `{on}` from `{from}`"),
            "Grant the right to the role of the new release first, and revoke it when the old release is retired"
                .to_owned(),
        ),
        Action::SetOwner { object } => (
            format!("gives {object} to another owner"),
            format!(
                "Grant the old owner what it needs first\n\n\
                 GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO old_owner;",
                object.name.sql(dialect)
            ),
        ),
        Action::Drop { object, .. } if object.kind == ObjectKind::Role => (
            format!("drops {object}"),
            "Drop it in a migration of its own, after every release that logs in as it is retired".to_owned(),
        ),
        Action::Rename { object, .. } | Action::AlterObject { object, .. }
            if matches!(object.kind, ObjectKind::Role | ObjectKind::Database) =>
        {
            (
                format!("changes what {object} may do, or how its sessions start"),
                "Give the new release a role of its own, and leave the old one as it is until the old release is \
                 retired"
                    .to_owned(),
            )
        }
        _ => return,
    };
    report.finding(
        site.span(),
        format!("{what}: a running release that relies on it is refused from then on, and so is one that traffic goes back to"),
        first,
    );
}
