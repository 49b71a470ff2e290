//! A change in its context becomes a phase with a reason.
//!
//! The question is never whether a statement is fast, but what it does to the releases that already run:
//! can they still read, can they still write, would they still work if traffic went back to them, and can
//! the statement be undone without losing data? What cannot be answered is not called safe.

mod access;
mod column;
mod constraint;
mod definitions;
mod facts;
mod index;
mod lineage;
mod rows;
mod split;
mod table;
mod types;

pub use column::casts_only;
pub use facts::{FileFacts, fills_from};
pub use split::{Part, split};
pub use types::{Shift, compare as compare_types};

use crate::model::{Action, Change, Effect, Engine, ObjectKind, RowVerb, TableChange, Verdict};
use crate::schema::Schema;

/// What a change is judged by.
pub struct Context<'a> {
    /// The schema right before the change.
    pub schema: &'a Schema,
    /// What the whole file does.
    pub facts: &'a FileFacts<'a>,
    /// The index of the change's statement in the file.
    pub index: usize,
    /// The server.
    pub engine: &'a Engine,
}

/// An effect and the clause that says why.
type Judgement = (Effect, String);

fn says(effect: Effect, reason: impl Into<String>) -> Judgement {
    (effect, reason.into())
}

/// Judges one change.
pub fn classify(change: &Change, context: &Context<'_>) -> Verdict {
    let action = &change.action;
    let (effect, reason) = judge(action, context);
    Verdict {
        phase: effect.phase(),
        effect,
        kind: action.kind(),
        object: action.object(),
        reason,
    }
}

fn judge(action: &Action, context: &Context<'_>) -> Judgement {
    if builds_anew(action, context) {
        return facts::step_of_rebuild();
    }
    match action {
        Action::CreateTable(create) => table::create(create, context),
        Action::AlterTable { table, change } => alter(table, change, context),
        Action::CreateIndex(create) => index::create(create, context),
        Action::SetIndexVisible { .. } => says(
            Effect::Neutral,
            "only the planner sees whether an index is visible",
        ),
        Action::CreateView(create) => definitions::create_view(create, context),
        Action::CreateRoutine(create) => definitions::create_routine(create, context),
        Action::CreateTrigger(create) => definitions::create_trigger(create, context),
        Action::CreateType(_) => says(Effect::Add, "a new type, which no release uses yet"),
        Action::Create { object, .. } => definitions::create(object, context),
        Action::Drop {
            object,
            if_exists,
            cascade,
            ..
        } => match object.kind {
            ObjectKind::Table | ObjectKind::ForeignTable => {
                table::drop(object, *if_exists, *cascade, context)
            }
            ObjectKind::Index => index::drop(object, *if_exists, context),
            _ => definitions::drop(object, *if_exists, *cascade, context),
        },
        Action::Rename { object, to } => match object.kind {
            ObjectKind::Table | ObjectKind::ForeignTable => table::rename(object, to, context),
            _ => definitions::rename(object, to, context),
        },
        Action::SetSchema { object, .. } => definitions::set_schema(object, context),
        Action::AlterType { name, change } => definitions::alter_type(name, change, context),
        Action::AlterSequence { name, renumbers } => {
            definitions::alter_sequence(name, *renumbers, context)
        }
        Action::AlterObject { object, clause } => definitions::alter(object, clause, context),
        Action::SetOwner { object } => access::set_owner(object, context),
        Action::Grant { .. } => says(Effect::Add, "a permission more takes nothing from anyone"),
        Action::Revoke { on, .. } => access::revoke(on, context),
        Action::Owned { dropped, .. } => access::owned(*dropped),
        Action::Truncate { table, cascade } => rows::truncate(table, *cascade, context),
        Action::Rows(rows) => rows::write(rows, context),
        Action::Query { calls } => rows::query(calls, context),
        Action::Call { routine } => says(
            Effect::Unknown,
            format!("runs `{routine}`, and what that does cannot be read from the file"),
        ),
        Action::ExecuteResult { routine } => says(
            Effect::Unknown,
            format!("runs the SQL that `{routine}` hands back, which cannot be read from the file"),
        ),
        Action::Pragma { name, value } => access::pragma(name, value.as_deref()),
        Action::Comment { .. } => says(Effect::Neutral, "a comment"),
        Action::Reindex { .. }
        | Action::Refresh { .. }
        | Action::Maintain { .. }
        | Action::Analyze { .. } => says(
            Effect::Neutral,
            "rebuilds or measures what is there; costs a lock, changes no answer",
        ),
        Action::LockTable { .. } => says(Effect::Neutral, "a lock: costs time, changes nothing"),
        Action::Transaction(_) => says(Effect::Neutral, "transaction control"),
        Action::Set { .. } | Action::Use { .. } | Action::Session { .. } => {
            says(Effect::Neutral, "concerns this session alone")
        }
    }
}

/// Whether the action makes, fills or shapes the new table of a rebuild. What that comes to is said of the rebuild as a
/// whole, by the difference of the definitions.
fn builds_anew(action: &Action, context: &Context<'_>) -> bool {
    let table = match action {
        Action::CreateTable(create) => {
            let anew = !create.temporary && !create.or_replace;
            return anew && context.facts.rebuilds_as(&create.name);
        }
        Action::AlterTable { table, .. } => table,
        Action::CreateIndex(create) => &create.table,
        Action::Rows(rows) if matches!(rows.verb, RowVerb::Insert | RowVerb::Copy) => &rows.table,
        _ => return false,
    };
    context.facts.rebuilds_as(table) && context.schema.is_new_table(table)
}

/// One clause of an `ALTER TABLE`: free on a table that no release has seen.
fn alter(table: &crate::model::Name, change: &TableChange, context: &Context<'_>) -> Judgement {
    if context.schema.is_new_table(table) {
        let reason =
            format!("`{table}` is created in the same pending set: no release has seen it");
        return says(Effect::Add, reason);
    }
    alter_released(table, change, context)
}

/// One clause of an `ALTER TABLE` on a table that a release may use.
fn alter_released(
    name: &crate::model::Name,
    change: &TableChange,
    context: &Context<'_>,
) -> Judgement {
    match change {
        TableChange::AddConstraint { .. }
        | TableChange::AddColumn { .. }
        | TableChange::SetNotNull { .. }
        | TableChange::RowSecurity { .. }
            if context.schema.is_likely_new_table(name) =>
        {
            says(
                Effect::Add,
                "on a table that the folder has not made before",
            )
        }
        TableChange::AddConstraint { constraint, .. } => constraint::add(name, constraint, context),
        TableChange::DropConstraint {
            name: constraint,
            kind,
            if_exists,
            ..
        } => constraint::drop(name, constraint.as_ref(), *kind, *if_exists, context),
        TableChange::ValidateConstraint { .. } => says(
            Effect::Rows,
            "checks the rows that are there; new ones were checked already",
        ),
        TableChange::RenameConstraint { .. } => {
            says(Effect::Neutral, "only who names the constraint can tell")
        }
        TableChange::AlterConstraint { clause, .. } => constraint::alter(clause),
        change => column::alter(name, change, context)
            .unwrap_or_else(|| table::alter(name, change, context)),
    }
}

/// Whether the change acts on something that is new in the pending set: no release can be hurt by it, and
/// nobody waits for its locks.
pub fn acts_on_new(change: &Change, schema: &Schema) -> bool {
    match &change.action {
        Action::CreateTable(create) => create.temporary,
        Action::AlterTable { table, change } => {
            schema.is_new_table(table)
                || match &**change {
                    TableChange::DropColumn { column, .. }
                    | TableChange::RenameColumn { from: column, .. }
                    | TableChange::SetType { column, .. }
                    | TableChange::RedefineColumn { from: column, .. }
                    | TableChange::DropNotNull { column }
                    | TableChange::SetDefault { column, .. } => schema.is_new_column(table, column),
                    _ => false,
                }
        }
        Action::CreateIndex(create) => schema.is_new_table(&create.table),
        Action::CreateTrigger(create) => schema.is_new_table(&create.table),
        Action::Create { object, .. } => object
            .table
            .as_ref()
            .is_some_and(|table| schema.is_new_table(table)),
        Action::Drop { object, .. }
        | Action::Rename { object, .. }
        | Action::SetSchema { object, .. }
        | Action::SetOwner { object }
        | Action::AlterObject { object, .. }
        | Action::SetIndexVisible { index: object, .. }
        | Action::Reindex { object, .. } => schema.is_new(object),
        Action::AlterType { name, .. } => schema.is_new_type(name),
        Action::AlterSequence { name, .. } => {
            schema.is_new(&crate::model::Object::new(
                ObjectKind::Sequence,
                name.clone(),
            )) || schema.is_new_table(name)
        }
        Action::Rows(rows) => schema.is_new_table(&rows.table),
        Action::Refresh { view, .. } => schema.is_new(&crate::model::Object::new(
            ObjectKind::MaterializedView,
            view.clone(),
        )),
        Action::Maintain {
            table: Some(table), ..
        }
        | Action::Analyze { table: Some(table) }
        | Action::Truncate { table, .. } => schema.is_new_table(table),
        Action::LockTable { tables, .. } => {
            !tables.is_empty() && tables.iter().all(|table| schema.is_new_table(table))
        }
        _ => false,
    }
}
