//! What a folder keeps in step, from file to file.

use super::asked::{bridge, listed};
use super::bridge::Bridge;
use super::words::Words;
use crate::model::{
    Action, ColumnDef, Dialect, Engine, FilePhase, Ident, Name, ObjectKind, Span, TableChange,
    TransactionControl,
};
use crate::schema::Schema;
use crate::sql::directive::{Directive, Pair, Placed, Target};
use crate::sql::{Script, Statement, read};

/// Statements that nobody wrote, beside those of a file.
#[derive(Clone, Debug)]
pub struct Made {
    /// They run before the statement with this index: behind the last one, if it is their number.
    pub before: usize,
    /// What asks for them: a directive, or the statement that drops a side.
    pub span: Span,
    /// They build the triggers, or else they take them down.
    pub begins: bool,
    /// The table.
    pub table: Name,
    /// The columns that older releases use.
    pub old: Vec<Ident>,
    /// The columns that newer releases use.
    pub new: Vec<Ident>,
    /// The statements.
    pub text: String,
    /// What they do.
    pub script: Script,
    /// The statements that take down again what these build.
    pub back: String,
}

impl Made {
    /// The two sides, as the directive names them: `users.username<->users.handle`.
    pub fn sides(&self) -> String {
        format!(
            "{}<->{}",
            listed(&self.table, &self.old),
            listed(&self.table, &self.new)
        )
    }

    /// Why they are there, as a clause.
    pub fn reason(&self) -> String {
        let (old, new) = (
            listed(&self.table, &self.old),
            listed(&self.table, &self.new),
        );
        if self.begins {
            format!("keeps {old} and {new} in step, whichever of them a release writes")
        } else {
            format!("kept {old} and {new} in step, until one of them goes")
        }
    }

    /// Whether both are about the same columns.
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        (&self.table, &self.old, &self.new) == (&other.table, &other.old, &other.new)
    }
}

/// What cannot be kept in step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is asked for, or spoilt.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
}

/// What is kept in step after the statements so far.
#[derive(Clone, Debug, Default)]
pub struct Syncs {
    live: Vec<Live>,
    /// Ended by a table that went in this file, and may come back as another one.
    ended: Vec<(Live, Span)>,
    /// Tables of SQLite without a rowid.
    without_rowid: Vec<Name>,
}

#[derive(Clone, Debug)]
struct Live {
    bridge: Bridge,
}

impl Live {
    fn columns(&self) -> impl Iterator<Item = &Ident> {
        let sides = self.bridge.old.iter().chain(&self.bridge.new);
        sides.map(|side| &side.column)
    }

    fn has(&self, table: &Name, column: &Ident) -> bool {
        self.bridge.table == *table && self.columns().any(|own| own == column)
    }

    fn older(&self) -> Vec<Ident> {
        let sides = self.bridge.old.iter();
        sides.map(|side| side.column.clone()).collect()
    }

    fn newer(&self) -> Vec<Ident> {
        let sides = self.bridge.new.iter();
        sides.map(|side| side.column.clone()).collect()
    }

    fn told(&self) -> String {
        let table = &self.bridge.table;
        format!(
            "`{}` and `{}`",
            listed(table, &self.older()),
            listed(table, &self.newer())
        )
    }
}

/// One file as [`Syncs`] goes through it.
pub struct Going<'a> {
    /// Its whole text.
    pub text: &'a str,
    /// Its statements and directives.
    pub script: &'a Script,
    /// The server.
    pub engine: &'a Engine,
    /// What stands beside its statements so far.
    pub made: Vec<Made>,
    /// What cannot be.
    pub mistakes: Vec<Mistake>,
}

impl<'a> Going<'a> {
    /// Nothing of the file has been looked at.
    pub fn new(text: &'a str, script: &'a Script, engine: &'a Engine) -> Self {
        Self {
            text,
            script,
            engine,
            made: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    fn words(&self) -> Words {
        Words {
            dialect: self.engine.dialect,
        }
    }

    fn mistake(&mut self, span: Span, message: String, help: impl Into<String>) {
        self.mistakes.push(Mistake {
            span,
            message,
            help: help.into(),
        });
    }

    fn add(&mut self, before: usize, span: Span, begins: bool, live: &Live, text: String) {
        let whole = [Span::new(0, text.len())];
        let back = if begins {
            live.bridge.drop_if_there(self.words()).join("\n")
        } else {
            String::new()
        };
        self.made.push(Made {
            before,
            span,
            begins,
            table: live.bridge.table.clone(),
            old: live.older(),
            new: live.newer(),
            script: read(&text, &whole, self.engine),
            text,
            back,
        });
    }
}

impl Syncs {
    /// Before the statement `at` this place of the file, in the schema that it meets.
    pub fn before(&mut self, going: &mut Going<'_>, at: usize, schema: &Schema) {
        let statement = &going.script.statements[at];
        for change in &statement.changes {
            match &change.action {
                Action::AlterTable { table, change } => {
                    self.altered(going, at, table, change, schema);
                }
                Action::Drop { object, .. } if object.kind == ObjectKind::Table => {
                    self.table_goes(going, at, &object.name);
                }
                Action::Rename { object, to } if object.kind == ObjectKind::Table => {
                    self.table_is_renamed(going, statement, &object.name, to);
                }
                Action::SetSchema { object, .. } if object.kind == ObjectKind::Table => {
                    self.refuse(
                        going,
                        statement,
                        &object.name,
                        "moves the table to another schema",
                    );
                }
                _ => {}
            }
        }
    }

    /// Behind it, in the schema that it made.
    pub fn after(&mut self, going: &mut Going<'_>, at: usize, schema: &Schema) {
        self.remember_tables(going, at);
        let script = going.script;
        let is_last = last(script) == Some(at);
        for placed in &script.directives {
            let Directive::Sync(pair) = &placed.directive else {
                continue;
            };
            if placed.target == Target::Statement(at) || is_last && placed.target == Target::File {
                self.begin(going, at + 1, placed, pair, schema);
            }
        }
    }

    /// What is asked for in a file belongs into its phase.
    pub fn belongs(&self, going: &mut Going<'_>, span: Span, phase: FilePhase) {
        if phase != FilePhase::Expand {
            going.mistake(
                span,
                format!("`sync` stands in a {phase} file: the triggers have to be there before anything else moves"),
                "Put it into the expand file that adds the new column, and the rest into files of their own",
            );
        }
    }

    /// Behind the last statement of a file.
    pub fn end(&mut self, going: &mut Going<'_>, schema: &Schema) {
        for (ended, span) in std::mem::take(&mut self.ended) {
            let table = &ended.bridge.table;
            let back = ended
                .columns()
                .all(|column| schema.column(table, column).is_some());
            let again = self
                .live
                .iter()
                .any(|live| live.bridge.name == ended.bridge.name);
            if back && !again {
                going.mistake(
                    span,
                    format!(
                        "drops `{table}` and makes it again with both sides: the triggers that keep {} in step go with the \
                         old table",
                        ended.told()
                    ),
                    "Say `sync` again above the statement that puts the new table in its place, or leave one side out of it",
                );
            }
        }
    }

    fn begin(
        &mut self,
        going: &mut Going<'_>,
        before: usize,
        placed: &Placed,
        pair: &Pair,
        schema: &Schema,
    ) {
        let taken = pair.old.iter().chain(&pair.new).find_map(|part| {
            let live = self
                .live
                .iter()
                .find(|live| live.has(&pair.table, &part.column))?;
            Some((part.column.clone(), live.told()))
        });
        if let Some((column, told)) = taken {
            going.mistake(
                placed.span,
                format!("`{}.{column}` is kept in step already: {told}", pair.table),
                "Drop one side of the first pair in a contract step before the next one begins",
            );
            return;
        }
        let row = self.row_of(&pair.table, schema, going.words());
        match bridge(pair, schema, going.engine, row) {
            Err((message, help)) => going.mistake(placed.span, message, help),
            Ok(bridge) => {
                let words = going.words();
                let trial = std::iter::once(bridge.trial(words));
                let statements: Vec<_> = trial.chain(bridge.create(words)).collect();
                let live = Live { bridge };
                going.add(before, placed.span, true, &live, statements.join("\n\n"));
                self.live.push(live);
            }
        }
    }

    fn altered(
        &mut self,
        going: &mut Going<'_>,
        at: usize,
        table: &Name,
        change: &TableChange,
        schema: &Schema,
    ) {
        let statement = &going.script.statements[at];
        let spoils = |column: &Ident| self.live.iter().any(|live| live.has(table, column));
        match change {
            TableChange::DropColumn { column, .. } => {
                self.side_goes(going, at, table, column, schema);
            }
            TableChange::RenameColumn { from, .. } if spoils(from) => {
                self.refuse_column(going, statement, table, from, "renames");
            }
            TableChange::RedefineColumn { from, column, .. }
                if spoils(from) && *from != column.name =>
            {
                self.refuse_column(going, statement, table, from, "renames");
            }
            TableChange::SetType { column, .. }
                if spoils(column) && going.engine.dialect == Dialect::Postgres =>
            {
                self.refuse_column(going, statement, table, column, "gives another type to");
            }
            _ => {}
        }
    }

    fn side_goes(
        &mut self,
        going: &mut Going<'_>,
        at: usize,
        table: &Name,
        column: &Ident,
        schema: &Schema,
    ) {
        let span = going.script.statements[at].span;
        let (over, live) = std::mem::take(&mut self.live)
            .into_iter()
            .partition(|live| live.has(table, column));
        self.live = live;
        for one in over {
            let words = going.words();
            let def = schema.column(table, column).map(|column| &column.def);
            let free = def.and_then(|def| freed(words, table, def));
            let statements: Vec<_> = free
                .into_iter()
                .chain(one.bridge.drop_if_there(words))
                .collect();
            going.add(at, span, false, &one, statements.join("\n"));
        }
    }

    fn table_goes(&mut self, going: &mut Going<'_>, at: usize, table: &Name) {
        self.without_rowid.retain(|other| other != table);
        let span = going.script.statements[at].span;
        let (over, live) = std::mem::take(&mut self.live)
            .into_iter()
            .partition(|live: &Live| live.bridge.table == *table);
        self.live = live;
        for one in over {
            let text = one.bridge.drop_if_there(going.words()).join("\n");
            going.add(at, span, false, &one, text);
            self.ended.push((one, span));
        }
    }

    /// The triggers go along with their table; only where it goes to another schema, what they call does not.
    fn table_is_renamed(
        &mut self,
        going: &mut Going<'_>,
        statement: &Statement,
        from: &Name,
        to: &Name,
    ) {
        if to.schema.is_some() && to.schema != from.schema {
            self.refuse(going, statement, from, "moves the table to another schema");
            return;
        }
        let to = from.sibling(to.name.clone());
        for name in &mut self.without_rowid {
            if name == from {
                *name = to.clone();
            }
        }
        for live in &mut self.live {
            if live.bridge.table == *from {
                live.bridge.table = to.clone();
            }
        }
    }

    fn refuse_column(
        &self,
        going: &mut Going<'_>,
        statement: &Statement,
        table: &Name,
        column: &Ident,
        does: &str,
    ) {
        let told = self.told(|live| live.has(table, column));
        going.mistake(
            statement.span,
            format!(
                "{does} `{table}.{column}`, while triggers keep {told} in step: they would fail every write of the table"
            ),
            "Drop one side first, in a contract step: the triggers go with it",
        );
    }

    fn refuse(&self, going: &mut Going<'_>, statement: &Statement, table: &Name, does: &str) {
        if self.live.iter().any(|live| live.bridge.table == *table) {
            let told = self.told(|live| live.bridge.table == *table);
            going.mistake(
                statement.span,
                format!("{does}, while triggers keep {told} in step: they would be left behind"),
                "Drop one side first, in a contract step: the triggers go with it",
            );
        }
    }

    fn told(&self, is_meant: impl Fn(&Live) -> bool) -> String {
        let mut live = self.live.iter();
        live.find(|live| is_meant(live))
            .map_or_else(String::new, Live::told)
    }

    fn remember_tables(&mut self, going: &Going<'_>, at: usize) {
        let statement = &going.script.statements[at];
        for change in &statement.changes {
            if let Action::CreateTable(create) = &change.action {
                let written = statement.span.of(going.text).to_ascii_uppercase();
                if written.contains("WITHOUT ROWID") {
                    self.without_rowid.push(create.name.clone());
                }
            }
        }
    }

    /// SQLite: how a trigger finds the row that it fires for.
    fn row_of(&self, table: &Name, schema: &Schema, words: Words) -> String {
        let key = schema.table(table).and_then(|table| table.primary_key());
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
}

/// Until its column goes, an insert without it must not fail: the triggers have gone by then. Where the drop and they
/// are one transaction nobody is in between.
fn freed(words: Words, table: &Name, def: &ColumnDef) -> Option<String> {
    if def.fills_itself() {
        return None;
    }
    let column = words.id(&def.name);
    match words.dialect {
        Dialect::Postgres => {
            Some(words.alter(table, &format!("ALTER COLUMN {column} DROP NOT NULL")))
        }
        Dialect::Mysql => {
            let data_type = def.data_type.as_ref()?;
            Some(words.alter_online(table, &format!("MODIFY COLUMN {column} {data_type} NULL")))
        }
        Dialect::Sqlite => None,
    }
}

/// The last statement that does something: what a file frames itself with is not counted.
fn last(script: &Script) -> Option<usize> {
    let ends = |statement: &Statement| {
        let mut changes = statement.changes.iter();
        changes.any(|change| {
            matches!(
                change.action,
                Action::Transaction(TransactionControl::Commit)
            )
        })
    };
    let mut statements = script.statements.iter();
    statements.rposition(|statement| !ends(statement))
}
