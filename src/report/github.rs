//! GitHub workflow commands: one annotation a finding (docs.github.com, "Workflow commands for GitHub Actions").

use std::fmt;

use super::{LintReport, line};
use crate::model::Severity;
use crate::plan::{Plan, Status};

pub(super) fn lint(report: &LintReport<'_>) -> String {
    let mut out = String::new();
    for one in report.located() {
        let word = match one.finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note | Severity::Off => "notice",
        };
        line!(
            out,
            "::{word} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            property(one.path),
            one.start.line,
            one.start.column,
            one.end.line,
            one.end.column,
            format_args!("{}{}", property("bgmigrate: "), property(one.finding.rule)),
            format_args!(
                "{}{}{}",
                data(&one.finding.message),
                data("\n\n"),
                data(&one.finding.help)
            ),
        );
    }
    out
}

pub(super) fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    for step in &plan.steps {
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
        line!(
            out,
            "::{word} file={},line=1,title={}::{}",
            property(&step.file),
            property("bgmigrate plan"),
            data(text.trim_end()),
        );
    }
    out
}

/// A message: what would end its line, or be read as an escape, is escaped.
fn data(text: &str) -> Escaped<'_> {
    Escaped {
        text,
        special: b"%\r\n",
    }
}

/// A property, which a colon or a comma would end as well.
fn property(text: &str) -> Escaped<'_> {
    Escaped {
        text,
        special: b"%\r\n:,",
    }
}

struct Escaped<'a> {
    text: &'a str,
    /// Each of them ASCII.
    special: &'static [u8],
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text;
        while let Some(at) = rest.bytes().position(|byte| self.special.contains(&byte)) {
            f.write_str(&rest[..at])?;
            write!(f, "%{:02X}", rest.as_bytes()[at])?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}
