//! What can have happened, and what it means for the state.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Cutover, Direction, MigrationId, Proof, Release, ReleaseId, Retired, Role, Slot, SlotId, State,
    Status, Step,
};
use crate::model::FilePhase;

/// One line of the history. Its JSON is kept for ever: fields may be added, none may change its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case"
)]
pub enum Event {
    /// A release was deployed in a slot.
    ReleaseRecorded {
        /// Where.
        slot: SlotId,
        /// Which.
        version: String,
        /// What the slot is from now on: staged, or live on adoption and in place.
        role: Role,
        /// What it was built with, and relies on.
        #[serde(flatten)]
        release: Release,
    },
    /// A slot's smoke test ended.
    SmokeTested {
        /// Where.
        slot: SlotId,
        /// The version that was in it.
        version: String,
        /// How.
        passed: bool,
        /// The checks that failed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<String>,
    },
    /// A hook failed: one before a stage stopped it, one after it changed nothing.
    HookFailed {
        /// Of which service.
        service: String,
        /// When it was called.
        stage: String,
        /// What people call it.
        hook: String,
        /// What went wrong.
        error: String,
    },
    /// No rollback to this slot's release will happen again.
    Retired {
        /// Where.
        slot: SlotId,
        /// The version that was in it.
        version: String,
        /// Why before its rollback window had passed.
        #[serde(skip_serializing_if = "Option::is_none")]
        early: Option<String>,
    },
    /// Migrations were applied before bgmigrate came, by another tool.
    Adopted {
        /// Which.
        migrations: Vec<Adopted>,
    },
    /// A migration runs statement by statement.
    StepBegun {
        /// Which.
        migration: MigrationId,
        /// As what.
        phase: FilePhase,
        /// Of its text.
        checksum: String,
        /// Releases that were proven not to use what it touches.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        unused_by: BTreeSet<Proof>,
        /// What its directive says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unused_since: Option<String>,
    },
    /// A statement of it is about to be sent.
    StatementSent {
        /// Which migration.
        migration: MigrationId,
        /// Which of its statements, from 0.
        statement: usize,
    },
    /// It came back done.
    StatementDone {
        /// Which migration.
        migration: MigrationId,
        /// Which of its statements, from 0.
        statement: usize,
    },
    /// It came back refused by the database, which changed nothing.
    StatementFailed {
        /// Which migration.
        migration: MigrationId,
        /// Which of its statements, from 0.
        statement: usize,
        /// What the database said.
        error: String,
    },
    /// Nobody can tell whether it ran.
    OutcomeUnknown {
        /// Which migration.
        migration: MigrationId,
        /// What was looked at.
        why: String,
    },
    /// A person looked, and said how it went.
    Resolved {
        /// Which migration.
        migration: MigrationId,
        /// Whether the statement counts as done; else it runs again.
        done: bool,
        /// Why.
        reason: String,
    },
    /// All of a migration ran.
    StepApplied {
        /// Which.
        migration: MigrationId,
        /// As what.
        phase: FilePhase,
        /// Of its text.
        checksum: String,
        /// Releases that were proven not to use what it touches.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        unused_by: BTreeSet<Proof>,
        /// What its directive says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unused_since: Option<String>,
    },
    /// A migration's way back runs statement by statement.
    UndoBegun {
        /// Which.
        migration: MigrationId,
    },
    /// All of its way back ran.
    Undone {
        /// Which.
        migration: MigrationId,
    },
    /// The router is about to be moved.
    CutoverIntended {
        /// Of which service.
        service: String,
        /// From which slot; `None` for the first.
        from: Option<String>,
        /// To which slot.
        to: String,
        /// Which way.
        direction: Direction,
        /// How much of the traffic moves at first, in per cent.
        #[serde(default = "all", skip_serializing_if = "is_all")]
        share: u8,
        /// Of this attempt: greater than that of any before.
        #[serde(default)]
        epoch: u64,
    },
    /// Another attempt is about to be made: the next step, the way back, or somebody goes on with what was interrupted.
    CutoverClaimed {
        /// Of which service.
        service: String,
        /// How much of the traffic the new slot shall get, in per cent.
        share: u8,
        /// Of this attempt.
        epoch: u64,
    },
    /// The router was seen at the new slot.
    CutoverCompleted {
        /// Of which service.
        service: String,
    },
    /// The router was seen where it had been.
    CutoverAbandoned {
        /// Of which service.
        service: String,
        /// Why.
        reason: String,
    },
}

const fn all() -> u8 {
    100
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_all(share: &u8) -> bool {
    *share == all()
}

/// A migration that another tool applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Adopted {
    /// Which.
    pub migration: MigrationId,
    /// As what.
    pub phase: FilePhase,
    /// Of its text.
    pub checksum: String,
}

impl State {
    /// The state after an event that happened at `at`.
    #[must_use]
    pub fn evolve(mut self, event: &Event, at: DateTime<Utc>) -> Self {
        match event {
            Event::ReleaseRecorded {
                slot,
                version,
                role,
                release,
            } => self.hold(slot, version, *role, release, at),
            Event::SmokeTested {
                slot,
                version,
                passed,
                ..
            } => {
                if let Some(slot) = self
                    .slots
                    .get_mut(slot)
                    .filter(|slot| slot.version == *version)
                {
                    slot.smoked = passed.then_some(at);
                }
            }
            Event::HookFailed { .. } => {}
            Event::Retired { slot, version, .. } => {
                self.slots.remove(slot);
                let version = version.clone();
                self.retired.insert(slot.clone(), Retired { version, at });
            }
            Event::Adopted { migrations } => {
                for one in migrations {
                    let step = Step::new(one.phase, &one.checksum, Status::Applied);
                    self.steps.insert(one.migration.clone(), step);
                }
            }
            Event::StepBegun {
                migration,
                phase,
                checksum,
                unused_by,
                unused_since,
            } => {
                let begun = Status::Begun {
                    done: 0,
                    running: false,
                };
                let step =
                    Step::new(*phase, checksum, begun).unused(unused_by, unused_since.as_deref());
                self.steps.insert(migration.clone(), step);
            }
            Event::StepApplied {
                migration,
                phase,
                checksum,
                unused_by,
                unused_since,
            } => {
                let step = Step::new(*phase, checksum, Status::Applied)
                    .unused(unused_by, unused_since.as_deref());
                self.steps.insert(migration.clone(), step);
            }
            Event::StatementSent {
                migration,
                statement,
            } => self.progress(migration, *statement, true),
            Event::StatementDone {
                migration,
                statement,
            } => self.progress(migration, statement + 1, false),
            Event::StatementFailed {
                migration,
                statement,
                ..
            } => self.progress(migration, *statement, false),
            Event::OutcomeUnknown { migration, .. } => {
                if let Some(step) = self.steps.get_mut(migration) {
                    let done = step.status.done();
                    step.status = Status::Unknown { done };
                }
            }
            Event::Resolved {
                migration, done, ..
            } => {
                let before = self
                    .steps
                    .get(migration)
                    .map_or(0, |step| step.status.done());
                self.progress(migration, before + usize::from(*done), false);
            }
            Event::UndoBegun { migration } => {
                if let Some(step) = self.steps.get_mut(migration) {
                    step.status = Status::Undoing;
                }
            }
            Event::Undone { migration } => {
                self.steps.remove(migration);
            }
            Event::CutoverIntended {
                service,
                from,
                to,
                direction,
                share,
                epoch,
            } => {
                let cutover = Cutover {
                    from: from.clone(),
                    to: to.clone(),
                    direction: *direction,
                    since: at,
                    share: *share,
                    retried: false,
                };
                self.cutovers.insert(service.clone(), cutover);
                self.claim(service, *epoch);
            }
            Event::CutoverClaimed {
                service,
                share,
                epoch,
            } => {
                if let Some(cutover) = self.cutovers.get_mut(service) {
                    cutover.since = at;
                    cutover.share = *share;
                    cutover.retried = true;
                }
                self.claim(service, *epoch);
            }
            Event::CutoverCompleted { service } => {
                self.flip(service, at);
                self.settle(service);
            }
            Event::CutoverAbandoned { service, .. } => {
                // The only attempt was one that wrote nothing; a later one wrote the old slot anew.
                let cutover = self.cutovers.remove(service);
                if cutover.is_some_and(|cutover| cutover.retried) {
                    self.settle(service);
                }
            }
        }
        self
    }

    fn hold(
        &mut self,
        id: &SlotId,
        version: &str,
        role: Role,
        release: &Release,
        at: DateTime<Utc>,
    ) {
        let slot = Slot {
            version: version.to_owned(),
            role,
            since: at,
            smoked: None,
        };
        self.slots.insert(id.clone(), slot);
        self.retired.remove(id);
        self.releases
            .insert(ReleaseId::new(&id.service, version), release.clone());
    }

    fn progress(&mut self, migration: &MigrationId, done: usize, running: bool) {
        if let Some(step) = self.steps.get_mut(migration) {
            step.status = Status::Begun { done, running };
        }
    }

    /// The live slot becomes the standby, or on the way back is merely staged: it has to pass its smoke test again.
    fn flip(&mut self, service: &str, at: DateTime<Utc>) {
        let Some(cutover) = self.cutovers.remove(service) else {
            return;
        };
        // The router was only written anew.
        if cutover.from.as_ref() == Some(&cutover.to) {
            return;
        }
        let left = cutover.from.map(|from| SlotId::new(service, &from));
        if let Some(slot) = left.and_then(|id| self.slots.get_mut(&id)) {
            slot.since = at;
            slot.role = match cutover.direction {
                Direction::Forward => Role::Standby,
                Direction::Back => Role::Staged,
            };
            if cutover.direction == Direction::Back {
                slot.smoked = None;
            }
        }
        if let Some(slot) = self.slots.get_mut(&SlotId::new(service, &cutover.to)) {
            slot.since = at;
            slot.role = Role::Live;
        }
    }
}

impl State {
    fn claim(&mut self, service: &str, epoch: u64) {
        let epochs = self.epochs.entry(service.to_owned()).or_default();
        epochs.claimed = epoch;
    }

    /// The router holds what the last attempt wrote.
    fn settle(&mut self, service: &str) {
        let epochs = self.epochs.entry(service.to_owned()).or_default();
        epochs.settled = Some(epochs.claimed);
    }
}

impl Step {
    fn new(phase: FilePhase, checksum: &str, status: Status) -> Self {
        Self {
            phase,
            checksum: checksum.to_owned(),
            status,
            unused_by: BTreeSet::new(),
            unused_since: None,
        }
    }

    fn unused(mut self, by: &BTreeSet<Proof>, since: Option<&str>) -> Self {
        self.unused_by.clone_from(by);
        self.unused_since = since.map(str::to_owned);
        self
    }
}

impl Status {
    /// How many of its statements are certainly done; an applied migration does not count them.
    pub const fn done(self) -> usize {
        match self {
            Self::Begun { done, .. } | Self::Unknown { done } => done,
            Self::Applied | Self::Undoing => 0,
        }
    }
}
