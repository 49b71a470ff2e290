//! Writes a whole table anew for the sake of how it is stored.
//!
//! ## What happens
//! On PostgreSQL, VACUUM FULL, CLUSTER, SET LOGGED or UNLOGGED, SET TABLESPACE and SET ACCESS METHOD hold ACCESS EXCLUSIVE
//! until the last row is written: reads and writes wait. On MySQL, OPTIMIZE, ENGINE=, FORCE and `ROW_FORMAT`
//! rebuild the table; writes go on for the most part, with twice the space and a replica that lags for as long.
//!
//! ## Not reported
//! Tables that are new in the pending set.
//!
//! ## Instead
//! An online tool: `pg_repack` or `pg_squeeze`, `gh-ost` or `pt-online-schema-change`. It is no business of a release.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, LockMode, Name, Severity, TableChange};

pub(super) const RULE: Rule = Rule {
    id: "rewrite-maintenance",
    row: 80,
    severity: Severity::Error,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("rewrite_maintenance.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    if site.judged.on_new {
        return;
    }
    let Some((what, table)) = maintenance(site.action()) else { return };
    let on = table.map_or("every table".to_owned(), |table| format!("`{table}`"));
    let shared = site
        .judged
        .locks
        .iter()
        .any(|lock| lock.mode == LockMode::Share);
    let (effect, tool) = match site.file.engine.dialect {
        Dialect::Mysql if shared => ("its writes wait until the copy is done", "gh-ost, pt-online-schema-change"),
        Dialect::Mysql => (
            "reads and writes go on, but disk and replicas pay for a whole copy",
            "gh-ost, pt-online-schema-change",
        ),
        _ => ("reads and writes wait until the last row is written", "pg_repack, pg_squeeze"),
    };
    report.finding(
        site.span(),
        format!("{what} writes {on} anew: {effect}"),
        format!("Do it with an online tool ({tool}), outside of any release"),
    );
}

fn maintenance(action: &Action) -> Option<(String, Option<&Name>)> {
    match action {
        Action::Maintain {
            command,
            table,
            rewrites: true,
        } => Some((command.to_uppercase(), table.as_ref())),
        Action::AlterTable { table, change } => {
            let what = match &**change {
                TableChange::SetLogged { logged: true } => "SET LOGGED".to_owned(),
                TableChange::SetLogged { logged: false } => "SET UNLOGGED".to_owned(),
                TableChange::SetTablespace => "SET TABLESPACE".to_owned(),
                TableChange::SetAccessMethod => "SET ACCESS METHOD".to_owned(),
                TableChange::Rebuild { clause } => clause.to_uppercase(),
                _ => return None,
            };
            Some((what, Some(table)))
        }
        _ => None,
    }
}
