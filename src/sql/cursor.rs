//! A cursor over the tokens of one statement, for readers of what sqlparser does not take.
//!
//! White space and comments are gone; every question that the cursor answers leaves it where it was, every
//! `take` moves it only when it finds what was asked for. So a reader is a row of attempts, and what was not
//! attempted is still there in [`Tokens::rest_text`].

use std::ops::Range;
use std::rc::Rc;

use super::token::{Token, TokenKind, tokenize};
use crate::model::{Dialect, Ident, Name, Span};

/// The significant tokens of one statement, and a place among them.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    dialect: Dialect,
    /// Those of the whole text. A cursor is cheap to clone, and one over a part needs no second reading.
    all: Rc<Significant>,
    /// Which of them this cursor moves among.
    first: usize,
    end: usize,
    at: usize,
    within: Span,
}

/// The significant tokens of a text.
#[derive(Debug)]
struct Significant {
    tokens: Vec<Token>,
    /// For each opening parenthesis or bracket the index of the one that closes it; 0 for all else. Found
    /// once, so that a text of nothing but opening ones stays linear.
    closing: Vec<usize>,
}

/// About as many as a token has with the blank behind it.
pub(super) const BYTES_PER_TOKEN: usize = 6;

/// A string constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The whole constant with its quotes.
    pub span: Span,
    /// What stands between the quotes, as written.
    pub inside: Span,
    /// What it means: doubled quotes and escapes undone.
    pub value: String,
}

impl<'a> Tokens<'a> {
    /// A cursor before the first token of `within`.
    pub fn new(text: &'a str, within: Span, dialect: Dialect) -> Self {
        let mut tokens = Vec::with_capacity(within.len() / BYTES_PER_TOKEN);
        tokens.extend(tokenize(text, within, dialect).filter(|token| !token.kind.is_trivia()));
        Self::of_statements(text, within, dialect, tokens, std::iter::once(within))
    }

    /// A cursor before the first of the significant `tokens` of `within`, in which `statements` stand in this order.
    pub fn of_statements(
        text: &'a str,
        within: Span,
        dialect: Dialect,
        tokens: Vec<Token>,
        statements: impl Iterator<Item = Span>,
    ) -> Self {
        let mut closing = vec![0; tokens.len()];
        for statement in statements {
            let own = own(&tokens, 0..tokens.len(), statement);
            find_closing(&tokens, own, text, &mut closing);
        }
        let end = tokens.len();
        Self {
            text,
            dialect,
            all: Rc::new(Significant { tokens, closing }),
            first: 0,
            end,
            at: 0,
            within,
        }
    }

    /// A cursor before the first token of `within`, which is a part of what this one moves over.
    #[must_use]
    pub fn part(&self, within: Span) -> Self {
        let tokens = &self.all.tokens;
        let Range { start: first, end } = own(tokens, self.first..self.end, within);
        let cut_at_start = first > 0 && tokens[first - 1].span.end > within.start;
        let cut_at_end = tokens
            .get(end)
            .is_some_and(|token| token.span.start < within.end);
        if cut_at_start || cut_at_end {
            // It lies inside of a token, such as the text of a string.
            return Self::new(self.text, within, self.dialect);
        }
        Self {
            all: Rc::clone(&self.all),
            first,
            end,
            at: first,
            within,
            ..*self
        }
    }

    /// The dialect that the tokens were read in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The text that the spans point into.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Whether no token is left.
    pub fn at_end(&self) -> bool {
        self.at >= self.end
    }

    /// The next token.
    pub fn peek(&self) -> Option<Token> {
        self.peek_at(0)
    }

    /// The token `ahead` of the next one.
    pub fn peek_at(&self, ahead: usize) -> Option<Token> {
        self.own().get(self.at + ahead - self.first).copied()
    }

    /// The token before the next one.
    pub fn previous(&self) -> Option<Token> {
        self.own()
            .get(self.at.checked_sub(self.first + 1)?)
            .copied()
    }

    /// The next token and all behind it.
    pub fn ahead(&self) -> &[Token] {
        &self.all.tokens[self.at.min(self.end)..self.end]
    }

    /// The next token's text; empty at the end.
    pub fn peek_text(&self) -> &'a str {
        self.span().of(self.text)
    }

    /// The next token if it is a word without quotes.
    pub fn peek_word(&self) -> Option<&'a str> {
        self.word_at(0)
    }

    /// The word without quotes that stands `ahead` of the next token.
    pub fn word_at(&self, ahead: usize) -> Option<&'a str> {
        let token = self.peek_at(ahead)?;
        (token.kind == TokenKind::Word).then(|| token.span.of(self.text))
    }

    /// Whether the next token is this keyword, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.peek_word()
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    /// Whether the next tokens are these keywords.
    pub fn are(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| {
            self.word_at(ahead)
                .is_some_and(|found| found.eq_ignore_ascii_case(word))
        })
    }

    /// Which of these keywords the next token is.
    pub fn is_any(&self, words: &[&'static str]) -> Option<&'static str> {
        let found = self.peek_word()?.as_bytes();
        let first = found.first()?.to_ascii_lowercase();
        words.iter().copied().find(|word| {
            // Most words differ in these already, and the lists are long.
            let word = word.as_bytes();
            word.len() == found.len()
                && word[0].to_ascii_lowercase() == first
                && word.eq_ignore_ascii_case(found)
        })
    }

    /// Whether the next token is of this kind.
    pub fn is_kind(&self, kind: TokenKind) -> bool {
        self.peek().is_some_and(|token| token.kind == kind)
    }

    /// Whether the next token is this operator.
    pub fn is_operator(&self, operator: &str) -> bool {
        self.is_kind(TokenKind::Operator) && self.peek_text() == operator
    }

    /// The next token, and moves past it.
    pub fn advance(&mut self) -> Option<Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Moves past these keywords if all of them are next.
    pub fn take(&mut self, words: &[&str]) -> bool {
        let found = self.are(words);
        if found {
            self.at += words.len();
        }
        found
    }

    /// Moves past this keyword if it is next.
    pub fn take_word(&mut self, word: &str) -> bool {
        self.take(&[word])
    }

    /// Moves past whichever of these keywords is next.
    pub fn take_any(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let word = self.is_any(words)?;
        self.at += 1;
        Some(word)
    }

    /// Moves past a token of this kind.
    pub fn take_kind(&mut self, kind: TokenKind) -> Option<Span> {
        let token = self.peek().filter(|token| token.kind == kind)?;
        self.at += 1;
        Some(token.span)
    }

    /// Moves past this operator.
    pub fn take_operator(&mut self, operator: &str) -> bool {
        let found = self.is_operator(operator);
        self.at += usize::from(found);
        found
    }

    /// An identifier: a word, keyword or not, or a quoted identifier.
    pub fn ident(&mut self) -> Option<Ident> {
        let ident = self.ident_at(0)?;
        self.at += 1;
        Some(ident)
    }

    /// The identifier that stands `ahead` of the next token.
    pub fn ident_at(&self, ahead: usize) -> Option<Ident> {
        let token = self.peek_at(ahead)?;
        let text = token.span.of(self.text);
        match token.kind {
            TokenKind::Word => Some(Ident::new(text, false, self.dialect)),
            TokenKind::QuotedIdent => Some(Ident::new(
                &unquoted(text, self.dialect),
                true,
                self.dialect,
            )),
            _ => None,
        }
    }

    /// A name of one to three parts. A catalog before the schema says nothing and is left out.
    pub fn name(&mut self) -> Option<Name> {
        let mut name = self.ident()?;
        let mut schema = None;
        while self.is_kind(TokenKind::Dot) {
            let Some(part) = self.ident_at(1) else { break };
            schema = Some(std::mem::replace(&mut name, part));
            self.at += 2;
        }
        Some(match schema {
            Some(schema) => Name::qualified(schema, name, self.dialect),
            None => Name::bare(name),
        })
    }

    /// A string constant: in quotes, or dollar-quoted.
    pub fn literal(&mut self) -> Option<Literal> {
        let token = self.peek()?;
        let literal = literal(token, self.text, self.dialect)?;
        self.at += 1;
        Some(literal)
    }

    /// A group in parentheses: the span between them. Nothing where they are not balanced.
    pub fn parenthesised(&mut self) -> Option<Span> {
        let open = self
            .peek()
            .filter(|token| token.kind == TokenKind::LeftParen)?;
        let close = self.close()?;
        self.at = close + 1;
        let inside_end = self.all.tokens[close].span.start;
        Some(Span::new(open.span.end, inside_end))
    }

    /// Moves past one item of a list: up to the next comma, semicolon or closing parenthesis at this depth.
    pub fn item(&mut self) -> Span {
        let mark = self.mark();
        while let Some(token) = self.peek() {
            match token.kind {
                TokenKind::Comma | TokenKind::Semicolon | TokenKind::RightParen => break,
                _ => self.skip(),
            }
        }
        self.since(mark)
    }

    /// Moves to the next of these keywords outside parentheses, and tells which; stays where it is if none follows.
    pub fn seek(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let mark = self.mark();
        while !self.at_end() {
            if let Some(word) = self.is_any(words) {
                return Some(word);
            }
            self.skip();
        }
        self.reset(mark);
        None
    }

    /// Moves past one token, or a whole group in parentheses or brackets.
    pub fn skip(&mut self) {
        let last = self.close().unwrap_or(self.at);
        self.at = (last + 1).min(self.end);
    }

    /// The next token's span; at the end, the empty span after the last token.
    pub fn span(&self) -> Span {
        let end = self.end();
        self.peek().map_or(Span::new(end, end), |token| token.span)
    }

    /// Everything from the next token to the last.
    pub fn rest(&self) -> Span {
        Span::new(self.span().start, self.end())
    }

    /// The text from the next token to the last, as written.
    pub fn rest_text(&self) -> &'a str {
        self.rest().of(self.text)
    }

    /// From the first token to the last.
    pub fn whole(&self) -> Span {
        let end = self.end();
        self.own().first().map_or(Span::new(end, end), |first| {
            Span::new(first.span.start, end)
        })
    }

    /// This place, to come back to.
    pub fn mark(&self) -> Mark {
        Mark(self.at)
    }

    /// Goes back to a place.
    pub fn reset(&mut self, mark: Mark) {
        self.at = mark.0;
    }

    /// What was read since `mark`: empty if nothing was.
    pub fn since(&self, mark: Mark) -> Span {
        match &self.all.tokens[mark.0.min(self.at)..self.at] {
            [first, .., last] => Span::new(first.span.start, last.span.end),
            [only] => only.span,
            [] => Span::new(self.span().start, self.span().start),
        }
    }

    fn end(&self) -> usize {
        self.own()
            .last()
            .map_or(self.within.start, |last| last.span.end)
    }

    fn own(&self) -> &[Token] {
        &self.all.tokens[self.first..self.end]
    }

    /// The index of what closes the parenthesis or bracket that is next.
    fn close(&self) -> Option<usize> {
        let close = *self.all.closing.get(self.at)?;
        (self.at < close && close < self.end).then_some(close)
    }
}

/// A place among the tokens of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

/// Which of the tokens in `range` stand in `within`.
fn own(tokens: &[Token], range: Range<usize>, within: Span) -> Range<usize> {
    let of = &tokens[range.clone()];
    let before = of.partition_point(|token| token.span.start < within.start);
    let inside = of[before..].partition_point(|token| token.span.end <= within.end);
    let first = range.start + before;
    first..first + inside
}

/// Notes for each opening parenthesis or bracket of a statement which token closes it.
fn find_closing(tokens: &[Token], statement: Range<usize>, text: &str, closing: &mut [usize]) {
    let (mut parentheses, mut brackets) = (Vec::new(), Vec::new());
    for index in statement {
        let token = tokens[index];
        let opened = match token.kind {
            TokenKind::LeftParen => {
                parentheses.push(index);
                None
            }
            TokenKind::RightParen => parentheses.pop(),
            TokenKind::Operator => match token.span.of(text) {
                "[" => {
                    brackets.push(index);
                    None
                }
                "]" => brackets.pop(),
                _ => None,
            },
            _ => None,
        };
        if let Some(opened) = opened {
            closing[opened] = index;
        }
    }
}

/// What a quoted identifier names.
fn unquoted(text: &str, dialect: Dialect) -> String {
    if let Some(escaped) = text
        .strip_prefix(['U', 'u'])
        .and_then(|rest| rest.strip_prefix('&'))
    {
        return unicode_unescaped(&inside_quotes(escaped).replace("\"\"", "\""));
    }
    let inside = inside_quotes(text);
    match text.as_bytes().first() {
        Some(b'[') if dialect == Dialect::Sqlite => inside.to_owned(),
        Some(b'`') => inside.replace("``", "`"),
        _ => inside.replace("\"\"", "\""),
    }
}

fn inside_quotes(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1))
        .unwrap_or_default()
}

fn literal(token: Token, text: &str, dialect: Dialect) -> Option<Literal> {
    let written = token.span.of(text);
    let prefix = match token.kind {
        TokenKind::DollarString => {
            let tag = written[1..].find('$')? + 2;
            let inside = Span::new(token.span.start + tag, token.span.end - tag);
            return Some(Literal {
                span: token.span,
                inside,
                value: inside.of(text).to_owned(),
            });
        }
        TokenKind::String => written.find(['\'', '"'])?,
        _ => return None,
    };
    let quote = &written[prefix..=prefix];
    let inside = Span::new(token.span.start + prefix + 1, token.span.end - 1);
    let plain = inside.of(text).replace(&quote.repeat(2), quote);
    let value = match written.as_bytes()[0] {
        b'E' | b'e' => backslash_unescaped(&plain),
        b'U' | b'u' => unicode_unescaped(&plain),
        _ if dialect == Dialect::Mysql => backslash_unescaped(&plain),
        _ => plain,
    };
    Some(Literal {
        span: token.span,
        inside,
        value,
    })
}

/// `\n` and its kin. The rare numeric escapes keep their digits: no name or body that is read here has one.
fn backslash_unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}

/// `\0061` and `\+000061`, as in `U&'…'`.
fn unicode_unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (skip, digits) = if rest.starts_with('+') {
            (1, 6)
        } else {
            (0, 4)
        };
        let code = rest
            .get(skip..skip + digits)
            .and_then(|code| u32::from_str_radix(code, 16).ok());
        if let Some(character) = code.and_then(char::from_u32) {
            plain.push(character);
            rest = &rest[skip + digits..];
        } else if let Some(after) = rest.strip_prefix('\\') {
            plain.push('\\');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{Mysql, Postgres, Sqlite};

    fn tokens(text: &str, dialect: Dialect) -> Tokens<'_> {
        Tokens::new(text, Span::new(0, text.len()), dialect)
    }

    #[test]
    fn keywords_are_taken_together_or_not_at_all() {
        let mut it = tokens("create /* a */ OR -- b\n Replace VIEW v", Postgres);
        assert!(!it.take(&["CREATE", "TABLE"]));
        assert!(it.take(&["CREATE", "OR", "REPLACE"]));
        assert_eq!(it.is_any(&["TABLE", "VIEW"]), Some("VIEW"));
        assert_eq!(it.take_any(&["TABLE", "VIEW"]), Some("VIEW"));
        assert_eq!(it.rest_text(), "v");
        assert!(it.advance().is_some() && it.at_end() && it.advance().is_none());
        assert_eq!((it.peek_text(), it.rest_text()), ("", ""));
    }

    #[test]
    fn a_quoted_word_is_no_keyword() {
        let mut it = tokens("\"create\" x", Postgres);
        assert!(!it.is("CREATE") && it.peek_word().is_none());
        assert_eq!(it.ident(), Some(Ident::new("create", true, Postgres)));
    }

    #[test]
    fn identifiers_lose_their_quotes() {
        let cases = [
            (Postgres, "Users", "users"),
            (Postgres, "\"a\"\"B\"", "a\"B"),
            (Postgres, "U&\"d\\0061t\\+000061\\\\\"", "data\\"),
            (Mysql, "`a``b`", "a`b"),
            (Mysql, "1st", "1st"),
            (Sqlite, "[a\"b]", "a\"b"),
            (Sqlite, "`a`", "a"),
        ];
        for (dialect, text, expected) in cases {
            assert_eq!(
                tokens(text, dialect).ident().unwrap().as_str(),
                expected,
                "{text}"
            );
        }
        for (dialect, text) in [
            (Mysql, "\"a\""),
            (Postgres, "'a'"),
            (Postgres, "1"),
            (Sqlite, ""),
        ] {
            assert_eq!(tokens(text, dialect).ident(), None, "{text}");
        }
    }

    #[test]
    fn names_have_up_to_three_parts_and_stop_at_a_star() {
        for (text, expected, rest) in [
            ("t (a)", "t", "(a)"),
            ("s . \"T\" x", "s.T", "x"),
            ("db.s.t", "s.t", ""),
            ("public.t", "t", ""),
            ("t.*", "t", ".*"),
        ] {
            let mut it = tokens(text, Postgres);
            assert_eq!(it.name().unwrap().to_string(), expected, "{text}");
            assert_eq!(it.rest_text(), rest, "{text}");
        }
    }

    #[test]
    fn string_constants_lose_quotes_and_escapes() {
        for (dialect, text, value, inside) in [
            (Postgres, "'it''s \\n'", "it's \\n", "it''s \\n"),
            (Postgres, "E'a\\n\\''", "a\n'", "a\\n\\'"),
            (Postgres, "$f$ 'x' $f$", " 'x' ", " 'x' "),
            (Postgres, "U&'d\\0061'", "da", "d\\0061"),
            (Mysql, "\"a\\\"\"\"b\"", "a\"\"b", "a\\\"\"\"b"),
            (Mysql, "N'x'", "x", "x"),
        ] {
            let literal = tokens(text, dialect).literal().unwrap();
            assert_eq!(
                (literal.value.as_str(), literal.inside.of(text)),
                (value, inside),
                "{text}"
            );
        }
        assert_eq!(tokens("x", Postgres).literal(), None);
    }

    #[test]
    fn groups_are_skipped_whole_or_not_at_all() {
        let text = "(a, (b)) USING (c) WHERE";
        let mut it = tokens(text, Postgres);
        assert_eq!(it.parenthesised().map(|span| span.of(text)), Some("a, (b)"));
        assert_eq!(it.seek(&["WHERE", "HAVING"]), Some("WHERE"));
        assert_eq!(it.seek(&["USING"]), None);
        assert!(it.is("WHERE"));
        let mut open = tokens("(a, (b)", Postgres);
        assert_eq!(open.parenthesised(), None);
        assert_eq!(open.rest_text(), "(a, (b)");
    }

    #[test]
    fn items_end_at_commas_of_their_own_list() {
        let text = "a numeric(1, 2) DEFAULT f(x, y), b int)";
        let mut it = tokens(text, Postgres);
        assert_eq!(it.item().of(text), "a numeric(1, 2) DEFAULT f(x, y)");
        assert!(it.take_kind(TokenKind::Comma).is_some());
        assert_eq!(it.item().of(text), "b int");
        assert!(
            it.item().is_empty(),
            "nothing stands before the parenthesis"
        );
    }

    #[test]
    fn a_mark_leads_back_and_tells_what_was_read() {
        let text = "a  b c";
        let mut it = tokens(text, Postgres);
        let mark = it.mark();
        assert!(it.since(mark).is_empty());
        it.advance();
        it.advance();
        assert_eq!(it.since(mark).of(text), "a  b");
        it.reset(mark);
        assert_eq!(it.whole(), it.rest());
    }

    #[test]
    fn executed_comments_are_read_as_code() {
        let text = "CREATE /*!50017 DEFINER=x*/ /*!50003 TRIGGER t*/";
        let mut it = tokens(text, Mysql);
        assert!(it.take_word("CREATE") && it.take_word("DEFINER") && it.take_operator("="));
        assert!(it.take_word("x") && it.take(&["TRIGGER", "t"]) && it.at_end());
    }
}
