//! What the library says of a folder, in the few words that the comparison needs.

use std::collections::HashMap;

use bgmigrate::lint::{Judged, Surroundings};
use bgmigrate::model::{
    Dialect, Engine, FilePhase, Flavour, LineIndex, Migration, Phase, Verdict, Version,
};
use bgmigrate::review::{Reviewed, RuleSettings, Settings, Standing, review};
use bgmigrate::sql::Statement;

/// One file, classified.
#[derive(Debug)]
pub(crate) struct Classified {
    pub(crate) phase: FilePhase,
    pub(crate) statements: usize,
    /// The statements that hold the file back.
    pub(crate) held_by: Vec<HeldBy>,
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
}

/// Whether a catalog could show what holds a statement back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It was not understood.
    Opaque,
    /// Rows are lost or renumbered: no catalog shows that.
    Rows,
    /// The shape changes.
    Shape,
}

impl Classified {
    /// How many statements were not understood.
    pub(crate) fn opaque(&self) -> usize {
        self.held_by
            .iter()
            .filter(|held| held.cause == Cause::Opaque)
            .count()
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
    let statements = reviewed
        .script
        .statements
        .iter()
        .zip(&reviewed.judged)
        .zip(&reviewed.phases);
    let held_by = statements
        .filter(|(_, phase)| phase.gates_as_contract())
        .flat_map(|((statement, judged), _)| {
            held_by(lines.line(statement.span.start), statement, judged)
        })
        .collect();
    Classified {
        phase: reviewed.phase,
        statements: reviewed.script.statements.len(),
        held_by,
    }
}

fn held_by(line: usize, statement: &Statement, judged: &Judged) -> Vec<HeldBy> {
    let opaque = statement.opaque.iter().map(|opaque| HeldBy {
        line,
        cause: Cause::Opaque,
        kind: format!("opaque-{:?}", opaque.kind).to_lowercase(),
        reason: opaque.reason.clone(),
    });
    let verdicts = judged
        .changes
        .iter()
        .map(|change| &change.verdict)
        .filter(|it| it.phase.gates_as_contract());
    let verdicts = verdicts.map(|verdict| HeldBy {
        line,
        cause: cause(verdict),
        kind: verdict.kind.to_owned(),
        reason: format!("{}: {}", verdict.object, verdict.reason),
    });
    opaque.chain(verdicts).collect()
}

fn cause(verdict: &Verdict) -> Cause {
    const ROWS: &[&str] = &[
        "truncate",
        "delete",
        "update",
        "replace",
        "merge",
        "insert",
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
