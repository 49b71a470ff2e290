//! Text to tokens: lossless, and never failing.
//!
//! The tokens of a text lie end to end: together they are the text. What an engine's lexer would refuse
//! becomes an [`TokenKind::Operator`] or [`TokenKind::Unterminated`] token, so that whoever reads tokens
//! decides what a broken statement means. The rules are those of PostgreSQL (manual, section 4.1) with
//! psql's own, of MySQL (manual, section 9) with those of its `mysql` client, and of SQLite
//! ("SQLite Keywords", "SQL Comment Syntax") with those of its shell.

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
    let source = &text[..within.end];
    let mut lexer = Lexer {
        source,
        bytes: source.as_bytes(),
        at: within.start,
        dialect,
        delimiter: None,
        line_start: true,
        fresh: true,
        executable: false,
        copy: Copy::Not,
        closers: [Closer::default(); 3],
    };
    let mut tokens = Vec::with_capacity(within.len() / 4);
    while lexer.at < source.len() {
        let start = lexer.at;
        let kind = lexer.token();
        let span = Span::new(start, lexer.at);
        lexer.remember(kind, span);
        tokens.push(Token { kind, span });
    }
    tokens
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

struct Lexer<'a> {
    /// The text up to the end of the part that is read.
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    /// What `DELIMITER` has set, unless it is `;`.
    delimiter: Option<&'a str>,
    /// Only blanks stand between here and the start of the line.
    line_start: bool,
    /// Nothing of a statement was read since the last delimiter.
    fresh: bool,
    /// Inside a comment that MySQL executes.
    executable: bool,
    copy: Copy,
    /// Where the next `}}`, `%}` and `%>` stand: each is looked for once, which keeps a text of nothing but
    /// opening marks linear.
    closers: [Closer; 3],
}

/// How much of `COPY … FROM stdin;` was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copy {
    Not,
    Statement,
    From,
    Stdin,
    /// The statement has ended: data begins on the next line.
    Data,
}

#[derive(Clone, Copy, Default)]
enum Closer {
    #[default]
    Unknown,
    At(usize),
    Nowhere,
}

/// A template's marks may lie this far apart, in bytes. What is longer was not meant as one, and taking it
/// for one would swallow statements.
const TEMPLATE_LIMIT_BYTES: usize = 2_000;

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn is(&self, dialect: Dialect) -> bool {
        self.dialect == dialect
    }

    /// Moves over `length` bytes of ASCII.
    fn take(&mut self, length: usize, kind: TokenKind) -> TokenKind {
        self.at += length;
        kind
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.at < self.bytes.len() && wanted(self.bytes[self.at]) {
            self.at += 1;
        }
    }

    /// The end of this line, without its `\n` or `\r\n`.
    fn line_end(&self) -> usize {
        let end = self
            .rest()
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.bytes.len(), |n| self.at + n);
        if end > self.at && self.bytes[end - 1] == b'\r' {
            end - 1
        } else {
            end
        }
    }

    fn take_line(&mut self, kind: TokenKind) -> TokenKind {
        // A line is never empty where this is called: its mark stands in it.
        self.at = self.line_end().max(self.at + 1);
        kind
    }

    fn token(&mut self) -> TokenKind {
        if self.copy == Copy::Data && self.bytes[self.at - 1] == b'\n' {
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
        if let Some(length) = self.template_length() {
            return self.take(length, TokenKind::Template);
        }
        match self.bytes[self.at] {
            byte if is_blank(byte) => self.whitespace(),
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
            b'.' if !self.peek(1).is_ascii_digit() || self.follows_a_name() => {
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
        match kind {
            TokenKind::Whitespace => {
                self.line_start = self.line_start || bytes.contains(&b'\n');
                return;
            }
            kind if kind.is_trivia() => {
                match kind {
                    TokenKind::ExecutableOpen => self.executable = true,
                    TokenKind::ExecutableClose => self.executable = false,
                    _ => {}
                }
                self.line_start = false;
                return;
            }
            TokenKind::Semicolon => {
                let data = matches!(self.copy, Copy::Stdin | Copy::Data);
                self.copy = if data { Copy::Data } else { Copy::Not };
                self.fresh = true;
            }
            TokenKind::MetaCommand => {
                self.copy = if is_client_copy(bytes) {
                    Copy::Data
                } else {
                    Copy::Not
                };
                self.fresh = true;
            }
            TokenKind::Delimiter
            | TokenKind::Breakpoint
            | TokenKind::ClientCommand
            | TokenKind::CopyData => {
                self.copy = Copy::Not;
                self.fresh = true;
            }
            TokenKind::Word => {
                let is = |word: &[u8]| bytes.eq_ignore_ascii_case(word);
                self.copy = match self.copy {
                    _ if self.fresh && self.is(Dialect::Postgres) && is(b"COPY") => Copy::Statement,
                    Copy::Statement if is(b"FROM") => Copy::From,
                    Copy::From if is(b"STDIN") => Copy::Stdin,
                    Copy::From => Copy::Statement,
                    other => other,
                };
                self.fresh = false;
            }
            _ => self.fresh = false,
        }
        self.line_start = false;
    }

    fn whitespace(&mut self) -> TokenKind {
        if self.copy == Copy::Data {
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

    fn copy_data(&mut self) -> TokenKind {
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

    /// `--` needs a blank after it in MySQL, where `5--3` is 8.
    fn is_line_comment(&self, at: usize) -> bool {
        match (self.dialect, &self.bytes[at..]) {
            (Dialect::Mysql, [b'-', b'-', rest @ ..]) => rest
                .first()
                .is_none_or(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()),
            (Dialect::Mysql, [b'#', ..]) | (_, [b'-', b'-', ..]) => true,
            _ => false,
        }
    }

    fn line_comment(&mut self) -> TokenKind {
        let end = self.line_end();
        // PostgreSQL alone ends a comment at a lone carriage return as well.
        let line = &self.bytes[self.at..end];
        let early = if self.is(Dialect::Postgres) {
            line.iter().position(|byte| *byte == b'\r')
        } else {
            None
        };
        self.at = early
            .map_or(end, |length| self.at + length)
            .max(self.at + 1);
        TokenKind::LineComment
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
    fn closes_executable(&self) -> bool {
        self.is(Dialect::Mysql)
            && self.rest().starts_with(b"*/")
            && (self.executable || self.peek(2) != b'*')
    }

    /// From a quote, `prefix` bytes ahead, to the same quote; doubled it stands for itself.
    fn quoted(
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

    fn bracketed(&mut self) -> TokenKind {
        self.take_while(|byte| byte != b']');
        if self.at == self.bytes.len() {
            return TokenKind::Unterminated(Opener::QuotedIdent);
        }
        self.take(1, TokenKind::QuotedIdent)
    }

    /// PostgreSQL: a dollar-quoted string, a parameter `$1`, or a lone `$`.
    fn dollar(&mut self) -> TokenKind {
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

    fn backslash(&mut self) -> TokenKind {
        match (self.dialect, self.peek(1)) {
            (Dialect::Postgres, b';') | (Dialect::Mysql, b'g' | b'G') => {
                self.take(2, TokenKind::Delimiter)
            }
            (Dialect::Postgres, _) => self.take_line(TokenKind::MetaCommand),
            (Dialect::Mysql, b'.') => self.take_line(TokenKind::ClientCommand),
            _ => self.take(1, TokenKind::Operator),
        }
    }

    /// Whether a dot here goes on with a name (`t.1st`) rather than begin a number (`.5`).
    fn follows_a_name(&self) -> bool {
        self.at.checked_sub(1).is_some_and(|before| {
            let byte = self.bytes[before];
            is_word_part(byte) || matches!(byte, b'"' | b'`' | b']' | b'}')
        })
    }

    fn number(&mut self) -> TokenKind {
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

    fn is_word_start(&self, byte: u8) -> bool {
        byte.is_ascii_alphabetic()
            || byte == b'_'
            || !byte.is_ascii()
            || (byte == b'$' && self.is(Dialect::Mysql))
    }

    fn word(&mut self) -> TokenKind {
        if let Some(kind) = self.prefixed_string() {
            return kind;
        }
        let start = self.at;
        loop {
            self.take_while(|byte| is_word_part(byte) && byte != b'$');
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
    fn cut_at_delimiter(&mut self, start: usize) {
        if let Some(delimiter) = self.delimiter
            && let Some(length) = self.source[start..self.at].find(delimiter)
        {
            self.at = start + length;
        }
    }

    /// `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`.
    fn prefixed_string(&mut self) -> Option<TokenKind> {
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

    /// `:name`, `:'name'` (psql), `@name`, `@@name`, `$name`; or else the punctuation itself.
    fn placeholder(&mut self) -> TokenKind {
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
    fn operator(&mut self) -> TokenKind {
        let start = self.at;
        while self.at < self.bytes.len() && self.is_operator_part(self.bytes[self.at]) {
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

    fn is_operator_part(&self, byte: u8) -> bool {
        match byte {
            b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'%' | b'^' | b'&'
            | b'|' => true,
            b'@' | b'?' | b'`' | b'#' => self.is(Dialect::Postgres),
            _ => false,
        }
    }

    /// Whether a template, a delimiter or the end of an executed comment begins here.
    fn begins_other(&mut self) -> bool {
        let delimits = self
            .delimiter
            .is_some_and(|delimiter| self.source[self.at..].starts_with(delimiter));
        self.closes_executable() || delimits || self.template_length().is_some()
    }

    fn template_length(&mut self) -> Option<usize> {
        match [self.peek(0), self.peek(1)] {
            [b'{', b'{'] => self.template_to(0, "}}"),
            [b'{', b'%'] => self.template_to(1, "%}"),
            // `<%` is an operator of pg_trgm, so a blank or a mark of the template language must follow.
            [b'<', b'%'] if matches!(self.peek(2), b' ' | b'=' | b'-' | b'#' | b'\n') => {
                self.template_to(2, "%>")
            }
            [b'#', b'{'] if !self.is(Dialect::Mysql) => self.braced_name(2),
            [b'$', b'{'] => self.braced_name(2),
            [b'{', next] if next.is_ascii_alphabetic() || next == b'_' => self.braced_name(1),
            _ => None,
        }
    }

    fn template_to(&mut self, which: usize, mark: &str) -> Option<usize> {
        let from = self.at + 2;
        let known = match self.closers[which] {
            Closer::At(at) if at >= from => Some(at),
            Closer::Nowhere => None,
            _ => self
                .source
                .get(from..)
                .and_then(|rest| rest.find(mark))
                .map(|length| from + length),
        };
        self.closers[which] = known.map_or(Closer::Nowhere, Closer::At);
        let length = known? + mark.len() - self.at;
        (length <= TEMPLATE_LIMIT_BYTES).then_some(length)
    }

    /// A name in braces, on one line, with what shells and Flyway allow in one: `${flyway:user}`, `${X:-1}`.
    fn braced_name(&self, mark: usize) -> Option<usize> {
        let inside = &self.rest()[mark..];
        let length = inside
            .iter()
            .take(200)
            .take_while(|byte| !matches!(byte, b'{' | b'}' | b'\n' | b'\'' | b';'))
            .count();
        let single = mark == 1;
        let plain = !single
            || inside[..length]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        (length > 0 && plain && inside.get(length) == Some(&b'}')).then_some(mark + length + 1)
    }

    fn is_client_command(&self) -> bool {
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

    /// The rest of the line, trimmed, if the line goes on here with this word and a blank.
    fn after_word(&self, word: &[u8]) -> Option<&str> {
        let end = self.at + word.len();
        let here = self.bytes.get(self.at..end)?;
        let blank = self.bytes.get(end).is_none_or(|byte| is_blank(*byte));
        (blank && here.eq_ignore_ascii_case(word))
            .then(|| self.source[end..self.line_end().max(end)].trim())
    }

    fn client_command(&mut self) -> TokenKind {
        let start = self.at;
        let is_delimiter = self.after_word(b"DELIMITER").is_some();
        self.take_line(TokenKind::ClientCommand);
        if is_delimiter {
            let argument = self.source[start..self.at].split_whitespace().nth(1);
            let unquoted = argument.map(|word| word.trim_matches(['\'', '"', '`']));
            self.delimiter = unquoted.filter(|word| !word.is_empty() && *word != ";");
        }
        TokenKind::ClientCommand
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

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

/// What a name may go on with, in every dialect.
const fn is_word_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}
