//! Who may do what, and the few settings that change what statements mean.

use crate::model::{Effect, Object};

use super::{Context, Judgement, says};

pub(super) fn set_owner(object: &Object, context: &Context<'_>) -> Judgement {
    if context.schema.is_new(object) {
        return says(
            Effect::Add,
            "created in the same pending set: no release has seen it",
        );
    }
    says(
        Effect::Restrict,
        "the old owner's login may lose what it could do by owning it",
    )
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
