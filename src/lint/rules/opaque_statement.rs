//! Does what the file does not show.
//!
//! ## What happens
//! EXECUTE, CALL, a function of unknown body, a DO block that puts SQL together, an included file: what such a
//! statement does to running releases cannot be read here. It is never called safe: it waits, as a contract step
//! does, until every release that was not built with it is retired.
//!
//! ## Not reported
//! Statements whose phase is declared by a directive; `DO` blocks and function bodies whose statements can all be
//! read, which are judged by what they do. Text that no reader takes at all is a `syntax-error`.
//!
//! ## Instead
//! Write the statements out, or say what they amount to in a directive right above them:
//! `-- bgmigrate: phase=expand reason="creates one partition for each month of the year"`.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{File, Report};
use crate::model::{Action, Effect, Severity};
use crate::sql::OpaqueKind;

pub(super) const RULE: Rule = Rule {
    id: "opaque-statement",
    row: 99,
    severity: Severity::Error,
    dialects: EVERYWHERE,
    check: Check::File(check),
    source: include_str!("opaque_statement.rs"),
};

const HELP: &str = "Write the statements out, or declare what they amount to right above this one\n\n\
                    -- bgmigrate: phase=expand reason=\"…\"";

fn check(file: &File<'_>, report: &mut Report<'_>) {
    for (at, statement) in file.script.statements.iter().enumerate() {
        if let Some(opaque) = &statement.opaque
            && opaque.kind == OpaqueKind::Dynamic
            && file.script.declared_phase(at).is_none()
        {
            report.finding(
                opaque.span,
                format!("{}: it is taken for a contract step", opaque.reason),
                HELP,
            );
        }
    }
    for (at, change, said) in file.changes() {
        let told = file.script.statements[at].opaque.is_some() || file.script.declared_phase(at).is_some();
        // Of pragmas that unlock the rest speaks a rule of their own.
        let own_rule = matches!(change.action, Action::Pragma { .. });
        if said.verdict.effect == Effect::Unknown && !told && !own_rule {
            report.finding(
                change.span,
                format!("{}: it is taken for a contract step", said.verdict.reason),
                HELP,
            );
        }
    }
}
