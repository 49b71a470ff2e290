//! `bgmigrate plan`.

use anyhow::Result;

use super::lint::reviewed;
use super::source::{Misfit, Scope, Source, sources};
use super::{Global, Status, output};
use crate::plan::{Subject, plan};
use crate::report;

const EXAMPLES: &str = "\
Examples:
  bgmigrate plan                              everything in the folder
  bgmigrate plan --base origin/main           what this branch adds
  bgmigrate plan --base origin/main --format markdown > comment.md

A migration that is not split by phase is refused: the plan then prints the split and ends with status 3.
Formats: human, json, markdown, github.";

/// Review what is pending.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Plan only what was added or changed since this git ref, as one pending set
    #[arg(long, value_name = "REF")]
    base: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let scope = arguments.base.as_deref().map_or(Scope::All, Scope::Since);
    let sources = sources(global, &[], scope, Misfit::Refuse)?;
    let mut refused = false;
    for source in &sources {
        refused |= show(global, arguments, source)?;
    }
    Ok(if refused {
        Status::Refused
    } else {
        Status::Done
    })
}

fn show(global: &Global, arguments: &Arguments, source: &Source) -> Result<bool> {
    let reviewed = reviewed(source)?;
    if reviewed.is_empty() && !global.quiet {
        let since = arguments.base.as_deref().unwrap_or_default();
        output::talk(format_args!(
            "no migration was added or changed since {since}"
        ));
    }
    let subjects: Vec<_> = reviewed
        .iter()
        .map(|reviewed| {
            let migration = &source.folder.migrations[reviewed.index];
            Subject {
                migration,
                reviewed,
                file: source.path(migration),
            }
        })
        .collect();
    let plan = plan(&subjects);
    let text = report::plan(
        &plan,
        &title(arguments, source),
        global.format,
        output::paint(),
    );
    output::answer(&output::suited(text, "plan", global.format)?)?;
    Ok(!plan.cutover.split.is_empty())
}

fn title(arguments: &Arguments, source: &Source) -> String {
    let layout = source
        .folder
        .layout
        .map_or("plain files".to_owned(), |layout| layout.to_string());
    let engine = source.settings.engine;
    match &arguments.base {
        Some(base) => {
            let pending = source
                .standing
                .iter()
                .filter(|standing| standing.is_pending())
                .count();
            let noun = if pending == 1 {
                "migration"
            } else {
                "migrations"
            };
            format!("Plan for {pending} {noun} since {base} ({layout}, {engine})")
        }
        None => format!(
            "Plan for the whole folder ({layout}, {engine}); no database was asked, so nothing counts as applied"
        ),
    }
}
