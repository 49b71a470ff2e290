//! The nouns: plain data that every other room speaks in, with no behaviour beyond what the words mean.
//!
//! Nothing here reads a file, asks a clock or knows a parser.

mod alter;
mod change;
mod create;
mod definition;
mod engine;
mod finding;
mod label;
mod migration;
mod name;
mod object;
mod phase;
mod rows;
mod span;

pub use alter::{TableChange, TypeChange};
pub use change::{Action, Change, TransactionControl};
pub use create::{
    CreateIndex, CreateRoutine, CreateTable, CreateTrigger, CreateType, CreateView, Origin,
    RoutineBody, Shown, TypeShape, Unqualified,
};
pub use definition::{
    ColumnDef, Constraint, ConstraintKind, DataType, Expr, Generated, Identity, Position, Reference,
};
pub use engine::{Dialect, Engine, Flavour, Version};
pub use finding::{Apart, Edit, Finding, Fix, FollowUp, Lock, LockMode, LockWork, Severity};
pub use migration::{Down, Migration, MigrationKind, TransactionMode};
pub use name::{Ident, Name};
pub use object::{Object, ObjectKind};
pub use phase::{Effect, FilePhase, Phase, Verdict};
pub use rows::{RowChange, RowSource, RowVerb};
pub use span::{LineIndex, Position as LinePosition, Span};
