//! The plan, in every format that suits it.

use super::{Format, Paint, github, human, json, markdown};
use crate::plan::Plan;

/// The plan as text; `None` where the format does not suit it. `title` says what was planned.
pub fn plan(plan: &Plan, title: &str, format: Format, paint: Paint) -> Option<String> {
    Some(match format {
        Format::Human => human::plan(plan, title, paint),
        Format::Json => json::pretty(plan),
        Format::Markdown => markdown::plan(plan, title),
        Format::Github => github::plan(plan),
        Format::Gitlab | Format::Sarif | Format::Junit => return None,
    })
}
