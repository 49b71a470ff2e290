//! Every layout by table: what is detected, what is read in which order, and what is refused.

mod additions;
mod detection;
mod engines;
mod layouts;
mod parts;
mod refusals;

use super::*;
use crate::model::Span;

/// Files as path and text.
type Given<'a> = &'a [(&'a str, &'a str)];

/// A tree of these files.
fn tree(files: Given<'_>) -> Tree {
    let entry = |(path, text): &(&str, &str)| {
        let path = (*path).to_owned();
        if Tree::wants_content(&path) {
            Entry::from_bytes(path, text.as_bytes().to_vec())
        } else {
            Entry {
                path,
                content: Content::NameOnly,
            }
        }
    };
    Tree::new(files.iter().map(entry).collect())
}

/// The parts as trimmed text.
fn texts<'t>(text: &'t str, spans: &[Span]) -> Vec<&'t str> {
    spans.iter().map(|span| span.of(text).trim()).collect()
}

fn ids(folder: &Folder) -> Vec<&str> {
    folder
        .migrations
        .iter()
        .map(|migration| migration.id.as_str())
        .collect()
}

fn notices(folder: &Folder) -> Vec<String> {
    folder.notices.iter().map(ToString::to_string).collect()
}
