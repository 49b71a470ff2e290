//! Why a tool's history cannot be adopted, and what to do about it.

use std::fmt;

use thiserror::Error;

use super::{History, Tool};

/// Why a tool's history cannot be adopted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdoptError {
    /// Migrations were begun and did not succeed.
    #[error("{history} says that {} did not succeed: {}", list(ids), history.tool.remedy())]
    Failed {
        /// Where it says so.
        history: Box<History>,
        /// The migrations.
        ids: Vec<String>,
    },
    /// The tables of several tools are there.
    #[error(
        "the database has {}: name the tool that applies this folder",
        list(found)
    )]
    Several {
        /// All of them.
        found: Vec<History>,
    },
    /// The tool that was named has no table.
    #[error("the database has no table `{table}` of the shape that {} gives it", tool.title())]
    Missing {
        /// The tool.
        tool: Tool,
        /// The table that it should have.
        table: String,
    },
    /// The table holds what its tool never writes.
    #[error("{history} cannot be read: {reason}")]
    Unreadable {
        /// The table.
        history: Box<History>,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'s table `{}`", self.tool.title(), self.table)
    }
}

fn list(items: &[impl ToString]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
