//! What people and pipelines ask for.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Adopted, MigrationId, Proof, Release, SlotId};
use crate::model::FilePhase;

/// What somebody wants to happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Record that a release was deployed in a slot.
    Record {
        /// Where.
        slot: SlotId,
        /// Which.
        version: String,
        /// It serves traffic already: on adoption, or replaced in place.
        live: bool,
        /// What it was built with, and relies on.
        release: Release,
    },
    /// Record how a smoke test went.
    Smoke {
        /// Where.
        slot: SlotId,
        /// The version that was tested.
        version: String,
        /// Since when the slot has been what it was when it was tested: another deployment was not.
        since: DateTime<Utc>,
        /// The checks that failed; none where it passed.
        failed: Vec<String>,
    },
    /// Close the rollback to a slot's release.
    Retire {
        /// Where.
        slot: SlotId,
        /// The reason to do so before its rollback window has passed.
        early: Option<String>,
    },
    /// Take over what another tool has applied, and taken back.
    Adopt {
        /// What it has applied.
        migrations: Vec<Adopted>,
        /// What it says is not applied any more.
        gone: Vec<MigrationId>,
    },
    /// Run a migration statement by statement.
    Begin(Candidate),
    /// Run a migration as one transaction, of which the record is a part.
    Apply(Candidate),
    /// Send a statement of a migration that was begun.
    Send {
        /// Which migration.
        migration: MigrationId,
        /// Which of its statements, from 0.
        statement: usize,
    },
    /// A statement came back done.
    Done {
        /// Which migration.
        migration: MigrationId,
        /// Which of its statements, from 0.
        statement: usize,
        /// It was the last: the migration is applied.
        last: bool,
    },
    /// A statement came back refused by the database, which changed nothing.
    Fail {
        /// Which migration.
        migration: MigrationId,
        /// Which of its statements, from 0.
        statement: usize,
        /// What the database said.
        error: String,
    },
    /// Nobody can tell whether the statement that was sent did run.
    Doubt {
        /// Which migration.
        migration: MigrationId,
        /// What was looked at.
        why: String,
    },
    /// Say how a statement went that nobody could tell of.
    Resolve {
        /// Which migration.
        migration: MigrationId,
        /// How.
        how: Resolution,
        /// It was the migration's last statement.
        last: bool,
        /// Why.
        reason: String,
    },
    /// Run the way back of an expand step.
    Undo {
        /// Which.
        migration: MigrationId,
        /// Applied later, on the same objects.
        dependents: Vec<MigrationId>,
        /// All of it and the record in one transaction; else it is begun, and [`Command::Undone`] ends it.
        whole: bool,
    },
    /// All of a way back ran.
    Undone {
        /// Which.
        migration: MigrationId,
    },
    /// Move traffic to a slot.
    Cutover {
        /// Which.
        to: SlotId,
        /// The release that is meant, where one was looked at: another that came into the slot since gets no traffic.
        release: Option<String>,
        /// How much of it at first, in per cent: 100 is all at once.
        share: u8,
    },
    /// Move traffic back to the standby.
    Rollback {
        /// Of which service.
        service: String,
        /// Only what the attempt with this epoch has moved: where another has moved traffic since, it stays.
        after: Option<u64>,
    },
    /// Take the slot that the router sends traffic to for the live one.
    Follow {
        /// Of which service.
        service: String,
        /// A person says that the record is older than the router's state, because the database was restored.
        restored: bool,
    },
    /// Send traffic to the slot that the record has live.
    Enforce {
        /// Of which service.
        service: String,
    },
    /// Make another attempt of a cutover in flight, under a new epoch: the next step of one's own, or a take-over. What
    /// was sent before counts no more.
    Claim {
        /// Of which service.
        service: String,
        /// The epoch of the attempt before, as whoever claims has seen it.
        epoch: u64,
        /// How much of the traffic the new slot shall get, in per cent; 0 is the way back.
        share: u8,
    },
    /// Settle a cutover in flight by what the router says.
    Settle {
        /// Of which service.
        service: String,
        /// The epoch of the attempt that is settled.
        epoch: u64,
    },
    /// Give a cutover up whose only attempt moved nothing, and will move nothing.
    Abandon {
        /// Of which service.
        service: String,
        /// The epoch of that attempt.
        epoch: u64,
        /// Why it moved nothing.
        reason: String,
    },
}

/// A migration that somebody wants to run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// Which.
    pub migration: MigrationId,
    /// Its phase, as classified now.
    pub phase: FilePhase,
    /// Of its text.
    pub checksum: String,
    /// Releases that are proven, by what is recorded of their queries, not to use what it touches.
    pub unused_by: BTreeSet<Proof>,
    /// The version from which on releases do not use what it touches, as its directive says.
    pub unused_since: Option<String>,
    /// Earlier migrations of the folder that wait, and change the same objects: each with the object.
    pub behind: Vec<(MigrationId, String)>,
}

/// How a statement went that nobody could tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// It ran.
    Done,
    /// It did not run, and shall.
    Retry,
    /// It did not run, and shall not.
    Skip,
}
