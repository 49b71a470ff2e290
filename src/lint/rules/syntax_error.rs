//! Holds text that cannot be read as a statement.
//!
//! ## What happens
//! The engine refuses a broken statement when the migration runs, on PostgreSQL and SQLite with all that the
//! transaction did before it. A placeholder (`{{ … }}`, `${…}`) is filled in by another program, so that what
//! will run is not known here. The rest of the file is read all the same. What is not understood waits, as a contract
//! step does, until every release that was not built with it is retired.
//!
//! ## Not reported
//! Statements whose phase is declared by a directive, unless a quote or comment in them never ends.
//!
//! ## Instead
//! Mend the statement. Where the engine takes it and bgmigrate does not, or where a template is meant, declare what it
//! amounts to in a directive right above it: `-- bgmigrate: phase=expand reason="…"`.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{File, Report};
use crate::model::Severity;
use crate::sql::OpaqueKind;

pub(super) const RULE: Rule = Rule {
    id: "syntax-error",
    row: 100,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("syntax_error.rs"),
};

const DIRECTIVE: &str = "-- bgmigrate: phase=expand reason=\"…\"";

fn check(file: &File<'_>, report: &mut Report<'_>) {
    for (at, statement) in file.script.statements.iter().enumerate() {
        let Some(opaque) = &statement.opaque else { continue };
        let declared = file.script.declared_phase(at).is_some();
        let (message, help) = match opaque.kind {
            OpaqueKind::Unterminated => (
                format!("cannot be read: {}", opaque.reason),
                "Close it".to_owned(),
            ),
            OpaqueKind::Syntax if !declared => (
                format!("cannot be read: {}; it is taken for a contract step", opaque.reason),
                format!("Mend it, or, where the server takes it, declare what it amounts to\n\n{DIRECTIVE}"),
            ),
            OpaqueKind::Template if !declared => (
                format!("{}: what will run is not known here, so it is taken for a contract step", opaque.reason),
                format!("Lint the text that the template yields, or declare what it amounts to\n\n{DIRECTIVE}"),
            ),
            _ => continue,
        };
        report.finding(opaque.span, message, help);
    }
}
