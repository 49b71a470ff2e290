//! Words, numbers, parameters and operators.

use super::lexer::Lexer;
use super::{Opener, TokenKind};
use crate::model::Dialect;

/// PostgreSQL takes no operator longer than this. Without an end, giving back a long trail of signs again and again
/// would take quadratic time.
const OPERATOR_LIMIT_BYTES: usize = 63;

impl Lexer<'_> {
    pub(super) fn is_word_start(&self, byte: u8) -> bool {
        byte.is_ascii_alphabetic()
            || byte == b'_'
            || !byte.is_ascii()
            || (byte == b'$' && self.is(Dialect::Mysql))
    }

    pub(super) fn word(&mut self) -> TokenKind {
        if let Some(kind) = self.prefixed_string() {
            return kind;
        }
        let start = self.at;
        loop {
            self.take_while(|byte| WORD_PARTS[usize::from(byte)]);
            // A dollar goes on with a name, but not where it begins a `${placeholder}`.
            if self.peek(0) != b'$' || self.peek(1) == b'{' {
                break;
            }
            self.at += 1;
        }
        if self.at == start {
            // MySQL: `${` that was no template.
            self.at += 1;
        }
        self.cut_at_delimiter(start);
        TokenKind::Word
    }

    /// MySQL's client looks for its delimiter everywhere outside quotes: in `END$$` too.
    pub(super) fn cut_at_delimiter(&mut self, start: usize) {
        if let Some(delimiter) = self.delimiter
            && let Some(length) = self.source[start..self.at].find(delimiter)
        {
            self.at = start + length;
        }
    }

    pub(super) fn number(&mut self) -> TokenKind {
        let start = self.at;
        self.take_while(|byte| byte.is_ascii_digit() || byte == b'_');
        if self.peek(0) == b'.' && self.peek(1) != b'.' {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit() || byte == b'_');
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.take_while(|byte| byte.is_ascii_digit());
            }
        }
        let digits = self.at;
        let part = |byte| is_word_part(byte) && byte != b'$';
        self.take_while(part);
        self.cut_at_delimiter(start);
        let letters = self.bytes[digits.min(self.at)..self.at].first().copied();
        let radix = self.bytes[start] == b'0'
            && matches!(letters, Some(b'x' | b'X' | b'b' | b'B' | b'o' | b'O'));
        match (letters, self.dialect) {
            // MySQL alone lets a name begin with a digit.
            (Some(_), Dialect::Mysql) if !radix => TokenKind::Word,
            _ => TokenKind::Number,
        }
    }

    /// Whether a dot here goes on with a name (`t.1st`) or a range (`1..10`) rather than begin a number (`.5`).
    pub(super) fn goes_on(&self) -> bool {
        self.at.checked_sub(1).is_some_and(|before| {
            let byte = self.bytes[before];
            is_word_part(byte) || matches!(byte, b'"' | b'`' | b']' | b'}' | b'.')
        })
    }

    /// `:name`, `:'name'` (psql), `@name`, `@@name`, `$name`; or else the punctuation itself.
    pub(super) fn placeholder(&mut self) -> TokenKind {
        let marks = if self.rest().starts_with(b"@@") { 2 } else { 1 };
        let colon = self.peek(0) == b':';
        let next = self.peek(marks);
        let named = match self.dialect {
            Dialect::Postgres => colon && (next.is_ascii_alphabetic() || next == b'_'),
            // `label:BEGIN` is a label: MySQL has no parameters by name.
            Dialect::Mysql => !colon && is_word_part(next),
            Dialect::Sqlite => is_word_part(next),
        };
        if named {
            self.at += marks;
            let start = self.at;
            self.take_while(is_word_part);
            self.cut_at_delimiter(start);
            return TokenKind::Placeholder;
        }
        if colon && matches!(next, b':' | b'=') {
            return self.take(2, TokenKind::Operator);
        }
        if colon && self.is(Dialect::Postgres) && matches!(next, b'\'' | b'"') {
            return self.quoted(1, false, TokenKind::Placeholder, Opener::String);
        }
        if self.peek(0) == b'@' && self.is(Dialect::Postgres) {
            return self.operator();
        }
        self.take(1, TokenKind::Operator)
    }

    /// PostgreSQL's rule for all (manual, section 4.1.3): as long as it goes, but no comment begins inside, and
    /// a trailing `+` or `-` belongs to what follows unless the operator has a character of the second kind.
    pub(super) fn operator(&mut self) -> TokenKind {
        let start = self.at;
        let limit = self.bytes.len().min(start + OPERATOR_LIMIT_BYTES);
        while self.at < limit && self.is_operator_part(self.bytes[self.at]) {
            let inside = self.at > start;
            if inside
                && (self.is_line_comment(self.at)
                    || self.rest().starts_with(b"/*")
                    || self.begins_other())
            {
                break;
            }
            self.at += 1;
        }
        if self.at == start {
            let length = self.source[start..]
                .chars()
                .next()
                .map_or(1, char::len_utf8);
            return self.take(length, TokenKind::Operator);
        }
        let run = &self.bytes[start..self.at];
        if !run.iter().any(|byte| b"~!@#%^&|`?".contains(byte)) {
            let trailing = run
                .iter()
                .rev()
                .take_while(|byte| matches!(byte, b'+' | b'-'))
                .count();
            self.at -= trailing.min(run.len() - 1);
        }
        TokenKind::Operator
    }

    pub(super) fn is_operator_part(&self, byte: u8) -> bool {
        match byte {
            b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'%' | b'^' | b'&'
            | b'|' => true,
            b'@' | b'?' | b'`' | b'#' => self.is(Dialect::Postgres),
            _ => false,
        }
    }

    /// Whether a template, a delimiter or the end of an executed comment begins here.
    pub(super) fn begins_other(&mut self) -> bool {
        let delimits = self
            .delimiter
            .is_some_and(|delimiter| self.source[self.at..].starts_with(delimiter));
        self.closes_executable() || delimits || self.template_length().is_some()
    }
}

/// What a name may go on with, in every dialect, but for the dollar: nearly all of any text is looked up here.
static WORD_PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "it is less than 256")]
        let part = is_word_part(byte as u8) && byte as u8 != b'$';
        parts[byte] = part;
        byte += 1;
    }
    parts
};

/// What a name may go on with, in every dialect.
pub(super) const fn is_word_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}
