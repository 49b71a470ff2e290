//! Backfills: changes of many rows, run in batches by key.
//!
//! People write one statement. [`recognise`] says whether it may be cut, and if not why; [`choose`] by which key;
//! [`Shape`] and [`Cut`] write the batches; [`Steer`] says how large the next one is and how long to rest after it;
//! [`Throttle`] whether there may be one at all. All of it is pure: what was measured, and the time, are arguments.

mod cut;
mod key;
mod pace;
mod progress;
mod settle;
mod shape;
mod survey;
mod throttle;

pub use cut::{Cut, Range};
pub use key::{Column, Facts, Key, Kind, NoKey, Rows, choose};
pub use pace::{Pace, Steer};
pub use progress::{Progress, Stage, Verified};
pub use shape::{Shape, Verb, Whole, recognise};
pub use throttle::{Hold, Reading, Throttle};

#[cfg(test)]
mod tests;
