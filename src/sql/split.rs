//! Text to statements, with exact byte ranges.
//!
//! Everything outside the pieces is white space, comments, marks of executed comments and delimiters. What is
//! broken spoils itself alone, as far as that can be known: a quote that is never closed takes everything from
//! its statement on, because nobody can tell where it should have ended.

mod body;

use body::Body;

use super::cursor::BYTES_PER_TOKEN;
use super::token::{DelimiterCommand, Token, TokenKind, tokenize};
use crate::model::{Dialect, Span};

/// One statement, or one line for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From its first token to its last: no delimiter, no comment or white space around it.
    pub span: Span,
    /// The comments directly above it, with no empty line between them and it; empty if there are none.
    pub comments: Span,
    /// What it is.
    pub kind: PieceKind,
    /// The lines that follow `COPY … FROM stdin;`, which the statement reads.
    pub data: Option<Span>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A statement for the server.
    Statement,
    /// psql: a backslash command.
    MetaCommand,
    /// MySQL `DELIMITER` and `SOURCE`, a dot command of SQLite's shell.
    ClientCommand,
    /// A statement with a placeholder in it that another program fills in.
    Template {
        /// The first placeholder.
        placeholder: Span,
    },
    /// Something opened in it and never closed; it reaches to the end.
    Unterminated {
        /// What was opened: `string`, `comment`, `BEGIN … END body`.
        what: &'static str,
        /// Where, as an offset.
        opened: usize,
    },
}

/// The pieces of `text` in `within`, in order.
pub fn split(text: &str, within: Span, dialect: Dialect) -> Vec<Piece> {
    split_tokens(text, within, dialect).0
}

/// The pieces of `text` in `within`, in order, and all significant tokens.
pub fn split_tokens(text: &str, within: Span, dialect: Dialect) -> (Vec<Piece>, Vec<Token>) {
    let mut splitter = Splitter {
        text,
        dialect,
        pieces: Vec::new(),
        tokens: Vec::with_capacity(within.len() / BYTES_PER_TOKEN),
        comments: None,
        newlines: 0,
        delimited: false,
        current: None,
    };
    for token in tokenize(text, within, dialect) {
        splitter.token(token);
    }
    splitter.finish_at_end();
    (splitter.pieces, splitter.tokens)
}

struct Splitter<'a> {
    text: &'a str,
    dialect: Dialect,
    pieces: Vec<Piece>,
    /// The significant tokens so far.
    tokens: Vec<Token>,
    /// The comments since the last empty line, while no statement has begun.
    comments: Option<Span>,
    /// Line ends since the last comment or statement.
    newlines: usize,
    /// `DELIMITER` has set another one than `;`.
    delimited: bool,
    current: Option<Current<'a>>,
}

/// The statement that is being read.
struct Current<'a> {
    span: Span,
    comments: Span,
    template: Option<Span>,
    body: Body<'a>,
}

impl Splitter<'_> {
    fn token(&mut self, token: Token) {
        if !token.kind.is_trivia() {
            self.tokens.push(token);
        }
        match token.kind {
            TokenKind::Whitespace => self.whitespace(token.span),
            TokenKind::LineComment | TokenKind::BlockComment => self.comment(token.span),
            TokenKind::ExecutableOpen | TokenKind::ExecutableClose => {}
            TokenKind::Semicolon => self.semicolon(token),
            TokenKind::Delimiter | TokenKind::Breakpoint => self.finish(),
            TokenKind::MetaCommand => self.command(token.span, PieceKind::MetaCommand),
            TokenKind::ClientCommand => {
                self.command(token.span, PieceKind::ClientCommand);
                if let Some(command) = DelimiterCommand::read(token.span.of(self.text)) {
                    self.delimited = command.custom.is_some();
                }
            }
            TokenKind::CopyData => {
                if let Some(piece) = self.pieces.last_mut() {
                    piece.data = Some(token.span);
                }
                self.newlines = 0;
            }
            TokenKind::Unterminated(opener) => {
                self.significant(token);
                self.finish_as(Some(PieceKind::Unterminated {
                    what: opener.name(),
                    opened: token.span.start,
                }));
            }
            _ => self.significant(token),
        }
    }

    fn semicolon(&mut self, token: Token) {
        match &mut self.current {
            Some(current) if current.body.is_open() => self.significant(token),
            // The delimiter alone ends a routine while one is in force, and the semicolon before it is no part of
            // the routine. Any other statement ends here: MySQL's client sends all at once, the server runs each.
            Some(current) if self.delimited && current.body.is_compound() => {
                current.body.token(token, self.text);
            }
            _ => self.finish(),
        }
    }

    fn whitespace(&mut self, span: Span) {
        self.newlines += span
            .of(self.text)
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count();
        if self.newlines > 1 {
            self.comments = None;
        }
    }

    fn comment(&mut self, span: Span) {
        if self.current.is_some() {
            return;
        }
        // What stands on the line where the statement before ended speaks of that one.
        let trails = self.newlines == 0 && self.comments.is_none() && !self.pieces.is_empty();
        if !trails {
            self.comments = Some(self.comments.map_or(span, |comments| comments.to(span)));
        }
        self.newlines = 0;
    }

    fn significant(&mut self, token: Token) {
        let current = self.current.get_or_insert_with(|| Current {
            span: token.span,
            comments: self
                .comments
                .take()
                .unwrap_or(Span::new(token.span.start, token.span.start)),
            template: None,
            body: Body::new(self.dialect),
        });
        current.span.end = token.span.end;
        if token.kind == TokenKind::Template {
            current.template.get_or_insert(token.span);
        }
        current.body.token(token, self.text);
        self.newlines = 0;
    }

    fn command(&mut self, span: Span, kind: PieceKind) {
        self.finish();
        let comments = self
            .comments
            .take()
            .unwrap_or(Span::new(span.start, span.start));
        let span = Span::new(span.start, span.start + span.of(self.text).trim_end().len());
        self.pieces.push(Piece {
            span,
            comments,
            kind,
            data: None,
        });
    }

    fn finish(&mut self) {
        self.finish_as(None);
    }

    fn finish_as(&mut self, broken: Option<PieceKind>) {
        if let Some(Current {
            span,
            comments,
            template,
            ..
        }) = self.current.take()
        {
            let whole = template.map_or(PieceKind::Statement, |placeholder| PieceKind::Template {
                placeholder,
            });
            self.pieces.push(Piece {
                span,
                comments,
                kind: broken.unwrap_or(whole),
                data: None,
            });
        }
        self.comments = None;
        self.newlines = 0;
    }

    fn finish_at_end(&mut self) {
        let open = self
            .current
            .as_ref()
            .and_then(|current| current.body.opened());
        self.finish_as(open.map(|(what, opened)| PieceKind::Unterminated { what, opened }));
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
