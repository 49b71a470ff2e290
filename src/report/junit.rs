//! JUnit XML: a test case for each file, failed where lint found an error in it.

use super::{LintReport, LintedFile, Located, line};
use crate::model::Severity;

pub(super) fn lint(report: &LintReport<'_>) -> String {
    let failed = report
        .files
        .iter()
        .filter(|file| errors(file).next().is_some())
        .count();
    let mut out = String::new();
    line!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let counts = format!(
        "tests=\"{}\" failures=\"{failed}\" errors=\"0\"",
        report.files.len()
    );
    line!(out, "<testsuites name=\"bgmigrate lint\" {counts}>");
    line!(out, "  <testsuite name=\"bgmigrate lint\" {counts}>");
    out.push_str(&report.rendered(case).concat());
    line!(out, "  </testsuite>");
    line!(out, "</testsuites>");
    out
}

fn case(out: &mut String, file: &LintedFile<'_>) {
    let path = escape(&file.path);
    let head = format!("<testcase classname=\"bgmigrate.lint\" name=\"{path}\"");
    let errors: Vec<_> = errors(file).collect();
    let others: Vec<_> = file
        .located()
        .filter(|one| one.finding.severity != Severity::Error)
        .collect();
    if errors.is_empty() && others.is_empty() {
        line!(out, "    {head}/>");
        return;
    }
    line!(out, "    {head}>");
    if let Some(first) = errors.first() {
        let message = escape(&format!(
            "{}: {}",
            first.finding.rule, first.finding.message
        ));
        line!(
            out,
            "      <failure type=\"{}\" message=\"{message}\">",
            escape(first.finding.rule)
        );
        for one in &errors {
            line!(out, "{}", escape(&told(one)));
        }
        line!(out, "      </failure>");
    }
    if !others.is_empty() {
        line!(out, "      <system-out>");
        for one in &others {
            line!(out, "{}", escape(&told(one)));
        }
        line!(out, "      </system-out>");
    }
    line!(out, "    </testcase>");
}

fn errors<'a>(file: &'a LintedFile<'_>) -> impl Iterator<Item = Located<'a>> {
    file.located()
        .filter(|one| one.finding.severity == Severity::Error)
}

fn told(one: &Located<'_>) -> String {
    let finding = one.finding;
    let place = format!("{}:{}:{}", one.path, one.start.line, one.start.column);
    format!(
        "{place}: {}: {}: {}\n{}",
        finding.severity, finding.rule, finding.message, finding.help
    )
}

/// XML 1.0: the five entities, and nothing that the standard does not let into a document.
pub(super) fn escape(text: &str) -> String {
    let allowed = |c: &char| {
        matches!(c, '\t' | '\n' | '\r') || *c >= ' ' && !matches!(*c, '\u{FFFE}' | '\u{FFFF}')
    };
    let mut out = String::new();
    for c in text.chars().filter(allowed) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}
