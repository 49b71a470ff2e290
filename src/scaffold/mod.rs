//! Migrations written for people: an empty one, or a whole pattern as its expand, its migrate and its contract step.
//!
//! Pure: a pattern and the schema that a folder has made come to a [`Draft`], and a draft in a folder to the texts of
//! new files, with names and marks of the folder's own layout. What is written is reviewed like any other migration
//! before anybody sees it.

mod draft;
mod error;
mod heir;
mod patterns;
mod picture;
mod place;
mod rebuild;
mod split;

pub use draft::{Draft, Step};
pub use error::ScaffoldError;
pub use patterns::{OnDelete, Orphans, Pattern};
pub use picture::{Given, Picture};
pub use place::{Ground, New, Placed, place, place_empty, text_of};
pub use split::{Answers, split};
