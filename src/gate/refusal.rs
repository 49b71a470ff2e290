//! A refusal is data: the same one is printed for people, as JSON, as Markdown and as an exit status.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Role;

/// Why something may not happen now.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refusal {
    /// Which rule refuses it.
    pub rule: Rule,
    /// What is refused: `migration 0004`, `cutover to green`.
    pub blocked: String,
    /// Why, in one clause.
    pub reason: String,
    /// The release that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<Holder>,
    /// Until when, where time alone opens the way to `unblock`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<DateTime<Utc>>,
    /// What opens the way: a command, or an imperative.
    pub unblock: String,
}

/// The release that stands in the way, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The service.
    pub service: String,
    /// Its version.
    pub release: String,
    /// The slot that holds it.
    pub slot: String,
    /// What that slot is.
    pub role: Role,
}

/// The rules that refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A contract step runs only when no release that traffic may reach can miss what it takes.
    ContractGate,
    /// Traffic moves only to a release whose schema is there, and complete.
    CutoverGate,
    /// Traffic moves back only to a standby that was not retired.
    RollbackGate,
    /// An expand step is undone only while no release that traffic may reach ships it.
    UndoGate,
    /// Router and record agree, or nothing moves.
    Lockstep,
    /// A standby is retired after its rollback window.
    RollbackWindow,
    /// A slot holds one release at a time.
    Slot,
    /// A migration does not overtake one that changes the same object.
    Order,
    /// A file that mixes phases has no right moment.
    MixedFile,
    /// A migration that ran must not have been edited.
    Edited,
    /// Nothing builds on a step of which nobody knows how it went.
    UnknownOutcome,
    /// The record does not know it, or knows it in another state.
    Record,
}

impl Rule {
    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContractGate => "contract-gate",
            Self::CutoverGate => "cutover-gate",
            Self::RollbackGate => "rollback-gate",
            Self::UndoGate => "undo-gate",
            Self::Lockstep => "lockstep",
            Self::RollbackWindow => "rollback-window",
            Self::Slot => "slot",
            Self::Order => "order",
            Self::MixedFile => "mixed-file",
            Self::Edited => "edited",
            Self::UnknownOutcome => "unknown-outcome",
            Self::Record => "record",
        }
    }
}

impl Refusal {
    /// A refusal by a rule, with no release in the way.
    pub fn new(
        rule: Rule,
        blocked: impl Into<String>,
        reason: impl Into<String>,
        unblock: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            blocked: blocked.into(),
            reason: reason.into(),
            by: None,
            until: None,
            unblock: unblock.into(),
        }
    }

    /// The same, because of what a slot holds.
    #[must_use]
    pub fn by(mut self, holder: Holder) -> Self {
        self.by = Some(holder);
        self
    }

    /// The same, until then.
    #[must_use]
    pub fn until(mut self, until: Option<DateTime<Utc>>) -> Self {
        self.until = until;
        self
    }
}
