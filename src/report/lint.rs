//! What lint found, in every format.

use crate::folder::Notice;
use crate::model::Severity;

use super::{
    FixReport, Format, Located, Paint, ReviewedFile, github, gitlab, human, json, junit, markdown,
    sarif,
};

/// What lint found.
pub struct LintReport<'a> {
    /// The files, in folder order.
    pub files: Vec<ReviewedFile<'a>>,
    /// What people should know about the folder.
    pub notices: &'a [Notice],
    /// What was fixed, where that was asked for; `files` are then what is left.
    pub fixes: Option<&'a FixReport>,
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

impl LintReport<'_> {
    pub(super) fn located(&self) -> impl Iterator<Item = Located<'_>> {
        self.files.iter().flat_map(ReviewedFile::located)
    }

    /// The counts.
    pub fn summary(&self) -> LintSummary {
        let of = |severity| {
            self.located()
                .filter(|one| one.finding.severity == severity)
                .count()
        };
        let statements = || {
            self.files
                .iter()
                .flat_map(|file| &file.reviewed.script.statements)
        };
        LintSummary {
            files: self.files.len(),
            statements: statements().count(),
            opaque: statements()
                .filter(|statement| statement.opaque.is_some())
                .count(),
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            notes: of(Severity::Note),
        }
    }
}

/// The findings as text.
pub fn lint(report: &LintReport<'_>, format: Format, paint: Paint) -> String {
    match format {
        Format::Human => human::lint(report, paint),
        Format::Json => json::lint(report),
        Format::Markdown => markdown::lint(report),
        Format::Github => github::lint(report),
        Format::Gitlab => gitlab::lint(report),
        Format::Sarif => sarif::lint(report),
        Format::Junit => junit::lint(report),
    }
}
