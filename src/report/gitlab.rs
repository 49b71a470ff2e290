//! GitLab code quality: a JSON array of issues (docs.gitlab.com, "Code Quality", "Implement a custom tool").

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{LintReport, Located};
use crate::model::Severity;

pub(super) fn lint(report: &LintReport<'_>) -> String {
    let mut seen = HashMap::new();
    let issues: Vec<Value> = report
        .located()
        .map(|one| {
            let said = [one.path, one.finding.rule, one.finding.span.of(one.text)].join("\0");
            let earlier: &mut usize = seen.entry(said.clone()).or_default();
            let issue = issue(&one, &fingerprint(&said, *earlier));
            *earlier += 1;
            issue
        })
        .collect();
    super::json::pretty(&issues)
}

fn issue(one: &Located<'_>, fingerprint: &str) -> Value {
    let severity = match one.finding.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Note | Severity::Off => "info",
    };
    json!({
        "description": one.finding.message,
        "check_name": one.finding.rule,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": one.path,
            "lines": { "begin": one.start.line, "end": one.end.line },
        },
    })
}

/// The same for the same finding on the same text, wherever in the file it moves to, and with every release of
/// this tool; of several that say the same each has its own, since GitLab shows only one of a fingerprint. It is
/// FNV-1a, 64 bits wide: the standard library's hash may change with the compiler.
fn fingerprint(said: &str, earlier: usize) -> String {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let numbered = format!("{said}\0{earlier}");
    let hash = numbered.bytes().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    format!("{hash:016x}")
}
