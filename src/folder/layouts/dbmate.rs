//! dbmate (`pkg/dbmate/migration.go`): one file with `-- migrate:up` and `-- migrate:down`, several
//! pairs in a row allowed; files are applied in the order of their names, the version is text.

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, named_files, sections as with_sections};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::{self, Cutter, Way};
use crate::folder::tree::Entry;
use crate::folder::version::leading_number;
use crate::model::{Down, Migration, TransactionMode};

pub(super) struct Dbmate;

impl Reader for Dbmate {
    fn expected(&self) -> &'static str {
        "`<digits>_<name>.sql` with `-- migrate:up`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let count = files
            .sql_on_top()
            .filter(|file| sections::lines(file.peek()).any(|line| marker(line.text).is_some()))
            .count();
        Evidence::of(
            Strength::Sure,
            count,
            format!("files with a `-- migrate:up` block: {count}"),
        )
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        for file in files.sql_on_top() {
            if let Some((version, _, rest)) = leading_number(file.stem()) {
                keyed.push((file.name(), migration(file, version, rest)?));
            }
        }
        Ok(Reading::of(in_order(Layout::Dbmate, keyed)?))
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let up = if wanted.outside_transaction {
            "-- migrate:up transaction:false"
        } else {
            "-- migrate:up"
        };
        named_files(wanted, with_sections(wanted, up, "-- migrate:down"))
    }

    fn leave_transaction(&self, _: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        let mut ups = sections::lines(&migration.text)
            .filter(|line| matches!(marker(line.text), Some((Way::Up, _))));
        match (ups.next(), ups.next()) {
            (Some(line), None) => {
                let end = line.start + line.text.trim_end().len();
                Ok(Leave::line(end, " transaction:false"))
            }
            _ => Err(Manual::because("there are several `-- migrate:up` in it")),
        }
    }
}

fn migration(file: &File<'_>, version: &str, rest: &str) -> Result<Migration, FolderError> {
    let mut migration = file.migration(version, rest.trim_start_matches('_'))?;
    migration.transaction = TransactionMode::File;
    let text = file.text()?;
    let mut cutter = Cutter::new(text);
    for line in sections::lines(text) {
        match (marker(line.text), cutter.way()) {
            (Some((Way::Up, options)), _) => {
                if cutter.way().is_none() {
                    cutter.lead(line.start);
                }
                cutter.turn(line.start, Way::Up, line.next);
                if options
                    .split_whitespace()
                    .any(|option| option == "transaction:false")
                {
                    migration.transaction = TransactionMode::OneQuery;
                }
            }
            (Some((Way::Down, _)), Some(Way::Up)) => {
                cutter.turn(line.start, Way::Down, line.next);
            }
            (Some((Way::Down, _)), _) => {
                let help = "each `-- migrate:down` follows the `-- migrate:up` that it takes back";
                return Err(line.bad_marker(file, "`-- migrate:down` is out of place", help));
            }
            (None, None) if !sections::is_only_comments(line.text) => {
                let problem = "a statement stands before `-- migrate:up`";
                let help = "dbmate refuses that: move it below the marker";
                return Err(line.bad_marker(file, problem, help));
            }
            (None, _) => {}
        }
    }
    if cutter.way().is_none() {
        let help = "add it above the first statement, or move the file out of the folder";
        return Err(sections::bad_marker(
            file,
            1,
            "there is no `-- migrate:up`",
            help,
        ));
    }
    let (up, down) = cutter.finish();
    migration.up = up;
    migration.down = (!down.is_empty()).then_some(Down::Parts(down));
    Ok(migration)
}

/// The way that a marker line opens, and its options: `-- migrate:up transaction:false`.
fn marker(line: &str) -> Option<(Way, &str)> {
    let word = line
        .strip_prefix("--")?
        .trim_start()
        .strip_prefix("migrate:")?;
    let (way, options) = if let Some(options) = word.strip_prefix("up") {
        (Way::Up, options)
    } else {
        (Way::Down, word.strip_prefix("down")?)
    };
    (options.is_empty() || options.starts_with(char::is_whitespace)).then_some((way, options))
}
