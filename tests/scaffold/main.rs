//! Every pattern of `bgmigrate new`, from its files to its end, on real databases of the three engines: generated,
//! linted, applied under the gates, with the statements of the release before and of the one after at every phase,
//! taken back where that is allowed, and nothing left behind.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../servers/mod.rs"]
mod servers;
#[path = "../record/world.rs"]
#[allow(dead_code, reason = "the record's tests use more of it")]
mod world;

mod catalog;
mod patterns;
mod story;
