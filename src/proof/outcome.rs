//! What came of running a folder on a scratch database.

use super::compare::{Fact, Weight};
use super::costs::{CostAgreement, Costed};
use super::judge::{Agreement, Comparison};
use super::matrix::{Cell, Standing};
use crate::model::{Dialect, FilePhase, Severity};

/// A folder, run on a scratch database.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Where it ran: product, version, and whose server.
    pub scratch: String,
    /// The SQL that it speaks.
    pub dialect: Dialect,
    /// The migrations that were run or were to be, in order.
    pub steps: Vec<ProvenStep>,
    /// How many migrations were there already: part of the copied structure.
    pub there_already: usize,
    /// How older releases stood before the first of the steps.
    pub beginning: Vec<Cell>,
    /// The older releases whose statements were tried after each step.
    pub releases: Vec<Standing>,
}

/// One migration.
#[derive(Clone, Debug)]
pub struct ProvenStep {
    /// Its id.
    pub migration: String,
    /// Its file, as people shall read it.
    pub file: String,
    /// The SQL that it is written in.
    pub dialect: Dialect,
    /// What it was classified as.
    pub phase: FilePhase,
    /// What came of it.
    pub outcome: StepOutcome,
    /// How older releases stand behind it.
    pub cells: Vec<Cell>,
}

/// What came of one migration.
#[derive(Clone, Debug)]
pub enum StepOutcome {
    /// It ran.
    Ran(Box<Ran>),
    /// The engine refused it.
    Failed(Failure),
    /// It was not sent; why.
    NotRun(String),
}

/// What was seen of a migration that ran.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What it did, held against what was said.
    pub comparison: Comparison,
    /// What it does to tables that hold rows.
    pub on_rows: OnRows,
    /// What its undo does.
    pub undo: Undone,
    /// What its statements cost, as far as they lock anything.
    pub costs: Vec<Costed>,
}

/// What the engine said to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The statement's line in its file, from 1.
    pub line: usize,
    /// What the engine said.
    pub message: String,
}

/// What a migration does to tables that hold rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnRows {
    /// It names no table that was there before.
    NoTable,
    /// It runs with this many generated rows in the tables that it names.
    Holds {
        /// How many.
        rows: usize,
    },
    /// It runs on empty tables only.
    Fails(Failure),
    /// It was not tried; why.
    Untried(String),
}

/// What the undo of a migration does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// It is no expand step, which alone is undone.
    NotAsked,
    /// There is no way back; why.
    NoWay(String),
    /// It brings the catalog back.
    Proven,
    /// It runs, and what it leaves is not what there was.
    Differs(Vec<Fact>),
    /// It does not run.
    Fails(Failure),
}

/// Something to say about a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// How loud.
    pub severity: Severity,
    /// What it is about, as an identifier.
    pub kind: &'static str,
    /// The line in the file, from 1.
    pub line: usize,
    /// What was found, in one sentence.
    pub message: String,
    /// The views that disagree, or what else tells more; a line each.
    pub details: Vec<String>,
}

impl Proof {
    /// Nothing ran yet.
    pub const fn new(scratch: String, dialect: Dialect) -> Self {
        Self {
            scratch,
            dialect,
            steps: Vec::new(),
            there_already: 0,
            beginning: Vec::new(),
            releases: Vec::new(),
        }
    }

    /// How many statements' costs compare like this to what the plan says.
    pub fn costs(&self, agreement: CostAgreement) -> usize {
        let ran = self.steps.iter().filter_map(ProvenStep::ran);
        ran.flat_map(|ran| &ran.costs)
            .filter(|costed| costed.agreement(self.dialect) == agreement)
            .count()
    }

    /// How many migrations the engine refused.
    pub fn failed(&self) -> usize {
        let failed = |step: &&ProvenStep| matches!(step.outcome, StepOutcome::Failed(_));
        self.steps.iter().filter(failed).count()
    }

    /// How many complaints are this loud.
    pub fn count(&self, severity: Severity) -> usize {
        let all = self.steps.iter().flat_map(ProvenStep::complaints);
        all.filter(|one| one.severity == severity).count()
    }

    /// How many migrations ran.
    pub fn ran(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| step.ran().is_some())
            .count()
    }

    /// How many undos were proven.
    pub fn undone(&self) -> usize {
        let proven = |step: &&ProvenStep| {
            step.ran()
                .is_some_and(|ran| matches!(ran.undo, Undone::Proven))
        };
        self.steps.iter().filter(proven).count()
    }
}

impl ProvenStep {
    /// What was seen of it, if it ran.
    pub fn ran(&self) -> Option<&Ran> {
        match &self.outcome {
            StepOutcome::Ran(ran) => Some(ran),
            _ => None,
        }
    }

    /// What there is to say about it, the gravest first.
    pub fn complaints(&self) -> Vec<Complaint> {
        match &self.outcome {
            StepOutcome::Failed(failure) => vec![Complaint {
                severity: Severity::Error,
                kind: "fails",
                line: failure.line,
                message: format!("the engine refuses it: {}", failure.message),
                details: hint(&failure.message).into_iter().collect(),
            }],
            StepOutcome::NotRun(why) => vec![Complaint {
                severity: Severity::Error,
                kind: "not-run",
                line: 1,
                message: format!("it was not run: {why}"),
                details: Vec::new(),
            }],
            StepOutcome::Ran(ran) => {
                let mut all = Vec::new();
                all.extend(self.disagreement(&ran.comparison));
                all.extend(self.broken_releases());
                all.extend(self.on_rows(&ran.on_rows));
                all.extend(undone(&ran.undo));
                all.extend(
                    ran.costs
                        .iter()
                        .filter_map(|one| one.complaint(self.dialect)),
                );
                all.sort_by_key(|one| std::cmp::Reverse(one.severity == Severity::Error));
                all
            }
        }
    }

    fn disagreement(&self, comparison: &Comparison) -> Option<Complaint> {
        let breaking = comparison.facts(Weight::Breaking);
        let held = &comparison.classified.held_by;
        let declared = comparison
            .classified
            .let_pass
            .iter()
            .any(|said| said.contains(": declared "));
        let line = held.first().map_or(1, |held| held.line);
        let said = held.iter().map(|held| {
            format!(
                "classifier: line {}: {} {}",
                held.line, held.kind, held.reason
            )
        });
        match comparison.agreement {
            Agreement::Missed => {
                let seen = breaking.iter().map(|fact| format!("catalog: {fact}"));
                let passed = comparison.classified.let_pass.iter();
                let passed = passed.map(|said| format!("classifier: {said}"));
                Some(Complaint {
                    severity: if declared {
                        Severity::Warning
                    } else {
                        Severity::Error
                    },
                    kind: "phase-missed",
                    line: 1,
                    message: format!(
                        "it counts as {}, and an older release can see what it takes away",
                        self.phase
                    ),
                    details: seen.chain(passed).collect(),
                })
            }
            Agreement::FalseAlarm => Some(Complaint {
                severity: Severity::Warning,
                kind: "phase-cautious",
                line,
                message: format!(
                    "it counts as {}, and the catalog shows nothing that an older release could miss",
                    self.phase
                ),
                details: said.collect(),
            }),
            Agreement::Opaque => Some(Complaint {
                severity: Severity::Note,
                kind: "phase-opaque",
                line,
                message: "it is held back for what was not understood, and took nothing away here"
                    .to_owned(),
                details: said.collect(),
            }),
            Agreement::Agree | Agreement::Rows | Agreement::Absent => None,
        }
    }

    /// Statements of older releases that work no more. A contract step may do that: the gate keeps it until no such
    /// release may run.
    fn broken_releases(&self) -> impl Iterator<Item = Complaint> {
        let contract = self.phase.gates_as_contract();
        let cells = self.cells.iter().filter_map(|cell| {
            let newly = cell.broken.iter().filter(|one| one.newly);
            let newly: Vec<_> = newly
                .map(|one| format!("{}:{}: {}", one.file, one.line, one.message))
                .collect();
            (!newly.is_empty()).then_some((&cell.release, newly))
        });
        cells.map(move |(release, newly)| Complaint {
            severity: if contract {
                Severity::Note
            } else {
                Severity::Error
            },
            kind: "breaks-release",
            line: 1,
            message: format!(
                "{} of {release} {} no more{}",
                match newly.len() {
                    1 => "1 statement".to_owned(),
                    many => format!("{many} statements"),
                },
                if newly.len() == 1 { "works" } else { "work" },
                if contract {
                    ": the gate holds this step back while that release may run"
                } else {
                    ", and the step would run while that release may run"
                }
            ),
            details: newly,
        })
    }

    fn on_rows(&self, on_rows: &OnRows) -> Option<Complaint> {
        let OnRows::Fails(failure) = on_rows else {
            return None;
        };
        let severity = if self.phase.gates_as_contract() {
            Severity::Warning
        } else {
            Severity::Error
        };
        Some(Complaint {
            severity,
            kind: "fails-on-rows",
            line: failure.line,
            message: format!(
                "it runs on empty tables, and fails on rows: {}",
                failure.message
            ),
            details: Vec::new(),
        })
    }
}

fn undone(undo: &Undone) -> Option<Complaint> {
    let (line, message, details) = match undo {
        Undone::NotAsked | Undone::NoWay(_) | Undone::Proven => return None,
        Undone::Differs(facts) => (
            1,
            "its undo does not bring back what there was".to_owned(),
            facts
                .iter()
                .map(|fact| format!("catalog: {}", fact.what))
                .collect(),
        ),
        Undone::Fails(failure) => (
            failure.line,
            format!("its undo fails: {}", failure.message),
            Vec::new(),
        ),
    };
    Some(Complaint {
        severity: Severity::Error,
        kind: "undo",
        line,
        message,
        details,
    })
}

/// What to do about a failure that is the scratch server's and not the migration's.
fn hint(message: &str) -> Option<String> {
    let lower = message.to_ascii_lowercase();
    let missing = lower.contains("extension") && lower.contains("not available");
    missing.then(|| {
        "the scratch server lacks this extension: install it there, or name a server that has it with --scratch-url"
            .to_owned()
    })
}
