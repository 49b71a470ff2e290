//! Which migrations are applied already, as the tool that applied them has written it down.
//!
//! Each tool keeps a table of its own. Here stands what to ask that table and what the answer means in the ids of
//! the folder; asking is done elsewhere. First [`shape_query`] finds out which tables are there, [`find`] tells whose
//! they are, then [`History::query`] reads the one, and [`History::adopt`] says what it means.

mod error;
mod find;
mod query;
mod tools;

#[cfg(test)]
mod tests;

pub use error::AdoptError;
pub use find::{Wanted, find, shape_query};
pub use tools::Tool;

use crate::model::{Dialect, Migration, Name};

/// One row of an answer: every value as text, `None` for NULL.
pub type Row = Vec<Option<String>>;

/// A tool's table that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Whose it is.
    pub tool: Tool,
    /// What it is called.
    pub table: Name,
}

/// A migration that a tool says it has applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its id, as the tool's layout gives it.
    pub id: String,
    /// The tool's own checksum, as text; where it keeps bytes, in hexadecimal.
    pub checksum: Option<String>,
    /// It was begun and did not succeed.
    pub failed: bool,
    /// When, as the engine prints it.
    pub at: Option<String>,
}

/// What a tool's table means for a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// The migrations of the folder that are applied, in its order.
    pub applied: Vec<Applied>,
    /// Those that the tool has applied and the folder does not have.
    pub unknown: Vec<Applied>,
}

impl History {
    /// SQL that reads the table: each column as text, in the order in which [`Self::adopt`] takes them.
    pub fn query(&self, dialect: Dialect) -> String {
        query::select(&self.table, self.tool.columns(), dialect)
    }

    /// What the rows mean for the folder. A migration that was begun and did not succeed is an error: what of it is
    /// in the database only a person can tell.
    pub fn adopt(&self, rows: &[Row], folder: &[Migration]) -> Result<Adopted, AdoptError> {
        let columns = self.tool.columns().len();
        if let Some(row) = rows.iter().find(|row| row.len() != columns) {
            return Err(self.unreadable(format!("a row has {} values, not {columns}", row.len())));
        }
        let found = self
            .tool
            .applied(rows, folder)
            .map_err(|reason| self.unreadable(reason))?;
        let failed: Vec<_> = found
            .iter()
            .filter(|applied| applied.failed)
            .map(|applied| applied.id.clone())
            .collect();
        if !failed.is_empty() {
            return Err(AdoptError::Failed {
                history: Box::new(self.clone()),
                ids: failed,
            });
        }
        let place = |applied: &Applied| folder.iter().position(|own| own.id == applied.id);
        let (mut known, unknown): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|applied| place(applied).is_some());
        known.sort_by_key(|applied| place(applied));
        Ok(Adopted {
            applied: known,
            unknown,
        })
    }

    fn unreadable(&self, reason: String) -> AdoptError {
        AdoptError::Unreadable {
            history: Box::new(self.clone()),
            reason,
        }
    }
}
