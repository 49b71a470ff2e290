//! How far the database refuses by itself.

use serde_json::{Value, json};

use super::{Format, Paint, count, json as as_json, line};
use crate::guard::{Broken, Standing, Tier};
use crate::model::Dialect;

/// The guard, what it cannot stop, and what was broken past it; `None` where the format does not suit it.
pub fn guard(
    standing: Option<&Standing>,
    broken: &[Broken],
    dialect: Dialect,
    format: Format,
    paint: Paint,
) -> Option<String> {
    let tier = standing.map_or(Tier::Gates, |standing| standing.tier);
    match format {
        Format::Json => {
            let mut value = guard_value(standing, dialect);
            value["cannot_stop"] = json!(tier.cannot_stop(dialect));
            value["broken"] = json!(broken);
            Some(as_json::pretty(&value))
        }
        Format::Human => {
            let mut out = String::new();
            line!(out, "{}", guard_line(standing, dialect, paint));
            if let Some(standing) = standing {
                let pins = usize::try_from(standing.pins).unwrap_or_default();
                let releases = usize::try_from(standing.releases).unwrap_or_default();
                let by = standing
                    .owner
                    .as_ref()
                    .map_or_else(String::new, |owner| format!("; installed by {owner}"));
                line!(
                    out,
                    "It holds {} for {}{by}",
                    count(pins, "object"),
                    count(releases, "release")
                );
            }
            line!(out, "{}", paint.bold("What it cannot stop"));
            for sentence in tier.cannot_stop(dialect) {
                line!(out, "  - {sentence}");
            }
            if !broken.is_empty() {
                line!(out, "{}", paint.red("Broken past it"));
            }
            for one in broken {
                let Broken {
                    service,
                    release,
                    slot,
                    object,
                    complaint,
                } = one;
                line!(
                    out,
                    "  - release {release} of {service} in {slot} relies on {object}: {complaint}"
                );
            }
            Some(out)
        }
        _ => None,
    }
}

/// One line that says whether there is a guard, and what holds.
pub(super) fn guard_line(standing: Option<&Standing>, dialect: Dialect, paint: Paint) -> String {
    let holds = |tier: Tier| tier.holds(dialect);
    match standing {
        Some(standing) if standing.watches => format!(
            "{} {}. {}",
            paint.bold("Guard:"),
            standing.tier.name(),
            holds(standing.tier)
        ),
        Some(_) => format!(
            "{} {}; bgmigrate guard enable",
            paint.bold("Guard:"),
            paint.red("switched off, or incomplete")
        ),
        None if dialect == Dialect::Mysql => {
            format!("{} none. {}", paint.bold("Guard:"), holds(Tier::Gates))
        }
        None => format!(
            "{} none: bgmigrate guard install has the database refuse by itself",
            paint.bold("Guard:")
        ),
    }
}

/// The same as data.
pub(super) fn guard_value(standing: Option<&Standing>, dialect: Dialect) -> Value {
    let tier = standing
        .filter(|standing| standing.watches)
        .map_or(Tier::Gates, |standing| standing.tier);
    json!({ "guard": standing, "holds": tier.holds(dialect) })
}
