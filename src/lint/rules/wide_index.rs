//! A plain index on more than three columns.
//!
//! ## What happens
//! Each write pays for every column, and the planner rarely gets anything from the fourth on: the index is as
//! large as a copy of the table, and a narrower one would answer the same queries.
//!
//! ## Not reported
//! Unique indexes, whose columns are their meaning, and access methods other than btree.
//!
//! ## Instead
//! Keep the columns that the queries compare, the most selective first; carry others along by INCLUDE.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity};

pub(super) const RULE: Rule = Rule {
    id: "wide-index",
    row: 72,
    severity: Severity::Note,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("wide_index.rs"),
};

const MOST_COLUMNS: usize = 3;

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::CreateIndex(create) = site.action() else { return };
    let is_btree = matches!(create.method.as_str(), "" | "btree");
    if create.unique || !is_btree || create.keys.len() <= MOST_COLUMNS {
        return;
    }
    report.finding(
        site.span(),
        format!(
            "index {} has {} columns: every write to `{}` pays for all of them, and queries seldom gain from more than \
             {MOST_COLUMNS}",
            create.label(),
            create.keys.len(),
            create.table
        ),
        "Keep the columns that queries compare, and carry others along by INCLUDE",
    );
}
