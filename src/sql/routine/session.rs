//! Calls, and talk with the server that leaves nothing behind.

use super::{one, to_end};
use crate::model::Action;
use crate::sql::cursor::Tokens;
use crate::sql::describe::expr;

/// `CALL routine(…)`.
pub(super) fn call(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let routine = tokens.name()?.name.as_str().to_owned();
    tokens.parenthesised();
    one(Action::Call { routine })
}

/// `EXECUTE prepared`, and MariaDB's `EXECUTE IMMEDIATE`.
pub(super) fn execute(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let routine = tokens.ident()?.as_str().to_owned();
    to_end(tokens);
    one(Action::Call { routine })
}

/// MySQL's `DO expression`.
pub(super) fn evaluate(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let calls = expr::calls(tokens);
    one(Action::Query { calls })
}

/// What concerns the session, its cursors, its prepared statements or its mailbox.
pub(super) fn talk(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let whole = tokens.whole().of(tokens.text());
    let command: Vec<_> = whole
        .split_whitespace()
        .take(2)
        .map(str::to_ascii_lowercase)
        .collect();
    to_end(tokens);
    one(Action::Session {
        command: command.join(" "),
    })
}
