//! Text to tokens: lossless, and never failing.
//!
//! The tokens of a text lie end to end: together they are the text. What an engine's lexer would refuse
//! becomes an [`TokenKind::Operator`] or [`TokenKind::Unterminated`] token, so that whoever reads tokens
//! decides what a broken statement means. The rules are those of PostgreSQL (manual, section 4.1) with
//! psql's own, of MySQL (manual, section 9) with those of its `mysql` client, and of SQLite
//! ("SQLite Keywords", "SQL Comment Syntax") with those of its shell.

mod client;
mod lexer;
mod quote;
mod template;
mod word;

pub(super) use client::DelimiterCommand;
use lexer::Lexer;

use crate::model::{Dialect, Span};

/// One token: what it is and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes, quotes included.
    pub span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blanks and line ends, and a byte order mark.
    Whitespace,
    /// `-- …` or (MySQL) `# …`, without its line end.
    LineComment,
    /// `/* … */`; nested in PostgreSQL.
    BlockComment,
    /// The opening mark of a comment that MySQL executes: `/*!`, `/*!40101`, `/*M!100100`.
    ExecutableOpen,
    /// The `*/` of a comment that MySQL executes.
    ExecutableClose,
    /// An identifier without quotes, or a keyword.
    Word,
    /// `"x"`, `U&"x"`, `` `x` ``, `[x]`, where the dialect takes them for an identifier.
    QuotedIdent,
    /// `'x'`, `E'x'`, `B'1'`, `X'1F'`, `N'x'`, `U&'x'`, and in MySQL `"x"`.
    String,
    /// PostgreSQL's `$tag$ … $tag$`.
    DollarString,
    /// A number.
    Number,
    /// A parameter or variable: `?`, `$1`, `:name`, `@name`, `@@name`.
    Placeholder,
    /// What another program replaces before the engine sees the text: `{{ … }}`, `{% … %}`, `<% … %>`,
    /// `${…}`, `#{…}`, `{name}`.
    Template,
    /// psql: a backslash and the rest of its line.
    MetaCommand,
    /// A line for the client alone: MySQL `DELIMITER` and `SOURCE`, a dot command of SQLite's shell.
    ClientCommand,
    /// The lines that follow `COPY … FROM stdin;`, up to and with `\.`.
    CopyData,
    /// `;`: ends a statement unless it stands in a body, or in MySQL another delimiter is in force.
    Semicolon,
    /// Ends a statement wherever it stands: what `DELIMITER` has set, MySQL `\g`, psql `\;`.
    Delimiter,
    /// `--> statement-breakpoint`, where Drizzle cuts a file before it sends anything.
    Breakpoint,
    /// `,`
    Comma,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `.`
    Dot,
    /// One or more characters of punctuation.
    Operator,
    /// Something opened and never closed; it reaches to the end.
    Unterminated(Opener),
}

impl TokenKind {
    /// White space, comments and the marks around executed comments: what a reader of statements skips.
    pub const fn is_trivia(self) -> bool {
        matches!(
            self,
            Self::Whitespace
                | Self::LineComment
                | Self::BlockComment
                | Self::ExecutableOpen
                | Self::ExecutableClose
        )
    }

    /// What ends a statement, or is no part of one.
    const fn ends_statement(self) -> bool {
        matches!(
            self,
            Self::Semicolon
                | Self::Delimiter
                | Self::Breakpoint
                | Self::MetaCommand
                | Self::ClientCommand
                | Self::CopyData
        )
    }
}

/// What was opened and never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opener {
    /// A string in quotes.
    String,
    /// A quoted identifier.
    QuotedIdent,
    /// A dollar-quoted string.
    DollarString,
    /// A block comment.
    Comment,
}

impl Opener {
    /// The words for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::QuotedIdent => "quoted identifier",
            Self::DollarString => "dollar-quoted string",
            Self::Comment => "comment",
        }
    }
}

/// The tokens of `text` in `within`, end to end.
pub fn tokenize(text: &str, within: Span, dialect: Dialect) -> Vec<Token> {
    Lexer::new(&text[..within.end], within.start, dialect).collect()
}

/// The statement at `span` with the marks of MySQL's executed comments blanked out, every byte in its place.
///
/// `/*!50001 CREATE VIEW v AS SELECT 1 */` runs as `CREATE VIEW v AS SELECT 1`, and a parser that knows
/// nothing of such comments has to see it so.
pub fn without_executable_marks(
    text: &str,
    span: Span,
    dialect: Dialect,
) -> std::borrow::Cow<'_, str> {
    let code = span.of(text);
    if dialect != Dialect::Mysql || !(code.contains("*/") || code.contains("/*")) {
        return code.into();
    }
    let mut plain = String::with_capacity(code.len());
    for token in tokenize(text, span, dialect) {
        if matches!(
            token.kind,
            TokenKind::ExecutableOpen | TokenKind::ExecutableClose
        ) {
            plain.extend(std::iter::repeat_n(' ', token.span.len()));
        } else {
            plain.push_str(token.span.of(text));
        }
    }
    plain.into()
}
