//! What a fix changes in a folder besides the statements themselves: a new migration after another one, and
//! the mark that takes a migration out of its transaction.

use std::fmt;

use super::naming::next_stem;
use super::tree::{Entry, Tree};
use super::{Folder, Layout, engines};
use crate::model::{Dialect, Down, Edit, Migration, Span};

/// A migration that is to be added.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    /// The one that it comes right after, and whose manners it keeps: padding, suffixes, a way down or none.
    pub after: &'a Migration,
    /// What it is called, in snake case.
    pub name: &'a str,
    /// Its statements, each with its semicolon.
    pub sql: &'a str,
    /// Its way back, each statement with its semicolon; `None` where there is nothing to take back. A folder whose
    /// migrations have no way back does without.
    pub down: Option<&'a str>,
    /// The time as `YYYYMMDDhhmmss`, for names that are timestamps: the new one is no earlier.
    pub now: Option<&'a str>,
    /// Its statements run in no transaction.
    pub outside_transaction: bool,
}

/// How a migration leaves its transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// Replacements in its own text.
    pub edits: Vec<Edit>,
    /// Files beside it, with their whole text.
    pub files: Vec<Entry>,
}

/// Why only a person can do it, as a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manual(pub String);

impl fmt::Display for Manual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Manual {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// The files of a new migration as the folder's own tool would have it, new or with their new text.
///
/// The name follows from the names that are there and from the time that is given, never from a clock: two runs
/// agree. Whether it comes right after its predecessor is for the caller to see, by reading the folder again.
///
/// # Errors
/// When the layout gives no certain name.
pub fn add(
    tree: &Tree,
    folder: &Folder,
    dialect: Dialect,
    wanted: &Addition<'_>,
) -> Result<Vec<Entry>, Manual> {
    let (Some(layout), Ok((files, _))) = (folder.layout, engines::select(tree, dialect)) else {
        return Err(Manual::because(
            "no layout fits this folder, so the name of a new migration is not certain",
        ));
    };
    let entries = layout.reader().add(&files, wanted)?;
    let taken = entries.iter().find(|entry| {
        entry.path != wanted.after.file && tree.entries.iter().any(|held| held.path == entry.path)
    });
    match taken {
        Some(entry) => Err(Manual(format!("there is a file `{}` already", entry.path))),
        None => Ok(entries),
    }
}

/// One statement with semicolons inside it, as the layout's tool must see it to send it in one piece.
pub fn in_one_piece(layout: Layout, statement: &str) -> String {
    let mark = match layout {
        Layout::Goose => "-- +goose",
        Layout::SqlMigrate => "-- +migrate",
        _ => return statement.to_owned(),
    };
    format!("{mark} StatementBegin\n{statement}\n{mark} StatementEnd")
}

/// What makes the folder's tool run `migration` outside a transaction.
///
/// # Errors
/// When the tool has no mark for that, or it would not help.
pub fn leave_transaction(
    tree: &Tree,
    folder: &Folder,
    dialect: Dialect,
    migration: &Migration,
) -> Result<Leave, Manual> {
    let (Some(layout), Ok((files, _))) = (folder.layout, engines::select(tree, dialect)) else {
        return Err(Manual::because("no layout fits this folder"));
    };
    layout.reader().leave_transaction(&files, migration)
}

/// Whether a file is run on other engines too, so that one engine's SQL must not be put into it: there are
/// files of one engine in its folder, and it is none of them.
pub fn serves_several_engines(tree: &Tree, file: &str) -> bool {
    engines::is_shared(tree, file)
}

impl Addition<'_> {
    /// What stands in its way down.
    pub(super) fn way_back(&self) -> &str {
        self.down.unwrap_or(NOTHING_TO_TAKE_BACK)
    }
}

impl Leave {
    /// One line of text put in at `at`.
    pub(super) fn line(at: usize, text: &str) -> Self {
        Self {
            edits: vec![Edit {
                span: Span::new(at, at),
                text: text.to_owned(),
            }],
            files: Vec::new(),
        }
    }
}

/// The refusal of a tool whose transactions cannot be left.
pub(super) fn no_mark(title: &str) -> Manual {
    Manual(format!(
        "{title} has no mark that takes a migration out of its transaction"
    ))
}

/// The refusal of a tool that sends a file as one query, which the server runs as one transaction.
pub(super) fn lone_statement_only(title: &str) -> Manual {
    Manual(format!(
        "{title} sends a file as one query, which runs outside a transaction only as a single statement"
    ))
}

/// What stands in a way down that has nothing to do: a statement, since some tools refuse an empty file.
const NOTHING_TO_TAKE_BACK: &str = "-- Nothing to take back.\nSELECT 1;\n";

/// The files of a migration whose name starts with its version: `<version>_<name>.sql`, and the one of its
/// way down where its predecessor has one of its own.
pub(super) fn named_files(wanted: &Addition<'_>, text: String) -> Result<Vec<Entry>, Manual> {
    let stem = next_stem(&wanted.after.file, wanted)?;
    let mut entries = vec![Entry::of_text(stem.applied_to(&wanted.after.file), text)];
    if let Some(Down::File { file, .. }) = &wanted.after.down {
        entries.push(Entry::of_text(
            stem.applied_to(file),
            wanted.way_back().to_owned(),
        ));
    }
    Ok(entries)
}

/// The folder that holds the files of a migration: `<version>_<name>/up.sql`.
pub(super) fn next_folder(wanted: &Addition<'_>) -> Result<String, Manual> {
    let (folder, _) = wanted.after.file.rsplit_once('/').unwrap_or_default();
    let stem = next_stem(folder, wanted)?;
    Ok(stem.applied_to(folder))
}

/// Statements under a heading, and nothing to do under that of the way down where the predecessor has one.
pub(super) fn sections(wanted: &Addition<'_>, up: &str, down: &str) -> String {
    let sql = wanted.sql;
    match wanted.after.down {
        Some(_) => format!("{up}\n{sql}\n{down}\n{}", wanted.way_back()),
        None => format!("{up}\n{sql}"),
    }
}
