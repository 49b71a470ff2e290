//! Why a folder cannot be read. Every message names the file, what is wrong and the way out.

use thiserror::Error;

use super::Layout;
use crate::model::Dialect;

/// Why a folder cannot be read as migrations.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FolderError {
    /// There is no SQL in it at all.
    #[error("the folder holds no migration: {}; check the path, or add the first migration", seen(*.files))]
    Empty {
        /// How many other files were seen.
        files: usize,
    },
    /// The layout that was asked for finds nothing to read.
    #[error(
        "the folder holds no {layout} migration (SQL files seen: {files}); {layout} reads {expected}; set `layout` to the tool that wrote them, or to \"auto\""
    )]
    NoMigration {
        /// The layout that was asked for.
        layout: Layout,
        /// The names it reads.
        expected: &'static str,
        /// How many SQL files were seen.
        files: usize,
    },
    /// No layout fits.
    #[error(
        "no known layout fits the folder's SQL files (the first of {files} is `{first}`); name the tool with `layout = \"…\"`, one of {}",
        layout_names()
    )]
    NoLayout {
        /// How many SQL files were seen.
        files: usize,
        /// The first of them.
        first: String,
    },
    /// Two layouts fit equally well and read different migrations.
    #[error("the layout is ambiguous: {}; say which with `layout = \"{}\"`", evidence(.candidates), names(.candidates))]
    Ambiguous {
        /// The layouts and what speaks for each.
        candidates: Vec<(Layout, String)>,
    },
    /// Two migrations have one version.
    #[error(
        "`{first}` and `{second}` both have version {version}, {}: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both", refused_by(*.layout))]
    DuplicateVersion {
        /// The tool.
        layout: Layout,
        /// The version.
        version: String,
        /// The file that comes first.
        first: String,
        /// The other file.
        second: String,
    },
    /// A version is missing, and the tool counts without gaps.
    #[error(
        "version {missing} is missing before `{file}`; {layout} refuses gaps: restore the file, or renumber those after it"
    )]
    Gap {
        /// The tool.
        layout: Layout,
        /// The first version that is missing.
        missing: String,
        /// The first file after the gap.
        file: String,
    },
    /// The tool's own list of files names one that is not there.
    #[error(
        "`{list}` names `{file}`, which is not in the folder; restore the file, or update the list with {layout}"
    )]
    ListedButMissing {
        /// The tool.
        layout: Layout,
        /// The list: `atlas.sum`, `meta/_journal.json`.
        list: String,
        /// The file that is missing.
        file: String,
    },
    /// A file's name is not one that the tool takes.
    #[error(
        "`{file}` is not a name that {layout} takes; it reads {expected}: rename the file, move it out of the folder, or set another `layout`"
    )]
    BadName {
        /// The tool.
        layout: Layout,
        /// The file.
        file: String,
        /// The names it reads.
        expected: &'static str,
    },
    /// A marker comment of the tool is missing, unbalanced or out of place.
    #[error("{file}:{line}: {problem}; {help}")]
    BadMarker {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
        /// The way out.
        help: String,
    },
    /// The file could not be read.
    #[error("cannot read `{file}`: {reason}; check that it is a readable file")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// The file is not UTF-8.
    #[error(
        "`{file}` is not UTF-8: the byte at offset {offset} fits no character; convert the file, for example with `{}`",
        conversion(*.offset)
    )]
    NotUtf8 {
        /// The file.
        file: String,
        /// Bytes before the first wrong one.
        offset: usize,
    },
    /// The folder holds migrations for several engines, and none for this one.
    #[error("the folder holds migrations for {} but none for {dialect}; set `dialect`, or point `dir` at the right folder", list(.present))]
    NoneForDialect {
        /// The engine that was asked for.
        dialect: Dialect,
        /// The engines that are there, as the folder or file suffix spells them.
        present: Vec<String>,
    },
}

impl FolderError {
    /// Whether the folder holds SQL that no tool's layout explains, so that it can still be read file by file.
    pub const fn is_misfit(&self) -> bool {
        matches!(self, Self::NoLayout { .. })
    }
}

/// A layout's name that nobody knows.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{given}` is not a layout{}; known are auto, {}", did_you_mean(*.nearest), layout_names())]
pub struct UnknownLayout {
    /// What was given.
    pub given: String,
    /// The layout that is spelled most like it, where one is near.
    pub nearest: Option<Layout>,
}

/// The command that turns a file that is not UTF-8 into one that is, by where its first wrong byte stands: UTF-16
/// begins with a byte that UTF-8 never has; anything else is most often Latin-1.
pub(crate) fn conversion(offset: usize) -> &'static str {
    match offset {
        0 => "iconv -f UTF-16 -t UTF-8",
        _ => "iconv -f LATIN1 -t UTF-8",
    }
}

fn refused_by(layout: Layout) -> String {
    match layout {
        Layout::Numbered => "so that their order is a guess".to_owned(),
        tool => format!("which {tool} refuses"),
    }
}

fn seen(files: usize) -> String {
    match files {
        0 => "it is empty".to_owned(),
        1 => "its one file is not SQL".to_owned(),
        n => format!("none of its {n} files is SQL that a tool would apply"),
    }
}

fn evidence(candidates: &[(Layout, String)]) -> String {
    let each: Vec<String> = candidates
        .iter()
        .map(|(layout, because)| format!("{layout} fits ({because})"))
        .collect();
    each.join(" and ")
}

fn names(candidates: &[(Layout, String)]) -> String {
    let each: Vec<&str> = candidates.iter().map(|(layout, _)| layout.name()).collect();
    each.join("\"` or `layout = \"")
}

fn layout_names() -> String {
    Layout::ALL
        .iter()
        .map(|layout| layout.name())
        .collect::<Vec<_>>()
        .join(", ")
}

fn did_you_mean(nearest: Option<Layout>) -> String {
    nearest.map_or_else(String::new, |layout| {
        format!(" (did you mean `{}`?)", layout.name())
    })
}

fn list(names: &[String]) -> String {
    match names {
        [] => "other engines".to_owned(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", rest.join(", "))
        }
    }
}
