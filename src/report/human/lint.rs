//! Findings, each with the lines it speaks of, what happens, and what to do instead.

use super::{count, severity};
use crate::report::{LintReport, Located, Paint, fixes, line};

pub(in crate::report) fn lint(report: &LintReport<'_>, paint: Paint) -> String {
    let mut out = report
        .fixes
        .map_or_else(String::new, |done| fixes(done, paint));
    for one in report.located() {
        finding(&mut out, &one, paint);
    }
    let summary = report.summary();
    line!(
        out,
        "{}, {}: {}, {}, {}",
        count(summary.files, "file"),
        count(summary.statements, "statement"),
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
        count(summary.notes, "note"),
    );
    if let Some(done) = report.fixes {
        line!(
            out,
            "{} fixed, {} left that {}",
            count(done.fixed.len(), "finding"),
            done.unfixed.len(),
            "`--fix` knows a way for but could not take it"
        );
    }
    if summary.opaque > 0 {
        line!(
            out,
            "{} of {} not understood; each is shown above and gates as contract",
            summary.opaque,
            count(summary.statements, "statement"),
        );
    }
    out
}

fn finding(out: &mut String, one: &Located<'_>, paint: Paint) {
    let finding = one.finding;
    line!(
        out,
        "{}{} {}",
        severity(paint, finding.severity),
        paint.bold(format!("[{}]:", finding.rule)),
        paint.bold(&finding.message),
    );
    line!(
        out,
        "  {} {}:{}:{}",
        paint.blue("-->"),
        one.path,
        one.start.line,
        one.start.column
    );
    quote(out, one, paint);
    let mut help = finding.help.lines();
    if let Some(advice) = help.next() {
        line!(out, "  {} {advice}", paint.blue("help:"));
    }
    for text in help.skip_while(|text| text.is_empty()) {
        if text.is_empty() {
            line!(out)
        } else {
            line!(out, "      {text}")
        }
    }
    if let Some(fix) = &finding.fix {
        line!(
            out,
            "  {} `--fix` can do it: {}",
            paint.blue("fix:"),
            fix.title
        );
    }
    line!(out);
}

/// The lines that the finding speaks of, with the range underlined on the first.
fn quote(out: &mut String, one: &Located<'_>, paint: Paint) {
    const LINES_AT_MOST: usize = 4;
    const LINE_AT_MOST: usize = 160;
    let last = one.end.line.min(one.start.line + LINES_AT_MOST - 1);
    let width = last.to_string().len();
    let lines = one
        .text
        .lines()
        .enumerate()
        .skip(one.start.line - 1)
        .take(last + 1 - one.start.line);
    for (at, text) in lines {
        let number = format!("{:>width$}", at + 1);
        let shown: String = text.chars().take(LINE_AT_MOST).collect();
        line!(
            out,
            "  {} {}",
            paint.blue(format!("{number} |")),
            shown.trim_end()
        );
        if at + 1 == one.start.line {
            let end = if one.end.line == one.start.line {
                one.end.column
            } else {
                text.chars().count() + 1
            };
            let under = end.saturating_sub(one.start.column).clamp(1, LINE_AT_MOST);
            let indent: String = text
                .chars()
                .take(one.start.column - 1)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let bar = paint.blue(format!("{:>width$} |", ""));
            line!(out, "  {bar} {indent}{}", paint.red("^".repeat(under)));
        }
    }
    if last < one.end.line {
        line!(out, "  {} …", paint.blue(format!("{:>width$} |", "")));
    }
}
