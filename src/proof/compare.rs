//! What became of the catalog, in the eyes of an older release that used everything there was.

mod relation;
mod types;

pub(super) use relation::mentions;

use super::catalog::{Catalog, Domain, Relation, Routine};
use crate::model::Dialect;

/// How much a difference weighs for an older release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something that worked may fail now.
    Breaking,
    /// A permission is wider than before.
    Loosening,
    /// Something new stands beside what was there.
    Additive,
    /// The same shape, made anew.
    Neutral,
}

/// One difference between two catalogs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// How much it weighs.
    pub weight: Weight,
    /// In plain words, with names.
    pub what: String,
}

/// A question that only an engine can answer: is this expression true of the row that an older release
/// inserts, which knows nothing of the columns in it? `true` is a certain yes.
pub type Holds<'a> = dyn Fn(&Relation, &str) -> bool + 'a;

/// Asks an engine that question: the columns hold what they get by themselves.
pub fn question(dialect: Dialect, relation: &Relation, expression: &str) -> String {
    let columns = relation
        .columns
        .iter()
        .filter(|(name, _)| relation::mentions(expression, name));
    let columns: Vec<String> = columns
        .map(|(name, column)| {
            let value = column.default.as_deref().unwrap_or("NULL");
            match dialect {
                Dialect::Postgres => format!("CAST({value} AS {}) AS \"{name}\"", column.data_type),
                Dialect::Mysql => format!("{value} AS `{name}`"),
                Dialect::Sqlite => format!("{value} AS \"{name}\""),
            }
        })
        .collect();
    format!(
        "SELECT {expression} FROM (SELECT {}) AS inserted",
        columns.join(", ")
    )
}

/// The differences from `before` to `after`, in the order of the catalog.
pub fn compare(dialect: Dialect, before: &Catalog, after: &Catalog, holds: &Holds) -> Vec<Fact> {
    let mut facts = Facts::default();
    relations(dialect, before, after, holds, &mut facts);
    routines(before, after, &mut facts);
    types(dialect, before, after, &mut facts);
    objects(before, after, &mut facts);
    grants(before, after, &mut facts);
    facts.0
}

/// The facts gathered so far.
#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, weight: Weight, what: impl Into<String>) {
        self.0.push(Fact {
            weight,
            what: what.into(),
        });
    }

    fn breaking(&mut self, what: impl Into<String>) {
        self.add(Weight::Breaking, what);
    }

    fn loosening(&mut self, what: impl Into<String>) {
        self.add(Weight::Loosening, what);
    }

    fn additive(&mut self, what: impl Into<String>) {
        self.add(Weight::Additive, what);
    }

    fn neutral(&mut self, what: impl Into<String>) {
        self.add(Weight::Neutral, what);
    }
}

fn relations(
    dialect: Dialect,
    before: &Catalog,
    after: &Catalog,
    holds: &Holds,
    facts: &mut Facts,
) {
    for (name, old) in &before.relations {
        match after.relations.get(name) {
            Some(new) => relation::compare(dialect, old, new, holds, facts),
            None => facts.breaking(format!("{} {name} is gone", old.kind.word())),
        }
    }
    for (name, new) in &after.relations {
        if !before.relations.contains_key(name) {
            facts.additive(format!("{} {name}", new.kind.word()));
        }
    }
}

fn routines(before: &Catalog, after: &Catalog, facts: &mut Facts) {
    let none = Vec::new();
    for (name, olds) in &before.routines {
        let news = after.routines.get(name).unwrap_or(&none);
        for old in olds {
            let call = format!("{name}({})", old.arguments.join(", "));
            let same = news.iter().find(|new| new.arguments == old.arguments);
            match same.or_else(|| news.iter().find(|new| answers(new, old))) {
                None => facts.breaking(format!("routine {call} is gone")),
                Some(new) if new.result != old.result => {
                    facts.breaking(format!(
                        "routine {call}: result {} became {}",
                        old.result, new.result
                    ));
                }
                Some(new) if new.owner != old.owner => {
                    facts.breaking(format!("routine {call} belongs to another role now"));
                }
                Some(new) if new.as_owner != old.as_owner => {
                    facts.breaking(format!("routine {call} runs with other rights now"));
                }
                Some(new) if new.definition != old.definition => {
                    facts.neutral(format!("routine {call} redefined"));
                }
                Some(_) => {}
            }
        }
    }
    for (name, news) in &after.routines {
        let olds = before.routines.get(name).unwrap_or(&none);
        for new in news
            .iter()
            .filter(|new| !olds.iter().any(|old| old.arguments == new.arguments))
        {
            facts.additive(format!("routine {name}({})", new.arguments.join(", ")));
        }
    }
}

/// Every call that `old` took, `new` takes: the same arguments, or more of them that may be left out.
fn answers(new: &Routine, old: &Routine) -> bool {
    let added = new.arguments.len().checked_sub(old.arguments.len());
    new.arguments.starts_with(&old.arguments)
        && added.is_some_and(|added| new.optional >= added + old.optional)
}

fn types(dialect: Dialect, before: &Catalog, after: &Catalog, facts: &mut Facts) {
    for (name, old) in &before.enums {
        match after.enums.get(name) {
            None => facts.breaking(format!("enum {name} is gone")),
            Some(new) => {
                for label in old.iter().filter(|label| !new.contains(label)) {
                    facts.breaking(format!("enum {name}: label '{label}' is gone"));
                }
                for label in new.iter().filter(|label| !old.contains(label)) {
                    facts.loosening(format!("enum {name}: label '{label}'"));
                }
            }
        }
    }
    for (name, old) in &before.domains {
        match after.domains.get(name) {
            None => facts.breaking(format!("domain {name} is gone")),
            Some(new) => domain(dialect, name, old, new, facts),
        }
    }
    for (name, old) in &before.composites {
        let Some(new) = after.composites.get(name) else {
            facts.breaking(format!("type {name} is gone"));
            continue;
        };
        for (attribute, data_type) in old {
            if new.get(attribute) != Some(data_type) {
                facts.breaking(format!(
                    "type {name}: attribute {attribute} {data_type} is gone"
                ));
            }
        }
        for attribute in new.keys().filter(|attribute| !old.contains_key(*attribute)) {
            facts.loosening(format!("type {name}: attribute {attribute}"));
        }
    }
    let fresh = |kind: &str, name: &String, known: bool| (!known).then(|| format!("{kind} {name}"));
    let enums = after
        .enums
        .keys()
        .filter_map(|name| fresh("enum", name, before.enums.contains_key(name)));
    let domains = after
        .domains
        .keys()
        .filter_map(|name| fresh("domain", name, before.domains.contains_key(name)));
    let composites = after
        .composites
        .keys()
        .filter_map(|name| fresh("type", name, before.composites.contains_key(name)));
    for new in enums.chain(domains).chain(composites) {
        facts.additive(new);
    }
}

fn domain(dialect: Dialect, name: &str, old: &Domain, new: &Domain, facts: &mut Facts) {
    types::retyped(
        dialect,
        &format!("domain {name}"),
        &old.data_type,
        &new.data_type,
        facts,
    );
    match (old.not_null, new.not_null) {
        (false, true) => facts.breaking(format!("domain {name} is NOT NULL now")),
        (true, false) => facts.loosening(format!("domain {name} takes NULL now")),
        _ => {}
    }
    if old.default.is_some() && new.default.is_none() {
        facts.breaking(format!("domain {name}: default is gone"));
    }
    for check in new
        .checks
        .iter()
        .filter(|check| !old.checks.contains(check))
    {
        facts.breaking(format!("domain {name}: new check {check}"));
    }
    for check in old
        .checks
        .iter()
        .filter(|check| !new.checks.contains(check))
    {
        facts.loosening(format!("domain {name}: check {check} is gone"));
    }
}

fn objects(before: &Catalog, after: &Catalog, facts: &mut Facts) {
    for (key @ (kind, name), old) in &before.objects {
        match after.objects.get(key) {
            None => facts.breaking(format!("{kind} {name} is gone")),
            Some(new) if new != old && kind == "event" => {
                facts.neutral(format!("{kind} {name} redefined"));
            }
            Some(new) if new != old => facts.breaking(format!("{kind} {name}: {old} became {new}")),
            Some(_) => {}
        }
    }
    for (kind, name) in after
        .objects
        .keys()
        .filter(|key| !before.objects.contains_key(*key))
    {
        // Sessions of an older release begin with it too.
        if kind == "setting" {
            facts.breaking(format!("{kind} {name} is new"));
        } else {
            facts.additive(format!("{kind} {name}"));
        }
    }
}

fn grants(before: &Catalog, after: &Catalog, facts: &mut Facts) {
    let is_there = |on: &str, catalog: &Catalog| {
        catalog.relations.contains_key(on)
            || catalog
                .objects
                .keys()
                .any(|(kind, name)| name == on || format!("{kind} {name}") == on)
            || catalog.routines.iter().any(|(name, overloads)| {
                overloads
                    .iter()
                    .any(|it| format!("{name}({})", it.arguments.join(", ")) == on)
            })
    };
    // A privilege that went with its object is told by the object.
    for grant in before
        .grants
        .difference(&after.grants)
        .filter(|grant| is_there(&grant.on, after))
    {
        facts.breaking(format!(
            "{} on {} taken from {}",
            grant.privilege, grant.on, grant.to
        ));
    }
    for grant in after
        .grants
        .difference(&before.grants)
        .filter(|grant| is_there(&grant.on, before))
    {
        facts.loosening(format!(
            "{} on {} given to {}",
            grant.privilege, grant.on, grant.to
        ));
    }
}
