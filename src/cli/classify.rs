//! `bgmigrate classify`.

use std::path::PathBuf;

use anyhow::Result;

use super::lint::reviewed;
use super::source::{Misfit, Scope, Source, sources};
use super::{Global, Status, output};
use crate::report::{self, ReviewedFile};
use crate::review::Reviewed;

const EXAMPLES: &str = "\
Examples:
  bgmigrate classify                          the configured folder
  bgmigrate classify --format json migrations/0042_add_handle.sql
  echo 'ALTER TABLE users DROP COLUMN email' | bgmigrate classify --dialect postgres -

Formats: human, json, markdown.";

/// Tell the phase of each statement and file, with the reason.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Folders and files; `-` is standard input [default: the configured folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let sources = sources(global, &arguments.paths, Scope::All, Misfit::ReadLoose)?;
    let reviewed: Vec<_> = sources
        .into_iter()
        .map(|source| reviewed(&source).map(|reviewed| (source, reviewed)))
        .collect::<Result<_>>()?;
    let text = report::classify(&reviewed_files(&reviewed), global.format, output::paint());
    output::answer(&output::suited(text, "classify", global.format)?)?;
    Ok(Status::Done)
}

/// The reviewed migrations of several sources under the names that people read.
fn reviewed_files(reviewed: &[(Source, Vec<Reviewed>)]) -> Vec<ReviewedFile<'_>> {
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
