//! From a command to the events that it would record.

use chrono::{DateTime, Utc};

use super::rules::{self, Taking, holder};
use super::traffic;
use super::{
    Candidate, Command, Direction, Event, MigrationId, Refusal, Release, Resolution, Role, Rule,
    Sight, SlotId, State, Status, Step,
};
use crate::model::FilePhase;

pub(super) type Decision = Result<Vec<Event>, Vec<Refusal>>;

/// What a command would record now; no event means that what it asks for is so already.
///
/// # Errors
/// With everything that stands in the way.
pub fn decide(state: &State, command: &Command, sight: &Sight) -> Decision {
    match command {
        Command::Record {
            slot,
            version,
            live,
            release,
        } => record(state, slot, version, *live, release, sight),
        Command::Smoke {
            slot,
            version,
            since,
            failed,
        } => smoke(state, slot, (version, *since), failed),
        Command::Retire { slot, early } => retire(state, slot, early.as_deref(), sight),
        Command::Adopt { migrations, gone } => Ok(adopt(state, migrations, gone)),
        Command::Begin(candidate) => begin(state, candidate, sight),
        Command::Apply(candidate) => apply(state, candidate, sight),
        Command::Send {
            migration,
            statement,
        } => send(state, migration, *statement, sight),
        Command::Done {
            migration,
            statement,
            last,
        } => done(state, migration, *statement, *last),
        Command::Fail {
            migration,
            statement,
            error,
        } => {
            sent(state, migration, *statement)?;
            Ok(vec![Event::StatementFailed {
                migration: migration.clone(),
                statement: *statement,
                error: error.clone(),
            }])
        }
        Command::Doubt { migration, why } => doubt(state, migration, why),
        Command::Resolve {
            migration,
            how,
            last,
            reason,
        } => resolve(state, migration, *how, *last, reason),
        Command::Undo {
            migration,
            dependents,
            whole,
        } => undo(state, migration, dependents, *whole),
        Command::Undone { migration } => undone(state, migration),
        Command::Cutover { to, release, share } => {
            traffic::cutover(state, to, release.as_deref(), *share, sight)
        }
        Command::Rollback { service, after } => traffic::rollback(state, service, *after, sight),
        Command::Follow { service, restored } => traffic::follow(state, service, *restored, sight),
        Command::Enforce { service } => traffic::enforce(state, service, sight),
        Command::Claim {
            service,
            epoch,
            share,
        } => traffic::claim(state, service, *epoch, *share),
        Command::Settle { service, epoch } => traffic::settle(state, service, *epoch, sight),
        Command::Abandon {
            service,
            epoch,
            reason,
        } => traffic::abandon(state, service, *epoch, reason),
    }
}

/// What the gate for contract steps says of a migration: everything that holds it back now.
pub fn contract_gate(state: &State, candidate: &Candidate, sight: &Sight) -> Vec<Refusal> {
    held(state, candidate, sight)
}

/// What the gate for moving traffic says: forward to a release, or back to the standby.
pub fn cutover_gate(
    state: &State,
    to: &SlotId,
    direction: Direction,
    sight: &Sight,
) -> Vec<Refusal> {
    rules::cutover(state, to, direction, sight)
}

/// Deploying over a standby ends the rollback to it, so it is held to the same window as `retire`.
fn record(
    state: &State,
    id: &SlotId,
    version: &str,
    live: bool,
    release: &Release,
    sight: &Sight,
) -> Decision {
    let blocked = format!("release {version} in {id}");
    let mut refusals = traffic::in_flight(state, &id.service, &blocked);
    let mut events = Vec::new();
    let held = state.slots.get(id);
    match held.map(|slot| (slot, slot.role)) {
        None | Some((_, Role::Staged)) => {}
        Some((slot, Role::Standby)) => match retire(state, id, None, sight) {
            Ok(retired) => events.extend(retired),
            Err(_) => refusals.push(
                Refusal::new(
                    Rule::RollbackWindow,
                    &blocked,
                    format!("{} is kept there for a rollback", slot.version),
                    format!("bgmigrate retire {} --service {}", id.slot, id.service),
                )
                .by(holder(id, slot))
                .until(Some(slot.since + sight.policy.rollback_window)),
            ),
        },
        Some((_, Role::Live)) if live => {}
        Some((slot, Role::Live)) => refusals.push(
            Refusal::new(
                Rule::Slot,
                &blocked,
                format!("{} is live there", slot.version),
                "deploy to an idle slot; or, if it was replaced in place, say --live",
            )
            .by(holder(id, slot)),
        ),
    }
    if live {
        let other = state.live(&id.service).filter(|(other, _)| *other != id);
        refusals.extend(other.map(|(other, slot)| {
            Refusal::new(
                Rule::Slot,
                &blocked,
                format!("{} is live in {other}", slot.version),
                format!(
                    "record it without --live, then bgmigrate cutover --to {}",
                    id.slot
                ),
            )
            .by(holder(other, slot))
        }));
        refusals.extend(serves_at_once(state, id, version, release, &blocked, sight));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    events.push(Event::ReleaseRecorded {
        slot: id.clone(),
        version: version.to_owned(),
        role: if live { Role::Live } else { Role::Staged },
        release: release.clone(),
    });
    Ok(events)
}

/// What is live at once has to find its schema at once.
fn serves_at_once(
    state: &State,
    id: &SlotId,
    version: &str,
    release: &Release,
    blocked: &str,
    sight: &Sight,
) -> Vec<Refusal> {
    let recorded = Event::ReleaseRecorded {
        slot: id.clone(),
        version: version.to_owned(),
        role: Role::Live,
        release: release.clone(),
    };
    let then = state.clone().evolve(&recorded, sight.now);
    let mut refusals = rules::serves(&then, id, version, Rule::CutoverGate, blocked);
    refusals.extend(rules::ready(&then, id, version, blocked, sight));
    refusals
}

/// A test takes its time, and says nothing about what was deployed meanwhile.
fn smoke(
    state: &State,
    id: &SlotId,
    (version, since): (&str, DateTime<Utc>),
    failed: &[String],
) -> Decision {
    let blocked = format!("smoke test of {id}");
    let Some(slot) = state.slots.get(id) else {
        return Err(vec![nothing_there(id, &blocked)]);
    };
    if slot.version != version || slot.since != since {
        let reason = format!(
            "the slot has changed since {version} was tested there: it holds {}, {}",
            slot.version,
            slot.role.name()
        );
        let unblock = format!("bgmigrate smoke --slot {}", id.slot);
        return Err(vec![
            Refusal::new(Rule::Slot, blocked, reason, unblock).by(holder(id, slot)),
        ]);
    }
    Ok(vec![Event::SmokeTested {
        slot: id.clone(),
        version: slot.version.clone(),
        passed: failed.is_empty(),
        failed: failed.to_vec(),
    }])
}

fn retire(state: &State, id: &SlotId, early: Option<&str>, sight: &Sight) -> Decision {
    let blocked = format!("retiring {id}");
    let Some(slot) = state.slots.get(id) else {
        return match state.retired.get(id) {
            Some(_) => Ok(Vec::new()),
            None => Err(vec![nothing_there(id, &blocked)]),
        };
    };
    let mut refusals = traffic::in_flight(state, &id.service, &blocked);
    let until = slot.since + sight.policy.rollback_window;
    let mut needed = None;
    match slot.role {
        Role::Live => refusals.push(
            Refusal::new(
                Rule::Slot,
                &blocked,
                format!("{} is live there", slot.version),
                "cut over to another slot first",
            )
            .by(holder(id, slot)),
        ),
        Role::Standby if sight.now < until => match early {
            Some(reason) => needed = Some(reason.to_owned()),
            None => refusals.push(
                Refusal::new(
                    Rule::RollbackWindow,
                    &blocked,
                    format!(
                        "its rollback window is open: {} is what a rollback returns to",
                        slot.version
                    ),
                    format!("wait, or bgmigrate retire {} --early --reason …", id.slot),
                )
                .by(holder(id, slot))
                .until(Some(until)),
            ),
        },
        Role::Standby | Role::Staged => {}
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(vec![Event::Retired {
        slot: id.clone(),
        version: slot.version.clone(),
        early: needed,
    }])
}

fn nothing_there(id: &SlotId, blocked: &str) -> Refusal {
    let unblock = format!("bgmigrate release record VERSION --slot {}", id.slot);
    Refusal::new(Rule::Slot, blocked, "no release is recorded there", unblock)
}

/// What is known already is left as it is.
fn adopt(state: &State, migrations: &[super::Adopted], gone: &[MigrationId]) -> Vec<Event> {
    let unknown = |one: &&super::Adopted| !state.steps.contains_key(&one.migration);
    let new: Vec<_> = migrations.iter().filter(unknown).cloned().collect();
    let gone = gone.iter().filter(|id| state.is_applied(id));
    let mut events: Vec<_> = gone
        .map(|id| Event::Undone {
            migration: id.clone(),
        })
        .collect();
    if !new.is_empty() {
        events.push(Event::Adopted { migrations: new });
    }
    events
}

/// What holds a migration back, whether it runs whole or statement by statement.
fn held(state: &State, candidate: &Candidate, sight: &Sight) -> Vec<Refusal> {
    let blocked = format!("migration {}", candidate.migration);
    let mut refusals: Vec<_> = candidate
        .behind
        .iter()
        .filter(|(earlier, _)| !state.is_applied(earlier))
        .map(|(earlier, object)| {
            let reason = format!("{earlier} changes {object} first, and waits itself");
            Refusal::new(
                Rule::Order,
                &blocked,
                reason,
                format!("let {earlier} run first"),
            )
        })
        .collect();
    if candidate.phase.gates_as_contract() {
        refusals.extend(rules::contract(state, &Taking::from(candidate), sight));
        if candidate.phase == FilePhase::Mixed && !refusals.is_empty() {
            refusals.insert(0, mixed(&candidate.migration, &blocked));
        }
    }
    refusals
}

/// A mixed file gates as contract, which keeps its expand part from the release that needs it.
fn mixed(migration: &MigrationId, blocked: &str) -> Refusal {
    Refusal::new(
        Rule::MixedFile,
        blocked,
        "it mixes steps that must run before the cutover with steps that must wait until every older release is \
         retired, so no moment is right for it",
        format!("split {migration} into one migration for each phase"),
    )
}

fn edited(migration: &MigrationId) -> Refusal {
    Refusal::new(
        Rule::Edited,
        format!("migration {migration}"),
        "its text is not the one that was run",
        "restore the file, and write a new migration for the change",
    )
}

fn apply(state: &State, candidate: &Candidate, sight: &Sight) -> Decision {
    if let Some(step) = state.steps.get(&candidate.migration) {
        return match step.status {
            _ if step.checksum != candidate.checksum => Err(vec![edited(&candidate.migration)]),
            Status::Applied => Ok(Vec::new()),
            _ => Err(vec![begun_already(&candidate.migration, step.status)]),
        };
    }
    let refusals = held(state, candidate, sight);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(vec![Event::StepApplied {
        migration: candidate.migration.clone(),
        phase: candidate.phase,
        checksum: candidate.checksum.clone(),
        unused_by: candidate.unused_by.clone(),
        unused_since: candidate.unused_since.clone(),
    }])
}

fn begin(state: &State, candidate: &Candidate, sight: &Sight) -> Decision {
    let known = state.steps.get(&candidate.migration);
    if let Some(step) = known {
        match step.status {
            _ if step.checksum != candidate.checksum => {
                return Err(vec![edited(&candidate.migration)]);
            }
            Status::Applied => return Ok(Vec::new()),
            Status::Begun { running: false, .. } => {}
            status => return Err(vec![begun_already(&candidate.migration, status)]),
        }
    }
    let refusals = held(state, candidate, sight);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    if known.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::StepBegun {
        migration: candidate.migration.clone(),
        phase: candidate.phase,
        checksum: candidate.checksum.clone(),
        unused_by: candidate.unused_by.clone(),
        unused_since: candidate.unused_since.clone(),
    }])
}

fn begun_already(migration: &MigrationId, status: Status) -> Refusal {
    let blocked = format!("migration {migration}");
    match status {
        Status::Undoing => Refusal::new(
            Rule::Record,
            blocked,
            "its undo was begun",
            format!("bgmigrate undo {migration}"),
        ),
        Status::Unknown { done } => Refusal::new(
            Rule::UnknownOutcome,
            blocked,
            format!("nobody knows whether its statement {} ran", done + 1),
            format!("bgmigrate resolve {migration} --done, --retry or --skip, with --reason …"),
        ),
        Status::Begun { done, .. } => Refusal::new(
            Rule::UnknownOutcome,
            blocked,
            format!(
                "its statement {} was sent, and no answer is recorded",
                done + 1
            ),
            "bgmigrate apply",
        ),
        Status::Applied => Refusal::new(
            Rule::Record,
            blocked,
            "it is applied",
            "nothing has to be done",
        ),
    }
}

/// The gate looks again before every statement: a release may have been deployed since the first.
fn send(state: &State, migration: &MigrationId, statement: usize, sight: &Sight) -> Decision {
    let step = begun(state, migration)?;
    match step.status {
        Status::Begun {
            done,
            running: false,
        } if done == statement => {}
        status => return Err(vec![begun_already(migration, status)]),
    }
    if step.phase.gates_as_contract() {
        let taking = Taking {
            migration,
            unused_by: &step.unused_by,
            unused_since: step.unused_since.as_deref(),
        };
        let refusals = rules::contract(state, &taking, sight);
        if !refusals.is_empty() {
            return Err(refusals);
        }
    }
    Ok(vec![Event::StatementSent {
        migration: migration.clone(),
        statement,
    }])
}

fn done(state: &State, migration: &MigrationId, statement: usize, last: bool) -> Decision {
    let step = sent(state, migration, statement)?;
    let mut events = vec![Event::StatementDone {
        migration: migration.clone(),
        statement,
    }];
    if last {
        events.push(applied(migration, step));
    }
    Ok(events)
}

fn applied(migration: &MigrationId, step: &Step) -> Event {
    Event::StepApplied {
        migration: migration.clone(),
        phase: step.phase,
        checksum: step.checksum.clone(),
        unused_by: step.unused_by.clone(),
        unused_since: step.unused_since.clone(),
    }
}

fn begun<'a>(state: &'a State, migration: &MigrationId) -> Result<&'a Step, Vec<Refusal>> {
    state.steps.get(migration).ok_or_else(|| {
        vec![Refusal::new(
            Rule::Record,
            format!("migration {migration}"),
            "the record does not know that it was begun",
            "bgmigrate apply",
        )]
    })
}

/// The step, if this statement of it was sent and not answered.
fn sent<'a>(
    state: &'a State,
    migration: &MigrationId,
    statement: usize,
) -> Result<&'a Step, Vec<Refusal>> {
    let step = begun(state, migration)?;
    match step.status {
        Status::Begun {
            done,
            running: true,
        } if done == statement => Ok(step),
        status => Err(vec![begun_already(migration, status)]),
    }
}

fn doubt(state: &State, migration: &MigrationId, why: &str) -> Decision {
    let step = begun(state, migration)?;
    match step.status {
        Status::Begun { running: true, .. } => Ok(vec![Event::OutcomeUnknown {
            migration: migration.clone(),
            why: why.to_owned(),
        }]),
        Status::Unknown { .. } => Ok(Vec::new()),
        status => Err(vec![begun_already(migration, status)]),
    }
}

fn resolve(
    state: &State,
    migration: &MigrationId,
    how: Resolution,
    last: bool,
    reason: &str,
) -> Decision {
    let step = begun(state, migration)?;
    if step.status == Status::Undoing && how == Resolution::Done {
        let migration = migration.clone();
        return Ok(vec![
            Event::Resolved {
                migration: migration.clone(),
                done: true,
                reason: reason.to_owned(),
            },
            Event::Undone { migration },
        ]);
    }
    if !matches!(step.status, Status::Unknown { .. }) {
        return Err(vec![Refusal::new(
            Rule::Record,
            format!("migration {migration}"),
            "there is nothing to resolve: its outcome is known",
            "bgmigrate status",
        )]);
    }
    let done = how != Resolution::Retry;
    let mut events = vec![Event::Resolved {
        migration: migration.clone(),
        done,
        reason: reason.to_owned(),
    }];
    if done && last {
        events.push(applied(migration, step));
    }
    Ok(events)
}

/// Rule 4.
fn undo(
    state: &State,
    migration: &MigrationId,
    dependents: &[MigrationId],
    whole: bool,
) -> Decision {
    let blocked = format!("undo of {migration}");
    let step = begun(state, migration)?;
    let mut refusals = Vec::new();
    match step.status {
        Status::Applied => {}
        Status::Undoing => return Ok(Vec::new()),
        status => return Err(vec![begun_already(migration, status)]),
    }
    if step.phase != FilePhase::Expand {
        refusals.push(Refusal::new(
            Rule::UndoGate,
            &blocked,
            format!(
                "it is no expand step, but {}: what it changed or took cannot be put back",
                step.phase
            ),
            "write a new migration",
        ));
    }
    for (id, slot) in state.serving() {
        let ships = state
            .release_in(id, slot)
            .is_none_or(|release| release.ships.contains_key(migration));
        if ships {
            refusals.push(
                Refusal::new(
                    Rule::UndoGate,
                    &blocked,
                    format!("{} in {id} ships it", slot.version),
                    format!("move traffic away from {} and retire it", id.slot),
                )
                .by(holder(id, slot)),
            );
        }
    }
    refusals.extend(
        dependents
            .iter()
            .filter(|id| state.steps.contains_key(*id))
            .map(|later| {
                let reason = format!("{later} ran later, on the same objects");
                Refusal::new(
                    Rule::Order,
                    &blocked,
                    reason,
                    format!("bgmigrate undo {later}"),
                )
            }),
    );
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let migration = migration.clone();
    Ok(vec![if whole {
        Event::Undone { migration }
    } else {
        Event::UndoBegun { migration }
    }])
}

fn undone(state: &State, migration: &MigrationId) -> Decision {
    let step = begun(state, migration)?;
    match step.status {
        Status::Undoing => Ok(vec![Event::Undone {
            migration: migration.clone(),
        }]),
        status => Err(vec![begun_already(migration, status)]),
    }
}
