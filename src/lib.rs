//! Reads migration folders, tells what each statement does to the releases that run, and when it may run.
//!
//! The map of the house; arrows run one way, each room may use those above it:
//! [`model`] the nouns · [`sql`] text to changes · [`guard`] what the database refuses by itself ·
//! [`schema`] the folded picture · [`sync`] columns kept in step · [`classify`] phases · [`cost`] locks · [`lint`] the rules · [`review`] a whole folder ·
//! [`folder`] migration layouts · [`fix`] mending · [`scaffold`] migrations written for a pattern · [`files`] disk and git · [`call`] other programs · [`smoke`] what a slot has to answer · [`hook`] what a team has called · [`gate`] the decisions ·
//! [`uses`] what a release relies on · [`adopt`] what other tools have applied · [`plan`] the rollout ·
//! [`proof`] whether it is true · [`scratch`] databases to try it on ·
//! [`report`] values to text · [`config`] `bgmigrate.toml` · [`cli`] the commands.

pub mod adopt;
pub mod backfill;
pub mod call;
pub mod classify;
pub mod cli;
pub mod config;
pub mod cost;
pub mod files;
pub mod fix;
pub mod folder;
pub mod gate;
pub mod guard;
pub mod hook;
pub mod lint;
pub mod model;
mod nearest;
pub mod plan;
pub mod proof;
pub mod report;
pub mod review;
pub mod router;
pub mod run;
pub mod scaffold;
pub mod schema;
pub mod scratch;
pub mod smoke;
mod spread;
pub mod sql;
pub mod store;
pub mod sync;
pub mod uses;
