//! GitHub workflow commands: one annotation a finding (docs.github.com, "Workflow commands for GitHub Actions").

use std::fmt::Write as _;

use super::{LintReport, Located, line};
use crate::model::Severity;
use crate::plan::{Plan, Status};

pub(super) fn lint(report: &LintReport<'_>) -> Vec<String> {
    report.rendered(|out, file| {
        for one in file.located() {
            annotation(out, &one);
        }
    })
}

fn annotation(out: &mut String, one: &Located<'_>) {
    let word = match one.finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note | Severity::Off => "notice",
    };
    out.push_str("::");
    out.push_str(word);
    out.push_str(" file=");
    property(out, one.path);
    for (key, number) in [
        (",line=", one.start.line),
        (",col=", one.start.column),
        (",endLine=", one.end.line),
        (",endColumn=", one.end.column),
    ] {
        let _ = write!(out, "{key}{number}");
    }
    out.push_str(",title=");
    property(out, "bgmigrate: ");
    property(out, one.finding.rule);
    out.push_str("::");
    data(out, &one.finding.message);
    data(out, "\n\n");
    data(out, &one.finding.help);
    out.push('\n');
}

pub(super) fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    for step in plan.pending() {
        let word = match step.status {
            Status::Refused => "error",
            Status::Waiting => "warning",
            Status::Ready | Status::Applied => "notice",
        };
        let mut text = format!(
            "{} is {}: {}",
            step.migration,
            step.phase,
            step.status.name()
        );
        for blocker in &step.blocked_by {
            line!(text, "\n{}. To go on: {}.", blocker.reason, blocker.unblock);
        }
        let _ = write!(out, "::{word} file=");
        property(&mut out, &step.file);
        out.push_str(",line=1,title=bgmigrate plan::");
        data(&mut out, text.trim_end());
        out.push('\n');
    }
    out
}

/// A message: what would end its line, or be read as an escape, is escaped.
pub(super) fn data(out: &mut String, text: &str) {
    let special = memchr::memchr3_iter(b'%', b'\r', b'\n', text.as_bytes());
    escape(out, text, special);
}

/// A property, which a colon or a comma would end as well.
pub(super) fn property(out: &mut String, text: &str) {
    let special = |byte: &u8| matches!(byte, b'%' | b'\r' | b'\n' | b':' | b',');
    let bytes = text.bytes().enumerate();
    escape(
        out,
        text,
        bytes.filter(|(_, byte)| special(byte)).map(|(at, _)| at),
    );
}

/// Escapes the characters at the places `special`. Messages are full of line ends, and all of what lint prints goes
/// through here: so nothing is formatted.
fn escape(out: &mut String, text: &str, special: impl Iterator<Item = usize>) {
    let mut plain = 0;
    for at in special {
        out.push_str(&text[plain..at]);
        out.push_str(match text.as_bytes()[at] {
            b'\n' => "%0A",
            b'\r' => "%0D",
            b':' => "%3A",
            b',' => "%2C",
            _ => "%25",
        });
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
}
