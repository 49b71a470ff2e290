//! One query: by its tree where a parser takes it, else by all the words in it.

use std::collections::BTreeSet;

use super::picture::Picture;
use super::{Relied, walk};
use crate::model::{Dialect, Ident, Name, Span};
use crate::sql::query::tree;
use crate::sql::token::{TokenKind, first_word, tokenize};

/// How a query was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// By its tree.
    Understood,
    /// By its words: everything that has one of these names counts as used.
    Guessed(String),
    /// Not at all: it may use anything.
    Unreadable(String),
}

/// Adds what the query uses.
pub(super) fn read(sql: &str, picture: &Picture<'_>, relied: &mut Relied) -> Outcome {
    let dialect = picture.dialect;
    for token in tokens(sql, dialect) {
        match token.kind {
            TokenKind::Template => {
                let template = token.span.of(sql);
                return Outcome::Unreadable(format!(
                    "another program fills in `{template}` before the engine sees it"
                ));
            }
            TokenKind::Unterminated(opener) => {
                let what = opener.name();
                return Outcome::Unreadable(format!("a {what} is opened and never closed"));
            }
            _ => {}
        }
    }
    let reason = match parse(sql, dialect) {
        Ok(statement) => {
            let mut found = Relied::default();
            let understood = walk::statement(&statement, picture, &mut found);
            relied.absorb(found);
            if understood {
                return Outcome::Understood;
            }
            "it is no query, and no change of rows".to_owned()
        }
        Err(reason) => reason,
    };
    words(sql, dialect, &mut relied.words);
    Outcome::Guessed(reason)
}

/// The tree of the query. Each library writes parameters in a form of its own, so that a query which is refused as
/// it stands gets a second chance with all of them in the engine's form.
fn parse(sql: &str, dialect: Dialect) -> Result<sqlparser::ast::Statement, String> {
    tree(sql, dialect).or_else(|reason| {
        let plain = with_plain_parameters(sql, dialect);
        tree(&plain, dialect).map_err(|_| reason)
    })
}

fn with_plain_parameters(sql: &str, dialect: Dialect) -> String {
    let plain = match dialect {
        Dialect::Postgres => "$1",
        Dialect::Mysql | Dialect::Sqlite => "?",
    };
    let mut text = String::with_capacity(sql.len());
    let all: Vec<_> = tokenize(sql, Span::new(0, sql.len()), dialect).collect();
    let mut named = false;
    for (at, token) in all.iter().enumerate() {
        let own = token.span.of(sql);
        let next_is_word = all
            .get(at + 1)
            .is_some_and(|next| next.kind == TokenKind::Word);
        match (token.kind, own) {
            _ if named => named = false,
            (TokenKind::Placeholder, _) => text.push_str(plain),
            // The lexer of PostgreSQL has these as operators: `= ?`, `=?`, `= @name`.
            (TokenKind::Operator, _) if own.ends_with('@') && next_is_word => {
                text.push_str(&own[..own.len() - 1]);
                text.push_str(plain);
                named = true;
            }
            (TokenKind::Operator, _) if own.ends_with('?') => {
                text.push_str(&own[..own.len() - 1]);
                text.push_str(plain);
            }
            _ => text.push_str(own),
        }
    }
    text
}

/// Every word of the text that may be a name, those in strings included: they may be SQL that is run.
pub(super) fn words(sql: &str, dialect: Dialect, found: &mut BTreeSet<Ident>) {
    for token in tokens(sql, dialect) {
        let text = token.span.of(sql);
        match token.kind {
            TokenKind::Word => {
                found.insert(Ident::new(text, false, dialect));
            }
            TokenKind::QuotedIdent => {
                found.insert(Ident::new(&unquoted(text), true, dialect));
            }
            TokenKind::String | TokenKind::DollarString => {
                let inner = string_content(text);
                // A string holds less than what it stands in, so that this comes to an end.
                words(inner, dialect, found);
                found.insert(Ident::new(inner, true, dialect));
            }
            _ => {}
        }
    }
}

/// The words of a string, if it holds a statement.
pub(super) fn words_of_inner_sql(text: &str, dialect: Dialect, found: &mut BTreeSet<Ident>) {
    const STARTS: [&str; 7] = [
        "select", "with", "insert", "update", "delete", "table", "merge",
    ];
    let first = first_word(text, Span::new(0, text.len()), dialect);
    let is_sql = first.is_some_and(|word| {
        STARTS.iter().any(|start| word.eq_ignore_ascii_case(start))
            && word.len() < text.trim().len()
    });
    if is_sql {
        words(text, dialect, found);
    }
}

/// The name that a string holds, as in `nextval('public.users_id_seq')`.
pub(super) fn name_in(text: &str, dialect: Dialect) -> Name {
    let parts: Vec<_> = tokens(text, dialect)
        .filter_map(|token| {
            let own = token.span.of(text);
            match token.kind {
                TokenKind::Word => Some(Ident::new(own, false, dialect)),
                TokenKind::QuotedIdent => Some(Ident::new(&unquoted(own), true, dialect)),
                _ => None,
            }
        })
        .collect();
    match parts.as_slice() {
        [.., schema, name] => Name::qualified(schema.clone(), name.clone(), dialect),
        [name] => Name::bare(name.clone()),
        [] => Name::bare(Ident::new(text, true, dialect)),
    }
}

/// What stands between the quotes of an identifier.
pub(super) fn unquoted(text: &str) -> String {
    let quote = match text.chars().next_back() {
        Some(']') => {
            return text
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned();
        }
        Some(quote) => quote,
        None => return String::new(),
    };
    let start = text.find(quote).map_or(0, |at| at + 1);
    let end = text.len().saturating_sub(1).max(start);
    let doubled: String = [quote, quote].iter().collect();
    text[start..end].replace(&doubled, &quote.to_string())
}

/// What stands between the marks of a string: `'a'`, `E'a'`, `$x$a$x$`.
fn string_content(text: &str) -> &str {
    let Some(open) = text.find(['\'', '"', '$']) else {
        return "";
    };
    let mark = match text[open..].strip_prefix('$') {
        Some(tag) => tag.find('$').map_or(1, |end| end + 2),
        None => 1,
    };
    let end = text.len().saturating_sub(mark);
    text.get(open + mark..end).unwrap_or_default()
}

fn tokens(sql: &str, dialect: Dialect) -> impl Iterator<Item = crate::sql::token::Token> {
    tokenize(sql, Span::new(0, sql.len()), dialect).filter(|token| !token.kind.is_trivia())
}
