//! The state that the record is in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{MigrationId, ReleaseId, SlotId, digest};
use crate::model::FilePhase;

/// What the record holds: slots and what is in them, what each release ships, which migrations ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// The slots that hold a release; a slot that is not here is empty.
    pub slots: BTreeMap<SlotId, Slot>,
    /// The releases in those slots, and others that somebody asked about.
    pub releases: BTreeMap<ReleaseId, Release>,
    /// The migrations that were begun.
    pub steps: BTreeMap<MigrationId, Step>,
    /// Cutovers in flight, by service.
    pub cutovers: BTreeMap<String, Cutover>,
    /// What was written into the router of each service; a service that is not here never was.
    pub epochs: BTreeMap<String, Epochs>,
    /// What each slot held when it was last retired.
    pub retired: BTreeMap<SlotId, Retired>,
}

/// A slot that holds a release.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The version in it.
    pub version: String,
    /// What the slot is to the router.
    pub role: Role,
    /// Since when it has been that.
    pub since: DateTime<Utc>,
    /// When its smoke test last passed, if it did since this release was deployed here.
    pub smoked: Option<DateTime<Utc>>,
}

/// What a slot is to the router. An empty slot has no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Deployed, and never live since.
    Staged,
    /// The router sends traffic to it.
    Live,
    /// It was live, and is what a rollback returns to.
    Standby,
}

impl Role {
    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Live => "live",
            Self::Standby => "standby",
        }
    }
}

/// A release, as it was built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Release {
    /// The migrations of the folder that it was built with.
    pub ships: BTreeMap<MigrationId, Shipped>,
    /// What it relies on, in the form of whoever proves things by it; `None` is everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<serde_json::Value>,
    /// Contract steps outside of what it ships that had run when it was recorded, and were proven to take nothing that
    /// it uses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unharmed_by: BTreeSet<MigrationId>,
}

impl Release {
    /// One that relies on everything.
    pub fn shipping(ships: BTreeMap<MigrationId, Shipped>) -> Self {
        Self {
            ships,
            ..Self::default()
        }
    }
}

/// That a release was proven not to use something. It is about the uses that were recorded then: a release that is
/// recorded again with others has proven nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Proof {
    /// Which release.
    pub release: ReleaseId,
    /// Of its uses.
    pub digest: String,
}

/// A migration that a release ships, as it was classified when the release was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shipped {
    /// Its phase.
    pub phase: FilePhase,
    /// It may complete after the cutover.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_cutover: bool,
}

/// A migration that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// Its phase when it was begun.
    pub phase: FilePhase,
    /// Of its text.
    pub checksum: String,
    /// How far it got.
    pub status: Status,
    /// The releases that were proven not to use what it touches, when it was begun.
    pub unused_by: BTreeSet<Proof>,
    /// The version from which on releases do not use it, as its directive says.
    pub unused_since: Option<String>,
}

/// How far a migration got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// All of it ran.
    Applied,
    /// It runs statement by statement, outside a transaction; or a run was killed in the middle.
    Begun {
        /// Its statements before this one are done.
        done: usize,
        /// Whether the statement at `done` was sent.
        running: bool,
    },
    /// Nobody knows whether the statement at `done` ran: `resolve` settles it.
    Unknown {
        /// Its statements before this one are done.
        done: usize,
    },
    /// Its way back runs, or was killed in the middle.
    Undoing,
}

impl Status {
    /// Whether all of it is certainly there.
    pub const fn is_applied(self) -> bool {
        matches!(self, Self::Applied)
    }
}

/// A cutover in flight: intended, and not settled yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cutover {
    /// The slot that was live; `None` for a service's first.
    pub from: Option<String>,
    /// The slot that shall be live.
    pub to: String,
    /// Forward, or back.
    pub direction: Direction,
    /// When the attempt under way was claimed.
    pub since: DateTime<Utc>,
    /// How much of the traffic that attempt gives to `to`, in per cent; 0 is the way back.
    pub share: u8,
    /// It is not the first attempt: what the ones before did, or may still do, is not known.
    pub retried: bool,
}

/// The numbers of the attempts on a router. Each is greater than those before it, is written into the router together
/// with the slot, and is read back with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Epochs {
    /// Of the last attempt.
    pub claimed: u64,
    /// Of the last attempt that was read back: what the router shall hold while nothing is in flight. `None` while the
    /// router was never written.
    pub settled: Option<u64>,
}

/// Which way a cutover goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the release that replaces the live one.
    Forward,
    /// Back to the standby.
    Back,
}

/// What was retired, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Retired {
    /// The version.
    pub version: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl State {
    /// The serving set P: every slot that holds a release, over all services. Traffic may reach each of these releases,
    /// now or after a flip.
    pub fn serving(&self) -> impl Iterator<Item = (&SlotId, &Slot)> {
        self.slots.iter()
    }

    /// The slot of a service that is live.
    pub fn live<'a>(&'a self, service: &'a str) -> Option<(&'a SlotId, &'a Slot)> {
        self.of(service).find(|(_, slot)| slot.role == Role::Live)
    }

    /// What a rollback of a service returns to: the standby that was live last.
    pub fn standby<'a>(&'a self, service: &'a str) -> Option<(&'a SlotId, &'a Slot)> {
        let standbys = self
            .of(service)
            .filter(|(_, slot)| slot.role == Role::Standby);
        standbys.max_by_key(|(_, slot)| slot.since)
    }

    /// The attempts on the router of a service.
    pub fn epochs(&self, service: &str) -> Epochs {
        self.epochs.get(service).copied().unwrap_or_default()
    }

    /// The slots of one service.
    pub fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = (&'a SlotId, &'a Slot)> {
        self.slots
            .iter()
            .filter(move |(id, _)| id.service == service)
    }

    /// The release in a slot.
    pub fn release_in(&self, id: &SlotId, slot: &Slot) -> Option<&Release> {
        self.releases
            .get(&ReleaseId::new(&id.service, &slot.version))
    }

    /// Whether a release was built with a migration. A release that the record does not know ships nothing.
    pub fn ships(&self, release: &ReleaseId, migration: &MigrationId) -> bool {
        let known = self.releases.get(release);
        known.is_some_and(|release| release.ships.contains_key(migration))
    }

    /// Whether a contract step that had run when a release was recorded was proven to take nothing that it uses.
    pub fn is_unharmed_by(&self, release: &ReleaseId, migration: &MigrationId) -> bool {
        let known = self.releases.get(release);
        known.is_some_and(|release| release.unharmed_by.contains(migration))
    }

    /// What a proof of a release's disuse looks like; `None` where it uses everything, or is not known.
    pub fn proof(&self, release: &ReleaseId) -> Option<Proof> {
        let uses = self.releases.get(release)?.uses.as_ref()?;
        Some(Proof {
            release: release.clone(),
            digest: digest(&uses.to_string()),
        })
    }

    /// Whether all of a migration ran.
    pub fn is_applied(&self, migration: &MigrationId) -> bool {
        self.steps
            .get(migration)
            .is_some_and(|step| step.status.is_applied())
    }
}
