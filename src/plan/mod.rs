//! The review of what is pending: each migration's phase and cost, what waits for what, and the rollout.
//!
//! Against a record, each step is what the gates say of it today. Without one nothing is known to be applied, so every
//! migration under review counts as pending, and a contract step waits for the retirement of every release that does not
//! ship it.

mod against;
mod back;
mod disuse;
mod steps;
mod touch;

use serde::Serialize;

use crate::gate::{Refusal, Rule};
use crate::lint::Judged;
use crate::model::{
    Dialect, FilePhase, Finding, LineIndex, Lock, Migration, Phase, Severity, Verdict,
};
use crate::review::Reviewed;
use touch::Held;

pub use against::{Against, candidate, dependents};
pub use back::{Back, NoWayBack};
pub use disuse::{spares, uses};
pub use steps::{Batches, FolderStep, Manner, Statement, Unrunnable, Way, checks_of, steps};
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
    /// The steps that are not applied yet, in folder order.
    pub fn pending(&self) -> impl Iterator<Item = &Step> {
        let steps = self.steps.iter();
        steps.filter(|step| step.status != Status::Applied)
    }

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
    pub blocked_by: Vec<Refusal>,
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
    /// How `apply` runs it, where that is not in one go: in batches; or not at all, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<String>,
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
    /// Migrations that are recorded as applied; the other counts leave them out.
    pub applied: usize,
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

/// Plans what was reviewed, in folder order; against the record, where there is one.
pub fn plan(subjects: &[Subject<'_>], dialect: Dialect, against: Option<&Against<'_>>) -> Plan {
    let mut plan = Plan {
        steps: Vec::new(),
        cutover: Cutover::default(),
        summary: Summary::default(),
    };
    let statuses = match against {
        Some(against) => against.statuses(),
        None => statuses(subjects),
    };
    for (subject, (status, blocked_by)) in subjects.iter().zip(statuses) {
        let step = step(subject, dialect, status, blocked_by);
        if status == Status::Applied {
            plan.summary.applied += 1;
        } else {
            plan.summary.count(&step);
            plan.cutover.place(&step, subject.reviewed);
        }
        plan.steps.push(step);
    }
    plan
}

fn step(subject: &Subject<'_>, dialect: Dialect, status: Status, blocked_by: Vec<Refusal>) -> Step {
    let Subject {
        migration,
        reviewed,
        file,
    } = subject;
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
        statements: statements(migration, reviewed, dialect, &lines),
        hazards,
        split: if reviewed.phase == FilePhase::Mixed && status != Status::Applied {
            split(migration, &reviewed.script.statements, &reviewed.phases)
        } else {
            Vec::new()
        },
    }
}

/// What can be said without a record.
fn statuses(subjects: &[Subject<'_>]) -> Vec<(Status, Vec<Refusal>)> {
    let mut held = Held::default();
    let each = subjects.iter().enumerate().map(|(at, subject)| {
        let said = status(subject, subjects, &held);
        if subject.reviewed.phase.gates_as_contract() {
            held.hold(at, subject.reviewed);
        }
        said
    });
    each.collect()
}

fn status<'a>(
    subject: &Subject<'a>,
    subjects: &[Subject<'a>],
    held: &Held<'a>,
) -> (Status, Vec<Refusal>) {
    let blocked = format!("migration {}", subject.migration.id);
    match subject.reviewed.phase {
        FilePhase::Mixed => {
            let refusal = Refusal::new(
                Rule::MixedFile,
                blocked,
                "it mixes steps that must run before the cutover with steps that must wait until every older release is \
                 retired, so no moment is right for it",
                "split it into one migration for each phase, as shown",
            );
            (Status::Refused, vec![refusal])
        }
        FilePhase::Contract => {
            let refusal = Refusal::new(
                Rule::ContractGate,
                blocked,
                "a release that was built without it may still run, or be rolled back to",
                "retire every release that does not ship it",
            );
            (Status::Waiting, vec![refusal])
        }
        FilePhase::Expand | FilePhase::Migrate => {
            let in_the_way = held.in_the_way(subject.reviewed).into_iter();
            let refusals: Vec<_> = in_the_way
                .map(|(place, object)| {
                    let before = &subjects[place].migration.id;
                    Refusal::new(
                        Rule::Order,
                        &blocked,
                        format!("{before} changes {object} first, and waits itself"),
                        format!("let {before} run first"),
                    )
                })
                .collect();
            if refusals.is_empty() {
                (Status::Ready, refusals)
            } else {
                (Status::Waiting, refusals)
            }
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

/// What a statement locks, the hardest lock first.
fn locks_of(judged: &Judged) -> Vec<Lock> {
    let changes = judged.changes.iter();
    let mut locks: Vec<Lock> = changes
        .flat_map(|change| change.locks.iter().cloned())
        .collect();
    locks.sort_by_key(|lock| std::cmp::Reverse((lock.mode, lock.work)));
    locks.dedup();
    locks
}

fn statements(
    migration: &Migration,
    reviewed: &Reviewed,
    dialect: Dialect,
    lines: &LineIndex,
) -> Vec<PlannedStatement> {
    let said = reviewed.judged.iter().zip(&reviewed.phases);
    let own = reviewed.script.statements.iter().zip(said).enumerate();
    let own = own.map(|(at, (statement, (judged, phase)))| {
        let runs = match reviewed.phase {
            FilePhase::Migrate => {
                let sql = statement.span.of(&migration.text);
                steps::way(sql, &statement.changes, &reviewed.script, at, dialect).told()
            }
            _ => None,
        };
        let line = lines.line(statement.span.start);
        (statement, judged, *phase, &migration.text, line, runs)
    });
    let mut all: Vec<_> = own.collect();
    // From the last to the first, so that each place still counts the file's own statements alone.
    for beside in reviewed.beside.iter().rev() {
        let made = beside.made.script.statements.iter().zip(&beside.judged);
        let line = lines.line(beside.made.span.start);
        let made = made.map(|(statement, judged)| {
            (
                statement,
                judged,
                beside.phase(),
                &beside.made.text,
                line,
                None,
            )
        });
        let at = beside.made.before;
        all.splice(at..at, made);
    }
    all.into_iter()
        .map(|(statement, judged, phase, text, line, runs)| {
            let locks = locks_of(judged);
            PlannedStatement {
                line,
                phase,
                sql: one_line(statement.span.of(text)),
                changes: judged
                    .changes
                    .iter()
                    .map(|change| change.verdict.clone())
                    .collect(),
                locks,
                runs,
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
