//! The review of what is pending: each migration's phase and cost, what waits for what, and the rollout.
//!
//! Without a database nothing is known to be applied, so every migration under review counts as pending,
//! and a contract step waits for the retirement of every release that does not ship it.

mod steps;
mod touch;

use serde::Serialize;

use crate::model::{FilePhase, Finding, LineIndex, Lock, Migration, Phase, Severity, Verdict};
use crate::review::Reviewed;
use touch::Held;

pub use steps::{FolderStep, Manner, Statement, Unrunnable, steps};
pub use touch::Held as Waiting;

pub use crate::classify::{Part, split};

/// The whole review.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// One for each migration under review, in folder order.
    pub steps: Vec<Step>,
    /// The rollout around the cutover.
    pub cutover: Cutover,
    /// The counts.
    pub summary: Summary,
}

impl Plan {
    /// The file of the migration of this id; the id itself if the plan has none of it.
    pub fn file_of<'a>(&'a self, id: &'a str) -> &'a str {
        let mut steps = self.steps.iter();
        steps
            .find(|step| step.migration == id)
            .map_or(id, |step| &step.file)
    }
}

/// One migration in the plan.
#[derive(Debug, Serialize)]
pub struct Step {
    /// The migration's id.
    pub migration: String,
    /// Its file, as given or relative to the working directory.
    pub file: String,
    /// Its phase.
    pub phase: FilePhase,
    /// Whether it may run.
    pub status: Status,
    /// What it waits for, or why it is refused.
    pub blocked_by: Vec<Blocker>,
    /// Its statements.
    pub statements: Vec<PlannedStatement>,
    /// Hazards that lint found, errors first.
    pub hazards: Vec<Hazard>,
    /// How to split a mixed file: one part for each phase, in the order of the rollout.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<Part>,
}

/// Whether a step may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Recorded as applied.
    Applied,
    /// May run now.
    Ready,
    /// Runs later: what for is in `blocked_by`.
    Waiting,
    /// Will not run as it is.
    Refused,
}

impl Status {
    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }
}

/// Why a step cannot run now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// Which rule holds it back: `contract-gate`, `order`, `mixed-file`.
    pub rule: &'static str,
    /// Why, in one sentence.
    pub reason: String,
    /// What opens the way.
    pub unblock: String,
}

/// One statement in the plan.
#[derive(Debug, Serialize)]
pub struct PlannedStatement {
    /// The line of its file, from 1.
    pub line: usize,
    /// Its phase.
    pub phase: Phase,
    /// Its text on one line, shortened where it is long.
    pub sql: String,
    /// What it does.
    pub changes: Vec<Verdict>,
    /// What it locks.
    pub locks: Vec<Lock>,
    /// Why it was not understood, where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opaque: Option<String>,
}

/// A finding of lint, as the plan shows it.
#[derive(Debug, Serialize)]
pub struct Hazard {
    /// The rule's id.
    pub rule: &'static str,
    /// As configured.
    pub severity: Severity,
    /// The line of the file, from 1.
    pub line: usize,
    /// What happens to whom.
    pub message: String,
}

/// The rollout around the cutover: ids of migrations, in order.
#[derive(Debug, Default, Serialize)]
pub struct Cutover {
    /// Apply these before the cutover.
    pub expand: Vec<String>,
    /// Run these as backfill, before the cutover unless they say `after-cutover`.
    pub migrate: Vec<String>,
    /// Run these as backfill; the cutover need not wait for them.
    pub migrate_after_cutover: Vec<String>,
    /// These wait until every release without them is retired.
    pub contract: Vec<String>,
    /// These must be split first.
    pub split: Vec<String>,
}

/// The counts of a plan.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Migrations under review.
    pub migrations: usize,
    /// Statements in them.
    pub statements: usize,
    /// Statements that were not understood.
    pub opaque: usize,
    /// Hazards at error severity.
    pub errors: usize,
    /// Hazards at warning severity.
    pub warnings: usize,
}

/// One migration as it goes into a plan.
pub struct Subject<'a> {
    /// The migration.
    pub migration: &'a Migration,
    /// What the review said of it.
    pub reviewed: &'a Reviewed,
    /// Its file, as people shall read it.
    pub file: String,
}

/// Plans what was reviewed, in folder order.
pub fn plan(subjects: &[Subject<'_>]) -> Plan {
    let mut plan = Plan {
        steps: Vec::new(),
        cutover: Cutover::default(),
        summary: Summary::default(),
    };
    let mut held = Held::default();
    for (at, subject) in subjects.iter().enumerate() {
        let step = step(subject, subjects, &held);
        if step.phase.gates_as_contract() {
            held.hold(at, subject.reviewed);
        }
        plan.summary.count(&step);
        plan.cutover.place(&step, subject.reviewed);
        plan.steps.push(step);
    }
    plan
}

fn step<'a>(subject: &Subject<'a>, subjects: &[Subject<'a>], held: &Held<'a>) -> Step {
    let Subject {
        migration,
        reviewed,
        file,
    } = subject;
    let (status, blocked_by) = status(reviewed, subjects, held);
    let lines = LineIndex::new(&migration.text);
    let mut hazards: Vec<_> = reviewed
        .findings
        .iter()
        .map(|finding| hazard(finding, &lines))
        .collect();
    hazards.sort_by_key(|hazard| (std::cmp::Reverse(hazard.severity), hazard.line));
    Step {
        migration: migration.id.clone(),
        file: file.clone(),
        phase: reviewed.phase,
        status,
        blocked_by,
        statements: statements(migration, reviewed, &lines),
        hazards,
        split: if reviewed.phase == FilePhase::Mixed {
            split(migration, &reviewed.script.statements, &reviewed.phases)
        } else {
            Vec::new()
        },
    }
}

fn status<'a>(
    reviewed: &'a Reviewed,
    subjects: &[Subject<'a>],
    held: &Held<'a>,
) -> (Status, Vec<Blocker>) {
    match reviewed.phase {
        FilePhase::Mixed => (
            Status::Refused,
            vec![Blocker {
                rule: "mixed-file",
                reason: "it mixes steps that must run before the cutover with steps that must wait until \
                         every older release is retired, so no moment is right for it"
                    .to_owned(),
                unblock: "split it into one migration for each phase, as shown".to_owned(),
            }],
        ),
        FilePhase::Contract => (
            Status::Waiting,
            vec![Blocker {
                rule: "contract-gate",
                reason: "a release that was built without it may still run, or be rolled back to".to_owned(),
                unblock: "retire every release that does not ship it".to_owned(),
            }],
        ),
        FilePhase::Expand | FilePhase::Migrate => {
            let in_the_way = held.in_the_way(reviewed).into_iter().map(|(place, object)| {
                let before = &subjects[place].migration.id;
                Blocker {
                    rule: "order",
                    reason: format!("{before} changes {object} first, and waits itself"),
                    unblock: format!("let {before} run first"),
                }
            });
            let blockers: Vec<_> = in_the_way.collect();
            if blockers.is_empty() { (Status::Ready, blockers) } else { (Status::Waiting, blockers) }
        }
    }
}

fn hazard(finding: &Finding, lines: &LineIndex) -> Hazard {
    Hazard {
        rule: finding.rule,
        severity: finding.severity,
        line: lines.line(finding.span.start),
        message: finding.message.clone(),
    }
}

fn statements(
    migration: &Migration,
    reviewed: &Reviewed,
    lines: &LineIndex,
) -> Vec<PlannedStatement> {
    let said = reviewed.judged.iter().zip(&reviewed.phases);
    let statements = reviewed.script.statements.iter().zip(said);
    statements
        .map(|(statement, (judged, phase))| {
            let mut locks: Vec<Lock> = judged
                .changes
                .iter()
                .flat_map(|change| change.locks.iter().cloned())
                .collect();
            locks.sort_by_key(|lock| std::cmp::Reverse((lock.mode, lock.work)));
            locks.dedup();
            PlannedStatement {
                line: lines.line(statement.span.start),
                phase: *phase,
                sql: one_line(statement.span.of(&migration.text)),
                changes: judged
                    .changes
                    .iter()
                    .map(|change| change.verdict.clone())
                    .collect(),
                locks,
                opaque: statement
                    .opaque
                    .as_ref()
                    .map(|opaque| opaque.reason.clone()),
            }
        })
        .collect()
}

/// White space folded, shortened to what fits a line of a review.
fn one_line(sql: &str) -> String {
    const LONGEST: usize = 120;
    let mut line = String::new();
    for word in sql.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > LONGEST {
            line = line.chars().take(LONGEST - 1).collect();
            line.push('…');
            break;
        }
    }
    line
}

impl Summary {
    fn count(&mut self, step: &Step) {
        self.migrations += 1;
        self.statements += step.statements.len();
        self.opaque += step
            .statements
            .iter()
            .filter(|statement| statement.opaque.is_some())
            .count();
        let of = |severity| {
            step.hazards
                .iter()
                .filter(|hazard| hazard.severity == severity)
                .count()
        };
        self.errors += of(Severity::Error);
        self.warnings += of(Severity::Warning);
    }
}

impl Cutover {
    fn place(&mut self, step: &Step, reviewed: &Reviewed) {
        let id = step.migration.clone();
        match step.phase {
            FilePhase::Expand => self.expand.push(id),
            FilePhase::Migrate if reviewed.script.says_after_cutover() => {
                self.migrate_after_cutover.push(id);
            }
            FilePhase::Migrate => self.migrate.push(id),
            FilePhase::Contract => self.contract.push(id),
            FilePhase::Mixed => self.split.push(id),
        }
    }
}
