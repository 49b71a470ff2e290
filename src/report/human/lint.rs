//! Findings, each with the lines it speaks of, what happens, and what to do instead.

use super::{count, severity};
use crate::report::{LintReport, Located, Paint, fixes, line};

pub(in crate::report) fn lint(report: &LintReport<'_>, paint: Paint) -> Vec<String> {
    let done = report.fixes.map(|done| fixes(done, paint));
    let findings = report.rendered(|out, file| {
        for one in file.located() {
            finding(out, &one, paint);
        }
    });
    let parts = done.into_iter().chain(findings);
    parts.chain([conclusion(report)]).collect()
}

fn conclusion(report: &LintReport<'_>) -> String {
    let mut out = String::new();
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
            line!(out);
        } else {
            line!(out, "      {}", excerpt(text, 0, ADVICE_AT_MOST));
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

/// The lines that the finding speaks of, with the range underlined on the first. Of a long line only what stands
/// around the beginning of the range is shown.
fn quote(out: &mut String, one: &Located<'_>, paint: Paint) {
    const LINES_AT_MOST: usize = 4;
    let last = one.end.line.min(one.start.line + LINES_AT_MOST - 1);
    let width = last.to_string().len();
    let lines = one
        .text
        .lines()
        .enumerate()
        .skip(one.start.line - 1)
        .take(last + 1 - one.start.line);
    for (at, text) in lines {
        let number = paint.blue(format!("{:>width$} |", at + 1));
        let text = text.trim_start_matches('\u{feff}');
        if at + 1 > one.start.line {
            line!(
                out,
                "  {number} {}",
                excerpt(text, 0, LINE_AT_MOST).trim_end()
            );
            continue;
        }
        let skipped = left_out(text, one.start.column);
        let shown = excerpt(text, skipped, LINE_AT_MOST);
        let shown = shown.trim_end();
        line!(out, "  {number} {shown}");
        let end = if one.end.line == one.start.line {
            one.end.column
        } else {
            text.chars().count() + 1
        };
        let before = one.start.column - 1 - skipped;
        let indent: String = shown.chars().take(before).map(blank).collect();
        let room = shown.chars().count().saturating_sub(before);
        let under = end.saturating_sub(one.start.column).min(room).max(1);
        let bar = paint.blue(format!("{:>width$} |", ""));
        line!(out, "  {bar} {indent}{}", paint.red("^".repeat(under)));
    }
    if last < one.end.line {
        line!(out, "  {} …", paint.blue(format!("{:>width$} |", "")));
    }
}

/// The most characters of a line that are shown.
const LINE_AT_MOST: usize = 160;

/// The most characters of a line of advice: more than a person writes, less than a dump of data holds.
const ADVICE_AT_MOST: usize = 2_000;

/// How many characters at the beginning of a line are left out, so that the one at `column` is seen.
fn left_out(text: &str, column: usize) -> usize {
    const BEFORE: usize = 40;
    if column + BEFORE <= LINE_AT_MOST || text.chars().count() <= LINE_AT_MOST {
        return 0;
    }
    column - 1 - BEFORE
}

/// At most `at_most` characters of a line, from its character `skipped` on, with `…` for what is cut off.
fn excerpt(text: &str, skipped: usize, at_most: usize) -> String {
    let mut rest = text.chars().skip(skipped);
    let mut shown: String = rest.by_ref().take(at_most).map(visible).collect();
    if skipped > 0 {
        shown = "…".chars().chain(shown.chars().skip(1)).collect();
    }
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A terminal would obey a control character; its picture is shown instead.
fn visible(c: char) -> char {
    match c {
        '\t' => c,
        '\0'..'\x20' => {
            char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\x7f' => '\u{2421}',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

fn blank(c: char) -> char {
    if c == '\t' { '\t' } else { ' ' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_only_what_stands_around_the_place_is_shown() {
        let long: String = ('a'..='z').cycle().take(1_000).collect();
        assert_eq!(left_out("short", 3), 0);
        assert_eq!(left_out(&long, 100), 0);
        assert_eq!(left_out(&long, 500), 459);
        assert_eq!(excerpt("short", 0, LINE_AT_MOST), "short");
        let shown = excerpt(&long, 459, LINE_AT_MOST);
        assert!(shown.starts_with('…') && shown.ends_with('…'));
        assert_eq!(shown.chars().count(), LINE_AT_MOST + 1);
        assert_eq!(shown.chars().nth(40), long.chars().nth(499));
        assert!(!excerpt(&long, 900, LINE_AT_MOST).ends_with('…'));
    }

    #[test]
    fn a_terminal_is_sent_no_control_character_of_a_file() {
        assert_eq!(
            excerpt("a\0b\tc\u{1b}[31m\u{7f}\u{9b}", 0, LINE_AT_MOST),
            "a␀b\tc␛[31m␡\u{fffd}"
        );
    }
}
