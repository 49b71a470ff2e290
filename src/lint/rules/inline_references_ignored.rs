//! Writes REFERENCES on a column, which MySQL before 9.0 reads and ignores.
//!
//! ## What happens
//! MySQL 8 takes `column … REFERENCES parent (id)` without a word and makes no foreign key: rows that refer to
//! nothing come in. After an upgrade to 9.0 the same file makes one, and so does MariaDB, so two
//! databases that ran the same migrations differ.
//!
//! ## Not reported
//! MariaDB 10.5 and later, and MySQL 9.0 and later, which honour it; a FOREIGN KEY of the table.
//!
//! ## Instead
//! Write the foreign key as a constraint of the table, or leave REFERENCES out where none is wanted.

use super::{Check, Mysql, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, ColumnDef, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "inline-references-ignored",
    row: 63,
    severity: Severity::Warning,
    dialects: &[Mysql],
    check: Check::Change(check),
    source: include_str!("inline_references_ignored.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let engine = site.file.engine;
    let honoured = if engine.is_mariadb() {
        engine.at_least(10, 5, 0)
    } else {
        engine.at_least(9, 0, 0)
    };
    if honoured {
        return;
    }
    match site.action() {
        Action::CreateTable(create) => {
            for column in &create.columns {
                ignored(site, &create.name, column, report);
            }
        }
        Action::AlterTable { table, change } => match &**change {
            TableChange::AddColumn { column, .. } | TableChange::RedefineColumn { column, .. } => {
                ignored(site, table, column, report);
            }
            _ => {}
        },
        _ => {}
    }
}

fn ignored(site: &Site<'_>, table: &Name, column: &ColumnDef, report: &mut Report<'_>) {
    let Some(reference) = &column.references else { return };
    let dialect = site.file.engine.dialect;
    let key = reference.columns.first().map_or("id".to_owned(), |key| key.sql(dialect));
    report.finding(
        site.span(),
        format!(
            "REFERENCES on column `{}` of `{table}` is ignored by {}: no foreign key comes to be, and rows that refer to \
             nothing in `{}` come in",
            column.name, site.file.engine, reference.table
        ),
        format!(
            "Write it as a constraint of the table\n\n\
             CONSTRAINT {}_{}_fk FOREIGN KEY ({}) REFERENCES {} ({key})",
            table.name.written(),
            column.name.written(),
            column.name.sql(dialect),
            reference.table.sql(dialect),
        ),
    );
}
