//! Deletes or changes every row of a table.
//!
//! ## What happens
//! Without a condition, or with one that is always true, every row is deleted or overwritten: what running releases
//! stored is gone, and no file brings it back. All rows stay locked until the statement commits, and writers of
//! any of them wait.
//!
//! ## Not reported
//! Tables that are new in the pending set; an UPDATE that only fills columns that are new in it, of which
//! `unbatched-backfill` speaks; a statement with LIMIT.
//!
//! ## Instead
//! Say which rows are meant, keep a copy of what is deleted, and work in batches by the key.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::single_key;
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Name, RowChange, RowVerb, Severity};

pub(super) const RULE: Rule = Rule {
    id: "delete-or-update-without-where",
    row: 16,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("delete_or_update_without_where.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Rows(rows) = site.action() else { return };
    if site.judged.on_new || !rows.every_row || rows.limited {
        return;
    }
    let table = &rows.table;
    let why = if rows.condition.is_some() { "its condition is always true" } else { "it has no WHERE" };
    match rows.verb {
        RowVerb::Delete => report.finding(
            site.span(),
            format!(
                "deletes every row of `{table}` ({why}): they are gone for every release, and writers of `{table}` wait \
                 until it commits"
            ),
            format!(
                "Say which rows are meant, and delete them in batches in a contract migration\n\n{}",
                batch(site, table, "DELETE FROM", "")
            ),
        ),
        RowVerb::Update if !fills_new_columns(site, rows) => {
            let columns: Vec<_> = rows.columns.iter().map(|column| format!("`{column}`")).collect();
            let what = if columns.is_empty() { String::new() } else { format!("{} of ", columns.join(", ")) };
            report.finding(
                site.span(),
                format!(
                    "overwrites {what}every row of `{table}` ({why}): what running releases stored there is gone, and \
                     writers of `{table}` wait until it commits"
                ),
                format!(
                    "Say which rows are meant, and change them in batches in a migration of its own\n\n{}",
                    batch(site, table, "UPDATE", "SET … ")
                ),
            );
        }
        _ => {}
    }
}

/// A backfill: no release has stored anything there.
fn fills_new_columns(site: &Site<'_>, rows: &RowChange) -> bool {
    !rows.columns.is_empty()
        && rows.columns.iter().all(|column| site.schema.is_new_column(&rows.table, column))
}

fn batch(site: &Site<'_>, table: &Name, verb: &str, assignments: &str) -> String {
    let dialect = site.file.engine.dialect;
    let table_sql = table.sql(dialect);
    if dialect == Dialect::Mysql {
        return format!("{verb} {table_sql} {assignments}WHERE … LIMIT 1000; -- until it changes no row");
    }
    let key = single_key(site, table).map_or_else(
        || if dialect == Dialect::Postgres { "ctid" } else { "rowid" }.to_owned(),
        |key| key.sql(dialect),
    );
    format!(
        "-- again and again, until it changes no row\n\
         {verb} {table_sql} {assignments}WHERE {key} IN (SELECT {key} FROM {table_sql} WHERE … LIMIT 1000);"
    )
}
