//! Which rules speak, how loud, and what becomes of their findings.

use std::collections::HashMap;

use crate::lint::{Check, File, Report, Rule, Site, no_such_rule, rule, rules};
use crate::model::{Dialect, Finding, Severity, Span};
use crate::sql::Script;
use crate::sql::directive::{Directive, RuleName, Target};

/// The rules in force for one review.
#[derive(Clone)]
pub struct RuleSettings {
    changes: Vec<(&'static Rule, Severity)>,
    files: Vec<(&'static Rule, Severity)>,
    leftovers: Vec<(&'static Rule, Severity)>,
}

impl std::fmt::Debug for RuleSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.in_force().map(|(rule, severity)| (rule.id, severity)))
            .finish()
    }
}

impl RuleSettings {
    /// The rules that apply to `dialect`, at their default severity or the one in `configured` (by rule id).
    pub fn new(dialect: Dialect, configured: &HashMap<String, Severity>) -> Self {
        let mut settings = Self {
            changes: Vec::new(),
            files: Vec::new(),
            leftovers: Vec::new(),
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
                Check::Change(_) => settings.changes.push((rule, severity)),
                Check::File(_) => settings.files.push((rule, severity)),
                Check::Leftover(_) => settings.leftovers.push((rule, severity)),
            }
        }
        settings
    }

    fn in_force(&self) -> impl Iterator<Item = &(&'static Rule, Severity)> {
        self.changes
            .iter()
            .chain(&self.files)
            .chain(&self.leftovers)
    }

    pub(super) fn show_change(&self, site: &Site<'_>, findings: &mut Vec<Finding>) {
        for (rule, severity) in &self.changes {
            if let Check::Change(check) = rule.check {
                check(site, &mut Report::new(rule, *severity, findings));
            }
        }
    }

    pub(super) fn show_file(&self, file: &File<'_>, findings: &mut Vec<Finding>) {
        for (rule, severity) in &self.files {
            if let Check::File(check) = rule.check {
                check(file, &mut Report::new(rule, *severity, findings));
            }
        }
    }

    /// Lets the author's `allow` directives speak, reports those that silenced nothing, and puts the
    /// findings in the order of the text.
    pub(super) fn settle(&self, script: &Script, findings: &mut Vec<Finding>) {
        let mut unused = Vec::new();
        for (name, target) in allowed(script) {
            let before = findings.len();
            findings.retain(|finding| {
                !(finding.rule == name.rule && speaks_for(script, target, finding))
            });
            let in_force = self.in_force().any(|(rule, _)| rule.id == name.rule);
            if findings.len() == before && in_force {
                unused.push(name.clone());
            }
        }
        for (rule, severity) in &self.leftovers {
            if let Check::Leftover(check) = rule.check {
                check(&unused, &mut Report::new(rule, *severity, findings));
            }
        }
        findings.sort_by_key(|finding| (finding.span, finding.rule));
        findings.dedup();
    }
}

/// The rules named by `allow`, a statement's own before those for the file, so that the nearer one counts as used.
fn allowed(script: &Script) -> impl Iterator<Item = (&RuleName, Target)> {
    let of = |for_file: bool| {
        script
            .directives
            .iter()
            .filter(move |placed| (placed.target == Target::File) == for_file)
    };
    of(false).chain(of(true)).flat_map(|placed| {
        let names = match &placed.directive {
            Directive::Allow { rules, .. } => rules.as_slice(),
            _ => &[],
        };
        names.iter().map(|name| (name, placed.target))
    })
}

fn speaks_for(script: &Script, target: Target, finding: &Finding) -> bool {
    match target {
        Target::File => true,
        Target::Statement(at) => script
            .statements
            .get(at)
            .is_some_and(|statement| statement.span.contains(finding.span)),
    }
}

/// What is wrong with a script's directives: those that cannot be followed, and rules that do not exist.
pub fn directive_mistakes(script: &Script) -> Vec<(Span, String)> {
    let unreadable = script
        .directive_errors
        .iter()
        .map(|error| (error.span, error.to_string()));
    let unknown = allowed(script)
        .filter(|(name, _)| rule(&name.rule).is_none())
        .map(|(name, _)| (name.span, no_such_rule(&name.rule)));
    let mut mistakes: Vec<_> = unreadable.chain(unknown).collect();
    mistakes.sort();
    mistakes
}
