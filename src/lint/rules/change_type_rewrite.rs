//! Gives a column a type in which running releases do not know its values.
//!
//! ## What happens
//! The values come in another form from one moment to the next: releases that read the old type meet the new one, and
//! what they write may be refused or kept as something else. There is no way back but another change of type.
//! On PostgreSQL the table and all its indexes are written anew under ACCESS EXCLUSIVE, also where each value stays
//! what it was, as with `int` to `bigint`: nobody reads or writes until it is done, which takes as long as a dump and
//! reload; a table that a foreign key on the column links is locked as long. MySQL copies the table while writes wait.
//! A rebuild of a SQLite table whose new definition has another affinity converts what it copies.
//!
//! ## Not reported
//! What the server does in its catalog alone and old releases do not see (a longer `varchar`, more digits at the same
//! scale), types that lose values, and `timestamp` to `timestamptz` have rules of their own. So have a new character
//! set and the labels of an ENUM in MySQL. Columns that are new in the pending set are not reported at all.
//!
//! ## Instead
//! 1. Add a column of the new type; releases write both, and a trigger copies what older releases write.
//! 2. Fill it in batches.
//! 3. Let releases read the new column, then let them stop writing the old one.
//! 4. When every release that names the old column is retired, drop it.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::retype::{Retype, RetypeKind, retypes_to, waiting};
use crate::lint::sequences::{Successor, successor_name, type_sql};
use crate::lint::{Report, Site};
use crate::model::{Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "change-type-rewrite",
    row: 24,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("change_type_rewrite.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::Replaced) {
        report.finding(
            site.span(),
            format!("{}: {}{}", retype.told(site), consequence(retype), waiting(site)),
            format!(
                "Add a column of the new type beside the old one, and move over to it\n\n{}",
                steps(site, retype)
            ),
        );
    }
}

fn consequence(retype: &Retype<'_>) -> &'static str {
    if retype.computed.is_some() {
        "running releases read what USING computed, which they never wrote, and go on writing what they always did"
    } else if retype.charset.is_some() {
        "order, comparison and uniqueness change for running releases"
    } else if retype.old.is_none() {
        "the folder does not tell what it was, so running releases may get and write values in another form"
    } else {
        "running releases get and write values in another form, also the one a rollback would go back to"
    }
}

fn steps(site: &Site<'_>, retype: &Retype<'_>) -> String {
    let dialect = site.file.engine.dialect;
    let column = retype.column.sql(dialect);
    let data_type = type_sql(&retype.new, dialect);
    let value = match (&retype.computed, dialect) {
        (Some(computed), _) => computed.clone(),
        (None, _) if retype.old.as_ref() == Some(&retype.new) => column,
        (None, Dialect::Postgres) => format!("{column}::{data_type}"),
        (None, Dialect::Sqlite) => format!("CAST({column} AS {data_type})"),
        (None, Dialect::Mysql) => column,
    };
    let collate = match &retype.charset {
        Some(collation) if dialect == Dialect::Postgres => format!(" COLLATE \"{collation}\""),
        Some(collation) => format!(" COLLATE {collation}"),
        None => String::new(),
    };
    let successor = Successor {
        table: retype.table,
        old: &retype.column,
        new: &successor_name(&retype.column),
        data_type: Some(format!("{data_type}{collate}")),
        value: &value,
    };
    let mut steps = successor.steps(site);
    if is_key(site, retype) {
        steps.push_str("\n-- before that, make the new column the primary key, and move over what refers to the old one");
    }
    steps
}

fn is_key(site: &Site<'_>, retype: &Retype<'_>) -> bool {
    let table = site.schema.table(retype.table);
    let key = table.and_then(|table| table.primary_key());
    key.is_some_and(|key| key.contains(&retype.column))
}
