//! Lint: the rules, and what they are shown.
//!
//! A rule is one file in `rules/` whose name is its id; its module comment is the user's page (`explain`,
//! `docs/rules/`). A rule sees each change in its context ([`Site`]) or the whole judged file ([`File`]) and
//! reports findings; it never sees a parser's tree, reads a file or knows about other rules.

mod columns;
mod constraints;
mod ddl;
mod fixes;
mod objects;
mod rebuild;
mod registry;
mod report;
mod retype;
pub mod rules;
mod sequences;
mod timeouts;
mod transactions;
mod words;

pub use registry::{Rule, no_such_rule, rule, rules};
pub use report::Report;

use std::cell::OnceCell;

use columns::Clause;
use retype::Retype;
use transactions::Transactions;

use crate::model::{Action, Change, Engine, Lock, Migration, Name, Phase, Span, Verdict};
use crate::schema::Schema;
use crate::sql::directive::RuleName;
use crate::sql::{Script, Statement};
use crate::sync::Mistake;

/// What a rule wants to be shown.
#[derive(Clone, Copy)]
pub enum Check {
    /// Each change, with the schema as it stands right before its statement.
    Change(fn(&Site<'_>, &mut Report<'_>)),
    /// The file, once all of its statements have been judged.
    File(fn(&File<'_>, &mut Report<'_>)),
    /// The `allow` directives that silenced nothing, once every other rule has spoken.
    Leftover(fn(&[RuleName], &mut Report<'_>)),
}

/// What a user has told us about the sessions and the runner that the migrations run in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The runner (or the role) sets `lock_timeout` (MySQL: `lock_wait_timeout`), in milliseconds.
    pub lock_timeout_ms: Option<u64>,
    /// The runner (or the role) sets `statement_timeout` (MariaDB: `max_statement_time`), in milliseconds.
    pub statement_timeout_ms: Option<u64>,
    /// The longest `lock_timeout` that is accepted, in milliseconds.
    pub lock_timeout_limit_ms: Option<u64>,
}

/// One file, judged.
pub struct File<'a> {
    /// The migration.
    pub migration: &'a Migration,
    /// Its statements.
    pub script: &'a Script,
    /// The server it is judged for.
    pub engine: &'a Engine,
    /// Where it will run.
    pub surroundings: &'a Surroundings,
    /// It is known to have been released with another text.
    pub edited: bool,
    /// What was said of each statement, in the order of `script.statements`; while the changes are being
    /// shown it holds only the statements before the current one.
    pub judged: &'a [Judged],
    /// The phase of each statement, what was declared included; empty while the changes are being shown.
    pub phases: &'a [Phase],
    /// What it asks to be kept in step and cannot be; empty while the changes are being shown.
    pub mistakes: &'a [Mistake],
    /// What many rules ask for is found out once.
    transactions: OnceCell<Transactions>,
}

/// What was said of one statement.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// For each of its changes.
    pub changes: Vec<JudgedChange>,
}

/// What was said of one change.
#[derive(Clone, Debug)]
pub struct JudgedChange {
    /// Phase and reason.
    pub verdict: Verdict,
    /// What it locks.
    pub locks: Vec<Lock>,
    /// It acts on something that is new in the pending set, so no release can be hurt and nobody waits.
    pub on_new: bool,
}

/// One change in its context.
pub struct Site<'a> {
    /// The file that it stands in.
    pub file: &'a File<'a>,
    /// The index of its statement in the file.
    pub index: usize,
    /// Its statement.
    pub statement: &'a Statement,
    /// The change.
    pub change: &'a Change,
    /// What was said of it.
    pub judged: &'a JudgedChange,
    /// The schema right before the change.
    pub schema: &'a Schema,
    /// What many rules ask for is found out once.
    clauses: OnceCell<Vec<Clause<'a>>>,
    retypes: OnceCell<Vec<Retype<'a>>>,
}

impl<'a> Site<'a> {
    /// The site of a change of the statement at `index` of the file.
    pub fn new(
        file: &'a File<'a>,
        index: usize,
        change: &'a Change,
        judged: &'a JudgedChange,
        schema: &'a Schema,
    ) -> Self {
        Self {
            file,
            index,
            statement: &file.script.statements[index],
            change,
            judged,
            schema,
            clauses: OnceCell::new(),
            retypes: OnceCell::new(),
        }
    }

    /// What the change does.
    pub fn action(&self) -> &'a Action {
        &self.change.action
    }

    /// The bytes of the clause that does it.
    pub fn span(&self) -> Span {
        self.change.span
    }

    /// The statement's text.
    pub fn sql(&self) -> &'a str {
        self.statement.span.of(&self.file.migration.text)
    }

    /// A name as SQL in the file's dialect.
    pub fn name(&self, name: &Name) -> String {
        name.sql(self.file.engine.dialect)
    }

    /// Every change of the file that comes after this statement, with the index of its statement.
    pub fn later(&self) -> impl Iterator<Item = (usize, &'a Change)> {
        let script = self.file.script;
        (self.index + 1..script.statements.len()).flat_map(move |at| {
            script.statements[at]
                .changes
                .iter()
                .map(move |change| (at, change))
        })
    }

    /// Every change of the file that comes before this statement, with the index of its statement.
    pub fn earlier(&self) -> impl Iterator<Item = (usize, &'a Change)> {
        let script = self.file.script;
        (0..self.index).flat_map(move |at| {
            script.statements[at]
                .changes
                .iter()
                .map(move |change| (at, change))
        })
    }
}

impl<'a> File<'a> {
    /// A file of which nothing has been said yet.
    pub fn new(
        migration: &'a Migration,
        script: &'a Script,
        engine: &'a Engine,
        surroundings: &'a Surroundings,
    ) -> Self {
        Self {
            migration,
            script,
            engine,
            surroundings,
            edited: false,
            judged: &[],
            phases: &[],
            mistakes: &[],
            transactions: OnceCell::new(),
        }
    }

    /// Which of its statements run in one transaction.
    fn transactions(&self) -> &Transactions {
        self.transactions.get_or_init(|| Transactions::of(self))
    }

    /// The line, from 1, on which the statement at `index` begins.
    pub fn line_of(&self, index: usize) -> usize {
        let start = self.script.statements[index].span.start;
        let before = &self.migration.text[..start];
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// Every change of the file with its statement's index and what was said of it.
    pub fn changes(&self) -> impl Iterator<Item = (usize, &'a Change, &'a JudgedChange)> {
        let judged = self.judged;
        self.script
            .statements
            .iter()
            .enumerate()
            .flat_map(move |(at, statement)| {
                let said = judged.get(at).map_or(&[][..], |judged| &judged.changes);
                statement
                    .changes
                    .iter()
                    .zip(said)
                    .map(move |(change, said)| (at, change, said))
            })
    }
}
