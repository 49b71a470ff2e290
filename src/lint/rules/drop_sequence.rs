//! Drops a sequence that a running release may still draw numbers from.
//!
//! ## What happens
//! A release that calls `nextval` on it fails, and so does every insert into a column whose default draws from it;
//! PostgreSQL refuses the drop while such a default exists, unless CASCADE takes the default away.
//!
//! ## Not reported
//! A sequence that was created earlier in the same pending set.
//!
//! ## Instead
//! Take the defaults away or give them another source, and drop the sequence when every release that draws from it is
//! retired.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::objects::{called, dropped, object_sql};
use crate::lint::{Report, Site};
use crate::model::{ObjectKind, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-sequence",
    row: 7,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("drop_sequence.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Some(object) = dropped(site, &[ObjectKind::Sequence]) else { return };
    let dialect = site.file.engine.dialect;
    let name = &object.name;
    let draws = |text: &str| text.contains("nextval") && text.contains(name.name.as_str());
    let mut defaults = Vec::new();
    for table in site.schema.tables() {
        let columns = table.columns.iter().map(|column| &column.def);
        for column in columns.filter(|column| column.default.as_ref().is_some_and(|default| draws(&default.text))) {
            defaults.push(format!(
                "-- contract: its inserts must bring a number of their own by now\n\
                 ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT;\n",
                table.name.sql(dialect),
                column.name.sql(dialect),
            ));
        }
    }
    defaults.sort();
    report.finding(
        site.span(),
        format!(
            "drops {}: every release that draws numbers from it fails, by itself or by a default, also the one a \
             rollback would go back to",
            called(object)
        ),
        format!(
            "Drop it in a migration of its own, after every release that draws from it is retired\n\n{}DROP {};",
            defaults.concat(),
            object_sql(object, dialect)
        ),
    );
}
