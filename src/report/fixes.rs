//! What was fixed, what was not and why, and the difference as a patch.

use serde_json::{Value, json};
use similar::TextDiff;

use super::{Paint, line};
use crate::fix::{Fixed, Unfixed};

/// What `--fix` has done, under the names that people read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixReport {
    /// What was fixed.
    pub fixed: Vec<Fixed>,
    /// What was not, though a fix was offered.
    pub unfixed: Vec<Unfixed>,
    /// The files were left as they were.
    pub dry_run: bool,
    /// The difference, as a patch; empty unless it was asked for.
    pub patch: String,
}

/// One file's difference as a unified diff; `before` is `None` for a new file.
pub fn patch(path: &str, before: Option<&str>, after: &str) -> String {
    let old = before.map_or("/dev/null".to_owned(), |_| format!("a/{path}"));
    TextDiff::from_lines(before.unwrap_or_default(), after)
        .unified_diff()
        .context_radius(3)
        .header(&old, &format!("b/{path}"))
        .to_string()
}

/// The fixes for people; nothing where there were none.
pub fn fixes(report: &FixReport, paint: Paint) -> String {
    let mut out = String::new();
    for one in &report.fixed {
        let word = if report.dry_run { "would fix" } else { "fixed" };
        line!(
            out,
            "{} {}: {} {}",
            paint.green(word),
            one.file,
            one.title,
            paint.dim(format!("[{}]", one.rule))
        );
        for added in &one.added {
            line!(out, "  {} {added}", paint.green("+"));
        }
    }
    for one in &report.unfixed {
        line!(
            out,
            "{} {}:{} {}: {}",
            paint.yellow("not fixed"),
            one.file,
            one.line,
            paint.dim(format!("[{}]", one.rule)),
            one.reason
        );
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// The fields that the fixes add to lint's answer.
pub(super) fn fields(report: &FixReport) -> Vec<(&'static str, Value)> {
    let fixed: Vec<_> = report
        .fixed
        .iter()
        .map(|one| json!({ "file": one.file, "rule": one.rule, "title": one.title, "added": one.added }))
        .collect();
    let unfixed: Vec<_> = report
        .unfixed
        .iter()
        .map(|one| json!({ "file": one.file, "rule": one.rule, "line": one.line, "reason": one.reason }))
        .collect();
    let mut fields = vec![("fixed", json!(fixed)), ("not_fixed", json!(unfixed))];
    if report.dry_run {
        fields.push(("patch", json!(report.patch)));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_both_sides_and_a_new_file_comes_from_nowhere() {
        assert_eq!(
            patch("m/1.sql", Some("a;\nb;\n"), "a;\nc;\n"),
            "--- a/m/1.sql\n+++ b/m/1.sql\n@@ -1,2 +1,2 @@\n a;\n-b;\n+c;\n"
        );
        assert_eq!(
            patch("m/2.sql", None, "a;\n"),
            "--- /dev/null\n+++ b/m/2.sql\n@@ -0,0 +1 @@\n+a;\n"
        );
    }

    #[test]
    fn people_read_what_was_done_and_what_was_left_with_the_reason() {
        let report = FixReport {
            fixed: vec![Fixed {
                file: "m/1.sql".to_owned(),
                rule: "add-check-validating",
                title: "add it NOT VALID".to_owned(),
                added: vec!["m/2_validate.sql".to_owned()],
            }],
            unfixed: vec![Unfixed {
                file: "m/0.sql".to_owned(),
                rule: "create-index-blocking",
                line: 3,
                reason: "it was released before".to_owned(),
            }],
            ..FixReport::default()
        };
        assert_eq!(
            fixes(&report, Paint(false)),
            "fixed m/1.sql: add it NOT VALID [add-check-validating]\n  + m/2_validate.sql\n\
             not fixed m/0.sql:3 [create-index-blocking]: it was released before\n\n"
        );
        assert_eq!(fixes(&FixReport::default(), Paint(false)), "");
    }
}
