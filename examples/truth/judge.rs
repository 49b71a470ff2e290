//! What happened against what was said, as a line of output.

use std::rc::Rc;

use bgmigrate::model::Migration;
use bgmigrate::proof::{Catalog, Comparison, Fact, HeldBy, Weight};
use serde_json::{Value, json};

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
            Ok(comparison) => json(comparison),
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

fn json(comparison: &Comparison) -> Value {
    let held_by =
        |held: &HeldBy| json!({ "line": held.line, "kind": held.kind, "reason": held.reason });
    json!({
        "breaking": comparison.facts(Weight::Breaking),
        "loosening": comparison.facts(Weight::Loosening),
        "additive": comparison.facts(Weight::Additive),
        "neutral": comparison.facts(Weight::Neutral),
        "classified": comparison.classified.phase.name(),
        "statements": comparison.classified.statements,
        "opaque": comparison.classified.opaque,
        "held_by": comparison.classified.held_by.iter().map(held_by).collect::<Vec<_>>(),
        "agreement": comparison.agreement.name(),
    })
}
