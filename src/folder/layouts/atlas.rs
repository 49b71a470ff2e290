//! Atlas (`sql/migrate/dir.go`): SQL files beside an `atlas.sum` that lists them; applied in the order
//! of their names; the version is the name up to the first `_`.

use std::collections::HashSet;

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::Notice;
use crate::folder::addition::{Addition, Leave, Manual, named_files};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::tree::Entry;
use crate::model::{Migration, TransactionMode};

pub(super) struct Atlas;

const SUM: &str = "atlas.sum";

/// Atlas reads its directives at the top of a file, up to the first empty line.
const NO_TRANSACTION: &str = "-- atlas:txmode none\n\n";

/// Atlas keeps an `atlas.sum` for other tools' folders too; these belong to those tools.
const MARKS_OF_OTHERS: [&str; 5] = [
    "+goose ",
    "-- migrate:up",
    "-- +migrate ",
    "liquibase formatted",
    "create above / drop below",
];

impl Reader for Atlas {
    fn expected(&self) -> &'static str {
        "`<version>_<name>.sql` beside an `atlas.sum`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        files.named(SUM)?;
        let foreign = files.sql_on_top().any(|file| {
            let name = file.name();
            name.ends_with(".down.sql") || (name.starts_with('V') && name.contains("__"))
        });
        if foreign {
            return None;
        }
        let count = files
            .sql_on_top()
            .filter(|file| {
                !MARKS_OF_OTHERS
                    .iter()
                    .any(|mark| file.peek().contains(mark))
            })
            .count();
        Evidence::of(Strength::Sure, count, format!("an `{SUM}`"))
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        let mut checkpoints = Vec::new();
        for file in files.sql_on_top() {
            // A checkpoint repeats all that is before it, and is applied to empty databases only.
            if !keyed.is_empty() && directive(file.peek(), "checkpoint").is_some() {
                checkpoints.push(file.path.to_owned());
                continue;
            }
            let (version, name) = file.stem().split_once('_').unwrap_or((file.stem(), ""));
            let mut migration = file.migration(version, name)?;
            migration.transaction = match directive(file.peek(), "txmode") {
                Some("none") => TransactionMode::None,
                _ => TransactionMode::File,
            };
            keyed.push((file.name(), migration));
        }
        let mut notices = Vec::new();
        if !checkpoints.is_empty() {
            let message = "checkpoints, which repeat what the files before them do: not read";
            notices.push(Notice::about(checkpoints, message));
        }
        if let Some(sum) = files.named(SUM) {
            notices.extend(against_sum(files, sum)?);
        }
        Ok(Reading {
            notices,
            ..Reading::of(in_order(Layout::Atlas, keyed)?)
        })
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let mark = if wanted.outside_transaction {
            NO_TRANSACTION
        } else {
            ""
        };
        named_files(wanted, format!("{mark}{}", wanted.sql))
    }

    fn leave_transaction(&self, _: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        Ok(Leave::line(migration.up[0].start, NO_TRANSACTION))
    }
}

/// Holds the folder against the names in `atlas.sum`, of which each line is `name h1:hash`.
fn against_sum(files: &Files<'_>, sum: &File<'_>) -> Result<Option<Notice>, FolderError> {
    let listed: HashSet<&str> = sum
        .text()?
        .lines()
        .filter_map(|line| line.split_once(" h1:"))
        .map(|(name, _)| name.trim())
        .collect();
    let mut missing: Vec<&&str> = listed
        .iter()
        .filter(|name| files.named(name).is_none())
        .collect();
    missing.sort_unstable();
    if let Some(file) = missing.first() {
        return Err(FolderError::ListedButMissing {
            layout: Layout::Atlas,
            list: sum.path.to_owned(),
            file: (**file).to_owned(),
        });
    }
    let unlisted: Vec<String> = files
        .sql_on_top()
        .filter(|file| !listed.contains(file.name()))
        .map(|file| file.path.to_owned())
        .collect();
    let message = "not listed in `atlas.sum`; Atlas refuses the folder until `atlas migrate hash`";
    Ok((!unlisted.is_empty()).then(|| Notice::about(unlisted, message)))
}

/// The value of `-- atlas:NAME value` among the comments at the top of a file.
fn directive<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .take_while(|line| line.trim().is_empty() || line.starts_with("--"))
        .filter_map(|line| {
            line.trim_start_matches('-')
                .trim_start()
                .strip_prefix("atlas:")
        })
        .find_map(|directive| directive.strip_prefix(name))
        .map(str::trim)
}
