//! Makes an index the primary key while its columns may still be NULL.
//!
//! ## What happens
//! `ADD PRIMARY KEY USING INDEX` is an instant only when the columns are NOT NULL already. Where they are not,
//! PostgreSQL sets them NOT NULL on the way and reads every row under ACCESS EXCLUSIVE: reads and writes wait,
//! and one NULL makes it fail.
//!
//! ## Not reported
//! Tables that are new in the pending set; columns that are NOT NULL, or proven so by a validated CHECK.
//!
//! ## Instead
//! Prove the columns NOT NULL by a CHECK that is validated in a migration of its own, set them NOT NULL, and
//! add the key then.

use super::{Check, Postgres, Rule};
use crate::lint::constraints::added;
use crate::lint::{Report, Site};
use crate::model::{ConstraintKind, Ident, LockWork, Severity};

pub(super) const RULE: Rule = Rule {
    id: "pk-using-index-nullable",
    row: 57,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("pk_using_index_nullable.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((table, constraint)) = added(site) else { return };
    let ConstraintKind::PrimaryKey {
        using_index: Some(index),
        ..
    } = &constraint.kind
    else {
        return;
    };
    if site.judged.locks.iter().all(|lock| lock.work == LockWork::Instant) {
        return;
    }
    let nullable: Vec<Ident> = site
        .schema
        .index(&table.sibling(index.clone()), Some(table))
        .map(|(held, index)| {
            let may_be_null = |column: &&Ident| {
                !held.column(column).is_some_and(|column| column.def.not_null)
                    && !held.proves_not_null(column)
            };
            index.def.columns().filter(may_be_null).cloned().collect()
        })
        .unwrap_or_default();
    let dialect = site.file.engine.dialect;
    let (columns, example) = match nullable.as_slice() {
        [] => ("the folder does not tell whether its columns".to_owned(), Ident::folded("id")),
        [first, ..] => {
            let columns: Vec<_> = nullable.iter().map(|column| format!("`{column}`")).collect();
            (columns.join(" and "), first.clone())
        }
    };
    let table_sql = table.sql(dialect);
    let check = Ident::folded(&format!("{}_{}_not_null", table.name.written(), example.written()));
    let verb = if nullable.is_empty() { "are NOT NULL" } else { "may be NULL" };
    report.finding(
        site.span(),
        format!(
            "makes index `{index}` the primary key of `{table}`, and {columns} {verb}: PostgreSQL then reads every \
             row under ACCESS EXCLUSIVE, and reads and writes wait"
        ),
        format!(
            "Set the columns NOT NULL first, by a proof that does not block\n\n\
             -- contract, one migration each\n\
             ALTER TABLE {table_sql} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;\n\
             ALTER TABLE {table_sql} VALIDATE CONSTRAINT {check};\n\
             ALTER TABLE {table_sql} ALTER COLUMN {column} SET NOT NULL, DROP CONSTRAINT {check};",
            check = check.sql(dialect),
            column = example.sql(dialect),
        ),
    );
}
