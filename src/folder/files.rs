//! The files of one engine, under the names that a layout reads.

use super::Layout;
use super::error::FolderError;
use super::tree::Content;
use super::version::leading_number;
use crate::model::{Dialect, Down, Migration, MigrationKind, Span, TransactionMode};

/// The files that a layout looks at: one engine's, below one folder.
#[derive(Clone, Debug)]
pub(super) struct Files<'t> {
    /// The engine that they are read for.
    pub(super) dialect: Dialect,
    /// In the order of their keys.
    list: Vec<File<'t>>,
}

/// One file under the name that a layout reads.
#[derive(Clone, Debug)]
pub(super) struct File<'t> {
    /// Relative to the folder that was listed: the name in messages.
    pub(super) path: &'t str,
    /// Relative to the engine's own folder and without an engine suffix: the name that layouts read.
    pub(super) key: String,
    /// What it holds.
    pub(super) content: &'t Content,
}

impl<'t> Files<'t> {
    /// These files, to be read for `dialect`.
    pub(super) fn new(dialect: Dialect, mut list: Vec<File<'t>>) -> Self {
        list.sort_by(|one, other| one.key.cmp(&other.key));
        Self { dialect, list }
    }

    /// All files.
    pub(super) fn all(&self) -> impl Iterator<Item = &File<'t>> {
        self.list.iter()
    }

    /// The SQL files.
    pub(super) fn sql(&self) -> impl Iterator<Item = &File<'t>> {
        self.list.iter().filter(|file| file.is_sql())
    }

    /// The SQL files that lie in the folder itself.
    pub(super) fn sql_on_top(&self) -> impl Iterator<Item = &File<'t>> {
        self.sql().filter(|file| file.dir().is_empty())
    }

    /// The file of this name.
    pub(super) fn named(&self, key: &str) -> Option<&File<'t>> {
        let at = self
            .list
            .binary_search_by(|file| file.key.as_str().cmp(key))
            .ok()?;
        self.list.get(at)
    }

    /// The same files seen from one folder further down, when all SQL lies in that one folder and the
    /// folder is not itself a migration.
    pub(super) fn inside_only_folder(&self) -> Option<Self> {
        let first = self.sql().next()?;
        let (top, _) = first.key.split_once('/')?;
        let prefix = format!("{top}/");
        let only = self.sql().all(|file| file.key.starts_with(&prefix));
        let is_migration = leading_number(top.trim_start_matches(['v', 'V'])).is_some()
            || self
                .sql()
                .any(|file| file.dir() == top && matches!(file.name(), "up.sql" | "migration.sql"));
        (only && !is_migration).then(|| self.inside(top))
    }

    /// The files of one sub-folder, seen from there.
    pub(super) fn inside(&self, folder: &str) -> Self {
        let list = self
            .list
            .iter()
            .filter_map(|file| {
                let key = file.key.strip_prefix(folder)?.strip_prefix('/')?.to_owned();
                Some(File {
                    key,
                    ..file.clone()
                })
            })
            .collect();
        Self {
            dialect: self.dialect,
            list,
        }
    }
}

impl<'t> File<'t> {
    /// The last part of the key.
    pub(super) fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }

    /// The key without its last part; empty for a file in the folder itself.
    pub(super) fn dir(&self) -> &str {
        self.key.rsplit_once('/').map_or("", |(dir, _)| dir)
    }

    /// The name without `.sql`, `.up.sql` or any other extension.
    pub(super) fn stem(&self) -> &str {
        let name = self.name();
        let name = strip_suffix_ignoring_case(name, ".sql").unwrap_or(name);
        name.strip_suffix(".up")
            .or_else(|| name.strip_suffix(".down"))
            .unwrap_or(name)
    }

    /// The key without `.sql`: an id for a file whose version is not known.
    pub(super) fn key_stem(&self) -> &str {
        strip_suffix_ignoring_case(&self.key, ".sql").unwrap_or(&self.key)
    }

    /// Whether the name ends in `.sql`.
    pub(super) fn is_sql(&self) -> bool {
        strip_suffix_ignoring_case(&self.key, ".sql").is_some()
    }

    /// The text, for detection: nothing where there is none.
    pub(super) fn peek(&self) -> &'t str {
        match self.content {
            Content::Text(text) => text,
            _ => "",
        }
    }

    /// The text.
    pub(super) fn text(&self) -> Result<&'t str, FolderError> {
        let file = || self.path.to_owned();
        match self.content {
            Content::Text(text) => Ok(text),
            Content::NotUtf8 { offset } => Err(FolderError::NotUtf8 {
                file: file(),
                offset: *offset,
            }),
            Content::Unreadable { reason } => Err(FolderError::Unreadable {
                file: file(),
                reason: reason.clone(),
            }),
            Content::NameOnly => Err(FolderError::Unreadable {
                file: file(),
                reason: "it was not loaded".to_owned(),
            }),
        }
    }

    /// The file as another one's way down.
    pub(super) fn as_down(&self) -> Result<Down, FolderError> {
        Ok(Down::File {
            file: self.path.to_owned(),
            text: self.text()?.to_owned(),
        })
    }

    /// The refusal of this file's name.
    pub(super) fn bad_name(&self, layout: Layout, expected: &'static str) -> FolderError {
        FolderError::BadName {
            layout,
            file: self.path.to_owned(),
            expected,
        }
    }

    /// The whole file as one versioned migration, about whose transaction nothing is known.
    pub(super) fn migration(&self, id: &str, name: &str) -> Result<Migration, FolderError> {
        let text = self.text()?;
        Ok(Migration {
            id: id.to_owned(),
            name: name.to_owned(),
            file: self.path.to_owned(),
            text: text.to_owned(),
            up: vec![body(text)],
            down: None,
            kind: MigrationKind::Versioned,
            transaction: TransactionMode::Unknown,
        })
    }
}

/// The whole text but for a byte order mark, which is no SQL.
pub(super) fn body(text: &str) -> Span {
    let start = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    Span::new(start, text.len())
}

fn strip_suffix_ignoring_case<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(suffix.len())?;
    let tail = name.get(at..)?;
    tail.eq_ignore_ascii_case(suffix).then(|| &name[..at])
}
