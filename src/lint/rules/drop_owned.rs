//! Drops, or gives away, everything that a role owns.
//!
//! ## What happens
//! `DROP OWNED` drops every object of the role in this database and revokes every permission that it was given;
//! `REASSIGN OWNED` makes another role the owner of all of it. No file tells what that is, and it may differ between
//! two databases. A running release that logs in as the role, or uses what it owned, fails.
//!
//! ## Not reported
//! Nothing: no newer object is exempt, for no file tells what is reached.
//!
//! ## Instead
//! Name each object, each in a contract migration, and drop the role last.

use super::{Check, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Severity};

pub(super) const RULE: Rule = Rule {
    id: "drop-owned",
    row: 14,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("drop_owned.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::Owned { dropped, roles } = site.action() else { return };
    let message = if *dropped {
        format!(
            "drops everything that `{roles}` owns and revokes what it was granted: no file tells what that is, and \
             every release that uses any of it fails"
        )
    } else {
        format!(
            "gives away everything that `{roles}` owns: no file tells what that is, and a running release that logs in as \
             that role may lose its rights"
        )
    };
    let help = if *dropped {
        "Drop each object by name, and revoke each permission by name, in contract migrations"
    } else {
        "Change the owner of each object by name, in contract migrations, and grant the old role what running releases \
         need before\n\n\
         -- expand\n\
         GRANT … ON … TO the_old_role;\n\
         -- contract: when every release that logs in as the old role is retired\n\
         ALTER TABLE … OWNER TO the_new_role;"
    };
    report.finding(site.span(), message, help);
}
