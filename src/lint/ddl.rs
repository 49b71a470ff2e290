//! Which changes are schema changes, and what running one again would do.

use crate::model::{Action, LockMode, TableChange};

use super::{File, JudgedChange};

/// Whether it changes a definition: not rows, not the session, not how a table is stored.
pub(super) fn is_ddl(action: &Action) -> bool {
    match action {
        Action::AlterTable { change, .. } => !matches!(&**change, TableChange::Demand { .. }),
        Action::CreateTable(_)
        | Action::CreateIndex(_)
        | Action::CreateView(_)
        | Action::CreateRoutine(_)
        | Action::CreateTrigger(_)
        | Action::CreateType(_)
        | Action::Create { .. }
        | Action::Drop { .. }
        | Action::Rename { .. }
        | Action::SetSchema { .. }
        | Action::AlterType { .. }
        | Action::AlterSequence { .. }
        | Action::SetIndexVisible { .. }
        | Action::AlterObject { .. }
        | Action::Truncate { .. } => true,
        _ => false,
    }
}

/// Whether the same change can run twice and leave what it left the first time.
pub(super) fn is_repeatable(action: &Action) -> bool {
    match action {
        Action::CreateTable(create) => create.if_not_exists,
        Action::CreateIndex(create) => create.if_not_exists,
        Action::CreateView(create) => create.or_replace || create.if_not_exists,
        Action::CreateRoutine(create) => create.or_replace || create.if_not_exists,
        Action::CreateTrigger(create) => create.or_replace || create.if_not_exists,
        Action::Create {
            if_not_exists,
            or_replace,
            ..
        } => *if_not_exists || *or_replace,
        Action::Drop { if_exists, .. } => *if_exists,
        Action::SetIndexVisible { .. } | Action::Truncate { .. } | Action::AlterSequence { .. } => {
            true
        }
        Action::AlterTable { change, .. } => match &**change {
            TableChange::AddColumn { if_not_exists, .. }
            | TableChange::AddConstraint { if_not_exists, .. } => *if_not_exists,
            TableChange::DropColumn { if_exists, .. }
            | TableChange::DropConstraint { if_exists, .. } => *if_exists,
            TableChange::RedefineColumn { from, column, .. } => *from == column.name,
            TableChange::SetDefault { .. }
            | TableChange::DropDefault { .. }
            | TableChange::SetCharset { .. }
            | TableChange::SetOptions { .. }
            | TableChange::Rebuild { .. } => true,
            _ => false,
        },
        _ => false,
    }
}

/// What was said of the changes of the statement at `index`.
pub(super) fn said<'a>(file: &File<'a>, index: usize) -> &'a [JudgedChange] {
    file.judged.get(index).map_or(&[], |judged| &judged.changes)
}

/// Whether a change takes a lock that an application's statements may have to wait for: stronger than SHARE
/// UPDATE EXCLUSIVE, on something that is not new.
pub(super) fn stops_somebody(said: &JudgedChange) -> bool {
    let stops = |mode: LockMode| mode.blocks_writes() && mode != LockMode::DatabaseWrite;
    said.locks.iter().any(|lock| stops(lock.mode))
}
