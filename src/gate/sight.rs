//! What is seen of the world at the moment of a decision.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{MigrationId, SlotId};

/// What is seen of the world at the moment of a decision. None of it is in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The database's clock: all hosts share it.
    pub now: DateTime<Utc>,
    /// What the configuration asks for.
    pub policy: Policy,
    /// Where the router of each service is, for those that have one.
    pub routers: BTreeMap<String, Observed>,
    /// Who is connected to the database from each slot, for those whose sessions can be told.
    pub sessions: BTreeMap<SlotId, Connected>,
    /// Checks of migrations that do not hold: each with what was seen.
    pub failing_checks: Vec<(MigrationId, String)>,
}

impl Sight {
    /// Nothing but the time, under the default policy.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            policy: Policy::default(),
            routers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            failing_checks: Vec::new(),
        }
    }
}

/// What the configuration asks of cutovers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a standby stays the rollback target before it may be retired.
    pub rollback_window: TimeDelta,
    /// A slot's smoke test must have passed before traffic moves to it.
    pub smoke: bool,
}

impl Default for Policy {
    /// A day to roll back in; smoke tests are asked for once some are configured.
    fn default() -> Self {
        Self {
            rollback_window: TimeDelta::days(1),
            smoke: false,
        }
    }
}

/// Who is connected to the database from a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Connected {
    /// So many sessions.
    Sessions(u64),
    /// Nobody can tell, and why.
    Unreadable(String),
}

/// Where a router was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Observed {
    /// All traffic goes to one slot.
    At {
        /// Which.
        slot: String,
        /// Of the attempt that wrote it; `None` when somebody else did.
        epoch: Option<u64>,
    },
    /// Traffic goes to several slots, or to none that is configured.
    Elsewhere(String),
    /// It could not be asked.
    Unreadable(String),
}
