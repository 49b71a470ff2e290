//! Builds a FULLTEXT or SPATIAL index, which blocks writes on MySQL and MariaDB.
//!
//! ## What happens
//! Both are built with LOCK=SHARED: no release can insert, update or delete until the index is there. The first
//! FULLTEXT index of a table writes the whole table anew besides.
//!
//! ## Not reported
//! Tables that are new in the pending set.
//!
//! ## Instead
//! Build it in a quiet hour or with an online tool, or keep the text or the shapes in a table of their own.

use super::{Check, Mysql, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, LockWork, Severity};

pub(super) const RULE: Rule = Rule {
    id: "my-fulltext-spatial-index",
    row: 73,
    severity: Severity::Warning,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("my_fulltext_spatial_index.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::CreateIndex(create) = site.action() else { return };
    if site.judged.on_new || !matches!(create.method.as_str(), "fulltext" | "spatial") {
        return;
    }
    let rewrites = site.judged.locks.iter().any(|lock| lock.work == LockWork::Rewrite);
    let work = if rewrites {
        "the table is written anew, as for each first FULLTEXT index"
    } else {
        "the index is built"
    };
    report.finding(
        site.span(),
        format!(
            "builds {} index {} with LOCK=SHARED: every write to `{}` waits while {work}",
            create.method.to_uppercase(),
            create.label(),
            create.table
        ),
        "Build it in a quiet hour or with an online tool (gh-ost, pt-online-schema-change)",
    );
}
