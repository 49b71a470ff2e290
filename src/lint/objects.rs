//! Questions about whole objects that several rules ask.

use crate::model::{Action, Dialect, Name, Object, ObjectKind, Phase};

use super::Site;

/// The object of one of these kinds that the change drops, if a running release can notice: neither is it new in
/// the pending set, nor does it come back in the same file.
pub(super) fn dropped<'a>(site: &Site<'a>, kinds: &[ObjectKind]) -> Option<&'a Object> {
    let Action::Drop { object, .. } = site.action() else {
        return None;
    };
    (kinds.contains(&object.kind) && breaks(site)).then_some(object)
}

/// Whether the change takes something from a running release, whatever phase its author declares.
pub(super) fn breaks(site: &Site<'_>) -> bool {
    !site.judged.on_new && site.judged.verdict.effect.phase() == Phase::Contract
}

/// Whether the name is a view's, whatever word the statement uses for it: PostgreSQL alters a view by ALTER TABLE too.
pub(super) fn is_view(site: &Site<'_>, name: &Name) -> bool {
    let mut words = site.sql().split_whitespace().map(str::to_ascii_lowercase);
    let told = words.next().as_deref() == Some("alter")
        && matches!(words.next().as_deref(), Some("view" | "materialized"));
    told || site.schema.view(name).is_some()
}

/// How a message calls the object: ``function `total(integer)` ``.
pub(super) fn called(object: &Object) -> String {
    let signature = object
        .signature
        .as_ref()
        .map_or_else(String::new, |signature| format!("({signature})"));
    let table = object
        .table
        .as_ref()
        .map_or_else(String::new, |table| format!(" on `{table}`"));
    format!("{} `{}{signature}`{table}", object.kind.word(), object.name)
}

/// The object in a statement: `FUNCTION total(integer)`, `TRIGGER sync ON users`.
pub(super) fn object_sql(object: &Object, dialect: Dialect) -> String {
    let signature = object
        .signature
        .as_ref()
        .map_or_else(String::new, |signature| format!("({signature})"));
    let table = object
        .table
        .as_ref()
        .filter(|_| dialect == Dialect::Postgres)
        .map_or_else(String::new, |table| format!(" ON {}", table.sql(dialect)));
    let kind = object.kind.word().to_uppercase();
    format!("{kind} {}{signature}{table}", object.name.sql(dialect))
}
