//! Where the rows of a table come from: what tells a rebuild from a table that is dropped and made anew.

use std::collections::{HashMap, HashSet};

use crate::model::{Action, Name, ObjectKind, RowSource};

/// Where the rows of each table come from, as the statements move them.
#[derive(Default)]
pub(super) struct Lineage {
    /// Table → the tables, by their names at the start, whose rows it holds.
    sources: HashMap<Name, HashSet<Name>>,
    /// Tables, by their names at the start, that were dropped, with the name they were dropped under.
    pub(super) dropped: HashMap<Name, Name>,
    renames: Vec<(Name, Name)>,
    created: HashSet<Name>,
}

impl Lineage {
    fn of(&mut self, table: &Name) -> HashSet<Name> {
        match self.sources.get(table) {
            Some(sources) => sources.clone(),
            None if self.created.contains(table) => HashSet::new(),
            None => HashSet::from([table.clone()]),
        }
    }

    pub(super) fn follow(&mut self, action: &Action) {
        match action {
            Action::CreateTable(create) => {
                self.created.insert(create.name.clone());
                self.sources.insert(create.name.clone(), HashSet::new());
            }
            Action::Rows(rows) => {
                if let RowSource::Query(from) = &rows.source {
                    let mut sources = self.of(&rows.table);
                    for table in from {
                        sources.extend(self.of(table));
                    }
                    self.sources.insert(rows.table.clone(), sources);
                }
            }
            Action::Rename { object, to } if object.kind == ObjectKind::Table => {
                let sources = self.of(&object.name);
                self.sources.remove(&object.name);
                self.sources.insert(to.clone(), sources);
                self.renames.push((object.name.clone(), to.clone()));
            }
            Action::Drop { object, .. } if object.kind == ObjectKind::Table => {
                let start = self.name_at_start(&object.name);
                self.sources.remove(&object.name);
                self.created.remove(&object.name);
                self.dropped
                    .entry(start)
                    .or_insert_with(|| object.name.clone());
            }
            _ => {}
        }
    }

    /// The name that a table had when the file began, if it existed then.
    fn name_at_start(&self, name: &Name) -> Name {
        self.renames
            .iter()
            .rev()
            .find(|(_, to)| to == name)
            .map_or_else(|| name.clone(), |(from, _)| from.clone())
    }

    pub(super) fn holds(&self, table: &Name, rows_of: &Name) -> bool {
        self.sources
            .get(table)
            .is_some_and(|sources| sources.contains(rows_of))
    }

    pub(super) fn was_replaced(&self, table: &Name) -> bool {
        self.dropped.contains_key(table) || self.renames.iter().any(|(from, _)| from == table)
    }

    pub(super) fn aliases(&self, table: &Name) -> Vec<Name> {
        let renamed = self
            .renames
            .iter()
            .filter(|(from, _)| from == table)
            .map(|(_, to)| to.clone());
        renamed.chain([table.clone()]).collect()
    }

    pub(super) fn renames_of(&self, table: &Name) -> Vec<(Name, Name)> {
        self.renames
            .iter()
            .filter(|(from, to)| from == table || to == table)
            .cloned()
            .collect()
    }
}
