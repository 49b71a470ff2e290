//! Gives a MySQL column or table another character set or collation.
//!
//! ## What happens
//! What was equal may differ and what differed may be equal: queries of running releases find other rows, sort them
//! otherwise, and a unique key refuses what it took, or stops the statement. The server copies the table while writes
//! wait (MariaDB changes a column's collation alone in an instant). Joins to columns that keep the old collation can no
//! longer use an index, or fail with "Illegal mix of collations". A MODIFY that leaves the character set out takes the
//! table's, and so may change it without saying so.
//!
//! ## Not reported
//! A table's DEFAULT CHARACTER SET, which holds for columns to come, and what is new in the pending set.
//!
//! ## Instead
//! Add a column with the new character set, and move over to it as for any other change of type.

use super::{Check, Mysql, Rule};
use crate::lint::objects::breaks;
use crate::lint::retype::{Retype, RetypeKind, retypes_to, waiting};
use crate::lint::sequences::{Successor, successor_name, type_sql};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "my-change-charset-or-collation",
    row: 29,
    severity: Severity::Error,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("my_change_charset_or_collation.rs"),
};

const CONSEQUENCE: &str = "what is equal, how it sorts and what a unique key refuses change for running releases";

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::Charset) {
        report.finding(
            site.span(),
            format!("{}: {CONSEQUENCE}{}", retype.told(site), waiting(site)),
            format!(
                "Add a column with the new character set, and move over to it\n\n{}",
                steps(site, retype)
            ),
        );
    }
    let Action::AlterTable { table, change } = site.action() else { return };
    let TableChange::SetCharset { charset, convert: true } = &**change else { return };
    if !breaks(site) {
        return;
    }
    report.finding(
        site.span(),
        format!(
            "converts every text column of `{table}` to {charset}: {CONSEQUENCE}{}",
            waiting(site)
        ),
        format!(
            "Move over column by column, and set the default for columns to come\n\n\
             -- expand: an instant, and no column changes\n\
             ALTER TABLE {} DEFAULT CHARACTER SET {charset};",
            site.name(table)
        ),
    );
}

fn steps(site: &Site<'_>, retype: &Retype<'_>) -> String {
    let column = retype.column.sql(Dialect::Mysql);
    let data_type = type_sql(&retype.new, Dialect::Mysql);
    // A collation is called after its character set: `utf8mb4_bin`, `utf8mb4`.
    let clause = retype.charset.as_ref().map_or_else(String::new, |charset| {
        if charset.contains(' ') {
            String::new()
        } else if charset.contains('_') {
            format!(" COLLATE {charset}")
        } else {
            format!(" CHARACTER SET {charset}")
        }
    });
    let successor = Successor {
        table: retype.table,
        old: &retype.column,
        new: &successor_name(&retype.column),
        data_type: Some(format!("{data_type}{clause}")),
        value: &column,
    };
    successor.steps(site)
}
