//! Constraints: a new one binds the writers of every running release, even `NOT VALID`.

use crate::model::{ColumnDef, Constraint, ConstraintKind, Effect, Expr, Ident, Name};
use crate::schema::{Table, demands_the_same};

use super::{Context, Judgement, column, says};

pub(super) fn add(table: &Name, constraint: &Constraint, context: &Context<'_>) -> Judgement {
    if constraint.not_enforced {
        return says(Effect::Neutral, "NOT ENFORCED: nothing is refused");
    }
    add_kind(table, &constraint.kind, context)
}

pub(super) fn add_kind(table: &Name, kind: &ConstraintKind, context: &Context<'_>) -> Judgement {
    let held = context.schema.table(table);
    let kind = &context.schema.with_target(kind);
    if held.is_some_and(|held| demanded_before(held, kind)) {
        return says(
            Effect::Neutral,
            "running releases obeyed the same, or a stricter, demand before",
        );
    }
    if let Some(loosened) = held.and_then(|held| clears_instead(held, kind)) {
        return loosened;
    }
    let free = |column: &Ident| column::stays_null_for_old_writers(table, column, context);
    let all_new = |columns: &[Ident]| {
        !columns.is_empty()
            && columns
                .iter()
                .all(|column| context.schema.is_new_column(table, column))
    };
    let says_new = || {
        says(
            Effect::Add,
            "speaks of a new column that running releases leave alone",
        )
    };
    match kind {
        ConstraintKind::Unique {
            using_index: Some(_),
            ..
        } => says(
            Effect::Neutral,
            "the index refused duplicates already; only the name of the demand is new",
        ),
        ConstraintKind::PrimaryKey {
            using_index: Some(_),
            columns,
        } if never_null(held, columns) => says(
            Effect::Neutral,
            "the index refused duplicates already, and the columns are NOT NULL",
        ),
        ConstraintKind::Unique { columns, .. } | ConstraintKind::ForeignKey { columns, .. }
            if columns.iter().any(free) =>
        {
            says_new()
        }
        ConstraintKind::Unique { columns, .. } | ConstraintKind::PrimaryKey { columns, .. }
            if all_new(columns)
                && columns.iter().any(|column| {
                    let held = held.and_then(|held| held.column(column));
                    held.is_some_and(|held| fills_itself_apart(&held.def))
                }) =>
        {
            says_new()
        }
        ConstraintKind::Check(expr)
            if !expr.columns.is_empty() && expr.columns.iter().all(free) && expr.passes_null =>
        {
            says_new()
        }
        ConstraintKind::Check(expr)
            if all_new(&expr.columns) && has_default(held, &expr.columns) =>
        {
            says_new()
        }
        ConstraintKind::NotNull { column } => {
            let clause = crate::model::TableChange::SetNotNull {
                column: column.clone(),
            };
            column::alter(table, &clause, context).unwrap_or_else(|| binds(kind))
        }
        _ => binds(kind),
    }
}

fn binds(kind: &ConstraintKind) -> Judgement {
    let on = match kind.columns() {
        [] => String::new(),
        columns => {
            let columns: Vec<_> = columns.iter().map(|column| format!("`{column}`")).collect();
            format!(" on {}", columns.join(", "))
        }
    };
    let refused = match kind {
        ConstraintKind::ForeignKey { references, .. } if references.on_delete_cascade => {
            "writes of running releases that break it fail, and their deletes in the parent now take rows here along"
        }
        _ => "writes of running releases that break it fail, NOT VALID or not",
    };
    says(
        Effect::Restrict,
        format!("a new {}{on}: {refused}", kind.word()),
    )
}

/// A foreign key that comes back to set its columns NULL where it refused the delete in the parent, or took the
/// rows along: writes of running releases meet the same demand as before.
fn clears_instead(table: &Table, kind: &ConstraintKind) -> Option<Judgement> {
    let ConstraintKind::ForeignKey {
        columns,
        references,
    } = kind
    else {
        return None;
    };
    let same_demand = |held: &ConstraintKind| {
        matches!(held, ConstraintKind::ForeignKey { columns: had, references: to }
            if had == columns && to.table == references.table && to.columns == references.columns)
    };
    let mut earlier = table.constraints.iter().chain(&table.dropped_constraints);
    let can_be_null = |column: &Ident| {
        let held = table.column(column);
        let starts_null = |default: &Option<Expr>| default.as_ref().is_none_or(Expr::is_null);
        held.is_some_and(|held| !held.def.not_null && starts_null(&held.def.default))
    };
    let holds = references.on_delete_clears
        && columns.iter().all(can_be_null)
        && earlier.any(|held| !held.constraint.not_enforced && same_demand(&held.constraint.kind));
    holds.then(|| {
        says(
            Effect::Loosen,
            "the same demand as before; a delete in the parent now leaves NULL here, which running releases may read",
        )
    })
}

/// Whether the table's rows had to satisfy the same, or more, before this pending set touched it: a
/// constraint that is put back, or one on more columns than a unique one that was there.
fn demanded_before(table: &Table, kind: &ConstraintKind) -> bool {
    let earlier = table.constraints.iter().chain(&table.dropped_constraints);
    let mut earlier = earlier
        .map(|held| &held.constraint)
        .filter(|held| !held.not_enforced);
    let by_constraint = earlier.any(|held| match (&held.kind, kind) {
        (
            ConstraintKind::Unique { columns, .. } | ConstraintKind::PrimaryKey { columns, .. },
            ConstraintKind::Unique {
                columns: others, ..
            },
        ) => !columns.is_empty() && columns.iter().all(|column| others.contains(column)),
        (had, wanted) => demands_the_same(had, wanted),
    });
    match kind {
        ConstraintKind::Unique {
            columns: wanted,
            using_index: None,
        } => by_constraint || unique_index_within(table, wanted),
        // A primary key is no more than UNIQUE and NOT NULL (PostgreSQL manual, section 5.5.4).
        ConstraintKind::PrimaryKey {
            columns: wanted,
            using_index: None,
        } if never_null(Some(table), wanted) => {
            let unique = ConstraintKind::Unique {
                columns: wanted.clone(),
                using_index: None,
            };
            by_constraint || demanded_before(table, &unique)
        }
        _ => by_constraint,
    }
}

/// Whether a whole-table unique index holds (or held until just now) on some of these columns.
fn unique_index_within(table: &Table, columns: &[Ident]) -> bool {
    table
        .indexes
        .iter()
        .chain(&table.dropped_indexes)
        .any(|index| {
            index.def.unique
                && index.def.partial.is_none()
                && index
                    .def
                    .keys
                    .iter()
                    .all(|key| key.as_ref().is_ok_and(|key| columns.contains(key)))
        })
}

/// Whether the CHECK of a new column can refuse a row of a release that does not know the column.
pub(super) fn binds_old_writers(
    check: &Expr,
    table: &Name,
    column: &Ident,
    context: &Context<'_>,
) -> bool {
    let others = check
        .columns
        .iter()
        .any(|other| other != column && !context.schema.is_new_column(table, other));
    let asks_for_a_value = check.text.to_ascii_lowercase().contains("is not null");
    others || asks_for_a_value
}

/// The engine held the default against the check when it filled the rows that were there.
fn has_default(table: Option<&Table>, columns: &[Ident]) -> bool {
    columns.iter().all(|column| {
        table
            .and_then(|table| table.column(column))
            .is_some_and(|held| held.def.default.is_some())
    })
}

fn never_null(table: Option<&Table>, columns: &[Ident]) -> bool {
    let Some(table) = table else { return false };
    !columns.is_empty()
        && columns
            .iter()
            .all(|column| table.column(column).is_some_and(|held| held.def.not_null))
}

/// Whether each insert that leaves the column out gets a value of its own.
pub(super) fn fills_itself_apart(column: &ColumnDef) -> bool {
    let apart = |call: &String| {
        matches!(
            call.as_str(),
            "gen_random_uuid"
                | "uuid_generate_v4"
                | "uuid_generate_v1"
                | "uuidv7"
                | "uuidv4"
                | "nextval"
                | "uuid"
        )
    };
    column.auto_increment
        || column.identity.is_some()
        || column
            .default
            .as_ref()
            .is_some_and(|default| default.calls.iter().any(apart))
}

pub(super) fn drop(
    table: &Name,
    name: Option<&Ident>,
    kind: Option<&'static str>,
    if_exists: bool,
    context: &Context<'_>,
) -> Judgement {
    if let Some(name) = name
        && if_exists
        && context.schema.rules_out_constraint(table, name)
    {
        return says(
            Effect::Neutral,
            "there is no such constraint: the folder tells every one that the table has",
        );
    }
    let held = context.schema.table(table);
    let dropped = held.and_then(|held| match (name, kind) {
        (Some(name), _) => held.constraint(name),
        (None, Some("primary key")) => held
            .constraints
            .iter()
            .find(|held| matches!(held.constraint.kind, ConstraintKind::PrimaryKey { .. })),
        _ => None,
    });
    if dropped.is_some_and(|dropped| context.schema.is_current(dropped.birth)) {
        return says(
            Effect::Neutral,
            "the constraint is new in the same pending set",
        );
    }
    let word = dropped
        .map(|dropped| dropped.constraint.kind.word())
        .or(kind);
    match (word, dropped.map(|dropped| &dropped.constraint.kind)) {
        (
            _,
            Some(
                ConstraintKind::Unique { columns, .. } | ConstraintKind::PrimaryKey { columns, .. },
            ),
        ) if context
            .facts
            .is_unique_after(context.index, context.schema, table, columns) =>
        {
            says(
                Effect::Neutral,
                "the same columns stay unique by another constraint or index",
            )
        }
        (
            _,
            Some(
                ConstraintKind::Check(_)
                | ConstraintKind::ForeignKey { .. }
                | ConstraintKind::NotNull { .. }
                | ConstraintKind::Exclude { .. },
            ),
        )
        | (Some("foreign key" | "check" | "CHECK constraint"), None) => says(
            Effect::Loosen,
            "more is allowed: rows that new releases write may forbid putting it back",
        ),
        (Some(word), _) => says(
            Effect::Reshape,
            format!(
                "the {word} goes: ON CONFLICT and upserts of running releases that rely on it fail"
            ),
        ),
        (None, None) => says(
            Effect::Reshape,
            "the folder does not tell what it is; if it is unique, ON CONFLICT of running releases fails",
        ),
        (None, Some(kind)) => says(Effect::Reshape, format!("the {} goes", kind.word())),
    }
}

pub(super) fn alter(clause: &str) -> Judgement {
    if clause.contains("not enforced") {
        says(Effect::Loosen, "nothing is refused any more")
    } else if clause.contains("enforced") {
        says(
            Effect::Restrict,
            "writes of running releases that break it fail from now on",
        )
    } else {
        says(
            Effect::Reshape,
            "running releases meet the error at another moment: at commit, or at once",
        )
    }
}
