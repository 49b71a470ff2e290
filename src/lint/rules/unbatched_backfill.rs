//! Changes a whole table's rows in one statement.
//!
//! ## What happens
//! Every row that it has touched stays locked until it commits, writes of running releases to them wait, replicas
//! lag, and the old versions of all rows pile up. When it is cancelled, all of it was for nothing. On SQLite
//! every other writer of the database waits.
//!
//! ## Not reported
//! Tables that are new in the pending set; rows that the condition names by comparing with literals; a statement
//! with a LIMIT, which is one batch of many. UPDATE and DELETE without any condition have a rule of
//! their own.
//!
//! ## Instead
//! Batches by key, each in its own transaction.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Expr, Ident, RowChange, RowSource, RowVerb, Severity};

pub(super) const RULE: Rule = Rule {
    id: "unbatched-backfill",
    row: 88,
    severity: Severity::Warning,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("unbatched_backfill.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Rows(rows) = site.action() else { return };
    if site.judged.on_new || rows.limited {
        return;
    }
    let whole = match rows.verb {
        RowVerb::Update | RowVerb::Delete => {
            rows.condition.as_ref().is_some_and(|condition| !pinpoints(condition)) && !rows.every_row
        }
        RowVerb::Insert | RowVerb::Replace | RowVerb::Merge => {
            matches!(&rows.source, RowSource::Query(from) if !from.is_empty())
        }
        RowVerb::Copy => false,
    };
    if !whole {
        return;
    }
    let table = &rows.table;
    let verb = match rows.verb {
        RowVerb::Update => "updates",
        RowVerb::Delete => "deletes from",
        _ => "copies rows into",
    };
    let waits = match site.file.engine.dialect {
        Dialect::Sqlite => "every other writer of the database waits until it is done",
        _ => "each row that it has touched stays locked until all are done, and replicas lag",
    };
    report.finding(
        site.span(),
        format!("{verb} `{table}` in one statement: {waits}"),
        format!("Do it in batches by key, each in its own transaction\n\n{}", batch(site, rows)),
    );
}

/// Whether the condition compares with literals by equality, and so names a few rows.
fn pinpoints(condition: &Expr) -> bool {
    let text = condition.text.to_ascii_lowercase();
    let mut parts = text.split(" and ");
    let is_literal = |side: &str| {
        let side = side.trim().trim_matches(['(', ')', ' ']);
        side.starts_with('\'') || side.starts_with(|c: char| c.is_ascii_digit()) || side.starts_with('$')
    };
    !text.contains(" or ")
        && parts.any(|part| {
            let equal = part
                .split_once('=')
                .filter(|(left, _)| !left.ends_with(['<', '>', '!']));
            let one_of = part
                .split_once(" in ")
                .filter(|(left, _)| !left.trim_end().ends_with(" not"));
            equal.or(one_of).is_some_and(|(_, right)| is_literal(right))
        })
}

fn batch(site: &Site<'_>, rows: &RowChange) -> String {
    let dialect = site.file.engine.dialect;
    let table = site.name(&rows.table);
    let key = site
        .schema
        .table(&rows.table)
        .and_then(|table| table.primary_key())
        .and_then(|key| key.first())
        .map_or("id".to_owned(), |key: &Ident| key.sql(dialect));
    let condition = rows.condition.as_ref().map_or("…", |condition| condition.text.as_str());
    match rows.verb {
        RowVerb::Update => format!(
            "-- migrate: repeat for each range of keys, and commit in between\n\
             UPDATE {table} SET … WHERE {key} > :last AND {key} <= :last + 1000 AND ({condition});"
        ),
        RowVerb::Delete => format!(
            "-- migrate: repeat for each range of keys, and commit in between\n\
             DELETE FROM {table} WHERE {key} > :last AND {key} <= :last + 1000 AND ({condition});"
        ),
        _ => format!(
            "-- migrate: repeat for each range of the source's keys, and commit in between\n\
             INSERT INTO {table} SELECT … WHERE {key} > :last AND {key} <= :last + 1000;"
        ),
    }
}
