//! How checks went.

use serde::Serialize;

use crate::gate::SlotId;

/// What was expected, and what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What had to be so, as a clause after "expected".
    pub expected: String,
    /// What was seen instead.
    pub got: String,
}

impl Mismatch {
    /// These two.
    pub fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            got: got.into(),
        }
    }
}

/// What kind of check it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A request.
    Http,
    /// A command.
    Command,
    /// What a migration asks of the database by its `check` directive.
    Migration,
}

impl Kind {
    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Command => "command",
            Self::Migration => "migration",
        }
    }
}

/// How one check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What people call it.
    pub name: String,
    /// What kind it was.
    pub kind: Kind,
    /// How often it was tried.
    pub attempts: u32,
    /// How long the last attempt took, in milliseconds.
    pub took_ms: u64,
    /// What was wrong in the last attempt; nothing where it passed.
    pub mismatches: Vec<Mismatch>,
}

impl Outcome {
    /// Whether what came is what was expected.
    pub const fn passed(&self) -> bool {
        self.mismatches.is_empty()
    }
}

/// How all checks of a slot went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Where.
    pub slot: SlotId,
    /// The version that was recorded there.
    pub version: String,
    /// Certificates were not looked at.
    pub insecure: bool,
    /// Each of them.
    pub outcomes: Vec<Outcome>,
}

impl Tested {
    /// Whether all of them passed. That nothing was checked is no pass.
    pub fn passed(&self) -> bool {
        !self.outcomes.is_empty() && self.outcomes.iter().all(Outcome::passed)
    }

    /// Those that did not.
    pub fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|one| !one.passed())
    }
}
