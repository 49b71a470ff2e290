//! Views, routines, triggers, types and everything else that has a definition but no rows of its own.

use crate::model::{
    Action, CreateRoutine, CreateTrigger, CreateView, Effect, Ident, Name, Object, ObjectKind,
    TypeChange,
};

use super::{Context, Judgement, says};

pub(super) fn create_view(create: &CreateView, context: &Context<'_>) -> Judgement {
    if create.temporary {
        return says(
            Effect::Neutral,
            "a temporary view lives in this session alone",
        );
    }
    match context.schema.view(&create.name) {
        Some(old) if create.or_replace => match narrower(old, create, context) {
            Some(lost) => says(Effect::Reshape, format!("the view loses or moves `{lost}`")),
            None if old.updatable && !create.updatable => {
                says(Effect::Reshape, NO_LONGER_UPDATABLE)
            }
            None => says(
                Effect::Add,
                "a view replaced by one that shows at least the same columns",
            ),
        },
        _ if create.or_replace => says(
            Effect::Add,
            "a view, new or replaced; the engine keeps its columns",
        ),
        _ => says(Effect::Add, "a new view, which no release uses yet"),
    }
}

/// The first column of `old` that `new` does not show in its place. `SELECT *` counts as narrower when
/// it cannot be told what it shows: never in an OR REPLACE, where the engine refuses to lose a column.
fn narrower(old: &CreateView, new: &CreateView, context: &Context<'_>) -> Option<String> {
    let (Some(had), Some(has)) = (columns_of(old, context), columns_of(new, context)) else {
        return None;
    };
    had.into_iter()
        .find(|column| !has.contains(column))
        .map(|column| column.to_string())
}

/// The columns a view shows, where the text or the folded schema tells.
fn columns_of(view: &CreateView, context: &Context<'_>) -> Option<Vec<Ident>> {
    context.schema.columns_of(view)
}

pub(super) fn create_routine(create: &CreateRoutine, context: &Context<'_>) -> Judgement {
    let object = &create.object;
    let old = context
        .schema
        .routines(&object.name)
        .find(|old| old.object.signature == object.signature && object.signature.is_some());
    match old {
        Some(old)
            if create.or_replace && old.returns != create.returns && create.returns.is_some() =>
        {
            says(
                Effect::Reshape,
                "the routine returns another type than running releases expect",
            )
        }
        _ if create.or_replace => says(
            Effect::Add,
            "a routine, new or replaced under the same signature",
        ),
        _ => says(Effect::Add, "a new routine, which no release uses yet"),
    }
}

pub(super) fn create_trigger(create: &CreateTrigger, context: &Context<'_>) -> Judgement {
    if context.schema.is_new_table(&create.table) {
        return says(Effect::Add, "on a table that no release has seen");
    }
    let on = Object::new(ObjectKind::View, create.table.clone());
    if context.schema.is_new(&on) {
        return says(Effect::Add, "on a view that no release has seen");
    }
    says(
        Effect::Rows,
        "fires from now on for the writes of every release",
    )
}

pub(super) fn create(object: &Object, context: &Context<'_>) -> Judgement {
    let on_new = object
        .table
        .as_ref()
        .is_some_and(|table| context.schema.is_new_table(table));
    match object.kind {
        ObjectKind::Rule | ObjectKind::EventTrigger if !on_new => says(
            Effect::Rows,
            "acts from now on for the statements of every release",
        ),
        ObjectKind::Statistics => says(Effect::Neutral, "tells the planner more"),
        kind => says(
            Effect::Add,
            format!("a new {}, which no release uses yet", kind.word()),
        ),
    }
}

pub(super) fn drop(
    object: &Object,
    if_exists: bool,
    cascade: bool,
    context: &Context<'_>,
) -> Judgement {
    let kind = object.kind;
    // Nothing can depend on these: the word changes nothing (PostgreSQL manual, DROP TRIGGER and DROP POLICY).
    let cascade = cascade && !matches!(kind, ObjectKind::Trigger | ObjectKind::Policy);
    if context.schema.is_new(object) && !cascade {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    if kind == ObjectKind::Trigger
        && let Some(table) = &object.table
        && context.schema.is_likely_new_table(table)
    {
        return says(
            Effect::Add,
            "on a table that the folder has not made before",
        );
    }
    if matches!(kind, ObjectKind::View | ObjectKind::MaterializedView) {
        return drop_view(object, context);
    }
    if kind.is_routine()
        && if_exists
        && context.schema.is_unheard_of_routine(&object.name)
        && context
            .facts
            .creates_any_routine_after(context.index, &object.name)
    {
        return says(
            Effect::Add,
            "only clears the way for the one below: no file before made one",
        );
    }
    if kind.is_routine()
        && context
            .facts
            .creates_routine_after(context.index, object, context.schema)
    {
        return says(
            Effect::Add,
            "created again below under the same signature: a replacement",
        );
    }
    if kind == ObjectKind::Trigger && context.facts.creates_trigger_after(context.index, object) {
        return says(
            Effect::Rows,
            "created again below: a replacement that fires for every release",
        );
    }
    if kind == ObjectKind::Type && context.facts.is_swapped_away(&object.name) {
        return says(
            Effect::Neutral,
            "the old type of a swap, which nothing uses any more",
        );
    }
    if kind == ObjectKind::Type
        && !cascade
        && context
            .facts
            .is_replaced(context.index, &object.name, context.schema)
    {
        return says(
            Effect::Neutral,
            "one step of a type swap: another with at least the same values takes the name",
        );
    }
    if cascade {
        return says(
            Effect::Destroy,
            format!(
                "CASCADE takes along whatever depends on the {}, which no file tells",
                kind.word()
            ),
        );
    }
    match kind {
        ObjectKind::Statistics => says(Effect::Neutral, "the planner knows less; no query fails"),
        ObjectKind::Schema | ObjectKind::Database => says(
            Effect::Destroy,
            format!("the {} and all that is in it are gone", kind.word()),
        ),
        ObjectKind::Type | ObjectKind::Domain => says(
            Effect::Destroy,
            "releases that cast to it or bind it as a parameter fail",
        ),
        ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Event | ObjectKind::EventTrigger => {
            says(
                Effect::Reshape,
                "what running releases rely on to happen by itself stops, without an error",
            )
        }
        ObjectKind::Policy => says(
            Effect::Restrict,
            "rows that the policy showed disappear for running releases",
        ),
        ObjectKind::Role => says(
            Effect::Restrict,
            "a running release may log in as that role",
        ),
        kind => says(
            Effect::Reshape,
            format!("releases that use the {} fail", kind.word()),
        ),
    }
}

fn drop_view(object: &Object, context: &Context<'_>) -> Judgement {
    let Some(new) = context
        .facts
        .creates_view_after(context.index, &object.name)
    else {
        return says(Effect::Reshape, "releases that read the view fail");
    };
    let schema = context.schema;
    let old = schema.view(&object.name);
    let had = old.and_then(|old| schema.items_of(old));
    let later = context.facts.when_created(context.index, new, schema);
    let (Some(had), Some(has)) = (had, later.items_of(new)) else {
        return says(
            Effect::Reshape,
            "created again below, and the text does not tell whether every column is still shown",
        );
    };
    for (name, origin) in had {
        let Some((_, now)) = has.iter().find(|(other, _)| *other == name) else {
            return says(
                Effect::Reshape,
                format!("created again below without `{name}`, which releases may read"),
            );
        };
        if !schema.have_same_type(&origin, &later, now) {
            return says(
                Effect::Reshape,
                format!(
                    "created again below, where `{name}` is another expression: the text does not tell whether its \
                     type stays the same"
                ),
            );
        }
    }
    if old.is_some_and(|old| old.updatable) && !new.updatable {
        return says(Effect::Reshape, NO_LONGER_UPDATABLE);
    }
    says(
        Effect::Add,
        "created again below with at least the same columns: a replacement",
    )
}

const NO_LONGER_UPDATABLE: &str =
    "its new query is none that takes writes: releases that write through the view fail";

pub(super) fn rename(object: &Object, to: &Name, context: &Context<'_>) -> Judgement {
    if context.schema.is_new(object) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    if context.facts.is_renamed_back(context.index, object, to) {
        return says(
            Effect::Neutral,
            "at the end of the file it has the name that it had before",
        );
    }
    match object.kind {
        ObjectKind::Index
        | ObjectKind::Trigger
        | ObjectKind::Rule
        | ObjectKind::Policy
        | ObjectKind::Statistics => says(
            Effect::Neutral,
            "only who names it can tell: hints, ON CONSTRAINT, error texts",
        ),
        ObjectKind::Type if context.facts.is_swapped(&object.name) => says(
            Effect::Neutral,
            "one step of a type swap, which is judged by the columns that change to it",
        ),
        kind => says(
            Effect::Reshape,
            format!(
                "releases that still say `{}` for the {} fail; it is `{to}` now",
                object.name,
                kind.word()
            ),
        ),
    }
}

pub(super) fn set_schema(object: &Object, context: &Context<'_>) -> Judgement {
    if context.schema.is_new(object) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    says(Effect::Reshape, "releases look for it where it was")
}

pub(super) fn alter_type(name: &Name, change: &TypeChange, context: &Context<'_>) -> Judgement {
    if context.schema.is_new_type(name) {
        return says(
            Effect::Add,
            "the type is new in the same pending set: no release has seen it",
        );
    }
    match change {
        TypeChange::AddValue { label, .. } => says(
            Effect::Loosen,
            format!(
                "`{label}` is allowed: safe until a new release writes it and an old one reads it"
            ),
        ),
        TypeChange::RenameValue { from, .. } => says(
            Effect::Reshape,
            format!("running releases that write or compare '{from}' fail"),
        ),
        TypeChange::AddAttribute { .. } => says(
            Effect::Loosen,
            "values have an attribute more: releases that build whole rows of the type fail",
        ),
        TypeChange::DropAttribute { name } => says(
            Effect::Destroy,
            format!("the attribute `{name}` is gone from every stored value"),
        ),
        TypeChange::AlterAttribute { name } => says(
            Effect::Reshape,
            format!("the attribute `{name}` comes in another form"),
        ),
        TypeChange::RenameAttribute { from, .. } => says(
            Effect::Reshape,
            format!("releases that still say `{from}` fail"),
        ),
        TypeChange::AddDomainConstraint { .. } | TypeChange::SetDomainNotNull => says(
            Effect::Restrict,
            "values that running releases write into columns of the domain may be refused",
        ),
        TypeChange::DropDomainConstraint { .. } | TypeChange::DropDomainNotNull => says(
            Effect::Loosen,
            "more values are allowed: safe until a new release writes one",
        ),
        TypeChange::ValidateDomainConstraint { .. } => says(
            Effect::Rows,
            "checks the rows that are there; new ones were checked already",
        ),
        TypeChange::SetDomainDefault => says(Effect::Add, "fills what a release leaves out"),
        TypeChange::DropDomainDefault => says(
            Effect::Restrict,
            "inserts that left the column out got the default",
        ),
        TypeChange::SetOption => says(Effect::Neutral, "how values are kept, not what they are"),
    }
}

pub(super) fn alter_sequence(name: &Name, renumbers: bool, context: &Context<'_>) -> Judgement {
    let object = Object::new(ObjectKind::Sequence, name.clone());
    if context.schema.is_new(&object) || context.schema.is_new_table(name) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    if renumbers {
        says(
            Effect::Restrict,
            "numbers may be given twice, or run out, for running releases",
        )
    } else {
        says(Effect::Neutral, "the numbers go on as before")
    }
}

pub(super) fn alter(object: &Object, clause: &str, context: &Context<'_>) -> Judgement {
    if context.schema.is_new(object) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    let has = |word: &str| clause.split(' ').any(|one| one == word);
    match object.kind {
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate if has("security") => {
            says(
                Effect::Restrict,
                "it runs with other rights for running releases",
            )
        }
        ObjectKind::View | ObjectKind::MaterializedView
            if has("security_invoker") || has("security_barrier") || has("check_option") =>
        {
            says(
                Effect::Restrict,
                "it reads or writes under other rights for running releases",
            )
        }
        ObjectKind::Function
        | ObjectKind::Procedure
        | ObjectKind::Aggregate
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Index
        | ObjectKind::Statistics
        | ObjectKind::Trigger => says(
            Effect::Neutral,
            "how it is run or kept, not what it answers",
        ),
        ObjectKind::Publication if clause.starts_with("add") => {
            says(Effect::Add, "more is published")
        }
        ObjectKind::Policy => says(Effect::Restrict, "other rows are shown to running releases"),
        ObjectKind::Role | ObjectKind::Database => says(
            Effect::Restrict,
            "sessions of running releases start with other rights or settings",
        ),
        kind => says(
            Effect::Reshape,
            format!(
                "the {} is altered, and what that takes away cannot be read from the file",
                kind.word()
            ),
        ),
    }
}

/// The view that a later statement creates under this name, if one does.
pub(super) fn as_view<'a>(action: &'a Action, name: &Name) -> Option<&'a CreateView> {
    match action {
        Action::CreateView(create) if create.name == *name => Some(create),
        _ => None,
    }
}
