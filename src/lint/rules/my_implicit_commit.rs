//! Several schema changes in one file, of which each commits by itself.
//!
//! ## What happens
//! MySQL and MariaDB have no transaction around DDL: when the second statement fails, the first one stays, the runner
//! marks the file as failed, and running it again fails at the first statement, which is applied already.
//! Somebody then mends the database by hand.
//!
//! ## Not reported
//! Files whose statements, but for the last, can run again: IF EXISTS, IF NOT EXISTS, OR REPLACE, MODIFY to the
//! same definition.
//!
//! ## Instead
//! One schema change for each file, or statements that can run again.

use super::{Check, Mysql, Rule};
use crate::lint::ddl::{is_ddl, is_repeatable};
use crate::lint::{File, Report};
use crate::model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "my-implicit-commit",
    row: 90,
    severity: Severity::Warning,
    dialects: &[Mysql],
    check: Check::File(check),
    source: include_str!("my_implicit_commit.rs"),
};

fn check(file: &File<'_>, report: &mut Report<'_>) {
    let statements = file.script.statements.iter().enumerate();
    let ddl: Vec<_> = statements
        .filter(|(_, statement)| statement.changes.iter().any(|change| is_ddl(&change.action)))
        .collect();
    let stuck = ddl.windows(2).find(|pair| {
        let (_, statement) = pair[0];
        statement
            .changes
            .iter()
            .any(|change| is_ddl(&change.action) && !is_repeatable(&change.action))
    });
    let Some([(first, _), (_, next)]) = stuck else { return };
    let line = file.line_of(*first);
    report.finding(
        next.span,
        format!(
            "if this statement fails, the one on line {line} stays: each schema change commits by itself, and running the \
             file again fails on line {line}"
        ),
        "Give each schema change a file of its own, or write it so that it can run again (IF EXISTS, IF NOT EXISTS)",
    );
}
