//! Lines for the client alone: psql's backslash commands, MySQL's `SOURCE`, dot commands of SQLite's shell.

use super::describe::Described;
use super::{Opaque, OpaqueKind};
use crate::model::{Action, Change, Span};

/// What the command on this line does. One that runs another file, or what a query returns, hides SQL.
pub(super) fn command(text: &str, span: Span) -> Described {
    const HIDES: &[&str] = &[
        "\\i",
        "\\ir",
        "\\include",
        "\\include_relative",
        "\\gexec",
        "\\copy",
        "source",
        "\\.",
        ".read",
        ".import",
        ".restore",
    ];
    let written = span.of(text);
    let command = written
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if HIDES.contains(&command.as_str()) {
        let reason = format!("`{command}` runs or loads what this file does not show");
        return Described {
            opaque: Some(Opaque {
                kind: OpaqueKind::Dynamic,
                reason,
                span,
            }),
            ..Described::default()
        };
    }
    let change = Change {
        action: Action::Session { command },
        span,
        conditional: false,
    };
    Described {
        changes: vec![change],
        ..Described::default()
    }
}
