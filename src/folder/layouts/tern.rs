//! tern (`migrate/migrate.go`): `<number>_<name>.sql`, the way down below a separator line; numbers run
//! from 1 without gaps.

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, named_files};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files, body};
use crate::folder::tree::Entry;
use crate::folder::version::leading_number;
use crate::model::{Down, Migration, Span, TransactionMode};

pub(super) struct Tern;

const SEPARATOR: &str = "---- create above / drop below ----";
const DISABLE_TRANSACTION: &str = "---- tern: disable-tx ----";

impl Reader for Tern {
    fn expected(&self) -> &'static str {
        "`<number>_<name>.sql`, counted from 1 without gaps"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let marked = files
            .sql_on_top()
            .filter(|file| file.peek().contains(SEPARATOR))
            .count();
        let count = files
            .sql_on_top()
            .filter(|file| version(file).is_some())
            .count();
        let because = format!("{marked} of {count} files with `{SEPARATOR}`");
        if marked == 0 {
            None
        } else {
            Evidence::of(Strength::Sure, count, because)
        }
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        for file in files.sql_on_top() {
            if let Some((number, name)) = version(file) {
                keyed.push((number, migration(file, number, name)?));
            }
        }
        keyed.sort_by_key(|(number, _)| *number);
        let mut expected = 1;
        for (number, migration) in &keyed {
            if *number > expected {
                return Err(FolderError::Gap {
                    layout: Layout::Tern,
                    missing: expected.to_string(),
                    file: migration.file.clone(),
                });
            }
            expected = number + 1;
        }
        Ok(Reading::of(in_order(Layout::Tern, keyed)?))
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let mut text = wanted.sql.to_owned();
        if wanted.outside_transaction {
            text.insert_str(0, &format!("{DISABLE_TRANSACTION}\n"));
        }
        if wanted.after.down.is_some() {
            text = format!("{text}\n{SEPARATOR}\n\n{}", wanted.way_back());
        }
        named_files(wanted, text)
    }

    fn leave_transaction(&self, _: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        let start = body(&migration.text).start;
        Ok(Leave::line(start, &format!("{DISABLE_TRANSACTION}\n")))
    }
}

fn version<'f>(file: &'f File<'_>) -> Option<(u128, &'f str)> {
    let (_, number, rest) = leading_number(file.stem())?;
    let name = rest.strip_prefix('_').filter(|name| !name.is_empty())?;
    Some((number, name))
}

fn migration(file: &File<'_>, number: u128, name: &str) -> Result<Migration, FolderError> {
    let mut migration = file.migration(&number.to_string(), name)?;
    let text = file.text()?;
    if let Some(at) = text.find(SEPARATOR) {
        migration.up = vec![Span::new(body(text).start, at)];
        let below = Span::new(at + SEPARATOR.len(), text.len());
        if !below.of(text).trim().is_empty() {
            migration.down = Some(Down::Parts(vec![below]));
        }
    }
    let disabled = migration.up[0]
        .of(text)
        .lines()
        .any(|line| line.trim_end() == DISABLE_TRANSACTION);
    migration.transaction = if disabled {
        TransactionMode::None
    } else {
        TransactionMode::File
    };
    Ok(migration)
}
