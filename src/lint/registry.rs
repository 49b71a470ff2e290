//! The list of rules.

use crate::model::{Dialect, Severity};
use crate::nearest::nearest;

use super::Check;

/// A rule: what it is called, where it applies, and what it does.
pub struct Rule {
    /// Its id, the name of its file with `-` for `_`: reads well after `allow=`.
    pub id: &'static str,
    /// Its row in the catalogue of hazards.
    pub row: u8,
    /// How loud it is unless configured otherwise.
    pub severity: Severity,
    /// Where it applies.
    pub dialects: &'static [Dialect],
    /// What it looks at.
    pub check: Check,
    /// The text of its own file, whose module comment is the user's page.
    pub source: &'static str,
}

impl Rule {
    /// The user's page, in Markdown: the module comment of the rule's file.
    pub fn page(&self) -> String {
        let lines = self
            .source
            .lines()
            .map_while(|line| line.strip_prefix("//!"));
        lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The page as a document of its own, as it stands in `docs/rules/`.
    pub fn document(&self) -> String {
        let engines: Vec<_> = self.dialects.iter().map(ToString::to_string).collect();
        format!(
            "# {}\n\nSeverity: {}. Engines: {}.\n\n{}\n",
            self.id,
            self.severity,
            engines.join(", "),
            self.page().trim(),
        )
    }

    /// The page's first sentence: what the rule finds.
    pub fn summary(&self) -> String {
        let page = self.page();
        page.split("\n\n")
            .next()
            .unwrap_or_default()
            .replace('\n', " ")
    }
}

/// Every rule, in the order of the catalogue.
pub fn rules() -> &'static [&'static Rule] {
    super::rules::ALL
}

/// What is said of an id that no rule has.
pub fn no_such_rule(id: &str) -> String {
    match nearest(id, rules().iter().map(|rule| rule.id)) {
        Some(near) => format!("there is no rule `{id}`; did you mean `{near}`?"),
        None => format!("there is no rule `{id}`; `bgmigrate explain` lists them"),
    }
}

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().iter().copied().find(|rule| rule.id == id)
}
