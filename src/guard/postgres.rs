//! The guard on PostgreSQL 12 and later: pins in the schema `bgmigrate`, and event triggers that hold DDL against them.
//!
//! A pin is the shape that an object had when a release came to rely on it: columns with type, nullability and default,
//! keys, constraints, triggers, policies, privileges. A command notes what it touches; when its transaction commits,
//! each touched object is held against its pins, and SQLSTATE [`REFUSED`] undoes the transaction if a release would
//! be hurt. What only loosens passes, and so do swaps that are whole at the commit, as the gates let them pass.
//! `SET CONSTRAINTS ALL IMMEDIATE` has the answer come at the statement.
//!
//! The constants are statements with parameters. Those that pin take part in the caller's transaction, and wait for DDL
//! that is not committed yet; set a `lock_timeout` first.

use super::Tier;

/// The version of what [`install`] makes. A newer one in the database is refused with SQLSTATE `BG002`.
pub const VERSION: i32 = 1;

/// The SQLSTATE of a refusal. Its message names release, service, slot, object and what is wrong; its detail has a
/// line for each complaint; its hint names the commands that help.
pub const REFUSED: &str = "BG001";

/// The setting that names an override: `SET LOCAL bgmigrate.override = 'token'`.
pub const OVERRIDE_SETTING: &str = "bgmigrate.override";

/// A script for one transaction that installs the guard, or brings an older one up to date; its pins stay. With
/// [`Tier::Views`] it makes no event triggers. The script needs the role that [`PROBE`] was asked as.
pub fn install(tier: Tier) -> String {
    let triggers = match tier {
        Tier::Triggers => include_str!("postgres/triggers.sql"),
        Tier::Views | Tier::Gates => "",
    };
    [
        include_str!("postgres/begin.sql"),
        include_str!("postgres/tables.sql"),
        include_str!("postgres/shape.sql"),
        include_str!("postgres/compare.sql"),
        include_str!("postgres/watch.sql"),
        include_str!("postgres/pins.sql"),
        include_str!("postgres/end.sql"),
        triggers,
    ]
    .concat()
    .replace("{version}", &VERSION.to_string())
    .replace("{tier}", tier.name())
}

/// A script for one transaction that removes guard and pins. What was logged stays, in `guard_log` and `override`.
pub const REMOVE: &str = include_str!("postgres/remove.sql");

/// A script whose last statement gives one row, the name of the best [`Tier`] that the current role can install. It tries,
/// and takes back what it made: what a managed service allows is written in no catalog.
pub const PROBE: &str = include_str!("postgres/probe.sql");

/// One row if a guard is installed, none otherwise: `version`, `tier`, `watches` (all event triggers are there, always
/// on, and not switched off for this session), `releases`, `pins`, `owner`.
pub const STATUS: &str = include_str!("postgres/status.sql");

/// Whether there is a guard at all: one boolean. [`STATUS`] fails where there is none.
pub const INSTALLED: &str = "SELECT pg_catalog.to_regclass('bgmigrate.guard') IS NOT NULL";

/// Pins a release: service, release, slot, [`Uses::json`](super::Uses::json). What was pinned for the same three before
/// is replaced. Gives the number of pinned objects.
pub const PIN: &str = "SELECT bgmigrate.guard_pin($1, $2, $3, $4::text::jsonb)";

/// Lets go of a release: service, release, slot. Gives whether it was pinned.
pub const UNPIN: &str = "SELECT bgmigrate.guard_unpin($1, $2, $3)";

/// After a step that the release ships: service, release, [`Object::list`](super::Object::list). From then on it relies
/// on these objects as the step left them. In the step's own transaction, it lets the step's own changes pass for
/// this release.
pub const REPIN: &str = "SELECT bgmigrate.guard_repin($1, $2, $3::text::jsonb)::text";

/// Before a step that a release is proven not to mind: service, release, [`Object::list`](super::Object::list). The pins
/// of these objects, columns and constraints go.
pub const LET_GO: &str = "SELECT bgmigrate.guard_let_go($1, $2, $3::text::jsonb)::text";

/// What is pinned: service, release, slot, kind, schema, name, arguments, columns (`text[]`, null but for tables
/// and views).
pub const LIST: &str = "SELECT * FROM bgmigrate.guard_list()";

/// What is broken, past the guard: service, release, slot, kind, schema, name, complaint.
pub const CHECK: &str = "SELECT * FROM bgmigrate.guard_check()";

/// Takes what is broken as it is: actor, reason. Gives the number of objects.
pub const ACCEPT: &str = "SELECT bgmigrate.guard_accept($1, $2)";

/// Switches the event triggers: active, actor, reason. Logged.
pub const SWITCH: &str = "SELECT bgmigrate.guard_switch($1, $2, $3)::text";

/// Gives an override: token, actor, reason, seconds until it expires (`bigint`). It serves one transaction.
pub const ALLOW: &str =
    "SELECT bgmigrate.guard_allow($1, $2, $3, now() + $4 * interval '1 second')::text";

/// The role that may use all of the above but [`install`] and [`REMOVE`], where the tool works under another one than
/// installs the guard: role.
pub const TRUST: &str = "SELECT bgmigrate.guard_trust($1)::text";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_filled_in() {
        for tier in [Tier::Triggers, Tier::Views] {
            let script = install(tier);
            assert!(!script.contains("{version}") && !script.contains("{tier}"));
            assert_eq!(
                script.contains("CREATE EVENT TRIGGER"),
                tier == Tier::Triggers
            );
        }
    }

    #[test]
    fn every_function_that_acts_for_others_has_a_search_path_of_its_own() {
        let script = install(Tier::Triggers);
        for function in script.split("CREATE FUNCTION ").skip(1) {
            let head = function.split("$$").next().unwrap_or_default();
            let name = head.split('(').next().unwrap_or_default();
            // It reads the session's own, and says nothing without a schema.
            if name != "bgmigrate.guard_start" {
                assert!(
                    head.contains("SET search_path = pg_catalog, pg_temp"),
                    "{name}"
                );
            }
        }
    }
}
