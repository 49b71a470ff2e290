//! Columns that say the same under two names or in two shapes, kept in step by triggers while old and new releases both
//! write.
//!
//! A migration asks for it by `-- bgmigrate: sync=TABLE.OLD<->TABLE.NEW`. The triggers are statements that nobody wrote:
//! [`Syncs`] goes through a folder with the schema, and tells which of them stand beside the statements of each file:
//! those that build them behind the one that asks, and those that take them down before the one that drops a side.

mod asked;
mod bridge;
mod made;
pub(crate) mod words;

pub(crate) use bridge::{Absent, Bridge, Side, folds};
pub use made::{Going, Made, Mistake, Syncs};
