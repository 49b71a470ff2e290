//! The built binary as people, scripts and CI meet it: what it says, where, and how it ends.

mod bad_input;
mod bad_use;
mod fields;
mod hard_input;
mod pipes;
mod scaffolds;
mod schemas;
mod transcripts;
mod world;
