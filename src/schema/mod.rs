//! The folded picture of the schema: what the statements so far have made of the database.
//!
//! It gives a statement its context: which table a column belongs to and what type it has, whether an
//! object is new in the pending set (and so free to change), which unique index an `ON CONFLICT` of the
//! running release may rely on. The picture may be incomplete (a folder that starts from a dump we do not
//! see); what is not in it counts as old, never as new.

mod diff;
mod fold;
mod naming;
mod shown;
mod table;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

pub use diff::definition_changes;
pub(crate) use diff::{demands_the_same, redefinition_changes};
pub use table::{Birth, Column, Index, Table, TableConstraint};

use crate::model::{
    ConstraintKind, CreateRoutine, CreateView, DataType, Dialect, Ident, Name, Object, ObjectKind,
    TypeShape,
};

/// The schema after some statements.
#[derive(Clone, Debug)]
pub struct Schema {
    dialect: Dialect,
    tables: HashMap<Name, Table>,
    views: HashMap<Name, (CreateView, Birth)>,
    routines: HashMap<Name, Vec<(CreateRoutine, Birth)>>,
    types: HashMap<Name, (TypeShape, Birth)>,
    others: HashMap<Object, Birth>,
    /// Which table an index lies on, where the engine finds indexes by their own name.
    index_owner: HashMap<Name, Name>,
    /// Objects dropped since the current pending set began, to recognise what comes back; and whether one
    /// was there that a release may have used.
    dropped: HashMap<Object, bool>,
    /// Tables altered since the current pending set began: those that may remember something dropped.
    touched: HashSet<Name>,
    /// Tables and indexes that the folder made and removed again.
    removed_tables: HashSet<Name>,
    removed_indexes: HashSet<Name>,
    blurred: bool,
    /// A statement touched a table that the folder had not made.
    met_strangers: bool,
    /// The pending set in which the folder made its first table.
    first_made: u32,
    generation: u32,
}

impl Schema {
    /// An empty schema: nothing is known, so everything that is met counts as old.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            tables: HashMap::new(),
            views: HashMap::new(),
            routines: HashMap::new(),
            types: HashMap::new(),
            others: HashMap::new(),
            index_owner: HashMap::new(),
            dropped: HashMap::new(),
            touched: HashSet::new(),
            removed_tables: HashSet::new(),
            removed_indexes: HashSet::new(),
            blurred: false,
            met_strangers: false,
            first_made: u32::MAX,
            generation: 1,
        }
    }

    /// Whose SQL the names are.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Begins a new pending set: what exists now has been released, and from here on only what the
    /// following statements create counts as new.
    pub fn release(&mut self) {
        self.generation += 1;
        self.dropped.clear();
        for name in self.touched.drain() {
            if let Some(table) = self.tables.get_mut(&name) {
                table.forget_dropped();
            }
        }
    }

    /// Whether something born then is new in the current pending set, beyond doubt.
    pub const fn is_current(&self, birth: Birth) -> bool {
        birth.certain && birth.generation == self.generation
    }

    /// A table as far as it is known.
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables.get(name)
    }

    /// Every known table, in no particular order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// Whether the table was created in this pending set, unconditionally (temporary ones always are).
    pub fn is_new_table(&self, name: &Name) -> bool {
        self.table(name)
            .is_some_and(|table| table.temporary || self.is_current(table.birth))
    }

    /// Whether the folder, before this pending set, has made every table that it touched so far.
    fn made_everything(&self) -> bool {
        !self.blurred && !self.met_strangers && self.generation > self.first_made
    }

    /// Whether nothing speaks for a table of this name: the folder has made every table that it touched so
    /// far, and never one of this name.
    pub fn is_unheard_of(&self, name: &Name) -> bool {
        self.made_everything() && !name.is_made_at_run_time() && !self.tables.contains_key(name)
    }

    /// Whether the table was created in this pending set behind an `IF NOT EXISTS`, in a folder that has made
    /// every table it touched so far and did not make this one before. Not proof enough to let anything be
    /// destroyed; enough to say that a new demand on it binds nobody.
    pub fn is_likely_new_table(&self, name: &Name) -> bool {
        !self.blurred
            && !self.met_strangers
            && self
                .table(name)
                .is_some_and(|table| table.birth.generation == self.generation)
    }

    /// A column of a known table.
    pub fn column(&self, table: &Name, column: &Ident) -> Option<&Column> {
        self.table(table)?.column(column)
    }

    /// Whether the column was added in this pending set (with its table or later).
    pub fn is_new_column(&self, table: &Name, column: &Ident) -> bool {
        self.is_new_table(table)
            || self
                .column(table, column)
                .is_some_and(|column| self.is_current(column.birth))
    }

    /// A view, and when it came.
    pub fn view(&self, name: &Name) -> Option<&CreateView> {
        self.views.get(name).map(|(view, _)| view)
    }

    /// Every known view, in no particular order.
    pub fn views(&self) -> impl Iterator<Item = &CreateView> {
        self.views.values().map(|(view, _)| view)
    }

    /// The overloads of a routine.
    pub fn routines(&self, name: &Name) -> impl Iterator<Item = &CreateRoutine> {
        self.routines
            .get(name)
            .into_iter()
            .flatten()
            .map(|(routine, _)| routine)
    }

    /// Every known routine, all overloads, in no particular order.
    pub fn all_routines(&self) -> impl Iterator<Item = &CreateRoutine> {
        self.routines.values().flatten().map(|(routine, _)| routine)
    }

    /// The triggers that are known to stand on a table, by name.
    pub fn triggers_on<'a>(&'a self, table: &'a Name) -> impl Iterator<Item = &'a Object> {
        let mut triggers: Vec<_> = self
            .others
            .keys()
            .filter(|object| {
                object.kind == ObjectKind::Trigger && object.table.as_ref() == Some(table)
            })
            .collect();
        triggers.sort_by_key(|trigger| trigger.name.to_string());
        triggers.into_iter()
    }

    /// What a user-defined type is made of.
    pub fn type_shape(&self, name: &Name) -> Option<&TypeShape> {
        self.types.get(name).map(|(shape, _)| shape)
    }

    /// What a column's type is made of, when it is a user-defined one.
    pub fn shape_of(&self, data_type: &DataType) -> Option<&TypeShape> {
        let bare = |text: &str| Ident::folded(text);
        let name = match data_type.name.split_once('.') {
            Some((schema, name)) => Name::qualified(bare(schema), bare(name), self.dialect),
            None => Name::bare(bare(&data_type.name)),
        };
        self.type_shape(&name)
    }

    /// The index of this name, and the table that it lies on. MySQL's index names belong to their table,
    /// so there `table` is needed.
    pub fn index(&self, name: &Name, table: Option<&Name>) -> Option<(&Table, &Index)> {
        let owner = match table {
            Some(table) => table,
            None => self.index_owner.get(name)?,
        };
        let table = self.table(owner)?;
        table
            .indexes
            .iter()
            .find(|index| index.is_named(&name.name))
            .map(|index| (table, index))
    }

    /// Whether the object exists in the picture.
    pub fn knows(&self, object: &Object) -> bool {
        self.birth(object).is_some()
    }

    /// Whether the object was created in this pending set, unconditionally.
    pub fn is_new(&self, object: &Object) -> bool {
        let own = self
            .birth(object)
            .is_some_and(|birth| self.is_current(birth));
        own || object
            .table
            .as_ref()
            .is_some_and(|table| self.is_new_table(table))
            || object.kind == ObjectKind::Index
                && self
                    .index(&object.name, object.table.as_ref())
                    .is_some_and(|(table, _)| self.is_new_table(&table.name))
            || object.kind == ObjectKind::Table && self.is_new_table(&object.name)
    }

    /// Whether an object like this was dropped earlier in this pending set.
    pub fn was_dropped(&self, object: &Object) -> bool {
        self.dropped.contains_key(object)
    }

    /// Whether an object like this, which a release may have used, was dropped earlier in this pending set.
    pub fn was_released_and_dropped(&self, object: &Object) -> bool {
        self.dropped.get(object).is_some_and(|released| *released)
    }

    /// Whether the type or domain was created in this pending set, unconditionally.
    pub fn is_new_type(&self, name: &Name) -> bool {
        self.types
            .get(name)
            .is_some_and(|(_, birth)| self.is_current(*birth))
    }

    /// Whether the folder itself defines a routine of this (unqualified) name.
    pub fn defines_routine(&self, name: &str) -> bool {
        self.routines
            .iter()
            .any(|(own, overloads)| own.name.as_str() == name && !overloads.is_empty())
    }

    /// Whether nothing speaks for a routine of this name: the folder has made every table that it touched so
    /// far, and never a routine of this name.
    pub fn is_unheard_of_routine(&self, name: &Name) -> bool {
        self.made_everything() && !name.is_made_at_run_time() && !self.routines.contains_key(name)
    }

    /// Marks the picture as blurred: something happened that could not be read, so that what is not in
    /// the picture may exist all the same.
    pub fn blur(&mut self) {
        self.blurred = true;
    }

    /// Whether the table certainly does not exist: the folder made it once and removed it since.
    pub fn rules_out_table(&self, name: &Name) -> bool {
        !self.blurred && !self.tables.contains_key(name) && self.removed_tables.contains(name)
    }

    /// Whether the column certainly does not exist: every column of the table is known.
    pub fn rules_out_column(&self, table: &Name, column: &Ident) -> bool {
        !self.blurred
            && !column.is_made_at_run_time()
            && self
                .table(table)
                .is_some_and(|table| table.complete && table.column(column).is_none())
    }

    /// Whether the index certainly does not exist: the folder made it once and removed it since.
    pub fn rules_out_index(&self, name: &Name) -> bool {
        !self.blurred && !self.index_owner.contains_key(name) && self.removed_indexes.contains(name)
    }

    /// Whether the table certainly has no constraint of this name: its own `CREATE TABLE` was read, and each constraint
    /// is known by name, be it one that PostgreSQL gave it.
    pub fn rules_out_constraint(&self, table: &Name, name: &Ident) -> bool {
        let named = |held: &TableConstraint| held.constraint.name.is_some();
        !self.blurred
            && self.dialect == Dialect::Postgres
            && !name.is_made_at_run_time()
            && self.table(table).is_some_and(|table| {
                table.complete
                    && table.constraints.iter().all(named)
                    && table.constraint(name).is_none()
            })
    }

    /// Whether nothing speaks for an index of this name: the folder has made every table that it touched so far, and
    /// never an index of this name.
    pub fn is_unheard_of_index(&self, name: &Name) -> bool {
        self.made_everything()
            && !name.is_made_at_run_time()
            && self.dialect != Dialect::Mysql
            && !self.index_owner.contains_key(name)
    }

    /// The constraint with the columns that a foreign key means when it names none: the primary key of the other table.
    pub fn with_target(&self, kind: &ConstraintKind) -> ConstraintKind {
        let mut kind = kind.clone();
        if let Some(columns) = self.unnamed_target(&kind)
            && let ConstraintKind::ForeignKey { references, .. } = &mut kind
        {
            references.columns = columns.to_vec();
        }
        kind
    }

    /// The columns that a foreign key means without naming them, while they are known.
    fn unnamed_target(&self, kind: &ConstraintKind) -> Option<&[Ident]> {
        match kind {
            ConstraintKind::ForeignKey { references, .. } if references.columns.is_empty() => {
                self.table(&references.table)?.primary_key()
            }
            _ => None,
        }
    }

    /// Names the columns that the foreign keys of a table refer to, while the primary key that they mean is known.
    fn spell_out_targets(&mut self, name: &Name) {
        let Some(table) = self.tables.get(name) else {
            return;
        };
        let constraints = table.constraints.iter().enumerate();
        let unnamed = constraints.filter_map(|(at, held)| {
            let columns = self.unnamed_target(&held.constraint.kind)?;
            Some((at, columns.to_vec()))
        });
        let unnamed: Vec<_> = unnamed.collect();
        if let Some(table) = self.tables.get_mut(name) {
            for (at, columns) in unnamed {
                if let ConstraintKind::ForeignKey { references, .. } =
                    &mut table.constraints[at].constraint.kind
                {
                    references.columns = columns;
                }
            }
        }
    }

    /// Takes a table for an old one, whenever it was created: a rebuilt table is not a new one.
    pub fn age(&mut self, name: &Name) {
        if let Some(table) = self.tables.get_mut(name) {
            table.age();
        }
    }

    /// The known tables that a column type is used in.
    pub fn users_of_type<'a>(
        &'a self,
        name: &'a Name,
    ) -> impl Iterator<Item = (&'a Table, &'a Column)> {
        let text = name.to_string();
        self.tables.values().flat_map(move |table| {
            let text = text.clone();
            table
                .columns
                .iter()
                .filter(move |column| {
                    column
                        .def
                        .data_type
                        .as_ref()
                        .is_some_and(|data_type| data_type.name == text)
                })
                .map(move |column| (table, column))
        })
    }

    /// The same picture reduced to these tables: cheap to try statements out on.
    #[must_use]
    pub fn only_tables<'a>(&self, names: impl IntoIterator<Item = &'a Name>) -> Self {
        let mut part = Self::new(self.dialect);
        part.generation = self.generation;
        for name in names {
            part.take_table(name, self);
        }
        part
    }

    fn take_table(&mut self, name: &Name, from: &Self) {
        if let Some(table) = from.tables.get(name) {
            let indexes = table.indexes.iter();
            let owned = indexes.filter_map(|index| index.def.name.clone());
            self.index_owner
                .extend(owned.map(|index| (index, name.clone())));
            self.tables.insert(name.clone(), table.clone());
        }
    }

    fn birth(&self, object: &Object) -> Option<Birth> {
        match object.kind {
            ObjectKind::Table | ObjectKind::ForeignTable => {
                self.tables.get(&object.name).map(|table| table.birth)
            }
            ObjectKind::View | ObjectKind::MaterializedView => {
                self.views.get(&object.name).map(|(_, birth)| *birth)
            }
            ObjectKind::Type | ObjectKind::Domain => {
                self.types.get(&object.name).map(|(_, birth)| *birth)
            }
            ObjectKind::Index => self
                .index(&object.name, object.table.as_ref())
                .map(|(_, index)| index.birth),
            kind if kind.is_routine() => {
                let overloads = self.routines.get(&object.name)?;
                match &object.signature {
                    Some(_) => overloads
                        .iter()
                        .find(|(routine, _)| routine.object.signature == object.signature)
                        .map(|(_, birth)| *birth),
                    None => match overloads.as_slice() {
                        [(_, birth)] => Some(*birth),
                        _ => None,
                    },
                }
            }
            _ => self.others.get(object).copied(),
        }
    }
}
