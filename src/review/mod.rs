//! Reads a folder once, from its first migration to its last: each statement is described, judged against the
//! schema folded so far, priced in locks and shown to the rules.

mod findings;

use crate::classify::{self, Context};
use crate::cost;
use crate::lint::{self, File, Judged, JudgedChange, Surroundings};
use crate::model::{Effect, Engine, FilePhase, Finding, Migration, Phase, Verdict};
use crate::schema::Schema;
use crate::spread::spread;
use crate::sql::{self, Routines, Script, Statement};
use crate::sync::{Going, Made, Mistake, Syncs};

pub use findings::{RuleSettings, directive_mistakes};

/// Which migrations count as one pending set: what is created in it and not released yet is free to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Released: earlier than anything under review. Folded into the schema, not judged.
    Released,
    /// Judged by itself, as if everything before it had been released.
    Alone,
    /// Judged as part of the one pending set under review.
    Pending,
    /// As [`Self::Pending`], though it was released before, with another text.
    Edited,
}

impl Standing {
    /// Whether it belongs to the one pending set under review.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::Edited)
    }
}

/// What is needed to review a folder besides the folder.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server that the migrations are judged for.
    pub engine: Engine,
    /// Where they will run.
    pub surroundings: Surroundings,
    /// Which rules speak, and how loud.
    pub rules: RuleSettings,
}

/// One migration, reviewed.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// Its index in the folder that was reviewed.
    pub index: usize,
    /// What it says.
    pub script: Script,
    /// What was said of each statement.
    pub judged: Vec<Judged>,
    /// The phase of each statement.
    pub phases: Vec<Phase>,
    /// The phase of the file.
    pub phase: FilePhase,
    /// Statements that nobody wrote, in the order in which they run beside its own.
    pub beside: Vec<Beside>,
    /// What it asks to be kept in step and cannot be.
    pub mistakes: Vec<Mistake>,
    /// What lint found.
    pub findings: Vec<Finding>,
}

/// Statements that nobody wrote, and what was said of each.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The statements.
    pub made: Made,
    /// For each of them.
    pub judged: Vec<Judged>,
}

impl Beside {
    /// Their phase.
    pub const fn phase(&self) -> Phase {
        if self.made.begins {
            Phase::Expand
        } else {
            Phase::Contract
        }
    }
}

/// Reviews `migrations` in order; `standing` tells for each index how it is to be judged. The result holds
/// those that are not [`Standing::Released`].
pub fn review(
    migrations: &[Migration],
    standing: impl Fn(usize) -> Standing,
    settings: &Settings,
) -> Vec<Reviewed> {
    let mut all = Vec::new();
    review_each(migrations, standing, settings, |reviewed| {
        all.push(reviewed);
    });
    all
}

/// As [`review`], but hands each review to `take` as soon as it is done: who keeps little of it needs little memory,
/// and what is given back at once is used again while the processor still has it at hand.
pub fn review_each(
    migrations: &[Migration],
    standing: impl Fn(usize) -> Standing,
    settings: &Settings,
    mut take: impl FnMut(Reviewed),
) {
    let mut schema = Schema::new(settings.engine.dialect);
    let mut syncs = Syncs::default();
    // What a file calls may have been created by any file before it.
    let mut routines = Routines::default();
    let mut before = Standing::Released;
    let batches = migrations.chunks(BATCH).flat_map(|batch| {
        // Reading is costly, and here each file is read by itself.
        let scripts = spread(batch, SHARE, |migration| {
            sql::read_apart(&migration.text, &migration.up, &settings.engine)
        });
        batch.iter().zip(scripts)
    });
    for (index, (migration, mut script)) in batches.enumerate() {
        sql::follow_calls(
            &migration.text,
            &mut script,
            &settings.engine,
            &mut routines,
        );
        let standing = standing(index);
        if !(before.is_pending() && standing.is_pending()) {
            schema.release();
        }
        before = standing;
        if standing == Standing::Released {
            let mut going = Going::new(&migration.text, &script, &settings.engine);
            fold_in(
                &script,
                &mut schema,
                &settings.engine,
                |at, schema, side| {
                    side.show(&mut syncs, &mut going, at, schema);
                },
            );
            syncs.end(&mut going, &schema);
        } else {
            let unread = Unread {
                index,
                migration,
                script,
                edited: standing == Standing::Edited,
            };
            take(review_one(unread, &mut schema, &mut syncs, settings));
        }
    }
}

/// The schema that reviewed migrations come to, as far as their text tells.
pub fn folded(reviewed: &[Reviewed], engine: &Engine) -> Schema {
    let mut schema = Schema::new(engine.dialect);
    for one in reviewed {
        fold_in(&one.script, &mut schema, engine, |_, _, _| {});
    }
    schema
}

/// On which side of a statement the schema is.
#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

impl Side {
    fn show(self, syncs: &mut Syncs, going: &mut Going<'_>, at: usize, schema: &Schema) {
        match self {
            Self::Before => syncs.before(going, at, schema),
            Self::After => syncs.after(going, at, schema),
        }
    }
}

/// Starting a thread takes about as long as reading this many files.
const SHARE: usize = 16;

/// As many files are read before they are judged.
const BATCH: usize = 4 * SHARE;

/// Folds a released migration into the schema without judging it; `look` sees the schema around each statement.
fn fold_in(
    script: &Script,
    schema: &mut Schema,
    engine: &Engine,
    mut look: impl FnMut(usize, &Schema, Side),
) {
    let facts = classify::FileFacts::of(script, schema, engine);
    for (at, statement) in script.statements.iter().enumerate() {
        look(at, schema, Side::Before);
        statement
            .changes
            .iter()
            .for_each(|change| schema.apply(change));
        if statement.opaque.is_some() {
            schema.blur();
        }
        look(at, schema, Side::After);
    }
    facts.settle(schema);
}

/// A migration whose turn has come.
struct Unread<'a> {
    index: usize,
    migration: &'a Migration,
    script: Script,
    edited: bool,
}

fn review_one(
    unread: Unread<'_>,
    schema: &mut Schema,
    syncs: &mut Syncs,
    settings: &Settings,
) -> Reviewed {
    let Unread {
        index,
        migration,
        script,
        edited,
    } = unread;
    let unjudged = || {
        let Settings {
            engine,
            surroundings,
            ..
        } = settings;
        let mut file = File::new(migration, &script, engine, surroundings);
        file.edited = edited;
        file
    };
    let mut findings = Vec::new();
    let mut judged: Vec<Judged> = Vec::with_capacity(script.statements.len());
    let facts = classify::FileFacts::of(&script, schema, &settings.engine);
    let mut going = Going::new(&migration.text, &script, &settings.engine);
    let mut beside: Vec<Beside> = Vec::new();
    for (at, statement) in script.statements.iter().enumerate() {
        syncs.before(&mut going, at, schema);
        beside.extend(priced(&mut going, schema));
        let mut said = Judged {
            changes: Vec::with_capacity(statement.changes.len()),
        };
        for change in &statement.changes {
            let context = Context {
                schema,
                facts: &facts,
                index: at,
                engine: &settings.engine,
            };
            let mut one = JudgedChange {
                verdict: classify::classify(change, &context),
                locks: cost::locks(change, schema, &settings.engine),
                on_new: classify::acts_on_new(change, schema),
            };
            if let Some((phase, reason)) = script.declared_phase(at) {
                let said = &one.verdict.reason;
                one.verdict.reason = format!(
                    "declared {phase}: {reason} (otherwise {}: {said})",
                    one.verdict.phase
                );
                one.verdict.phase = phase;
            }
            let mut file = unjudged();
            file.judged = &judged;
            let site = lint::Site::new(&file, at, change, &one, schema);
            settings.rules.show_change(&site, &mut findings);
            schema.apply(change);
            said.changes.push(one);
        }
        if statement.opaque.is_some() {
            schema.blur();
        }
        judged.push(said);
        syncs.after(&mut going, at, schema);
        beside.extend(priced(&mut going, schema));
    }
    facts.settle(schema);
    let phases: Vec<_> = script
        .statements
        .iter()
        .zip(&judged)
        .enumerate()
        .map(|(at, (statement, said))| match script.declared_phase(at) {
            Some((phase, _)) => phase,
            None => phase_of(statement, said),
        })
        .collect();
    let phase = FilePhase::of(phases.iter().copied());
    for asked in beside.iter().filter(|beside| beside.made.begins) {
        syncs.belongs(&mut going, asked.made.span, phase);
    }
    syncs.end(&mut going, schema);
    let mistakes = std::mem::take(&mut going.mistakes);
    let mut file = unjudged();
    file.judged = &judged;
    file.phases = &phases;
    file.mistakes = &mistakes;
    settings.rules.show_file(&file, &mut findings);
    settings.rules.settle(&script, &mut findings);
    Reviewed {
        index,
        script,
        judged,
        phases,
        phase,
        beside,
        mistakes,
        findings,
    }
}

/// What was made since the last time, with what each of its statements locks in this schema.
fn priced(going: &mut Going<'_>, schema: &Schema) -> Vec<Beside> {
    let engine = going.engine;
    let made = std::mem::take(&mut going.made);
    let each = made.into_iter().map(|made| {
        let phase = if made.begins {
            Phase::Expand
        } else {
            Phase::Contract
        };
        let judged = made.script.statements.iter().map(|statement| Judged {
            changes: statement
                .changes
                .iter()
                .map(|change| JudgedChange {
                    verdict: Verdict {
                        phase,
                        effect: if made.begins {
                            Effect::Add
                        } else {
                            Effect::Destroy
                        },
                        kind: change.action.kind(),
                        object: change.action.object(),
                        reason: made.reason(),
                    },
                    locks: cost::locks(change, schema, engine),
                    on_new: classify::acts_on_new(change, schema),
                })
                .collect(),
        });
        Beside {
            judged: judged.collect(),
            made,
        }
    });
    each.collect()
}

/// The phase of a statement: that of its gravest change. What is not understood gates as contract whatever
/// else the statement does; a statement without any bearing (no change at all) is neutral.
fn phase_of(statement: &Statement, said: &Judged) -> Phase {
    let known = said
        .changes
        .iter()
        .map(|change| change.verdict.phase)
        .max()
        .unwrap_or(Phase::Neutral);
    match (&statement.opaque, known) {
        (Some(_), Phase::Contract) | (None, _) => known,
        (Some(_), _) => Phase::Opaque,
    }
}
