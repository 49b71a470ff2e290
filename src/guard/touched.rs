//! What a step does to objects that may be pinned.

use super::Object;
use crate::model::{Action, Change, Ident, Name, ObjectKind, TableChange};

/// The objects that a step changes, as far as a release can rely on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Those that are known by name.
    pub objects: Vec<Object>,
    /// Indexes that go, whose tables only the catalog knows.
    pub indexes: Vec<Name>,
    /// There may be others: something was not understood, or does not say what it is about.
    pub everything: bool,
}

impl Touched {
    /// What these changes touch together.
    pub fn by<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut touched = Self::default();
        for change in changes {
            touched.action(&change.action);
        }
        touched
    }

    /// Anything at all.
    pub fn all() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Whether it touches nothing that can be pinned.
    pub const fn is_nothing(&self) -> bool {
        !self.everything && self.objects.is_empty() && self.indexes.is_empty()
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::CreateTable(create) => self.whole(&create.name),
            Action::AlterTable { table, change } => self.table(table, change),
            Action::CreateIndex(create) if create.unique => self.whole(&create.table),
            Action::CreateView(create) => self.whole(&create.name),
            Action::CreateRoutine(create) => self.whole(&create.object.name),
            Action::CreateTrigger(create) => self.whole(&create.table),
            Action::CreateType(create) => self.whole(&create.name),
            Action::AlterType { name, .. } | Action::AlterSequence { name, .. } => self.whole(name),
            Action::Drop { object, .. }
                if object.kind == ObjectKind::Index && object.table.is_none() =>
            {
                self.indexes.push(object.name.clone());
            }
            Action::Rename { object, to } => {
                self.object(object);
                self.whole(to);
            }
            Action::SetSchema { object, schema } => {
                self.object(object);
                let moved = Name {
                    schema: Some(schema.clone()),
                    name: object.name.name.clone(),
                };
                self.whole(&moved);
            }
            Action::Create { object, .. }
            | Action::Drop { object, .. }
            | Action::SetOwner { object }
            | Action::SetIndexVisible { index: object, .. }
            | Action::AlterObject { object, .. } => self.object(object),
            Action::Refresh { view, .. } => self.whole(view),
            Action::Grant { .. }
            | Action::Revoke { .. }
            | Action::Owned { .. }
            | Action::Call { .. }
            | Action::ExecuteResult { .. } => self.everything = true,
            // What happens to rows, and plain indexes, are nothing that is pinned.
            Action::CreateIndex(_)
            | Action::Comment { .. }
            | Action::Truncate { .. }
            | Action::Rows(_)
            | Action::Query { .. }
            | Action::Reindex { .. }
            | Action::Maintain { .. }
            | Action::Analyze { .. }
            | Action::LockTable { .. }
            | Action::Transaction(_)
            | Action::Set { .. }
            | Action::Pragma { .. }
            | Action::Use { .. }
            | Action::Session { .. } => {}
        }
    }

    fn table(&mut self, table: &Name, change: &TableChange) {
        match change {
            TableChange::AddColumn { column, .. } => self.columns(table, &[&column.name]),
            TableChange::RenameColumn { from, to } => self.columns(table, &[from, to]),
            TableChange::RedefineColumn { from, column, .. } => {
                self.columns(table, &[from, &column.name]);
            }
            TableChange::DropColumn { column, .. }
            | TableChange::SetType { column, .. }
            | TableChange::SetNotNull { column }
            | TableChange::DropNotNull { column }
            | TableChange::SetDefault { column, .. }
            | TableChange::DropDefault { column }
            | TableChange::AddIdentity { column, .. }
            | TableChange::SetGenerated { column, .. } => self.columns(table, &[column]),
            TableChange::AttachPartition { child, .. }
            | TableChange::DetachPartition { child, .. } => {
                self.whole(table);
                self.whole(child);
            }
            // Constraints lie on columns that the catalog knows better.
            _ => self.whole(table),
        }
    }

    fn object(&mut self, object: &crate::model::Object) {
        if let Some(table) = &object.table {
            self.whole(table);
        }
        self.whole(&object.name);
    }

    fn columns(&mut self, table: &Name, columns: &[&Ident]) {
        self.add(Object::whole(table).columns(columns.iter().copied()));
    }

    fn whole(&mut self, name: &Name) {
        self.add(Object::whole(name));
    }

    /// One entry an object: the guard reads the first that it finds.
    fn add(&mut self, object: Object) {
        let same = |one: &&mut Object| one.schema == object.schema && one.name == object.name;
        let Some(known) = self.objects.iter_mut().find(same) else {
            self.objects.push(object);
            return;
        };
        known.columns = match (known.columns.take(), object.columns) {
            (Some(mut columns), Some(more)) => {
                columns.extend(more);
                Some(columns)
            }
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    fn table(table: &str, change: TableChange) -> Change {
        let action = Action::AlterTable {
            table: Name::bare(Ident::folded(table)),
            change: Box::new(change),
        };
        Change {
            action,
            span: Span::new(0, 0),
            conditional: false,
        }
    }

    fn drop_column(column: &str) -> TableChange {
        TableChange::DropColumn {
            column: Ident::folded(column),
            if_exists: false,
            cascade: false,
        }
    }

    #[test]
    fn columns_of_one_table_are_one_entry_and_a_clause_about_all_of_it_swallows_them() {
        let parts = [
            table("users", drop_column("a")),
            table("users", drop_column("b")),
        ];
        let touched = Touched::by(&parts);
        assert_eq!(
            Object::list(&touched.objects),
            r#"[{"schema":null,"name":"users","columns":["a","b"],"constraints":null}]"#
        );
        let clause = TableChange::RowSecurity { clause: "enable" };
        let whole = Touched::by(&[parts[0].clone(), table("users", clause)]);
        assert_eq!(whole.objects.len(), 1);
        assert_eq!(whole.objects[0].columns, None);
    }
}
