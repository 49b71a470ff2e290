//! Runs what the gates allow: look, decide, record, act, record.

mod apply;
mod blockers;
mod check;
mod guarded;
mod probe;
mod takeover;
mod undo;

pub use apply::{Apply, Outcome, Progress, RunError, Settings, apply, recover, resolve};
pub use check::failing_checks;
pub use takeover::{TakeoverError, applied_elsewhere, elsewhere};
pub use undo::{Undo, undo};
