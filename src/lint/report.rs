//! Where rules put their findings.

use crate::model::{Finding, Fix, Severity, Span};

use super::Rule;

/// Collects the findings of one rule on one file.
pub struct Report<'a> {
    rule: &'static Rule,
    severity: Severity,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Report<'a> {
    /// A report for `rule` at the configured severity.
    pub fn new(rule: &'static Rule, severity: Severity, findings: &'a mut Vec<Finding>) -> Self {
        Self {
            rule,
            severity,
            findings,
        }
    }

    /// The same report for findings that are no louder than this, whatever the rule's own severity.
    pub fn at_most(&mut self, severity: Severity) -> Report<'_> {
        Report {
            rule: self.rule,
            severity: self.severity.min(severity),
            findings: self.findings,
        }
    }

    /// Adds a finding. `message`: what happens to whom. `help`: one short imperative, then (after an
    /// empty line) SQL with the user's own names where there is some.
    pub fn finding(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.add(span, message.into(), help.into(), None);
    }

    /// Adds a finding that a certain rewrite mends.
    pub fn fixable(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
        fix: Fix,
    ) {
        self.add(span, message.into(), help.into(), Some(fix));
    }

    /// Adds a finding, with a rewrite where there is a certain one.
    pub fn maybe_fixable(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
        fix: Option<Fix>,
    ) {
        self.add(span, message.into(), help.into(), fix);
    }

    fn add(&mut self, span: Span, message: String, help: String, fix: Option<Fix>) {
        let (rule, severity) = (self.rule.id, self.severity);
        self.findings.push(Finding {
            rule,
            severity,
            span,
            message,
            help,
            fix,
        });
    }
}
