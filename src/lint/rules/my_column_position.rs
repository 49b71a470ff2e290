//! Puts a MySQL column at a place of its own: `FIRST` or `AFTER`.
//!
//! ## What happens
//! `SELECT *` gives its columns in another order from now on. A running release that goes by position reads one column
//! for another, and an INSERT without a column list puts values into the wrong columns: without an error, where the
//! types allow it. MySQL rebuilds the table for a column that is moved, and before 8.0.29 for one that is added
//! elsewhere than at the end; MariaDB moves it in its dictionary.
//!
//! ## Not reported
//! What is new in the pending set; a column that is added behind the last one, or moved to where it stands. A column
//! that is added in an instant is a note only: an INSERT by position fails with or without its place.
//!
//! ## Instead
//! Leave FIRST and AFTER out, and name the columns in queries.

use super::{Check, Mysql, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, LockWork, Name, Position, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "my-column-position",
    row: 31,
    severity: Severity::Warning,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("my_column_position.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterTable { table, change } = site.action() else { return };
    if site.judged.on_new {
        return;
    }
    let rebuilt = site.judged.locks.iter().any(|lock| lock.work == LockWork::Rewrite);
    let cost = if rebuilt {
        format!(", and the server rebuilds `{table}` for it")
    } else {
        String::new()
    };
    let help = "Leave FIRST and AFTER out; the order of columns is for people";
    match &**change {
        TableChange::AddColumn { column, position: Some(position), .. } => {
            if is_after_last(site, table, position) {
                return;
            }
            let severity = if rebuilt { Severity::Warning } else { Severity::Note };
            report.at_most(severity).finding(
                site.span(),
                format!(
                    "puts the new column `{}` between those of `{table}`: running releases that read `SELECT *` by \
                     position take one column for another{cost}",
                    column.name
                ),
                help,
            );
        }
        TableChange::RedefineColumn { from, column, position: Some(position) } => {
            if site.schema.is_new_column(table, from) || stands_there(site, table, from, position) {
                return;
            }
            report.finding(
                site.span(),
                format!(
                    "moves column `{}` of `{table}`: running releases that read `SELECT *` or INSERT by position take \
                     one column for another{cost}",
                    column.name
                ),
                help,
            );
        }
        _ => {}
    }
}

/// Whether the place is the end, where a new column goes anyway.
fn is_after_last(site: &Site<'_>, table: &Name, position: &Position) -> bool {
    let Position::After(before) = position else { return false };
    let Some(held) = site.schema.table(table) else { return false };
    let last = held.columns.last().map(|column| &column.def.name);
    held.complete && last == Some(before)
}

/// Whether the column stands at the place already.
fn stands_there(site: &Site<'_>, table: &Name, column: &Ident, position: &Position) -> bool {
    let Some(held) = site.schema.table(table).filter(|held| held.complete) else { return false };
    let names: Vec<&Ident> = held.columns.iter().map(|held| &held.def.name).collect();
    match position {
        Position::First => names.first() == Some(&column),
        Position::After(before) => names.windows(2).any(|pair| *pair == [before, column]),
    }
}
