//! What lint found, in every format.

use crate::folder::Notice;
use crate::model::{Finding, LineIndex, LinePosition, Severity, Span};
use crate::review::Reviewed;
use crate::spread::spread;
use crate::sql::Statement;

use super::{FixReport, Format, Paint, github, gitlab, human, json, junit, markdown, sarif};

/// What lint found.
pub struct LintReport<'a> {
    /// The files, in folder order.
    pub files: Vec<LintedFile<'a>>,
    /// What people should know about the folder.
    pub notices: &'a [Notice],
    /// What was fixed, where that was asked for; `files` are then what is left.
    pub fixes: Option<&'a FixReport>,
}

/// What lint found in one file. It keeps nothing else of the review, which is many times as large.
pub struct LintedFile<'a> {
    /// As given, or relative to the working directory.
    pub path: String,
    /// Its text.
    pub text: &'a str,
    /// How many statements it has.
    pub statements: usize,
    /// How many of them were not understood.
    pub opaque: usize,
    findings: Vec<Placed>,
}

/// A finding, and where it stands.
struct Placed {
    finding: Finding,
    start: LinePosition,
    end: LinePosition,
    /// The statement that it stands in, from 1; 0 when it speaks of the whole file.
    statement: usize,
}

/// One finding with the places that people and programs read.
pub(super) struct Located<'a> {
    pub(super) path: &'a str,
    pub(super) finding: &'a Finding,
    pub(super) start: LinePosition,
    pub(super) end: LinePosition,
    /// The statement that it stands in, from 1; 0 when it speaks of the whole file.
    pub(super) statement: usize,
    pub(super) text: &'a str,
}

/// The counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LintSummary {
    /// Files that were read.
    pub files: usize,
    /// Statements in them.
    pub statements: usize,
    /// Statements that were not understood.
    pub opaque: usize,
    /// Findings at error severity.
    pub errors: usize,
    /// Findings at warning severity.
    pub warnings: usize,
    /// Findings at note severity.
    pub notes: usize,
}

impl<'a> LintedFile<'a> {
    /// The findings of the review of a file with this `text`, under the `path` that people shall read.
    pub fn new(path: String, text: &'a str, reviewed: Reviewed) -> Self {
        let statements = &reviewed.script.statements;
        Self {
            path,
            text,
            statements: statements.len(),
            opaque: statements
                .iter()
                .filter(|statement| statement.opaque.is_some())
                .count(),
            findings: placed(text, statements, reviewed.findings),
        }
    }

    /// What lint found, in the order of the text.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().map(|placed| &placed.finding)
    }

    /// About as many bytes as its findings have in a report for people.
    fn about_as_many_bytes(&self) -> usize {
        const AROUND_EACH: usize = 160;
        let each = self.findings();
        each.map(|finding| {
            self.path.len() + finding.message.len() + finding.help.len() + AROUND_EACH
        })
        .sum()
    }

    pub(super) fn located(&self) -> impl Iterator<Item = Located<'_>> {
        self.findings.iter().map(|placed| Located {
            path: &self.path,
            finding: &placed.finding,
            start: placed.start,
            end: placed.end,
            statement: placed.statement,
            text: self.text,
        })
    }
}

fn placed(text: &str, statements: &[Statement], findings: Vec<Finding>) -> Vec<Placed> {
    if findings.is_empty() {
        return Vec::new();
    }
    let lines = LineIndex::new(text);
    let each = findings.into_iter().map(|finding| Placed {
        start: lines.position(text, finding.span.start),
        end: lines.position(text, finding.span.end),
        statement: holder(statements, finding.span).map_or(0, |at| at + 1),
        finding,
    });
    each.collect()
}

/// The statement that holds a span; statements stand one behind the other.
fn holder(statements: &[Statement], span: Span) -> Option<usize> {
    let at = statements.partition_point(|statement| statement.span.end < span.end);
    let holds = statements
        .get(at)
        .is_some_and(|statement| statement.span.contains(span));
    holds.then_some(at)
}

/// As many files as are rendered before another thread is worth its start.
const SHARE: usize = 64;

impl LintReport<'_> {
    pub(super) fn located(&self) -> impl Iterator<Item = Located<'_>> {
        self.files.iter().flat_map(LintedFile::located)
    }

    /// What `render` writes of each file, on all cores: pieces, which stand one behind the other.
    pub(super) fn rendered(
        &self,
        render: impl Fn(&mut String, &LintedFile<'_>) + Sync,
    ) -> Vec<String> {
        let shares: Vec<_> = self.files.chunks(SHARE).collect();
        spread(&shares, 1, |files| {
            let bytes = files.iter().map(LintedFile::about_as_many_bytes).sum();
            // To let it grow would copy all of it several times.
            let mut piece = String::with_capacity(bytes);
            files.iter().for_each(|file| render(&mut piece, file));
            piece
        })
    }

    /// The counts.
    pub fn summary(&self) -> LintSummary {
        let mut summary = LintSummary {
            files: self.files.len(),
            ..LintSummary::default()
        };
        for file in &self.files {
            summary.statements += file.statements;
            summary.opaque += file.opaque;
            for finding in file.findings() {
                match finding.severity {
                    Severity::Error => summary.errors += 1,
                    Severity::Warning => summary.warnings += 1,
                    Severity::Note => summary.notes += 1,
                    Severity::Off => {}
                }
            }
        }
        summary
    }
}

/// The findings as text, in pieces which stand one behind the other.
pub fn lint(report: &LintReport<'_>, format: Format, paint: Paint) -> Vec<String> {
    match format {
        Format::Human => human::lint(report, paint),
        Format::Json => vec![json::lint(report)],
        Format::Markdown => vec![markdown::lint(report)],
        Format::Github => github::lint(report),
        Format::Gitlab => vec![gitlab::lint(report)],
        Format::Sarif => vec![sarif::lint(report)],
        Format::Junit => vec![junit::lint(report)],
    }
}
