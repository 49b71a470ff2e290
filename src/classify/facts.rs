//! What the rest of a file tells of a statement in it: what comes back after a drop, what a table rebuild
//! comes to, what a type is swapped for.

use std::collections::{HashMap, HashSet};

use crate::model::{
    Action, Change, CreateView, Dialect, Effect, Engine, Ident, Name, Object, ObjectKind,
    TableChange, TypeShape,
};
use crate::schema::{Index, Schema, Table, definition_changes};
use crate::sql::Script;

use super::lineage::Lineage;
use super::{Context, Judgement, alter_released, definitions, says};

/// What the whole file does, looked at before its statements are judged.
pub struct FileFacts<'a> {
    script: &'a Script,
    /// For each name under which an old table is dropped in the course of a rebuild: what the rebuild comes to.
    rebuilds: HashMap<Name, Judgement>,
    /// Renames that are steps of a rebuild.
    rebuild_renames: HashMap<(Name, Name), Judgement>,
    /// Tables that stand at the end under their old name with their old rows.
    rebuilt: Vec<Name>,
    /// The names under which a rebuild makes its new table: the one it begins with, and the one it ends with.
    rebuilt_as: HashSet<Name>,
    /// Types that are renamed away while another takes their name: the name → what the old one is called then.
    type_swaps: HashMap<Name, Name>,
}

impl<'a> FileFacts<'a> {
    /// Looks through the file, given the schema before it.
    pub fn of(script: &'a Script, schema: &Schema, engine: &Engine) -> Self {
        let mut facts = Self {
            script,
            rebuilds: HashMap::new(),
            rebuild_renames: HashMap::new(),
            rebuilt: Vec::new(),
            rebuilt_as: HashSet::new(),
            type_swaps: HashMap::new(),
        };
        facts.find_type_swaps();
        facts.find_rebuilds(schema, engine);
        facts
    }

    /// Gives the tables that the file rebuilt their age back: a rebuilt table is not a new one.
    pub fn settle(&self, schema: &mut Schema) {
        for table in &self.rebuilt {
            schema.age(table);
        }
    }

    fn all(&self) -> impl Iterator<Item = (usize, &'a Change)> {
        let statements = self.script.statements.iter().enumerate();
        statements
            .flat_map(|(at, statement)| statement.changes.iter().map(move |change| (at, change)))
    }

    /// What certainly happens after the statement at `index`.
    fn after(&self, index: usize) -> impl Iterator<Item = &'a Action> {
        let later = self
            .all()
            .filter(move |(at, change)| *at > index && !change.conditional);
        later.map(|(_, change)| &change.action)
    }

    pub(super) fn creates_table_after(&self, index: usize, name: &Name) -> bool {
        self.after(index).any(|action| match action {
            Action::CreateTable(create) => create.name == *name,
            Action::Rename { object, to } => object.kind == ObjectKind::Table && to == name,
            _ => false,
        })
    }

    pub(super) fn creates_updatable_view_after(
        &self,
        index: usize,
        name: &Name,
        over: &Name,
    ) -> bool {
        self.after(index).any(|action| {
            definitions::as_view(action, name).is_some_and(|view| {
                view.updatable && !view.materialized && view.reads.contains(over)
            })
        })
    }

    pub(super) fn creates_view_after(&self, index: usize, name: &Name) -> Option<&'a CreateView> {
        self.after(index)
            .find_map(|action| definitions::as_view(action, name))
    }

    /// What the picture is by the time a later statement creates this view, as far as the view concerns it.
    pub(super) fn when_created(&self, index: usize, view: &CreateView, schema: &Schema) -> Schema {
        let later = self.all().filter(|(at, _)| *at >= index);
        let is_it = |action: &Action| {
            definitions::as_view(action, &view.name).is_some_and(|it| std::ptr::eq(it, view))
        };
        let until = later.map(|(_, change)| change);
        let until: Vec<&Change> = until.take_while(|it| !is_it(&it.action)).collect();
        let touched = until.iter().flat_map(|change| match &change.action {
            Action::CreateView(create) => create.reads.iter().collect(),
            action => tables_of(action),
        });
        let mut then = schema.only_relations(touched.chain(&view.reads).cloned());
        for change in until {
            match &change.action {
                Action::Drop { .. } | Action::Rename { .. } => then.apply(change),
                // It may have run, or not.
                Action::CreateView(create) if change.conditional => then.forget(&create.name),
                action if change.conditional => {
                    for table in tables_of(action) {
                        then.forget(table);
                    }
                }
                _ => then.apply(change),
            }
        }
        then
    }

    pub(super) fn creates_trigger_after(&self, index: usize, trigger: &Object) -> bool {
        self.after(index).any(|action| match action {
            Action::CreateTrigger(create) => {
                create.name == trigger.name
                    && trigger
                        .table
                        .as_ref()
                        .is_none_or(|table| *table == create.table)
            }
            _ => false,
        })
    }

    /// Whether a routine of this name, of whatever signature, is created below.
    pub(super) fn creates_any_routine_after(&self, index: usize, name: &Name) -> bool {
        self.after(index).any(
            |action| matches!(action, Action::CreateRoutine(create) if create.object.name == *name),
        )
    }

    /// Whether a routine of the same signature and result comes back.
    pub(super) fn creates_routine_after(
        &self,
        index: usize,
        routine: &Object,
        schema: &Schema,
    ) -> bool {
        let mut overloads = schema.routines(&routine.name);
        let old = match &routine.signature {
            Some(_) => overloads.find(|old| old.object.signature == routine.signature),
            None => match (overloads.next(), overloads.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            },
        };
        let Some(old) = old else { return false };
        self.after(index).any(|action| match action {
            Action::CreateRoutine(create) => {
                create.object.name == routine.name
                    && create.object.signature == old.object.signature
                    && create.returns == old.returns
            }
            _ => false,
        })
    }

    /// Whether what was switched off is switched on again; no name means all triggers of the table.
    pub(super) fn enables_trigger_after(
        &self,
        index: usize,
        table: &Name,
        name: Option<&Ident>,
    ) -> bool {
        self.after(index).any(|action| match action {
            Action::AlterTable {
                table: other,
                change,
            } if other == table => match &**change {
                TableChange::SetTrigger {
                    name: other,
                    enabled: true,
                } => other.is_none() || other.as_ref() == name,
                _ => false,
            },
            _ => false,
        })
    }

    pub(super) fn sets_default_after(&self, index: usize, table: &Name, column: &Ident) -> bool {
        fills_from(self.script, index, table, column)
    }

    /// Whether these columns are unique at the end of the file.
    pub(super) fn is_unique_after(
        &self,
        index: usize,
        schema: &Schema,
        table: &Name,
        columns: &[Ident],
    ) -> bool {
        let Some(held) = schema.table(table) else {
            return false;
        };
        if columns.is_empty() {
            return false;
        }
        let mut at_the_end = schema.only_tables([table]);
        let remaining = self.all().filter(|(at, _)| *at >= index);
        // What may run takes away, and gives nothing.
        for (_, change) in remaining.filter(|(_, it)| !(it.conditional && demands(&it.action))) {
            at_the_end.apply(change);
        }
        at_the_end
            .table(&held.name)
            .is_some_and(|after| after.is_unique_on(columns))
    }

    pub(super) fn creates_index_like_after(&self, index: usize, old: &Index) -> bool {
        self.after(index).any(|action| match action {
            Action::CreateIndex(create) => {
                create.unique
                    && create.table == old.def.table
                    && create.keys == old.def.keys
                    && create.partial == old.def.partial
            }
            _ => false,
        })
    }

    pub(super) fn rebuild_dropping(&self, table: &Name) -> Option<&Judgement> {
        self.rebuilds.get(table)
    }

    /// Whether a rebuild makes its new table under this name. Its rows are the old table's.
    pub(super) fn rebuilds_as(&self, table: &Name) -> bool {
        self.rebuilt_as.contains(table)
    }

    /// What a rename comes to that is a step of a rebuild.
    pub(super) fn rebuild_renaming(&self, from: &Name, to: &Name) -> Option<&Judgement> {
        self.rebuild_renames.get(&(from.clone(), to.clone()))
    }

    /// Whether the type is renamed away and another of the file takes its name.
    pub(super) fn is_swapped(&self, name: &Name) -> bool {
        self.type_swaps.contains_key(name)
    }

    /// Whether a type that is dropped is replaced by one of the file with at least its labels, which takes its name.
    pub(super) fn is_replaced(&self, index: usize, name: &Name, schema: &Schema) -> bool {
        let Some(TypeShape::Enum(had)) = schema.type_shape(name) else {
            return false;
        };
        let replaces = |new: &Name| {
            self.all().any(|(_, change)| match &change.action {
                Action::CreateType(create) if create.name == *new => {
                    matches!(&create.shape, TypeShape::Enum(has) if had.iter().all(|label| has.contains(label)))
                }
                _ => false,
            })
        };
        self.after(index).any(|action| match action {
            Action::Rename { object, to } => {
                object.kind == ObjectKind::Type && to == name && replaces(&object.name)
            }
            _ => false,
        })
    }

    /// Whether the rename at `index` is one of several that, in the end, give the object its old name back.
    pub(super) fn is_renamed_back(&self, index: usize, object: &Object, to: &Name) -> bool {
        let renames: Vec<(usize, &Name, &Name)> = self
            .all()
            .filter(|(_, change)| !change.conditional)
            .filter_map(|(at, change)| match &change.action {
                Action::Rename { object: other, to } if other.kind == object.kind => {
                    Some((at, &other.name, to))
                }
                _ => None,
            })
            .collect();
        let (mut first, mut last) = (&object.name, to);
        for (_, from, to) in renames.iter().rev().filter(|(at, ..)| *at < index) {
            if *to == first {
                first = from;
            }
        }
        for (_, from, to) in renames.iter().filter(|(at, ..)| *at > index) {
            if *from == last {
                last = to;
            }
        }
        first == last
    }

    /// Whether this is the name that a swapped type goes by until it is dropped.
    pub(super) fn is_swapped_away(&self, name: &Name) -> bool {
        self.type_swaps.values().any(|away| away == name)
    }

    /// `ALTER TYPE t RENAME TO t_old; CREATE TYPE t …; ALTER COLUMN … TYPE t; DROP TYPE t_old`, or as Prisma does it,
    /// `CREATE TYPE t_new …; ALTER COLUMN … TYPE t_new; ALTER TYPE t RENAME TO t_old; ALTER TYPE t_new RENAME TO t`.
    fn find_type_swaps(&mut self) {
        let creates = |wanted: &Name| {
            self.all().any(|(_, change)| {
                matches!(&change.action, Action::CreateType(create) if create.name == *wanted)
            })
        };
        let mut swaps = HashMap::new();
        for (at, change) in self.all() {
            let Action::Rename { object, to } = &change.action else {
                continue;
            };
            if object.kind != ObjectKind::Type {
                continue;
            }
            let taken = self.after(at).any(|action| match action {
                Action::CreateType(create) => create.name == object.name,
                Action::Rename { object: other, to } => *to == object.name && creates(&other.name),
                _ => false,
            });
            if taken {
                swaps.insert(object.name.clone(), to.clone());
            }
        }
        self.type_swaps = swaps;
    }

    /// New table, copy, drop, rename — in any of its orders: an old table that is dropped or renamed away while a
    /// table of its name, filled from it, stands at the end. Judged by the difference of the definitions.
    fn find_rebuilds(&mut self, schema: &Schema, engine: &Engine) {
        let mut leaves: HashSet<&Name> = self
            .all()
            .filter_map(|(_, change)| match &change.action {
                Action::Drop { object, .. } | Action::Rename { object, .. }
                    if object.kind == ObjectKind::Table && !schema.is_new_table(&object.name) =>
                {
                    Some(&object.name)
                }
                _ => None,
            })
            .collect();
        if leaves.is_empty() {
            return;
        }
        let mut rows = Lineage::default();
        for (_, change) in self.all() {
            rows.follow(&change.action);
        }
        // What does not come back with its rows is not rebuilt.
        leaves.retain(|name| rows.holds(name, name) && rows.was_replaced(name));
        if leaves.is_empty() {
            return;
        }
        let mut end =
            schema.only_tables(self.all().flat_map(|(_, change)| tables_of(&change.action)));
        for (_, change) in self.all() {
            end.apply(change);
        }
        for name in leaves {
            let Some(after) = end.table(name) else {
                continue;
            };
            let judgement = match schema.table(name) {
                _ if is_spelled_anew(name, &after.name, engine) => says(
                    Effect::Reshape,
                    format!(
                        "comes back as `{}`: where the server tells the case of table names, releases that say \
                         `{name}` fail",
                        after.name
                    ),
                ),
                Some(before) if before.complete && after.complete => self
                    .loses_sequence(before, engine)
                    .unwrap_or_else(|| Self::judge_rebuild(before, after, schema, engine)),
                _ => says(
                    Effect::Reshape,
                    format!(
                        "`{name}` is rebuilt, and the folder does not tell its old and new definition"
                    ),
                ),
            };
            for alias in rows.aliases(name) {
                self.rebuilds.insert(alias, judgement.clone());
            }
            for step in rows.renames_of(name) {
                // The verdict stands at the DROP; without one, where the old table goes out of the way.
                let judged_here = step.0 == *name && !rows.dropped.contains_key(name);
                let judgement = if judged_here {
                    judgement.clone()
                } else {
                    step_of_rebuild()
                };
                if step.1 == *name {
                    self.rebuilt_as.insert(step.0.clone());
                }
                self.rebuild_renames.insert(step, judgement);
            }
            self.rebuilt_as.insert(name.clone());
            self.rebuilt.push(name.clone());
        }
    }

    /// PostgreSQL drops the sequence of a `serial` column with the table. The new table's has another name: the old one was
    /// taken when it was created, and sequences do not follow a table that is renamed (manual, section 8.1.4).
    fn loses_sequence(&self, before: &Table, engine: &Engine) -> Option<Judgement> {
        if engine.dialect != Dialect::Postgres {
            return None;
        }
        let mut columns = before.columns.iter();
        let serial = columns.find(|column| column.def.auto_increment)?;
        let sequence = format!("{}_{}_seq", before.name.name, serial.def.name);
        let comes_back = self.all().any(|(_, change)| match &change.action {
            Action::Rename { to, .. } => to.name.as_str() == sequence,
            _ => false,
        });
        (!comes_back).then(|| {
            says(
                Effect::Reshape,
                format!(
                    "`{}` is rebuilt: its sequence `{sequence}` goes with the old one, and releases that name it fail",
                    before.name
                ),
            )
        })
    }

    fn judge_rebuild(before: &Table, after: &Table, schema: &Schema, engine: &Engine) -> Judgement {
        // Columns that only the new definition has are new, so that their constraints bind nobody.
        let mut midway = schema.only_tables([&before.name]);
        let changes = definition_changes(before, after);
        for change in changes
            .iter()
            .filter(|change| matches!(change, TableChange::AddColumn { .. }))
        {
            midway.apply(&Change {
                action: Action::AlterTable {
                    table: before.name.clone(),
                    change: Box::new(change.clone()),
                },
                span: crate::model::Span::default(),
                conditional: false,
            });
        }
        let facts = FileFacts {
            script: &Script {
                statements: Vec::new(),
                ..Script::default()
            },
            rebuilds: HashMap::new(),
            rebuild_renames: HashMap::new(),
            rebuilt: Vec::new(),
            rebuilt_as: HashSet::new(),
            type_swaps: HashMap::new(),
        };
        let old = Context {
            schema,
            facts: &facts,
            index: 0,
            engine,
        };
        let new = Context {
            schema: &midway,
            facts: &facts,
            index: 0,
            engine,
        };
        let judged = changes.iter().map(|change| match change {
            TableChange::AddConstraint { .. } => alter_released(&before.name, change, &new),
            change => alter_released(&before.name, change, &old),
        });
        let lost_index = before.indexes.iter().find(|index| {
            let columns: Vec<Ident> = index.def.columns().cloned().collect();
            index.def.unique && !after.is_unique_on(&columns) && !has_index_like(after, index)
        });
        let lost_index = lost_index.map(|index| {
            says(
                Effect::Reshape,
                format!("the unique index {} does not come back", index.def.label()),
            )
        });
        let unique = after.indexes.iter().filter(|index| index.def.unique);
        let new_index = unique.map(|index| super::index::create(&index.def, &new));
        let worst = judged
            .chain(lost_index)
            .chain(new_index)
            .max_by_key(|(effect, _)| *effect);
        let (effect, reason) =
            worst.unwrap_or_else(|| says(Effect::Neutral, "the definition stays the same"));
        says(effect, format!("`{}` is rebuilt: {reason}", before.name))
    }
}

/// Whether the action may make columns unique.
fn demands(action: &Action) -> bool {
    match action {
        Action::CreateIndex(_) | Action::CreateTable(_) => true,
        Action::AlterTable { change, .. } => matches!(
            **change,
            TableChange::AddConstraint { .. }
                | TableChange::AddColumn { .. }
                | TableChange::RedefineColumn { .. }
        ),
        _ => false,
    }
}

/// MySQL compares the names of tables as the file system does: on Linux `users` and `USERS` are two.
fn is_spelled_anew(before: &Name, after: &Name, engine: &Engine) -> bool {
    engine.dialect == Dialect::Mysql && before.name.written() != after.name.written()
}

/// What is said of the steps around the one that carries a rebuild's verdict. They are neutral: none of them may run
/// at another time than the rest.
pub(super) fn step_of_rebuild() -> Judgement {
    says(
        Effect::Neutral,
        "one step of a table rebuild, which is judged by its DROP",
    )
}

/// Whether the file, from the statement at `index` on, gives the column a default or another way to fill itself.
///
/// Of that statement itself a SET DEFAULT counts wherever it stands: PostgreSQL drops before it sets, whatever the
/// order of the clauses.
pub fn fills_from(script: &Script, index: usize, table: &Name, column: &Ident) -> bool {
    let statements = script.statements.iter().enumerate().skip(index);
    let mut changes = statements
        .flat_map(|(at, statement)| statement.changes.iter().map(move |change| (at, change)));
    changes.any(|(at, change)| match &change.action {
        Action::AlterTable {
            table: other,
            change: clause,
        } if other == table && !change.conditional => match &**clause {
            TableChange::SetDefault {
                column: other,
                default,
            } => other == column && !default.is_null(),
            TableChange::RedefineColumn { column: other, .. } => {
                at > index && other.name == *column && other.fills_itself()
            }
            TableChange::AddIdentity { column: other, .. } => at > index && other == column,
            _ => false,
        },
        _ => false,
    })
}

fn has_index_like(table: &Table, wanted: &Index) -> bool {
    table.indexes.iter().any(|index| {
        index.def.unique
            && index.def.keys == wanted.def.keys
            && index.def.partial == wanted.def.partial
    })
}

fn tables_of(action: &Action) -> Vec<&Name> {
    match action {
        Action::CreateTable(create) => create.like.iter().chain([&create.name]).collect(),
        Action::AlterTable { table, .. } => vec![table],
        Action::CreateIndex(create) => vec![&create.table],
        Action::Drop { object, .. } if object.kind == ObjectKind::Table => vec![&object.name],
        Action::Rename { object, to } if object.kind == ObjectKind::Table => vec![&object.name, to],
        _ => Vec::new(),
    }
}
