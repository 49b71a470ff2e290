//! A change in its context becomes a phase with a reason.

use crate::model::{Change, Effect, Engine, Verdict};
use crate::schema::Schema;
use crate::sql::Script;

/// What a change is judged by.
pub struct Context<'a> {
    /// The schema right before the change.
    pub schema: &'a Schema,
    /// The file that it stands in.
    pub script: &'a Script,
    /// The index of its statement.
    pub index: usize,
    /// The server.
    pub engine: &'a Engine,
}

/// Judges one change.
pub fn classify(_change: &Change, _context: &Context<'_>) -> Verdict {
    Verdict {
        phase: Effect::Unknown.phase(),
        effect: Effect::Unknown,
        kind: "unknown",
        object: String::new(),
        reason: String::new(),
    }
}
