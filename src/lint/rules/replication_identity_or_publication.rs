//! Changes what leaves the database by logical replication.
//!
//! ## What happens
//! Consumers (replicas, change data capture, search indexes) get other rows or columns from this statement on, or
//! none at all. With REPLICA IDENTITY NOTHING, UPDATE and DELETE on a published table fail for every release.
//!
//! ## Not reported
//! Tables, publications and subscriptions that are new in the pending set; a publication to which something is
//! added.
//!
//! ## Instead
//! Add the new shape beside the old one (a second publication, a further table), move the consumers over, and
//! take the old one away when none of them reads it any more.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Effect, ObjectKind, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "replication-identity-or-publication",
    row: 94,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("replication_identity_or_publication.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new {
        return;
    }
    match site.action() {
        Action::AlterTable { table, change } => {
            if let TableChange::ReplicaIdentity { clause } = &**change {
                replica_identity(site, &table.to_string(), clause, report);
            }
        }
        Action::Drop { object, .. }
        | Action::Rename { object, .. }
        | Action::AlterObject { object, .. }
            if matches!(object.kind, ObjectKind::Publication | ObjectKind::Subscription)
                && site.judged.verdict.effect != Effect::Add =>
        {
            report.finding(
                site.span(),
                format!("changes {object}: its consumers get other rows from then on, or none"),
                "Create a second one in the new shape, move the consumers over, and drop this one when none reads it",
            );
        }
        _ => {}
    }
}

fn replica_identity(site: &Site<'_>, table: &str, clause: &str, report: &mut Report<'_>) {
    let message = if clause.ends_with("nothing") {
        format!(
            "sets REPLICA IDENTITY NOTHING on `{table}`: while it is published, every UPDATE and DELETE on it fails"
        )
    } else {
        format!("changes the replica identity of `{table}`: consumers of its changes get other old keys from then on")
    };
    report.finding(
        site.span(),
        message,
        "Change it when every consumer of the table can read both shapes",
    );
}
