//! Takes labels from a MySQL ENUM or SET, or puts them in another order.
//!
//! ## What happens
//! A label that goes is refused from now on: running releases that write it fail (out of strict mode they write the
//! empty label, and the rows that had it lose it). Another order changes how rows sort and what `col + 0` yields. Either
//! way the server copies the table while writes wait.
//!
//! ## Not reported
//! New labels behind the old ones, and columns that are new in the pending set. Where the folder does not tell the old
//! labels, it is a warning: what goes cannot be seen.
//!
//! ## Instead
//! Only ever add labels, behind the others. Take one away when every release that may write it is retired and no row
//! has it any more.

use std::fmt::Write as _;

use super::{Check, Mysql, Rule};
use crate::lint::retype::{Retype, RetypeKind, retypes_to, waiting};
use crate::lint::sequences::type_sql;
use crate::lint::{Report, Site};
use crate::model::{DataType, Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "my-enum-reorder-or-remove",
    row: 30,
    severity: Severity::Error,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("my_enum_reorder_or_remove.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::LabelsMoved) {
        let (table, column) = (retype.table, &retype.column);
        let Some(old) = &retype.old else {
            report.at_most(Severity::Warning).finding(
                site.span(),
                format!(
                    "gives `{column}` of `{table}` a list of labels, and the folder does not tell the one it had: a \
                     running release may write a label that is refused from now on"
                ),
                format!(
                    "Compare the lists; the new one must begin with the old one\n\nSHOW COLUMNS FROM {} LIKE '{column}';",
                    site.name(table)
                ),
            );
            continue;
        };
        let gone = gone(retype, old);
        let what = if gone.is_empty() {
            format!(
                "puts the labels of `{column}` of `{table}` in another order: rows sort otherwise for running releases"
            )
        } else {
            format!(
                "takes {} from `{column}` of `{table}`: running releases that write it fail, also the one a rollback \
                 would go back to",
                quoted(&gone)
            )
        };
        report.finding(
            site.span(),
            format!("{what}{}", waiting(site)),
            steps(site, retype, old, &gone),
        );
    }
}

/// The labels that the column has no more.
fn gone<'a>(retype: &Retype<'_>, old: &'a DataType) -> Vec<&'a String> {
    let has = &retype.new.args;
    old.args.iter().filter(|label| !has.contains(label)).collect()
}

fn quoted(labels: &[&String]) -> String {
    let quoted: Vec<_> = labels
        .iter()
        .map(|label| format!("'{}'", label.replace('\'', "''")))
        .collect();
    quoted.join(", ")
}

fn steps(site: &Site<'_>, retype: &Retype<'_>, old: &DataType, gone: &[&String]) -> String {
    let (table, column) = (site.name(retype.table), retype.column.sql(Dialect::Mysql));
    let mut appended = old.clone();
    let added = retype.new.args.iter().filter(|label| !old.args.contains(label));
    appended.args.extend(added.cloned());
    let mut help = String::from("Only add labels, behind the others");
    if appended.args.len() > old.args.len() {
        let _ = write!(
            help,
            "\n\n-- expand\nALTER TABLE {table} MODIFY {column} {};",
            type_sql(&appended, Dialect::Mysql)
        );
    }
    if !gone.is_empty() && retype.new.name == "enum" {
        let _ = write!(
            help,
            "\n\n-- before a label goes, no row may have it and no release may write it\n\
             SELECT count(*) FROM {table} WHERE {column} IN ({});",
            quoted(gone)
        );
    }
    help
}
