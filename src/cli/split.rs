//! `bgmigrate split`.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::new::{ground, settle};
use super::source::{Misfit, Scope, Source, sources};
use super::{Global, Status, output};
use crate::folder::{self, Folder, Tree};
use crate::model::{Down, Migration, Severity};
use crate::review::Standing;
use crate::scaffold::{Answers, Ground, Placed, place, split};

const EXAMPLES: &str = "\
Examples:
  bgmigrate split migrations/0042_rename.sql            print the files that would replace it
  bgmigrate split migrations/0042_rename.sql --write    put them in its place
  bgmigrate split migrations/0043_email.sql --fill \"users.email=''\"

Only for a migration that no database has run: its place in the order is taken by the new ones.
Formats: human, json.";

/// Write the expand, migrate and contract steps that replace a breaking migration.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The migration
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Put the new files in the place of the migration
    #[arg(long)]
    write: bool,
    /// What stands where NULL stands now, for a column that becomes NOT NULL
    #[arg(long, value_name = "TABLE.COLUMN=EXPRESSION", value_parser = answer)]
    fill: Vec<(String, String)>,
    /// What stands in rows that old releases write, for a new column that is required
    #[arg(long, value_name = "TABLE.COLUMN=EXPRESSION", value_parser = answer)]
    default: Vec<(String, String)>,
    /// The first release that does not use what goes, where it has been built already
    #[arg(long, value_name = "VERSION")]
    unused_since: Option<String>,
}

fn answer(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, value)) if column.contains('.') && !value.is_empty() => {
            Ok((column.trim().to_owned(), value.to_owned()))
        }
        _ => Err(format!(
            "`{text}` is not of the form TABLE.COLUMN=EXPRESSION"
        )),
    }
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let source = sources(
        global,
        std::slice::from_ref(&arguments.file),
        Scope::All,
        Misfit::Refuse,
    )?;
    let [source] = source.as_slice() else {
        bail!("name one file");
    };
    let mut chosen = source.standing.iter();
    let Some(index) = chosen.position(|standing| *standing != Standing::Released) else {
        bail!(
            "{}: not a migration that can be split",
            arguments.file.display()
        );
    };
    let answers = Answers {
        fills: arguments.fill.clone(),
        defaults: arguments.default.clone(),
        release: arguments.unused_since.clone(),
    };
    let migrations = &source.folder.migrations;
    let Some(draft) = split(migrations, index, &source.settings, &answers)? else {
        if !global.quiet {
            output::talk(format_args!(
                "{}: nothing in it has to be split",
                arguments.file.display()
            ));
        }
        return Ok(Status::Done);
    };
    let migration = &migrations[index];
    let removed = files_of(migration, migrations)?;
    let (tree, folder) = without(source, index, &removed)?;
    // The first of the new ones has the time of the one that it replaces, where names are times.
    let now: String = migration.id.chars().filter(char::is_ascii_digit).collect();
    let ground = Ground {
        tree: &tree,
        folder: &folder,
        ..ground(source, &now, index)
    };
    let placed = place(&ground, &draft)?;
    let notes = draft.notes.into_iter().chain(kept_errors(source, &placed));
    settle(
        global,
        source,
        &placed,
        notes.collect(),
        &removed,
        arguments.write,
    )
}

/// What is kept as it was written keeps its hazards.
fn kept_errors(source: &Source, placed: &Placed) -> Vec<String> {
    let each = placed.migrations.iter().flat_map(|new| {
        let errors = new.findings.iter();
        let errors = errors.filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| {
            let file = source.path_of(&new.file);
            format!(
                "{file} keeps an error of the original: {} [{}]",
                finding.message, finding.rule
            )
        })
    });
    each.collect()
}

/// The files of a migration, if they are its own.
fn files_of(migration: &Migration, all: &[Migration]) -> Result<Vec<String>> {
    if all
        .iter()
        .filter(|other| other.file == migration.file)
        .count()
        > 1
    {
        bail!(
            "`{}` holds other migrations too: split it by hand",
            migration.file
        );
    }
    let mut files = vec![migration.file.clone()];
    if let Some(Down::File { file, .. }) = &migration.down {
        files.push(file.clone());
    }
    Ok(files)
}

/// The folder as if the migration had never been.
fn without(source: &Source, index: usize, removed: &[String]) -> Result<(Tree, Folder)> {
    let mut entries = source.tree.entries.clone();
    entries.retain(|entry| !removed.contains(&entry.path));
    let tree = Tree::new(entries);
    if index == 0 {
        bail!(
            "it is the folder's first migration: what it makes is new, and what it breaks the folder does not show"
        );
    }
    let dialect = source.settings.engine.dialect;
    let folder = folder::read(&tree, source.folder.layout, dialect)?;
    Ok((tree, folder))
}
