//! Runs what the gates allow: look, decide, record, act, record.

mod apply;
mod backfill;
mod blockers;
mod check;
mod clock;
mod guarded;
mod hook;
mod outlook;
mod probe;
mod smoke;
mod takeover;
mod undo;
mod watch;

pub use apply::{Apply, Outcome, Progress, RunError, Settings, apply, recover, resolve};
pub use backfill::sweep;
pub use check::{Checked, checks, failing_checks};
pub use clock::{Clock, Wall};
pub use hook::call_hook;
pub use outlook::{Mark, Outlook};
pub use smoke::{Address, ask_slot};
pub use takeover::{TakeoverError, applied_elsewhere, elsewhere};
pub use undo::{Undo, undo};
pub use watch::{Look, Vigil, watch};
