//! Renames a table that a running release still calls by its old name.
//!
//! ## What happens
//! The statement takes an instant, and from then on every release that says the old name fails, for reads and for
//! writes, also the one that a rollback would go back to. Renaming a table out of the way before it is dropped is a
//! good habit, but for the releases that use it the rename is the drop.
//!
//! ## Not reported
//! A table that is new in the pending set; the steps of a rebuild; and, on PostgreSQL and MySQL, a rename after which
//! a simple view keeps the old name, for one can read and write through it. On PostgreSQL the view has to come in the
//! same transaction: in one of its own it comes after releases have failed, and that is a warning. SQLite's views
//! refuse writes, so there a view is no help.
//!
//! ## Instead
//! Rename the table and put a view in its place, in one transaction; drop the view when every release that says the
//! old name is retired. DDL and foreign keys cannot go through the view. On SQLite, add a table of the new name and
//! keep the two in step by triggers.
//!
//! `bgmigrate split` writes the steps the other way about: a view under the new name first, and the table takes it last.

use super::recreate_table::comes_back;
use super::{Check, EVERYWHERE, Rule};
use crate::lint::objects::breaks;
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Effect, Ident, Name, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "rename-table",
    row: 19,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("rename_table.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Rename { object, to } = site.action() else { return };
    if !matches!(object.kind, ObjectKind::Table | ObjectKind::ForeignTable) {
        return;
    }
    let from = &object.name;
    if view_comes_late(site, from) {
        report.at_most(Severity::Warning).finding(
            site.span(),
            format!(
                "renames table `{from}` to `{to}`, and the view that keeps the old name comes in another transaction: \
                 between the two every release that says `{from}` fails"
            ),
            format!("Do both in one transaction\n\n{}", bridged(site, from, to)),
        );
        return;
    }
    if !breaks(site) {
        return;
    }
    if comes_back(site, from) {
        report.finding(
            site.span(),
            format!(
                "renames table `{from}` to `{to}` and makes another of the old name: {}",
                site.judged.verdict.reason
            ),
            format!("Change the table in place, or make the new one under a name of its own\n\n{}", beside(site, from)),
        );
        return;
    }
    let help = match site.file.engine.dialect {
        Dialect::Sqlite => format!(
            "Add a table of the new name, and keep the two in step by triggers\n\n\
             -- expand\n\
             CREATE TABLE {to} (…);\n\
             -- migrate: in batches\n\
             INSERT INTO {to} SELECT * FROM {from} WHERE …;\n\
             -- contract: when every release that says {from} is retired\n\
             DROP TABLE {from};",
            from = site.name(from),
            to = site.name(to),
        ),
        _ => format!("Put a view in its place, in the same transaction\n\n{}", bridged(site, from, to)),
    };
    report.finding(
        site.span(),
        format!(
            "renames table `{from}` to `{to}`: every release that says `{from}` fails at once, for reads and writes, \
             also the one a rollback would go back to"
        ),
        help,
    );
}

fn beside(site: &Site<'_>, from: &Name) -> String {
    let fresh = from.sibling(Ident::folded(&format!("{}_v2", from.name.written())));
    format!(
        "-- expand\n\
         CREATE TABLE {} (…);\n\
         -- contract: when every release that says {from} is retired\n\
         DROP TABLE {};",
        site.name(&fresh),
        site.name(from),
    )
}

/// Whether the file puts a view in the table's place, but in another transaction. MySQL has none around DDL, so
/// there nothing better can be asked for.
fn view_comes_late(site: &Site<'_>, from: &Name) -> bool {
    let excused = site.judged.verdict.effect == Effect::Add && !site.judged.on_new;
    if !excused || site.file.engine.dialect != Dialect::Postgres {
        return false;
    }
    let transactions = site.file.transactions();
    let own = transactions.at(site.index);
    let mut views = site.later().filter(
        |(_, change)| matches!(&change.action, Action::CreateView(create) if create.name == *from),
    );
    views.next().is_some_and(|(at, _)| own.is_none() || transactions.at(at) != own)
}

fn bridged(site: &Site<'_>, from: &Name, to: &Name) -> String {
    let (from, to) = (site.name(from), site.name(to));
    let (begin, commit) = match site.file.engine.dialect {
        Dialect::Mysql => ("", ""),
        _ => ("BEGIN;\n", "COMMIT;\n"),
    };
    format!(
        "-- expand: old releases read and write through the view\n\
         {begin}ALTER TABLE {from} RENAME TO {to};\n\
         CREATE VIEW {from} AS SELECT * FROM {to};\n{commit}\
         -- contract: when every release that says {from} is retired\n\
         DROP VIEW {from};"
    )
}
