//! Has no way down.
//!
//! ## What happens
//! An expand step may be undone while no release that can be reached was built with it, but only by a
//! statement that somebody has written, or by an inverse that is beyond doubt. When the new release has to be withdrawn
//! in a hurry, what it added stays.
//!
//! ## Not reported
//! Repeatable migrations, and those that have a down file or down part with a statement in it. Whether the folder is
//! meant to have ways down cannot be told from one migration, so the rule is off unless configured.
//!
//! ## Instead
//! Write the down part while you still know what the up part does.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{File, Report};
use crate::model::{Down, Migration, MigrationKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "irreversible",
    row: 101,
    severity: Severity::Off,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("irreversible.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let migration = file.migration;
    let Some(first) = file.script.statements.first() else { return };
    if migration.kind == MigrationKind::Repeatable || has_way_down(migration) {
        return;
    }
    report.finding(
        first.span,
        "this migration has no way down: what it does can only be undone by hand",
        "Write its down part",
    );
}

fn has_way_down(migration: &Migration) -> bool {
    match &migration.down {
        None => false,
        Some(Down::File { text, .. }) => says_something(text),
        Some(Down::Parts(parts)) => parts.iter().any(|part| says_something(part.of(&migration.text))),
    }
}

/// Whether there is more than blanks and comment lines: tools write an empty down part into every new file.
fn says_something(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with("--") && line != ";")
}
