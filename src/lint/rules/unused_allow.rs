//! An `allow` directive silences nothing.
//!
//! ## What happens
//! The rule that it names finds nothing here any more, or never did: the statement was mended, or the directive
//! stands above another one. Left in place it will silence the next finding, which nobody has looked at.
//!
//! ## Not reported
//! A directive for a rule that is switched off in the configuration, or that does not apply to the engine.
//!
//! ## Instead
//! Remove the directive, or put it right above the statement that it is meant for.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::Report;
use crate::model::Severity;
use crate::sql::directive::RuleName;

pub(super) const RULE: Rule = Rule {
    id: "unused-allow",
    row: 103,
    severity: Severity::Warning,
    dialects: EVERYWHERE,
    check: Check::Leftover(check),
    source: include_str!("unused_allow.rs"),
};

fn check(unused: &[RuleName], report: &mut Report<'_>) {
    for name in unused {
        report.finding(
            name.span,
            format!("`allow={}` silences nothing: the rule finds nothing that this directive speaks for", name.rule),
            "Remove the directive, or put it right above the statement that it is meant for",
        );
    }
}
