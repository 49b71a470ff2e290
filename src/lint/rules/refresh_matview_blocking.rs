//! Refreshes a materialized view while its readers wait.
//!
//! ## What happens
//! REFRESH MATERIALIZED VIEW without CONCURRENTLY takes ACCESS EXCLUSIVE on the view until its query has run: no
//! release can read it meanwhile.
//!
//! ## Not reported
//! Views that are new in the pending set; `CONCURRENTLY`.
//!
//! ## Instead
//! REFRESH … CONCURRENTLY, for which the view needs a unique index on plain columns.

use super::{Check, Postgres, Rule};
use crate::lint::fixes::insert_after;
use crate::lint::{Report, Site};
use crate::model::{Action, Fix, Name, Severity};

pub(super) const RULE: Rule = Rule {
    id: "refresh-matview-blocking",
    row: 74,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("refresh_matview_blocking.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Refresh {
        view,
        concurrently: false,
    } = site.action()
    else {
        return;
    };
    if site.judged.on_new {
        return;
    }
    let message = format!(
        "refreshes `{view}` under ACCESS EXCLUSIVE: every reader of it waits until its query has run"
    );
    let refresh = format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {};", site.name(view));
    if !has_unique_index(site, view) {
        return report.finding(
            site.span(),
            message,
            format!(
                "Give it a unique index once, and refresh it concurrently\n\n\
                 CREATE UNIQUE INDEX ON {} (…);\n{refresh}",
                site.name(view)
            ),
        );
    }
    let help = format!("Refresh it concurrently\n\n{refresh}");
    match insert_after(site, &["refresh", "materialized", "view"], "CONCURRENTLY") {
        Some(edit) => report.fixable(
            site.span(),
            message,
            help,
            Fix {
                title: "refresh the view concurrently".to_owned(),
                edits: vec![edit],
                follow_up: None,
                apart: None,
            },
        ),
        None => report.finding(site.span(), message, help),
    }
}

fn has_unique_index(site: &Site<'_>, view: &Name) -> bool {
    site.schema.table(view).is_some_and(|held| {
        held.indexes.iter().any(|index| {
            index.def.unique
                && index.def.partial.is_none()
                && index.def.keys.iter().all(Result::is_ok)
        })
    })
}
