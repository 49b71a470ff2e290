//! Switches off what protects the schema of a SQLite database.
//!
//! ## What happens
//! With `writable_schema` the following statements edit the schema as text: a slip corrupts the database for
//! every release at once, and what they amount to cannot be read. With `legacy_alter_table` a rename leaves the old name
//! in views, triggers and foreign keys, which then fail.
//!
//! ## Not reported
//! Switching them off again. The phase can be declared by a directive; the finding stays until it is allowed.
//!
//! ## Instead
//! ALTER TABLE, or a rebuild of the table (`sqlite.org/lang_altertable.html`, section 7).

use super::{Check, Rule, Sqlite};
use crate::lint::{Report, Site};
use crate::model::{Action, Effect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "lite-writable-schema",
    row: 106,
    severity: Severity::Error,
    dialects: &[Sqlite],
    check: Check::Change(check),
    source: include_str!("lite_writable_schema.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Pragma { name, .. } = site.action() else { return };
    if site.judged.verdict.effect != Effect::Unknown {
        return;
    }
    let what = if name == "writable_schema" {
        "lets the following statements edit the schema as text: a slip corrupts the database for every release"
    } else {
        "leaves the old name in views, triggers and foreign keys when something is renamed: they fail from then on"
    };
    report.finding(
        site.span(),
        format!("PRAGMA {name} {what}"),
        "Use ALTER TABLE, or rebuild the table",
    );
}
