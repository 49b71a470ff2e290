//! JSON: complete, with the field names that are promised.

use serde_json::{Value, json};

use super::{LintReport, Located, ReviewedFile, fixes};
use crate::model::LineIndex;

pub(super) fn lint(report: &LintReport<'_>) -> String {
    let findings: Vec<Value> = report.located().map(|one| finding(&one)).collect();
    let notices: Vec<String> = report.notices.iter().map(ToString::to_string).collect();
    let mut answer =
        json!({ "findings": findings, "summary": report.summary(), "notices": notices });
    for (field, value) in report.fixes.into_iter().flat_map(fixes::fields) {
        answer[field] = value;
    }
    pretty(&answer)
}

fn finding(one: &Located<'_>) -> Value {
    let Located {
        path,
        finding,
        start,
        end,
        statement,
        ..
    } = one;
    json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "file": path,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "message": finding.message,
        "help": finding.help,
        "statement": statement,
        "fix": finding.fix.as_ref().map(|fix| fix.title.as_str()),
    })
}

pub(super) fn classify(files: &[ReviewedFile<'_>]) -> String {
    let migrations: Vec<Value> = files.iter().map(migration).collect();
    pretty(&json!({ "migrations": migrations }))
}

fn migration(file: &ReviewedFile<'_>) -> Value {
    let lines = LineIndex::new(&file.migration.text);
    let reviewed = file.reviewed;
    let said = reviewed.judged.iter().zip(&reviewed.phases);
    let statements: Vec<Value> = reviewed
        .script
        .statements
        .iter()
        .zip(said)
        .map(|(statement, (judged, phase))| {
            let changes: Vec<_> = judged
                .changes
                .iter()
                .map(|change| &change.verdict)
                .collect();
            json!({
                "line": lines.line(statement.span.start),
                "phase": phase,
                "changes": changes,
                "opaque": statement.opaque.as_ref().map(|opaque| opaque.reason.as_str()),
            })
        })
        .collect();
    let syncs: Vec<Value> = reviewed
        .beside
        .iter()
        .map(|beside| {
            json!({
                "line": lines.line(beside.made.span.start),
                "phase": beside.phase(),
                "sides": beside.made.sides(),
                "begins": beside.made.begins,
                "sql": beside.made.text,
            })
        })
        .collect();
    let mut value = json!({
        "id": file.migration.id,
        "file": file.path,
        "phase": reviewed.phase,
        "statements": statements,
    });
    if !syncs.is_empty() {
        value["sync"] = syncs.into();
    }
    value
}

pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("our values have string keys only");
    text.push('\n');
    text
}
