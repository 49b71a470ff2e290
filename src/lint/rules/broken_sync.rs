//! Columns that a `sync` directive names cannot be kept in step, or no longer could.
//!
//! ## What happens
//! `-- bgmigrate: sync=TABLE.OLD<->TABLE.NEW` has triggers keep two sides of a table in step. Where they could not work,
//! writes of every release would fail or be lost, so `apply` runs nothing of such a file: a column is not there, is
//! generated, numbers itself or is part of the primary key; the types differ and nothing tells how one becomes the other;
//! an expression names other columns than those of the other side, asks a query, or comes to something else each time;
//! a column is kept in step with another one already; the file is no expand file. The same goes for a later file that
//! renames a side, or makes the table anew with both of them, while the triggers are there.
//!
//! ## Not reported
//! Columns that the folder does not show, because it begins with a dump: the server is asked by a statement that changes
//! nothing, right before the triggers are made.
//!
//! ## Instead
//! Each finding says its own way out. An `allow` silences the finding, and still nothing runs.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{File, Report};
use crate::model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "broken-sync",
    row: 108,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("broken_sync.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    for mistake in file.mistakes {
        report.finding(mistake.span, mistake.message.clone(), mistake.help.clone());
    }
}
