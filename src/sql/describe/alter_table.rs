//! `ALTER TABLE`, clause by clause, each with its own span. A clause that is not understood spoils itself
//! alone.

mod clause;
mod mysql;

use super::Described;
use crate::model::{Action, Dialect, Name};
use crate::sql::cursor::{Mark, Tokens};
use crate::sql::token::TokenKind;
use crate::sql::{Opaque, OpaqueKind};

/// `ALTER` was read, and `TABLE` follows, maybe after a word or two.
pub(super) fn read(tokens: &mut Tokens) -> Option<Described> {
    while tokens
        .take_any(&["ignore", "online", "offline", "foreign"])
        .is_some()
    {}
    tokens.take_word("table").then_some(())?;
    tokens.take(&["if", "exists"]);
    tokens.take_word("only");
    let table = tokens.name()?;
    tokens.take_operator("*");
    if tokens.dialect() == Dialect::Mysql {
        // MariaDB: how long to wait for the lock.
        if tokens.take_word("wait") {
            tokens.take_kind(TokenKind::Number);
        }
        tokens.take_word("nowait");
    }
    if tokens.at_end() {
        return None;
    }
    Some(clauses(tokens, &table))
}

/// Reads one clause, of a view as of a table.
pub(in crate::sql) fn clause(tokens: &mut Tokens, relation: &Name) -> Option<Vec<Action>> {
    clause::read(tokens, relation)
}

fn clauses(tokens: &mut Tokens, table: &Name) -> Described {
    let mut described = Described::default();
    while !tokens.at_end() {
        let mark = tokens.mark();
        if let Some(actions) = clause::read(tokens, table).filter(|_| ends(tokens)) {
            let span = tokens.since(mark);
            for action in actions {
                described.push(action, span);
            }
        } else {
            let opaque = not_understood(tokens, mark);
            described.opaque.get_or_insert(opaque);
        }
        tokens.take_kind(TokenKind::Comma);
    }
    described
}

/// Moves past the clause that began at `mark` and was left at the word that is not understood.
fn not_understood(tokens: &mut Tokens, mark: Mark) -> Opaque {
    let reason = match tokens.peek_text() {
        "" => "the clause ends where more is expected".to_owned(),
        stop => format!("the clause is not understood from `{stop}` on"),
    };
    tokens.reset(mark);
    let span = tokens.item();
    if !tokens.at_end() && !tokens.is_kind(TokenKind::Comma) {
        // A parenthesis or semicolon that belongs to nothing.
        tokens.advance();
    }
    Opaque {
        kind: OpaqueKind::Syntax,
        reason,
        span,
    }
}

/// Whether a clause may end here. In MySQL options follow one another without a comma.
fn ends(tokens: &Tokens) -> bool {
    tokens.at_end()
        || tokens.is_kind(TokenKind::Comma)
        || (tokens.dialect() == Dialect::Mysql && mysql::begins_option(tokens))
}

/// One action of the table.
fn on(table: &Name, change: crate::model::TableChange) -> Vec<Action> {
    vec![Action::AlterTable {
        table: table.clone(),
        change: Box::new(change),
    }]
}
