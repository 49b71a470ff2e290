//! Changes of rows: which table is written, which columns are named, which unique keys an upsert needs.

use sqlparser::ast::{
    self, Assignment, AssignmentTarget, ConflictTarget, FromTable, Insert, Merge, MergeAction,
    MergeInsertKind, MergeUpdateKind, ObjectName, OnConflictAction, OnInsert, TableFactor,
    TableObject, TableWithJoins, UpdateTableFromKind,
};

use super::Walk;
use super::scope::{Scope, Source};
use crate::model::{Ident, Name};

/// The names by which `ON CONFLICT … DO UPDATE`, `RETURNING` and row triggers call the rows at hand.
const ROWS_AT_HAND: [&str; 3] = ["excluded", "old", "new"];

impl Walk<'_, '_> {
    pub(super) fn insert(&mut self, insert: &Insert) {
        let TableObject::TableName(table) = &insert.table else {
            self.understood = false;
            self.scopes.push(Scope::default());
            return;
        };
        let table = self.name(table);
        let mut scope = Scope::of(table.name.clone(), &table);
        let alias = insert.table_alias.as_ref().map(|alias| &alias.alias);
        let row = insert.insert_alias.as_ref().map(|row| &row.row_alias);
        let row = row.and_then(|name| name.0.last()?.as_ident());
        for called in alias.into_iter().chain(row) {
            let called = self.ident(called);
            scope.sources.push(Source::table(called, &table));
        }
        for called in ROWS_AT_HAND {
            let called = Ident::folded(called);
            scope.sources.push(Source::table(called, &table));
        }
        self.scopes.push(scope);
        self.writes(&table);
        let listed = !insert.columns.is_empty() || !insert.assignments.is_empty();
        let defaults = insert.source.is_none();
        if !listed && !defaults {
            self.whole(&table);
        }
        for column in &insert.columns {
            self.target_column(&table, column);
        }
        self.assignments(&insert.assignments);
        let any_key = insert.or.is_some() || insert.replace_into || insert.ignore;
        self.relied.relation(table.clone()).keys.any |= any_key;
        if let Some(on) = &insert.on {
            self.on_insert(&table, on);
        }
        self.items(insert.returning.as_deref().unwrap_or_default());
    }

    fn on_insert(&mut self, table: &Name, on: &OnInsert) {
        let conflict = match on {
            OnInsert::DuplicateKeyUpdate(assignments) => {
                self.relied.relation(table.clone()).keys.any = true;
                return self.assignments(assignments);
            }
            OnInsert::OnConflict(conflict) => conflict,
            _ => {
                self.understood = false;
                return;
            }
        };
        match &conflict.conflict_target {
            Some(ConflictTarget::Columns(columns)) => {
                let columns: Vec<_> = columns.iter().map(|column| self.ident(column)).collect();
                for column in &columns {
                    self.column_of(table, column);
                }
                let keys = &mut self.relied.relation(table.clone()).keys;
                keys.over.insert(columns.into_iter().collect());
            }
            Some(ConflictTarget::OnConstraint(name)) => {
                let name = self.name(name).name;
                let keys = &mut self.relied.relation(table.clone()).keys;
                keys.named.insert(name);
            }
            // Without a target any key will do, and without any key nothing conflicts.
            None => {}
        }
        if let OnConflictAction::DoUpdate(update) = &conflict.action {
            self.assignments(&update.assignments);
        }
    }

    /// A column in a list behind the table's name: it can be no other table's.
    fn target_column(&mut self, table: &Name, column: &ObjectName) {
        if let Some(column) = column.0.last().and_then(ast::ObjectNamePart::as_ident) {
            let column = self.ident(column);
            let reliance = self.relied.relation(table.clone());
            reliance.columns.insert(column);
        }
    }

    fn assignments(&mut self, assignments: &[Assignment]) {
        for assignment in assignments {
            match &assignment.target {
                AssignmentTarget::ColumnName(column) => self.object_path(column),
                AssignmentTarget::Tuple(columns) => {
                    for column in columns {
                        self.object_path(column);
                    }
                }
            }
        }
    }

    pub(super) fn update(&mut self, update: &ast::Update) {
        let more = match &update.from {
            Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => {
                from.as_slice()
            }
            None => &[],
        };
        let from: Vec<_> = std::iter::once(&update.table).chain(more).collect();
        self.enter(&from);
        // MySQL may write every table of a joined update.
        for relation in self.sources(&[&update.table]).relations() {
            self.writes(&relation);
            self.call_rows_at_hand(&relation);
            self.relied.relation(relation).keys.any |= update.or.is_some();
        }
        self.assignments(&update.assignments);
        self.items(update.returning.as_deref().unwrap_or_default());
    }

    pub(super) fn delete(&mut self, delete: &ast::Delete) {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        let using = delete.using.as_deref().unwrap_or_default();
        self.enter(&tables.iter().chain(using).collect::<Vec<_>>());
        let from: Vec<_> = tables.iter().collect();
        let mut written = self.sources(&from).relations();
        for table in &delete.tables {
            let table = self.name(table);
            written.extend(self.called(&table.name).unwrap_or_else(|| vec![table]));
        }
        for relation in written {
            self.writes(&relation);
            self.call_rows_at_hand(&relation);
        }
        self.items(delete.returning.as_deref().unwrap_or_default());
    }

    /// `RETURNING old.name, new.name`
    fn call_rows_at_hand(&mut self, relation: &Name) {
        let Some(scope) = self.scopes.last_mut() else {
            return;
        };
        for called in ROWS_AT_HAND {
            let called = Ident::folded(called);
            if scope.called(&called).is_none() {
                scope.sources.push(Source::table(called, relation));
            }
        }
    }

    pub(super) fn merge(&mut self, merge: &Merge) {
        let joined = |relation: &TableFactor| TableWithJoins {
            relation: relation.clone(),
            joins: Vec::new(),
        };
        let (table, source) = (joined(&merge.table), joined(&merge.source));
        self.enter(&[&table, &source]);
        for relation in self.sources(&[&table]).relations() {
            self.writes(&relation);
            self.call_rows_at_hand(&relation);
            for clause in &merge.clauses {
                self.merge_action(&relation, &clause.action);
            }
        }
        if merge.output.is_some() {
            self.everything_in_sight();
        }
    }

    fn merge_action(&mut self, table: &Name, action: &MergeAction) {
        match action {
            MergeAction::Insert(insert) => {
                let values = matches!(insert.kind, MergeInsertKind::Values(_));
                if insert.columns.is_empty() || !values {
                    self.everything_in_sight();
                }
                for column in &insert.columns {
                    self.target_column(table, column);
                }
            }
            MergeAction::Update(update) => match &update.kind {
                MergeUpdateKind::Set(assignments) => self.assignments(assignments),
                MergeUpdateKind::Wildcard => self.everything_in_sight(),
            },
            MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
        }
    }
}
