//! sqlx (`sqlx-core/src/migrate/source.rs`): `<version>_<description>.sql`, or a pair of `.up.sql` and
//! `.down.sql`; versions are 64-bit numbers; sub-folders are not read.

use std::collections::HashMap;

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, lone_statement_only, named_files};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::tree::Entry;
use crate::model::{Migration, TransactionMode};

pub(super) struct Sqlx;

/// A file that starts with this is not wrapped in a transaction.
const NO_TRANSACTION: &str = "-- no-transaction";

/// The comments that `sqlx migrate add` writes into a new file, and the marker that it reads.
const MARKS: [&str; 4] = [
    NO_TRANSACTION,
    "-- Add migration script here",
    "-- Add up migration script here",
    "-- Add down migration script here",
];

/// `sqlx migrate add` counts by the second, as in `20240102030405`.
const TIMESTAMP_DIGITS: usize = 14;

impl Reader for Sqlx {
    fn expected(&self) -> &'static str {
        "`<number>_<description>.sql`, or `.up.sql` with `.down.sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let (mut taken, mut stamped, mut marked, mut paired) = (0, 0, 0, 0);
        for file in files.sql_on_top() {
            let Some((version, _)) = file.name().split_once('_') else {
                continue;
            };
            // sqlx itself stops at such a name, so this folder is not one of its own.
            version.parse::<i64>().ok()?;
            taken += 1;
            stamped += usize::from(version.len() == TIMESTAMP_DIGITS);
            marked += usize::from(MARKS.iter().any(|mark| file.peek().starts_with(mark)));
            paired += usize::from(is_down(file));
        }
        if marked > 0 {
            let because =
                format!("{marked} of {taken} files start with a comment that sqlx writes or reads");
            return Evidence::of(Strength::Sure, taken, because);
        }
        if stamped == taken && paired == 0 {
            let because = format!("{taken} files named `<timestamp>_<description>.sql`");
            return Evidence::of(Strength::Usual, taken, because);
        }
        Evidence::of(
            Strength::Possible,
            taken,
            format!("{taken} files named `<number>_….sql`"),
        )
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut up = Vec::new();
        let mut down = HashMap::new();
        for file in files.sql_on_top() {
            let Some((version, _)) = file.name().split_once('_') else {
                continue;
            };
            let number: i64 = version
                .parse()
                .map_err(|_| file.bad_name(Layout::Sqlx, self.expected()))?;
            if is_down(file) {
                down.insert(number, file);
                continue;
            }
            let mut migration = file.migration(&number.to_string(), description(file))?;
            migration.transaction = if migration.text.starts_with(NO_TRANSACTION) {
                TransactionMode::OneQuery
            } else {
                TransactionMode::File
            };
            up.push((number, migration));
        }
        for (number, migration) in &mut up {
            if let Some(file) = down.get(number) {
                migration.down = Some(file.as_down()?);
            }
        }
        Ok(Reading::of(in_order(Layout::Sqlx, up)?))
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let mark = if wanted.outside_transaction {
            format!("{NO_TRANSACTION}\n")
        } else {
            String::new()
        };
        named_files(wanted, format!("{mark}{}", wanted.sql))
    }

    fn leave_transaction(&self, _: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        // sqlx looks at the first bytes of the file: a byte order mark hides the comment from it.
        if migration.text.starts_with(['\u{feff}']) || migration.text.starts_with(NO_TRANSACTION) {
            return Err(lone_statement_only("sqlx"));
        }
        Ok(Leave::line(0, &format!("{NO_TRANSACTION}\n")))
    }
}

fn is_down(file: &File<'_>) -> bool {
    file.name().ends_with(".down.sql")
}

fn description<'f>(file: &'f File<'_>) -> &'f str {
    file.stem()
        .split_once('_')
        .map_or("", |(_, description)| description)
}
