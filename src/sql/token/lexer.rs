//! One token after another: which reader takes the next one, and what must be remembered for it.

use super::client::CopyProgress;
use super::template::{Closer, begins_template};
use super::{Opener, Token, TokenKind};
use crate::model::{Dialect, Span};

/// A place in a text, and what was learnt on the way there.
pub(super) struct Lexer<'a> {
    /// The text up to the end of the part that is read.
    pub(super) source: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) dialect: Dialect,
    /// What `DELIMITER` has set, unless it is `;`.
    pub(super) delimiter: Option<&'a str>,
    /// Only blanks stand between here and the start of the line.
    line_start: bool,
    /// Nothing of a statement was read since the last delimiter.
    pub(super) fresh: bool,
    /// Inside a comment that MySQL executes.
    pub(super) executable: bool,
    copy: CopyProgress,
    /// Where the next `}}`, `%}` and `%>` stand: each is looked for once, which keeps a text of nothing but
    /// opening marks linear.
    pub(super) closers: [Closer; 3],
}

impl<'a> Lexer<'a> {
    /// Before the token at `start` of `source`.
    pub(super) fn new(source: &'a str, start: usize, dialect: Dialect) -> Self {
        Self {
            source,
            bytes: source.as_bytes(),
            at: start,
            dialect,
            delimiter: None,
            line_start: true,
            fresh: true,
            executable: false,
            copy: CopyProgress::None,
            closers: [Closer::default(); 3],
        }
    }

    fn token(&mut self) -> TokenKind {
        if self.copy == CopyProgress::Data && self.bytes[self.at - 1] == b'\n' {
            return self.copy_data();
        }
        if let Some(delimiter) = self.delimiter
            && self.source[self.at..].starts_with(delimiter)
        {
            return self.take(delimiter.len(), TokenKind::Delimiter);
        }
        if self.line_start && self.is_client_command() {
            return self.client_command();
        }
        let byte = self.bytes[self.at];
        if begins_template(byte)
            && let Some(length) = self.template_length()
        {
            return self.take(length, TokenKind::Template);
        }
        match byte {
            byte if is_blank(byte) => self.whitespace(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            0xEF if self.rest().starts_with("\u{feff}".as_bytes()) => {
                self.take(3, TokenKind::Whitespace)
            }
            b'-' if self.rest().starts_with(b"--> statement-breakpoint") => {
                self.take_line(TokenKind::Breakpoint)
            }
            b'-' | b'#' if self.is_line_comment(self.at) => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'*' if self.closes_executable() => self.take(2, TokenKind::ExecutableClose),
            b'\'' => self.quoted(
                0,
                self.is(Dialect::Mysql),
                TokenKind::String,
                Opener::String,
            ),
            b'"' if self.is(Dialect::Mysql) => {
                self.quoted(0, true, TokenKind::String, Opener::String)
            }
            b'"' => self.quoted(0, false, TokenKind::QuotedIdent, Opener::QuotedIdent),
            b'`' if !self.is(Dialect::Postgres) => {
                self.quoted(0, false, TokenKind::QuotedIdent, Opener::QuotedIdent)
            }
            b'[' if self.is(Dialect::Sqlite) => self.bracketed(),
            b'$' if self.is(Dialect::Postgres) => self.dollar(),
            b'\\' => self.backslash(),
            b'?' if !self.is(Dialect::Postgres) => {
                self.at += 1;
                self.take_while(|byte| byte.is_ascii_digit());
                TokenKind::Placeholder
            }
            b';' => self.take(1, TokenKind::Semicolon),
            b',' => self.take(1, TokenKind::Comma),
            b'(' => self.take(1, TokenKind::LeftParen),
            b')' => self.take(1, TokenKind::RightParen),
            b'.' if !self.peek(1).is_ascii_digit() || self.goes_on() => {
                self.take(1, TokenKind::Dot)
            }
            byte if byte.is_ascii_digit() || byte == b'.' => self.number(),
            byte if self.is_word_start(byte) => self.word(),
            b':' | b'@' | b'$' => self.placeholder(),
            _ => self.operator(),
        }
    }

    /// What must be known of the tokens before, to read the next one.
    fn remember(&mut self, kind: TokenKind, span: Span) {
        let bytes = &self.bytes[span.start..span.end];
        self.line_start =
            kind == TokenKind::Whitespace && (self.line_start || bytes.contains(&b'\n'));
        match kind {
            TokenKind::ExecutableOpen => self.executable = true,
            TokenKind::ExecutableClose => self.executable = false,
            kind if kind.is_trivia() => {}
            _ => {
                if self.is(Dialect::Postgres) {
                    self.copy = self.copy.after(kind, bytes, self.fresh);
                }
                self.fresh = kind.ends_statement();
            }
        }
    }

    fn whitespace(&mut self) -> TokenKind {
        if self.copy == CopyProgress::Data {
            // The data begins right after this line's end, blank or not.
            self.take_while(|byte| is_blank(byte) && byte != b'\n');
            if self.peek(0) == b'\n' {
                self.at += 1;
            }
        } else {
            self.take_while(is_blank);
        }
        TokenKind::Whitespace
    }

    fn line_comment(&mut self) -> TokenKind {
        // PostgreSQL alone ends a comment at a lone carriage return as well.
        if !self.is(Dialect::Postgres) {
            return self.take_line(TokenKind::LineComment);
        }
        let end = memchr::memchr2(b'\n', b'\r', self.rest());
        self.at = end.map_or(self.bytes.len(), |length| self.at + length);
        TokenKind::LineComment
    }

    /// `--` needs a blank after it in MySQL, where `5--3` is 8.
    pub(super) fn is_line_comment(&self, at: usize) -> bool {
        match (self.dialect, &self.bytes[at..]) {
            (Dialect::Mysql, [b'-', b'-', rest @ ..]) => rest
                .first()
                .is_none_or(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()),
            (Dialect::Mysql, [b'#', ..]) | (_, [b'-', b'-', ..]) => true,
            _ => false,
        }
    }

    fn block_comment(&mut self) -> TokenKind {
        if self.is(Dialect::Mysql) {
            let mark = match self.rest() {
                [_, _, b'!', ..] => 3,
                [_, _, b'M', b'!', ..] => 4,
                _ => 0,
            };
            if mark > 0 {
                self.at += mark;
                let digits = self
                    .rest()
                    .iter()
                    .take(6)
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                return self.take(digits, TokenKind::ExecutableOpen);
            }
        }
        self.at += 2;
        let mut depth = 1_usize;
        while depth > 0 {
            match self.rest() {
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.at += 2;
                }
                [b'/', b'*', ..] if self.is(Dialect::Postgres) => {
                    depth += 1;
                    self.at += 2;
                }
                [_, ..] => self.at += 1,
                // SQLite lets the end of the text close a comment.
                [] if self.is(Dialect::Sqlite) => break,
                [] => return TokenKind::Unterminated(Opener::Comment),
            }
        }
        TokenKind::BlockComment
    }

    /// Whether the end of an executed comment is here. Outside of one, `2*/*…*/3` is a product; a statement that
    /// stands inside of one may be read by itself, without the opening mark.
    pub(super) fn closes_executable(&self) -> bool {
        self.is(Dialect::Mysql)
            && self.rest().starts_with(b"*/")
            && (self.executable || self.peek(2) != b'*')
    }

    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    pub(super) fn is(&self, dialect: Dialect) -> bool {
        self.dialect == dialect
    }

    /// Moves over `length` bytes of ASCII.
    pub(super) fn take(&mut self, length: usize, kind: TokenKind) -> TokenKind {
        self.at += length;
        kind
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !wanted(*byte));
        self.at += length.unwrap_or(rest.len());
    }

    /// The end of this line, without its `\n` or `\r\n`.
    pub(super) fn line_end(&self) -> usize {
        let end = memchr::memchr(b'\n', self.rest()).map_or(self.bytes.len(), |n| self.at + n);
        if end > self.at && self.bytes[end - 1] == b'\r' {
            end - 1
        } else {
            end
        }
    }

    pub(super) fn take_line(&mut self, kind: TokenKind) -> TokenKind {
        // A line is never empty where this is called: its mark stands in it.
        self.at = self.line_end().max(self.at + 1);
        kind
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.at == self.bytes.len() {
            return None;
        }
        let start = self.at;
        let kind = self.token();
        let span = Span::new(start, self.at);
        self.remember(kind, span);
        Some(Token { kind, span })
    }
}

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}
