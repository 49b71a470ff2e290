//! Adds a required column without a default, which MySQL fills with a value that nobody chose.
//!
//! ## What happens
//! The statement succeeds on a table full of rows: each gets the type's own zero (0, the empty string, the first label of
//! an ENUM, `0000-00-00`, which `NO_ZERO_DATE` refuses). Nothing tells it from a value that somebody wrote. In
//! strict mode the INSERTs of releases that do not know the column fail from then on; otherwise they get that zero
//! as well, with a warning that no application reads.
//!
//! ## Not reported
//! Tables that are new in the pending set; a column with a default, generated, or with `AUTO_INCREMENT`; a column that
//! gets its default later in the same file. A primary key: see `add-or-change-primary-key`.
//!
//! ## Instead
//! 1. Add the column nullable, or with a default that may stay.
//! 2. Let new releases write it, and fill the rows that are there in batches.
//! 3. When every release that leaves it out is retired, make it NOT NULL.

use super::add_required_column::steps;
use super::{Check, Mysql, Rule};
use crate::lint::columns::{clauses, starts_required};
use crate::lint::{Report, Site};
use crate::model::{DataType, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "my-implicit-default",
    row: 37,
    severity: Severity::Error,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("my_implicit_default.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let TableChange::AddColumn { column, .. } = &*clause.change else { continue };
        if !starts_required(site, clause.table, column) {
            continue;
        }
        let table = clause.table;
        let zero = column.data_type.as_ref().map_or_else(|| "a zero".to_owned(), implicit_default);
        report.finding(
            site.span(),
            format!(
                "{}adds `{}` to `{table}`, NOT NULL and without a default: every row that is there gets {zero} without a \
                 word, and INSERTs of releases that do not know it fail in strict mode",
                clause.subject(),
                column.name
            ),
            steps(site, table, column),
        );
    }
}

/// What the server puts where no value was given (MySQL manual, "Data Type Default Values").
fn implicit_default(data_type: &DataType) -> String {
    match data_type.name.as_str() {
        "enum" => match data_type.args.first() {
            Some(label) => format!("its first label, '{label}',"),
            None => "its first label".to_owned(),
        },
        "date" => "'0000-00-00'".to_owned(),
        "datetime" | "timestamp" => "'0000-00-00 00:00:00'".to_owned(),
        "time" => "'00:00:00'".to_owned(),
        "year" => "0000".to_owned(),
        "json" => "the JSON null".to_owned(),
        name if name.contains("char") || name.contains("text") || name.contains("blob") => {
            "the empty string".to_owned()
        }
        "binary" | "varbinary" | "set" => "the empty string".to_owned(),
        _ => "0".to_owned(),
    }
}
