//! GitHub workflow commands: one annotation a finding (docs.github.com, "Workflow commands for GitHub Actions").

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
            property(&format!("bgmigrate: {}", one.finding.rule)),
            data(&format!("{}\n\n{}", one.finding.message, one.finding.help)),
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

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
