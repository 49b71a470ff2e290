//! The folded schema as queries look at it: by a name that may lie in any schema.

use std::collections::HashMap;

use super::may_be;
use crate::model::{CreateRoutine, CreateView, Dialect, Ident, Name, Object};
use crate::schema::{Schema, Table};

/// What is known of the schema that the queries were written for, which may be nothing.
pub(super) struct Picture<'s> {
    pub(super) dialect: Dialect,
    schema: Option<&'s Schema>,
    tables: HashMap<&'s Ident, Vec<&'s Table>>,
    views: HashMap<&'s Ident, Vec<&'s CreateView>>,
    routines: HashMap<&'s Ident, Vec<&'s CreateRoutine>>,
}

/// Whether a relation has a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Has {
    Certainly,
    Maybe,
    Not,
}

impl<'s> Picture<'s> {
    pub(super) fn new(dialect: Dialect, schema: Option<&'s Schema>) -> Self {
        let mut picture = Self {
            dialect,
            schema,
            tables: HashMap::new(),
            views: HashMap::new(),
            routines: HashMap::new(),
        };
        if let Some(schema) = schema {
            for table in schema.tables() {
                picture
                    .tables
                    .entry(&table.name.name)
                    .or_default()
                    .push(table);
            }
            for view in schema.views() {
                picture.views.entry(&view.name.name).or_default().push(view);
            }
            for routine in schema.all_routines() {
                let own = &routine.object.name.name;
                picture.routines.entry(own).or_default().push(routine);
            }
        }
        picture
    }

    /// The tables that a name may mean.
    pub(super) fn tables(&self, name: &Name) -> impl Iterator<Item = &'s Table> {
        let meant = self.tables.get(&name.name).into_iter().flatten().copied();
        meant.filter(move |table| may_be(&table.name, name))
    }

    /// The views that a name may mean.
    pub(super) fn views(&self, name: &Name) -> impl Iterator<Item = &'s CreateView> {
        let meant = self.views.get(&name.name).into_iter().flatten().copied();
        meant.filter(move |view| may_be(&view.name, name))
    }

    /// The routines that a name may mean, all overloads of them.
    pub(super) fn routines(&self, name: &Name) -> impl Iterator<Item = &'s CreateRoutine> {
        let meant = self.routines.get(&name.name).into_iter().flatten().copied();
        meant.filter(move |routine| may_be(&routine.object.name, name))
    }

    /// The routines that triggers run (PostgreSQL: those that return `trigger`).
    pub(super) fn trigger_routines(&self) -> impl Iterator<Item = &'s CreateRoutine> {
        let all = self.routines.values().flatten().copied();
        all.filter(|routine| {
            let returns = routine.returns.as_deref().unwrap_or("trigger");
            returns.eq_ignore_ascii_case("trigger")
        })
    }

    /// The first trigger on a table.
    pub(super) fn trigger_on(&self, table: &'s Name) -> Option<&'s Object> {
        self.schema?.triggers_on(table).next()
    }

    /// Whether the relation has a column of this name. It has not when every table and view that may be meant is
    /// known and none has it.
    pub(super) fn has(&self, relation: &Name, column: &Ident) -> Has {
        let Some(schema) = self.schema else {
            return Has::Maybe;
        };
        let tables = self.tables(relation).map(|table| {
            if table.column(column).is_some() {
                Has::Certainly
            } else if schema.rules_out_column(&table.name, column) {
                Has::Not
            } else {
                Has::Maybe
            }
        });
        let views = self
            .views(relation)
            .map(|view| match schema.columns_of(view) {
                Some(columns) if columns.contains(column) => Has::Certainly,
                Some(_) => Has::Not,
                None => Has::Maybe,
            });
        let mut all = tables.chain(views);
        match all.next() {
            // It is one of a name that is known more than once: any of them may be meant.
            Some(first) if all.all(|other| other == first) => first,
            _ => Has::Maybe,
        }
    }

    /// What the type of a column is called, where it is a type of the user's own.
    pub(super) fn own_type(&self, table: &Table, column: &Ident) -> Option<Name> {
        let schema = self.schema?;
        let data_type = table.column(column)?.def.data_type.as_ref()?;
        schema.shape_of(data_type)?;
        Some(match data_type.name.split_once('.') {
            Some((of, name)) => {
                Name::qualified(Ident::folded(of), Ident::folded(name), self.dialect)
            }
            None => Name::bare(Ident::folded(&data_type.name)),
        })
    }
}
