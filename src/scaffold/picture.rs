//! What the folder has made so far, as a pattern asks for it.

use std::collections::HashMap;

use super::error::ScaffoldError;
use crate::model::{
    Action, ColumnDef, DataType, Dialect, Engine, Expr, Ident, Migration, Name, Span, TableChange,
};
use crate::nearest::nearest;
use crate::review::{Settings, Standing, folded, review};
use crate::schema::{Schema, Table};
use crate::sql::cursor::Tokens;
use crate::sync::folds;
use crate::sync::words::Words;

/// The schema of a folder, with the texts that made it.
pub struct Picture {
    pub(super) schema: Schema,
    pub(super) engine: Engine,
    /// The statement that made each index that has one of its own.
    indexes: HashMap<Name, String>,
    /// Tables of SQLite without a rowid.
    without_rowid: Vec<Name>,
    /// What made each table; not for tables that were changed in a way that their text does not follow.
    tables: HashMap<Name, TableText>,
}

/// How a table's text came about.
#[derive(Clone, Debug)]
pub(super) struct TableText {
    /// The statement that made it.
    pub(super) made: String,
    /// What became of its columns since, in order.
    pub(super) since: Vec<ColumnText>,
}

/// One change of a table's columns.
#[derive(Clone, Debug)]
pub(super) enum ColumnText {
    /// A column came, with this definition.
    Added(String),
    /// A column went.
    Dropped(Ident),
}

/// What the command line says of a column that the folder does not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Its type.
    pub data_type: Option<String>,
    /// Its default.
    pub default: Option<String>,
    /// It is NOT NULL.
    pub not_null: bool,
}

impl Picture {
    /// The picture after these migrations.
    pub fn of(migrations: &[Migration], settings: &Settings) -> Self {
        let reviewed = review(migrations, |_| Standing::Alone, settings);
        let mut picture = Self {
            schema: folded(&reviewed, &settings.engine),
            engine: settings.engine,
            indexes: HashMap::new(),
            without_rowid: Vec::new(),
            tables: HashMap::new(),
        };
        picture.schema.release();
        for one in &reviewed {
            let text = &migrations[one.index].text;
            for statement in &one.script.statements {
                for change in &statement.changes {
                    picture.remember(&change.action, statement.span.of(text));
                }
            }
        }
        picture
    }

    fn remember(&mut self, action: &Action, text: &str) {
        let shout = || text.to_ascii_uppercase();
        match action {
            Action::CreateIndex(index)
                if shout().starts_with("CREATE") && shout().contains("INDEX") =>
            {
                if let Some(name) = &index.name {
                    self.indexes.insert(name.clone(), text.to_owned());
                }
            }
            Action::CreateTable(table) => {
                if shout().contains("WITHOUT ROWID") {
                    self.without_rowid.push(table.name.clone());
                }
                let made = TableText {
                    made: text.to_owned(),
                    since: Vec::new(),
                };
                self.tables.insert(table.name.clone(), made);
            }
            Action::AlterTable { table, change } => {
                let column = match &**change {
                    TableChange::AddColumn { .. } => self.added_column(text).map(ColumnText::Added),
                    TableChange::DropColumn { column, .. } => {
                        Some(ColumnText::Dropped(column.clone()))
                    }
                    _ => None,
                };
                match (self.tables.get_mut(table), column) {
                    (Some(text), Some(column)) => text.since.push(column),
                    _ => drop(self.tables.remove(table)),
                }
            }
            Action::Rename { object, .. } | Action::Drop { object, .. } => {
                self.tables.remove(&object.name);
            }
            _ => {}
        }
    }

    /// The definition of the one column that a statement adds.
    fn added_column(&self, text: &str) -> Option<String> {
        let mut tokens = Tokens::new(text, Span::new(0, text.len()), self.dialect());
        tokens.seek(&["add"])?;
        tokens.advance();
        tokens.take(&["column"]);
        Some(tokens.rest_text().trim().to_owned())
    }

    /// How a table's text came about, where that is certain.
    pub(super) fn text_of_table(&self, name: &Name) -> Option<&TableText> {
        self.tables.get(name)
    }

    pub(super) fn words(&self) -> Words {
        Words {
            dialect: self.dialect(),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.engine.dialect
    }

    /// What an index lies on, as it was written: all behind its `ON`.
    pub(super) fn text_of_index(&self, name: &Name) -> Option<String> {
        let text = self.indexes.get(name)?;
        let whole = Span::new(0, text.len());
        let mut tokens = Tokens::new(text, whole, self.dialect());
        tokens.seek(&["on"])?;
        tokens.advance();
        tokens.take(&["only"]);
        let rest = tokens.rest_text();
        Some(rest.trim().trim_end_matches(';').to_owned())
    }

    /// SQLite: how a trigger finds the row that it fires for.
    pub(super) fn row_of(&self, table: &Name) -> String {
        let words = self.words();
        let key = self.schema.table(table).and_then(Table::primary_key);
        match key {
            Some(key) if self.without_rowid.contains(table) => {
                let each = key.iter().map(|column| {
                    let column = words.id(column);
                    format!("{column} = NEW.{column}")
                });
                each.collect::<Vec<_>>().join(" AND ")
            }
            _ => "rowid = NEW.rowid".to_owned(),
        }
    }

    pub(super) fn ident(&self, text: &str) -> Ident {
        let (text, quoted) = match text.as_bytes() {
            [b'"' | b'`', .., b'"' | b'`'] => (&text[1..text.len() - 1], true),
            _ => (text, false),
        };
        Ident::new(text, quoted, self.dialect())
    }

    /// `users` or `auth.users`.
    pub(super) fn name(&self, text: &str) -> Name {
        match text.rsplit_once('.') {
            Some((schema, name)) => {
                Name::qualified(self.ident(schema), self.ident(name), self.dialect())
            }
            None => Name::bare(self.ident(text)),
        }
    }

    /// `users.username` or `auth.users.username`.
    pub(super) fn column_name(&self, text: &str) -> Result<(Name, Ident), ScaffoldError> {
        match text.rsplit_once('.') {
            Some((table, column)) if !table.is_empty() && !column.is_empty() => {
                Ok((self.name(table), self.ident(column)))
            }
            _ => Err(ScaffoldError::Impossible(format!(
                "`{text}` names no column; write TABLE.COLUMN"
            ))),
        }
    }

    /// A table that the folder has made.
    pub(super) fn table(&self, name: &Name) -> Result<&Table, ScaffoldError> {
        self.schema.table(name).ok_or_else(|| {
            let known = self.schema.tables().map(|table| table.name.to_string());
            let known: Vec<_> = known.collect();
            let written = name.to_string();
            let near = nearest(&written, known.iter().map(String::as_str));
            ScaffoldError::NoTable {
                table: written.clone(),
                near: near.map_or_else(String::new, |near| format!("; did you mean `{near}`?")),
            }
        })
    }

    /// A column as the folder has made it, or else as the command line tells.
    pub(super) fn column(
        &self,
        table: &Name,
        column: &Ident,
        given: &Given,
    ) -> Result<ColumnDef, ScaffoldError> {
        if let Some(known) = self.schema.column(table, column) {
            return Ok(known.def.clone());
        }
        let known = self.schema.table(table);
        if self.schema.is_unheard_of(table) || known.is_none() && given.data_type.is_none() {
            self.table(table)?;
        }
        if let Some(known) = known.filter(|known| known.complete) {
            let names: Vec<_> = known
                .columns
                .iter()
                .map(|column| column.def.name.as_str())
                .collect();
            let near = nearest(column.as_str(), names.iter().copied());
            return Err(ScaffoldError::NoColumn {
                table: table.to_string(),
                column: column.to_string(),
                near: near.map_or_else(String::new, |near| format!("; did you mean `{near}`?")),
            });
        }
        let Some(data_type) = &given.data_type else {
            return Err(ScaffoldError::Missing {
                what: format!("the folder does not show how `{table}.{column}` was made"),
                flag: "--type TYPE",
            });
        };
        let mut def = ColumnDef::plain(column.clone(), Some(DataType::named(data_type)));
        def.not_null = given.not_null;
        def.default = given
            .default
            .as_deref()
            .map(|default| self.expression(default));
        Ok(def)
    }

    /// Whether the engine may take two values of this type for the same.
    pub(super) fn folds(&self, data_type: &str) -> bool {
        folds(self.definition(data_type).as_ref(), &self.schema)
    }

    /// A column of this type, with what else stands behind it.
    fn definition(&self, rest: &str) -> Option<ColumnDef> {
        let statement = format!("ALTER TABLE t ADD COLUMN c {rest}");
        let whole = [Span::new(0, statement.len())];
        let script = crate::sql::read(&statement, &whole, &self.engine);
        let mut changes = script
            .statements
            .into_iter()
            .flat_map(|statement| statement.changes);
        changes.find_map(|change| match change.action {
            Action::AlterTable { change, .. } => match *change {
                TableChange::AddColumn { column, .. } => Some(column),
                _ => None,
            },
            _ => None,
        })
    }

    /// An expression of the command line, as far as it has to be understood.
    pub(super) fn expression(&self, text: &str) -> Expr {
        let made = self.definition(&format!("integer DEFAULT {text}"));
        let default = made.and_then(|column| column.default);
        default.unwrap_or_else(|| Expr {
            text: text.to_owned(),
            calls: vec!["?".to_owned()],
            columns: Vec::new(),
            literal: false,
            passes_null: false,
        })
    }

    /// Refuses a column that is there.
    pub(super) fn free_column(&self, table: &Name, column: &Ident) -> Result<(), ScaffoldError> {
        match self.schema.column(table, column) {
            Some(_) => Err(ScaffoldError::Taken {
                what: format!("column `{table}.{column}`"),
            }),
            None => Ok(()),
        }
    }

    /// Refuses a table or view that is there.
    pub(super) fn free_relation(&self, name: &Name) -> Result<(), ScaffoldError> {
        let kind = if self.schema.table(name).is_some() {
            "table"
        } else if self.schema.view(name).is_some() {
            "view"
        } else {
            return Ok(());
        };
        Err(ScaffoldError::Taken {
            what: format!("{kind} `{name}`"),
        })
    }
}
