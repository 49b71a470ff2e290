//! Whether what a directive asks for can be kept in step, and the triggers that do it.

use super::bridge::{Absent, Bridge, Side, folds};
use super::words::Words;
use crate::model::{
    Action, ColumnDef, ConstraintKind, Dialect, Engine, Expr, Ident, Name, Span, TableChange,
};
use crate::schema::{Schema, Table};
use crate::sql::directive::{Pair, Part};

/// What speaks against it, and the way out.
pub(super) type Refused = (String, String);

/// The triggers for a pair of sides of a table in this schema. `row` is how a trigger of SQLite finds its row.
pub(super) fn bridge(
    pair: &Pair,
    schema: &Schema,
    engine: &Engine,
    row: String,
) -> Result<Bridge, Refused> {
    let asked = Asked {
        pair,
        schema,
        engine,
        words: Words {
            dialect: engine.dialect,
        },
    };
    asked.table()?;
    let old = asked.side(&pair.old, &pair.new, false)?;
    let new = asked.side(&pair.new, &pair.old, true)?;
    asked.one_type()?;
    let names =
        |parts: &[Part]| -> Vec<Ident> { parts.iter().map(|part| part.column.clone()).collect() };
    Ok(Bridge {
        name: Bridge::name_of(&pair.table, &names(&pair.old), &names(&pair.new)),
        table: pair.table.clone(),
        old,
        new,
        row,
    })
}

struct Asked<'a> {
    pair: &'a Pair,
    schema: &'a Schema,
    engine: &'a Engine,
    words: Words,
}

impl Asked<'_> {
    fn known(&self) -> Option<&Table> {
        self.schema.table(&self.pair.table)
    }

    fn table(&self) -> Result<(), Refused> {
        let table = &self.pair.table;
        if self.schema.view(table).is_some() {
            return Err((
                format!("`{table}` is a view, and triggers keep the columns of a table in step"),
                "Name the table that the view reads".to_owned(),
            ));
        }
        if self.schema.is_unheard_of(table) {
            return Err((
                format!("there is no table `{table}`"),
                "Write the table's name as the folder makes it".to_owned(),
            ));
        }
        if self.engine.dialect == Dialect::Postgres
            && self.engine.version.major < 13
            && self.known().is_some_and(|table| table.partitioned)
        {
            return Err((
                format!(
                    "`{table}` is partitioned, and before version 13 PostgreSQL has no BEFORE ROW trigger on such a table"
                ),
                "Write the triggers on each partition by hand".to_owned(),
            ));
        }
        Ok(())
    }

    fn side(&self, parts: &[Part], other: &[Part], is_new: bool) -> Result<Vec<Side>, Refused> {
        let each = parts.iter().map(|part| self.column(part, other, is_new));
        each.collect()
    }

    fn column(&self, part: &Part, other: &[Part], is_new: bool) -> Result<Side, Refused> {
        let column = format!("{}.{}", self.pair.table, part.column);
        let def = self.definition(&part.column)?;
        if let Some(def) = def {
            self.writable(&column, def)?;
        }
        let default = def.map_or(Absent::Computed, Absent::of);
        if is_new && let (Some(def), Absent::Computed) = (def, &default) {
            let default = def.default.as_ref().map_or("", |default| &default.text);
            return Err((
                format!(
                    "`{column}` has the default `{default}`: what an older release leaves out could not be told from what \
                     a newer one has written"
                ),
                "Add it without a default, and give it one in the contract step".to_owned(),
            ));
        }
        let value = match &part.value {
            Some(value) => self.expression(&column, value, other)?,
            None => other
                .first()
                .map_or_else(String::new, |part| self.words.id(&part.column)),
        };
        Ok(Side {
            column: part.column.clone(),
            value,
            // Where the folder does not show a new column, it has been added without a default: nothing else is told.
            default: if is_new && def.is_none() {
                Absent::Null
            } else {
                default
            },
            folds: folds(def, self.schema),
        })
    }

    /// The column as the folder made it; nothing where the folder does not show it.
    fn definition(&self, column: &Ident) -> Result<Option<&ColumnDef>, Refused> {
        match self.known().map(|table| (table, table.column(column))) {
            Some((_, Some(known))) => Ok(Some(&known.def)),
            Some((table, None)) if table.complete => Err((
                format!("the table `{}` has no column `{column}`", table.name),
                "Add the column first, above the directive or in an earlier migration".to_owned(),
            )),
            _ => Ok(None),
        }
    }

    /// Refuses what a trigger must not write, or would write without being asked.
    fn writable(&self, column: &str, def: &ColumnDef) -> Result<(), Refused> {
        if def.generated.is_some() {
            return Err((
                format!("`{column}` is a generated column, which no trigger can write"),
                "Let releases read it as it is, and keep in step what it is made of".to_owned(),
            ));
        }
        if def.identity.is_some() || def.auto_increment {
            return Err((
                format!("`{column}` numbers itself, so an insert never leaves it out"),
                "Move the numbers over in a migration of your own".to_owned(),
            ));
        }
        let Some(table) = self.known() else {
            return Ok(());
        };
        if table
            .primary_key()
            .is_some_and(|key| key.contains(&def.name))
        {
            return Err((
                format!(
                    "`{column}` is part of the primary key: rows are known by it, and other tables may refer to it"
                ),
                "Add the new key beside it, and move what refers to the old one first".to_owned(),
            ));
        }
        // InnoDB follows a foreign key without a trigger (MySQL manual, 15.1.20.5).
        let clears = |kind: &ConstraintKind| {
            matches!(kind, ConstraintKind::ForeignKey { columns, references }
                if references.on_delete_clears && columns.contains(&def.name))
        };
        let mut held = table.constraints.iter();
        if self.engine.dialect == Dialect::Mysql && held.any(|held| clears(&held.constraint.kind)) {
            return Err((
                format!(
                    "a foreign key clears `{column}` when the other row goes, and MySQL fires no trigger for that: the other \
                     side would keep its value"
                ),
                "Take ON DELETE SET NULL off the foreign key first".to_owned(),
            ));
        }
        Ok(())
    }

    /// An expression over the columns of the other side alone, which comes to the same whenever it is asked.
    fn expression(&self, column: &str, value: &str, other: &[Part]) -> Result<String, Refused> {
        let names: Vec<_> = other
            .iter()
            .map(|part| format!("`{}`", part.column))
            .collect();
        let instead = format!("Make it of {} alone", names.join(" and "));
        let Some(read) = self.read(value) else {
            return Err((
                format!("`{value}`, which `{column}` is to be, was not understood"),
                instead,
            ));
        };
        let strange = |name: &&Ident| !other.iter().any(|part| part.column == **name);
        if let Some(name) = read.columns.iter().find(strange) {
            return Err((
                format!("`{column}` is made of `{name}`, which is no column of the other side"),
                instead,
            ));
        }
        if value.to_ascii_lowercase().contains("select") {
            return Err((
                format!(
                    "`{column}` is made of a query, whose answer may change while the row does not"
                ),
                instead,
            ));
        }
        let moving = read
            .calls
            .iter()
            .find(|call| NEVER_THE_SAME.contains(&call.as_str()));
        if let Some(call) = moving {
            return Err((
                format!("`{column}` is made of `{call}`, which comes to something else each time"),
                instead,
            ));
        }
        let written = self.words.with_columns(value, |name| {
            other
                .iter()
                .find(|part| part.column == *name)
                .map(|part| self.words.id(&part.column))
        });
        Ok(written)
    }

    /// The expression as that of a generated column, which may name columns on every engine.
    fn read(&self, value: &str) -> Option<Expr> {
        let statement =
            format!("ALTER TABLE t ADD COLUMN c integer GENERATED ALWAYS AS ({value}) STORED");
        let whole = [Span::new(0, statement.len())];
        let script = crate::sql::read(&statement, &whole, self.engine);
        let [statement] = script.statements.as_slice() else {
            return None;
        };
        statement
            .changes
            .iter()
            .find_map(|change| match &change.action {
                Action::AlterTable { change, .. } => match &**change {
                    TableChange::AddColumn { column, .. } => {
                        column.generated.as_ref().map(|made| made.expr.clone())
                    }
                    _ => None,
                },
                _ => None,
            })
    }

    /// A plain copy is one between columns of one type.
    fn one_type(&self) -> Result<(), Refused> {
        let ([old], [new]) = (self.pair.old.as_slice(), self.pair.new.as_slice()) else {
            return Ok(());
        };
        if old.value.is_some() {
            return Ok(());
        }
        let type_of = |part: &Part| {
            let column = self.schema.column(&self.pair.table, &part.column)?;
            column.def.data_type.clone()
        };
        match (type_of(old), type_of(new)) {
            (Some(was), Some(is)) if was != is => Err((
                format!(
                    "`{}` is {was} and `{}` is {is}: a plain copy may not fit",
                    old.column, new.column
                ),
                format!(
                    "Say what each is in terms of the other: sync=\"{0}.{1} = CAST({2} AS {was}) <-> {0}.{2} = CAST({1} AS \
                     {is})\"",
                    self.pair.table, old.column, new.column
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// What comes to another value each time it is asked.
const NEVER_THE_SAME: &[&str] = &[
    "random",
    "rand",
    "randomblob",
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "sysdate",
    "uuid",
    "uuid_short",
    "gen_random_uuid",
    "uuid_generate_v4",
    "nextval",
    "current_user",
    "session_user",
    "user",
    "connection_id",
    "last_insert_id",
    "changes",
    "last_insert_rowid",
];

/// The columns of one side, as people name them: `users.first, users.last`.
pub(super) fn listed(table: &Name, columns: &[Ident]) -> String {
    let each: Vec<_> = columns
        .iter()
        .map(|column| format!("{table}.{column}"))
        .collect();
    each.join(", ")
}
