//! Why nothing can be scaffolded. Every message says what is missing and what supplies it.

use crate::folder::Manual;

/// Why nothing was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaffoldError {
    /// The folder's layout leaves it to a person.
    #[error("{0}")]
    Manual(String),
    /// Nothing tells how the folder's files are named.
    #[error(
        "nothing tells how the files of this folder are named; say `--layout NAME`, or `layout = \"NAME\"` in bgmigrate.toml"
    )]
    NoLayout,
    /// The new files would have to come before all others.
    #[error(
        "it is the folder's first migration, so there is nothing before it whose name the new files could follow"
    )]
    BeforeTheFirst,
    /// No version lies between two migrations.
    #[error(
        "a new migration right after `{after}` needs a version that is not free; it must be added by hand"
    )]
    NotFree {
        /// The file before it.
        after: String,
    },
    /// What came out is not fit to run.
    #[error(
        "the file `{step}` would not be fit to run: {said}; write this one by hand, or mend what it meets"
    )]
    Hazard {
        /// The name of the step.
        step: String,
        /// Why not.
        said: String,
    },
    /// The folder makes no such table.
    #[error("no migration of the folder makes the table `{table}`{near}")]
    NoTable {
        /// The table.
        table: String,
        /// Another one that may be meant, as the end of the sentence.
        near: String,
    },
    /// The table has no such column.
    #[error("the table `{table}` has no column `{column}`{near}")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Another one that may be meant, as the end of the sentence.
        near: String,
    },
    /// What shall be made is there.
    #[error("there is a {what} already; choose another name")]
    Taken {
        /// What is there.
        what: String,
    },
    /// Something that no file tells.
    #[error("{what}; say it with `{flag}`")]
    Missing {
        /// What is not known.
        what: String,
        /// What supplies it.
        flag: &'static str,
    },
    /// The engine or the tool cannot do it.
    #[error("{0}")]
    Impossible(String),
}

impl From<Manual> for ScaffoldError {
    fn from(manual: Manual) -> Self {
        Self::Manual(manual.0)
    }
}
