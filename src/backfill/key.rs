//! By which key a table is cut.

use thiserror::Error;

use super::cut::Cut;
use super::shape::{Shape, Verb};
use crate::model::{Dialect, Ident};

/// What the catalog says of a table, as far as cutting it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Unique keys whose columns are never NULL, the primary key first. What no cursor can stand on (partial, deferrable,
    /// over an expression, not valid, descending) is not among them.
    pub keys: Vec<Key>,
    /// What can be walked besides the keys.
    pub rows: Rows,
    /// How many rows it has, as the engine's statistics say.
    pub estimate: Option<u64>,
}

/// What can be walked where no key can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// Nothing.
    #[default]
    None,
    /// PostgreSQL from 14 on: the pages of the table's file. They move when the file is written anew, which shows by the
    /// number of its node.
    Pages {
        /// How many.
        count: u64,
        /// The file's node.
        file: String,
    },
    /// SQLite: the number that each row of a table has which is not `WITHOUT ROWID`. `VACUUM` may give them anew.
    Rowid,
}

/// A unique key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its columns, in its order.
    pub columns: Vec<Column>,
}

/// A column of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// How its values are written.
    pub kind: Kind,
}

/// How a value of a key is read as text and written back, so that it compares as it does in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Digits.
    Number,
    /// PostgreSQL: text, cast to the column's type.
    Cast(String),
    /// MySQL: text, which takes on the collation of the column.
    Text,
    /// MySQL: bytes.
    Bytes,
    /// SQLite: as `quote()` writes it.
    Quoted,
    /// No cursor can stand on it, and why.
    Unfit(String),
}

/// Why a table cannot be cut.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoKey {
    /// There is none.
    #[error(
        "`{table}` has no primary key, and no unique index over columns that are NOT NULL{besides}"
    )]
    None {
        /// The table.
        table: String,
        /// What was looked at besides.
        besides: &'static str,
    },
    /// The directive names columns that are no key.
    #[error("`key={named}` is no unique key of `{table}` whose columns are NOT NULL; {known}")]
    NotUnique {
        /// What is named.
        named: String,
        /// The table.
        table: String,
        /// Those that there are.
        known: String,
    },
    /// The statement changes the key.
    #[error(
        "it changes `{0}`, by which it would be cut: a row would be met again at its new place, or missed"
    )]
    Moves(String),
    /// A column of a type that no cursor can stand on.
    #[error("`{column}` of its key is {why}")]
    Unfit {
        /// The column.
        column: String,
        /// What is in the way.
        why: String,
    },
}

impl Key {
    fn names(&self) -> String {
        let names: Vec<_> = self
            .columns
            .iter()
            .map(|column| column.name.written())
            .collect();
        names.join(", ")
    }

    fn is_over(&self, wanted: &[Ident]) -> bool {
        self.columns.len() == wanted.len()
            && self
                .columns
                .iter()
                .zip(wanted)
                .all(|(column, name)| column.name == *name)
    }

    fn fits(&self, shape: &Shape) -> Result<(), NoKey> {
        for column in &self.columns {
            if let Kind::Unfit(why) = &column.kind {
                let column = column.name.written().to_owned();
                return Err(NoKey::Unfit {
                    column,
                    why: why.clone(),
                });
            }
            // The rows that an INSERT writes are another table's.
            if shape.verb == Verb::Update && shape.assigned.contains(&column.name) {
                return Err(NoKey::Moves(column.name.written().to_owned()));
            }
        }
        Ok(())
    }
}

/// How a statement is cut: by the key that `wanted` names, else by the first that fits, else along the rows as they lie.
///
/// `None` when its condition names one row by a key: there is nothing to cut.
///
/// # Errors
/// When there is no way to cut it.
pub fn choose(
    shape: &Shape,
    facts: &Facts,
    wanted: Option<&[Ident]>,
    dialect: Dialect,
) -> Result<Option<Cut>, NoKey> {
    if let Some(wanted) = wanted {
        let named = facts.keys.iter().find(|key| key.is_over(wanted));
        let key = named.ok_or_else(|| not_unique(shape, facts, wanted))?;
        key.fits(shape)?;
        return Ok(Some(Cut::by_key(shape, key, dialect)));
    }
    let is_pinned = |key: &Key| {
        key.columns
            .iter()
            .all(|column| shape.pinned.contains(&column.name))
    };
    if facts.keys.iter().any(is_pinned) {
        return Ok(None);
    }
    let mut reason = None;
    for key in &facts.keys {
        match key.fits(shape) {
            Ok(()) => return Ok(Some(Cut::by_key(shape, key, dialect))),
            Err(why) => {
                reason.get_or_insert(why);
            }
        }
    }
    // Rows that were written lie elsewhere afterwards, and others are moved by other sessions: what was missed has to be
    // told from what was done.
    if shape.tells_open_rows() {
        match &facts.rows {
            Rows::Pages { count, file } => {
                let per_page = facts
                    .estimate
                    .map_or(1, |rows| rows.div_ceil((*count).max(1)));
                return Ok(Some(Cut::by_page(shape, per_page.max(1), file)));
            }
            Rows::Rowid => {
                let rowid = Column {
                    name: Ident::folded("rowid"),
                    kind: Kind::Quoted,
                };
                let key = Key {
                    columns: vec![rowid],
                };
                return Ok(Some(Cut::by_key(shape, &key, dialect)));
            }
            Rows::None => {}
        }
    }
    Err(reason.unwrap_or_else(|| NoKey::None {
        table: shape.table.to_string(),
        besides: match facts.rows {
            Rows::None => "",
            _ => ", and its condition does not tell the rows that are done from those that are not, without which they \
                  cannot be walked as they lie",
        },
    }))
}

fn not_unique(shape: &Shape, facts: &Facts, wanted: &[Ident]) -> NoKey {
    let written: Vec<_> = wanted.iter().map(Ident::written).collect();
    let known: Vec<_> = facts
        .keys
        .iter()
        .map(|key| format!("key={}", key.names().replace(", ", ",")))
        .collect();
    NoKey::NotUnique {
        named: written.join(","),
        table: shape.table.to_string(),
        known: if known.is_empty() {
            "it has none".to_owned()
        } else {
            format!("there is {}", known.join(" and "))
        },
    }
}
