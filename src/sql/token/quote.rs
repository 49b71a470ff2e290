//! Strings and quoted identifiers.

use super::lexer::Lexer;
use super::{Opener, TokenKind};
use crate::model::Dialect;

impl Lexer<'_> {
    /// From a quote, `prefix` bytes ahead, to the same quote; doubled it stands for itself.
    pub(super) fn quoted(
        &mut self,
        prefix: usize,
        escapes: bool,
        kind: TokenKind,
        opener: Opener,
    ) -> TokenKind {
        self.at += prefix;
        let quote = self.bytes[self.at];
        self.at += 1;
        loop {
            let escape = if escapes { b'\\' } else { quote };
            let next = memchr::memchr2(quote, escape, self.rest());
            self.at = next.map_or(self.bytes.len(), |length| self.at + length);
            match self.rest() {
                [b'\\', _, ..] if escapes => self.at += 2,
                [a, b, ..] if *a == quote && *b == quote => self.at += 2,
                [a, ..] if *a == quote => {
                    self.at += 1;
                    return kind;
                }
                [_, ..] => self.at += 1,
                [] => return TokenKind::Unterminated(opener),
            }
        }
    }

    /// `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`.
    pub(super) fn prefixed_string(&mut self) -> Option<TokenKind> {
        if !matches!(self.peek(1), b'\'' | b'&') {
            return None;
        }
        let postgres = self.is(Dialect::Postgres);
        let (string, ident) = (TokenKind::String, TokenKind::QuotedIdent);
        match [
            self.peek(0).to_ascii_lowercase(),
            self.peek(1),
            self.peek(2),
        ] {
            [b'e', b'\'', _] if postgres => Some(self.quoted(1, true, string, Opener::String)),
            [b'n', b'\'', _] => {
                Some(self.quoted(1, self.is(Dialect::Mysql), string, Opener::String))
            }
            [b'b' | b'x', b'\'', _] => Some(self.quoted(1, false, string, Opener::String)),
            [b'u', b'&', b'\''] if postgres => Some(self.quoted(2, false, string, Opener::String)),
            [b'u', b'&', b'"'] if postgres => {
                Some(self.quoted(2, false, ident, Opener::QuotedIdent))
            }
            _ => None,
        }
    }

    pub(super) fn bracketed(&mut self) -> TokenKind {
        self.take_while(|byte| byte != b']');
        if self.at == self.bytes.len() {
            return TokenKind::Unterminated(Opener::QuotedIdent);
        }
        self.take(1, TokenKind::QuotedIdent)
    }

    /// PostgreSQL: a dollar-quoted string, a parameter `$1`, or a lone `$`.
    pub(super) fn dollar(&mut self) -> TokenKind {
        if self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
            return TokenKind::Placeholder;
        }
        let tag_length = self.bytes[self.at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || !byte.is_ascii())
            .count();
        if self.peek(tag_length + 1) != b'$' {
            return self.take(1, TokenKind::Operator);
        }
        let tag = &self.source[self.at..self.at + tag_length + 2];
        let body = self.at + tag.len();
        if let Some(length) = self.source[body..].find(tag) {
            self.at = body + length + tag.len();
            return TokenKind::DollarString;
        }
        self.at = self.bytes.len();
        TokenKind::Unterminated(Opener::DollarString)
    }
}
