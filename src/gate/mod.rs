//! The decision core: what the record holds, what may happen next, and what is refused, with the reason as data.
//!
//! [`decide`] turns a [`Command`] into the [`Event`]s that it would record, or into [`Refusal`]s; [`State::evolve`] is
//! what an event means. Both are functions of their arguments: the time, the router's answer, the results of checks
//! and the proofs of disuse are told in a [`Sight`], so that a test can lie about each of them. Whoever records events
//! must do so on top of the very state that was decided on; the record's head (see the store) makes sure of it.

mod command;
mod decide;
mod event;
mod names;
mod refusal;
mod rules;
mod sight;
mod state;
mod traffic;

pub use command::{Candidate, Command, Resolution};
pub use decide::{contract_gate, cutover_gate, decide};
pub use event::{Adopted, Event};
pub use names::{MigrationId, ReleaseId, SlotId, digest};
pub use refusal::{Holder, Refusal, Rule};
pub use sight::{Connected, Observed, Policy, Sight};
pub use state::{
    Cutover, Direction, Epochs, Proof, Release, Retired, Role, Shipped, Slot, State, Status, Step,
};
pub use traffic::drifting;
