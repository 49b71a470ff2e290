//! `bgmigrate explain`.

use anyhow::{Context, Result};
use serde_json::json;

use super::{Global, Status, output};
use crate::lint::{Rule, no_such_rule, rule, rules};
use crate::report::Format;

const EXAMPLES: &str = "\
Examples:
  bgmigrate explain                           every rule, a line each
  bgmigrate explain drop-column

Formats: human, json, markdown.";

/// Show a rule's documentation.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The rule's id; without one, all rules are listed
    rule: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let text = match &arguments.rule {
        Some(id) => page(find(id)?, global.format),
        None => list(global.format),
    };
    output::answer(&output::suited(text, "explain", global.format)?)?;
    Ok(Status::Done)
}

fn find(id: &str) -> Result<&'static Rule> {
    rule(id).with_context(|| no_such_rule(id))
}

fn page(rule: &Rule, format: Format) -> Option<String> {
    match format {
        Format::Human => Some(format!(
            "{} ({}; {})\n\n{}\n",
            rule.id,
            rule.severity,
            engines(rule),
            rule.page().trim()
        )),
        Format::Markdown => Some(rule.document()),
        Format::Json => Some(format!("{:#}\n", value(rule))),
        _ => None,
    }
}

fn list(format: Format) -> Option<String> {
    match format {
        Format::Human => {
            let width = rules()
                .iter()
                .map(|rule| rule.id.len())
                .max()
                .unwrap_or_default();
            let line = |rule: &&Rule| {
                format!(
                    "{:width$}  {:7}  {}\n",
                    rule.id,
                    rule.severity.name(),
                    rule.summary()
                )
            };
            Some(rules().iter().map(line).collect())
        }
        Format::Markdown => {
            let line = |rule: &&Rule| {
                format!(
                    "| `{}` | {} | {} | {} |\n",
                    rule.id,
                    rule.severity,
                    engines(rule),
                    rule.summary()
                )
            };
            let head = "| rule | severity | engines | finds |\n|---|---|---|---|\n".to_owned();
            Some(head + &rules().iter().map(line).collect::<String>())
        }
        Format::Json => {
            let all: Vec<_> = rules().iter().map(|rule| value(rule)).collect();
            Some(format!("{:#}\n", json!({ "rules": all })))
        }
        _ => None,
    }
}

fn engines(rule: &Rule) -> String {
    rule.dialects
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn value(rule: &Rule) -> serde_json::Value {
    json!({
        "rule": rule.id,
        "severity": rule.severity,
        "dialects": rule.dialects,
        "summary": rule.summary(),
        "page": rule.page(),
    })
}
