//! Turns `timestamp` into `timestamptz`, or back, as the session's time zone says.
//!
//! ## What happens
//! PostgreSQL takes each value for local time in the session's `TimeZone`. In UTC that is a change of its catalog alone
//! (12 and later) and every value stays the same moment; in any other zone the table is written anew under ACCESS
//! EXCLUSIVE and all values are shifted, on one server so and on another otherwise. Which zone the migration's session
//! has is decided by the server, the role, the database and the client, but not by the file. Releases that read the
//! column get values with an offset where they had none, or the other way round.
//!
//! ## Not reported
//! Columns that are new in the pending set, and a USING that names the zone: of the rewrite that it takes, another rule
//! speaks.
//!
//! ## Instead
//! Set `TimeZone` to UTC in the file, right before, if the values were written in UTC. If releases parse what they read,
//! add a new column instead and move over to it.

use super::{Check, Postgres, Rule};
use crate::lint::retype::{RetypeKind, retypes_to};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity};

pub(super) const RULE: Rule = Rule {
    id: "change-type-depends-on-session",
    row: 27,
    severity: Severity::Warning,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("change_type_depends_on_session.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for retype in retypes_to(site, RetypeKind::TimeZone) {
        let told = retype.told(site);
        let table = retype.table;
        let rewritten =
            format!("`{table}` is rewritten under ACCESS EXCLUSIVE, which blocks reads and writes until it is done");
        let Some(zone) = zone_set_before(site) else {
            let local = if site.file.transactions().at(site.index).is_some() { "LOCAL " } else { "" };
            report.finding(
                site.span(),
                format!(
                    "{told}: each value is taken for local time in the session's TimeZone; unless that is UTC, all \
                     values are shifted, and {rewritten}"
                ),
                format!(
                    "Say in the file which zone the values are in\n\n\
                     SET {local}TimeZone = 'UTC';\n\
                     ALTER TABLE {} ALTER COLUMN {} TYPE {};",
                    site.name(table),
                    retype.column.sql(site.file.engine.dialect),
                    retype.new,
                ),
            );
            continue;
        };
        let rewritten = if is_utc(&zone) { String::new() } else { format!("; {rewritten}") };
        report.finding(
            site.span(),
            format!(
                "{told}, taken for local time in {zone}, as the file says: running releases that parse what they read \
                 meet another form{rewritten}"
            ),
            "Make sure that every release that may run reads both forms",
        );
    }
}

/// The zone that the file sets for the statement's session or transaction.
fn zone_set_before(site: &Site<'_>) -> Option<String> {
    let transactions = site.file.transactions();
    let own = transactions.at(site.index);
    let set = site.earlier().filter_map(|(at, change)| match &change.action {
        Action::Set { variable, value, local }
            if matches!(variable.as_str(), "timezone" | "time zone") =>
        {
            let holds = !local || own.is_some() && transactions.at(at) == own;
            value.clone().filter(|_| holds)
        }
        _ => None,
    });
    set.last()
}

fn is_utc(zone: &str) -> bool {
    let zone = zone.to_ascii_lowercase();
    matches!(zone.as_str(), "utc" | "gmt" | "z" | "zulu" | "etc/utc" | "etc/gmt" | "0")
}
