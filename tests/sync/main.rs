//! Columns that a directive has triggers keep in step, on real databases of the three engines: old and new releases
//! write in any order, and neither loses anything.
//!
//! `BGMIGRATE_SYNC_SEEDS=200 BGMIGRATE_SYNC_ROUNDS=150 cargo test --test sync` runs longer than CI does.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../servers/mod.rs"]
mod servers;
#[path = "../record/world.rs"]
#[allow(dead_code, reason = "the record's tests use more of it")]
mod world;

#[path = "../scaffold/catalog.rs"]
mod catalog;

mod life;
mod named;
mod traffic;
