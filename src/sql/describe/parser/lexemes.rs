//! Our tokens in the terms of sqlparser.
//!
//! The text has been cut into tokens already, and to have sqlparser do so again takes longer than its parsing, as does
//! skipping the blanks and comments that it keeps. Only what both are certain to cut alike is translated.

use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt as _};
use sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX, Keyword};
use sqlparser::tokenizer::{Token as Lexeme, TokenWithSpan, Word};

use crate::model::Dialect;
use crate::sql::cursor::Tokens;
use crate::sql::token::{Token, TokenKind};

/// The rest of the tokens; nothing where sqlparser might cut its text in another way.
pub(super) fn translated(tokens: &Tokens) -> Option<Vec<TokenWithSpan>> {
    // The lexers of the other dialects have more that one of the two reads in its own way.
    if tokens.dialect() != Dialect::Postgres {
        return None;
    }
    let text = tokens.text();
    let ahead = tokens.ahead();
    let cut_alike = ahead
        .windows(2)
        .all(|pair| !may_belong_together(pair[0], pair[1], text));
    if !cut_alike {
        return None;
    }
    let mut lexemes = Vec::with_capacity(ahead.len());
    for token in ahead {
        let found = lexeme(token.kind, token.span.of(text))?;
        lexemes.push(TokenWithSpan::wrap(found));
    }
    Some(lexemes)
}

/// Whether sqlparser might make one of two neighbours.
fn may_belong_together(one: Token, next: Token, text: &str) -> bool {
    use TokenKind::{Dot, Number, Operator, QuotedIdent, String, Word};
    // PostgreSQL goes on with a string on another line.
    if (one.kind, next.kind) == (String, String) {
        return true;
    }
    if one.span.end < next.span.start {
        return false;
    }
    match (one.kind, next.kind) {
        // `b"x"`, `1and`, `.5`
        (Word | Number, Word | Number | String | QuotedIdent) | (Number, Dot) | (Dot, Number) => {
            true
        }
        (Operator, Operator) => [one, next]
            .iter()
            .all(|token| !["[", "]", "::"].contains(&token.span.of(text))),
        _ => false,
    }
}

fn lexeme(kind: TokenKind, written: &str) -> Option<Lexeme> {
    Some(match kind {
        TokenKind::Word if is_plain_word(written) => Lexeme::Word(Word {
            value: written.to_owned(),
            quote_style: None,
            keyword: keyword(written),
        }),
        TokenKind::QuotedIdent => Lexeme::make_word(&inside(written, "\"")?, Some('"')),
        TokenKind::String => Lexeme::SingleQuotedString(inside(written, "'")?),
        TokenKind::Number if is_plain_number(written) => Lexeme::Number(written.to_owned(), false),
        TokenKind::Comma => Lexeme::Comma,
        TokenKind::LeftParen => Lexeme::LParen,
        TokenKind::RightParen => Lexeme::RParen,
        TokenKind::Dot => Lexeme::Period,
        TokenKind::Semicolon => Lexeme::SemiColon,
        TokenKind::Operator => operator(written)?,
        _ => return None,
    })
}

/// The keyword that a word is. sqlparser's own search through a thousand of them takes as long as all else here.
fn keyword(word: &str) -> Keyword {
    static KEYWORDS: LazyLock<HashMap<&[u8], Keyword>> = LazyLock::new(|| {
        let mut keywords = HashMap::with_capacity(ALL_KEYWORDS.len());
        let words = ALL_KEYWORDS.iter().map(|word| word.as_bytes());
        keywords.extend(words.zip(ALL_KEYWORDS_INDEX.iter().copied()));
        keywords
    });
    let mut upper = [0; LONGEST_KEYWORD];
    let Some(upper) = upper.get_mut(..word.len()) else {
        return Keyword::NoKeyword;
    };
    upper.copy_from_slice(word.as_bytes());
    upper.make_ascii_uppercase();
    KEYWORDS.get(&*upper).copied().unwrap_or(Keyword::NoKeyword)
}

/// No keyword has more letters.
const LONGEST_KEYWORD: usize = 40;

fn is_plain_word(written: &str) -> bool {
    written
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `1` and `1.5`.
fn is_plain_number(written: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match written.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(written),
    }
}

/// What stands in quotes, doubled ones undone; nothing where a letter before them says how to read it.
fn inside(written: &str, quote: &str) -> Option<String> {
    let inside = written.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inside.replace(&quote.repeat(2), quote))
}

fn operator(written: &str) -> Option<Lexeme> {
    Some(match written {
        "=" => Lexeme::Eq,
        "<>" | "!=" => Lexeme::Neq,
        "<" => Lexeme::Lt,
        ">" => Lexeme::Gt,
        "<=" => Lexeme::LtEq,
        ">=" => Lexeme::GtEq,
        "+" => Lexeme::Plus,
        "-" => Lexeme::Minus,
        "*" => Lexeme::Mul,
        "/" => Lexeme::Div,
        "||" => Lexeme::StringConcat,
        "::" => Lexeme::DoubleColon,
        "[" => Lexeme::LBracket,
        "]" => Lexeme::RBracket,
        "->" => Lexeme::Arrow,
        "->>" => Lexeme::LongArrow,
        "#>" => Lexeme::HashArrow,
        "#>>" => Lexeme::HashLongArrow,
        "@>" => Lexeme::AtArrow,
        "<@" => Lexeme::ArrowAt,
        "~" => Lexeme::Tilde,
        "~*" => Lexeme::TildeAsterisk,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;
    use sqlparser::dialect::PostgreSqlDialect;
    use sqlparser::tokenizer::Tokenizer;

    fn ours(sql: &str) -> Option<Vec<Lexeme>> {
        let tokens = Tokens::new(sql, Span::new(0, sql.len()), Dialect::Postgres);
        let found = translated(&tokens)?.into_iter();
        Some(found.map(|found| found.token).collect())
    }

    fn theirs(sql: &str) -> Vec<Lexeme> {
        let mut found = Tokenizer::new(&PostgreSqlDialect {}, sql)
            .tokenize()
            .unwrap();
        found.retain(|found| !matches!(found, Lexeme::Whitespace(_)));
        found
    }

    #[test]
    fn what_is_translated_is_what_sqlparser_would_have_read() {
        for sql in [
            "INSERT INTO t (a, \"B\") SELECT x.*, 'it''s', '' FROM s.\"a\"\"b\" AS x -- no\n WHERE a<=1.5;",
            "UPDATE t SET a = b || '\\', c[1]='{}'::text[] /* no */ WHERE NOT d @> '{1}' AND x <> -1 ",
            "SELECT a->>'b', a->'b', a#>>'{a}', a #> '{a}', (b).c, count(*), 7*(1-2)/3, a<@b, a~*'x', a ~ 'y', a!=b",
            "SELECT * FROM a._b",
        ] {
            assert_eq!(ours(sql), Some(theirs(sql)), "{sql}");
        }
    }

    #[test]
    fn every_keyword_is_found() {
        for word in ALL_KEYWORDS.iter().copied().chain(["users", "_", "x1"]) {
            let lower = word.to_ascii_lowercase();
            for word in [word, &lower] {
                let Lexeme::Word(theirs) = Lexeme::make_word(word, None) else {
                    panic!("{word} is a word")
                };
                assert_eq!(keyword(word), theirs.keyword, "{word}");
            }
        }
    }

    #[test]
    fn what_sqlparser_may_read_in_its_own_way_is_left_to_it() {
        for (sql, expected) in [
            ("a <= 1.5 AND b::int[] = '{}'", true),
            ("count(*) > 1 -- c", true),
            ("a<-1", false),
            ("a = E'\\n'", false),
            ("b\"x\"", false),
            ("1and", false),
            ("a = .5", false),
            ("'a'\n'b'", false),
            ("$1", false),
            ("$$x$$", false),
            ("1e5", false),
            ("ä", false),
            ("a ?| b", false),
        ] {
            assert_eq!(ours(sql).is_some(), expected, "{sql}");
        }
    }
}
