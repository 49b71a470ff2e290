//! What a client reads for itself: `DELIMITER`, backslash and dot commands, the data of a `COPY`.

use super::TokenKind;
use super::lexer::{Lexer, is_blank};
use super::word::is_word_part;
use crate::model::Dialect;

impl Lexer<'_> {
    pub(super) fn is_client_command(&self) -> bool {
        match self.dialect {
            Dialect::Postgres => false,
            Dialect::Sqlite => {
                self.fresh && self.peek(0) == b'.' && self.peek(1).is_ascii_lowercase()
            }
            Dialect::Mysql => {
                let Some(argument) = self.after_word(b"DELIMITER") else {
                    return self.fresh
                        && self
                            .after_word(b"SOURCE")
                            .is_some_and(|file| !file.is_empty());
                };
                // In the middle of a statement a column may be called delimiter.
                let first_column = self.at == 0 || self.bytes[self.at - 1] == b'\n';
                let punctuation = !argument
                    .bytes()
                    .any(|byte| is_word_part(byte) && byte != b'$');
                !argument.is_empty() && (self.fresh || (first_column && punctuation))
            }
        }
    }

    pub(super) fn client_command(&mut self) -> TokenKind {
        let start = self.at;
        self.take_line(TokenKind::ClientCommand);
        if let Some(command) = DelimiterCommand::read(&self.source[start..self.at]) {
            self.delimiter = command.custom;
        }
        TokenKind::ClientCommand
    }

    /// The rest of the line, trimmed, if the line goes on here with this word and a blank.
    pub(super) fn after_word(&self, word: &[u8]) -> Option<&str> {
        let end = self.at + word.len();
        let here = self.bytes.get(self.at..end)?;
        let blank = self.bytes.get(end).is_none_or(|byte| is_blank(*byte));
        (blank && here.eq_ignore_ascii_case(word))
            .then(|| self.source[end..self.line_end().max(end)].trim())
    }

    pub(super) fn backslash(&mut self) -> TokenKind {
        match (self.dialect, self.peek(1)) {
            (Dialect::Postgres, b';') | (Dialect::Mysql, b'g' | b'G') => {
                self.take(2, TokenKind::Delimiter)
            }
            (Dialect::Postgres, _) => self.take_line(TokenKind::MetaCommand),
            (Dialect::Mysql, b'.') => self.take_line(TokenKind::ClientCommand),
            _ => self.take(1, TokenKind::Operator),
        }
    }

    pub(super) fn copy_data(&mut self) -> TokenKind {
        loop {
            let end = self.line_end();
            let line = &self.bytes[self.at..end];
            self.at = end;
            if line == b"\\." {
                break;
            }
            match self.rest().iter().position(|byte| *byte == b'\n') {
                Some(newline) if self.at + newline + 1 < self.bytes.len() => self.at += newline + 1,
                _ => {
                    self.at = self.bytes.len();
                    break;
                }
            }
        }
        TokenKind::CopyData
    }
}

/// A `DELIMITER` line of MySQL's client.
pub(in crate::sql) struct DelimiterCommand<'a> {
    /// What it sets; nothing if that is the semicolon.
    pub(in crate::sql) custom: Option<&'a str>,
}

impl<'a> DelimiterCommand<'a> {
    /// Reads a client command, which may be another one.
    pub(in crate::sql) fn read(command: &'a str) -> Option<Self> {
        let mut words = command.split_whitespace();
        if !words.next()?.eq_ignore_ascii_case("DELIMITER") {
            return None;
        }
        let delimiter = words.next()?.trim_matches(['\'', '"', '`']);
        Some(Self {
            custom: Some(delimiter).filter(|it| !it.is_empty() && *it != ";"),
        })
    }
}

/// How much of `COPY … FROM stdin;` was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyProgress {
    None,
    Copy,
    From,
    Stdin,
    /// The statement has ended: data begins on the next line.
    Data,
}

impl CopyProgress {
    /// The progress after a significant token, the `first` of its statement or a later one.
    #[inline]
    pub(super) fn after(self, kind: TokenKind, text: &[u8], first: bool) -> Self {
        let is = |word: &[u8]| kind == TokenKind::Word && text.eq_ignore_ascii_case(word);
        match (kind, self) {
            // In nearly every statement nothing is to be remembered of nearly every token.
            (kind, Self::None) if !first && kind != TokenKind::MetaCommand => Self::None,
            (TokenKind::Semicolon, Self::Stdin | Self::Data) => Self::Data,
            (TokenKind::MetaCommand, _) if is_client_copy(text) => Self::Data,
            (kind, _) if kind.ends_statement() => Self::None,
            _ if first && is(b"COPY") => Self::Copy,
            (_, Self::Copy) if is(b"FROM") => Self::From,
            (_, Self::From) if is(b"STDIN") => Self::Stdin,
            (_, Self::From) => Self::Copy,
            // Another statement on the same line: no file has that and data below it.
            (_, Self::Data) => Self::None,
            (_, other) => other,
        }
    }
}

/// psql `\copy … from stdin`: its data follows like that of `COPY`.
fn is_client_copy(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    let mut words = line.split_whitespace();
    let is = |word: Option<&str>, expected: &str| {
        word.is_some_and(|word| word.eq_ignore_ascii_case(expected))
    };
    if !is(words.next(), "\\copy") {
        return false;
    }
    words.any(|word| word.eq_ignore_ascii_case("from")) && is(words.next(), "stdin")
}
