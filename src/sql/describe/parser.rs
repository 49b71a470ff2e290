//! The door to sqlparser: what goes in, and what is made of its answers.
//!
//! sqlparser reads what has a grammar worth a parser: queries, expressions and row changes. The structure
//! of DDL is read from our own tokens, which keep every clause and its place.

mod lexemes;

use sqlparser::ast;
use sqlparser::dialect::{Dialect as Grammar, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::model::Dialect;
use crate::sql::cursor::Tokens;
use crate::sql::token::without_executable_marks;

/// The tree of the one statement that the rest of the tokens is, or where the parser stops, in words.
pub(in crate::sql) fn statement(tokens: &Tokens) -> Result<ast::Statement, String> {
    let mut parser = parser(tokens).map_err(|error| refusal(&error))?;
    let statement = parser.parse_statement().map_err(|error| refusal(&error))?;
    match parser.peek_token().token {
        Token::EOF => Ok(statement),
        token => Err(format!("the parser stops at `{token}`")),
    }
}

/// The tree of the expression that the rest of the tokens is, if all of it is one.
pub(super) fn expression(tokens: &Tokens) -> Option<ast::Expr> {
    let mut parser = parser(tokens).ok()?;
    let expr = parser.parse_expr().ok()?;
    (parser.peek_token().token == Token::EOF).then_some(expr)
}

fn parser(tokens: &Tokens) -> Result<Parser<'static>, ParserError> {
    let parser = Parser::new(grammar(tokens.dialect()));
    if let Some(lexemes) = lexemes::translated(tokens) {
        return Ok(parser.with_tokens_with_locations(lexemes));
    }
    let sql = without_executable_marks(tokens.text(), tokens.rest(), tokens.dialect());
    parser.try_with_sql(&sql)
}

fn grammar(dialect: Dialect) -> &'static dyn Grammar {
    match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Mysql => &MySqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
    }
}

/// sqlparser's message without its jargon: it names what it hoped for by grammar rule, and counts lines
/// from the start of the statement, which misleads in a file.
fn refusal(error: &ParserError) -> String {
    let message = match error {
        ParserError::RecursionLimitExceeded => return "it nests too deeply to be read".to_owned(),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let place = message.find(" at Line: ").unwrap_or(message.len());
    let message = message[..place].trim();
    match message.rsplit_once("found: ") {
        Some((_, "EOF")) => "the statement ends where more is expected".to_owned(),
        Some((_, token)) => format!("the parser stops at `{token}`"),
        None => format!("the parser refuses it: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    fn tokens(sql: &str) -> Tokens<'_> {
        Tokens::new(sql, Span::new(0, sql.len()), Dialect::Postgres)
    }

    #[test]
    fn a_refusal_names_the_token_and_not_the_grammar() {
        let refused = |sql| statement(&tokens(sql)).unwrap_err();
        assert_eq!(
            refused("UPDATE t SET a = ) WHERE b"),
            "the parser stops at `)`"
        );
        assert_eq!(
            refused("DELETE FROM"),
            "the statement ends where more is expected"
        );
        assert_eq!(refused("SELECT 1 SELECT 2"), "the parser stops at `SELECT`");
    }

    #[test]
    fn deep_nesting_is_refused_rather_than_followed() {
        let sql = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(
            statement(&tokens(&sql)).unwrap_err(),
            "it nests too deeply to be read"
        );
    }
}
