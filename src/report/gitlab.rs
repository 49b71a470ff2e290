//! GitLab code quality: a JSON array of issues (docs.gitlab.com, "Code Quality", "Implement a custom tool").

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::{LintReport, Located};
use crate::model::Severity;

pub(super) fn lint(report: &LintReport<'_>) -> String {
    let issues: Vec<Value> = report.located().map(|one| issue(&one)).collect();
    super::json::pretty(&issues)
}

fn issue(one: &Located<'_>) -> Value {
    let severity = match one.finding.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Note | Severity::Off => "info",
    };
    json!({
        "description": one.finding.message,
        "check_name": one.finding.rule,
        "fingerprint": fingerprint(one),
        "severity": severity,
        "location": {
            "path": one.path,
            "lines": { "begin": one.start.line, "end": one.end.line },
        },
    })
}

/// The same for the same finding on the same text, wherever in the file it moves to.
fn fingerprint(one: &Located<'_>) -> String {
    let mut hasher = DefaultHasher::new();
    (one.path, one.finding.rule, one.finding.span.of(one.text)).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
