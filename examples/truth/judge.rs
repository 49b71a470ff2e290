//! What happened against what was said.

use std::rc::Rc;

use bgmigrate::model::Migration;
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::classified::{Cause, Classified, HeldBy};
use crate::compare::{Fact, Weight};
use crate::folders::Source;

/// What one migration did.
pub(crate) struct Change {
    pub(crate) before: Rc<Catalog>,
    pub(crate) after: Rc<Catalog>,
    pub(crate) facts: Vec<Fact>,
}

/// Everything about one migration.
pub(crate) struct Outcome {
    pub(crate) source: Source,
    pub(crate) id: String,
    pub(crate) file: String,
    /// Or what the engine said to a file that it refused.
    pub(crate) comparison: Result<Comparison, String>,
}

/// What happened, and what was said.
pub(crate) struct Comparison {
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
        }
    }
}

impl Comparison {
    pub(crate) fn new(change: Change, mut classified: Classified) -> Self {
        let Change {
            before,
            after,
            facts,
        } = change;
        classified.look(&before, &after);
        let breaking = facts.iter().any(|fact| fact.weight == Weight::Breaking);
        let agreement = agreement(breaking, &classified);
        Self {
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

    /// Something was taken away.
    pub(crate) fn is_breaking(&self) -> bool {
        !self.facts(Weight::Breaking).is_empty()
    }

    /// Nothing was taken away, not even rows: such a file should never be held back.
    pub(crate) fn is_additive(&self) -> bool {
        !self.is_breaking() && !matches!(self.agreement, Agreement::Rows | Agreement::Absent)
    }

    fn json(&self) -> Value {
        let held_by =
            |held: &HeldBy| json!({ "line": held.line, "kind": held.kind, "reason": held.reason });
        json!({
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

impl Outcome {
    pub(crate) fn new(
        source: &Source,
        migration: &Migration,
        comparison: Result<Comparison, String>,
    ) -> Self {
        Self {
            source: source.clone(),
            id: migration.id.clone(),
            file: migration.file.clone(),
            comparison,
        }
    }

    /// The outcome as one line of output.
    pub(crate) fn json(&self) -> Value {
        let mut line = match &self.comparison {
            Ok(comparison) => comparison.json(),
            Err(error) => json!({ "error": error, "agreement": "not_comparable" }),
        };
        line["project"] = json!(self.source.project);
        line["dialect"] = json!(self.source.dialect.name());
        line["id"] = json!(self.id);
        line["file"] = json!(self.file);
        line["accepted"] = json!(self.comparison.is_ok());
        line
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
