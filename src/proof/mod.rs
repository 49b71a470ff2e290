//! Whether what was said of a migration is true: the catalogs before and after it, compared in the eyes of an older
//! release, held against its phase; rows that make a table more than empty; and what became of an older release's own
//! statements. All of it values: the `scratch` room asks the engines.

mod catalog;
mod classified;
mod compare;
mod costs;
mod judge;
mod matrix;
mod outcome;
mod reach;
mod rows;
mod sqlite;
mod sqlite_text;
mod values;

pub use catalog::{
    Catalog, Column, Domain, ForeignKey, Grant, Key, Policy, Relation, RelationKind, Routine, Rule,
    Trigger,
};
pub use classified::{Cause, Classified, HeldBy, Made, Target, classified};
pub use compare::{Fact, Holds, Weight, compare, question};
pub use costs::{
    CostAgreement, CostDifference, Costed, Ledger, Seen, Taken, Trial, Way, trial, trials,
};
pub use judge::{Agreement, Comparison};
pub use matrix::{Broken, Cell, Matrix, OldRelease, Standing};
pub use outcome::{Complaint, Failure, OnRows, Proof, ProvenStep, Ran, StepOutcome, Undone};
pub use reach::reaches_out;
pub use rows::{Generator, Variant};
pub use sqlite::{columns_of_view, with_texts};
pub use values::tables_of;
