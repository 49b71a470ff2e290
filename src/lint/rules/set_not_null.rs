//! Makes a column required that was not.
//!
//! ## What happens
//! From this statement on a write that leaves NULL in the column fails: an INSERT of a running release that does not
//! name it, an UPDATE that clears it, and the same of the release that traffic is rolled back to. However well
//! the lock is avoided, this stays. The statement fails if one row holds NULL. PostgreSQL reads every row under
//! ACCESS EXCLUSIVE, which stops reads and writes, unless a validated `CHECK (column IS NOT NULL)` proves it (12
//! and later); MySQL rebuilds the table; on SQLite it takes a table rebuild.
//!
//! ## Not reported
//! Tables that are new in the pending set; a column that is NOT NULL already; a new column that has a default. A new
//! column without one is reported: old releases leave it out.
//!
//! ## Instead
//! 1. Let every release that may still run write the column, and fill the rows that are NULL.
//! 2. On PostgreSQL add `CHECK (column IS NOT NULL) NOT VALID`: an instant, and the point from which old writers are bound.
//! 3. VALIDATE it in the next migration: reads and writes go on.
//! 4. SET NOT NULL, which takes the CHECK's word, and drop the CHECK.
//!
//! `bgmigrate split` writes these steps in the place of the file.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::{Clause, clauses, is_filled};
use crate::lint::retype::copies;
use crate::lint::sequences::{batch, demand_value};
use crate::lint::{Report, Site};
use crate::model::{Dialect, Ident, LockWork, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "set-not-null",
    row: 39,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("set_not_null.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let clauses = clauses(site);
    for clause in clauses {
        let TableChange::SetNotNull { column } = &*clause.change else {
            continue;
        };
        let is_new = clause.is_new(site, column);
        let filled = is_filled(site, clause.table, column) || has_default_afterwards(clauses, clause, column);
        let required = clause.column(column).is_some_and(|held| held.def.not_null);
        if is_new && filled || required {
            continue;
        }
        let who = match (is_new, filled) {
            (true, _) => "inserts of releases that do not know it fail",
            (false, true) => "running releases that write NULL into it fail",
            (false, false) => "running releases that leave it out or write NULL into it fail",
        };
        report.finding(
            site.span(),
            format!(
                "{}makes `{column}` of `{}` NOT NULL: {who}{}",
                clause.subject(),
                clause.table,
                cost(site, clause)
            ),
            steps(site, clause, column),
        );
    }
}

/// Whether the column has a default once all of these clauses are done.
fn has_default_afterwards(clauses: &[Clause<'_>], clause: &Clause<'_>, column: &Ident) -> bool {
    let last = clauses.iter().rev().find_map(|other| match &*other.change {
        TableChange::SetDefault { column: own, default } if own == column => Some(!default.is_null()),
        TableChange::DropDefault { column: own } if own == column => Some(false),
        _ => None,
    });
    last.or_else(|| clause.had_default(column)).unwrap_or(false)
}

/// What the statement itself costs.
fn cost(site: &Site<'_>, clause: &Clause<'_>) -> String {
    let table = clause.table;
    let scans = site.judged.locks.iter().any(|lock| lock.work != LockWork::Instant);
    match site.file.engine.dialect {
        Dialect::Postgres if scans => format!(
            "; every row is read under ACCESS EXCLUSIVE while reads and writes of `{table}` wait"
        ),
        Dialect::Mysql if copies(site) => {
            format!("; the server copies the table while writes to `{table}` wait")
        }
        Dialect::Mysql if scans => "; the server rebuilds the table, while reads and writes go on".to_owned(),
        _ => String::new(),
    }
}

fn steps(site: &Site<'_>, clause: &Clause<'_>, column: &Ident) -> String {
    let dialect = site.file.engine.dialect;
    let table = clause.table;
    let held = clause.column(column);
    let data_type = held.and_then(|held| held.def.data_type.as_ref());
    let proven = site.schema.table(table).is_some_and(|table| table.proves_not_null(column));
    if dialect == Dialect::Postgres && proven {
        return "Run it when every release that may write NULL is retired: the CHECK has bound them before, and spares \
                the scan"
            .to_owned();
    }
    let empty = format!("{} IS NULL", column.sql(dialect));
    format!(
        "Fill it first, and demand it when every release that may leave NULL in it is retired\n\n\
         -- migrate: fill it in batches, until no row is left\n{}\n{}",
        batch(site, table, column, "…", &empty),
        demand_value(table, column, data_type, dialect).trim_end(),
    )
}
