//! Exit statuses: the same for every command.

use std::process::ExitCode;

use crate::run::{RunError, TakeoverError};
use crate::scratch::ScratchError;
use crate::store::{DatabaseError, StatisticsError, StoreError};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done, allowed, or nothing to report.
    Done = 0,
    /// Lint found errors.
    Findings = 1,
    /// Usage or configuration error.
    Usage = 2,
    /// Refused by a gate.
    Refused = 3,
    /// The database or the router failed or could not be reached; safe to run again.
    Unreachable = 4,
    /// A migration or a smoke test failed.
    Failed = 5,
    /// The outcome is unknown.
    Unknown = 6,
}

impl Status {
    /// The status that an error ends with. What the files and the command line can get wrong is usage.
    pub fn of(error: &anyhow::Error) -> Self {
        if let Some(error) = error.downcast_ref::<RunError>() {
            return match error {
                RunError::Store(error) => Self::of_store(error),
                RunError::Failed { error, .. } => match **error {
                    DatabaseError::Lost(_) => Self::Unreachable,
                    _ => Self::Failed,
                },
                RunError::Unrunnable { .. } | RunError::NothingToSweep { .. } => Self::Usage,
                RunError::Stopped { .. } => Self::Failed,
                RunError::Edited { .. } | RunError::Refused(_) => Self::Refused,
                RunError::Unknown { .. } | RunError::HalfUndone { .. } => Self::Unknown,
            };
        }
        if let Some(TakeoverError::Database(error)) = error.downcast_ref() {
            return match error {
                DatabaseError::Refused { .. } => Self::Failed,
                _ => Self::Unreachable,
            };
        }
        if let Some(error) = error.downcast_ref::<ScratchError>() {
            return match error {
                ScratchError::Database(DatabaseError::Url(_) | DatabaseError::Pooled(_))
                | ScratchError::Live(_)
                | ScratchError::NoServer(_)
                | ScratchError::Misfit { .. } => Self::Usage,
                _ => Self::Unreachable,
            };
        }
        if let Some(error) = error.downcast_ref::<StatisticsError>() {
            return match error {
                StatisticsError::NotKept(_)
                | StatisticsError::Database(DatabaseError::Url(_) | DatabaseError::Pooled(_)) => {
                    Self::Usage
                }
                StatisticsError::Database(_) => Self::Unreachable,
            };
        }
        error.downcast_ref().map_or(Self::Usage, Self::of_store)
    }

    const fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::Database(DatabaseError::Url(_) | DatabaseError::Pooled(_))
            | StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::NewerGuard { .. }
            | StoreError::Distrusted(_)
            | StoreError::Pooled { .. } => Self::Usage,
            _ => Self::Unreachable,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}
