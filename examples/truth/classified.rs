//! What the library says of a folder, in the few words that the comparison needs.

use std::collections::{HashMap, HashSet};

use bgmigrate::lint::{Judged, JudgedChange, Surroundings};
use bgmigrate::model::{
    Action, Dialect, Engine, FilePhase, Flavour, LineIndex, Migration, Object, ObjectKind, Phase,
    Verdict, Version,
};
use bgmigrate::review::{Reviewed, RuleSettings, Settings, Standing, review};
use bgmigrate::sql::Statement;

use crate::catalog::Catalog;

/// One file, classified.
#[derive(Debug)]
pub(crate) struct Classified {
    pub(crate) phase: FilePhase,
    pub(crate) statements: usize,
    /// How many statements were not understood.
    pub(crate) opaque: usize,
    /// The statements that hold the file back.
    pub(crate) held_by: Vec<HeldBy>,
    /// What was said of each change that was let pass, in words.
    pub(crate) let_pass: Vec<String>,
}

/// Why a statement gates as contract.
#[derive(Debug)]
pub(crate) struct HeldBy {
    pub(crate) line: usize,
    pub(crate) cause: Cause,
    /// The kind of change, or of the obstacle.
    pub(crate) kind: String,
    /// On what, and why.
    pub(crate) reason: String,
    /// What it drops or alters.
    pub(crate) target: Option<Object>,
    /// The file itself has made something of the target's name by then.
    pub(crate) made_here: bool,
}

/// Whether a catalog could show what holds a statement back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It was not understood.
    Opaque,
    /// Rows are lost or renumbered: no catalog shows that.
    Rows,
    /// What it drops or alters is not there.
    Absent,
    /// The shape changes.
    Shape,
}

impl Classified {
    /// Tells apart what only the catalog can tell: a table that is dropped and made anew loses its rows and
    /// not its shape, and what is not there cannot be lost.
    pub(crate) fn look(&mut self, before: &Catalog, after: &Catalog) {
        for held in self
            .held_by
            .iter_mut()
            .filter(|held| held.cause == Cause::Shape)
        {
            let Some(target) = &held.target else { continue };
            if !before.has(target) && !held.made_here {
                held.cause = Cause::Absent;
            } else if held.kind == "drop-table" && before.has(target) && after.has(target) {
                held.cause = Cause::Rows;
            }
        }
    }
}

/// Classifies each migration as if everything before it had been released.
pub(crate) fn classify(dialect: Dialect, migrations: &[Migration]) -> Vec<Classified> {
    let settings = Settings {
        engine: engine(dialect),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(dialect, &HashMap::new()),
    };
    review(migrations, |_| Standing::Alone, &settings)
        .iter()
        .map(|reviewed| read(&migrations[reviewed.index], reviewed))
        .collect()
}

/// The engine that the files run on here: MariaDB stands in for MySQL.
fn engine(dialect: Dialect) -> Engine {
    match dialect {
        Dialect::Mysql => Engine {
            dialect,
            flavour: Flavour::MariaDb,
            version: Version::new(10, 11, 0),
        },
        _ => Engine::default_for(dialect),
    }
}

fn read(migration: &Migration, reviewed: &Reviewed) -> Classified {
    let lines = LineIndex::new(&migration.text);
    let statements = &reviewed.script.statements;
    let mut made_so_far = HashSet::new();
    let mut all_held_by = Vec::new();
    for ((statement, judged), phase) in statements
        .iter()
        .zip(&reviewed.judged)
        .zip(&reviewed.phases)
    {
        if phase.gates_as_contract() {
            let line = lines.line(statement.span.start);
            all_held_by.extend(held_by(line, statement, judged, &made_so_far));
        }
        made_so_far.extend(statement.changes.iter().filter_map(|it| made(&it.action)));
    }
    let let_pass = statements
        .iter()
        .zip(&reviewed.judged)
        .flat_map(|(statement, judged)| {
            let line = lines.line(statement.span.start);
            let verdicts = judged.changes.iter().map(|change| &change.verdict);
            verdicts
                .filter(|verdict| !verdict.phase.gates_as_contract())
                .map(
                    move |Verdict {
                              phase,
                              kind,
                              object,
                              reason,
                              ..
                          }| {
                        format!("line {line}: {phase} {kind} {object}: {reason}")
                    },
                )
        })
        .collect();
    Classified {
        let_pass,
        phase: reviewed.phase,
        statements: statements.len(),
        opaque: statements
            .iter()
            .filter(|statement| statement.opaque.is_some())
            .count(),
        held_by: all_held_by,
    }
}

fn held_by(
    line: usize,
    statement: &Statement,
    judged: &Judged,
    made: &HashSet<String>,
) -> Vec<HeldBy> {
    let opaque = statement.opaque.iter().map(|opaque| HeldBy {
        line,
        cause: Cause::Opaque,
        kind: format!("opaque-{:?}", opaque.kind).to_lowercase(),
        reason: opaque.reason.clone(),
        target: None,
        made_here: false,
    });
    let changes = statement.changes.iter().zip(&judged.changes);
    let verdicts = changes.filter(|(_, judged)| judged.verdict.phase.gates_as_contract());
    let verdicts = verdicts.map(|(change, JudgedChange { verdict, .. })| HeldBy {
        line,
        cause: cause(verdict),
        kind: verdict.kind.to_owned(),
        reason: format!("{}: {}", verdict.object, verdict.reason),
        target: target(&change.action),
        made_here: target(&change.action)
            .is_some_and(|it| made.contains(&it.name.name.to_string())),
    });
    opaque.chain(verdicts).collect()
}

/// The name of what an action makes.
fn made(action: &Action) -> Option<String> {
    let name = match action {
        Action::CreateTable(create) => &create.name.name,
        Action::Rename { to, .. } => &to.name,
        _ => return None,
    };
    Some(name.to_string())
}

fn target(action: &Action) -> Option<Object> {
    match action {
        Action::Drop { object, .. } | Action::Rename { object, .. } => Some(object.clone()),
        Action::AlterTable { table, .. } => Some(Object::new(ObjectKind::Table, table.clone())),
        _ => None,
    }
}

fn cause(verdict: &Verdict) -> Cause {
    const ROWS: &[&str] = &[
        "truncate",
        "delete",
        "update",
        "replace",
        "merge",
        "insert",
        "drop-partitions",
        "alter-sequence",
    ];
    if verdict.phase == Phase::Opaque {
        Cause::Opaque
    } else if ROWS.contains(&verdict.kind) {
        Cause::Rows
    } else {
        Cause::Shape
    }
}
