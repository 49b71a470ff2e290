//! Drops an index under a lock that stops the whole table.
//!
//! ## What happens
//! DROP INDEX takes ACCESS EXCLUSIVE on the table, only for an instant; but it queues behind every running query,
//! and all who come later wait behind it, reads included.
//!
//! ## Not reported
//! Indexes and tables that are new in the pending set; an index of a partitioned table, which cannot be dropped
//! concurrently.
//!
//! ## Instead
//! DROP INDEX CONCURRENTLY, in a migration that runs outside a transaction.

use super::{Check, Postgres, Rule};
use crate::lint::fixes::{Relied, insert_after, out_of_transaction};
use crate::lint::{Report, Site};
use crate::model::{Action, Fix, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-index-blocking",
    row: 66,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("drop_index_blocking.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Drop {
        object,
        concurrently: false,
        if_exists,
        cascade,
    } = site.action()
    else {
        return;
    };
    if object.kind != ObjectKind::Index || site.judged.on_new {
        return;
    }
    let found = site.schema.index(&object.name, None);
    if found.is_some_and(|(table, _)| table.partitioned)
        || *if_exists && found.is_none() && site.schema.rules_out_index(&object.name)
    {
        return;
    }
    let on = found.map_or("its table".to_owned(), |(table, _)| format!("`{}`", table.name));
    let message = format!(
        "drops index `{}` under ACCESS EXCLUSIVE on {on}: it waits for every running query, and all reads and writes \
         that come later wait behind it",
        object.name
    );
    let if_exists = if *if_exists { " IF EXISTS" } else { "" };
    let help = format!(
        "Drop it concurrently, in a migration that runs outside a transaction\n\n\
         DROP INDEX CONCURRENTLY{if_exists} {};",
        site.name(&object.name)
    );
    // CONCURRENTLY takes one index at a time, and no CASCADE.
    let alone = site.statement.changes.len() == 1 && !cascade;
    let relied_on = Relied {
        name: Some(&object.name.name),
        table: found.map(|(table, _)| &table.name.name),
    };
    let moves_as = format!("drop_{}", object.name.name.as_str());
    let apart = out_of_transaction(site.file, site.index, &moves_as, relied_on);
    let edit = insert_after(site, &["drop", "index"], "CONCURRENTLY").filter(|_| alone);
    match edit.zip(apart.ok()) {
        Some((edit, apart)) => report.fixable(
            site.span(),
            message,
            help,
            Fix {
                title: "drop the index concurrently".to_owned(),
                edits: vec![edit],
                follow_up: None,
                apart,
            },
        ),
        None => report.finding(site.span(), message, help),
    }
}
