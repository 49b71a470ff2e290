//! The nouns: plain data that every other room speaks in, with no behaviour beyond what the words mean.
//!
//! Nothing here reads a file, asks a clock or knows a parser.

mod change;
mod definition;
mod engine;
mod finding;
mod label;
mod migration;
mod name;
mod phase;
mod span;

pub use change::{
    Action, Change, CreateIndex, CreateRoutine, CreateTable, CreateTrigger, CreateType, CreateView,
    Object, ObjectKind, RoutineBody, RowChange, RowSource, RowVerb, Shown, TableChange,
    TransactionControl, TypeChange, TypeShape,
};
pub use definition::{
    ColumnDef, Constraint, ConstraintKind, DataType, Expr, Generated, Identity, Position, Reference,
};
pub use engine::{Dialect, Engine, Flavour, Version};
pub use finding::{Edit, Finding, Fix, FollowUp, Lock, LockMode, LockWork, Severity};
pub use migration::{Down, Migration, MigrationKind, TransactionMode};
pub use name::{Ident, Name};
pub use phase::{Effect, FilePhase, Phase, Verdict};
pub use span::{LineIndex, Position as LinePosition, Span};
