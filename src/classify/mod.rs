//! A change in its context becomes a phase with a reason.

use crate::model::{Change, Effect, Engine, Verdict};
use crate::schema::Schema;
use crate::sql::Script;

/// What a change is judged by.
pub struct Context<'a> {
    /// The schema right before the change.
    pub schema: &'a Schema,
    /// What the whole file does.
    pub facts: &'a FileFacts,
    /// The index of the change's statement in the file.
    pub index: usize,
    /// The server.
    pub engine: &'a Engine,
}

/// What the rest of the file tells of a statement in it.
pub struct FileFacts {}

impl FileFacts {
    /// Looks through the file, given the schema before it.
    pub fn of(_script: &Script, _schema: &Schema, _engine: &Engine) -> Self {
        Self {}
    }
}

/// Whether the change acts on something that is new in the pending set: no release can be hurt by it, and
/// nobody waits for its locks.
pub fn acts_on_new(_change: &Change, _schema: &Schema) -> bool {
    false
}

/// Judges one change.
pub fn classify(_change: &Change, _context: &Context<'_>) -> Verdict {
    let effect = Effect::Unknown;
    Verdict {
        phase: effect.phase(),
        effect,
        kind: "unknown",
        object: String::new(),
        reason: String::new(),
    }
}
