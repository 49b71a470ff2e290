//! A table as the statements so far have made it.

use crate::model::{
    ColumnDef, Constraint, ConstraintKind, CreateIndex, CreateTable, Dialect, Ident, Name,
};

/// When something came into being: in which pending set, and whether that is beyond doubt
/// (`IF NOT EXISTS` and statements inside a `DO` block are not).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// The pending set.
    pub generation: u32,
    /// Beyond doubt.
    pub certain: bool,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name now.
    pub name: Name,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Its constraints; a column's own CHECK, UNIQUE, PRIMARY KEY and REFERENCES are among them.
    pub constraints: Vec<TableConstraint>,
    /// Its indexes; those that belong to a constraint are not among them.
    pub indexes: Vec<Index>,
    /// When it came.
    pub birth: Birth,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// Its `CREATE TABLE` was read and told every column, so a column that is not here does not exist.
    pub complete: bool,
    /// `PARTITION BY …`.
    pub partitioned: bool,
    /// MySQL: default character set, lower case.
    pub charset: Option<String>,
    /// Constraints and unique indexes dropped in this pending set, to recognise what is put back.
    pub dropped_constraints: Vec<TableConstraint>,
    /// Unique indexes dropped in this pending set.
    pub dropped_indexes: Vec<Index>,
    /// Columns dropped in this pending set.
    pub dropped_columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its definition now.
    pub def: ColumnDef,
    /// When it came.
    pub birth: Birth,
}

/// A constraint of a table.
#[derive(Clone, Debug)]
pub struct TableConstraint {
    /// Its definition; `not_valid` is cleared by `VALIDATE CONSTRAINT`.
    pub constraint: Constraint,
    /// When it came.
    pub birth: Birth,
}

/// An index of a table.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its definition.
    pub def: CreateIndex,
    /// When it came.
    pub birth: Birth,
    /// The planner may use it (MySQL: VISIBLE, MariaDB: NOT IGNORED).
    pub visible: bool,
}

impl Index {
    /// Whether it has this name.
    pub fn is_named(&self, name: &Ident) -> bool {
        self.def.name.as_ref().is_some_and(|own| own.name == *name)
    }
}

impl Table {
    /// A table of which nothing is known but that something was done to it.
    pub(super) fn unknown(name: Name, dialect: Dialect) -> Self {
        let birth = Birth {
            generation: 0,
            certain: false,
        };
        Self {
            complete: false,
            ..Self::created(&CreateTable::named(name), birth, dialect)
        }
    }

    pub(super) fn created(create: &CreateTable, birth: Birth, dialect: Dialect) -> Self {
        let mut table = Self {
            name: create.name.clone(),
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            birth,
            temporary: create.temporary,
            complete: !create.as_query
                && create.like.is_none()
                && create.inherits.is_empty()
                && create.partition_of.is_none()
                && create.virtual_module.is_none(),
            partitioned: create.partitioned,
            charset: create.charset.clone(),
            dropped_constraints: Vec::new(),
            dropped_indexes: Vec::new(),
            dropped_columns: Vec::new(),
        };
        for column in &create.columns {
            table.add_column(column.clone(), birth, dialect);
        }
        for constraint in &create.constraints {
            table.add_constraint(constraint.clone(), birth, dialect);
        }
        table.indexes.extend(create.indexes.iter().map(|def| Index {
            def: def.clone(),
            birth,
            visible: true,
        }));
        table
    }

    /// The column of this name.
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| column.def.name == *name)
    }

    pub(super) fn column_mut(&mut self, name: &Ident) -> Option<&mut Column> {
        self.columns
            .iter_mut()
            .find(|column| column.def.name == *name)
    }

    /// The constraint of this name.
    pub fn constraint(&self, name: &Ident) -> Option<&TableConstraint> {
        self.constraints
            .iter()
            .find(|held| held.constraint.name.as_ref() == Some(name))
    }

    /// The primary key's columns, where they are known.
    pub fn primary_key(&self) -> Option<&[Ident]> {
        self.constraints
            .iter()
            .find_map(|held| match &held.constraint.kind {
                ConstraintKind::PrimaryKey { columns, .. } => Some(columns.as_slice()),
                _ => None,
            })
    }

    /// Whether a unique constraint or index (or the primary key) holds on exactly these columns, in any order.
    pub fn is_unique_on(&self, columns: &[Ident]) -> bool {
        let same = |other: &[Ident]| {
            other.len() == columns.len() && columns.iter().all(|column| other.contains(column))
        };
        self.constraints
            .iter()
            .any(|held| match &held.constraint.kind {
                ConstraintKind::Unique { columns, .. }
                | ConstraintKind::PrimaryKey { columns, .. } => same(columns),
                _ => false,
            })
            || self.indexes.iter().any(|index| {
                index.def.unique
                    && index.def.partial.is_none()
                    && index.def.keys.iter().all(Result::is_ok)
                    && same(&index.def.columns().cloned().collect::<Vec<_>>())
            })
    }

    /// Whether some index (or key) begins with these columns, in any order among themselves.
    pub fn has_index_on(&self, columns: &[Ident]) -> bool {
        let leads = |keys: &[&Ident]| {
            keys.len() >= columns.len()
                && columns
                    .iter()
                    .all(|column| keys[..columns.len()].contains(&column))
        };
        self.constraints
            .iter()
            .any(|held| match &held.constraint.kind {
                ConstraintKind::Unique { columns, .. }
                | ConstraintKind::PrimaryKey { columns, .. } => {
                    leads(&columns.iter().collect::<Vec<_>>())
                }
                _ => false,
            })
            || self.indexes.iter().any(|index| {
                let keys: Vec<_> = index
                    .def
                    .keys
                    .iter()
                    .map_while(|key| key.as_ref().ok())
                    .collect();
                index.def.partial.is_none() && leads(&keys)
            })
    }

    /// Whether a validated `CHECK (column IS NOT NULL)` proves that the column holds no NULL.
    pub fn proves_not_null(&self, column: &Ident) -> bool {
        self.constraints.iter().any(|held| {
            !held.constraint.not_valid
                && !held.constraint.not_enforced
                && match &held.constraint.kind {
                    ConstraintKind::Check(expr) => {
                        expr.columns.as_slice() == std::slice::from_ref(column)
                            && expr
                                .text
                                .to_ascii_lowercase()
                                .trim_matches(['(', ')'])
                                .ends_with("is not null")
                            && expr.calls.is_empty()
                    }
                    ConstraintKind::NotNull { column: own } => own == column,
                    _ => false,
                }
        })
    }

    pub(super) fn add_column(&mut self, column: ColumnDef, birth: Birth, dialect: Dialect) {
        let own = || vec![column.name.clone()];
        let kinds = [
            column.primary_key.then(|| ConstraintKind::PrimaryKey {
                columns: own(),
                using_index: None,
            }),
            column.unique.then(|| ConstraintKind::Unique {
                columns: own(),
                using_index: None,
            }),
            column.check.clone().map(ConstraintKind::Check),
            column
                .references
                .clone()
                .map(|references| ConstraintKind::ForeignKey {
                    columns: own(),
                    references,
                }),
        ];
        self.columns.retain(|held| held.def.name != column.name);
        self.columns.push(Column { def: column, birth });
        for kind in kinds.into_iter().flatten() {
            let constraint = Constraint {
                name: None,
                kind,
                not_valid: false,
                not_enforced: false,
                deferrable: false,
            };
            self.add_constraint(constraint, birth, dialect);
        }
    }

    pub(super) fn add_constraint(
        &mut self,
        mut constraint: Constraint,
        birth: Birth,
        dialect: Dialect,
    ) {
        if let ConstraintKind::PrimaryKey {
            columns,
            using_index,
        }
        | ConstraintKind::Unique {
            columns,
            using_index,
        } = &mut constraint.kind
            && columns.is_empty()
            && let Some(name) = using_index
            && let Some(at) = self.indexes.iter().position(|index| index.is_named(name))
        {
            // The index becomes the constraint's: PostgreSQL renames it to the constraint.
            *columns = self.indexes.remove(at).def.columns().cloned().collect();
        }
        if let ConstraintKind::PrimaryKey { columns, .. } = &constraint.kind {
            // A table has one: the same again, behind an IF, is not a second one.
            if self.primary_key() == Some(columns.as_slice()) {
                return;
            }
            for name in columns {
                if let Some(column) = self.columns.iter_mut().find(|held| held.def.name == *name) {
                    column.def.not_null = true;
                }
            }
        }
        if constraint.name.is_none() {
            constraint.name = self.generated_name(&constraint.kind, dialect);
        }
        self.constraints.push(TableConstraint { constraint, birth });
    }

    /// Takes the table and all that is on it for old.
    pub(super) fn age(&mut self) {
        let old = Birth {
            generation: 0,
            certain: false,
        };
        self.birth = old;
        for column in &mut self.columns {
            column.birth = old;
        }
        for constraint in &mut self.constraints {
            constraint.birth = old;
        }
        for index in &mut self.indexes {
            index.birth = old;
        }
    }

    pub(super) fn forget_dropped(&mut self) {
        self.dropped_constraints.clear();
        self.dropped_indexes.clear();
        self.dropped_columns.clear();
    }
}
