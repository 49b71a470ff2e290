//! Indexes: plain ones are the planner's business; unique ones are a promise.

use crate::model::{ConstraintKind, CreateIndex, Dialect, Effect, Expr, Ident, Object};
use crate::schema::Index;

use super::facts::step_of_rebuild;
use super::{Context, Judgement, column, constraint, says};

pub(super) fn create(create: &CreateIndex, context: &Context<'_>) -> Judgement {
    if !create.unique {
        return says(
            Effect::Neutral,
            "a plain index: the planner sees it, applications do not",
        );
    }
    let table = &create.table;
    if context.schema.is_new_table(table) {
        return says(Effect::Add, "on a table that no release has seen");
    }
    if context.schema.is_likely_new_table(table) {
        return says(
            Effect::Add,
            "on a table that the folder has not made before",
        );
    }
    if context
        .schema
        .view(table)
        .is_some_and(|view| view.materialized)
    {
        return says(
            Effect::Neutral,
            "on a materialized view, which no release writes",
        );
    }
    let held = context.schema.table(table);
    if held.is_some_and(|held| put_back(create, held.dropped_indexes.iter().chain(&held.indexes))) {
        return says(
            Effect::Neutral,
            "running releases obeyed the same demand before",
        );
    }
    if create.partial.is_none() && create.keys.iter().all(Result::is_ok) {
        let columns: Vec<Ident> = create.columns().cloned().collect();
        let kind = ConstraintKind::Unique {
            columns,
            using_index: None,
        };
        return constraint::add_kind(table, &kind, context);
    }
    let free = |column: &Ident| column::stays_null_for_old_writers(table, column, context);
    let unset_key = create.keys.iter().any(|key| match key {
        Ok(column) => free(column),
        Err(expr) => yields_null(expr) && expr.columns.iter().any(free),
    });
    let unset_filter = create.partial.as_ref().is_some_and(|filter| {
        filter.columns.iter().any(free)
            && !asks_for_null(filter)
            && !filter.text.to_ascii_lowercase().contains(" or ")
    });
    if unset_key || unset_filter {
        return says(
            Effect::Add,
            "speaks of a new column that running releases leave alone",
        );
    }
    says(
        Effect::Restrict,
        "a new unique index: writes of running releases that make duplicates fail, CONCURRENTLY or not",
    )
}

fn asks_for_null(expr: &Expr) -> bool {
    let text = expr.text.to_ascii_lowercase();
    text.contains("is null")
        || text.contains("coalesce")
        || text.contains("distinct from")
        || text.contains("not ") && !text.contains("is not null")
}

/// Functions that yield NULL for NULL, so that the index leaves the row alone.
fn yields_null(expr: &Expr) -> bool {
    expr.calls.iter().all(|call| {
        matches!(
            call.as_str(),
            "lower" | "upper" | "trim" | "btrim" | "md5" | "date"
        )
    })
}

/// Whether the same was unique before, or even less: what is unique in some of the keys is so in all of them.
fn put_back<'a>(create: &CreateIndex, mut held: impl Iterator<Item = &'a Index>) -> bool {
    held.any(|held| {
        held.def.unique
            && held.def.keys.iter().all(|key| create.keys.contains(key))
            && (held.def.partial.is_none() || held.def.partial == create.partial)
    })
}

pub(super) fn drop(object: &Object, if_exists: bool, context: &Context<'_>) -> Judgement {
    let found = context.schema.index(&object.name, object.table.as_ref());
    if let Some((table, index)) = found {
        if context.schema.is_new_table(&table.name) || context.schema.is_current(index.birth) {
            return says(Effect::Neutral, "the index is new in the same pending set");
        }
        if context.facts.rebuild_dropping(&table.name).is_some() {
            return step_of_rebuild();
        }
        if !index.def.unique {
            return says(
                Effect::Neutral,
                "a plain index: queries may get slower, none fails",
            );
        }
        let columns: Vec<Ident> = index.def.columns().cloned().collect();
        let replaced = index.def.partial.is_none()
            && columns.len() == index.def.keys.len()
            && context
                .facts
                .is_unique_after(context.index, context.schema, &table.name, &columns);
        if replaced || context.facts.creates_index_like_after(context.index, index) {
            return says(
                Effect::Neutral,
                "the same columns stay unique by another constraint or index",
            );
        }
        return says(
            Effect::Reshape,
            "the index is unique: ON CONFLICT and upserts of running releases that rely on it fail",
        );
    }
    if context.schema.dialect() == Dialect::Mysql
        && let Some(table) = &object.table
        && let Some(held) = context.schema.table(table)
    {
        let name = &object.name.name;
        let named = held.constraints.iter().chain(&held.dropped_constraints);
        let mut named = named.filter(|held| held.constraint.name.as_ref() == Some(name));
        if named
            .clone()
            .any(|held| matches!(held.constraint.kind, ConstraintKind::ForeignKey { .. }))
        {
            return says(
                Effect::Neutral,
                "the plain index that MySQL made for a foreign key",
            );
        }
        if named.any(|held| matches!(held.constraint.kind, ConstraintKind::Unique { .. })) {
            return constraint::drop(table, Some(name), None, false, context);
        }
    }
    if if_exists && context.schema.rules_out_index(&object.name) {
        return says(
            Effect::Neutral,
            "there is no such index: the folder dropped or renamed it before",
        );
    }
    if if_exists && context.schema.is_unheard_of_index(&object.name) {
        return says(
            Effect::Neutral,
            "there is no such index: the folder has made every table, and never an index of this name",
        );
    }
    says(
        Effect::Reshape,
        "the folder does not tell what it is; if it is unique, ON CONFLICT of running releases fails",
    )
}
