//! The way back of a migration: its down part, or the inverse of what it made where that is certain.

use super::FolderStep;
use super::steps::{Statement, statements};
use crate::model::{
    Action, Change, Dialect, Down, Engine, LineIndex, Migration, Name, Span, TableChange,
};
use crate::review::Beside;
use crate::sql::{OpaqueKind, Script, read};

/// What takes a migration back.
#[derive(Debug)]
pub struct Back {
    /// Where it is written; for an inverse, the migration's own file.
    pub file: String,
    /// Nobody wrote it: it is the inverse of what the migration made.
    pub inverse: bool,
    /// What takes down the triggers that it had put up: comes first.
    made: Vec<(String, Script)>,
    text: String,
    script: Script,
}

/// Why there is no way back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWayBack {
    /// There is no down part, and no certain inverse.
    #[error(
        "it has no way down, and none is certain: {0}; write its down part, or a new migration"
    )]
    Uncertain(String),
    /// The down part cannot be sent as it is.
    #[error("{file}:{line}: the way down cannot be sent as it is: {why}")]
    Unrunnable {
        /// The file.
        file: String,
        /// The line in it.
        line: usize,
        /// Why.
        why: String,
    },
}

impl Back {
    /// The way back of a migration that is one of the folder's `steps`.
    pub fn of(
        migration: &Migration,
        step: &FolderStep<'_>,
        engine: &Engine,
    ) -> Result<Self, NoWayBack> {
        let written = match &migration.down {
            Some(Down::File { file, text }) => {
                Some((file.clone(), text.clone(), vec![Span::new(0, text.len())]))
            }
            Some(Down::Parts(parts)) => {
                Some((step.file.clone(), migration.text.clone(), parts.clone()))
            }
            None => None,
        };
        let made = |one: &Beside| {
            let text = one.made.back.clone();
            let script = read(&text, &[Span::new(0, text.len())], engine);
            (text, script)
        };
        let begun = step.reviewed.beside.iter();
        let made: Vec<_> = begun
            .filter(|one| one.made.begins)
            .rev()
            .map(made)
            .collect();
        if let Some((file, text, parts)) = written {
            let script = read(&text, &parts, engine);
            if !script.statements.is_empty() {
                let back = Self {
                    file,
                    inverse: false,
                    made,
                    text,
                    script,
                };
                return back.runnable();
            }
        }
        let text = inverse(step, engine.dialect).map_err(NoWayBack::Uncertain)?;
        let script = read(&text, &[Span::new(0, text.len())], engine);
        let file = step.file.clone();
        Self {
            file,
            inverse: true,
            made,
            text,
            script,
        }
        .runnable()
    }

    /// Its statements, as they are sent.
    pub fn statements(&self, dialect: Dialect) -> Vec<Statement<'_>> {
        let read = |text, script| statements(text, script, &[], dialect, &LineIndex::new(text));
        let made = self.made.iter();
        let made = made.flat_map(|(text, script)| read(text.as_str(), script));
        let mut statements: Vec<_> = made.chain(read(&self.text, &self.script)).collect();
        statements.retain(|statement| !controls_the_transaction(statement.changes));
        statements
    }

    /// A template is no SQL yet.
    fn runnable(self) -> Result<Self, NoWayBack> {
        let template = self.script.statements.iter().find_map(|statement| {
            let opaque = statement.opaque.as_ref()?;
            (opaque.kind == OpaqueKind::Template).then_some(opaque)
        });
        match template {
            None => Ok(self),
            Some(opaque) => Err(NoWayBack::Unrunnable {
                file: self.file.clone(),
                line: LineIndex::new(&self.text).line(opaque.span.start),
                why: opaque.reason.clone(),
            }),
        }
    }
}

/// The way back is one transaction where the engine lets us, and says so itself.
fn controls_the_transaction(changes: &[Change]) -> bool {
    !changes.is_empty()
        && changes
            .iter()
            .all(|change| matches!(change.action, Action::Transaction(_)))
}

/// What was made is dropped, in the opposite order. An error says what has no certain inverse.
fn inverse(step: &FolderStep<'_>, dialect: Dialect) -> Result<String, String> {
    let mut sql = Vec::new();
    let written = step.statements.iter().filter(|one| one.made.is_none());
    for statement in written.rev() {
        if !statement.understood {
            return Err(format!(
                "the statement on line {} was not understood",
                statement.line
            ));
        }
        for change in statement.changes.iter().rev() {
            match dropped(change, dialect) {
                Some(Ok(drop)) => sql.push(drop),
                Some(Err(what)) => return Err(format!("{what} (line {})", statement.line)),
                None => {}
            }
        }
    }
    if sql.is_empty() {
        return Err("it makes nothing".to_owned());
    }
    Ok(sql.concat())
}

/// The statement that takes back what a change made; `None` where nothing of it lasts.
fn dropped(change: &Change, dialect: Dialect) -> Option<Result<String, String>> {
    let uncertain = |what: &str| Some(Err(what.to_owned()));
    if change.conditional {
        return uncertain("it may have done nothing");
    }
    match &change.action {
        Action::Session { .. }
        | Action::Set { .. }
        | Action::Transaction(_)
        | Action::Query { .. } => None,
        Action::CreateTable(create) if create.if_not_exists || create.or_replace => {
            uncertain("the table may have been there before")
        }
        Action::CreateTable(create) => {
            Some(Ok(format!("DROP TABLE {};\n", create.name.sql(dialect))))
        }
        Action::CreateView(create) if create.if_not_exists || create.or_replace => {
            uncertain("the view may have been there before")
        }
        Action::CreateView(create) => {
            let kind = if create.materialized {
                "MATERIALIZED VIEW"
            } else {
                "VIEW"
            };
            Some(Ok(format!("DROP {kind} {};\n", create.name.sql(dialect))))
        }
        Action::CreateIndex(create) if create.if_not_exists => {
            uncertain("the index may have been there before")
        }
        Action::CreateIndex(create) => match &create.name {
            None => uncertain("the index has no name of its own"),
            Some(name) => Some(Ok(drop_index(
                name,
                &create.table,
                create.concurrently,
                dialect,
            ))),
        },
        Action::AlterTable { table, change } => match &**change {
            TableChange::AddColumn {
                if_not_exists: true,
                ..
            } => uncertain("the column may have been there before"),
            TableChange::AddColumn { column, .. } => Some(Ok(format!(
                "ALTER TABLE {} DROP COLUMN {};\n",
                table.sql(dialect),
                column.name.sql(dialect)
            ))),
            _ => uncertain("it changes a table in a way that does not say what was there before"),
        },
        _ => uncertain("it does not say what was there before"),
    }
}

fn drop_index(name: &Name, table: &Name, concurrently: bool, dialect: Dialect) -> String {
    match dialect {
        Dialect::Mysql => format!(
            "DROP INDEX {} ON {};\n",
            name.name.sql(dialect),
            table.sql(dialect)
        ),
        // An index lies in the schema of its table, whatever the search path says.
        Dialect::Postgres | Dialect::Sqlite => {
            let name = Name {
                schema: table.schema.clone(),
                name: name.name.clone(),
            };
            let concurrently = if concurrently { "CONCURRENTLY " } else { "" };
            format!("DROP INDEX {concurrently}{};\n", name.sql(dialect))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ident;

    fn back_of(sql: &str, dialect: Dialect) -> Result<String, String> {
        let engine = Engine::default_for(dialect);
        let script = read(sql, &[Span::new(0, sql.len())], &engine);
        let changes = script
            .statements
            .iter()
            .rev()
            .flat_map(|one| one.changes.iter().rev());
        let each = changes.filter_map(|change| dropped(change, dialect));
        each.collect::<Result<Vec<_>, _>>()
            .map(|each| each.concat())
    }

    #[test]
    fn what_was_made_is_dropped_in_the_opposite_order() {
        for (dialect, sql, wanted) in [
            (
                Dialect::Sqlite,
                "CREATE TABLE a (id int); ALTER TABLE b ADD COLUMN c int;",
                "ALTER TABLE b DROP COLUMN c;\nDROP TABLE a;\n",
            ),
            (
                Dialect::Postgres,
                "CREATE INDEX CONCURRENTLY i ON s.t (c);",
                "DROP INDEX CONCURRENTLY s.i;\n",
            ),
            (
                Dialect::Mysql,
                "CREATE INDEX i ON t (c);",
                "DROP INDEX i ON t;\n",
            ),
            (
                Dialect::Postgres,
                "SET lock_timeout = '2s'; CREATE VIEW v AS SELECT 1 AS one;",
                "DROP VIEW v;\n",
            ),
        ] {
            assert_eq!(back_of(sql, dialect).as_deref(), Ok(wanted), "{sql}");
        }
    }

    #[test]
    fn what_may_have_been_there_before_has_no_certain_inverse() {
        for sql in [
            "CREATE TABLE IF NOT EXISTS a (id int)",
            "ALTER TABLE a ADD COLUMN IF NOT EXISTS c int",
            "CREATE INDEX IF NOT EXISTS i ON a (c)",
            "CREATE OR REPLACE VIEW v AS SELECT 1 AS one",
            "ALTER TABLE a ALTER COLUMN c DROP NOT NULL",
            "INSERT INTO a VALUES (1)",
            "DO $$ BEGIN CREATE TABLE a (id int); END $$",
        ] {
            assert!(
                back_of(sql, Dialect::Postgres).is_err(),
                "{sql}: {:?}",
                back_of(sql, Dialect::Postgres)
            );
        }
    }

    #[test]
    fn a_name_that_needs_quotes_keeps_them() {
        let name = Name {
            schema: None,
            name: Ident::new("Odd Name", true, Dialect::Postgres),
        };
        assert_eq!(
            drop_index(&name, &name, false, Dialect::Postgres),
            "DROP INDEX \"Odd Name\";\n"
        );
    }
}
