//! Which migrations touch the same objects, so that one cannot overtake the other.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Action, Change, Ident, Name, ObjectKind, Phase, TableChange};
use crate::review::Reviewed;

/// A table, or one column of it.
#[derive(Clone, Copy)]
struct Touched<'a> {
    object: &'a Name,
    column: Option<&'a Ident>,
}

/// What the contract steps of migrations that wait will change.
#[derive(Default)]
pub struct Held<'a> {
    /// For each object: the places of the migrations that change it, and the column if it is one.
    by_object: HashMap<&'a Name, Vec<(usize, Option<&'a Ident>)>>,
}

impl<'a> Held<'a> {
    /// Holds whatever lasts of what a migration changes, whatever its phases.
    pub fn hold_all(&mut self, place: usize, reviewed: &'a Reviewed) {
        self.hold_those(
            place,
            changes(reviewed).filter(|(_, phase)| *phase != Phase::Neutral),
        );
        for one in kept_in_step(reviewed) {
            self.hold_one(place, one);
        }
    }

    /// Holds what the contract steps of a migration change; `place` tells it from the others.
    pub fn hold(&mut self, place: usize, reviewed: &'a Reviewed) {
        self.hold_those(
            place,
            changes(reviewed).filter(|(_, phase)| phase.gates_as_contract()),
        );
    }

    fn hold_those(&mut self, place: usize, changes: impl Iterator<Item = (&'a Change, Phase)>) {
        for one in changes.flat_map(|(change, _)| touched(change)) {
            self.hold_one(place, one);
        }
    }

    fn hold_one(&mut self, place: usize, one: Touched<'a>) {
        let holds = self.by_object.entry(one.object).or_default();
        if !holds.contains(&(place, one.column)) {
            holds.push((place, one.column));
        }
    }

    /// The places of the migrations that are in the way of `later`, each with the first object that both change, as
    /// people name it. A column that is held does not hold its whole table.
    pub fn in_the_way(&self, later: &'a Reviewed) -> BTreeMap<usize, String> {
        let mut found = BTreeMap::new();
        let lasting = changes(later).filter(|(_, phase)| *phase != Phase::Neutral);
        let own = lasting.flat_map(|(change, _)| touched(change));
        for one in own.chain(kept_in_step(later)) {
            for (place, column) in self.by_object.get(one.object).into_iter().flatten() {
                if column.is_none() || *column == one.column {
                    found.entry(*place).or_insert_with(|| match column {
                        Some(column) => format!("`{}.{column}`", one.object),
                        None => format!("`{}`", one.object),
                    });
                }
            }
        }
        found
    }
}

impl<'a> Held<'a> {
    /// Whether a later migration builds on what is held, its indexes and views included. A table that it names as a whole
    /// counts as touched where a column of it is held: too much rather than too little.
    pub fn is_built_on_by(&self, later: &'a Reviewed) -> bool {
        let lasting = changes(later).flat_map(|(change, _)| built_on(change));
        let mut on = lasting.chain(kept_in_step(later)).flat_map(|one| {
            let held = self.by_object.get(one.object).into_iter().flatten();
            held.map(move |(_, column)| (*column, one.column))
        });
        on.any(|(held, touched)| held.is_none() || touched.is_none() || held == touched)
    }
}

/// What a change touches, and what it reads or refers to.
fn built_on(change: &Change) -> Vec<Touched<'_>> {
    let mut all = touched(change);
    match &change.action {
        Action::CreateIndex(create) if create.keys.iter().all(Result::is_ok) => {
            all.extend(create.columns().map(|column| Touched {
                object: &create.table,
                column: Some(column),
            }));
        }
        Action::CreateIndex(create) => all.push(Touched {
            object: &create.table,
            column: None,
        }),
        Action::CreateView(create) => all.extend(create.reads.iter().map(|object| Touched {
            object,
            column: None,
        })),
        _ => {}
    }
    all
}

/// The columns that it has triggers keep in step.
fn kept_in_step(reviewed: &Reviewed) -> impl Iterator<Item = Touched<'_>> {
    let begun = reviewed.beside.iter().filter(|one| one.made.begins);
    begun.flat_map(|one| {
        let columns = one.made.old.iter().chain(&one.made.new);
        columns.map(|column| Touched {
            object: &one.made.table,
            column: Some(column),
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

fn touched(change: &Change) -> Vec<Touched<'_>> {
    let whole = |object| Touched {
        object,
        column: None,
    };
    match &change.action {
        Action::CreateTable(create) => vec![whole(&create.name)],
        Action::AlterTable { table, change } => {
            let part = |column| Touched {
                object: table,
                column: Some(column),
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
                object: &rows.table,
                column: Some(column),
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
