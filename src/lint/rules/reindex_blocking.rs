//! Rebuilds an index while writes, and in effect reads, wait.
//!
//! ## What happens
//! REINDEX takes SHARE on the table and ACCESS EXCLUSIVE on each index in turn. Writes wait for the rebuild, and
//! so do reads: every query plans with every index of the table.
//!
//! ## Not reported
//! Tables that are new in the pending set; `CONCURRENTLY`.
//!
//! ## Instead
//! REINDEX … CONCURRENTLY (PostgreSQL 12 and later), in a migration that runs outside a transaction.

use super::{Check, Postgres, Rule};
use crate::lint::fixes::{Relied, insert_after, out_of_transaction};
use crate::lint::{Report, Site};
use crate::model::{Action, Fix, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "reindex-blocking",
    row: 68,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("reindex_blocking.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Reindex {
        object,
        concurrently: false,
    } = site.action()
    else {
        return;
    };
    if site.judged.on_new {
        return;
    }
    let word = match object.kind {
        ObjectKind::Index => "index",
        ObjectKind::Schema => "schema",
        ObjectKind::Database => "database",
        _ => "table",
    };
    let message = format!(
        "rebuilds {word} `{}` under SHARE on the table and ACCESS EXCLUSIVE on each index: writes wait until it is done, \
         and so do reads, which plan with every index",
        object.name
    );
    let help = format!(
        "Rebuild concurrently, in a migration that runs outside a transaction\n\n\
         REINDEX {} CONCURRENTLY {};",
        word.to_uppercase(),
        site.name(&object.name)
    );
    let name = &object.name.name;
    let relied_on = Relied {
        name: Some(name),
        table: None,
    };
    let moves_as = format!("reindex_{}", name.as_str());
    let apart = out_of_transaction(site.file, site.index, &moves_as, relied_on);
    let edit = insert_after(site, &["reindex", word], "CONCURRENTLY");
    match edit.zip(apart.ok()) {
        Some((edit, apart)) => report.fixable(
            site.span(),
            message,
            help,
            Fix {
                title: "rebuild the index concurrently".to_owned(),
                edits: vec![edit],
                follow_up: None,
                apart,
            },
        ),
        None => report.finding(site.span(), message, help),
    }
}
