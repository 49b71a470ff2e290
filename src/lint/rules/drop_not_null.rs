//! Allows NULL in a column where running releases have never met one.
//!
//! ## What happens
//! Nothing, until a new release writes the first NULL. Releases that read the column were built on the promise that there
//! is none: they fail on the row, or count it wrongly, and a rollback brings them back to it. The statement cannot
//! be undone either before somebody has decided what the NULLs mean.
//!
//! ## Not reported
//! Tables and columns that are new in the pending set; a column that may be NULL already; on MySQL a column of the primary
//! key, which stays NOT NULL.
//!
//! ## Instead
//! Keep it, and write no NULL into the column until the releases that do not expect one are retired. Before a
//! column is dropped this is the right step: it lets releases that do not know the column write.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::clauses;
use crate::lint::{Report, Site};
use crate::model::{Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "drop-not-null",
    row: 40,
    severity: Severity::Warning,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("drop_not_null.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let dialect = site.file.engine.dialect;
    for clause in clauses(site) {
        let TableChange::DropNotNull { column } = &*clause.change else { continue };
        let nullable = clause.column(column).is_some_and(|held| !held.def.not_null);
        if nullable || clause.is_new(site, column) {
            continue;
        }
        let table = clause.table;
        let (table_sql, column_sql) = (table.sql(dialect), column.sql(dialect));
        report.finding(
            site.span(),
            format!(
                "{}allows NULL in `{column}` of `{table}`: releases that read it do not expect one, also the one a rollback \
                 would go back to",
                clause.subject()
            ),
            format!(
                "Write no NULL into it until every release that does not expect one is retired\n\n\
                 -- no row may come back while a rollback is possible\n\
                 SELECT * FROM {table_sql} WHERE {column_sql} IS NULL;"
            ),
        );
    }
}
