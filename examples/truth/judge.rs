//! What happened against what was said.

use bgmigrate::model::Migration;
use serde_json::{Value, json};

use crate::classified::{Cause, Classified, HeldBy};
use crate::compare::{Fact, Weight};
use crate::folders::Source;

/// Everything about one migration.
pub(crate) struct Outcome {
    pub(crate) source: Source,
    pub(crate) id: String,
    pub(crate) file: String,
    /// What the engine said to a file that it did not accept.
    pub(crate) error: Option<String>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) classified: Classified,
    pub(crate) agreement: Agreement,
}

/// Whether the classification holds against the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
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
    /// The engine did not accept the file.
    NotComparable,
}

impl Agreement {
    const fn name(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Missed => "missed",
            Self::FalseAlarm => "false_alarm",
            Self::Opaque => "false_alarm_opaque",
            Self::Rows => "rows_only",
            Self::Absent => "absent",
            Self::NotComparable => "not_comparable",
        }
    }
}

impl Outcome {
    pub(crate) fn new(
        source: &Source,
        migration: &Migration,
        applied: Result<(), String>,
        facts: Vec<Fact>,
        classified: Classified,
    ) -> Self {
        let breaking = facts.iter().any(|fact| fact.weight == Weight::Breaking);
        let agreement = agreement(applied.is_ok(), breaking, &classified);
        Self {
            source: source.clone(),
            id: migration.id.clone(),
            file: migration.file.clone(),
            error: applied.err(),
            facts,
            classified,
            agreement,
        }
    }

    /// The facts of this weight.
    pub(crate) fn facts(&self, weight: Weight) -> Vec<&str> {
        self.facts
            .iter()
            .filter(|fact| fact.weight == weight)
            .map(|fact| fact.what.as_str())
            .collect()
    }

    /// Nothing was taken away, not even rows: such a file should never be held back.
    pub(crate) fn is_additive(&self) -> bool {
        self.error.is_none()
            && self.facts(Weight::Breaking).is_empty()
            && !matches!(self.agreement, Agreement::Rows | Agreement::Absent)
    }

    /// The outcome as one line of output.
    pub(crate) fn json(&self) -> Value {
        let held_by =
            |held: &HeldBy| json!({ "line": held.line, "kind": held.kind, "reason": held.reason });
        json!({
            "project": self.source.project,
            "dialect": self.source.dialect.name(),
            "id": self.id,
            "file": self.file,
            "accepted": self.error.is_none(),
            "error": self.error,
            "breaking": self.facts(Weight::Breaking),
            "loosening": self.facts(Weight::Loosening),
            "additive": self.facts(Weight::Additive),
            "neutral": self.facts(Weight::Neutral),
            "classified": self.classified.phase.name(),
            "statements": self.classified.statements,
            "opaque": self.classified.opaque,
            "held_by": self.classified.held_by.iter().map(held_by).collect::<Vec<_>>(),
            "agreement": self.agreement.name(),
        })
    }
}

fn agreement(accepted: bool, breaking: bool, classified: &Classified) -> Agreement {
    let caused_by = |cause| classified.held_by.iter().any(|held| held.cause == cause);
    match (accepted, breaking, classified.phase.gates_as_contract()) {
        (false, _, _) => Agreement::NotComparable,
        (true, true, false) => Agreement::Missed,
        (true, true, true) | (true, false, false) => Agreement::Agree,
        (true, false, true) if caused_by(Cause::Shape) => Agreement::FalseAlarm,
        (true, false, true) if caused_by(Cause::Opaque) => Agreement::Opaque,
        (true, false, true) if caused_by(Cause::Absent) => Agreement::Absent,
        (true, false, true) => Agreement::Rows,
    }
}

#[cfg(test)]
mod tests {
    use bgmigrate::model::FilePhase;

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
                })
                .collect(),
        };
        let cases: &[(bool, bool, FilePhase, &[Cause], Agreement)] = &[
            (true, true, FilePhase::Expand, &[], Agreement::Missed),
            (true, true, FilePhase::Migrate, &[], Agreement::Missed),
            (
                true,
                true,
                FilePhase::Mixed,
                &[Cause::Opaque],
                Agreement::Agree,
            ),
            (true, false, FilePhase::Expand, &[], Agreement::Agree),
            (
                true,
                false,
                FilePhase::Contract,
                &[Cause::Rows, Cause::Shape],
                Agreement::FalseAlarm,
            ),
            (
                true,
                false,
                FilePhase::Mixed,
                &[Cause::Rows, Cause::Opaque],
                Agreement::Opaque,
            ),
            (
                true,
                false,
                FilePhase::Mixed,
                &[Cause::Rows],
                Agreement::Rows,
            ),
            (
                false,
                true,
                FilePhase::Expand,
                &[],
                Agreement::NotComparable,
            ),
        ];
        for (accepted, breaking, phase, causes, expected) in cases {
            let said = agreement(*accepted, *breaking, &classified(*phase, causes));
            assert_eq!(
                said, *expected,
                "accepted {accepted}, breaking {breaking}, {phase} by {causes:?}"
            );
        }
    }
}
