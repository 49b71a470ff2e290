//! One unit of a migration folder.

use super::Span;

/// A migration as its folder's layout tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The id that the layout's own tool records: the version where there is one (`20240102030405`, `1.2`),
    /// else the file's stem.
    pub id: String,
    /// What the author called it, without the version; may be empty.
    pub name: String,
    /// Its file, relative to the folder that was listed, with `/`.
    pub file: String,
    /// The file's whole text.
    pub text: String,
    /// The parts of the text that run on the way up, in order. Down parts are not among them.
    pub up: Vec<Span>,
    /// Where the way down is: another file's name, or parts of this text.
    pub down: Option<Down>,
    /// Versioned or repeatable.
    pub kind: MigrationKind,
    /// What the layout's tool wraps in a transaction.
    pub transaction: TransactionMode,
}

/// The way down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// A file of its own, relative to the folder, and its text.
    File {
        /// Its name.
        file: String,
        /// Its text.
        text: String,
    },
    /// Parts of the same text.
    Parts(Vec<Span>),
}

/// Versioned or repeatable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MigrationKind {
    /// Runs once, in order.
    Versioned,
    /// Flyway `R__`: runs after all others whenever its text changes.
    Repeatable,
}

/// What the layout's tool wraps in a transaction, where the engine has transactional DDL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionMode {
    /// The whole file runs in one transaction.
    File,
    /// Every statement commits by itself: the tool does so, or the file's marker says so.
    None,
    /// The tool sends the whole file as one query and opens no transaction: `PostgreSQL` then runs two
    /// or more statements as one implicit transaction, and a lone statement by itself (manual, "Multiple
    /// Statements in a Simple Query").
    OneQuery,
    /// The folder does not tell; the file's own BEGIN and COMMIT count.
    Unknown,
}

impl TransactionMode {
    /// Whether the tool runs a file of this many statements inside a transaction of its own making.
    ///
    /// `false` for [`Self::Unknown`]: nothing is known to open one.
    pub const fn wraps(self, statements: usize) -> bool {
        match self {
            Self::File => true,
            Self::OneQuery => statements > 1,
            Self::None | Self::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_query_is_a_transaction_only_for_more_than_one_statement() {
        assert!(!TransactionMode::OneQuery.wraps(1));
        assert!(TransactionMode::OneQuery.wraps(2));
        assert!(TransactionMode::File.wraps(1));
        assert!(!TransactionMode::None.wraps(2));
    }
}
