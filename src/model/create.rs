//! What `CREATE` statements define.

use super::{ColumnDef, Constraint, DataType, Expr, Ident, Name, Object};

/// `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent clause of the statement"
)]
pub struct CreateTable {
    /// The table.
    pub name: Name,
    /// Its columns.
    pub columns: Vec<ColumnDef>,
    /// Its table constraints; a column's own are with the column.
    pub constraints: Vec<Constraint>,
    /// MySQL: indexes defined inside.
    pub indexes: Vec<CreateIndex>,
    /// `IF NOT EXISTS`: does not prove that the table is new.
    pub if_not_exists: bool,
    /// `OR REPLACE` (MariaDB): an existing table is dropped.
    pub or_replace: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// `AS SELECT …`: filled from other tables.
    pub as_query: bool,
    /// `LIKE other`.
    pub like: Option<Name>,
    /// `PARTITION OF parent`.
    pub partition_of: Option<Name>,
    /// `INHERITS (…)`.
    pub inherits: Vec<Name>,
    /// `PARTITION BY …`.
    pub partitioned: bool,
    /// MySQL: the table's default character set, lower case.
    pub charset: Option<String>,
    /// SQLite `CREATE VIRTUAL TABLE … USING module`.
    pub virtual_module: Option<String>,
}

impl CreateTable {
    /// A table of this name with nothing in it.
    pub fn named(name: Name) -> Self {
        Self {
            name,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            if_not_exists: false,
            or_replace: false,
            temporary: false,
            as_query: false,
            like: None,
            partition_of: None,
            inherits: Vec::new(),
            partitioned: false,
            charset: None,
            virtual_module: None,
        }
    }
}

/// `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent clause of the statement"
)]
pub struct CreateIndex {
    /// Its name, where one is given.
    pub name: Option<Name>,
    /// The table.
    pub table: Name,
    /// Each key: a plain column, or else an expression.
    pub keys: Vec<Result<Ident, Expr>>,
    /// `UNIQUE`.
    pub unique: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `ON ONLY` a partitioned parent.
    pub only: bool,
    /// The `WHERE` of a partial index.
    pub partial: Option<Expr>,
    /// The access method or kind, lower case: `btree`, `gin`, `fulltext`, `spatial`; empty where not given.
    pub method: String,
}

impl CreateIndex {
    /// The keys that are plain columns.
    pub fn columns(&self) -> impl Iterator<Item = &Ident> {
        self.keys.iter().filter_map(|key| key.as_ref().ok())
    }

    /// How people name it: `users_email_idx`, or `on users (email)` without a name.
    pub fn label(&self) -> String {
        if let Some(name) = &self.name {
            name.to_string()
        } else {
            let keys: Vec<_> = self
                .keys
                .iter()
                .map(|key| {
                    key.as_ref()
                        .map_or_else(|expr| expr.text.clone(), ToString::to_string)
                })
                .collect();
            format!("on {} ({})", self.table, keys.join(", "))
        }
    }
}

/// `CREATE [MATERIALIZED] VIEW`.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent clause of the statement"
)]
pub struct CreateView {
    /// The view.
    pub name: Name,
    /// `MATERIALIZED`.
    pub materialized: bool,
    /// `OR REPLACE`, MySQL `ALTER VIEW`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// Its columns in order, where the text tells them all (no `*`).
    pub columns: Option<Vec<Ident>>,
    /// What the query's `SELECT` list shows, where the text tells that much.
    pub shows: Option<Vec<Shown>>,
    /// The tables and views that it reads.
    pub reads: Vec<Name>,
    /// A plain `SELECT … FROM one_table` without DISTINCT, grouping, limit or set operation: the engine
    /// lets writes through it (PostgreSQL and MySQL).
    pub updatable: bool,
}

/// What decides the type of a view's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A column of a table or view.
    Column(Name, Ident),
    /// A column that is named without its table.
    Unqualified(Box<Unqualified>),
    /// A type that the text names, or that such an expression always has.
    Type(DataType),
    /// `NULL` or a string: of the type that its neighbours have, and alone a text.
    Untyped,
    /// The one type of several: the branches of a `CASE`, a `COALESCE`, a `UNION`.
    Common(Vec<Self>),
    /// An operator or a function: of the same types it makes the same type.
    Applied(String, Vec<Self>),
    /// Text and picture do not tell: not even sure to be the same as itself.
    Unknown,
}

impl Origin {
    /// Of how many parts it is made.
    pub fn size(&self) -> usize {
        1 + match self {
            Self::Common(parts) | Self::Applied(_, parts) => parts.iter().map(Self::size).sum(),
            Self::Unqualified(found) => {
                found.otherwise.size() + found.levels.iter().map(Vec::len).sum::<usize>()
            }
            Self::Column(..) | Self::Type(_) | Self::Untyped | Self::Unknown => 0,
        }
    }
}

/// A column that is named without its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unqualified {
    /// The column.
    pub column: Ident,
    /// The relations that may have it, query by query from the innermost: the first query of which one has it.
    pub levels: Vec<Vec<Name>>,
    /// What it is if none of them has it.
    pub otherwise: Origin,
}

/// One item of a view's `SELECT` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A column of this name, and where it comes from.
    Column(Ident, Origin),
    /// Every column of this table or view.
    AllOf(Name),
}

/// `CREATE FUNCTION`, `CREATE PROCEDURE`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateRoutine {
    /// Function, procedure or aggregate, its name, and its argument types.
    pub object: Object,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// The return type, normalised text.
    pub returns: Option<String>,
    /// The body, where it is given as text or statements.
    pub body: Option<RoutineBody>,
}

/// A routine's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutineBody {
    /// The language, lower case: `plpgsql`, `sql`, `c`.
    pub language: String,
    /// The text between the quotes (or of the compound statement).
    pub text: String,
}

/// `CREATE TRIGGER`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTrigger {
    /// Its name.
    pub name: Name,
    /// The table or view.
    pub table: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `INSTEAD OF` (on a view).
    pub instead_of: bool,
}

/// `CREATE TYPE`, `CREATE DOMAIN`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateType {
    /// The type.
    pub name: Name,
    /// What it is made of.
    pub shape: TypeShape,
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeShape {
    /// Labels in order.
    Enum(Vec<String>),
    /// Attributes in order.
    Composite(Vec<Ident>),
    /// A base type with conditions.
    Domain {
        /// The type beneath.
        base: DataType,
        /// Has NOT NULL or a CHECK.
        constrained: bool,
        /// Refuses NULL and has no default: a column of it must be given a value.
        required: bool,
        /// Has a DEFAULT, which its columns take over where they have none of their own.
        has_default: bool,
    },
    /// Range, base or shell type.
    Other,
}
