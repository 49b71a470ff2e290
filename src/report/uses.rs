//! What a release relies on.

use super::{Format, Paint, json, line};
use crate::model::{Ident, Name};
use crate::uses::{Captured, Uses};

/// A line a table, and one for each other kind; `None` where the format does not suit it.
pub fn uses(uses: &Uses, format: Format, paint: Paint) -> Option<String> {
    match format {
        Format::Human => Some(lines(uses, paint)),
        Format::Json => Some(json::pretty(uses)),
        _ => None,
    }
}

/// What ran, as a file of queries; `None` where the format does not suit it.
pub fn captured(captured: &Captured, format: Format) -> Option<String> {
    match format {
        Format::Human => Some(captured.sql()),
        Format::Json => Some(json::pretty(captured)),
        _ => None,
    }
}

fn lines(uses: &Uses, paint: Paint) -> String {
    let mut out = String::new();
    let relied = match uses {
        Uses::Everything { why } => {
            line!(out, "{}: {why}", paint.bold("everything"));
            return out;
        }
        Uses::Only(relied) => relied,
    };
    for (name, reliance) in relied.relations() {
        line!(out, "{}: {reliance}", paint.bold(name.to_string()));
    }
    let names = |names: Vec<&Name>| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let words: Vec<_> = relied.words().map(Ident::to_string).collect();
    for (kind, names) in [
        ("types", names(relied.types().collect())),
        ("routines", names(relied.routines().collect())),
        ("sequences", names(relied.sequences().collect())),
        ("whatever is called", words),
    ] {
        if !names.is_empty() {
            line!(out, "{kind}: {}", names.join(", "));
        }
    }
    if relied.is_partly_unseen() {
        line!(
            out,
            "any type, routine and sequence besides: not all of what stands behind these is seen"
        );
    }
    out
}
