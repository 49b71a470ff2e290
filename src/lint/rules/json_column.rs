//! Gives a table that releases use a `json` column, where `jsonb` would not break their queries.
//!
//! ## What happens
//! `json` keeps the text as it came and has no equality. A running release that says `SELECT DISTINCT *`, `UNION`, or
//! groups by all columns of the table fails with `could not identify an equality operator for type json`, though it
//! never asked for the new column. ORMs write such queries by themselves.
//!
//! ## Not reported
//! Tables and columns that are new in the pending set.
//!
//! ## Instead
//! Write `jsonb`: it can be compared, indexed and is faster to read. It drops the order and the duplicates of keys,
//! and white space; where those count, keep the text in a `text` column.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "json-column",
    row: 34,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("json_column.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    if site.judged.on_new {
        return;
    }
    let (column, data_type, clause) = match &**change {
        TableChange::AddColumn { column, .. } => {
            let name = column.name.sql(site.file.engine.dialect);
            (&column.name, column.data_type.as_ref(), format!("ADD COLUMN {name} jsonb"))
        }
        TableChange::SetType { column, data_type, .. } => {
            let name = column.sql(site.file.engine.dialect);
            (column, Some(data_type), format!("ALTER COLUMN {name} TYPE jsonb"))
        }
        _ => return,
    };
    if data_type.is_none_or(|data_type| data_type.name != "json") {
        return;
    }
    report.finding(
        site.span(),
        format!(
            "`{column}` of `{table}` is `json`, which has no equality: SELECT DISTINCT, UNION and GROUP BY of running \
             releases over all columns of `{table}` fail"
        ),
        format!("Write jsonb\n\nALTER TABLE {} {clause};", site.name(table)),
    );
}
