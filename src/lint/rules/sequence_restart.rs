//! Makes a sequence or `AUTO_INCREMENT` start again, step otherwise or end earlier.
//!
//! ## What happens
//! Numbers are given twice (inserts of every release then fail on the key, or rows are found that are not meant),
//! or the sequence runs out. With another INCREMENT, releases that fetch blocks of ids hand out
//! overlapping ones.
//!
//! ## Not reported
//! Sequences and tables that are new in the pending set; `setval` in a query, which moves rows' numbers after an
//! import; clauses such as OWNED BY and CACHE, after which the numbers go on as before.
//!
//! ## Instead
//! Set the next number above the largest one in use, while nothing inserts, or begin a new sequence.

use super::{Check, Mysql, Postgres, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, Dialect, Severity};

pub(super) const RULE: Rule = Rule {
    id: "sequence-restart",
    row: 95,
    severity: Severity::Warning,
    dialects: &[Postgres, Mysql],
    check: Check::Change(check),
    source: include_str!("sequence_restart.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterSequence {
        name,
        renumbers: true,
    } = site.action()
    else {
        return;
    };
    if site.judged.on_new {
        return;
    }
    let help = match site.file.engine.dialect {
        Dialect::Mysql => "Name a number above the largest one in use; the server raises a smaller one by itself, \
                           so that it says something else than what happens"
            .to_owned(),
        _ => format!(
            "Set it above the largest number in use\n\n\
             SELECT setval('{}', (SELECT max(id) FROM its_table));",
            site.name(name)
        ),
    };
    report.finding(
        site.span(),
        format!("changes the numbers that `{name}` gives: running releases may be given one twice, or none"),
        help,
    );
}
