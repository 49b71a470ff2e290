//! What no engine takes, whatever its dialect: the readers that go by words leave such statements alone.

use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// Words after which a clause has to follow.
const OPENING: &[&str] = &[
    "and",
    "by",
    "from",
    "having",
    "in",
    "into",
    "join",
    "like",
    "not",
    "on",
    "or",
    "returning",
    "select",
    "set",
    "values",
    "where",
];

/// Words that begin the next clause.
const CLOSING: &[&str] = &[
    "and", "from", "group", "having", "limit", "or", "order", "where",
];

const COMPARING: &[&str] = &["=", "<>", "!=", "<", ">", "<=", ">="];

/// Whether the rest of the tokens is certainly cut short or garbled: a parenthesis that stays open, a clause or a
/// comparison with nothing in it.
pub(super) fn is_broken(tokens: &Tokens) -> bool {
    let mut rest = tokens.clone();
    let mut open = 0_usize;
    let mut before = None;
    while let Some(kind) = rest.peek().map(|token| token.kind) {
        match kind {
            TokenKind::LeftParen => open += 1,
            TokenKind::RightParen if open == 0 => return true,
            TokenKind::RightParen => open -= 1,
            _ => {}
        }
        let now = Part::of(&rest, kind);
        if before.is_some_and(|before: Part| before.demands_more(now)) {
            return true;
        }
        before = Some(now);
        rest.advance();
    }
    open > 0 || before.is_some_and(|last| last.demands_more(Part::CLOSES))
}

/// What a token is to its neighbours.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a token may be several of these: AND opens a clause and closes the one before"
)]
struct Part {
    opens: bool,
    closes: bool,
    compares: bool,
    comma: bool,
}

impl Part {
    const CLOSES: Self = Self {
        opens: false,
        closes: true,
        compares: false,
        comma: false,
    };

    fn of(tokens: &Tokens, kind: TokenKind) -> Self {
        let word = |words| kind == TokenKind::Word && tokens.is_any(words).is_some();
        let comma = kind == TokenKind::Comma;
        Self {
            opens: word(OPENING),
            closes: comma || kind == TokenKind::RightParen || word(CLOSING),
            compares: kind == TokenKind::Operator && COMPARING.contains(&tokens.peek_text()),
            comma,
        }
    }

    /// Whether what follows cannot stand here. A word may be a name, so of two words only pairs count that
    /// no statement has.
    fn demands_more(self, next: Self) -> bool {
        let after_word = self.opens && next.closes && !next.comma;
        let after_operator = self.compares && (next.closes || next.compares);
        let after_comma = self.comma && next.closes;
        after_word || after_operator || after_comma
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dialect, Span};

    #[test]
    fn what_is_cut_short_or_garbled_is_told_from_what_is_only_unusual() {
        for (sql, expected) in [
            ("UPDATE users SET WHERE id = 1", true),
            ("UPDATE users SET a = = 2", true),
            ("UPDATE users SET a = 2,", true),
            ("DELETE FROM users WHERE id = ", true),
            ("DELETE FROM users WHERE", true),
            ("SELECT a b c d FROM", true),
            ("INSERT INTO users VALUES (1", true),
            ("INSERT INTO users VALUES (1))", true),
            ("INSERT INTO users VALUES (1,,2)", true),
            ("SELECT a FROM t WHERE AND b = 1", true),
            (
                "UPDATE LOW_PRIORITY t SET a = -1, b = NOT c WHERE d IN (1, 2) LIMIT 3",
                false,
            ),
            ("DELETE t FROM t JOIN u USING (id) WHERE u.a <> ''", false),
            (
                "SELECT count(*) FROM t WHERE a @> '{}' AND NOT b ORDER BY 1",
                false,
            ),
            (
                "INSERT INTO t VALUES (1), (2) ON CONFLICT (a) DO UPDATE SET a = excluded.a",
                false,
            ),
            (
                "SELECT * FROM t WHERE a = ANY ('{1}') OR b IS NOT NULL",
                false,
            ),
        ] {
            let tokens = Tokens::new(sql, Span::new(0, sql.len()), Dialect::Postgres);
            assert_eq!(is_broken(&tokens), expected, "{sql}");
        }
    }
}
