//! Narrows a column's type: some of what fitted does not fit any more.
//!
//! ## What happens
//! A running release that writes what does not fit fails from now on, and so does the release that a rollback would go
//! back to. The statement itself fails if such a row is there (MySQL out of strict mode cuts or clamps it without a
//! word). On PostgreSQL the table and its indexes are written anew under ACCESS EXCLUSIVE, and nobody reads or writes
//! until it is done; MySQL copies the table while writes wait.
//!
//! ## Not reported
//! Columns that are new in the pending set. Labels that go from a MySQL ENUM have a rule of their own.
//!
//! ## Instead
//! Make every release that may run obey the narrower type by itself, and mend the rows that do not fit. When every
//! release that does not obey it is retired, add a CHECK that says the same (NOT VALID, then VALIDATE) in a contract
//! migration. With the CHECK in place the column's type hardly matters; if it does, change it in a quiet hour.

use std::fmt::Write as _;

use super::{Check, EVERYWHERE, Rule};
use crate::lint::retype::{Retype, RetypeKind, retypes_to, waiting};
use crate::lint::sequences::type_sql;
use crate::lint::{Report, Site};
use crate::model::{Dialect, Ident, Severity};

pub(super) const RULE: Rule = Rule {
    id: "change-type-narrow",
    row: 26,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("change_type_narrow.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::Narrowed) {
        let rows = match site.file.engine.dialect {
            Dialect::Mysql => ", and rows that do not fit stop the statement, or are cut out of strict mode",
            _ => ", and rows that do not fit stop the statement",
        };
        report.finding(
            site.span(),
            format!(
                "{}: writes of running releases that do not fit fail at once, also those of the release that a \
                 rollback would go back to{rows}{}",
                retype.told(site),
                waiting(site)
            ),
            steps(site, retype),
        );
    }
}

fn steps(site: &Site<'_>, retype: &Retype<'_>) -> String {
    let mut help = String::from(
        "Narrow it in a contract migration, after every release that may write what does not fit is retired",
    );
    let Some(condition) = retype.does_not_fit(site, &retype.new) else { return help };
    let dialect = site.file.engine.dialect;
    let table = site.name(retype.table);
    let _ = write!(
        help,
        "\n\n-- the rows that do not fit today; let no release write more of them\n\
         SELECT * FROM {table} WHERE {condition};"
    );
    if dialect == Dialect::Postgres {
        let name = format!("{}_{}_fits", retype.table.name.written(), retype.column.written());
        let name = Ident::folded(&name).sql(dialect);
        let _ = write!(
            help,
            "\n-- contract: the demand, without a scan under a strong lock\n\
             ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (NOT ({condition})) NOT VALID;\n\
             -- in the next migration\n\
             ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
        );
    } else if dialect == Dialect::Mysql {
        let _ = write!(
            help,
            "\n-- contract: in strict mode, so that nothing is cut\n\
             ALTER TABLE {table} MODIFY {} {};",
            retype.column.sql(dialect),
            type_sql(&retype.new, dialect)
        );
    }
    help
}
