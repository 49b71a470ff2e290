//! What became of one table or view.

use std::collections::BTreeMap;

use crate::model::Dialect;

use super::{Facts, Holds, types};
use crate::proof::catalog::{Column, ForeignKey, Key, Relation, RelationKind, Trigger};

/// The differences from `old` to `new`, which have the same name.
pub(super) fn compare(
    dialect: Dialect,
    old: &Relation,
    new: &Relation,
    holds: &Holds,
    facts: &mut Facts,
) {
    let name = &old.name;
    if old.owner != new.owner {
        facts.breaking(format!("{name} belongs to another role now"));
    }
    columns(dialect, old, new, facts);
    match (old.kind, new.kind) {
        (RelationKind::Table, RelationKind::Table) => table(old, new, holds, facts),
        (was, is) if was == is => {
            if old.definition != new.definition {
                facts.neutral(format!("{} {name} redefined", is.word()));
            }
        }
        (RelationKind::Table, RelationKind::View) if new.writable => {
            facts.neutral(format!("view {name} stands in for the table"));
        }
        (RelationKind::View, RelationKind::Table) => {
            facts.neutral(format!("table {name} stands in for the view"));
        }
        (was, is) => facts.breaking(format!("{} {name} became a {}", was.word(), is.word())),
    }
    if old.kind == RelationKind::View
        && old.writable
        && new.kind == RelationKind::View
        && !new.writable
    {
        facts.breaking(format!("view {name} takes no writes any more"));
    }
    triggers(name, &old.triggers, &new.triggers, facts);
    row_security(old, new, facts);
}

fn columns(dialect: Dialect, old: &Relation, new: &Relation, facts: &mut Facts) {
    for (name, before) in &old.columns {
        let at = format!("{}.{name}", old.name);
        match new.columns.get(name) {
            None => facts.breaking(format!("column {at} is gone")),
            Some(after) => {
                column(dialect, &at, before, after, facts);
                if old.kind == RelationKind::Table && new.kind == RelationKind::Table {
                    written(&at, before, after, facts);
                }
            }
        }
    }
    for (name, column) in new
        .columns
        .iter()
        .filter(|(name, _)| !old.columns.contains_key(*name))
    {
        let at = format!("{}.{name}", old.name);
        if column.not_null && !column.fills_itself() {
            facts.breaking(format!("column {at} is newly required"));
        } else {
            facts.additive(format!("column {at}"));
        }
    }
}

fn column(dialect: Dialect, at: &str, old: &Column, new: &Column, facts: &mut Facts) {
    types::retyped(
        dialect,
        &format!("column {at}"),
        &old.data_type,
        &new.data_type,
        facts,
    );
    let character_set_told_by_type = types::base(&old.data_type) != types::base(&new.data_type);
    if old.collation != new.collation && !character_set_told_by_type {
        let word = |collation: &Option<String>| {
            collation
                .clone()
                .unwrap_or_else(|| "the default".to_owned())
        };
        facts.breaking(format!(
            "column {at}: collation {} became {}",
            word(&old.collation),
            word(&new.collation)
        ));
    }
}

/// What a writer meets in a column. A view has none of this of its own: its table has.
fn written(at: &str, old: &Column, new: &Column, facts: &mut Facts) {
    match (old.not_null, new.not_null) {
        (false, true) => facts.breaking(format!("column {at} is NOT NULL now")),
        (true, false) => facts.loosening(format!("column {at} takes NULL now")),
        _ => {}
    }
    generated(at, old, new, facts);
    if old.fills_itself() && !new.fills_itself() {
        facts.breaking(format!("column {at}: default is gone"));
    } else if old.default.is_none() && new.default.is_some() {
        facts.loosening(format!("column {at} has a default now"));
    } else if old.default.is_some() && new.default.is_some() && old.default != new.default {
        facts.neutral(format!("column {at}: another default"));
    }
    if old.on_update.is_some() && new.on_update.is_none() {
        facts.breaking(format!("column {at}: ON UPDATE is gone"));
    }
}

fn generated(at: &str, old: &Column, new: &Column, facts: &mut Facts) {
    match (&old.generated, &new.generated) {
        (None, Some(_)) => {
            facts.breaking(format!("column {at} is generated now, and takes no values"));
        }
        (Some(_), None) => facts.breaking(format!("column {at} is not generated any more")),
        (Some(was), Some(is)) if was != is => {
            facts.breaking(format!("column {at}: generated as {is}, was {was}"));
        }
        _ => {}
    }
    match (old.identity.as_deref(), new.identity.as_deref()) {
        (Some("always"), _) | (_, None) => {}
        (_, Some("always")) => {
            facts.breaking(format!("column {at}: GENERATED ALWAYS takes no values"));
        }
        (None, Some(_)) => facts.loosening(format!("column {at} numbers itself now")),
        _ => {}
    }
}

fn table(old: &Relation, new: &Relation, holds: &Holds, facts: &mut Facts) {
    let name = &old.name;
    if old.definition != new.definition {
        // SQLite: STRICT and WITHOUT ROWID, or the arguments of a virtual table.
        facts.breaking(format!("table {name}: options changed"));
    }
    for parent in old
        .parents
        .iter()
        .filter(|parent| !new.parents.contains(parent))
    {
        facts.breaking(format!("table {name} is no part of {parent} any more"));
    }
    match (old.replica_identity, new.replica_identity) {
        (was, is) if was == is => {}
        // The whole row has every column that was told before.
        (_, Some('f')) => facts.loosening(format!("{name}: replicas are told the whole old row")),
        _ => facts.breaking(format!("{name}: replicas are told less of an old row")),
    }
    keys(old, new, holds, facts);
    checks(old, new, holds, facts);
    foreign_keys(old, new, holds, facts);
    exclusions(old, new, facts);
    rules(old, new, facts);
    for index in old.indexes.difference(&new.indexes) {
        facts.loosening(format!("index {index} on {name} is gone"));
    }
    for index in new.indexes.difference(&old.indexes) {
        facts.additive(format!("index {index} on {name}"));
    }
}

fn keys(old: &Relation, new: &Relation, holds: &Holds, facts: &mut Facts) {
    for key in &old.keys {
        // A partial key is as good an arbiter of ON CONFLICT … WHERE when it is whole now.
        let stands = |other: &&Key| {
            same_columns(key, other)
                && (other.predicate == key.predicate || other.predicate.is_none())
        };
        match new.keys.iter().find(stands) {
            None => facts.breaking(format!("unique {} is gone", describe(old, key))),
            Some(stands) if key.nulls_distinct && !stands.nulls_distinct => {
                facts.breaking(format!(
                    "unique {} takes NULL for equal now",
                    describe(old, key)
                ));
            }
            Some(stands) if stands.deferrable && !key.deferrable => {
                facts.breaking(format!("unique {} is deferrable now", describe(old, key)));
            }
            Some(_) => {}
        }
    }
    for key in &new.keys {
        if old
            .keys
            .iter()
            .any(|known| same_columns(known, key) && known.predicate == key.predicate)
        {
            continue;
        }
        if restricts(old, new, key, holds) {
            facts.breaking(format!("new unique {}", describe(old, key)));
        } else {
            facts.additive(format!("unique {}", describe(old, key)));
        }
    }
}

/// Whether an older release's INSERT, which names old columns only, may meet this new key.
fn restricts(old: &Relation, new: &Relation, key: &Key, holds: &Holds) -> bool {
    let implied = old.keys.iter().any(|known| {
        known
            .columns
            .iter()
            .all(|column| key.columns.contains(column))
            && (known.predicate.is_none() || known.predicate == key.predicate)
            && key.nulls_distinct >= known.nulls_distinct
    });
    let about_new = |expression: &str| {
        !old.columns
            .keys()
            .any(|column| mentions(expression, column))
    };
    let is_out_of_sight = key.predicate.as_ref().is_some_and(|predicate| {
        about_new(predicate) && holds(new, &format!("NOT coalesce(({predicate}), 1 = 0)"))
    });
    let lets_pass = |part: &String| match new.columns.get(part) {
        Some(_) if old.columns.contains_key(part) => false,
        Some(column) => {
            (key.nulls_distinct && column.left_null()) || fills_itself_uniquely(new, column, holds)
        }
        None => key.nulls_distinct && about_new(part) && holds(new, &format!("({part}) IS NULL")),
    };
    !implied && !is_out_of_sight && !key.columns.iter().any(lets_pass)
}

/// Every row that does not name this column gets a value of its own: the default is another each time.
fn fills_itself_uniquely(relation: &Relation, column: &Column, holds: &Holds) -> bool {
    let changes = |default: &String| holds(relation, &format!("({default}) <> ({default})"));
    column.identity.is_some() || column.default.as_ref().is_some_and(changes)
}

/// The order of the columns of a key is of no concern to what it forbids, nor to ON CONFLICT.
fn same_columns(one: &Key, other: &Key) -> bool {
    let columns = |key: &Key| -> Vec<_> { key.columns.iter().map(|it| uncast(it)).collect() };
    let others = columns(other);
    one.columns.len() == others.len() && columns(one).iter().all(|it| others.contains(it))
}

/// An expression without the casts between text types that PostgreSQL writes into it when a column's type changes.
fn uncast(expression: &str) -> String {
    expression
        .replace("::character varying", "")
        .replace("::text", "")
}

fn describe(relation: &Relation, key: &Key) -> String {
    let predicate = key
        .predicate
        .as_ref()
        .map(|it| format!(" where {it}"))
        .unwrap_or_default();
    format!("{}({}){predicate}", relation.name, key.columns.join(", "))
}

fn checks(old: &Relation, new: &Relation, holds: &Holds, facts: &mut Facts) {
    for check in old.checks.difference(&new.checks) {
        facts.loosening(format!("check {check} on {} is gone", old.name));
    }
    for check in new.checks.difference(&old.checks) {
        let about_old = old.columns.keys().any(|column| mentions(check, column));
        if !about_old && holds(new, &format!("coalesce(({check}), 1 = 1)")) {
            facts.additive(format!("check {check} on {}", old.name));
        } else {
            facts.breaking(format!("new check {check} on {}", old.name));
        }
    }
}

/// Whether an expression names this column; text in quotes does not count, a quoted name does.
pub(in crate::proof) fn mentions(expression: &str, column: &str) -> bool {
    // Pieces at odd places between apostrophes are literals.
    expression.split('\'').step_by(2).any(|code| {
        code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .any(|word| word.eq_ignore_ascii_case(column))
            || code.contains(&format!("\"{column}\""))
            || code.contains(&format!("`{column}`"))
    })
}

fn foreign_keys(old: &Relation, new: &Relation, holds: &Holds, facts: &mut Facts) {
    for key in &old.foreign_keys {
        match new
            .foreign_keys
            .iter()
            .find(|other| same_reference(key, other))
        {
            None => facts.loosening(format!("foreign key {} is gone", reference(old, key))),
            Some(other) => {
                delete_rule(new, key, other, facts);
                if key.deferred != other.deferred {
                    facts.breaking(format!(
                        "foreign key {} is checked at another moment now",
                        reference(old, key)
                    ));
                }
            }
        }
    }
    for key in &new.foreign_keys {
        if old
            .foreign_keys
            .iter()
            .any(|known| same_reference(known, key))
        {
            continue;
        }
        let about_old = key
            .columns
            .iter()
            .any(|column| old.columns.contains_key(column));
        // One NULL among its columns, and a foreign key asks nothing.
        let left_null = |column: &String| {
            !old.columns.contains_key(column)
                && new.columns.get(column).is_some_and(Column::left_null)
        };
        if key.columns.iter().any(left_null) || (!about_old && holds(new, &has_target(key))) {
            facts.additive(format!("foreign key {}", reference(old, key)));
        } else {
            facts.breaking(format!("new foreign key {}", reference(old, key)));
        }
    }
}

/// The condition that the row a foreign key asks for is there.
fn has_target(key: &ForeignKey) -> String {
    let pairs = key.target_columns.iter().zip(&key.columns);
    let pairs: Vec<String> = pairs
        .map(|(theirs, ours)| format!("target.{theirs} = inserted.{ours}"))
        .collect();
    format!(
        "EXISTS (SELECT 1 FROM {} target WHERE {})",
        key.target,
        pairs.join(" AND ")
    )
}

fn same_reference(one: &ForeignKey, other: &ForeignKey) -> bool {
    one.columns == other.columns
        && one.target == other.target
        && one.target_columns == other.target_columns
}

/// A delete that was refused and now passes is a loosening, unless rows of this table go with it. One that would
/// leave NULL where none may stand is refused.
fn delete_rule(relation: &Relation, old: &ForeignKey, new: &ForeignKey, facts: &mut Facts) {
    let cascades = |rule: &str| matches!(rule.to_ascii_lowercase().as_str(), "c" | "cascade");
    let refuses = |rule: &str| {
        matches!(
            rule.to_ascii_lowercase().as_str(),
            "a" | "r" | "no action" | "restrict"
        )
    };
    let required = |column: &String| relation.columns.get(column).is_some_and(|it| it.not_null);
    let clears = |rule: &str| matches!(rule.to_ascii_lowercase().as_str(), "n" | "set null");
    let refuses = |rule: &str| refuses(rule) || clears(rule) && old.columns.iter().any(required);
    for (event, was, is) in [
        ("DELETE", &old.on_delete, &new.on_delete),
        ("UPDATE", &old.on_update, &new.on_update),
    ] {
        let what = || {
            format!(
                "foreign key {}: ON {event} {was} became {is}",
                reference(relation, old)
            )
        };
        if was == is || (refuses(was) && refuses(is)) {
            continue;
        }
        let newly_cascades = event == "DELETE" && cascades(is);
        if newly_cascades || refuses(is) {
            facts.breaking(what());
        } else {
            facts.loosening(what());
        }
    }
}

fn reference(relation: &Relation, key: &ForeignKey) -> String {
    format!(
        "{}({}) to {}",
        relation.name,
        key.columns.join(", "),
        key.target
    )
}

fn exclusions(old: &Relation, new: &Relation, facts: &mut Facts) {
    for exclusion in old.exclusions.difference(&new.exclusions) {
        facts.loosening(format!("exclusion on {} is gone: {exclusion}", old.name));
    }
    for exclusion in new.exclusions.difference(&old.exclusions) {
        facts.breaking(format!("new exclusion on {}: {exclusion}", old.name));
    }
}

fn triggers(
    relation: &str,
    old: &BTreeMap<String, Trigger>,
    new: &BTreeMap<String, Trigger>,
    facts: &mut Facts,
) {
    for (name, trigger) in old.iter().filter(|(_, trigger)| trigger.enabled) {
        let renamed = || {
            new.values()
                .any(|it| it.enabled && it.definition == trigger.definition)
        };
        match new.get(name) {
            Some(same) if same.enabled => {
                if same.definition != trigger.definition {
                    facts.neutral(format!("trigger {name} on {relation} redefined"));
                }
            }
            _ if renamed() => facts.neutral(format!("trigger {name} on {relation} renamed")),
            Some(_) => facts.breaking(format!("trigger {name} on {relation} is disabled")),
            None => facts.breaking(format!("trigger {name} on {relation} is gone")),
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        facts.additive(format!("trigger {name} on {relation}"));
    }
}

fn rules(old: &Relation, new: &Relation, facts: &mut Facts) {
    for (name, rule) in &old.rules {
        match new.rules.get(name) {
            None => facts.breaking(format!("rule {name} on {} is gone", old.name)),
            Some(other) if other.definition != rule.definition => {
                facts.neutral(format!("rule {name} on {} redefined", old.name));
            }
            Some(_) => {}
        }
    }
    for (name, rule) in new
        .rules
        .iter()
        .filter(|(name, _)| !old.rules.contains_key(*name))
    {
        if rule.instead {
            facts.breaking(format!(
                "rule {name} on {} does something else instead",
                old.name
            ));
        } else {
            facts.additive(format!("rule {name} on {}", old.name));
        }
    }
}

/// A permissive policy widens what a role sees, a restrictive one narrows it; while row security is off
/// for the table, neither counts.
fn row_security(old: &Relation, new: &Relation, facts: &mut Facts) {
    let name = &old.name;
    match (old.row_security, new.row_security) {
        (false, true) => facts.breaking(format!("row security is enabled on {name}")),
        (true, false) => facts.loosening(format!("row security is disabled on {name}")),
        _ => {}
    }
    if !old.row_security_forced && new.row_security_forced {
        facts.breaking(format!("row security is forced on {name}"));
    }
    let counts = old.row_security && new.row_security;
    for (policy, before) in &old.policies {
        match new.policies.get(policy) {
            Some(after)
                if after.definition == before.definition
                    && after.permissive == before.permissive => {}
            Some(_) if counts => facts.breaking(format!("policy {policy} on {name} changed")),
            None if counts && before.permissive => {
                facts.breaking(format!("policy {policy} on {name} is gone"));
            }
            _ => facts.loosening(format!("policy {policy} on {name} changed or gone")),
        }
    }
    for (policy, after) in new
        .policies
        .iter()
        .filter(|(policy, _)| !old.policies.contains_key(*policy))
    {
        if counts && !after.permissive {
            facts.breaking(format!("new restrictive policy {policy} on {name}"));
        } else {
            facts.additive(format!("policy {policy} on {name}"));
        }
    }
}
