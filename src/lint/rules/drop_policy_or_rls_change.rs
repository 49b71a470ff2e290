//! Changes which rows a running release may see or write.
//!
//! ## What happens
//! A policy that is dropped or altered, and row security that is enabled, forced or disabled, change the answers of
//! queries that do not change: rows disappear, or appear, for releases that know nothing of it. Row security that is
//! enabled without a policy shows no row at all to anyone but the table's owner.
//!
//! ## Not reported
//! Tables that are new in the pending set; CREATE POLICY.
//!
//! ## Instead
//! Create a permissive policy first, enable row security after it, and take rows away from a role only when every
//! release that connects by it and needs them is retired.

use super::{Check, Postgres, Rule};
use crate::lint::objects::called;
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Name, ObjectKind, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "drop-policy-or-rls-change",
    row: 10,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("drop_policy_or_rls_change.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new {
        return;
    }
    match site.action() {
        Action::Drop { object, .. } if object.kind == ObjectKind::Policy => {
            report.finding(
                site.span(),
                format!(
                    "drops {}: rows that it showed disappear for running releases, and their writes that it \
                     allowed fail",
                    called(object)
                ),
                "Create the policy that takes its place first, and drop this one after every release that needs it \
                 is retired",
            );
        }
        Action::AlterObject { object, .. } if object.kind == ObjectKind::Policy => {
            report.finding(
                site.span(),
                format!("alters {}: running releases see and write other rows from now on", called(object)),
                "Create a second, permissive policy for the new rows, and drop the old one after every release that \
                 needs it is retired",
            );
        }
        Action::AlterTable { table, change } => {
            if let TableChange::RowSecurity { clause } = &**change {
                row_security(site, table, clause, report);
            }
        }
        _ => {}
    }
}

fn row_security(site: &Site<'_>, table: &Name, clause: &str, report: &mut Report<'_>) {
    if clause.starts_with("disable") || clause.starts_with("no force") {
        return report.finding(
            site.span(),
            format!(
                "lifts row security from `{table}`: every release sees and writes rows that the policies kept \
                 from it"
            ),
            "Make sure that every release that may run filters the rows by itself",
        );
    }
    let table_sql = table.sql(Dialect::Postgres);
    report.finding(
        site.span(),
        format!(
            "puts row security on `{table}`: every row that no policy shows disappears for running releases, and \
             their writes that no policy allows fail"
        ),
        format!(
            "Create a policy that shows every row before, and narrow it after old releases are retired\n\n\
             -- expand\n\
             CREATE POLICY everything ON {table_sql} USING (true) WITH CHECK (true);\n\
             ALTER TABLE {table_sql} ENABLE ROW LEVEL SECURITY;\n\
             -- contract: when every release that does not know the narrower policies is retired\n\
             DROP POLICY everything ON {table_sql};"
        ),
    );
}
