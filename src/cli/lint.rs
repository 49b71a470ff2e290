//! `bgmigrate lint`.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::source::{Misfit, Scope, Source, sources};
use super::{Global, Status, output};
use crate::model::{LineIndex, Severity};
use crate::report::{self, LintReport, ReviewedFile};
use crate::review::{Reviewed, Standing, directive_mistakes, review};

const EXAMPLES: &str = "\
Examples:
  bgmigrate lint                              the configured folder
  bgmigrate lint migrations/0042_add_handle.sql
  bgmigrate lint --since origin/main          only what this branch adds or changes
  bgmigrate lint --format sarif > lint.sarif
  psql-dump | bgmigrate lint --dialect postgres -

Exit status: 0 without errors, 1 with errors (see --fail-on), 2 when something could not be read.";

/// Find hazards in migrations.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Folders and files; `-` is standard input [default: the configured folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only what was added or changed since this git ref
    #[arg(long, value_name = "REF")]
    since: Option<String>,
    /// The lowest severity that ends with status 1: error, warning, note or never
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,
}

/// The lowest severity that fails.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    fn is_reached_by(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Note => severity >= Severity::Note,
            Self::Never => false,
        }
    }
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let scope = arguments.since.as_deref().map_or(Scope::All, Scope::Since);
    let sources = sources(global, &arguments.paths, scope, Misfit::ReadLoose)?;
    let reviewed: Vec<_> = sources
        .iter()
        .map(|source| Ok((source, reviewed(source)?)))
        .collect::<Result<_>>()?;
    let files = reviewed_files(&reviewed);
    if files.is_empty() {
        match &arguments.since {
            Some(reference) => {
                if !global.quiet {
                    output::talk(format_args!(
                        "no migration was added or changed since {reference}"
                    ));
                }
            }
            None => output::talk("every migration is released: there is nothing to lint"),
        }
    }
    let failed = files
        .iter()
        .flat_map(|file| &file.reviewed.findings)
        .any(|finding| arguments.fail_on.is_reached_by(finding.severity));
    let notices: Vec<_> = sources
        .iter()
        .flat_map(|source| source.folder.notices.clone())
        .collect();
    let report = LintReport {
        files,
        notices: &notices,
    };
    output::answer(&report::lint(&report, global.format, output::paint()))?;
    Ok(if failed {
        Status::Findings
    } else {
        Status::Done
    })
}

/// Reviews a source as it stands. A directive that cannot be followed is an error: its author believes that
/// it does something.
pub(super) fn reviewed(source: &Source) -> Result<Vec<Reviewed>> {
    let standing = |at: usize| {
        source
            .standing
            .get(at)
            .copied()
            .unwrap_or(Standing::Released)
    };
    let reviewed = review(&source.folder.migrations, standing, &source.settings);
    let mut mistakes = Vec::new();
    for one in &reviewed {
        let migration = &source.folder.migrations[one.index];
        let lines = LineIndex::new(&migration.text);
        for (span, mistake) in directive_mistakes(&one.script) {
            let place = lines.position(&migration.text, span.start);
            mistakes.push(format!(
                "{}:{}:{}: {mistake}",
                source.path(migration),
                place.line,
                place.column
            ));
        }
    }
    if !mistakes.is_empty() {
        bail!("{}", mistakes.join("\nerror: "));
    }
    Ok(reviewed)
}

/// The reviewed migrations of several sources under the names that people read.
pub(super) fn reviewed_files<'a>(
    reviewed: &'a [(&'a Source, Vec<Reviewed>)],
) -> Vec<ReviewedFile<'a>> {
    let each = reviewed.iter().flat_map(|(source, reviewed)| {
        reviewed.iter().map(move |one| {
            let migration = &source.folder.migrations[one.index];
            ReviewedFile {
                path: source.path(migration),
                migration,
                reviewed: one,
            }
        })
    });
    each.collect()
}
