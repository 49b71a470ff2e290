//! The record, the gates and the runner, as a team uses them, on real databases of the three engines.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../servers/mod.rs"]
mod servers;

mod adopt;
mod application;
mod backfill;
mod browser;
mod capture;
mod checks;
mod external;
mod faults;
mod guard;
mod hooks;
mod killed;
mod lockstep;
mod moving;
mod operators;
mod plan;
mod properties;
mod refusals;
mod serve;
mod sessions;
mod smoke;
mod steps;
mod story;
mod undo;
mod uses;
mod watched;
mod world;
