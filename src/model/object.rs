//! What has a name in a database.

use super::Name;

/// The kinds of thing that have a name in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum ObjectKind {
    Table,
    ForeignTable,
    View,
    MaterializedView,
    Index,
    Sequence,
    Function,
    Procedure,
    Aggregate,
    Operator,
    Cast,
    Type,
    Domain,
    Collation,
    Extension,
    Schema,
    Database,
    Trigger,
    EventTrigger,
    Rule,
    Policy,
    Role,
    Publication,
    Subscription,
    Statistics,
    Server,
    Event,
    TextSearch,
    Language,
    Other,
}

impl ObjectKind {
    /// The word for messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::ForeignTable => "foreign table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Index => "index",
            Self::Sequence => "sequence",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Aggregate => "aggregate",
            Self::Operator => "operator",
            Self::Cast => "cast",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Collation => "collation",
            Self::Extension => "extension",
            Self::Schema => "schema",
            Self::Database => "database",
            Self::Trigger => "trigger",
            Self::EventTrigger => "event trigger",
            Self::Rule => "rule",
            Self::Policy => "policy",
            Self::Role => "role",
            Self::Publication => "publication",
            Self::Subscription => "subscription",
            Self::Statistics => "statistics",
            Self::Server => "foreign server",
            Self::Event => "event",
            Self::TextSearch => "text search object",
            Self::Language => "language",
            Self::Other => "object",
        }
    }

    /// Function, procedure, aggregate: what is called, and may be overloaded.
    pub const fn is_routine(self) -> bool {
        matches!(self, Self::Function | Self::Procedure | Self::Aggregate)
    }

    /// Table, view or materialized view: what is queried.
    pub const fn is_relation(self) -> bool {
        matches!(
            self,
            Self::Table | Self::ForeignTable | Self::View | Self::MaterializedView
        )
    }
}

/// A named object: what it is, its name, and what else is needed to tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: Name,
    /// The table that a trigger, rule, policy or (MySQL) index belongs to.
    pub table: Option<Name>,
    /// A routine's argument types, normalised and joined by `, `; `None` when the statement gives none.
    pub signature: Option<String>,
}

impl Object {
    /// An object that its kind and name tell apart.
    pub fn new(kind: ObjectKind, name: Name) -> Self {
        Self {
            kind,
            name,
            table: None,
            signature: None,
        }
    }

    /// The same object, belonging to `table`.
    #[must_use]
    pub fn on(mut self, table: Name) -> Self {
        self.table = Some(table);
        self
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)?;
        if let Some(signature) = &self.signature {
            write!(f, "({signature})")?;
        }
        if let Some(table) = &self.table {
            write!(f, " on {table}")?;
        }
        Ok(())
    }
}
