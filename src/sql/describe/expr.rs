//! Expressions: from their text to what the rules ask of them.

use super::{parser, tree, types};
use crate::model::{Dialect, Expr, Ident, Span};
use crate::sql::cursor::Tokens;
use crate::sql::token::{Token, TokenKind};

/// Reads one expression: from the next token up to one of the words `stops`, a comma, or the end of the
/// group, all outside parentheses. The first token is always part of it.
pub(in crate::sql) fn until(tokens: &mut Tokens, stops: &[&'static str]) -> Option<Expr> {
    let mark = tokens.mark();
    if tokens.at_end() || tokens.is_kind(TokenKind::Comma) || tokens.is_kind(TokenKind::RightParen)
    {
        return None;
    }
    tokens.skip();
    while let Some(token) = tokens.peek() {
        let ends = match token.kind {
            TokenKind::Comma | TokenKind::Semicolon | TokenKind::RightParen => true,
            TokenKind::Word => tokens.is_any(stops).is_some(),
            _ => false,
        };
        // `timestamp with time zone 'epoch'` and `x::character varying` hold words that end other expressions.
        if tokens.take(&["with", "time", "zone"]) || tokens.take(&["without", "time", "zone"]) {
            continue;
        }
        if ends {
            break;
        }
        if tokens.take_operator("::") {
            types::read(tokens);
        } else {
            tokens.skip();
        }
    }
    let span = tokens.since(mark);
    Some(of(tokens.part(span)))
}

/// Reads an expression in parentheses, without them.
pub(in crate::sql) fn parenthesised(tokens: &mut Tokens) -> Option<Expr> {
    let span = tokens.parenthesised()?;
    Some(of(tokens.part(span)))
}

/// The expression that the tokens are. What sqlparser does not take is still described, from its tokens.
pub(in crate::sql) fn of(mut tokens: Tokens) -> Expr {
    let dialect = tokens.dialect();
    if let Some(expr) = common(&mut tokens) {
        return expr;
    }
    let found = if nests_too_deeply(&tokens) {
        None
    } else {
        parser::expression(&tokens)
    };
    match found {
        Some(found) => tree::expr(&found, dialect),
        None => from_tokens(&mut tokens),
    }
}

/// Trees are walked, printed and dropped by recursion, so that a chain `a + b + c …` of many thousand terms
/// would overflow the stack. No statement written by hand comes near.
const DEPTH_LIMIT: usize = 500;

/// Whether a tree of these tokens may be too deep (parentheses apart, which sqlparser limits by itself).
pub(in crate::sql) fn nests_too_deeply(tokens: &Tokens) -> bool {
    // No token adds more than one level, and hardly any statement has so many tokens.
    tokens.ahead().len() > DEPTH_LIMIT && depth_bound(tokens) > DEPTH_LIMIT
}

/// No tree of these tokens is deeper than this.
fn depth_bound(tokens: &Tokens) -> usize {
    const CHAINING: &[&str] = &[
        "and",
        "or",
        "is",
        "in",
        "like",
        "ilike",
        "between",
        "collate",
        "at",
        "union",
        "except",
        "intersect",
        "not",
        "similar",
        "isnull",
        "notnull",
        "div",
        "mod",
        "xor",
        "regexp",
        "rlike",
        "glob",
        "match",
        "join",
        "escape",
        "when",
        "over",
        "interval",
    ];
    let mut tokens = tokens.clone();
    // The links of the chain at each open parenthesis, and their sum over all that are open.
    let mut open = vec![0_usize];
    let (mut sum, mut bound) = (0, 0);
    while let Some(token) = tokens.peek() {
        match token.kind {
            TokenKind::LeftParen => open.push(0),
            TokenKind::RightParen => {
                sum -= open.pop().unwrap_or(0);
                if open.is_empty() {
                    open.push(0);
                }
            }
            TokenKind::Comma => {
                if let Some(links) = open.last_mut() {
                    sum -= std::mem::take(links);
                }
            }
            TokenKind::Operator | TokenKind::Word | TokenKind::String => {
                let links = token.kind != TokenKind::Word || tokens.is_any(CHAINING).is_some();
                if links && let Some(count) = open.last_mut() {
                    *count += 1;
                    sum += 1;
                    bound = bound.max(sum);
                }
            }
            _ => {}
        }
        tokens.advance();
    }
    bound
}

/// The forms that nearly all defaults have, read without a parser: one literal, `CURRENT_TIMESTAMP`, `f()`.
fn common(tokens: &mut Tokens) -> Option<Expr> {
    let mark = tokens.mark();
    let token = tokens.advance()?;
    let written = token.span.of(tokens.text());
    let found = match token.kind {
        TokenKind::Number | TokenKind::String if tokens.at_end() => Some(Expr {
            text: written.to_owned(),
            calls: Vec::new(),
            columns: Vec::new(),
            literal: true,
            passes_null: false,
        }),
        TokenKind::Word if tokens.at_end() => word(written),
        TokenKind::Word if is_function_name(written) => {
            let empty = tokens.parenthesised().is_some_and(Span::is_empty) && tokens.at_end();
            empty.then(|| call(format!("{}()", written.to_ascii_lowercase()), written))
        }
        // SQLite takes a name in quotes for a string where no such column can be.
        TokenKind::QuotedIdent
            if tokens.at_end()
                && written.starts_with('"')
                && tokens.dialect() == Dialect::Sqlite =>
        {
            Some(Expr {
                text: format!("'{}'", written.trim_matches('"').replace('\'', "''")),
                calls: Vec::new(),
                columns: Vec::new(),
                literal: true,
                passes_null: false,
            })
        }
        _ => None,
    };
    tokens.reset(mark);
    found
}

/// Words that are an expression by themselves and no column.
const NILADIC: &[&str] = &[
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "current_user",
    "session_user",
    "user",
    "current_role",
    "current_schema",
    "current_catalog",
];

fn word(written: &str) -> Option<Expr> {
    let lower = written.to_ascii_lowercase();
    match lower.as_str() {
        "null" | "true" | "false" => Some(Expr {
            text: written.to_ascii_uppercase(),
            calls: Vec::new(),
            columns: Vec::new(),
            literal: true,
            passes_null: false,
        }),
        _ if NILADIC.contains(&lower.as_str()) => Some(call(written.to_ascii_uppercase(), written)),
        _ => None,
    }
}

fn call(text: String, function: &str) -> Expr {
    Expr {
        text,
        calls: vec![function.to_ascii_lowercase()],
        columns: Vec::new(),
        literal: false,
        passes_null: false,
    }
}

fn from_tokens(tokens: &mut Tokens) -> Expr {
    let mut expr = Expr {
        text: String::new(),
        calls: Vec::new(),
        columns: Vec::new(),
        literal: false,
        passes_null: false,
    };
    let mut before: Option<Token> = None;
    while let Some(token) = tokens.peek() {
        let written = token.span.of(tokens.text());
        if before.is_some_and(|before| before.span.end < token.span.start) {
            expr.text.push(' ');
        }
        expr.text.push_str(written);
        let after_cast = before.is_some_and(|before| before.span.of(tokens.text()) == "::");
        let qualifies = tokens
            .peek_at(1)
            .is_some_and(|next| next.kind == TokenKind::Dot);
        if !after_cast && !qualifies {
            if is_call(tokens) {
                push_new(&mut expr.calls, written.to_ascii_lowercase());
            } else if let Some(column) = tokens.ident_at(0)
                && (token.kind == TokenKind::QuotedIdent || !is_keyword(written))
            {
                push_new(&mut expr.columns, column);
            }
        }
        before = Some(token);
        tokens.advance();
    }
    expr
}

/// Reads one expression that commas do not end: up to one of the words `stops` outside parentheses.
pub(in crate::sql) fn clause(tokens: &mut Tokens, stops: &[&'static str]) -> Option<Expr> {
    let mark = tokens.mark();
    while !tokens.at_end() && tokens.is_any(stops).is_none() {
        tokens.skip();
    }
    let span = tokens.since(mark);
    (!span.is_empty()).then(|| of(tokens.part(span)))
}

/// Notes the function that is called at the next token, if one is.
pub(in crate::sql) fn call_here(tokens: &Tokens, calls: &mut Vec<String>) {
    if is_call(tokens) {
        push_new(calls, tokens.peek_text().to_ascii_lowercase());
    }
}

/// The functions called in the rest of the tokens, lower case and unqualified.
pub(in crate::sql) fn calls(tokens: &mut Tokens) -> Vec<String> {
    let mut calls = Vec::new();
    while !tokens.at_end() {
        call_here(tokens, &mut calls);
        tokens.advance();
    }
    calls
}

fn is_call(tokens: &Tokens) -> bool {
    let Some(written) = tokens.peek_word() else {
        return false;
    };
    let parenthesis = tokens
        .peek_at(1)
        .is_some_and(|next| next.kind == TokenKind::LeftParen);
    (parenthesis && is_function_name(written) && !is_alias(tokens)) || is_niladic(written)
}

/// `… AS t (a, b)` and `(…) t (a, b)` name columns.
fn is_alias(tokens: &Tokens) -> bool {
    tokens.previous().is_some_and(|before| {
        before.kind == TokenKind::RightParen
            || before.span.of(tokens.text()).eq_ignore_ascii_case("as")
    })
}

fn is_niladic(written: &str) -> bool {
    NILADIC
        .iter()
        .any(|word| *word != "user" && word.eq_ignore_ascii_case(written))
}

/// A word before a parenthesis that is no function.
fn is_function_name(written: &str) -> bool {
    const NOT_FUNCTIONS: &[&str] = &[
        "row",
        "array",
        "cast",
        "exists",
        "any",
        "all",
        "some",
        "interval",
        "over",
        "filter",
        "within",
        "using",
        "to",
        "set",
        "default",
        "key",
        "as",
        "distinct",
        "returning",
        "conflict",
        "table",
        "with",
        "materialized",
    ];
    !is_keyword(written)
        && !NOT_FUNCTIONS
            .iter()
            .any(|word| word.eq_ignore_ascii_case(written))
}

/// Words of the grammar of expressions and queries, which name no column.
fn is_keyword(written: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "true",
        "false",
        "like",
        "ilike",
        "between",
        "similar",
        "escape",
        "case",
        "when",
        "then",
        "else",
        "end",
        "as",
        "collate",
        "distinct",
        "from",
        "where",
        "select",
        "values",
        "value",
        "on",
        "using",
        "join",
        "group",
        "order",
        "by",
        "having",
        "limit",
        "offset",
        "union",
        "except",
        "intersect",
        "all",
        "any",
        "some",
        "exists",
        "cast",
        "array",
        "row",
        "interval",
        "at",
        "zone",
        "regexp",
        "rlike",
        "glob",
        "isnull",
        "notnull",
        "asc",
        "desc",
        "div",
        "xor",
        "binary",
        "inner",
        "left",
        "outer",
        "cross",
        "into",
        "set",
        "insert",
        "update",
        "delete",
        "returning",
    ];
    KEYWORDS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(written))
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The identifiers of a list in parentheses.
pub(in crate::sql) fn idents(tokens: &mut Tokens) -> Option<Vec<Ident>> {
    tokens.take_kind(TokenKind::LeftParen)?;
    let mut idents = Vec::new();
    loop {
        idents.push(tokens.ident()?);
        if tokens.take_kind(TokenKind::Comma).is_none() {
            tokens.take_kind(TokenKind::RightParen)?;
            return Some(idents);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str, dialect: Dialect) -> Expr {
        of(Tokens::new(sql, Span::new(0, sql.len()), dialect))
    }

    #[test]
    fn literals_are_told_from_what_is_computed() {
        let literal = [
            "1",
            "-1",
            "'x'",
            "NULL",
            "true",
            "'x'::text",
            "CAST('x' AS text)",
            "'{}'::text[]",
            "ARRAY['a','b']::text[]",
            "('x')",
            "E'\\n'",
            "'a'::character varying",
            "INTERVAL '1 day'",
            "date '2020-01-01'",
            "+ 2.5e3",
        ];
        for sql in literal {
            assert!(read(sql, Dialect::Postgres).literal, "{sql}");
        }
        for sql in [
            "now()",
            "CURRENT_TIMESTAMP",
            "a",
            "1 + 1",
            "nextval('s'::regclass)",
            "ARRAY[now()]",
        ] {
            assert!(!read(sql, Dialect::Postgres).literal, "{sql}");
        }
        assert!(read("\"draft\"", Dialect::Sqlite).literal);
        assert!(read("_utf8mb4'x'", Dialect::Mysql).literal);
    }

    #[test]
    fn an_expression_tells_its_calls_and_columns() {
        let cases: &[(&str, Dialect, &[&str], &[&str])] = &[
            (
                "CURRENT_TIMESTAMP",
                Dialect::Postgres,
                &["current_timestamp"],
                &[],
            ),
            ("pg_catalog.NOW()", Dialect::Postgres, &["now"], &[]),
            (
                "EXISTS (SELECT FROM (VALUES (1)) AS v (x), LATERAL f(x) w(y))",
                Dialect::Postgres,
                &["f"],
                &["x"],
            ),
            (
                "lower(Email) = t.\"Name\"",
                Dialect::Postgres,
                &["lower"],
                &["email", "Name"],
            ),
            (
                "a > 0 AND (b IS NULL OR a < b)",
                Dialect::Mysql,
                &[],
                &["a", "b"],
            ),
            // Not taken by sqlparser: read from the tokens.
            (
                "a !~~* lower(b) %% c::money",
                Dialect::Postgres,
                &["lower"],
                &["a", "b", "c"],
            ),
        ];
        for (sql, dialect, calls, columns) in cases {
            let expr = read(sql, *dialect);
            assert_eq!(expr.calls, *calls, "{sql}");
            let named: Vec<_> = expr.columns.iter().map(Ident::as_str).collect();
            assert_eq!(named, *columns, "{sql}");
        }
    }

    #[test]
    fn a_chain_of_many_thousand_terms_is_read_without_a_tree() {
        let sql = vec!["a"; 20_000].join(" + ");
        let expr = read(&sql, Dialect::Postgres);
        assert_eq!(expr.columns.len(), 1);
        assert!(!expr.literal);
    }
}
