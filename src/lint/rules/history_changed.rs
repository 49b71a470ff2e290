//! Edits a migration that has been released.
//!
//! ## What happens
//! Databases that ran the old text do not run the new one: most tools compare checksums and stop, the others
//! pass it over, and from then on two databases of one version differ. What the releases that ship this
//! migration rely on is no longer what the file says.
//!
//! ## Not reported
//! Migrations that were added since the ref given to `--since` or `--base`, for which alone the rule can tell; repeatable
//! migrations, which are meant to change.
//!
//! ## Instead
//! Take the edit back, and put what it was meant to do into a new migration.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{File, Report};
use crate::model::{MigrationKind, Severity, Span};

pub(super) const RULE: Rule = Rule {
    id: "history-changed",
    row: 102,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("history_changed.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    if !file.edited || file.migration.kind == MigrationKind::Repeatable {
        return;
    }
    let first = file.script.statements.first();
    let span = first.map_or(Span::default(), |statement| statement.span);
    report.finding(
        span,
        "this migration was there before with another text: databases that ran it stop at the next run, or never get \
         the change",
        "Take the edit back, and put what it was meant to do into a new migration",
    );
}
