//! Text to changes: where each statement begins and ends, what it does, and what could not be understood.
//!
//! A text is split by our own splitter with exact byte ranges; each statement is then described: DDL from
//! its tokens, queries and expressions from sqlparser's trees. What is not understood is opaque, with the
//! reason, and spoils itself alone.

mod body;
mod client;
pub mod cursor;
mod describe;
pub mod directive;
pub mod query;
mod routine;
pub mod split;
pub mod token;

pub use body::Routines;

use std::collections::HashMap;

use cursor::Tokens;
use describe::Described;
use directive::{Directive, DirectiveError, Placed, Target};
use split::{Piece, PieceKind};

use crate::model::{Change, Dialect, Engine, Phase, Span};

/// Everything that one migration's way up says.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Its statements, in order.
    pub statements: Vec<Statement>,
    /// What the author says about them; a [`Target::Statement`] is an index into `statements`.
    pub directives: Vec<Placed>,
    /// Directives that cannot be followed.
    pub directive_errors: Vec<DirectiveError>,
}

impl Script {
    /// The directives that speak for a statement: its own first, then those for the file.
    pub fn directives_for(&self, statement: usize) -> impl Iterator<Item = &Directive> {
        let of = move |target| {
            let own = self
                .directives
                .iter()
                .filter(move |placed| placed.target == target);
            own.map(|placed| &placed.directive)
        };
        of(Target::Statement(statement)).chain(of(Target::File))
    }

    /// The phase that the author declares for a statement, and why.
    pub fn declared_phase(&self, statement: usize) -> Option<(Phase, &str)> {
        self.directives_for(statement)
            .find_map(|directive| match directive {
                Directive::Phase { phase, reason } => Some((*phase, reason.as_str())),
                _ => None,
            })
    }

    /// Whether the file says that its rows may be moved after the cutover.
    pub fn says_after_cutover(&self) -> bool {
        self.directives
            .iter()
            .any(|placed| placed.directive == Directive::AfterCutover)
    }

    /// The version from which on releases do not use what its contract steps touch.
    pub fn unused_since(&self) -> Option<&str> {
        self.directives
            .iter()
            .find_map(|placed| match &placed.directive {
                Directive::UnusedSince { version } => Some(version.as_str()),
                _ => None,
            })
    }

    /// The queries that must find nothing before the cutover.
    pub fn checks(&self) -> impl Iterator<Item = &str> {
        self.directives
            .iter()
            .filter_map(|placed| match &placed.directive {
                Directive::Check { query } => Some(query.as_str()),
                _ => None,
            })
    }

    /// Whether the file says that it runs outside of a transaction.
    pub fn says_transaction_off(&self) -> bool {
        self.directives
            .iter()
            .any(|placed| placed.directive == Directive::TransactionOff)
    }
}

/// One statement of a file.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The statement without its delimiter and without the comments before it.
    pub span: Span,
    /// The comments directly above it; empty if there are none.
    pub comments: Span,
    /// What it does, as far as it was understood.
    pub changes: Vec<Change>,
    /// Set when some of it was not understood: the statement gates as contract.
    pub opaque: Option<Opaque>,
    /// What those of the changes that stand inside of a block hand to the routines that they call, by the place
    /// of the change.
    arguments: HashMap<usize, body::Arguments>,
}

/// Why a statement, or a part of it, was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// The kind of obstacle.
    pub kind: OpaqueKind,
    /// One clause for people: `the parser stops at FOO`, `EXECUTE runs SQL that is put together at run time`.
    pub reason: String,
    /// What was not understood.
    pub span: Span,
}

/// The kind of obstacle to understanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpaqueKind {
    /// No reader takes it: broken, or a form that we do not know.
    Syntax,
    /// A placeholder of a template engine stands in it.
    Template,
    /// A quote, comment or dollar quote never ends.
    Unterminated,
    /// It runs what the file does not show: EXECUTE, CALL, a routine of unknown body.
    Dynamic,
}

/// Reads the parts `up` of `text`: every statement in them, with what it does.
pub fn read(text: &str, up: &[Span], engine: &Engine) -> Script {
    let mut script = read_apart(text, up, engine);
    follow_calls(text, &mut script, engine, &mut Routines::default());
    script
}

/// As [`read`], but each statement is read by itself: what a call does is left to [`follow_calls`].
pub fn read_apart(text: &str, up: &[Span], engine: &Engine) -> Script {
    let mut script = Script::default();
    for part in up {
        let (pieces, tokens) = split_tokens(text, *part, engine.dialect);
        let (placed, errors) = directive::directives(text, &pieces, *part, engine.dialect);
        let before = script.statements.len();
        script
            .directives
            .extend(placed.into_iter().map(|placed| placed.shifted(before)));
        script.directive_errors.extend(errors);
        script
            .statements
            .extend(pieces.iter().map(|piece| statement(&tokens, piece)));
    }
    script
}

/// Puts in the place of each call what is called, as far as the file or `routines`, which those before it have
/// left behind, show it; `routines` then knows what this file creates, too.
pub fn follow_calls(text: &str, script: &mut Script, engine: &Engine, routines: &mut Routines) {
    body::settle(text, &mut script.statements, engine.dialect, routines);
}

/// The pieces of a part of a text, and a cursor over all of it.
fn split_tokens(text: &str, part: Span, dialect: Dialect) -> (Vec<Piece>, Tokens<'_>) {
    let (pieces, tokens) = split::split_tokens(text, part, dialect);
    let spans = pieces.iter().map(|piece| piece.span);
    let tokens = Tokens::of_statements(text, part, dialect, tokens, spans);
    (pieces, tokens)
}

fn statement(tokens: &Tokens, piece: &Piece) -> Statement {
    let described = described(tokens, piece, 0);
    Statement {
        span: piece.span,
        comments: piece.comments,
        changes: described.changes,
        opaque: described.opaque,
        arguments: described.arguments,
    }
}

/// What a piece of the text that `tokens` cover does, which stands `depth` blocks or strings inside of a statement.
fn described(tokens: &Tokens, piece: &Piece, depth: usize) -> Described {
    let text = tokens.text();
    match &piece.kind {
        PieceKind::Statement => describe(tokens.part(piece.span), depth),
        PieceKind::MetaCommand | PieceKind::ClientCommand => client::command(text, piece.span),
        PieceKind::Template { placeholder } => spoiled(
            OpaqueKind::Template,
            format!(
                "another program fills in `{}` before the engine sees it",
                placeholder.of(text)
            ),
            *placeholder,
        ),
        PieceKind::Unterminated { what, opened } => spoiled(
            OpaqueKind::Unterminated,
            format!("a {what} is opened and never closed"),
            Span::new(*opened, piece.span.end.max(*opened)),
        ),
    }
}

/// What the one statement does that the tokens are.
fn describe(mut tokens: Tokens, depth: usize) -> Described {
    let start = tokens.mark();
    if let Some(described) = body::block(&mut tokens, depth) {
        return described;
    }
    tokens.reset(start);
    if let Some(described) = describe::statement(&mut tokens) {
        return described;
    }
    tokens.reset(start);
    if let Some(described) = routine::statement(&mut tokens) {
        return described;
    }
    tokens.reset(start);
    let head = tokens.peek_text();
    let reason = match head.chars().find(|c| c.is_control()) {
        Some(control) => format!(
            "it begins with the control character U+{:04X}, which no engine takes",
            u32::from(control)
        ),
        None => format!("no statement that is known begins with `{head}`"),
    };
    spoiled(OpaqueKind::Syntax, reason, tokens.whole())
}

fn spoiled(kind: OpaqueKind, reason: String, span: Span) -> Described {
    Described {
        opaque: Some(Opaque { kind, reason, span }),
        ..Described::default()
    }
}
