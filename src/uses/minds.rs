//! Whether a release minds a change: the question behind every proof of disuse.

use super::Uses;
use crate::model::{
    Action, Change, ConstraintKind, Ident, Name, Object, ObjectKind, TableChange, TypeChange,
};

impl Uses {
    /// Whether this change can take something from the release, or ask something of it that it was not built for. What
    /// cannot be told counts as minded.
    pub fn minds(&self, change: &Change) -> bool {
        match &change.action {
            Action::AlterTable { table, change } => self.minds_in_table(table, change),
            Action::CreateTable(create) => self.relies_on(&create.name, None),
            Action::CreateIndex(create) => create.unique && self.writes(&create.table),
            Action::CreateView(create) => self.relies_on(&create.name, None),
            Action::CreateRoutine(create) => self.relies_on_object(&create.object),
            Action::CreateTrigger(create) => self.relies_on(&create.table, None),
            Action::CreateType(create) => self.relies_on_type(&create.name),
            Action::AlterType { name, change } => {
                !matches!(change, TypeChange::AddValue { .. }) && self.relies_on_type(name)
            }
            Action::AlterSequence { name, .. } => self.relies_on_sequence(name),
            Action::Drop {
                object, cascade, ..
            } => *cascade || self.minds_object(object),
            Action::Create { object, .. }
            | Action::Rename { object, .. }
            | Action::SetSchema { object, .. }
            | Action::SetOwner { object }
            | Action::SetIndexVisible { index: object, .. }
            | Action::AlterObject { object, .. } => self.minds_object(object),
            Action::Truncate { table, cascade } => *cascade || self.relies_on(table, None),
            Action::Rows(rows) => self.relies_on(&rows.table, None),
            Action::Refresh { view, .. } => self.relies_on(view, None),
            Action::LockTable { tables, .. } => {
                tables.iter().any(|table| self.relies_on(table, None))
            }
            Action::Comment { .. }
            | Action::Reindex { .. }
            | Action::Maintain { .. }
            | Action::Analyze { .. }
            | Action::Transaction(_)
            | Action::Set { .. }
            | Action::Pragma { .. }
            | Action::Session { .. } => false,
            // Who may do what, and what routines do, is not seen; after USE, names mean something else.
            Action::Grant { .. }
            | Action::Revoke { .. }
            | Action::Owned { .. }
            | Action::Query { .. }
            | Action::Call { .. }
            | Action::ExecuteResult { .. }
            | Action::Use { .. } => true,
        }
    }

    fn minds_in_table(&self, table: &Name, change: &TableChange) -> bool {
        let column = |column: &Ident| self.relies_on(table, Some(column));
        let either = |one: &Ident| column(one) || self.writes(table);
        match change {
            TableChange::DropColumn {
                column: gone,
                cascade,
                ..
            } => *cascade || column(gone),
            TableChange::RenameColumn { from, to } => column(from) || column(to),
            TableChange::RedefineColumn {
                from,
                column: becomes,
                ..
            } => either(from) || column(&becomes.name),
            TableChange::SetType { column: one, .. }
            | TableChange::AddIdentity { column: one, .. }
            | TableChange::SetGenerated { column: one, .. } => either(one),
            TableChange::AddColumn { .. }
            | TableChange::SetNotNull { .. }
            | TableChange::SetDefault { .. }
            | TableChange::DropDefault { .. } => self.writes(table),
            TableChange::DropNotNull { column: one } => column(one),
            TableChange::AddConstraint { constraint, .. } => match &constraint.kind {
                // Rows of the table that is referred to cannot be deleted as before.
                ConstraintKind::ForeignKey { references, .. } => {
                    self.writes(table) || self.writes(&references.table)
                }
                _ => self.writes(table),
            },
            TableChange::DropConstraint { name, cascade, .. } => {
                *cascade || self.relies_on_key(table, name.as_ref(), None)
            }
            TableChange::ValidateConstraint { .. }
            | TableChange::SetTablespace
            | TableChange::ClusterOn
            | TableChange::Demand { .. } => false,
            TableChange::AttachPartition { child, .. }
            | TableChange::DetachPartition { child, .. } => {
                self.relies_on(table, None) || self.relies_on(child, None)
            }
            _ => self.relies_on(table, None),
        }
    }

    /// A trigger, rule or policy is minded by whoever uses its table; what lies on no table is not seen in queries.
    fn minds_object(&self, object: &Object) -> bool {
        match (&object.table, object.kind) {
            (Some(table), ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy) => {
                self.relies_on(table, None)
            }
            _ => self.relies_on_object(object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::tests::{SCHEMA, schema};
    use crate::model::{Dialect, Engine, Span};

    /// Of a release that says `SELECT id, handle FROM users WHERE handle = $1; INSERT INTO orders …`: what it minds.
    #[test]
    fn a_release_minds_what_it_uses_and_nothing_else() {
        let queries = "SELECT id, handle FROM users WHERE handle = $1; INSERT INTO orders (id, user_id) VALUES (1, 2)";
        let schema = schema(SCHEMA, Dialect::Postgres);
        let uses = read("q.sql", queries, Dialect::Postgres, Some(&schema))
            .unwrap()
            .uses;
        let minded = [
            "ALTER TABLE users DROP COLUMN handle",
            "ALTER TABLE users RENAME COLUMN handle TO name",
            "ALTER TABLE users RENAME COLUMN username TO handle",
            "ALTER TABLE users ALTER COLUMN handle TYPE varchar(5)",
            "ALTER TABLE users DROP COLUMN username CASCADE",
            "ALTER TABLE users RENAME TO people",
            "DROP TABLE users",
            "DROP TABLE orders",
            "TRUNCATE users",
            "DELETE FROM users",
            "ALTER TABLE orders ALTER COLUMN total SET NOT NULL",
            "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)",
            "CREATE UNIQUE INDEX ON orders (user_id)",
            "ALTER TABLE orders ADD COLUMN note text NOT NULL",
            "ALTER TABLE audit ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES orders (id)",
            "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
            "REVOKE SELECT ON secrets FROM PUBLIC",
            "DROP SCHEMA public CASCADE",
            "SELECT forget()",
        ];
        let harmless = [
            "ALTER TABLE users DROP COLUMN username",
            "ALTER TABLE users RENAME COLUMN username TO login",
            "ALTER TABLE users ALTER COLUMN username TYPE varchar(5)",
            "ALTER TABLE users ALTER COLUMN username SET NOT NULL",
            "ALTER TABLE users ADD CONSTRAINT c CHECK (username <> '')",
            "CREATE UNIQUE INDEX ON users (username)",
            "DROP TABLE secrets",
            "ALTER TABLE secrets RENAME TO hidden",
            "TRUNCATE secrets",
            "DROP VIEW names_again",
            "CREATE INDEX ON orders (user_id)",
            "DROP TRIGGER noted ON audited",
            "SET lock_timeout = '2s'",
        ];
        let minds = |sql: &str| {
            let engine = Engine::default_for(Dialect::Postgres);
            let script = crate::sql::read(sql, &[Span::new(0, sql.len())], &engine);
            let mut changes = script
                .statements
                .iter()
                .flat_map(|statement| &statement.changes);
            changes.any(|change| uses.minds(change))
        };
        for sql in minded {
            assert!(minds(sql), "{sql}");
        }
        for sql in harmless {
            assert!(!minds(sql), "{sql}");
        }
    }
}
