//! One file for each tool's layout, and the list of them.
//!
//! A new layout is a file here with a type that implements [`Reader`], its `mod` line, and one line in
//! the list below.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use super::Notice;
use super::addition::{Addition, Leave, Manual};
use super::error::{FolderError, UnknownLayout};
use super::files::Files;
use super::tree::Entry;
use crate::model::Migration;
use crate::nearest::nearest;

mod atlas;
mod dbmate;
mod diesel;
mod drizzle;
mod flyway;
mod golang_migrate;
mod goose;
mod liquibase;
mod numbered;
mod prisma;
mod refinery;
mod sql_migrate;
mod sqlx;
mod tern;

/// How a tool lays out its migrations.
pub(super) trait Reader: Sync {
    /// The file names that the tool reads, as a clause for messages.
    fn expected(&self) -> &'static str;

    /// What in these files speaks for this tool; `None` when nothing does.
    fn detect(&self, files: &Files<'_>) -> Option<Evidence>;

    /// The migrations, in the order in which the tool applies them.
    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError>;

    /// The files of a new migration right after another one.
    fn add(&self, files: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual>;

    /// What makes the tool run a migration outside a transaction.
    fn leave_transaction(&self, files: &Files<'_>, migration: &Migration) -> Result<Leave, Manual>;
}

/// What a layout makes of a folder.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// In the order in which the tool applies them.
    pub(super) migrations: Vec<Migration>,
    /// What people should know.
    pub(super) notices: Vec<Notice>,
    /// What speaks against this reading, unless the layout was asked for by name.
    pub(super) doubt: Option<FolderError>,
}

impl Reading {
    /// These migrations, with no more to say.
    pub(super) fn of(migrations: Vec<Migration>) -> Self {
        Self {
            migrations,
            ..Self::default()
        }
    }
}

/// What speaks for a layout.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// How much it proves.
    pub(super) strength: Strength,
    /// How many SQL files it explains.
    pub(super) files: usize,
    /// What it is, as a clause for people.
    pub(super) because: String,
}

/// How much a piece of evidence proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// The tool could read these names, and so could others.
    Possible,
    /// The names are as this tool's own generator writes them.
    Usual,
    /// Only this tool writes such a file or comment.
    Sure,
}

impl Evidence {
    /// Evidence that explains `files` SQL files, if it explains any.
    pub(super) fn of(strength: Strength, files: usize, because: impl Into<String>) -> Option<Self> {
        (files > 0).then(|| Self {
            strength,
            files,
            because: because.into(),
        })
    }

    /// What is compared: proof first, then reach.
    pub(super) fn weight(&self) -> (Strength, usize) {
        (self.strength, self.files)
    }
}

/// Sorts by the tool's own order and refuses two migrations of one version.
pub(super) fn in_order<K: Ord>(
    layout: Layout,
    mut keyed: Vec<(K, Migration)>,
) -> Result<Vec<Migration>, FolderError> {
    keyed.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.file.cmp(&other.file)));
    let refusal = |first: &Migration, second: &Migration| FolderError::DuplicateVersion {
        layout,
        version: second.id.clone(),
        first: first.file.clone(),
        second: second.file.clone(),
    };
    // `1.0` and `1` are one version under two ids; `1_a` and `1_b` may be one id in two places.
    if let Some(pair) = keyed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(refusal(&pair[0].1, &pair[1].1));
    }
    let mut seen: HashMap<&str, &Migration> = HashMap::new();
    for (_, migration) in &keyed {
        if let Some(first) = seen.insert(&migration.id, migration) {
            return Err(refusal(first, migration));
        }
    }
    Ok(keyed.into_iter().map(|(_, migration)| migration).collect())
}

/// Declares [`Layout`] from one line for each tool.
macro_rules! layouts {
    ($($(#[$doc:meta])* $variant:ident $name:literal $title:literal $reader:path;)+) => {
        /// The tools whose folders are understood, in the order in which equals are preferred.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Layout {
            $($(#[$doc])* $variant,)+
        }

        impl Layout {
            /// Every layout, in order of preference.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used in configuration; also its file's name, with `-` for `_`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The tool's name as people write it.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }

            pub(super) fn reader(self) -> &'static dyn Reader {
                match self {
                    $(Self::$variant => &$reader,)+
                }
            }
        }
    };
}

layouts! {
    /// `<version>_<name>/up.sql` and `down.sql`.
    Diesel "diesel" "diesel" diesel::Diesel;
    /// `<timestamp>_<name>/migration.sql`.
    Prisma "prisma" "Prisma" prisma::Prisma;
    /// `0000_name.sql` in the order of `meta/_journal.json`.
    Drizzle "drizzle" "Drizzle" drizzle::Drizzle;
    /// SQL files with `-- +goose Up` and `-- +goose Down`.
    Goose "goose" "goose" goose::Goose;
    /// SQL files with `-- migrate:up` and `-- migrate:down`.
    Dbmate "dbmate" "dbmate" dbmate::Dbmate;
    /// SQL files with `-- +migrate Up` and `-- +migrate Down`.
    SqlMigrate "sql-migrate" "sql-migrate" sql_migrate::SqlMigrate;
    /// SQL files with `---- create above / drop below ----`.
    Tern "tern" "tern" tern::Tern;
    /// Formatted SQL with `--changeset author:id`.
    Liquibase "liquibase" "Liquibase" liquibase::Liquibase;
    /// SQL files beside an `atlas.sum`.
    Atlas "atlas" "Atlas" atlas::Atlas;
    /// `V1__name.sql`, `U1__name.sql`, `R__name.sql`, `B1__name.sql`.
    Flyway "flyway" "Flyway" flyway::Flyway;
    /// `V1__name.sql`, `U1__name.sql`.
    Refinery "refinery" "refinery" refinery::Refinery;
    /// `<version>_<title>.up.sql` and `.down.sql`.
    GolangMigrate "golang-migrate" "golang-migrate" golang_migrate::GolangMigrate;
    /// `<version>_<description>.sql`, or `.up.sql` and `.down.sql`.
    Sqlx "sqlx" "sqlx" sqlx::Sqlx;
    /// Plain numbered files: `001_name.sql`, `1-name.sql`, `1.sql`.
    Numbered "numbered" "plain numbered files" numbered::Numbered;
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

impl FromStr for Layout {
    type Err = UnknownLayout;

    fn from_str(text: &str) -> Result<Self, UnknownLayout> {
        let given = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        if let Some(layout) = Self::ALL.iter().find(|layout| layout.name() == given) {
            return Ok(*layout);
        }
        let near = nearest(&given, Self::ALL.iter().map(|layout| layout.name()));
        Err(UnknownLayout {
            given: text.to_owned(),
            nearest: Self::ALL
                .iter()
                .copied()
                .find(|layout| Some(layout.name()) == near),
        })
    }
}
