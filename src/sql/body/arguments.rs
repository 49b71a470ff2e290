//! What a statement hands to the routines that it calls.

use std::collections::HashMap;

use super::DEPTH_LIMIT;
use super::evaluate;
use super::template::Template;
use super::variables::Variables;
use crate::model::{Action, Span};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// A routine that one statement calls with more lists than this is taken to be handed anything.
const LISTS_LIMIT: usize = 64;

/// The routines that the action calls, as they are written.
pub(super) fn calls(action: &Action) -> impl Iterator<Item = &String> {
    let (one, many): (Option<&String>, &[String]) = match action {
        Action::Call { routine } | Action::ExecuteResult { routine } => (Some(routine), &[]),
        Action::Query { calls } => (None, calls),
        Action::Rows(rows) => (None, &rows.calls),
        _ => (None, &[]),
    };
    one.into_iter().chain(many)
}

/// The arguments of one call: of each all that it may be.
pub(super) type List = Vec<Vec<Template>>;

/// The calls of one statement: what each routine is handed, by its unqualified name in lower case.
#[derive(Clone, Debug, Default)]
pub(in crate::sql) struct Arguments(HashMap<String, Vec<List>>);

impl Arguments {
    /// Reads the calls of the routines that are `asked` for at `span`, where the variables hold what they do there;
    /// `tokens` cover the text that they point into. To follow the arguments of all that looks like a call would take many times as long.
    pub(super) fn read(
        tokens: &Tokens,
        span: Span,
        variables: &Variables,
        asked: &[&String],
    ) -> Self {
        let mut found = Self::default();
        let mut words = tokens.part(span);
        let mut open: Vec<usize> = Vec::new();
        while !words.at_end() {
            let name = words.peek_text().trim_matches(['"', '`']);
            words.advance();
            if !words.is_kind(TokenKind::LeftParen) {
                continue;
            }
            // A call may stand among the arguments of another one.
            let mark = words.mark();
            open.retain(|end| *end > words.span().start);
            let list = words.parenthesised().filter(|_| open.len() < DEPTH_LIMIT);
            open.extend(list.map(|list| list.end));
            words.reset(mark);
            if asked.iter().any(|asked| asked.eq_ignore_ascii_case(name)) {
                let lists = match list {
                    Some(list) => evaluate::lists(tokens, list, variables),
                    None => vec![List::new()],
                };
                found.note(name.to_ascii_lowercase(), lists);
            }
        }
        found
    }

    fn note(&mut self, routine: String, lists: Vec<List>) {
        let known = self.0.entry(routine).or_default();
        for list in lists {
            // One more than the limit says that there are too many.
            if known.len() <= LISTS_LIMIT && !known.contains(&list) {
                known.push(list);
            }
        }
    }

    /// What the routine is handed, call by call; one list without arguments where nobody can tell.
    pub(super) fn of(&self, routine: &str) -> Vec<List> {
        match self.0.get(&routine.to_ascii_lowercase()) {
            Some(lists) if lists.len() <= LISTS_LIMIT => lists.clone(),
            _ => vec![List::new()],
        }
    }
}
