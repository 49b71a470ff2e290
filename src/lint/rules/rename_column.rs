//! Renames a column that a running release still calls by its old name.
//!
//! ## What happens
//! The statement takes an instant, and from then on every release that says the old name fails, for reads and for
//! writes; the new release failed until then. There is no moment at which both work, and a rollback goes back to a
//! release that cannot work at all. MySQL's CHANGE with another name is the same.
//!
//! ## Not reported
//! A column that is new in the pending set, and a new spelling that the engine takes for the same name. A column of
//! the old name that is generated from the new one spares the readers alone: it refuses writes, so the rename is
//! reported all the same.
//!
//! ## Instead
//! 1. Add a column of the new name; releases write both, and a trigger copies what older releases write.
//! 2. Fill the new column in batches.
//! 3. Let releases read the new column, then let them stop writing the old one.
//! 4. When every release that names the old column is retired, drop it.
//!
//! `bgmigrate split` writes these steps in the place of the file.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::columns::clauses;
use crate::lint::objects::is_view;
use crate::lint::sequences::{Successor, type_sql};
use crate::lint::{Report, Site};
use crate::model::{Action, Ident, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "rename-column",
    row: 18,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("rename_column.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for clause in clauses(site) {
        let TableChange::RenameColumn { from, to } = &*clause.change else { continue };
        let table = clause.table;
        if is_view(site, table) {
            continue;
        }
        let readers = if is_read_under_old_name(site, table, from) {
            "; the column that is added back under the old name serves reads only if it is generated, and then refuses \
             writes"
        } else {
            ""
        };
        report.finding(
            site.span(),
            format!(
                "renames column `{from}` of `{table}` to `{to}`: every release that says `{from}` fails at once, for \
                 reads and writes, also the one a rollback would go back to{readers}"
            ),
            steps(site, table, from, to),
        );
    }
}

/// Whether the file adds a column of the old name back.
fn is_read_under_old_name(site: &Site<'_>, renamed: &Name, from: &Ident) -> bool {
    site.later().any(|(_, change)| match &change.action {
        Action::AlterTable { table, change } if table == renamed => {
            matches!(&**change, TableChange::AddColumn { column, .. } if column.name == *from)
        }
        _ => false,
    })
}

fn steps(site: &Site<'_>, table: &Name, from: &Ident, to: &Ident) -> String {
    let dialect = site.file.engine.dialect;
    let held = site.schema.column(table, from);
    let data_type = held.and_then(|held| held.def.data_type.as_ref());
    let successor = Successor {
        table,
        old: from,
        new: to,
        data_type: data_type.map(|data_type| type_sql(data_type, dialect)),
        value: &from.sql(dialect),
    };
    format!(
        "Add a column of the new name beside the old one, and move over to it; `bgmigrate split` writes the files\n\n{}",
        successor.steps(site)
    )
}
