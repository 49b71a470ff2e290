//! goose (`internal/sqlparser/parser.go`): one file with `-- +goose Up` and `-- +goose Down`; versions
//! are numbers, timestamps and counters alike; sub-folders are not read.

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::Notice;
use crate::folder::addition::{Addition, Leave, Manual, named_files, sections as with_sections};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::{self, Cutter, Line, Way};
use crate::folder::tree::Entry;
use crate::model::{Down, Migration, Span, TransactionMode};

pub(super) struct Goose;

const MARK: &str = "+goose";
const NO_TRANSACTION: &str = "-- +goose NO TRANSACTION\n";

impl Reader for Goose {
    fn expected(&self) -> &'static str {
        "`<number>_<name>.sql` with `-- +goose Up`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let count = files
            .sql_on_top()
            .filter(|file| file.peek().contains(MARK))
            .count();
        Evidence::of(
            Strength::Sure,
            count,
            format!("files with `-- {MARK}` annotations: {count}"),
        )
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        for file in files.sql_on_top() {
            if let Some((number, name)) = version(file) {
                keyed.push((number, migration(file, number, name)?));
            }
        }
        let go: Vec<String> = files
            .all()
            .filter(|file| file.dir().is_empty() && version(file).is_some())
            .filter(|file| is_go(file.name()))
            .map(|file| file.path.to_owned())
            .collect();
        let mut notices = Vec::new();
        if !go.is_empty() {
            notices.push(Notice::about(
                go,
                "migrations written in Go, which cannot be read as SQL",
            ));
        }
        Ok(Reading {
            notices,
            ..Reading::of(in_order(Layout::Goose, keyed)?)
        })
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let mark = if wanted.outside_transaction {
            NO_TRANSACTION
        } else {
            ""
        };
        let up = format!("{mark}-- +goose Up");
        named_files(wanted, with_sections(wanted, &up, "-- +goose Down"))
    }

    fn leave_transaction(&self, _: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        let up = sections::lines(&migration.text)
            .find(|line| annotation(line.text).is_some_and(|word| word.eq_ignore_ascii_case("up")));
        let start = up.map_or(0, |line| line.start);
        Ok(Leave::line(start, NO_TRANSACTION))
    }
}

fn is_go(name: &str) -> bool {
    name.strip_suffix(".go")
        .is_some_and(|stem| !stem.ends_with("_test"))
}

/// The number before the first `_`, and the name after it.
fn version<'f>(file: &'f File<'_>) -> Option<(i64, &'f str)> {
    let (version, name) = file.stem().split_once('_')?;
    version
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .map(|number| (number, name))
}

fn migration(file: &File<'_>, number: i64, name: &str) -> Result<Migration, FolderError> {
    let mut migration = file.migration(&number.to_string(), name)?;
    let parts = parts(file, file.text()?)?;
    migration.up = parts.up;
    migration.down = (!parts.down.is_empty()).then_some(Down::Parts(parts.down));
    migration.transaction = parts.transaction;
    Ok(migration)
}

struct Parts {
    up: Vec<Span>,
    down: Vec<Span>,
    transaction: TransactionMode,
}

fn parts(file: &File<'_>, text: &str) -> Result<Parts, FolderError> {
    let mut cutter = Cutter::new(text);
    let mut transaction = TransactionMode::File;
    let mut begun: Option<Line<'_>> = None;
    for line in sections::lines(text) {
        let Some(word) = annotation(line.text) else {
            if cutter.way().is_none() && !sections::is_only_comments(line.text) {
                return Err(line.bad_marker(
                    file,
                    "a statement stands before `-- +goose Up`",
                    "goose needs that annotation above the first statement",
                ));
            }
            continue;
        };
        match (word.to_ascii_lowercase().as_str(), cutter.way()) {
            ("up", None) => {
                cutter.lead(line.start);
                cutter.turn(line.start, Way::Up, line.next);
            }
            ("up", Some(_)) => {
                let help = "one file is one migration: move the second one into a file of its own";
                return Err(line.bad_marker(file, "a second `-- +goose Up`", help));
            }
            ("down", Some(Way::Up)) if begun.is_none() => {
                cutter.turn(line.start, Way::Down, line.next);
            }
            ("statementbegin", Some(way)) if begun.is_none() => {
                cutter.turn(line.start, way, line.next);
                begun = Some(line);
            }
            ("statementend", Some(way)) if begun.take().is_some() => {
                cutter.turn(line.start, way, line.next);
            }
            ("no transaction", _) => transaction = TransactionMode::None,
            ("envsub on" | "envsub off", _) => {}
            ("down" | "statementbegin" | "statementend", _) => {
                let problem = format!("`-- +goose {word}` is out of place");
                let help =
                    "the order is Up, then Down, and each StatementBegin has its StatementEnd";
                return Err(line.bad_marker(file, problem, help));
            }
            _ => {
                let problem = format!("`{word}` is no annotation of goose");
                let help = "known are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON and OFF";
                return Err(line.bad_marker(file, problem, help));
            }
        }
    }
    if let Some(line) = begun {
        let help = "add `-- +goose StatementEnd` after the statement";
        return Err(line.bad_marker(file, "`-- +goose StatementBegin` is never ended", help));
    }
    if cutter.way().is_none() {
        let help = "add it above the first statement, or move the file out of the folder";
        return Err(sections::bad_marker(
            file,
            1,
            "there is no `-- +goose Up`",
            help,
        ));
    }
    let (up, down) = cutter.finish();
    Ok(Parts {
        up,
        down,
        transaction,
    })
}

/// What a line like `-- +goose Up` says.
fn annotation(line: &str) -> Option<&str> {
    let comment = line.trim().strip_prefix("--")?;
    let (_, word) = comment.split_once(MARK)?;
    Some(word.trim())
}
