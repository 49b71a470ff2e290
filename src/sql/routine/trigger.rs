//! `CREATE TRIGGER` in the three dialects.

use super::create::Head;
use super::{one, to_end};
use crate::model::{Action, CreateTrigger, Name};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// PostgreSQL: the function that is called exists already.
pub(super) fn postgres(tokens: &mut Tokens, head: &Head) -> Option<Vec<Action>> {
    let trigger = until_table(tokens, head, false)?;
    if tokens.take_word("from") {
        tokens.name()?;
    }
    tokens.seek(&["execute"])?;
    tokens.advance();
    tokens.take_any(&["function", "procedure"])?;
    tokens.name()?;
    tokens.parenthesised()?;
    one(Action::CreateTrigger(Box::new(trigger)))
}

/// MySQL: the body follows.
pub(super) fn mysql(tokens: &mut Tokens, head: &Head) -> Option<Vec<Action>> {
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let trigger = until_table(tokens, head, if_not_exists)?;
    tokens.take(&["for", "each", "row"]).then_some(())?;
    if tokens.at_end() {
        return None;
    }
    to_end(tokens);
    one(Action::CreateTrigger(Box::new(trigger)))
}

/// SQLite: the statements follow, between `BEGIN` and `END`.
pub(super) fn sqlite(tokens: &mut Tokens, head: &Head) -> Option<Vec<Action>> {
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let trigger = until_table(tokens, head, if_not_exists)?;
    tokens.seek(&["begin"])?;
    to_end(tokens);
    one(Action::CreateTrigger(Box::new(trigger)))
}

/// `name when event [OF column, …] [OR event …] ON table`.
fn until_table(tokens: &mut Tokens, head: &Head, if_not_exists: bool) -> Option<CreateTrigger> {
    let name = tokens.name()?;
    let instead_of = tokens.take(&["instead", "of"]);
    if !instead_of {
        // SQLite takes BEFORE where nothing is said.
        tokens.take_any(&["before", "after"]);
    }
    loop {
        let event = tokens.take_any(&["insert", "update", "delete", "truncate"])?;
        if event == "update" && tokens.take_word("of") {
            columns(tokens)?;
        }
        if tokens.take_any(&["or", "and"]).is_none() && tokens.take_kind(TokenKind::Comma).is_none()
        {
            break;
        }
    }
    tokens.take_word("on").then_some(())?;
    let table: Name = tokens.name()?;
    Some(CreateTrigger {
        name,
        table,
        or_replace: head.or_replace,
        if_not_exists,
        instead_of,
    })
}

fn columns(tokens: &mut Tokens) -> Option<()> {
    loop {
        tokens.ident()?;
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(());
        }
    }
}
