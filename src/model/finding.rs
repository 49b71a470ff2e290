//! What lint says, and what a statement costs while it runs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Name, Span};

/// How loud a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule is off.
    Off,
    /// Worth knowing.
    Note,
    /// Worth a look before merging.
    Warning,
    /// Stops the build: exit status 1.
    Error,
}

impl Severity {
    /// The word used in output and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One finding of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id: `drop-column`.
    pub rule: &'static str,
    /// As configured.
    pub severity: Severity,
    /// The bytes it speaks of, in the migration's text.
    pub span: Span,
    /// What happens to whom: the lock, what it blocks, who breaks. One or two sentences.
    pub message: String,
    /// What to do instead: one short imperative, then (after an empty line) SQL with the user's own names.
    pub help: String,
    /// A certain rewrite, where there is one.
    pub fix: Option<Fix>,
}

/// A rewrite that is certain to keep what the file does and to remove its finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative: `build the index concurrently`.
    pub title: String,
    /// Replacements in the migration's own text; they do not overlap.
    pub edits: Vec<Edit>,
    /// Statements that must go into a new migration right after this one, in this order.
    pub follow_up: Option<FollowUp>,
    /// The statement that cannot stay in the transaction it runs in.
    pub apart: Option<Apart>,
}

/// A statement that a fix takes out of its transaction: with its whole file, by the runner's own marker, or
/// by itself, into a new migration right after this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// The statement without its delimiter.
    pub statement: Span,
    /// The comments above it that go along; empty if there are none.
    pub comments: Span,
    /// It may run in no transaction at all; else only not in this one.
    pub outside: bool,
    /// No other statement of the file relies on the transaction, so that the whole file may leave it.
    pub with_file: bool,
    /// What a new migration for it is called; `None` when it may not move, because a later statement of the
    /// file may rely on it.
    pub moves_as: Option<String>,
}

impl Apart {
    /// Whether it may move into a new migration.
    pub const fn may_move(&self) -> bool {
        self.moves_as.is_some()
    }
}

/// A migration that a fix adds after the one it mends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// A short name in snake case: `validate_orders_total_check`.
    pub name: String,
    /// Its SQL.
    pub sql: String,
}

/// One replacement in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// What a statement locks, how hard, and for how long in kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// The table or other object; `None` for the whole database (SQLite).
    #[serde(serialize_with = "as_text")]
    pub on: Option<Name>,
    /// How hard.
    pub mode: LockMode,
    /// For how long, in kind.
    pub work: LockWork,
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
fn as_text<S: serde::Serializer>(name: &Option<Name>, serializer: S) -> Result<S::Ok, S::Error> {
    match name {
        Some(name) => serializer.collect_str(name),
        None => serializer.serialize_none(),
    }
}

/// Lock modes, weakest first. PostgreSQL's own words (manual, table 13.2); the other engines' are put
/// beside the one that blocks the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockMode {
    /// Blocks only what needs the object for itself.
    AccessShare,
    /// As a foreign key check takes on the parent.
    RowShare,
    /// Ordinary writes.
    RowExclusive,
    /// Blocks other DDL and VACUUM; reads and writes go on.
    ShareUpdateExclusive,
    /// Blocks writes; reads go on. `CREATE INDEX`; MySQL `LOCK=SHARED`.
    Share,
    /// Blocks writes; reads go on. `ADD FOREIGN KEY`, `CREATE TRIGGER`.
    ShareRowExclusive,
    /// Blocks writes and row locks; plain reads go on.
    Exclusive,
    /// Blocks reads and writes.
    AccessExclusive,
    /// SQLite: the one write lock of the whole database; other writers wait, readers go on in WAL mode.
    DatabaseWrite,
}

impl LockMode {
    /// The engine's own words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
            Self::DatabaseWrite => "database write lock",
        }
    }

    /// What the lock blocks, in plain words.
    pub const fn blocks(self) -> &'static str {
        match self {
            Self::AccessShare | Self::RowShare | Self::RowExclusive => {
                "nothing an application does"
            }
            Self::ShareUpdateExclusive => "other schema changes and VACUUM",
            Self::Share | Self::ShareRowExclusive | Self::Exclusive => "writes",
            Self::AccessExclusive => "reads and writes",
            Self::DatabaseWrite => "every other writer of the database",
        }
    }

    /// Whether an application's writes wait for it.
    pub fn blocks_writes(self) -> bool {
        self >= Self::Share
    }
}

/// How long a lock is held, in kind: seconds depend on the table's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockWork {
    /// The catalog alone is touched.
    Instant,
    /// Every row is read, or an index is built.
    Scan,
    /// Every row and index is written anew.
    Rewrite,
}

impl LockWork {
    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Scan => "scan",
            Self::Rewrite => "rewrite",
        }
    }
}
