//! Whether two migrations touch the same object, so that one cannot overtake the other.

use std::collections::HashSet;

use crate::model::{Action, Change, Ident, Name, ObjectKind, Phase, TableChange};
use crate::review::Reviewed;

/// A table, or one column of it.
#[derive(PartialEq, Eq, Hash)]
struct Touched {
    object: Name,
    column: Option<Ident>,
}

/// The first object that the contract steps of `held` and any step of `later` both change, as people name it.
pub(super) fn common(held: &Reviewed, later: &Reviewed) -> Option<String> {
    let first: HashSet<Touched> = changes(held)
        .filter(|(_, phase)| phase.gates_as_contract())
        .flat_map(|(change, _)| touched(change))
        .collect();
    let second = changes(later).filter(|(_, phase)| *phase != Phase::Neutral);
    second
        .flat_map(|(change, _)| touched(change))
        .find_map(|one| {
            let clash = first.iter().find(|other| {
                other.object == one.object
                    && (other.column.is_none()
                        || one.column.is_none()
                        || other.column == one.column)
                    && !(other.column.is_some() && one.column.is_none())
            })?;
            Some(match &clash.column {
                Some(column) => format!("`{}.{column}`", clash.object),
                None => format!("`{}`", clash.object),
            })
        })
}

fn changes(reviewed: &Reviewed) -> impl Iterator<Item = (&Change, Phase)> {
    let statements = reviewed.script.statements.iter().zip(&reviewed.judged);
    statements.flat_map(|(statement, judged)| {
        statement
            .changes
            .iter()
            .zip(judged.changes.iter().map(|change| change.verdict.phase))
    })
}

fn touched(change: &Change) -> Vec<Touched> {
    let whole = |object: &Name| Touched {
        object: object.clone(),
        column: None,
    };
    match &change.action {
        Action::CreateTable(create) => vec![whole(&create.name)],
        Action::AlterTable { table, change } => {
            let part = |column: &Ident| Touched {
                object: table.clone(),
                column: Some(column.clone()),
            };
            match &**change {
                TableChange::AddColumn { column, .. } => vec![part(&column.name)],
                TableChange::RenameColumn { from, to } => vec![part(from), part(to)],
                TableChange::RedefineColumn { from, column, .. } => {
                    vec![part(from), part(&column.name)]
                }
                TableChange::DropColumn { column, .. }
                | TableChange::SetType { column, .. }
                | TableChange::SetNotNull { column }
                | TableChange::DropNotNull { column }
                | TableChange::SetDefault { column, .. }
                | TableChange::DropDefault { column } => vec![part(column)],
                TableChange::AddConstraint { constraint, .. } => {
                    constraint.kind.columns().iter().map(part).collect()
                }
                _ => Vec::new(),
            }
        }
        Action::CreateView(create) => vec![whole(&create.name)],
        Action::CreateType(create) => vec![whole(&create.name)],
        Action::AlterType { name, .. } => vec![whole(name)],
        Action::Rows(rows) if rows.columns.is_empty() => vec![whole(&rows.table)],
        Action::Rows(rows) => rows
            .columns
            .iter()
            .map(|column| Touched {
                object: rows.table.clone(),
                column: Some(column.clone()),
            })
            .collect(),
        Action::Drop { object, .. } | Action::SetSchema { object, .. }
            if has_rows_or_shape(object.kind) =>
        {
            vec![whole(&object.name)]
        }
        Action::Rename { object, to } if has_rows_or_shape(object.kind) => {
            vec![whole(&object.name), whole(to)]
        }
        _ => Vec::new(),
    }
}

const fn has_rows_or_shape(kind: ObjectKind) -> bool {
    kind.is_relation() || matches!(kind, ObjectKind::Type | ObjectKind::Domain)
}
