//! Directives: what a migration's author says about it in comments, `-- bgmigrate: key=value …`.
//!
//! A directive stands on a line of its own, in a `--` comment (MySQL: `#` too). It speaks for the statement below
//! it. Above the first statement it speaks for the whole file instead, if an empty line stands between the two,
//! with or without other comments:
//!
//! ```sql
//! -- bgmigrate: unused-since=2.4        (for the file: an empty line follows before the first statement)
//!
//! -- bgmigrate: allow=drop-column reason="no reader since 2.4"        (for this statement)
//! ALTER TABLE users DROP COLUMN username;
//! ```
//!
//! What stands above the part of the file that runs on the way up (`-- +goose Up`) is for the file too. A directive
//! that would bind to nothing is an error and never ignored: its author believes that it does something.

mod parse;

use thiserror::Error;

use super::split::Piece;
use super::token::{DelimiterCommand, Token, TokenKind, tokenize};
use crate::model::{Dialect, Ident, Name, Phase, Span};

/// What one `key=value` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    /// Overrides the classifier.
    Phase {
        /// Expand, migrate or contract.
        phase: Phase,
        /// Why: shown in every plan.
        reason: String,
    },
    /// Silences rules of lint.
    Allow {
        /// The rules, unchecked.
        rules: Vec<RuleName>,
        /// Why.
        reason: String,
    },
    /// Releases from this version on do not use what this contract step touches.
    UnusedSince {
        /// The version, as releases are named.
        version: String,
    },
    /// A migrate step that may complete after the cutover.
    AfterCutover,
    /// Runs outside of a transaction.
    TransactionOff,
    /// How to cut a backfill.
    Batch(Batch),
    /// The columns that a backfill is cut by.
    Key(Vec<Ident>),
    /// A query that must return no row, or a single 0 or false, before the cutover.
    Check {
        /// The query.
        query: String,
    },
    /// Columns that triggers keep in step until a contract step drops one.
    Sync(Box<Pair>),
}

/// A rule of lint, as an `allow` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleName {
    /// The rule's id, unchecked.
    pub rule: String,
    /// Where it stands in the file.
    pub span: Span,
}

/// How to cut a backfill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// This many rows at a time.
    Rows(std::num::NonZeroU32),
    /// All rows in one statement.
    Off,
}

/// Columns of one table that say the same as others of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The table.
    pub table: Name,
    /// The columns that older releases use.
    pub old: Vec<Part>,
    /// The columns that newer releases use.
    pub new: Vec<Part>,
}

/// One column of a [`Pair`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The column.
    pub column: Ident,
    /// What it is in terms of the columns of the other side; a plain copy where nothing is said.
    pub value: Option<String>,
}

/// A directive, where it stands and what it speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// What it says.
    pub directive: Directive,
    /// Its `key=value`.
    pub span: Span,
    /// What it speaks for.
    pub target: Target,
}

impl Placed {
    /// The same directive among statements that `before` others precede.
    #[must_use]
    pub(super) fn shifted(mut self, before: usize) -> Self {
        if let Target::Statement(at) = &mut self.target {
            *at += before;
        }
        self
    }
}

/// What a directive speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Every statement of the file.
    File,
    /// The piece with this index.
    Statement(usize),
}

/// A directive that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{mistake}")]
pub struct DirectiveError {
    /// What is wrong.
    pub mistake: Mistake,
    /// Where.
    pub span: Span,
}

/// What is wrong with a directive.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the message says it; the fields are its words")]
pub enum Mistake {
    #[error("`bgmigrate` needs a colon to be a directive: `-- bgmigrate: {rest}`")]
    MissingColon { rest: String },
    #[error("`bgmigrate:` says nothing; the directives are {}", parse::keys())]
    Empty,
    #[error("unknown directive `{key}`{}", parse::suggestion(key))]
    UnknownKey { key: String },
    #[error("`{key}` needs a value: {expected}")]
    MissingValue {
        key: &'static str,
        expected: &'static str,
    },
    #[error("`{key}` takes no value")]
    UnexpectedValue { key: &'static str },
    #[error("`{value}` is no value for `{key}`; write {expected}")]
    BadValue {
        key: &'static str,
        value: String,
        expected: &'static str,
    },
    #[error("`{key}` needs a reason on the same line: reason=\"…\"")]
    MissingReason { key: &'static str },
    #[error("`reason` belongs to a `phase` or an `allow` on the same line")]
    LoneReason,
    #[error("`{key}` stands twice on this line")]
    Twice { key: String },
    #[error("the quote that opens the value of `{key}` is never closed on this line")]
    OpenQuote { key: String },
    #[error("a directive stands in a line comment: `-- bgmigrate: …`")]
    InBlockComment,
    #[error("a directive stands on a line of its own, above its statement")]
    NotAlone,
    #[error("a directive stands above its statement, not inside of it")]
    InsideStatement,
    #[error("no statement follows this directive")]
    NothingFollows,
    #[error(
        "`sync` keeps columns of one table in step, and these are of `{old}` and `{new}`; `bgmigrate new split-table` \
         writes the triggers between two tables"
    )]
    SyncOfTwoTables { old: String, new: String },
    #[error(
        "nothing tells what `{column}` is in terms of the other side: write `{column} = EXPRESSION` for each column of \
         both sides, in quotes: sync=\"TABLE.OLD = EXPRESSION <-> TABLE.NEW = EXPRESSION\""
    )]
    SyncWithoutValue { column: String },
}

/// The directives of the part `within`, whose statements are `pieces`, and of the comments at the file's head.
pub fn directives(
    text: &str,
    pieces: &[Piece],
    within: Span,
    dialect: Dialect,
) -> (Vec<Placed>, Vec<DirectiveError>) {
    let (mut placed, mut errors) = (Vec::new(), Vec::new());
    if !text[..within.end].contains(MARK) {
        return (placed, errors);
    }
    let tokens = tokens_with_head(text, within, dialect);
    let mut place = Places::new(text, pieces, within, &tokens);
    for token in tokens {
        match said(token, text).map(|said| said.and_then(|body| Ok((body, place.target(token)?)))) {
            Some(Ok((body, target))) => {
                let (directives, mistakes) = parse::line(text, body, dialect);
                let placing = |(directive, span)| Placed {
                    directive,
                    span,
                    target,
                };
                placed.extend(directives.into_iter().map(placing));
                errors.extend(mistakes);
            }
            Some(Err(mistake)) => errors.push(DirectiveError {
                mistake,
                span: token.span,
            }),
            None => {}
        }
        place.pass(token);
    }
    (placed, errors)
}

const MARK: &str = "bgmigrate";

/// The tokens of `within`, and those before it if nothing but comments stands there.
fn tokens_with_head(text: &str, within: Span, dialect: Dialect) -> Vec<Token> {
    let mut tokens: Vec<_> = tokenize(text, Span::new(0, within.start), dialect).collect();
    if !tokens.iter().all(|token| token.kind.is_trivia()) {
        tokens.clear();
    }
    tokens.extend(tokenize(text, within, dialect));
    tokens
}

/// What a comment says after `bgmigrate:`. Nothing if it is no directive, and none was meant.
fn said(comment: Token, text: &str) -> Option<Result<Span, Mistake>> {
    if !matches!(
        comment.kind,
        TokenKind::LineComment | TokenKind::BlockComment
    ) {
        return None;
    }
    let written = comment.span.of(text);
    let words = written.trim_start_matches(['-', '#', '/', '*', ' ', '\t', '!']);
    let after = words.strip_prefix(MARK)?;
    let start = comment.span.end - after.len();
    if after.starts_with(':') {
        return Some(match comment.kind {
            TokenKind::BlockComment => Err(Mistake::InBlockComment),
            _ => Ok(Span::new(start + 1, comment.span.end)),
        });
    }
    // Prose may begin with the tool's name, but not go on with one of its keys.
    let rest = after.trim();
    let blank = after.starts_with([' ', '\t', '=']);
    let key = rest.split(['=', ' ']).next().unwrap_or_default();
    let meant = blank && parse::is_key(key) && (rest.contains('=') || rest == key);
    meant.then(|| {
        Err(Mistake::MissingColon {
            rest: rest.to_owned(),
        })
    })
}

/// Tells what a directive speaks for, from token to token: a single pass, however many directives there are.
struct Places<'a> {
    text: &'a str,
    pieces: &'a [Piece],
    /// The first piece that does not end before the token.
    next: usize,
    /// The first piece from there on that a directive can speak for.
    statement: usize,
    /// What ends before this place is for the file: an empty line follows, and then the first statement.
    head_end: usize,
    /// Only blanks stand between the token and the start of its line.
    line_start: bool,
}

impl<'a> Places<'a> {
    fn new(text: &'a str, pieces: &'a [Piece], within: Span, tokens: &[Token]) -> Self {
        let mut places = Self {
            text,
            pieces,
            next: 0,
            statement: 0,
            head_end: within.start,
            line_start: true,
        };
        places.find_statement();
        let first = pieces
            .get(places.statement)
            .map_or(within.end, |piece| piece.span.start);
        let is_gap = |token: &&Token| {
            token.kind == TokenKind::Whitespace
                && token.span.end <= first
                && token
                    .span
                    .of(text)
                    .bytes()
                    .filter(|byte| *byte == b'\n')
                    .count()
                    > 1
        };
        if let Some(gap) = tokens.iter().rfind(is_gap) {
            places.head_end = places.head_end.max(gap.span.start);
        }
        places
    }

    fn target(&mut self, comment: Token) -> Result<Target, Mistake> {
        let start = comment.span.start;
        while self
            .pieces
            .get(self.next)
            .is_some_and(|piece| piece.span.end <= start)
        {
            self.next += 1;
        }
        self.find_statement();
        if self
            .pieces
            .get(self.next)
            .is_some_and(|piece| piece.span.start < start)
        {
            return Err(Mistake::InsideStatement);
        }
        if !self.line_start {
            return Err(Mistake::NotAlone);
        }
        if self.statement == self.pieces.len() {
            return Err(Mistake::NothingFollows);
        }
        let is_head = comment.span.end <= self.head_end;
        Ok(if is_head {
            Target::File
        } else {
            Target::Statement(self.statement)
        })
    }

    /// A `DELIMITER` line is the client's: what stands above it is for the statement below it.
    fn find_statement(&mut self) {
        self.statement = self.statement.max(self.next);
        while let Some(piece) = self.pieces.get(self.statement)
            && DelimiterCommand::read(piece.span.of(self.text)).is_some()
        {
            self.statement += 1;
        }
    }

    fn pass(&mut self, token: Token) {
        let blank = token.kind == TokenKind::Whitespace;
        self.line_start = blank && (self.line_start || token.span.of(self.text).contains('\n'));
    }
}

#[cfg(test)]
mod tests;
