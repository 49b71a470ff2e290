//! What DDL defines: columns, types, expressions, constraints.

use super::{Ident, Name};

/// A column as a statement defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent clause of the column definition"
)]
pub struct ColumnDef {
    /// Its name.
    pub name: Ident,
    /// Its type; `None` where SQLite allows a column without one.
    pub data_type: Option<DataType>,
    /// `NOT NULL` is written (or implied by `PRIMARY KEY`, `serial` or identity).
    pub not_null: bool,
    /// The `DEFAULT` expression.
    pub default: Option<Expr>,
    /// `GENERATED ALWAYS AS (…)`.
    pub generated: Option<Generated>,
    /// `GENERATED … AS IDENTITY`.
    pub identity: Option<Identity>,
    /// `AUTO_INCREMENT`, `AUTOINCREMENT`, `serial` and its sizes.
    pub auto_increment: bool,
    /// `PRIMARY KEY` on the column.
    pub primary_key: bool,
    /// `UNIQUE` on the column.
    pub unique: bool,
    /// `CHECK (…)` on the column.
    pub check: Option<Expr>,
    /// `REFERENCES …` on the column.
    pub references: Option<Reference>,
    /// `CHARACTER SET`, lower case.
    pub charset: Option<String>,
    /// `COLLATE`.
    pub collation: Option<String>,
}

impl ColumnDef {
    /// A nullable column without further clauses.
    pub fn plain(name: Ident, data_type: Option<DataType>) -> Self {
        Self {
            name,
            data_type,
            not_null: false,
            default: None,
            generated: None,
            identity: None,
            auto_increment: false,
            primary_key: false,
            unique: false,
            check: None,
            references: None,
            charset: None,
            collation: None,
        }
    }

    /// Whether an INSERT that does not name the column is given a value for it (NULL included).
    pub fn fills_itself(&self) -> bool {
        !self.not_null
            || self
                .default
                .as_ref()
                .is_some_and(|default| !default.is_null())
            || self.generated.is_some()
            || self.identity.is_some()
            || self.auto_increment
    }
}

/// A type, normalised: lower case, one spelling for each synonym (`int4` is `integer`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataType {
    /// The type's name without arguments: `varchar`, `numeric`, `timestamptz`, `order_state`.
    pub name: String,
    /// Its arguments: length, precision and scale, or the labels of a MySQL ENUM or SET.
    pub args: Vec<String>,
    /// MySQL `UNSIGNED`.
    pub unsigned: bool,
    /// How many array dimensions it has (PostgreSQL).
    pub dimensions: u8,
}

impl DataType {
    /// A type without arguments.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            args: Vec::new(),
            unsigned: false,
            dimensions: 0,
        }
    }

    /// The argument at `index` as a number.
    pub fn number(&self, index: usize) -> Option<u64> {
        self.args.get(index)?.parse().ok()
    }
}

impl std::fmt::Display for DataType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if !self.args.is_empty() {
            write!(f, "({})", self.args.join(", "))?;
        }
        if self.unsigned {
            f.write_str(" unsigned")?;
        }
        for _ in 0..self.dimensions {
            f.write_str("[]")?;
        }
        Ok(())
    }
}

/// An expression: its text, and what the rules ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// The SQL, in one spelling of white space and keyword case.
    pub text: String,
    /// The functions that it calls, lower case, unqualified, `current_timestamp` and its kind included.
    pub calls: Vec<String>,
    /// The columns that it names, as the engine compares them.
    pub columns: Vec<Ident>,
    /// A literal, or a cast or sign of one.
    pub literal: bool,
    /// As a CHECK it certainly lets a row pass in which all of its columns are NULL.
    pub passes_null: bool,
}

impl Expr {
    /// Whether it is the literal NULL.
    pub fn is_null(&self) -> bool {
        self.literal
            && self
                .text
                .get(..4)
                .is_some_and(|head| head.eq_ignore_ascii_case("null"))
    }
}

/// A generated column's expression and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// `STORED` (kept on disk) or else virtual.
    pub stored: bool,
    /// The expression.
    pub expr: Expr,
}

/// An identity column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `GENERATED ALWAYS`: explicit values are refused.
    pub always: bool,
}

/// Where MySQL puts a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// `FIRST`.
    First,
    /// `AFTER column`.
    After(Ident),
}

/// A `REFERENCES` clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table referred to.
    pub table: Name,
    /// Its columns; empty means its primary key.
    pub columns: Vec<Ident>,
    /// `ON DELETE CASCADE`.
    pub on_delete_cascade: bool,
    /// `ON DELETE SET NULL` or `SET DEFAULT`.
    pub on_delete_clears: bool,
}

/// A table constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its name, where one is given.
    pub name: Option<Ident>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `NOT VALID`: existing rows are not checked yet.
    pub not_valid: bool,
    /// `NOT ENFORCED`: nothing is checked.
    pub not_enforced: bool,
    /// `DEFERRABLE`.
    pub deferrable: bool,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// A condition on each row.
    Check(Expr),
    /// Rows of another table exist.
    ForeignKey {
        /// The referencing columns.
        columns: Vec<Ident>,
        /// What they refer to.
        references: Reference,
    },
    /// No two rows are alike in these columns.
    Unique {
        /// The columns; empty with `USING INDEX`.
        columns: Vec<Ident>,
        /// `USING INDEX name`.
        using_index: Option<Ident>,
    },
    /// The row's identity.
    PrimaryKey {
        /// The columns; empty with `USING INDEX`.
        columns: Vec<Ident>,
        /// `USING INDEX name`.
        using_index: Option<Ident>,
    },
    /// `EXCLUDE USING …`.
    Exclude {
        /// The columns it names, where they are plain.
        columns: Vec<Ident>,
    },
    /// `NOT NULL column` as a table constraint (PostgreSQL 18).
    NotNull {
        /// The column.
        column: Ident,
    },
}

impl ConstraintKind {
    /// The word for messages.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Check(_) => "CHECK constraint",
            Self::ForeignKey { .. } => "foreign key",
            Self::Unique { .. } => "unique constraint",
            Self::PrimaryKey { .. } => "primary key",
            Self::Exclude { .. } => "exclusion constraint",
            Self::NotNull { .. } => "NOT NULL constraint",
        }
    }

    /// The columns of its own table that it speaks of.
    pub fn columns(&self) -> &[Ident] {
        match self {
            Self::Check(expr) => &expr.columns,
            Self::ForeignKey { columns, .. }
            | Self::Unique { columns, .. }
            | Self::PrimaryKey { columns, .. }
            | Self::Exclude { columns } => columns,
            Self::NotNull { column } => std::slice::from_ref(column),
        }
    }
}
