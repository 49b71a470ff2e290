//! Creates a partition in place, which locks the whole partitioned table.
//!
//! ## What happens
//! CREATE TABLE … PARTITION OF takes ACCESS EXCLUSIVE on the parent: it waits for every query that runs on it, and
//! all reads and writes of all partitions queue behind. The same partition made as a table of its own and
//! attached only takes SHARE UPDATE EXCLUSIVE on the parent, which reads and writes pass.
//!
//! ## Not reported
//! Parents that are new in the pending set.
//!
//! ## Instead
//! Create the table LIKE the parent, then ATTACH PARTITION: it is empty, so nothing is read.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity};

pub(super) const RULE: Rule = Rule {
    id: "create-partition-of",
    row: 79,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("create_partition_of.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::CreateTable(create) = site.action() else { return };
    let Some(parent) = &create.partition_of else { return };
    if site.schema.is_new_table(parent) {
        return;
    }
    let (child, parent_sql) = (site.name(&create.name), site.name(parent));
    let text = site.sql();
    let bounds = text
        .to_ascii_lowercase()
        .find("for values")
        .map_or("FOR VALUES …", |at| text[at..].trim_end());
    report.finding(
        site.span(),
        format!(
            "creates partition `{}` in place, under ACCESS EXCLUSIVE on `{parent}`: all its reads and writes queue behind \
             it",
            create.name
        ),
        format!(
            "Create it as a table of its own, and attach it\n\n\
             CREATE TABLE {child} (LIKE {parent_sql} INCLUDING ALL);\n\
             ALTER TABLE {parent_sql} ATTACH PARTITION {child} {bounds};"
        ),
    );
}
