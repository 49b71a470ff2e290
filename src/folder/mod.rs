//! Migration folders: which tool wrote one, and what that tool would apply in which order.
//!
//! Pure over an in-memory [`Tree`]; `files` makes trees from the disk and from git. Each layout is a
//! file of its own in `layouts/`.

mod addition;
mod dialect;
mod engines;
mod error;
mod files;
mod layouts;
mod naming;
mod origin;
mod scan;
mod sections;
mod tree;
mod version;

use std::collections::HashSet;
use std::fmt;

pub use addition::{
    Addition, Leave, Manual, add, in_one_piece, leave_transaction, serves_several_engines,
};
pub use dialect::{Guess, guess_dialect};
pub use engines::dialect_of_path;
pub(crate) use error::conversion;
pub use error::{FolderError, UnknownLayout};
pub use layouts::Layout;
pub use origin::before_the_first;
pub use tree::{Content, Entry, Tree};

use crate::model::{Dialect, Down, Migration};
use files::Files;
use layouts::{Evidence, Reading, Strength};

/// A folder as its layout's tool sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The layout; `None` when none fitted and every SQL file was taken as it lies.
    pub layout: Option<Layout>,
    /// Why this layout, as a clause for people.
    pub because: String,
    /// The migrations, in the order in which the tool applies them.
    pub migrations: Vec<Migration>,
    /// What the reader should know: files that were skipped and why, choices that were made.
    pub notices: Vec<Notice>,
}

/// Something about the folder that is no error but that people should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is, as a clause.
    pub message: String,
    /// The files it is about, relative to the folder; may be empty.
    pub files: Vec<String>,
}

impl Notice {
    /// A notice about the folder as a whole.
    pub fn general(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            files: Vec::new(),
        }
    }

    /// A notice about these files.
    pub fn about(files: Vec<String>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            files,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        f.write_str(&self.message)?;
        for (at, file) in self.files.iter().take(SHOWN).enumerate() {
            write!(f, "{} `{file}`", if at == 0 { ":" } else { "," })?;
        }
        match self.files.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Reads a folder by `layout`, or by the one that its files speak for.
///
/// # Errors
/// Whatever would make the tool itself refuse the folder, or apply something else than people think:
/// see [`FolderError`]. A folder without a migration is an error too, never an empty success.
pub fn read(tree: &Tree, layout: Option<Layout>, dialect: Dialect) -> Result<Folder, FolderError> {
    let (files, mut notices) = engines::select(tree, dialect)?;
    refuse_no_sql(tree, &files)?;
    let (layout, because, reading) = match layout {
        Some(layout) => (
            layout,
            "as configured".to_owned(),
            layout.reader().read(&files)?,
        ),
        None => detect(&files, &mut notices)?,
    };
    if reading.migrations.is_empty() {
        return Err(FolderError::NoMigration {
            layout,
            expected: layout.reader().expected(),
            files: files.sql().count(),
        });
    }
    notices.extend(reading.notices);
    notices.extend(unused(&files, &reading.migrations, &notices, layout));
    Ok(Folder {
        layout: Some(layout),
        because,
        migrations: reading.migrations,
        notices,
    })
}

/// Reads every SQL file below the folder in path order, as one migration each.
///
/// For `lint` and `classify` where no layout fits. Down files are still left out.
///
/// # Errors
/// When a file cannot be read or is not UTF-8, and when there is none.
pub fn read_loose(tree: &Tree, dialect: Dialect) -> Result<Folder, FolderError> {
    let (files, mut notices) = engines::select(tree, dialect)?;
    refuse_no_sql(tree, &files)?;
    let (down, up): (Vec<_>, Vec<_>) = files.sql().partition(|file| version::is_down(&file.key));
    let migrations = up
        .iter()
        .map(|file| file.migration(file.key_stem(), ""))
        .collect::<Result<Vec<_>, _>>()?;
    if migrations.is_empty() {
        return Err(FolderError::Empty {
            files: tree.entries.len(),
        });
    }
    if !down.is_empty() {
        let files = down.iter().map(|file| file.path.to_owned()).collect();
        notices.push(Notice::about(
            files,
            "down files, which are not read as migrations",
        ));
    }
    let because = "no layout fits; every SQL file is read, in path order".to_owned();
    Ok(Folder {
        layout: None,
        because,
        migrations,
        notices,
    })
}

fn refuse_no_sql(tree: &Tree, files: &Files<'_>) -> Result<(), FolderError> {
    if files.sql().next().is_none() {
        return Err(FolderError::Empty {
            files: tree.entries.len(),
        });
    }
    Ok(())
}

/// Finds the layout that the files speak for, and reads them by it.
fn detect(
    files: &Files<'_>,
    notices: &mut Vec<Notice>,
) -> Result<(Layout, String, Reading), FolderError> {
    let found = fitting(files);
    let Some((_, first)) = found.first() else {
        let first = files
            .sql()
            .next()
            .map_or_else(String::new, |file| file.path.to_owned());
        return Err(FolderError::NoLayout {
            files: files.sql().count(),
            first,
        });
    };
    let mut equals: Vec<_> = found
        .iter()
        .filter(|(_, evidence)| evidence.weight() == first.weight())
        .map(|(layout, evidence)| (*layout, evidence, layout.reader().read(files)))
        .collect();
    // Where only the names speak, a tool that would refuse the folder did not write it.
    if first.strength == Strength::Possible && equals.iter().any(|(.., read)| read.is_ok()) {
        equals.retain(|(.., read)| read.is_ok());
    }
    let (best, evidence, reading) = equals.remove(0);
    let mut candidates = vec![(best, evidence.because.clone())];
    for (layout, evidence, other) in &equals {
        if reads_alike(&reading, other) {
            notices.push(Notice::general(format!(
                "read as {best}; {layout} reads these files alike: if it is yours, set `layout = \"{}\"`",
                layout.name()
            )));
        } else {
            candidates.push((*layout, evidence.because.clone()));
        }
    }
    if candidates.len() > 1 {
        return Err(FolderError::Ambiguous { candidates });
    }
    let mut reading = reading?;
    match reading.doubt.take() {
        Some(doubt) => Err(doubt),
        None => Ok((best, evidence.because.clone(), reading)),
    }
}

/// The layouts that fit, best first. One that explains less than half of what another explains does
/// not: a single file with a stray marker says nothing about the hundred others.
fn fitting(files: &Files<'_>) -> Vec<(Layout, Evidence)> {
    let mut found: Vec<(Layout, Evidence)> = Layout::ALL
        .iter()
        .filter_map(|layout| {
            layout
                .reader()
                .detect(files)
                .map(|evidence| (*layout, evidence))
        })
        .collect();
    let most = found
        .iter()
        .map(|(_, evidence)| evidence.files)
        .max()
        .unwrap_or(0);
    found.retain(|(_, evidence)| evidence.files * 2 >= most);
    found.sort_by_key(|(_, evidence)| std::cmp::Reverse(evidence.weight()));
    found
}

/// Whether two layouts would run the same text in the same order, or refuse the same two files.
fn reads_alike(one: &Result<Reading, FolderError>, other: &Result<Reading, FolderError>) -> bool {
    let parts = |migration: &Migration| (migration.file.clone(), migration.up.clone());
    match (one, other) {
        (Ok(one), Ok(other)) => one
            .migrations
            .iter()
            .map(parts)
            .eq(other.migrations.iter().map(parts)),
        (
            Err(FolderError::DuplicateVersion { first, second, .. }),
            Err(FolderError::DuplicateVersion {
                first: a,
                second: b,
                ..
            }),
        ) => (first, second) == (a, b),
        _ => false,
    }
}

/// The SQL files that no migration uses and no notice names yet.
fn unused(
    files: &Files<'_>,
    migrations: &[Migration],
    notices: &[Notice],
    layout: Layout,
) -> Option<Notice> {
    let mut known: HashSet<&str> = HashSet::new();
    for migration in migrations {
        known.insert(&migration.file);
        if let Some(Down::File { file, .. }) = &migration.down {
            known.insert(file);
        }
    }
    known.extend(
        notices
            .iter()
            .flat_map(|notice| notice.files.iter().map(String::as_str)),
    );
    let unused: Vec<String> = files
        .sql()
        .map(|file| file.path)
        .filter(|path| !known.contains(path))
        .map(str::to_owned)
        .collect();
    (!unused.is_empty()).then(|| {
        Notice::about(
            unused,
            format!("not read: no migration in the {} layout", layout.name()),
        )
    })
}

#[cfg(test)]
mod tests;
