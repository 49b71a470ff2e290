//! Drizzle Kit: SQL files in the order of `meta/_journal.json`, or (from 1.0) a folder for each
//! migration with a `migration.sql` and a `snapshot.json`. All run in one transaction.

use serde::Deserialize;

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, no_mark};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::{self, Cutter, Way};
use crate::folder::tree::Entry;
use crate::model::{Migration, TransactionMode};

pub(super) struct Drizzle;

const JOURNAL: &str = "meta/_journal.json";

/// Stands between two statements, the first of which need not end with a semicolon.
const BREAKPOINT: &str = "--> statement-breakpoint";

impl Reader for Drizzle {
    fn expected(&self) -> &'static str {
        "the files that `meta/_journal.json` lists, or `<timestamp>_<name>/migration.sql` with `snapshot.json`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        if files.named(JOURNAL).is_some() {
            let count = files.sql_on_top().count();
            return Evidence::of(Strength::Sure, count, format!("a `{JOURNAL}`"));
        }
        let count = folders(files).count();
        Evidence::of(
            Strength::Sure,
            count,
            format!("{count} folders that hold a `migration.sql` and a `snapshot.json`"),
        )
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        if let Some(journal) = files.named(JOURNAL) {
            for (at, tag) in tags(journal)?.iter().enumerate() {
                let file = files.named(&format!("{tag}.sql")).ok_or_else(|| {
                    FolderError::ListedButMissing {
                        layout: Layout::Drizzle,
                        list: journal.path.to_owned(),
                        file: format!("{tag}.sql"),
                    }
                })?;
                keyed.push((at, migration(file, tag)?));
            }
        } else {
            for (at, file) in folders(files).enumerate() {
                keyed.push((at, migration(file, file.dir())?));
            }
        }
        Ok(Reading::of(in_order(Layout::Drizzle, keyed)?))
    }

    fn add(&self, _: &Files<'_>, _: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        Err(Manual::because(
            "Drizzle keeps a snapshot beside each migration, which only drizzle-kit can write",
        ))
    }

    fn leave_transaction(&self, _: &Files<'_>, _: &Migration) -> Result<Leave, Manual> {
        Err(no_mark("Drizzle"))
    }
}

fn folders<'f, 't>(files: &'f Files<'t>) -> impl Iterator<Item = &'f File<'t>> {
    files.sql().filter(|file| {
        file.name() == "migration.sql"
            && !file.dir().is_empty()
            && files
                .named(&format!("{}/snapshot.json", file.dir()))
                .is_some()
    })
}

fn tags(journal: &File<'_>) -> Result<Vec<String>, FolderError> {
    #[derive(Deserialize)]
    struct Journal {
        entries: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        tag: String,
    }
    let read: Journal = serde_json::from_str(journal.text()?).map_err(|error| {
        sections::bad_marker(
            journal,
            error.line(),
            format!("this journal cannot be read: {error}"),
            "restore it, or generate it anew with drizzle-kit",
        )
    })?;
    Ok(read.entries.into_iter().map(|entry| entry.tag).collect())
}

fn migration(file: &File<'_>, id: &str) -> Result<Migration, FolderError> {
    let name = id.split_once('_').map_or("", |(_, name)| name);
    let mut migration = file.migration(id, name)?;
    migration.transaction = TransactionMode::File;
    let text = file.text()?;
    let mut cutter = Cutter::new(text);
    let mut start = migration.up[0].start;
    for (at, _) in text.match_indices(BREAKPOINT) {
        cutter.turn(start, Way::Up, start);
        cutter.close(at);
        start = at + BREAKPOINT.len();
    }
    cutter.turn(start, Way::Up, start);
    migration.up = cutter.finish().0;
    Ok(migration)
}
