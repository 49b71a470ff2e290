//! What the library says of a folder, in the few words that the comparison needs.

use std::collections::HashMap;

use crate::lint::{Judged, JudgedChange};
use crate::model::{
    Action, FilePhase, Ident, LineIndex, Migration, Name, Object, ObjectKind, Phase, TableChange,
    Verdict,
};
use crate::review::Reviewed;
use crate::sql::Statement;

use super::catalog::Catalog;

/// One file, classified.
#[derive(Clone, Debug)]
pub struct Classified {
    /// The phase of the file.
    pub phase: FilePhase,
    /// How many statements it has.
    pub statements: usize,
    /// How many statements were not understood.
    pub opaque: usize,
    /// The statements that hold the file back.
    pub held_by: Vec<HeldBy>,
    /// What was said of each change that was let pass, in words.
    pub let_pass: Vec<String>,
}

/// Why a statement gates as contract.
#[derive(Clone, Debug)]
pub struct HeldBy {
    /// The statement's line, from 1.
    pub line: usize,
    /// Whether a catalog could show it.
    pub cause: Cause,
    /// The kind of change, or of the obstacle.
    pub kind: String,
    /// On what, and why.
    pub reason: String,
    /// What it drops or alters.
    pub target: Option<Target>,
    /// Where the file itself has made something of the target's name by then, and from what.
    pub made_here: Option<Made>,
}

/// What a change drops or alters.
#[derive(Clone, Debug)]
pub enum Target {
    /// A whole object.
    Object(Object),
    /// A column of a table.
    Column(Name, Ident),
    /// A constraint of a table.
    Constraint(Name, Ident),
}

/// How a file has made something of a name.
#[derive(Clone, Debug)]
pub enum Made {
    /// It created it.
    Anew,
    /// It gave the name to this.
    OutOf(Object),
}

impl Target {
    fn is_in(&self, catalog: &Catalog) -> bool {
        match self {
            Self::Object(object) => catalog.has(object),
            Self::Column(table, column) => catalog.has_column(table, column),
            Self::Constraint(table, constraint) => {
                catalog.has_constraint(table, constraint).unwrap_or(true)
            }
        }
    }

    /// The name of the object, or of the table.
    fn name(&self) -> &Ident {
        match self {
            Self::Object(object) => &object.name.name,
            Self::Column(table, _) | Self::Constraint(table, _) => &table.name,
        }
    }
}

impl Made {
    /// What did not exist was not renamed either.
    fn is_real(&self, before: &Catalog) -> bool {
        match self {
            Self::Anew => true,
            Self::OutOf(object) => before.has(object),
        }
    }
}

/// Whether a catalog could show what holds a statement back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
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
    /// Tells apart what only the catalog can tell: a table, a column or a sequence that is dropped and made anew
    /// loses what it held and not its shape, and what is not there cannot be lost.
    pub fn look(&mut self, before: &Catalog, after: &Catalog) {
        for held in self
            .held_by
            .iter_mut()
            .filter(|held| held.cause == Cause::Shape)
        {
            let Some(target) = &held.target else { continue };
            let made_here = held.made_here.as_ref();
            let made_here = made_here.is_some_and(|made| made.is_real(before));
            let holds_values = match target {
                Target::Object(object) => {
                    held.kind == "drop-table"
                        || held.kind == "drop-object" && object.kind == ObjectKind::Sequence
                }
                Target::Column(..) => held.kind == "drop-column",
                Target::Constraint(..) => false,
            };
            if !target.is_in(before) && !made_here {
                held.cause = Cause::Absent;
            } else if holds_values && target.is_in(before) && target.is_in(after) {
                held.cause = Cause::Rows;
            }
        }
    }
}

/// What the review said of a migration.
pub fn classified(migration: &Migration, reviewed: &Reviewed) -> Classified {
    let lines = LineIndex::new(&migration.text);
    let statements = &reviewed.script.statements;
    let mut made_so_far = HashMap::new();
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
    made: &HashMap<String, Made>,
) -> Vec<HeldBy> {
    let opaque = statement.opaque.iter().map(|opaque| HeldBy {
        line,
        cause: Cause::Opaque,
        kind: format!("opaque-{:?}", opaque.kind).to_lowercase(),
        reason: opaque.reason.clone(),
        target: None,
        made_here: None,
    });
    let changes = statement.changes.iter().zip(&judged.changes);
    let verdicts = changes.filter(|(_, judged)| judged.verdict.phase.gates_as_contract());
    let verdicts = verdicts.map(|(change, JudgedChange { verdict, .. })| HeldBy {
        line,
        cause: cause(verdict),
        kind: verdict.kind.to_owned(),
        reason: format!("{}: {}", verdict.object, verdict.reason),
        target: target(&change.action),
        made_here: target(&change.action).and_then(|it| made.get(&it.name().to_string()).cloned()),
    });
    opaque.chain(verdicts).collect()
}

/// The name of what an action makes, and how.
fn made(action: &Action) -> Option<(String, Made)> {
    match action {
        Action::CreateTable(create) => Some((create.name.name.to_string(), Made::Anew)),
        Action::Rename { object, to } => Some((to.name.to_string(), Made::OutOf(object.clone()))),
        _ => None,
    }
}

fn target(action: &Action) -> Option<Target> {
    let (table, change) = match action {
        Action::Drop { object, .. } | Action::Rename { object, .. } => {
            return Some(Target::Object(object.clone()));
        }
        // Not of every kind of object does the catalog tell.
        Action::AlterObject { object, .. } | Action::SetOwner { object }
            if object.kind.is_relation()
                || object.kind.is_routine()
                || object.kind == ObjectKind::Role =>
        {
            return Some(Target::Object(object.clone()));
        }
        Action::AlterTable { table, change } => (table.clone(), &**change),
        _ => return None,
    };
    Some(match change {
        TableChange::DropColumn { column, .. } => Target::Column(table, column.clone()),
        TableChange::DropConstraint {
            name: Some(constraint),
            ..
        } => Target::Constraint(table, constraint.clone()),
        _ => Target::Object(Object::new(ObjectKind::Table, table)),
    })
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
