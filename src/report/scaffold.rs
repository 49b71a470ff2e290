//! New migrations: where they are, and what they say.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Format, Paint, json, line};
use crate::model::FilePhase;

/// The files that were written, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scaffolded {
    /// The new migrations, in order.
    pub migrations: Vec<ScaffoldedMigration>,
    /// Files that are gone: what the new ones replace.
    pub removed: Vec<String>,
    /// What their author has to know and no file can say.
    pub notes: Vec<String>,
    /// They are on the disk.
    pub written: bool,
}

/// One new migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaffoldedMigration {
    /// Its id in the layout.
    pub id: String,
    /// Its phase.
    pub phase: FilePhase,
    /// Its files with their texts, its own first, under the names that people read.
    pub files: Vec<(String, String)>,
}

/// The answer in a format that suits it.
pub fn scaffolded(done: &Scaffolded, format: Format, paint: Paint) -> Option<String> {
    match format {
        Format::Human if done.written => Some(listed(done, paint)),
        Format::Human => Some(printed(done, paint)),
        Format::Json => Some(json::pretty(&fields(done))),
        _ => None,
    }
}

fn listed(done: &Scaffolded, paint: Paint) -> String {
    let mut out = String::new();
    for migration in &done.migrations {
        for (at, (file, _)) in migration.files.iter().enumerate() {
            let phase = if at == 0 { migration.phase.name() } else { "" };
            line!(out, "{} {phase:<8} {file}", paint.green("+"));
        }
    }
    for file in &done.removed {
        line!(out, "{} {:<8} {file}", paint.red("-"), "");
    }
    notes(&mut out, done);
    out
}

/// Each file below its name, as `head` prints several; one that several migrations share once.
fn printed(done: &Scaffolded, paint: Paint) -> String {
    let mut out = String::new();
    let mut seen = HashSet::new();
    for migration in &done.migrations {
        for (at, (file, text)) in migration.files.iter().enumerate() {
            if !seen.insert(file) {
                continue;
            }
            let phase = if at == 0 {
                format!(" ({})", migration.phase)
            } else {
                String::new()
            };
            line!(out, "{}", paint.bold(format!("==> {file}{phase} <==")));
            line!(out, "{}", text.trim_end());
            line!(out);
        }
    }
    for file in &done.removed {
        line!(
            out,
            "{}",
            paint.bold(format!("==> {file} (in whose place they are) <=="))
        );
    }
    notes(&mut out, done);
    out
}

fn notes(out: &mut String, done: &Scaffolded) {
    for note in &done.notes {
        line!(out, "note: {note}");
    }
}

fn fields(done: &Scaffolded) -> Value {
    let migrations = done.migrations.iter().map(|migration| {
        let files = migration.files.iter();
        let files: Vec<_> = files
            .map(|(file, text)| json!({ "file": file, "text": text }))
            .collect();
        json!({ "id": migration.id, "phase": migration.phase, "files": files })
    });
    json!({
        "migrations": migrations.collect::<Vec<_>>(),
        "removed": done.removed,
        "notes": done.notes,
        "written": done.written,
    })
}
