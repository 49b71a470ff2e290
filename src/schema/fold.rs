//! Folding a change into the picture.

use crate::model::{
    Action, Change, ColumnDef, Constraint, ConstraintKind, CreateIndex, CreateRoutine, CreateTable,
    CreateType, CreateView, Dialect, Ident, Identity, Name, Object, ObjectKind, Shown, TableChange,
    TypeChange, TypeShape,
};

use super::{Birth, Index, Schema, Table};

impl Schema {
    /// Folds one change into the picture. What the picture does not know is left alone, never invented.
    pub fn apply(&mut self, change: &Change) {
        self.blurred |= touches_any(&change.action);
        let birth = |certain: bool| Birth {
            generation: self.generation,
            certain: certain && !change.conditional,
        };
        match &change.action {
            Action::CreateTable(create) => {
                let birth = birth(!create.if_not_exists || create.temporary);
                self.create_table(create, birth);
            }
            Action::AlterTable {
                table,
                change: clause,
            } => {
                let birth = birth(true);
                self.alter_table(table, clause, birth);
            }
            Action::CreateIndex(create) => {
                let birth = birth(!create.if_not_exists);
                self.create_index(create, birth);
            }
            Action::CreateView(create) => {
                let anew = !self.comes_back(&create.name, ObjectKind::is_relation);
                let birth = birth(anew && !create.if_not_exists && !create.or_replace);
                self.create_view(create, birth);
            }
            Action::CreateRoutine(create) => {
                let anew = !self.comes_back(&create.object.name, ObjectKind::is_routine);
                let birth = birth(anew && !create.or_replace && !create.if_not_exists);
                self.create_routine(create, birth);
            }
            Action::CreateTrigger(create) => {
                let object =
                    Object::new(ObjectKind::Trigger, create.name.clone()).on(create.table.clone());
                let anew = !self.comes_back(&create.name, |kind| kind == ObjectKind::Trigger);
                let birth = birth(anew && !create.or_replace && !create.if_not_exists);
                self.create_other(object, birth);
            }
            Action::CreateType(create) => {
                let anew = !self.comes_back(&create.name, |kind| {
                    matches!(kind, ObjectKind::Type | ObjectKind::Domain)
                });
                let birth = birth(anew);
                self.create_type(create, birth);
            }
            Action::Create {
                object,
                if_not_exists,
                or_replace,
            } => {
                let anew = !self.comes_back(&object.name, |kind| kind == object.kind);
                let birth = birth(anew && !if_not_exists && !or_replace);
                self.create_other(object.clone(), birth);
            }
            Action::Drop { object, .. } => self.drop(object),
            Action::Rename { object, to } => self.rename(object, to),
            Action::SetSchema { object, schema } => {
                let to = Name::qualified(schema.clone(), object.name.name.clone(), self.dialect);
                self.rename(object, &to);
            }
            Action::AlterType { name, change } => self.alter_type(name, change),
            Action::SetIndexVisible { index, visible } => self.set_index_visible(index, *visible),
            _ => {}
        }
    }

    /// Whether a release may know something of this name and kind that was dropped earlier in this pending set:
    /// what is created in its place is as old.
    fn comes_back(&self, name: &Name, is_kind: impl Fn(ObjectKind) -> bool) -> bool {
        let mut dropped = self.dropped.iter();
        dropped.any(|(object, released)| *released && object.name == *name && is_kind(object.kind))
    }

    fn create_table(&mut self, create: &CreateTable, birth: Birth) {
        if create.if_not_exists && self.tables.contains_key(&create.name) {
            return;
        }
        self.first_made = self.first_made.min(self.generation);
        let mut table = Table::created(create, birth, self.dialect);
        let like = create.like.as_ref().or(create.partition_of.as_ref());
        if let Some(model) = like.and_then(|name| self.tables.get(name)) {
            for column in &model.columns {
                table.add_column(column.def.clone(), birth, self.dialect);
            }
            table.complete = model.complete;
        }
        for index in &table.indexes {
            if let Some(name) = &index.def.name {
                self.index_owner.insert(name.clone(), create.name.clone());
            }
        }
        self.tables.insert(create.name.clone(), table);
        self.spell_out_targets(&create.name);
    }

    fn alter_table(&mut self, name: &Name, change: &TableChange, birth: Birth) {
        if !self.touched.contains(name) {
            self.touched.insert(name.clone());
        }
        let (dialect, blurred) = (self.dialect, self.blurred);
        self.met_strangers |= !self.tables.contains_key(name);
        let table = self
            .tables
            .entry(name.clone())
            .or_insert_with(|| Table::unknown(name.clone(), dialect));
        match change {
            TableChange::AddColumn {
                column,
                if_not_exists,
                ..
            } => {
                // Where all columns are known, IF NOT EXISTS leaves no doubt.
                let certain = birth.certain && (!if_not_exists || !blurred && table.complete);
                if !(*if_not_exists && table.column(&column.name).is_some()) {
                    table.add_column(column.clone(), Birth { certain, ..birth }, dialect);
                    if column.references.is_some() {
                        self.spell_out_targets(name);
                    }
                }
            }
            TableChange::DropColumn { column, .. } => drop_column(table, column),
            TableChange::RenameColumn { from, to } => {
                rename_column(table, from, to);
                self.follow_referred_column(name, from, to);
                if dialect == Dialect::Postgres {
                    self.follow_in_views(&|relation, column| {
                        if relation == name && column == from {
                            column.clone_from(to);
                        }
                    });
                }
            }
            TableChange::SetType {
                column,
                data_type,
                collation,
                ..
            } => {
                if let Some(column) = table.column_mut(column) {
                    column.def.data_type = Some(data_type.clone());
                    column.def.collation.clone_from(collation);
                }
            }
            TableChange::RedefineColumn { from, column, .. } => {
                rename_column(table, from, &column.name);
                match table.column_mut(&column.name) {
                    Some(held) => held.def = column.clone(),
                    None => table.add_column(
                        column.clone(),
                        Birth {
                            generation: 0,
                            certain: false,
                        },
                        dialect,
                    ),
                }
                self.follow_referred_column(name, from, &column.name);
            }
            TableChange::SetNotNull { column } => {
                with_column(table, column, |def| def.not_null = true);
            }
            TableChange::DropNotNull { column } => {
                with_column(table, column, |def| def.not_null = false);
            }
            TableChange::SetDefault { column, default } => {
                with_column(table, column, |def| def.default = Some(default.clone()));
            }
            TableChange::DropDefault { column } => with_column(table, column, |def| {
                def.default = None;
                def.auto_increment = false;
            }),
            TableChange::AddIdentity { column, always } => with_column(table, column, |def| {
                def.identity = Some(Identity { always: *always });
            }),
            TableChange::SetGenerated { column, clause } => {
                with_column(table, column, |def| match *clause {
                    "drop identity" => def.identity = None,
                    "drop expression" => def.generated = None,
                    _ => {}
                });
            }
            TableChange::AddConstraint { constraint, .. } => {
                table.add_constraint(constraint.clone(), birth, dialect);
                self.spell_out_targets(name);
            }
            TableChange::DropConstraint { name, kind, .. } => {
                drop_constraint(table, name.as_ref(), *kind);
            }
            TableChange::RenameConstraint { from, to } => {
                for held in &mut table.constraints {
                    if held.constraint.name.as_ref() == Some(from) {
                        held.constraint.name = Some(to.clone());
                    }
                }
            }
            TableChange::ValidateConstraint { name } => {
                for held in &mut table.constraints {
                    if held.constraint.name.as_ref() == Some(name) {
                        held.constraint.not_valid = false;
                    }
                }
            }
            TableChange::SetCharset { charset, .. } => table.charset = Some(charset.clone()),
            _ => {}
        }
    }

    fn create_index(&mut self, create: &CreateIndex, birth: Birth) {
        let mut create = create.clone();
        if self.dialect == Dialect::Postgres && create.name.is_none() {
            create.name = self.generated_index_name(&create);
        }
        if let Some(name) = &create.name {
            // Behind an IF, or an IF NOT EXISTS, the index of that name stays the one that it is.
            let on_table = (self.dialect == Dialect::Mysql).then_some(&create.table);
            if !birth.certain && self.index(name, on_table).is_some() {
                return;
            }
            self.index_owner.insert(name.clone(), create.table.clone());
        }
        let dialect = self.dialect;
        self.met_strangers |=
            !self.tables.contains_key(&create.table) && !self.views.contains_key(&create.table);
        self.tables
            .entry(create.table.clone())
            .or_insert_with(|| Table::unknown(create.table.clone(), dialect))
            .indexes
            .push(Index {
                def: create,
                birth,
                visible: true,
            });
    }

    fn create_view(&mut self, create: &CreateView, birth: Birth) {
        let kept = match self.views.get(&create.name) {
            Some(_) if create.if_not_exists => return,
            // A replaced view is as old as the one that it replaces.
            Some((_, birth)) if create.or_replace => *birth,
            _ => birth,
        };
        // A `*` stands for the columns at this moment, not for those of later.
        let mut view = create.clone();
        if let Some(items) = self.items_of(create) {
            let shown = items.iter().cloned();
            view.shows = Some(
                shown
                    .map(|(name, origin)| Shown::Column(name, origin))
                    .collect(),
            );
        }
        view.columns = self.columns_of(create);
        self.views.insert(create.name.clone(), (view, kept));
    }

    fn create_routine(&mut self, create: &CreateRoutine, birth: Birth) {
        let overloads = self.routines.entry(create.object.name.clone()).or_default();
        let same = overloads
            .iter_mut()
            .find(|(held, _)| held.object.signature == create.object.signature);
        match same {
            Some((held, _)) if create.or_replace => *held = create.clone(),
            Some(_) if create.if_not_exists => {}
            Some(slot) => *slot = (create.clone(), birth),
            None => overloads.push((create.clone(), birth)),
        }
    }

    fn create_type(&mut self, create: &CreateType, birth: Birth) {
        self.types
            .insert(create.name.clone(), (create.shape.clone(), birth));
    }

    fn create_other(&mut self, object: Object, birth: Birth) {
        self.others.entry(object).or_insert(birth);
    }

    fn drop(&mut self, object: &Object) {
        let released = self.knows(object) && !self.is_new(object);
        self.dropped.insert(object.clone(), released);
        match object.kind {
            ObjectKind::Table | ObjectKind::ForeignTable => {
                if self.tables.remove(&object.name).is_some() {
                    self.removed_tables.insert(object.name.clone());
                }
                self.index_owner.retain(|_, owner| *owner != object.name);
                self.others
                    .retain(|other, _| other.table.as_ref() != Some(&object.name));
            }
            ObjectKind::View | ObjectKind::MaterializedView => {
                self.views.remove(&object.name);
            }
            ObjectKind::Type | ObjectKind::Domain => {
                self.types.remove(&object.name);
            }
            ObjectKind::Index => self.drop_index(object),
            kind if kind.is_routine() => {
                if let Some(overloads) = self.routines.get_mut(&object.name) {
                    match &object.signature {
                        Some(_) => {
                            overloads.retain(|(held, _)| held.object.signature != object.signature);
                        }
                        None => overloads.clear(),
                    }
                }
            }
            // SQLite and MySQL name a trigger without its table.
            ObjectKind::Trigger if object.table.is_none() => {
                self.others
                    .retain(|other, _| (other.kind, &other.name) != (object.kind, &object.name));
            }
            _ => {
                self.others.remove(object);
            }
        }
    }

    fn drop_index(&mut self, object: &Object) {
        let owner = match &object.table {
            Some(table) => Some(table.clone()),
            None => self.index_owner.remove(&object.name),
        };
        let Some(owner) = owner else { return };
        let Some(table) = self.tables.get_mut(&owner) else {
            return;
        };
        self.touched.insert(owner);
        if let Some(at) = table
            .indexes
            .iter()
            .position(|index| index.is_named(&object.name.name))
        {
            let index = table.indexes.remove(at);
            self.removed_indexes.insert(object.name.clone());
            table.dropped_indexes.push(index);
        } else if self.dialect == Dialect::Mysql {
            // In MySQL a unique constraint is an index, dropped by the same words.
            drop_constraint(table, Some(&object.name.name), None);
        }
    }

    fn rename(&mut self, object: &Object, to: &Name) {
        match object.kind {
            ObjectKind::Table | ObjectKind::ForeignTable => {
                if let Some(mut table) = self.tables.remove(&object.name) {
                    table.name = to.clone();
                    self.touched.insert(to.clone());
                    self.removed_tables.insert(object.name.clone());
                    for index in &mut table.indexes {
                        index.def.table = to.clone();
                    }
                    self.tables.insert(to.clone(), table);
                }
                for owner in self
                    .index_owner
                    .values_mut()
                    .filter(|owner| **owner == object.name)
                {
                    *owner = to.clone();
                }
                self.follow_references(&object.name, to);
                if self.dialect == Dialect::Postgres {
                    self.follow_in_views(&|relation, _| {
                        if *relation == object.name {
                            relation.clone_from(to);
                        }
                    });
                }
            }
            ObjectKind::View | ObjectKind::MaterializedView => {
                if let Some(view) = self.views.remove(&object.name) {
                    self.views.insert(to.clone(), view);
                }
            }
            ObjectKind::Type | ObjectKind::Domain => {
                if let Some(held) = self.types.remove(&object.name) {
                    self.types.insert(to.clone(), held);
                }
                self.follow_type(&object.name, to);
            }
            ObjectKind::Index => self.rename_index(object, to),
            kind if kind.is_routine() => {
                if let Some(held) = self.routines.remove(&object.name) {
                    self.routines.insert(to.clone(), held);
                }
            }
            _ => {
                if let Some(birth) = self.others.remove(object) {
                    self.others.insert(
                        Object {
                            name: to.clone(),
                            ..object.clone()
                        },
                        birth,
                    );
                }
            }
        }
    }

    /// Columns follow the type that they have.
    fn follow_type(&mut self, from: &Name, to: &Name) {
        let from = from.to_string();
        let tables = self.tables.values_mut();
        for column in tables.flat_map(|table| &mut table.columns) {
            if let Some(data_type) = &mut column.def.data_type
                && data_type.name == from
            {
                data_type.name = to.to_string();
            }
        }
    }

    /// Foreign keys follow the table that they refer to.
    fn follow_references(&mut self, from: &Name, to: &Name) {
        for table in self.tables.values_mut() {
            for held in &mut table.constraints {
                if let ConstraintKind::ForeignKey { references, .. } = &mut held.constraint.kind
                    && references.table == *from
                {
                    references.table = to.clone();
                }
            }
        }
    }

    /// Foreign keys follow the column that they refer to.
    fn follow_referred_column(&mut self, table: &Name, from: &Ident, to: &Ident) {
        let constraints = self.tables.values_mut();
        for held in constraints.flat_map(|table| &mut table.constraints) {
            if let ConstraintKind::ForeignKey { references, .. } = &mut held.constraint.kind
                && references.table == *table
            {
                let same = references
                    .columns
                    .iter_mut()
                    .filter(|column| *column == from);
                same.for_each(|column| column.clone_from(to));
            }
        }
    }

    fn rename_index(&mut self, object: &Object, to: &Name) {
        let owner = match &object.table {
            Some(table) => Some(table.clone()),
            None => self.index_owner.remove(&object.name),
        };
        let Some(owner) = owner else { return };
        if let Some(table) = self.tables.get_mut(&owner) {
            for index in table
                .indexes
                .iter_mut()
                .filter(|index| index.is_named(&object.name.name))
            {
                index.def.name = Some(to.clone());
            }
        }
        self.index_owner.insert(to.clone(), owner);
    }

    fn set_index_visible(&mut self, index: &Object, visible: bool) {
        let table = index
            .table
            .as_ref()
            .and_then(|name| self.tables.get_mut(name));
        let indexes = table.into_iter().flat_map(|table| &mut table.indexes);
        for held in indexes.filter(|held| held.is_named(&index.name.name)) {
            held.visible = visible;
        }
    }

    fn alter_type(&mut self, name: &Name, change: &TypeChange) {
        let Some((shape, _)) = self.types.get_mut(name) else {
            return;
        };
        match (shape, change) {
            (TypeShape::Enum(labels), TypeChange::AddValue { label, .. })
                if !labels.contains(label) =>
            {
                labels.push(label.clone());
            }
            (TypeShape::Enum(labels), TypeChange::RenameValue { from, to }) => {
                for label in labels.iter_mut().filter(|label| *label == from) {
                    label.clone_from(to);
                }
            }
            (
                TypeShape::Domain {
                    constrained,
                    required,
                    ..
                },
                TypeChange::SetDomainNotNull,
            ) => (*constrained, *required) = (true, true),
            (TypeShape::Domain { constrained, .. }, TypeChange::AddDomainConstraint { .. }) => {
                *constrained = true;
            }
            // Among its conditions may be one that refuses NULL.
            (
                TypeShape::Domain {
                    constrained,
                    required,
                    has_default,
                    ..
                },
                TypeChange::DropDomainDefault,
            ) => (*required, *has_default) = (*constrained, false),
            _ => {}
        }
    }
}

/// Whether it makes or alters something under a name that is put together at run time: it may be any, so that what is
/// not in the picture may exist all the same.
fn touches_any(action: &Action) -> bool {
    let names = match action {
        Action::CreateTable(create) => [Some(&create.name), None],
        Action::AlterTable { table, .. } => [Some(table), None],
        Action::CreateIndex(create) => [Some(&create.table), create.name.as_ref()],
        Action::Rename { object, to } => [Some(&object.name), Some(to)],
        _ => [None, None],
    };
    let mut names = names.into_iter().flatten();
    names.any(Name::is_made_at_run_time)
}

fn with_column(table: &mut Table, name: &Ident, edit: impl FnOnce(&mut ColumnDef)) {
    if let Some(column) = table.column_mut(name) {
        edit(&mut column.def);
    }
}

fn drop_column(table: &mut Table, name: &Ident) {
    if let Some(at) = table
        .columns
        .iter()
        .position(|column| column.def.name == *name)
    {
        let column = table.columns.remove(at);
        table.dropped_columns.push(column);
    }
    // Its constraints and indexes go with it, multi-column ones too.
    table
        .constraints
        .retain(|held| !held.constraint.kind.columns().contains(name));
    table
        .indexes
        .retain(|index| !index.def.columns().any(|column| column == name));
}

fn rename_column(table: &mut Table, from: &Ident, to: &Ident) {
    if from == to {
        return;
    }
    if let Some(column) = table.column_mut(from) {
        column.def.name = to.clone();
    }
    let rename = |column: &mut Ident| {
        if column == from {
            *column = to.clone();
        }
    };
    for held in &mut table.constraints {
        match &mut held.constraint.kind {
            ConstraintKind::Check(expr) => expr.columns.iter_mut().for_each(rename),
            ConstraintKind::ForeignKey { columns, .. }
            | ConstraintKind::Unique { columns, .. }
            | ConstraintKind::PrimaryKey { columns, .. }
            | ConstraintKind::Exclude { columns } => columns.iter_mut().for_each(rename),
            ConstraintKind::NotNull { column } => rename(column),
        }
    }
    for index in &mut table.indexes {
        index
            .def
            .keys
            .iter_mut()
            .filter_map(|key| key.as_mut().ok())
            .for_each(rename);
    }
}

fn drop_constraint(table: &mut Table, name: Option<&Ident>, kind: Option<&'static str>) {
    let matches = |constraint: &Constraint| match (name, kind) {
        (Some(name), _) => constraint.name.as_ref() == Some(name),
        (None, Some("primary key")) => matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }),
        (None, _) => false,
    };
    if let Some(at) = table
        .constraints
        .iter()
        .position(|held| matches(&held.constraint))
    {
        let held = table.constraints.remove(at);
        table.dropped_constraints.push(held);
    }
}
