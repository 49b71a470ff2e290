//! Runs what the gates allow: look, decide, record, act, record.

mod apply;
mod check;
mod probe;
mod undo;

pub use apply::{Apply, Outcome, Progress, RunError, Settings, apply, recover, resolve};
pub use check::failing_checks;
pub use undo::{Undo, undo};
