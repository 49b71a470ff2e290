//! What happened against what was said.

use super::catalog::Catalog;
use super::classified::{Cause, Classified};
use super::compare::{Fact, Weight};

/// What happened, and what was said.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What became of the catalog.
    pub facts: Vec<Fact>,
    /// What the review said.
    pub classified: Classified,
    /// Whether the two agree.
    pub agreement: Agreement,
}

/// Whether the classification holds against the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They agree.
    Agree,
    /// An older release could break, and the file was let pass.
    Missed,
    /// Nothing was taken away, and the file was held back for its shape.
    FalseAlarm,
    /// Nothing was taken away, and the file was held back for a statement that was not understood.
    Opaque,
    /// It was held back only for rows that it loses, which no catalog shows.
    Rows,
    /// It was held back for what it drops or alters, which is not there: the folder does not begin at the
    /// beginning, or takes care of what others may have.
    Absent,
}

impl Agreement {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Missed => "missed",
            Self::FalseAlarm => "false_alarm",
            Self::Opaque => "false_alarm_opaque",
            Self::Rows => "rows_only",
            Self::Absent => "absent",
        }
    }
}

impl Comparison {
    /// Holds the review of a migration against what it did.
    pub fn new(
        before: &Catalog,
        after: &Catalog,
        facts: Vec<Fact>,
        mut classified: Classified,
    ) -> Self {
        classified.look(before, after);
        let breaking = facts.iter().any(|fact| fact.weight == Weight::Breaking);
        let agreement = agreement(breaking, &classified);
        Self {
            facts,
            classified,
            agreement,
        }
    }

    /// The facts of this weight.
    pub fn facts(&self, weight: Weight) -> Vec<&str> {
        self.facts
            .iter()
            .filter(|fact| fact.weight == weight)
            .map(|fact| fact.what.as_str())
            .collect()
    }

    /// Something was taken away.
    pub fn is_breaking(&self) -> bool {
        !self.facts(Weight::Breaking).is_empty()
    }

    /// Nothing was taken away, not even rows: such a file should never be held back.
    pub fn is_additive(&self) -> bool {
        !self.is_breaking() && !matches!(self.agreement, Agreement::Rows | Agreement::Absent)
    }
}

fn agreement(breaking: bool, classified: &Classified) -> Agreement {
    let caused_by = |cause| classified.held_by.iter().any(|held| held.cause == cause);
    match (breaking, classified.phase.gates_as_contract()) {
        (true, false) => Agreement::Missed,
        (true, true) | (false, false) => Agreement::Agree,
        (false, true) if caused_by(Cause::Shape) => Agreement::FalseAlarm,
        (false, true) if caused_by(Cause::Opaque) => Agreement::Opaque,
        (false, true) if caused_by(Cause::Absent) => Agreement::Absent,
        (false, true) => Agreement::Rows,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::FilePhase;

    use super::super::classified::HeldBy;
    use super::*;

    #[test]
    fn what_was_said_is_held_against_what_happened() {
        let classified = |phase, causes: &[Cause]| Classified {
            phase,
            statements: 1,
            opaque: 0,
            let_pass: Vec::new(),
            held_by: causes
                .iter()
                .map(|cause| HeldBy {
                    line: 1,
                    cause: *cause,
                    kind: String::new(),
                    reason: String::new(),
                    target: None,
                    made_here: None,
                })
                .collect(),
        };
        let cases: &[(bool, FilePhase, &[Cause], Agreement)] = &[
            (true, FilePhase::Expand, &[], Agreement::Missed),
            (true, FilePhase::Migrate, &[], Agreement::Missed),
            (true, FilePhase::Mixed, &[Cause::Opaque], Agreement::Agree),
            (false, FilePhase::Expand, &[], Agreement::Agree),
            (
                false,
                FilePhase::Contract,
                &[Cause::Rows, Cause::Shape],
                Agreement::FalseAlarm,
            ),
            (
                false,
                FilePhase::Mixed,
                &[Cause::Rows, Cause::Opaque],
                Agreement::Opaque,
            ),
            (
                false,
                FilePhase::Contract,
                &[Cause::Absent, Cause::Rows],
                Agreement::Absent,
            ),
            (false, FilePhase::Mixed, &[Cause::Rows], Agreement::Rows),
        ];
        for (breaking, phase, causes, expected) in cases {
            let said = agreement(*breaking, &classified(*phase, causes));
            assert_eq!(
                said, *expected,
                "breaking {breaking}, {phase} by {causes:?}"
            );
        }
    }
}
