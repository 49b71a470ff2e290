//! `CREATE INDEX`, and the keys of every index.

use super::{constraint, expr, table};
use crate::model::{Action, CreateIndex, Dialect, Expr, Ident, Name, Span};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// An index without a name on these keys.
pub(super) fn unnamed(table: Name, keys: Vec<Result<Ident, Expr>>) -> CreateIndex {
    CreateIndex {
        name: None,
        table,
        keys,
        unique: false,
        concurrently: false,
        if_not_exists: false,
        only: false,
        partial: None,
        method: String::new(),
    }
}

/// `CREATE` was read.
pub(super) fn create(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take(&["or", "replace"]);
    let unique = tokens.take_word("unique");
    let kind = tokens.take_any(&["fulltext", "spatial"]);
    tokens.take_word("index").then_some(())?;
    let concurrently = tokens.take_word("concurrently");
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let name = if tokens.is("on") && tokens.dialect() == Dialect::Postgres {
        None
    } else {
        Some(tokens.name()?)
    };
    let mut method = method(tokens);
    tokens.take_word("on").then_some(())?;
    let only = tokens.take_word("only");
    let table = tokens.name()?;
    if let Some(found) = tokens.is("using").then(|| self::method(tokens)) {
        method = found;
    }
    let mut index = unnamed(table, keys(tokens)?);
    // An index lies in its table's schema: PostgreSQL does not even allow another to be named.
    index.name = name.map(|name| {
        if name.schema.is_some() {
            name
        } else {
            index.table.sibling(name.name)
        }
    });
    index.unique = unique;
    index.concurrently = concurrently;
    index.if_not_exists = if_not_exists;
    index.only = only;
    constraint::index_options(tokens);
    index.method = kind.map_or(method, str::to_owned);
    if tokens.take_word("where") {
        index.partial = Some(expr::until(tokens, &[])?);
    }
    let table = index.table.clone();
    let mut actions = vec![Action::CreateIndex(Box::new(index))];
    while let Some(change) = table::demand(tokens) {
        actions.push(Action::AlterTable {
            table: table.clone(),
            change: Box::new(change),
        });
        constraint::index_options(tokens);
    }
    tokens.at_end().then_some(actions)
}

/// An index's name, where one stands, and its `USING method`.
pub(super) fn name_and_method(tokens: &mut Tokens) -> (Option<Ident>, String) {
    let named = !tokens.is_kind(TokenKind::LeftParen) && !tokens.is("using");
    let name = if named { tokens.ident() } else { None };
    if tokens.are(&["using", "index"]) {
        return (name, String::new());
    }
    (name, method(tokens))
}

fn method(tokens: &mut Tokens) -> String {
    if !tokens.take_word("using") {
        return String::new();
    }
    tokens
        .ident()
        .map(|method| method.as_str().to_ascii_lowercase())
        .unwrap_or_default()
}

/// Reads the keys of an index: each a plain column, or else an expression.
pub(super) fn keys(tokens: &mut Tokens) -> Option<Vec<Result<Ident, Expr>>> {
    tokens.take_kind(TokenKind::LeftParen)?;
    let mut keys = Vec::new();
    loop {
        keys.push(key(tokens)?);
        // PostgreSQL 18: the last key of a temporal key is a period.
        tokens.take(&["without", "overlaps"]);
        if tokens.take_kind(TokenKind::Comma).is_none() {
            tokens.take_kind(TokenKind::RightParen)?;
            return Some(keys);
        }
    }
}

fn key(tokens: &mut Tokens) -> Option<Result<Ident, Expr>> {
    let mark = tokens.mark();
    if let Some(column) = tokens.ident() {
        // In MySQL the parentheses hold how many characters of a column the index keeps.
        if tokens.dialect() == Dialect::Mysql {
            tokens.parenthesised();
        }
        if key_options(tokens).is_some() {
            return Some(Ok(column));
        }
    }
    tokens.reset(mark);
    if tokens.dialect() == Dialect::Postgres {
        let span = postgres_expression(tokens)?;
        key_options(tokens)?;
        return Some(Err(expr::of(tokens.part(span))));
    }
    // MySQL demands parentheses around an expression: they are not part of it.
    if let Some(inside) = tokens.parenthesised()
        && key_options(tokens).is_some()
    {
        return Some(Err(expr::of(tokens.part(inside))));
    }
    tokens.reset(mark);
    let found = expr::until(tokens, &["asc", "desc"])?;
    key_options(tokens)?;
    Some(Err(found))
}

/// A function call, or anything in parentheses; the parentheses are not part of it.
fn postgres_expression(tokens: &mut Tokens) -> Option<Span> {
    let mark = tokens.mark();
    if let Some(inside) = tokens.parenthesised() {
        return Some(inside);
    }
    tokens.name()?;
    tokens.parenthesised()?;
    Some(tokens.since(mark))
}

/// Collation, operator class, order and place of NULLs, up to the end of the key.
fn key_options(tokens: &mut Tokens) -> Option<()> {
    if tokens.take_word("collate") {
        tokens.name()?;
    }
    if tokens.dialect() == Dialect::Postgres
        && tokens
            .is_any(&["asc", "desc", "nulls", "without"])
            .is_none()
        && tokens.name().is_some()
    {
        tokens.parenthesised();
    }
    tokens.take_any(&["asc", "desc"]);
    if tokens.take_word("nulls") {
        tokens.take_any(&["first", "last"])?;
    }
    let ends = tokens.is_kind(TokenKind::Comma)
        || tokens.is_kind(TokenKind::RightParen)
        || tokens.are(&["without", "overlaps"]);
    ends.then_some(())
}
