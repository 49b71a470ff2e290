//! refinery (`refinery_core/src/util.rs`): `V<number>__<name>.sql` in the order of the numbers, and
//! `U<number>__<name>.sql` for those that may be applied late; neither has a way down. Sub-folders are
//! read.

use std::collections::HashSet;

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::Notice;
use crate::folder::addition::{Addition, Leave, Manual, named_files, no_mark};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::tree::Entry;
use crate::model::{Migration, TransactionMode};

pub(super) struct Refinery;

impl Reader for Refinery {
    fn expected(&self) -> &'static str {
        "`V<number>__<name>.sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let named: Vec<(char, i64)> = files
            .sql()
            .filter_map(|file| parse(file.stem()))
            .map(|(p, n, _)| (p, n))
            .collect();
        let versioned: HashSet<i64> = named
            .iter()
            .filter(|(prefix, _)| *prefix == 'V')
            .map(|(_, number)| *number)
            .collect();
        // In Flyway's folders a `U` file takes back the `V` file of its number; here it is one of its own.
        let late: Vec<i64> = named
            .iter()
            .filter(|(prefix, _)| *prefix == 'U')
            .map(|(_, number)| *number)
            .collect();
        if late.iter().any(|number| versioned.contains(number)) {
            return None;
        }
        let rust = rust_files(files).count();
        let sure = rust > 0 || !late.is_empty();
        let because = if rust > 0 {
            format!(
                "{} files named as in `V1__name.sql`, and {rust} in Rust",
                named.len()
            )
        } else {
            format!(
                "{} files named as in `V1__name.sql` or `U2__name.sql`",
                named.len()
            )
        };
        let strength = if sure {
            Strength::Sure
        } else {
            Strength::Usual
        };
        Evidence::of(strength, named.len(), because)
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        for file in files.sql() {
            let Some((_, number, name)) = parse(file.stem()) else {
                continue;
            };
            let mut migration = file.migration(&number.to_string(), name)?;
            migration.transaction = TransactionMode::File;
            keyed.push((number, migration));
        }
        let rust: Vec<String> = rust_files(files).map(|file| file.path.to_owned()).collect();
        let mut notices = Vec::new();
        if !rust.is_empty() {
            let message = "migrations written in Rust, which cannot be read as SQL";
            notices.push(Notice::about(rust, message));
        }
        Ok(Reading {
            notices,
            ..Reading::of(in_order(Layout::Refinery, keyed)?)
        })
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        if wanted.outside_transaction {
            return Err(no_mark("refinery"));
        }
        named_files(wanted, wanted.sql.to_owned())
    }

    fn leave_transaction(&self, _: &Files<'_>, _: &Migration) -> Result<Leave, Manual> {
        Err(no_mark("refinery"))
    }
}

fn rust_files<'f, 't>(files: &'f Files<'t>) -> impl Iterator<Item = &'f File<'t>> {
    files.all().filter(|file| {
        file.name()
            .strip_suffix(".rs")
            .is_some_and(|stem| parse(stem).is_some())
    })
}

/// Prefix, number and name of `V1__name`.
fn parse(stem: &str) -> Option<(char, i64, &str)> {
    let prefix = stem.chars().next()?;
    let (number, name) = stem.strip_prefix(['V', 'U'])?.split_once("__")?;
    let word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    if !word || !digits {
        return None;
    }
    Some((prefix, number.parse().ok()?, name))
}
