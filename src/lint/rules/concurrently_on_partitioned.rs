//! Builds or drops an index of a partitioned table CONCURRENTLY, which always fails.
//!
//! ## What happens
//! PostgreSQL refuses: `cannot create index on partitioned table … concurrently`. A database without the
//! partitioning, as in a quick test, does not show it.
//!
//! ## Not reported
//! Indexes on the partitions themselves, and tables that the folder does not show to be partitioned.
//!
//! ## Instead
//! Create the index ON ONLY the parent, build it CONCURRENTLY on each partition, and attach these. The parent's
//! becomes valid with the last one.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Name, ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "concurrently-on-partitioned",
    row: 70,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("concurrently_on_partitioned.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let partitioned =
        |table: &Name| site.schema.table(table).is_some_and(|table| table.partitioned);
    match site.action() {
        Action::CreateIndex(create) if create.concurrently && partitioned(&create.table) => {
            let dialect = site.file.engine.dialect;
            let unique = if create.unique { "UNIQUE " } else { "" };
            let name = create.name.as_ref().map_or("name".to_owned(), |name| name.sql(dialect));
            let keys: Vec<_> = create
                .keys
                .iter()
                .map(|key| match key {
                    Ok(column) => column.sql(dialect),
                    Err(expr) => format!("({})", expr.text),
                })
                .collect();
            let keys = keys.join(", ");
            report.finding(
                site.span(),
                format!(
                    "builds an index on the partitioned table `{}` concurrently: PostgreSQL refuses that, and the \
                     migration fails",
                    create.table
                ),
                format!(
                    "Build it partition by partition\n\n\
                     CREATE {unique}INDEX {name} ON ONLY {} ({keys});\n\
                     -- for each partition, outside a transaction\n\
                     CREATE {unique}INDEX CONCURRENTLY {name}_part ON partition ({keys});\n\
                     ALTER INDEX {name} ATTACH PARTITION {name}_part;",
                    create.table.sql(dialect)
                ),
            );
        }
        Action::Drop {
            object,
            concurrently: true,
            ..
        } if object.kind == ObjectKind::Index => {
            let owner = site.schema.index(&object.name, None);
            if let Some((table, _)) = owner.filter(|(table, _)| table.partitioned) {
                report.finding(
                    site.span(),
                    format!(
                        "drops index `{}` of the partitioned table `{}` concurrently: PostgreSQL refuses that, and the \
                         migration fails",
                        object.name, table.name
                    ),
                    format!(
                        "Drop it without CONCURRENTLY, under a short lock_timeout\n\n\
                         SET lock_timeout = '2s';\n\
                         DROP INDEX {};",
                        site.name(&object.name)
                    ),
                );
            }
        }
        _ => {}
    }
}
