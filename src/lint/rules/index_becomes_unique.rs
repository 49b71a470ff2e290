//! Makes unique what an existing plain index covers.
//!
//! ## What happens
//! The same columns had an index that allowed equal rows, so equal rows are likely to be there, and running
//! releases are used to writing them. The build fails on the first pair; once it has succeeded, their
//! writes fail.
//!
//! ## Not reported
//! Tables that are new in the pending set, and an index that was unique before.
//!
//! ## Instead
//! 1. Stop every release from writing equal rows, and merge those that are there.
//! 2. When every release that may write them is retired, build the unique index beside the old one.
//! 3. Drop the plain index last, so that no query is without one.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::constraints::plain_index_made_unique;
use crate::lint::words::columns_sql;
use crate::lint::{Report, Site};
use crate::model::{Dialect, Effect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "index-becomes-unique",
    row: 55,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("index_becomes_unique.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new || site.judged.verdict.effect != Effect::Restrict {
        return;
    }
    let Some(plain) = plain_index_made_unique(site) else { return };
    let dialect = site.file.engine.dialect;
    let table = &plain.def.table;
    let columns: Vec<_> = plain.def.columns().cloned().collect();
    let list = columns_sql(&columns, dialect);
    let concurrently = if dialect == Dialect::Postgres {
        " CONCURRENTLY"
    } else {
        ""
    };
    let table_sql = table.sql(dialect);
    report.finding(
        site.span(),
        format!(
            "makes `{table}` ({list}) unique, where index {} allowed equal rows until now: the build fails on those \
             that are there, and afterwards the writes of running releases that make more of them fail",
            plain.def.label()
        ),
        format!(
            "Merge the equal rows first, and make it unique when no release writes them any more\n\n\
             -- migrate: must return no row\n\
             SELECT {list}, count(*) FROM {table_sql} GROUP BY {list} HAVING count(*) > 1;\n\
             -- contract\n\
             CREATE UNIQUE INDEX{concurrently} {} ON {table_sql} ({list});",
            crate::lint::words::unique_index_name(table, &columns).sql(dialect)
        ),
    );
}
