//! What routines are given where they are called.

use std::collections::HashMap;

use super::evaluate::{self, Assigned, Variables};
use crate::model::{Dialect, Span};
use crate::sql::cursor::Tokens;

/// By the routine's unqualified name in lower case; nothing for one that is called with different arguments, of
/// which nobody can tell which come when.
pub(super) type Arguments = HashMap<String, Vec<Assigned>>;

/// What the statement at `span` gives to each routine that `is_known`.
pub(super) fn arguments(
    text: &str,
    span: Span,
    dialect: Dialect,
    variables: &Variables,
    is_known: impl Fn(&str) -> bool,
) -> Arguments {
    let mut tokens = Tokens::new(text, span, dialect);
    let mut found = Arguments::new();
    while !tokens.at_end() {
        let name = tokens.peek_text().to_ascii_lowercase();
        let name = name.trim_matches(['"', '`']).to_owned();
        tokens.advance();
        if !is_known(&name) {
            continue;
        }
        let mark = tokens.mark();
        if let Some(list) = tokens.parenthesised() {
            let items = evaluate::items(text, list, dialect).into_iter();
            let values = items
                .map(|item| Assigned::Texts(evaluate::texts(text, item, dialect, variables)))
                .collect();
            add(&mut found, name, values);
            // A call may stand among the arguments of another one.
            tokens.reset(mark);
            tokens.advance();
        }
    }
    found
}

/// Notes one more call.
pub(super) fn add(found: &mut Arguments, name: String, values: Vec<Assigned>) {
    found.entry(name).and_modify(Vec::clear).or_insert(values);
}
