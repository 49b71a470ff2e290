//! Rebuilds a SQLite table and loses something that hung on the old one.
//!
//! ## What happens
//! DROP TABLE takes the table's indexes and triggers with it. Where foreign keys are enforced, it deletes every row
//! first: rows of other tables that refer to them go too (ON DELETE CASCADE) or stop the migration. Switching
//! `foreign_keys` off inside a transaction does nothing at all. Renaming the old table away instead takes the
//! references of other tables along, to the table that is then dropped.
//!
//! ## Not reported
//! A rebuild that brings back all indexes and triggers, of a table that no known table refers to or with
//! `foreign_keys` off before the transaction. What becomes of the columns and constraints is judged by the
//! difference of the two definitions, by the rules for each difference.
//!
//! ## Instead
//! The steps of `sqlite.org/lang_altertable.html`, section 7, in that order: foreign keys off, begin, create new, copy,
//! drop old, rename new, indexes and triggers again, `PRAGMA foreign_key_check`, commit, foreign keys on.

use super::{Check, Rule, Sqlite};
use crate::lint::{Report, Site};
use crate::model::{Action, ConstraintKind, CreateIndex, Name, Object, ObjectKind, Severity};
use crate::schema::Table;

pub(super) const RULE: Rule = Rule {
    id: "lite-table-rebuild",
    row: 105,
    severity: Severity::Warning,
    dialects: &[Sqlite],
    check: Check::Change(check),
    source: include_str!("lite_table_rebuild.rs"),
};

/// The DROP of the old table in a rebuild.
struct Rebuild<'a> {
    /// The old table, under the name it is dropped by.
    old: &'a Table,
    /// The name that the table has before and after.
    name: &'a Name,
    /// The new table, under the name it has at the time.
    new: &'a Name,
}

impl Rebuild<'_> {
    /// The old table was renamed away, rather than the new one made beside it.
    fn renamed_first(&self) -> bool {
        self.new == self.name
    }
}

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(rebuild) = rebuild(site) else { return };
    let name = rebuild.name;
    if let Some(lost) = lost(site, &rebuild) {
        report.finding(
            site.span(),
            format!("rebuilds `{name}` without {}: dropped with the old table and not made again", lost.join(", ")),
            format!("Make it again, after the rename\n\n-- the CREATE INDEX and CREATE TRIGGER statements of {}", site.name(name)),
        );
    }
    let Some(child) = referring_table(site, &rebuild) else { return };
    if rebuild.renamed_first() {
        report.finding(
            site.span(),
            format!("the references of `{child}` followed `{name}` to `{}`, and lead nowhere when that is dropped", rebuild.old.name),
            format!("Make the new table beside the old one, and rename it at the end\n\n{}", steps(site, name)),
        );
    } else if let Some(why) = foreign_keys_may_be_on(site) {
        report.finding(
            site.span(),
            format!(
                "drops the old `{name}` while foreign keys may be enforced ({why}): its rows are deleted first, and the \
                 rows of `{child}` that refer to them go too or stop the migration"
            ),
            format!("Switch foreign keys off before the transaction\n\n{}", steps(site, name)),
        );
    }
}

fn rebuild<'a>(site: &Site<'a>) -> Option<Rebuild<'a>> {
    let Action::Drop { object, .. } = site.action() else { return None };
    if object.kind != ObjectKind::Table || site.judged.on_new {
        return None;
    }
    let old = site.schema.table(&object.name)?;
    let renamed = |change: &'a Action, wanted: &dyn Fn(&Name, &Name) -> bool| match change {
        Action::Rename { object, to } if object.kind == ObjectKind::Table && wanted(&object.name, to) => {
            Some((&object.name, to))
        }
        _ => None,
    };
    let takes_over = site
        .later()
        .find_map(|(_, change)| renamed(&change.action, &|_, to| *to == object.name));
    if let Some((new, name)) = takes_over {
        return site.schema.is_new_table(new).then_some(Rebuild { old, name, new });
    }
    let moved_away = site
        .earlier()
        .find_map(|(_, change)| renamed(&change.action, &|_, to| *to == object.name));
    let (name, _) = moved_away?;
    site.schema.is_new_table(name).then_some(Rebuild {
        old,
        name,
        new: name,
    })
}

/// The indexes and triggers that do not come back; `None` when all do.
fn lost(site: &Site<'_>, rebuild: &Rebuild<'_>) -> Option<Vec<String>> {
    let on_new = |table: &Name| table == rebuild.name || table == rebuild.new;
    let later = || site.later().map(|(_, change)| &change.action);
    let comes_back = |index: &CreateIndex| {
        let held = site.schema.table(rebuild.new);
        held.is_some_and(|table| table.indexes.iter().any(|other| other.def.keys == index.keys))
            || later().any(
                |action| matches!(action, Action::CreateIndex(create) if on_new(&create.table) && create.keys == index.keys),
            )
    };
    let is_made_again = |trigger: &Object| {
        later().any(
            |action| matches!(action, Action::CreateTrigger(create) if on_new(&create.table) && create.name == trigger.name),
        )
    };
    let columns_remain = |index: &CreateIndex| {
        let new = site.schema.table(rebuild.new);
        index.columns().all(|column| new.is_none_or(|table| table.column(column).is_some()))
    };
    let indexes = rebuild
        .old
        .indexes
        .iter()
        .map(|index| &index.def)
        .filter(|index| columns_remain(index) && !comes_back(index))
        .map(|index| format!("index {}", index.label()));
    let triggers = site
        .schema
        .triggers_on(&rebuild.old.name)
        .filter(|trigger| !is_made_again(trigger))
        .map(|trigger| format!("trigger {}", trigger.name));
    let lost: Vec<_> = indexes.chain(triggers).collect();
    (!lost.is_empty()).then_some(lost)
}

/// Another table that refers to the one that is rebuilt.
fn referring_table<'a>(site: &Site<'a>, rebuild: &Rebuild<'_>) -> Option<&'a Name> {
    let own = [&rebuild.old.name, rebuild.name];
    let refers = |table: &Table| {
        table.constraints.iter().any(|held| match &held.constraint.kind {
            ConstraintKind::ForeignKey { references, .. } => own.contains(&&references.table),
            _ => false,
        })
    };
    let all = site.schema.tables();
    let others = all.filter(|table| !own.contains(&&table.name) && !site.schema.is_new_table(&table.name));
    others.filter(|table| refers(table)).map(|table| &table.name).min_by_key(ToString::to_string)
}

/// Why foreign keys may be enforced when the old table is dropped; `None` when they are off for certain.
fn foreign_keys_may_be_on(site: &Site<'_>) -> Option<&'static str> {
    let transactions = site.file.transactions();
    let mut why = Some("nothing switches them off");
    for (at, change) in site.earlier() {
        let Action::Pragma { name, value } = &change.action else { continue };
        let off = matches!(value.as_deref(), Some("0" | "off" | "false" | "no"));
        match (name.as_str(), off, transactions.at(at)) {
            ("foreign_keys", true, None) => why = None,
            ("foreign_keys", true, Some(_)) if why.is_some() => {
                why = Some("the pragma stands in a transaction, where it does nothing");
            }
            ("foreign_keys", false, None) if value.is_some() => why = Some("they are switched on before"),
            _ => {}
        }
    }
    why
}

fn steps(site: &Site<'_>, name: &Name) -> String {
    let old = site.name(name);
    let new = format!("{}_new", name.name.written());
    format!(
        "PRAGMA foreign_keys = OFF;\nBEGIN;\nCREATE TABLE {new} (…);\nINSERT INTO {new} (…) SELECT … FROM {old};\n\
         DROP TABLE {old};\nALTER TABLE {new} RENAME TO {old};\nPRAGMA foreign_key_check;\nCOMMIT;\nPRAGMA foreign_keys = ON;"
    )
}
