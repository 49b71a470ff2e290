//! Builds an index while writes wait.
//!
//! ## What happens
//! CREATE INDEX without CONCURRENTLY takes SHARE on the table until the index is built: no release can insert,
//! update or delete meanwhile, and with a transaction around it not until that commits.
//!
//! ## Not reported
//! Tables and materialized views that are new in the pending set, temporary tables, and `ON ONLY` a
//! partitioned table, which builds nothing.
//!
//! ## Instead
//! CREATE INDEX CONCURRENTLY, in a migration that runs outside a transaction. On a partitioned table: ON ONLY the
//! parent, CONCURRENTLY on each partition, then ATTACH.

use super::{Check, Postgres, Rule};
use crate::lint::fixes::{Relied, insert_after, out_of_transaction};
use crate::lint::{Report, Site};
use crate::model::{Action, CreateIndex, Fix, Severity};

pub(super) const RULE: Rule = Rule {
    id: "create-index-blocking",
    row: 65,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("create_index_blocking.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::CreateIndex(create) = site.action() else { return };
    let table = &create.table;
    let nobody_waits = site.judged.on_new || site.judged.locks.is_empty();
    if create.concurrently || create.only || nobody_waits {
        return;
    }
    let message = format!(
        "builds index {} under SHARE on `{table}`: every write to `{table}` waits until it is built",
        create.label()
    );
    let partitioned = site.schema.table(table).is_some_and(|table| table.partitioned);
    if partitioned {
        return report.finding(site.span(), message, partition_by_partition(site, create));
    }
    let concurrent = concurrently(site);
    let help = format!(
        "Build it concurrently, in a migration that runs outside a transaction\n\n{};",
        concurrent.as_deref().unwrap_or("CREATE INDEX CONCURRENTLY …")
    );
    match fix(site, create) {
        Some(fix) => report.fixable(site.span(), message, help, fix),
        None => report.finding(site.span(), message, help),
    }
}

fn keywords(create: &CreateIndex) -> &'static [&'static str] {
    if create.unique {
        &["create", "unique", "index"]
    } else {
        &["create", "index"]
    }
}

/// The user's own statement with CONCURRENTLY in it.
fn concurrently(site: &Site<'_>) -> Option<String> {
    let Action::CreateIndex(create) = site.action() else { return None };
    let edit = insert_after(site, keywords(create), "CONCURRENTLY")?;
    let at = edit.span.start - site.statement.span.start;
    let (before, after) = site.sql().split_at(at);
    Some(format!("{before}{}{after}", edit.text))
}

/// With IF NOT EXISTS a build that failed would be taken for one that is there, so that form is left alone.
fn fix(site: &Site<'_>, create: &CreateIndex) -> Option<Fix> {
    if create.if_not_exists {
        return None;
    }
    let name = create.name.as_ref().map(|name| &name.name);
    let moves_as = match name {
        Some(name) => format!("add_{}", name.as_str()),
        None => format!("add_index_to_{}", create.table.name.as_str()),
    };
    let relied_on = Relied {
        name,
        table: Some(&create.table.name),
    };
    let apart = out_of_transaction(site.file, site.index, &moves_as, relied_on).ok()?;
    Some(Fix {
        title: "build the index concurrently".to_owned(),
        edits: vec![insert_after(site, keywords(create), "CONCURRENTLY")?],
        follow_up: None,
        apart,
    })
}

fn partition_by_partition(site: &Site<'_>, create: &CreateIndex) -> String {
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
    format!(
        "Build it partition by partition, outside a transaction\n\n\
         CREATE {unique}INDEX {name} ON ONLY {} ({keys});\n\
         -- for each partition\n\
         CREATE {unique}INDEX CONCURRENTLY {name}_part ON partition ({keys});\n\
         ALTER INDEX {name} ATTACH PARTITION {name}_part;",
        create.table.sql(dialect)
    )
}
