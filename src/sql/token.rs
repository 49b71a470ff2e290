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
    /// `${…}`, `#{…}`, `{$…}`, `{name}`.
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

/// The tokens of `text` in `within`, end to end, each read when it is asked for.
pub fn tokenize(text: &str, within: Span, dialect: Dialect) -> impl Iterator<Item = Token> {
    Lexer::new(&text[..within.end], within.start, dialect)
}

/// The word without quotes that `within` begins with; nothing behind it is read.
pub fn first_word(text: &str, within: Span, dialect: Dialect) -> Option<&str> {
    tokenize(text, within, dialect)
        .find(|token| !token.kind.is_trivia())
        .filter(|token| token.kind == TokenKind::Word)
        .map(|token| token.span.of(text))
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

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{Mysql, Postgres, Sqlite};
    use TokenKind::{
        Comma, Dot, LeftParen, Number, Operator, Placeholder, QuotedIdent, RightParen, String,
        Template, Word,
    };

    /// Each text is read as exactly these tokens, blanks left out.
    fn check(dialect: Dialect, cases: &[(&str, &[(TokenKind, &str)])]) {
        for (text, expected) in cases {
            let read: Vec<_> = tokenize(text, Span::new(0, text.len()), dialect)
                .filter(|token| token.kind != TokenKind::Whitespace)
                .map(|token| (token.kind, token.span.of(text)))
                .collect();
            assert_eq!(read, *expected, "{dialect}: {text}");
        }
    }

    #[test]
    fn numbers_end_where_the_engines_end_them() {
        for dialect in Dialect::ALL {
            check(
                dialect,
                &[
                    (
                        "1.5e-3+.5",
                        &[(Number, "1.5e-3"), (Operator, "+"), (Number, ".5")],
                    ),
                    (
                        "1..10",
                        &[(Number, "1"), (Dot, "."), (Dot, "."), (Number, "10")],
                    ),
                    ("0x1F", &[(Number, "0x1F")]),
                    ("a.b", &[(Word, "a"), (Dot, "."), (Word, "b")]),
                ],
            );
        }
        check(
            Mysql,
            &[
                ("1a", &[(Word, "1a")]),
                ("t.1st", &[(Word, "t"), (Dot, "."), (Word, "1st")]),
            ],
        );
    }

    #[test]
    fn operators_end_where_postgres_ends_them() {
        check(
            Postgres,
            &[
                (
                    "a=-1",
                    &[(Word, "a"), (Operator, "="), (Operator, "-"), (Number, "1")],
                ),
                ("a@-1", &[(Word, "a"), (Operator, "@-"), (Number, "1")]),
                (
                    "a->>'b'",
                    &[(Word, "a"), (Operator, "->>"), (String, "'b'")],
                ),
                ("a::int", &[(Word, "a"), (Operator, "::"), (Word, "int")]),
                ("a:=b", &[(Word, "a"), (Operator, ":="), (Word, "b")]),
                (
                    "a*/* c */b",
                    &[
                        (Word, "a"),
                        (Operator, "*"),
                        (TokenKind::BlockComment, "/* c */"),
                        (Word, "b"),
                    ],
                ),
                (
                    "a <-- c",
                    &[
                        (Word, "a"),
                        (Operator, "<"),
                        (TokenKind::LineComment, "-- c"),
                    ],
                ),
                (
                    "count(*),",
                    &[
                        (Word, "count"),
                        (LeftParen, "("),
                        (Operator, "*"),
                        (RightParen, ")"),
                        (Comma, ","),
                    ],
                ),
            ],
        );
    }

    #[test]
    fn parameters_and_variables_are_told_by_dialect() {
        check(
            Postgres,
            &[(
                "$1 :a :'b' ?",
                &[
                    (Placeholder, "$1"),
                    (Placeholder, ":a"),
                    (Placeholder, ":'b'"),
                    (Operator, "?"),
                ],
            )],
        );
        check(
            Mysql,
            &[(
                "? @a @@b.c l:x",
                &[
                    (Placeholder, "?"),
                    (Placeholder, "@a"),
                    (Placeholder, "@@b"),
                    (Dot, "."),
                    (Word, "c"),
                    (Word, "l"),
                    (Operator, ":"),
                    (Word, "x"),
                ],
            )],
        );
        check(
            Mysql,
            &[(
                "a@b@'c'",
                &[
                    (Word, "a"),
                    (Placeholder, "@b"),
                    (Operator, "@"),
                    (String, "'c'"),
                ],
            )],
        );
        check(
            Sqlite,
            &[(
                "?1 :a @b $c",
                &[
                    (Placeholder, "?1"),
                    (Placeholder, ":a"),
                    (Placeholder, "@b"),
                    (Placeholder, "$c"),
                ],
            )],
        );
    }

    #[test]
    fn quotes_are_told_by_dialect() {
        check(
            Mysql,
            &[("\"a\" `b`", &[(String, "\"a\""), (QuotedIdent, "`b`")])],
        );
        check(
            Sqlite,
            &[(
                "\"a\" `b` [c]",
                &[
                    (QuotedIdent, "\"a\""),
                    (QuotedIdent, "`b`"),
                    (QuotedIdent, "[c]"),
                ],
            )],
        );
        check(
            Postgres,
            &[(
                "\"a\" c[1]",
                &[
                    (QuotedIdent, "\"a\""),
                    (Word, "c"),
                    (Operator, "["),
                    (Number, "1"),
                    (Operator, "]"),
                ],
            )],
        );
        check(
            Postgres,
            &[("$a$ $b$ $a$", &[(TokenKind::DollarString, "$a$ $b$ $a$")])],
        );
    }

    #[test]
    fn templates_are_cut_out_of_names() {
        for dialect in Dialect::ALL {
            check(
                dialect,
                &[
                    (
                        "a_${x}_b",
                        &[(Word, "a_"), (Template, "${x}"), (Word, "_b")],
                    ),
                    ("{{ p }}t", &[(Template, "{{ p }}"), (Word, "t")]),
                    ("{$NS}_t", &[(Template, "{$NS}"), (Word, "_t")]),
                ],
            );
        }
    }

    #[test]
    fn the_marks_of_executed_comments_are_blanked_in_place() {
        let text = "/*!50003 CREATE*/ /*!50017 DEFINER=x*/ /* kept */ TRIGGER t '/*!'*/";
        let inside = Span::new(9, text.len());
        let plain = without_executable_marks(text, inside, Mysql);
        assert_eq!(
            plain,
            "CREATE            DEFINER=x   /* kept */ TRIGGER t '/*!'  "
        );
        assert_eq!(
            without_executable_marks(text, inside, Sqlite),
            inside.of(text)
        );
    }
}
