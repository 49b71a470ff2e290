//! The folder as the gates and the runner see it: one step a migration, with what it is, and how it has to run.

use std::collections::BTreeMap;

use super::{Subject, locks_of};
use crate::backfill::{NoKey, Shape, Whole, recognise};
use crate::gate::{MigrationId, Shipped, digest};
use crate::lint::Judged;
use crate::model::{
    Action, Change, Dialect, Engine, FilePhase, Ident, LineIndex, Lock, RowChange, RowSource,
    RowVerb, Span, TableChange, TransactionControl, TransactionMode,
};
use crate::review::{Beside, Reviewed};
use crate::sql::directive::{Batch, Directive};
use crate::sql::{OpaqueKind, Script, read};

/// A migration of the folder, ready to be judged and run.
pub struct FolderStep<'a> {
    /// Its id in the record.
    pub id: MigrationId,
    /// Its file, as people shall read it.
    pub file: String,
    /// Of what runs on the way up, whatever its line ends.
    pub checksum: String,
    /// What runs on the way up.
    pub text: String,
    /// Its phase.
    pub phase: FilePhase,
    /// It may complete after the cutover.
    pub after_cutover: bool,
    /// The version from which on releases do not use what it touches.
    pub unused_since: Option<String>,
    /// How it has to run, or why it cannot.
    pub manner: Result<Manner, Unrunnable>,
    /// Its statements, as they are sent.
    pub statements: Vec<Statement<'a>>,
    /// What the review said of it.
    pub reviewed: &'a Reviewed,
}

/// How a migration has to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As one transaction, together with its record.
    Whole,
    /// Statement by statement, each with a line in the journal before it is sent.
    ByStatement,
}

/// One statement of a migration.
pub struct Statement<'a> {
    /// Its text.
    pub sql: &'a str,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it does.
    pub changes: &'a [Change],
    /// What that locks, by the folder's own schema; of a way back it is not said.
    pub locks: Vec<Lock>,
    /// It was understood.
    pub understood: bool,
    /// It can be part of a transaction, which then holds its line of the journal too.
    pub in_transaction: bool,
    /// In one go, or in batches.
    pub way: Way,
    /// Nobody wrote it: why it is there.
    pub made: Option<String>,
}

/// How a statement is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// In one go.
    Whole,
    /// In batches by key, each in a transaction of its own.
    Batches(Box<Batches>),
    /// Not at all: it changes many rows, and cannot be cut.
    Refused(Whole),
}

impl Way {
    /// In words, where it is not in one go.
    pub(super) fn told(&self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Batches(batches) => Some(match &batches.key {
                None => format!("in batches, by a key of {}", batches.shape.table),
                Some(key) => {
                    let columns: Vec<_> = key.iter().map(Ident::written).collect();
                    let table = &batches.shape.table;
                    format!("in batches, by the key ({}) of {table}", columns.join(", "))
                }
            }),
            Self::Refused(why) => Some(format!(
                "not at all, as it cannot be run in batches: {why}; `batch=off` has it run whole"
            )),
        }
    }
}

/// What is said of a statement that is run in batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batches {
    /// Its parts.
    pub shape: Shape,
    /// How many rows at a time, where a directive says so.
    pub rows: Option<u32>,
    /// By which columns, where a directive says so.
    pub key: Option<Vec<Ident>>,
}

/// Why a migration cannot be run by us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrunnable {
    /// It opens or ends transactions in its middle.
    #[error(
        "it has transactions of its own (line {line}): a run that is killed between two of them could not be told from \
         one that is not; take BEGIN and COMMIT out, or split it into a migration for each"
    )]
    OwnTransactions {
        /// Where.
        line: usize,
    },
    /// A template engine fills it in.
    #[error("line {line} is not SQL yet: {reason}; run it by the tool that fills it in")]
    NotYetSql {
        /// Where.
        line: usize,
        /// What.
        reason: String,
    },
    /// It asks for columns to be kept in step that cannot be.
    #[error("line {line}: {message}; {help}")]
    OutOfStep {
        /// Where.
        line: usize,
        /// What is wrong.
        message: String,
        /// The way out.
        help: String,
    },
    /// It changes many rows, and cannot be cut into batches.
    #[error(
        "line {line} changes many rows at once, and cannot be run in batches: {why}; write it otherwise, or write \
         `-- bgmigrate: batch=off` above it to have it run whole"
    )]
    Unbatchable {
        /// Where.
        line: usize,
        /// Why.
        why: Whole,
    },
    /// It changes many rows of a table without a key that fits.
    #[error(
        "line {line} changes many rows at once, and cannot be run in batches: {why}; give the table such a key, or write \
         `-- bgmigrate: batch=off` above it to have it run whole"
    )]
    NoKey {
        /// Where.
        line: usize,
        /// Why.
        why: NoKey,
    },
}

/// The steps of a folder, in its order. `namespace` stands before their ids where several folders share a database.
pub fn steps<'a>(
    subjects: &'a [Subject<'a>],
    namespace: Option<&str>,
    dialect: Dialect,
) -> Vec<FolderStep<'a>> {
    subjects
        .iter()
        .map(|subject| step(subject, namespace, dialect))
        .collect()
}

/// The checks that a migration's text asks for.
pub fn checks_of(text: &str, dialect: Dialect) -> Vec<String> {
    let whole = [Span::new(0, text.len())];
    let script = read(text, &whole, &Engine::default_for(dialect));
    script.checks().map(str::to_owned).collect()
}

impl FolderStep<'_> {
    /// As a release ships it.
    pub const fn shipped(&self) -> Shipped {
        Shipped {
            phase: self.phase,
            after_cutover: self.after_cutover,
        }
    }

    /// All that a release ships that was built with these steps.
    pub fn ships(steps: &[Self]) -> BTreeMap<MigrationId, Shipped> {
        steps
            .iter()
            .map(|step| (step.id.clone(), step.shipped()))
            .collect()
    }
}

fn step<'a>(subject: &'a Subject<'a>, namespace: Option<&str>, dialect: Dialect) -> FolderStep<'a> {
    let Subject {
        migration,
        reviewed,
        file,
    } = subject;
    let text = up(&migration.text, &migration.up);
    let lines = LineIndex::new(&migration.text);
    let mut statements = statements(
        &migration.text,
        &reviewed.script,
        &reviewed.judged,
        dialect,
        &lines,
    );
    let by_itself =
        migration.transaction == TransactionMode::None || reviewed.script.says_transaction_off();
    if reviewed.phase == FilePhase::Migrate {
        for (at, statement) in statements.iter_mut().enumerate() {
            statement.way = way(
                statement.sql,
                statement.changes,
                &reviewed.script,
                at,
                dialect,
            );
        }
    }
    let mut statements = with_those_beside(statements, reviewed, dialect, &lines);
    let manner = manner(&mut statements, by_itself, reviewed, &lines);
    FolderStep {
        id: MigrationId::new(namespace, &migration.id),
        file: file.clone(),
        checksum: digest(&text),
        text,
        phase: reviewed.phase,
        after_cutover: reviewed.script.says_after_cutover(),
        unused_since: reviewed.script.unused_since().map(str::to_owned),
        manner,
        statements,
        reviewed,
    }
}

/// What runs on the way up, with plain line ends: a checkout on another system is no edit.
fn up(text: &str, spans: &[Span]) -> String {
    let parts: Vec<_> = spans.iter().map(|span| span.of(text)).collect();
    parts.concat().replace("\r\n", "\n")
}

pub(super) fn statements<'a>(
    text: &'a str,
    script: &'a Script,
    judged: &[Judged],
    dialect: Dialect,
    lines: &LineIndex,
) -> Vec<Statement<'a>> {
    let each = script.statements.iter().enumerate();
    each.map(|(at, statement)| Statement {
        locks: judged.get(at).map_or_else(Vec::new, locks_of),
        sql: statement.span.of(text),
        line: lines.line(statement.span.start),
        changes: &statement.changes,
        understood: statement.opaque.is_none(),
        in_transaction: in_transaction(statement.span.of(text), &statement.changes, dialect),
        way: Way::Whole,
        made: None,
    })
    .collect()
}

/// With what nobody wrote, each statement in its place.
fn with_those_beside<'a>(
    own: Vec<Statement<'a>>,
    reviewed: &'a Reviewed,
    dialect: Dialect,
    lines: &LineIndex,
) -> Vec<Statement<'a>> {
    let mut all = own;
    // From the last to the first, so that each place still counts the file's own statements alone.
    for beside in reviewed.beside.iter().rev() {
        let at = beside.made.before.min(all.len());
        all.splice(at..at, made(beside, dialect, lines));
    }
    all
}

fn made<'a>(beside: &'a Beside, dialect: Dialect, lines: &LineIndex) -> Vec<Statement<'a>> {
    let made = &beside.made;
    let mut each = statements(
        &made.text,
        &made.script,
        &beside.judged,
        dialect,
        &LineIndex::new(""),
    );
    for statement in &mut each {
        statement.line = lines.line(made.span.start);
        statement.made = Some(made.reason());
    }
    each
}

/// How a statement of a migrate step is run, the one `at` this place of its script.
pub(super) fn way(
    sql: &str,
    changes: &[Change],
    script: &Script,
    at: usize,
    dialect: Dialect,
) -> Way {
    let changes_many = changes
        .iter()
        .any(|change| matches!(&change.action, Action::Rows(rows) if is_about_many(rows)));
    let said = || script.directives_for(at);
    let batch = said().find_map(|directive| match directive {
        Directive::Batch(batch) => Some(*batch),
        _ => None,
    });
    if !changes_many || batch == Some(Batch::Off) {
        return Way::Whole;
    }
    match recognise(sql, dialect) {
        Err(why) => Way::Refused(why),
        Ok(shape) => Way::Batches(Box::new(Batches {
            shape,
            rows: match batch {
                Some(Batch::Rows(rows)) => Some(rows.get()),
                _ => None,
            },
            key: said().find_map(|directive| match directive {
                Directive::Key(columns) => Some(columns.clone()),
                _ => None,
            }),
        })),
    }
}

/// Whether a statement may change as many rows as some table has; literal rows are as many as are written.
fn is_about_many(rows: &RowChange) -> bool {
    match rows.verb {
        RowVerb::Update | RowVerb::Delete | RowVerb::Merge => true,
        RowVerb::Insert | RowVerb::Replace => {
            matches!(&rows.source, RowSource::Query(from) if !from.is_empty())
        }
        RowVerb::Copy => false,
    }
}

/// One transaction around the whole file where the engine and the file let us; a BEGIN at its start and a COMMIT at its
/// end say no more than that, and are taken off.
fn manner(
    statements: &mut Vec<Statement<'_>>,
    by_itself: bool,
    reviewed: &Reviewed,
    lines: &LineIndex,
) -> Result<Manner, Unrunnable> {
    let template = reviewed.script.statements.iter().find_map(|statement| {
        let opaque = statement.opaque.as_ref()?;
        (opaque.kind == OpaqueKind::Template).then(|| Unrunnable::NotYetSql {
            line: lines.line(opaque.span.start),
            reason: opaque.reason.clone(),
        })
    });
    if let Some(template) = template {
        return Err(template);
    }
    if let Some(mistake) = reviewed.mistakes.first() {
        return Err(Unrunnable::OutOfStep {
            line: lines.line(mistake.span.start),
            message: mistake.message.clone(),
            help: mistake.help.clone(),
        });
    }
    let framed = statements.len() >= 2
        && control(&statements[0]) == Some(TransactionControl::Begin)
        && statements.last().and_then(control) == Some(TransactionControl::Commit);
    if framed {
        statements.pop();
        statements.remove(0);
    }
    if let Some(own) = statements
        .iter()
        .find(|statement| control(statement).is_some_and(ends_or_opens))
    {
        return Err(Unrunnable::OwnTransactions { line: own.line });
    }
    if let Some((line, why)) = statements.iter().find_map(|one| match &one.way {
        Way::Refused(why) => Some((one.line, why.clone())),
        _ => None,
    }) {
        return Err(Unrunnable::Unbatchable { line, why });
    }
    let whole = !by_itself
        && statements
            .iter()
            .all(|statement| statement.in_transaction && statement.way == Way::Whole);
    Ok(if whole {
        Manner::Whole
    } else {
        Manner::ByStatement
    })
}

fn control(statement: &Statement<'_>) -> Option<TransactionControl> {
    statement
        .changes
        .iter()
        .find_map(|change| match change.action {
            Action::Transaction(control) => Some(control),
            _ => None,
        })
}

const fn ends_or_opens(control: TransactionControl) -> bool {
    matches!(
        control,
        TransactionControl::Begin | TransactionControl::Commit | TransactionControl::Rollback
    )
}

/// Whether a statement can be part of a transaction that it does not end.
fn in_transaction(sql: &str, changes: &[Change], dialect: Dialect) -> bool {
    match dialect {
        // Every definition commits what came before it (MySQL manual, 15.3.3); rows are what transactions are for.
        Dialect::Mysql => {
            !changes.is_empty()
                && changes.iter().all(|change| matches!(change.action, Action::Rows(_) | Action::Query { .. }))
        }
        Dialect::Sqlite => !changes.iter().any(|change| {
            matches!(&change.action, Action::Maintain { command, .. } if *command == "vacuum")
        }),
        Dialect::Postgres => !changes.iter().any(runs_alone) && !begins_as_one_that_runs_alone(sql),
    }
}

/// What `PostgreSQL` refuses inside of a transaction block.
fn runs_alone(change: &Change) -> bool {
    match &change.action {
        Action::CreateIndex(create) => create.concurrently,
        Action::Drop {
            concurrently,
            object,
            ..
        } => *concurrently || object.kind == crate::model::ObjectKind::Database,
        Action::Reindex { concurrently, .. } => *concurrently,
        Action::Maintain { command, .. } => command.starts_with("vacuum"),
        Action::AlterTable { change, .. } => {
            matches!(
                **change,
                TableChange::DetachPartition {
                    concurrently: true,
                    ..
                }
            )
        }
        _ => false,
    }
}

fn begins_as_one_that_runs_alone(sql: &str) -> bool {
    let mut words = sql.split_ascii_whitespace().map(str::to_ascii_lowercase);
    let (first, second) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    matches!(
        (first.as_str(), second.as_str()),
        ("alter", "system")
            | (
                "create" | "drop",
                "database" | "tablespace" | "subscription"
            )
    )
}
