//! `bgmigrate lint`.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::source::{Misfit, Scope, Source, sources};
use super::{Global, Status, fix, output};
use crate::model::{LineIndex, Severity};
use crate::report::{self, FixReport, Format, LintReport, LintedFile, Paint};
use crate::review::{Reviewed, Standing, directive_mistakes, review_each};
use crate::spread::spread_heaviest_first;

const EXAMPLES: &str = "\
Examples:
  bgmigrate lint                              the configured folder
  bgmigrate lint migrations/0042_add_handle.sql
  bgmigrate lint --since origin/main          only what this branch adds or changes
  bgmigrate lint --since origin/main --fix    rewrite what is certain; the rest is shown
  bgmigrate lint --fix --dry-run | git apply  the same as a patch
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
    /// Rewrite what is certain, in place; `-` is answered on standard output. Released migrations stay
    #[arg(long)]
    fix: bool,
    /// Show what --fix would do as a patch, and write nothing
    #[arg(long, requires = "fix")]
    dry_run: bool,
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
    let files = linted(&sources)?;
    if !arguments.fix {
        return conclude(global, arguments, &sources, files, None);
    }
    drop(files);
    let outcome = fix::run(global, sources, arguments.dry_run)?;
    let (sources, reviewed): (Vec<_>, Vec<_>) = outcome.reviewed.into_iter().unzip();
    let files = sources.iter().zip(reviewed);
    let files = files.flat_map(|(source, reviewed)| {
        let each = reviewed.into_iter();
        each.map(move |one| linted_file(source, one))
    });
    let done = Some(&outcome.report);
    conclude(global, arguments, &sources, files.collect(), done)
}

/// Lints all sources. Of each review only the findings are kept: the rest is many times as large.
fn linted(sources: &[Source]) -> Result<Vec<LintedFile<'_>>> {
    let each = spread_heaviest_first(sources, Source::text_bytes, |source| {
        let mut files = Vec::new();
        review_source(source, |one| files.push(linted_file(source, one)))?;
        Ok(files)
    });
    let each: Vec<_> = each.into_iter().collect::<Result<_>>()?;
    Ok(each.into_iter().flatten().collect())
}

fn linted_file(source: &Source, one: Reviewed) -> LintedFile<'_> {
    let migration = &source.folder.migrations[one.index];
    LintedFile::new(source.path(migration), &migration.text, one)
}

/// Shows what is found (and done), and tells how the run ends.
fn conclude(
    global: &Global,
    arguments: &Arguments,
    sources: &[Source],
    files: Vec<LintedFile<'_>>,
    done: Option<&FixReport>,
) -> Result<Status> {
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
        .flat_map(LintedFile::findings)
        .any(|finding| arguments.fail_on.is_reached_by(finding.severity));
    let notices: Vec<_> = sources
        .iter()
        .flat_map(|source| source.folder.notices.clone())
        .collect();
    let report = LintReport {
        files,
        notices: &notices,
        fixes: done,
    };
    show(global, arguments, &report)?;
    // The process ends, and the system takes everything back at once.
    std::mem::forget(report);
    Ok(if failed {
        Status::Findings
    } else {
        Status::Done
    })
}

/// Where standard output is the patch, or the text that was standard input, people read the rest elsewhere.
fn show(global: &Global, arguments: &Arguments, report: &LintReport<'_>) -> Result<()> {
    let pieces = |paint| report::lint(report, global.format, paint);
    match report.fixes {
        Some(done) if global.format == Format::Human && arguments.dry_run => {
            output::talk(pieces(Paint(false)).concat().trim_end());
            output::answer(&done.patch)
        }
        Some(_) if global.format == Format::Human && is_stdin(arguments) => {
            output::talk(pieces(Paint(false)).concat().trim_end());
            Ok(())
        }
        _ => output::answer_in_pieces(&pieces(output::paint())),
    }
}

fn is_stdin(arguments: &Arguments) -> bool {
    arguments.paths.iter().any(|path| path.as_os_str() == "-")
}

/// Reviews a source as it stands.
pub(super) fn reviewed(source: &Source) -> Result<Vec<Reviewed>> {
    let mut all = Vec::new();
    review_source(source, |one| all.push(one))?;
    Ok(all)
}

/// Reviews a source as it stands, and hands over one review after the other. A directive that cannot be followed is
/// an error: its author believes that it does something.
fn review_source(source: &Source, mut take: impl FnMut(Reviewed)) -> Result<()> {
    let standing = |at: usize| {
        source
            .standing
            .get(at)
            .copied()
            .unwrap_or(Standing::Released)
    };
    let mut mistakes = Vec::new();
    review_each(
        &source.folder.migrations,
        standing,
        &source.settings,
        |one| {
            mistakes.extend(mistakes_in(source, &one));
            take(one);
        },
    );
    if !mistakes.is_empty() {
        bail!("{}", mistakes.join("\nerror: "));
    }
    Ok(())
}

fn mistakes_in(source: &Source, one: &Reviewed) -> Vec<String> {
    let wrong = directive_mistakes(&one.script);
    if wrong.is_empty() {
        return Vec::new();
    }
    let migration = &source.folder.migrations[one.index];
    let lines = LineIndex::new(&migration.text);
    let told = wrong.into_iter().map(|(span, mistake)| {
        let place = lines.position(&migration.text, span.start);
        format!(
            "{}:{}:{}: {mistake}",
            source.path(migration),
            place.line,
            place.column
        )
    });
    told.collect()
}
