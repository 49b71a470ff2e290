//! Migration folders: which tool wrote one, and what that tool would apply in which order.
//!
//! Pure over an in-memory [`Tree`]; `files` makes trees from the disk and from git. Each layout is a
//! file of its own in `layouts/`.

mod engines;
mod error;
mod files;
mod layouts;
mod tree;
mod version;

use std::collections::HashSet;
use std::fmt;

pub use error::{FolderError, UnknownLayout};
pub use layouts::Layout;
pub use tree::{Content, Entry, Tree};

use crate::model::{Dialect, Down, Migration};
use files::Files;
use layouts::{Evidence, Reading};

/// A folder as its layout's tool sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The layout; `None` when none fitted and every SQL file was taken as it lies.
    pub layout: Option<Layout>,
    /// Why this layout, as a clause for people: `5 files with \`-- +goose\` annotations`.
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
    let (files, layout, because, reading) = match layout {
        Some(layout) => {
            let reading = layout.reader().read(&files)?;
            (files, layout, "as configured".to_owned(), reading)
        }
        None => detect(files, &mut notices)?,
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
        .map(|file| file.migration(file.stem(), ""))
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

type Detected<'t> = (Files<'t>, Layout, String, Reading);

/// Finds the layout that the files speak for, one folder further down where there is only that.
fn detect<'t>(files: Files<'t>, notices: &mut Vec<Notice>) -> Result<Detected<'t>, FolderError> {
    let mut files = files;
    let mut found = fitting(&files);
    while found.is_empty() {
        let Some(inner) = files.inside_only_folder() else {
            break;
        };
        files = inner;
        found = fitting(&files);
    }
    let Some((best, _)) = found.first() else {
        let first = files
            .sql()
            .next()
            .map_or_else(String::new, |file| file.path.to_owned());
        return Err(FolderError::NoLayout {
            files: files.sql().count(),
            first,
        });
    };
    let best = *best;
    let reading = best.reader().read(&files)?;
    let mut rivals = Vec::new();
    for (layout, evidence) in &found[1..] {
        let other = layout.reader().read(&files);
        let same = other.is_ok_and(|other| reads_alike(&reading, &other));
        if evidence.weight() == found[0].1.weight() && !same {
            rivals.push((*layout, evidence.because.clone()));
        } else if same && evidence.weight() == found[0].1.weight() {
            notices.push(Notice::general(format!(
                "read as {best}; {layout} reads these files alike: if it is yours, set `layout = \"{}\"`",
                layout.name()
            )));
        }
    }
    let because = found[0].1.because.clone();
    if !rivals.is_empty() {
        rivals.insert(0, (best, because));
        return Err(FolderError::Ambiguous { candidates: rivals });
    }
    Ok((files, best, because, reading))
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

/// Whether two layouts would run the same text in the same order.
fn reads_alike(one: &Reading, other: &Reading) -> bool {
    let parts = |reading: &Reading| -> Vec<(String, Vec<crate::model::Span>)> {
        reading
            .migrations
            .iter()
            .map(|m| (m.file.clone(), m.up.clone()))
            .collect()
    };
    parts(one) == parts(other)
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
            format!("not read, since {layout} does not apply them"),
        )
    })
}
