//! One file for each tool: its table, and what its rows mean.
//!
//! A new tool is a file here with a type that implements [`Reader`], its `mod` line, and one line in the list below.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::query::Column;
use super::{Applied, Row};
use crate::model::Migration;

mod dbmate;
mod diesel;
mod flyway;
mod golang_migrate;
mod goose;
mod prisma;
mod refinery;
mod sqlx;

/// How a tool keeps its history.
trait Reader: Sync {
    /// The table's name unless the tool was told another.
    fn table(&self) -> &'static str;

    /// The columns that are read; the first orders the rows.
    fn columns(&self) -> &'static [Column];

    /// A column that tells the table of another tool with the same name from this one.
    fn without(&self) -> Option<&'static str> {
        None
    }

    /// What the rows mean. The error is a clause that says what is wrong with one.
    fn applied(&self, rows: &[Row], folder: &[Migration]) -> Result<Vec<Applied>, String>;

    /// What to do about a migration that did not succeed, as a clause. Not every tool takes note of such.
    fn remedy(&self) -> &'static str {
        "put the schema right by hand"
    }
}

/// Declares [`Tool`] from one line for each tool.
macro_rules! tools {
    ($($(#[$doc:meta])* $variant:ident $name:literal $title:literal $reader:path;)+) => {
        /// The tools whose history is understood.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub enum Tool {
            $($(#[$doc])* $variant,)+
        }

        impl Tool {
            /// Every tool.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used in configuration: that of the tool's folder layout.
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

            fn reader(self) -> &'static dyn Reader {
                match self {
                    $(Self::$variant => &$reader,)+
                }
            }
        }
    };
}

tools! {
    /// `_sqlx_migrations`
    Sqlx "sqlx" "sqlx" sqlx::Sqlx;
    /// `flyway_schema_history`
    Flyway "flyway" "Flyway" flyway::Flyway;
    /// `schema_migrations` with `dirty`: the last version alone
    GolangMigrate "golang-migrate" "golang-migrate" golang_migrate::GolangMigrate;
    /// `goose_db_version`
    Goose "goose" "goose" goose::Goose;
    /// `schema_migrations` without `dirty`
    Dbmate "dbmate" "dbmate" dbmate::Dbmate;
    /// `__diesel_schema_migrations`
    Diesel "diesel" "diesel" diesel::Diesel;
    /// `refinery_schema_history`
    Refinery "refinery" "refinery" refinery::Refinery;
    /// `_prisma_migrations`
    Prisma "prisma" "Prisma" prisma::Prisma;
}

impl Tool {
    /// The table that the tool writes to unless it is told otherwise.
    pub fn default_table(self) -> &'static str {
        self.reader().table()
    }

    pub(super) fn columns(self) -> &'static [Column] {
        self.reader().columns()
    }

    pub(super) fn has_shape(self, columns: &BTreeSet<String>) -> bool {
        let own = self.columns().iter();
        own.map(|column| column.name)
            .all(|name| columns.contains(name))
            && self
                .reader()
                .without()
                .is_none_or(|name| !columns.contains(name))
    }

    pub(super) fn applied(
        self,
        rows: &[Row],
        folder: &[Migration],
    ) -> Result<Vec<Applied>, String> {
        self.reader().applied(rows, folder)
    }

    pub(super) fn remedy(self) -> &'static str {
        self.reader().remedy()
    }
}

impl FromStr for Tool {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let tool = Self::ALL.iter().find(|tool| tool.name() == text);
        tool.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|tool| tool.name()).collect();
            format!(
                "`{text}` is no tool whose history can be read; those are {}",
                names.join(", ")
            )
        })
    }
}

impl TryFrom<String> for Tool {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A value that the tool never leaves out.
fn required<'r>(row: &'r Row, at: usize, columns: &[Column]) -> Result<&'r str, String> {
    let value = row.get(at).and_then(Option::as_deref);
    value.ok_or_else(|| format!("`{}` is NULL in a row", columns[at].name))
}

/// A version that the tool keeps as a number.
fn number(row: &Row, at: usize, columns: &[Column]) -> Result<i64, String> {
    let text = required(row, at, columns)?;
    text.parse().map_err(|_| {
        format!(
            "`{}` is `{text}` in a row, which is no number",
            columns[at].name
        )
    })
}

/// Whether a flag is set.
fn is_set(row: &Row, at: usize) -> bool {
    row.get(at)
        .is_some_and(|value| value.as_deref() == Some("1"))
}
