//! `bgmigrate classify`.

use std::path::PathBuf;

use anyhow::Result;

use super::lint::{reviewed, reviewed_files};
use super::source::{Misfit, Scope, sources};
use super::{Global, Status, output};
use crate::report;

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
