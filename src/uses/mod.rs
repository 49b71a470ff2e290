//! What a release relies on: the tables, columns, types and routines that its queries name.
//!
//! A contract step may run under a release that was built without it only if the release is proven not to use what
//! the step touches. So everything here errs on one side: what cannot be told counts as used.
//!
//! Names match across schemas when one side does not say which it means: `users` in a query is whatever the search
//! path finds, and so is `users` in a migration. `auth.users` and `billing.users` are two different tables.

mod behind;
mod capture;
mod digest;
mod list;
mod minds;
mod opaque;
mod picture;
mod pins;
mod queries;
mod query;
mod read;
mod record;
mod walk;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

pub use capture::{Captured, LeftOut, Statistics, sift};
pub use queries::{Query, queries};
pub use read::{Guess, ReadError, Reading, read};

use crate::model::{Ident, Name, Object, ObjectKind};
use record::Record;

/// What a release relies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Record", from = "Record")]
pub enum Uses {
    /// Everything: nobody said, or it could not be told.
    Everything {
        /// Why, in a clause for people.
        why: String,
    },
    /// Only this.
    Only(Relied),
}

/// The part of a schema that a release relies on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relied {
    relations: BTreeMap<Name, Reliance>,
    types: BTreeSet<Name>,
    routines: BTreeSet<Name>,
    sequences: BTreeSet<Name>,
    /// Whatever has one of these names is relied on: the words of queries that could not be understood.
    words: BTreeSet<Ident>,
    /// Behind what is named stands something that is not seen: any type, routine and sequence may be among it.
    unseen: bool,
}

/// How a table or view is relied on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reliance {
    /// Which columns.
    pub columns: Columns,
    /// Rows of it are inserted, updated or deleted: a new demand on its rows concerns the release.
    pub writes: bool,
    /// Which unique keys an upsert names, or leans on.
    pub keys: Keys,
}

/// Columns of a table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Every one, and those that are added later.
    All,
    /// These.
    Listed(BTreeSet<Ident>),
}

/// Unique keys that decide what an upsert does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Any of the table's: `ON DUPLICATE KEY UPDATE`, `REPLACE`, `INSERT OR …`.
    pub any: bool,
    /// Those over exactly these columns: `ON CONFLICT (a, b)`.
    pub over: BTreeSet<BTreeSet<Ident>>,
    /// Those of this name: `ON CONFLICT ON CONSTRAINT name`.
    pub named: BTreeSet<Ident>,
}

impl Uses {
    /// What two parts of a release rely on together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(mut one), Self::Only(other)) => {
                one.absorb(other);
                Self::Only(one)
            }
            (everything @ Self::Everything { .. }, _)
            | (_, everything @ Self::Everything { .. }) => everything,
        }
    }

    /// Whether the release relies on this table or view, or on this column of it.
    pub fn relies_on(&self, relation: &Name, column: Option<&Ident>) -> bool {
        self.any(|relied| {
            relied.has_word(relation)
                // `NULL::users`: every table is a type, too, with the columns that it has.
                || holds(&relied.types, relation)
                || relied
                    .reliances(relation)
                    .any(|reliance| column.is_none_or(|column| reliance.columns.contains(column)))
        })
    }

    /// Whether the release writes rows of this table: then a new demand on its rows concerns it.
    pub fn writes(&self, relation: &Name) -> bool {
        self.any(|relied| {
            relied.has_word(relation) || relied.reliances(relation).any(|reliance| reliance.writes)
        })
    }

    /// Whether an upsert of the release needs the unique key of this name (where it has one) over these columns of
    /// the table; `None` for a key over expressions.
    pub fn relies_on_key(
        &self,
        table: &Name,
        key: Option<&Ident>,
        columns: Option<&[Ident]>,
    ) -> bool {
        self.any(|relied| {
            relied.has_word(table)
                || relied
                    .reliances(table)
                    .any(|reliance| reliance.keys.contains(key, columns))
        })
    }

    /// Whether the release relies on this type or domain.
    pub fn relies_on_type(&self, name: &Name) -> bool {
        self.any(|relied| relied.unseen || relied.has_word(name) || holds(&relied.types, name))
    }

    /// Whether the release relies on this function, procedure or aggregate.
    pub fn relies_on_routine(&self, name: &Name) -> bool {
        self.any(|relied| relied.unseen || relied.has_word(name) || holds(&relied.routines, name))
    }

    /// Whether the release relies on this sequence. One that writes draws from the sequences of the defaults, so any
    /// may be meant.
    pub fn relies_on_sequence(&self, name: &Name) -> bool {
        self.any(|relied| {
            relied.unseen
                || relied.has_word(name)
                || holds(&relied.sequences, name)
                || relied.relations.values().any(|reliance| reliance.writes)
                // `SELECT last_value FROM s` reads a sequence as if it were a table.
                || relied.reliances(name).next().is_some()
        })
    }

    /// Whether the release relies on this object. An index by itself is not relied on but by upserts, see
    /// [`Self::relies_on_key`]; here any index of a table that is upserted counts. Kinds that queries do not name
    /// (roles, extensions, policies and so on) always count.
    pub fn relies_on_object(&self, object: &Object) -> bool {
        match object.kind {
            kind if kind.is_relation() => self.relies_on(&object.name, None),
            kind if kind.is_routine() => self.relies_on_routine(&object.name),
            ObjectKind::Type | ObjectKind::Domain => self.relies_on_type(&object.name),
            ObjectKind::Sequence => self.relies_on_sequence(&object.name),
            ObjectKind::Index => match &object.table {
                Some(table) => self.relies_on_key(table, Some(&object.name.name), None),
                None => true,
            },
            _ => true,
        }
    }

    fn any(&self, question: impl FnOnce(&Relied) -> bool) -> bool {
        match self {
            Self::Everything { .. } => true,
            Self::Only(relied) => question(relied),
        }
    }
}

impl Default for Uses {
    /// Nothing: where a union begins.
    fn default() -> Self {
        Self::Only(Relied::default())
    }
}

impl FromIterator<Self> for Uses {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        parts.into_iter().fold(Self::default(), Self::union)
    }
}

impl Relied {
    /// The tables and views that are named, in order, and how each is relied on.
    pub fn relations(&self) -> impl Iterator<Item = (&Name, &Reliance)> {
        self.relations.iter()
    }

    /// The types that are named, or that a column in use has.
    pub fn types(&self) -> impl Iterator<Item = &Name> {
        self.types.iter()
    }

    /// The functions and procedures that are called, the engine's own among them.
    pub fn routines(&self) -> impl Iterator<Item = &Name> {
        self.routines.iter()
    }

    /// The sequences that are named.
    pub fn sequences(&self) -> impl Iterator<Item = &Name> {
        self.sequences.iter()
    }

    /// The words of queries that could not be understood: whatever has one of these names is relied on.
    pub fn words(&self) -> impl Iterator<Item = &Ident> {
        self.words.iter()
    }

    /// Whether any type, routine and sequence may be relied on besides those that are named.
    pub const fn is_partly_unseen(&self) -> bool {
        self.unseen
    }

    fn absorb(&mut self, other: Self) {
        for (name, reliance) in other.relations {
            self.relation(name).absorb(reliance);
        }
        self.types.extend(other.types);
        self.routines.extend(other.routines);
        self.sequences.extend(other.sequences);
        self.words.extend(other.words);
        self.unseen |= other.unseen;
    }

    fn relation(&mut self, name: Name) -> &mut Reliance {
        self.relations.entry(name).or_default()
    }

    /// What is recorded of the relations that this name may mean.
    fn reliances(&self, name: &Name) -> impl Iterator<Item = &Reliance> {
        let meant = self
            .relations
            .iter()
            .filter(move |(own, _)| may_be(own, name));
        meant.map(|(_, reliance)| reliance)
    }

    fn has_word(&self, name: &Name) -> bool {
        self.words.contains(&name.name)
    }
}

impl Reliance {
    fn absorb(&mut self, other: Self) {
        match (&mut self.columns, other.columns) {
            (Columns::All, _) => {}
            (Columns::Listed(own), Columns::Listed(more)) => own.extend(more),
            (own, Columns::All) => *own = Columns::All,
        }
        self.writes |= other.writes;
        self.keys.any |= other.keys.any;
        self.keys.over.extend(other.keys.over);
        self.keys.named.extend(other.keys.named);
    }
}

impl Columns {
    /// Whether this column is among them.
    pub fn contains(&self, column: &Ident) -> bool {
        match self {
            Self::All => true,
            Self::Listed(columns) => columns.contains(column),
        }
    }

    fn insert(&mut self, column: Ident) {
        if let Self::Listed(columns) = self {
            columns.insert(column);
        }
    }
}

impl Default for Columns {
    /// None but the relation itself.
    fn default() -> Self {
        Self::Listed(BTreeSet::new())
    }
}

impl Keys {
    /// Whether the key of this name over these columns may be among them. A key that is named by an upsert is not
    /// known by its columns, nor the other way round: what is not given counts as meant.
    fn contains(&self, key: Option<&Ident>, columns: Option<&[Ident]>) -> bool {
        let over = match columns {
            Some(columns) => {
                let columns: BTreeSet<_> = columns.iter().cloned().collect();
                self.over.contains(&columns)
            }
            None => !self.over.is_empty(),
        };
        let named = match key {
            Some(key) => self.named.contains(key),
            None => !self.named.is_empty(),
        };
        self.any || over || named
    }
}

impl fmt::Display for Reliance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.columns {
            Columns::All => f.write_str("every column")?,
            Columns::Listed(columns) if columns.is_empty() => f.write_str("that it exists")?,
            Columns::Listed(columns) => {
                for (at, column) in columns.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{column}")?;
                }
            }
        }
        if self.writes {
            f.write_str("; written")?;
        }
        Ok(())
    }
}

/// Whether two names may mean one object: a name without a schema is whatever the search path finds.
fn may_be(one: &Name, other: &Name) -> bool {
    one.name == other.name
        && match (&one.schema, &other.schema) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
}

fn holds(names: &BTreeSet<Name>, wanted: &Name) -> bool {
    names.iter().any(|name| may_be(name, wanted))
}
