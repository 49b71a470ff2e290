//! Who may do what, and the few settings that change what statements mean.

use crate::model::{Dialect, Effect, Ident, Name, Object, ObjectKind};

use super::{Context, Judgement, says};

pub(super) fn set_owner(object: &Object, context: &Context<'_>) -> Judgement {
    if context.schema.is_new(object) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    if object.kind == ObjectKind::Table && context.schema.is_likely_new_table(&object.name) {
        return says(Effect::Add, "a table that the folder has not made before");
    }
    says(
        Effect::Restrict,
        "the old owner's login may lose what it could do by owning it",
    )
}

pub(super) fn revoke(on: &str, context: &Context<'_>) -> Judgement {
    let is_new = |table: &str| {
        let table = plain_name(table, context.schema.dialect());
        table.is_some_and(|table| {
            context.schema.is_new_table(&table) || context.schema.is_likely_new_table(&table)
        })
    };
    if on.split(',').all(is_new) {
        return says(
            Effect::Add,
            "on a table that the folder has not made before: no release has had the permission",
        );
    }
    says(
        Effect::Restrict,
        "a running release may need the permission that is taken away",
    )
}

/// The table that a text names without quotes: words before it name another kind of object.
fn plain_name(text: &str, dialect: Dialect) -> Option<Name> {
    let text = text.trim();
    let text = match text.split_once(' ') {
        Some((kind, name)) if kind.eq_ignore_ascii_case("table") => name.trim(),
        _ => text,
    };
    let is_word =
        |part: &str| part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.is_empty();
    let ident = |part: &str| is_word(part).then(|| Ident::new(part, false, dialect));
    match text.split_once('.') {
        Some((schema, name)) => Some(Name::qualified(ident(schema)?, ident(name)?, dialect)),
        None => Some(Name::bare(ident(text)?)),
    }
}

pub(super) fn owned(dropped: bool) -> Judgement {
    if dropped {
        says(
            Effect::Destroy,
            "drops everything that the role owns, and no file says what that is",
        )
    } else {
        says(
            Effect::Restrict,
            "another role owns it all, and no file says what that is",
        )
    }
}

pub(super) fn pragma(name: &str, value: Option<&str>) -> Judgement {
    let on = !matches!(value, None | Some("0" | "off" | "false" | "no" | "reset"));
    match name {
        "writable_schema" | "legacy_alter_table" if on => says(
            Effect::Unknown,
            format!("PRAGMA {name} lets the following statements do what their text does not tell"),
        ),
        _ => says(
            Effect::Neutral,
            "concerns how the database is kept or checked, not what it holds",
        ),
    }
}
