//! sql-migrate (`sqlparse/sqlparse.go`): one file with `-- +migrate Up` and `-- +migrate Down`; the id
//! is the file's name, and names that start with a number come first, in the order of the numbers.

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, named_files, sections as with_sections};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::{self, Cutter, Line, Way};
use crate::folder::tree::Entry;
use crate::folder::version::leading_number;
use crate::model::{Down, Migration, TransactionMode};

pub(super) struct SqlMigrate;

const MARK: &str = "-- +migrate ";

impl Reader for SqlMigrate {
    fn expected(&self) -> &'static str {
        "SQL files with `-- +migrate Up`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let count = files
            .sql_on_top()
            .filter(|file| sections::lines(file.peek()).any(|line| line.text.starts_with(MARK)))
            .count();
        Evidence::of(
            Strength::Sure,
            count,
            format!("files with `{}`: {count}", MARK.trim()),
        )
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        for file in files.sql_on_top() {
            let number = leading_number(file.name()).map(|(_, number, _)| number);
            let key = (number.is_none(), number, file.name());
            keyed.push((key, migration(file)?));
        }
        Ok(Reading::of(in_order(Layout::SqlMigrate, keyed)?))
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let up = if wanted.outside_transaction {
            "-- +migrate Up notransaction"
        } else {
            "-- +migrate Up"
        };
        named_files(wanted, with_sections(wanted, up, "-- +migrate Down"))
    }

    fn leave_transaction(&self, _: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        let is_up = |line: &Line<'_>| {
            let command = line.text.strip_prefix(MARK);
            command.is_some_and(|command| command.split_whitespace().next() == Some("Up"))
        };
        let up = sections::lines(&migration.text)
            .find(is_up)
            .ok_or_else(|| Manual::because("there is no `-- +migrate Up`"))?;
        let end = up.start + up.text.trim_end().len();
        Ok(Leave::line(end, " notransaction"))
    }
}

fn migration(file: &File<'_>) -> Result<Migration, FolderError> {
    let name = file.stem().trim_start_matches(|c: char| c.is_ascii_digit());
    let mut migration = file.migration(file.name(), name.trim_start_matches(['_', '-']))?;
    migration.transaction = TransactionMode::File;
    let text = file.text()?;
    let mut cutter = Cutter::new(text);
    let mut begun: Option<Line<'_>> = None;
    for line in sections::lines(text) {
        let Some(command) = line.text.strip_prefix(MARK) else {
            continue;
        };
        let mut words = command.split_whitespace();
        match (words.next(), cutter.way()) {
            (Some("Up"), way) => {
                if way.is_none() {
                    cutter.lead(line.start);
                }
                cutter.turn(line.start, Way::Up, line.next);
                if words.any(|option| option == "notransaction") {
                    migration.transaction = TransactionMode::None;
                }
            }
            (Some("Down"), _) => cutter.turn(line.start, Way::Down, line.next),
            (Some("StatementBegin"), Some(way)) => {
                cutter.turn(line.start, way, line.next);
                begun = Some(line);
            }
            (Some("StatementEnd"), Some(way)) => {
                cutter.turn(line.start, way, line.next);
                begun = None;
            }
            _ => {}
        }
    }
    if let Some(line) = begun {
        let help = "add `-- +migrate StatementEnd` after the statement";
        return Err(line.bad_marker(file, "`-- +migrate StatementBegin` is never ended", help));
    }
    if cutter.way().is_none() {
        let help = "add it above the first statement, or move the file out of the folder";
        return Err(sections::bad_marker(
            file,
            1,
            "there is no `-- +migrate Up`",
            help,
        ));
    }
    let (up, down) = cutter.finish();
    migration.up = up;
    migration.down = (!down.is_empty()).then_some(Down::Parts(down));
    Ok(migration)
}
