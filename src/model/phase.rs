//! Phases, and the finer word for why a statement has the one it has.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a statement does to the releases that already run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// No bearing on what an application sees: plain indexes, comments, SET, ANALYZE.
    Neutral,
    /// Every release that worked before works after it, and nothing is lost.
    Expand,
    /// Changes rows, not shape.
    Migrate,
    /// Removes, renames or tightens something an older release may rely on, or destroys data.
    Contract,
    /// Not understood: gates as contract until a directive says otherwise.
    Opaque,
}

impl Phase {
    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract => "contract",
            Self::Opaque => "opaque",
        }
    }

    /// Whether a gate holds it back as it holds back a contract step.
    pub const fn gates_as_contract(self) -> bool {
        matches!(self, Self::Contract | Self::Opaque)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The finer word behind a phase: which promise to the old release is kept or broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Neither reads nor writes of any release change.
    Neutral,
    /// Purely additive.
    Add,
    /// A permission is widened: safe until the new release uses it, one-way afterwards.
    Loosen,
    /// Rows move or are checked; the shape stays.
    Rows,
    /// Narrows what may be written: old writes fail.
    Restrict,
    /// A name or a meaning disappears, data is kept: old reads fail.
    Reshape,
    /// Data or a definition is gone.
    Destroy,
    /// Not understood.
    Unknown,
}

impl Effect {
    /// The phase that this effect belongs to.
    pub const fn phase(self) -> Phase {
        match self {
            Self::Neutral => Phase::Neutral,
            Self::Add | Self::Loosen => Phase::Expand,
            Self::Rows => Phase::Migrate,
            Self::Restrict | Self::Reshape | Self::Destroy => Phase::Contract,
            Self::Unknown => Phase::Opaque,
        }
    }
}

/// What the classifier says of one change, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The phase; `effect.phase()` unless a directive overrides it.
    pub phase: Phase,
    /// The finer word.
    pub effect: Effect,
    /// The action's kind in kebab case: `drop-column`.
    pub kind: &'static str,
    /// What it acts on, as people name it: `users.username`, `index users_email_idx`.
    pub object: String,
    /// One clause that says why, in terms of the releases that run.
    pub reason: String,
}

/// The phase of a whole migration.
///
/// Neutral statements take the phase of what stands beside them. Expand and migrate statements in
/// one file make a `migrate` file: both run before the cutover, and neither hurts an old release.
/// Contract (or opaque) beside expand or migrate is `mixed`: no moment is right for such a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilePhase {
    /// Runs before the cutover.
    Expand,
    /// Runs before the cutover, after the expand steps.
    Migrate,
    /// Waits until every release without it is retired.
    Contract,
    /// Needs to be split; gates as contract.
    Mixed,
}

impl FilePhase {
    /// The phase of a file whose statements have these phases.
    pub fn of(phases: impl IntoIterator<Item = Phase>) -> Self {
        let (mut additive, mut rows, mut breaking) = (false, false, false);
        for phase in phases {
            match phase {
                Phase::Neutral => {}
                Phase::Expand => additive = true,
                Phase::Migrate => rows = true,
                Phase::Contract | Phase::Opaque => breaking = true,
            }
        }
        match (breaking, additive || rows) {
            (true, true) => Self::Mixed,
            (true, false) => Self::Contract,
            (false, _) if rows => Self::Migrate,
            (false, _) => Self::Expand,
        }
    }

    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract => "contract",
            Self::Mixed => "mixed",
        }
    }

    /// Whether a gate holds it back as it holds back a contract step.
    pub const fn gates_as_contract(self) -> bool {
        matches!(self, Self::Contract | Self::Mixed)
    }
}

impl fmt::Display for FilePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_the_phase_that_decides_when_it_may_run() {
        use Phase::{Contract, Expand, Migrate, Neutral, Opaque};
        let cases: &[(&[Phase], FilePhase)] = &[
            (&[], FilePhase::Expand),
            (&[Neutral], FilePhase::Expand),
            (&[Expand, Neutral], FilePhase::Expand),
            (&[Neutral, Migrate], FilePhase::Migrate),
            (&[Expand, Migrate], FilePhase::Migrate),
            (&[Neutral, Contract], FilePhase::Contract),
            (&[Opaque], FilePhase::Contract),
            (&[Contract, Opaque], FilePhase::Contract),
            (&[Expand, Contract], FilePhase::Mixed),
            (&[Migrate, Opaque], FilePhase::Mixed),
        ];
        for (phases, expected) in cases {
            assert_eq!(
                FilePhase::of(phases.iter().copied()),
                *expected,
                "{phases:?}"
            );
        }
    }
}
