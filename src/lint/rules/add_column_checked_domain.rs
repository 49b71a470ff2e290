//! Adds a column of a domain that checks its values.
//!
//! ## What happens
//! PostgreSQL cannot tell that NULL passes the domain's constraint without running it, so it writes the whole table and its
//! indexes anew under ACCESS EXCLUSIVE, even for a nullable column without a default (12 to 18): reads and writes of
//! all releases wait.
//!
//! ## Not reported
//! Tables that are new in the pending set; domains without a constraint; domains that the folder does not define.
//!
//! ## Instead
//! Add a column of the type beneath the domain, which is an instant, and a CHECK on it `NOT VALID`; validate that in a
//! migration of its own.

use super::{Check, Postgres, Rule};
use crate::lint::columns::added_column;
use crate::lint::sequences::definition;
use crate::lint::{Report, Site};
use crate::model::{Ident, Severity, TypeShape};

pub(super) const RULE: Rule = Rule {
    id: "add-column-checked-domain",
    row: 47,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("add_column_checked_domain.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, column)) = added_column(site) else { return };
    let Some(domain) = &column.data_type else { return };
    let Some(TypeShape::Domain { base, constrained: true, .. }) = site.schema.shape_of(domain) else { return };
    let dialect = site.file.engine.dialect;
    let name = &column.name;
    let check = Ident::folded(&format!("{}_{}_check", table.name.written(), name.written()));
    let (table_sql, check) = (table.sql(dialect), check.sql(dialect));
    report.finding(
        site.span(),
        format!(
            "adds `{name}` to `{table}` with domain `{domain}`, which checks its values: the table is rewritten under ACCESS \
             EXCLUSIVE, and reads and writes of `{table}` wait until it is done"
        ),
        format!(
            "Use the type beneath the domain, and a CHECK of the column\n\n\
             -- expand\n\
             ALTER TABLE {table_sql} ADD COLUMN {};\n\
             ALTER TABLE {table_sql} ADD CONSTRAINT {check} CHECK (…) NOT VALID;\n\
             -- migrate, in the next migration\n\
             ALTER TABLE {table_sql} VALIDATE CONSTRAINT {check};",
            definition(name, Some(base), dialect),
        ),
    );
}
