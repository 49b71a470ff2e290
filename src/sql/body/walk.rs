//! A walk over a procedural body: control structures are stepped over, each statement is described.
//!
//! The walk is flat: what matters is which statements may run, not when. `IF`, `LOOP`, `EXCEPTION` and their
//! kin are words between statements, in PL/pgSQL as in MySQL's stored programs.

mod assign;
mod control;
mod mysql;

use std::collections::HashSet;

use super::arguments::{Arguments, calls};
use super::evaluate;
use super::targets::targets;
use super::template::Template;
use super::variables::Variables;
use super::{DEPTH_LIMIT, executed};
use crate::model::{Action, Change, Dialect, Span};
use crate::sql::cursor::Tokens;
use crate::sql::describe::{Described, expr};
use crate::sql::token::{Token, TokenKind};
use crate::sql::{Opaque, OpaqueKind};

/// Walks the body at `span` of `text`. What it assigns is added to `variables`.
pub(super) fn walk(
    text: &str,
    span: Span,
    dialect: Dialect,
    depth: usize,
    variables: &mut Variables,
) -> Described {
    // What a loop assigns at its end may be executed at its start, so all assignments are collected first.
    let tokens = Tokens::new(text, span, dialect);
    let mut first = Walk::new(tokens.clone(), depth, variables.clone());
    first.collecting = true;
    first.run();
    let all = first.variables.complete(variables);
    let mut second = Walk::new(tokens, depth, all);
    second.run();
    variables.take_globals(&evaluate::globals(&second.tokens, &second.variables));
    second.found
}

struct Walk<'a> {
    tokens: Tokens<'a>,
    depth: usize,
    variables: Variables,
    /// Only assignments are of interest: nothing is described.
    collecting: bool,
    /// The loops that are open: of one over an array the variable.
    loops: Vec<Option<String>>,
    /// MySQL: the variables that the body declares, in lower case.
    declared: HashSet<String>,
    /// MySQL: prepared statements and what they may be.
    prepared: Vec<(String, Vec<Template>)>,
    found: Described,
}

impl<'a> Walk<'a> {
    fn new(tokens: Tokens<'a>, depth: usize, variables: Variables) -> Self {
        Self {
            tokens,
            depth,
            variables,
            collecting: false,
            loops: Vec::new(),
            declared: HashSet::new(),
            prepared: Vec::new(),
            found: Described::default(),
        }
    }

    fn is_mysql(&self) -> bool {
        self.tokens.dialect() == Dialect::Mysql
    }

    fn run(&mut self) {
        while !self.tokens.at_end() {
            if self.tokens.take_kind(TokenKind::Semicolon).is_some() || self.label() {
                continue;
            }
            if !self.control() && !self.own_statement() && !self.assignment() {
                self.statement();
            }
        }
    }

    /// `<<label>>`, or MySQL's `label:`.
    fn label(&mut self) -> bool {
        if self.tokens.take_operator("<<") {
            self.tokens.advance();
            return self.tokens.take_operator(">>");
        }
        let colon = |token: Token| token.span.of(self.tokens.text()) == ":";
        let labelled = self.is_mysql()
            && self.tokens.ident_at(0).is_some()
            && self.tokens.peek_at(1).is_some_and(colon);
        if labelled {
            self.tokens.advance();
            self.tokens.advance();
        }
        labelled
    }

    /// Moves to one of the words `stops`, or to the end of the statement, and notes what is called on the way.
    fn expression(&mut self, stops: &[&'static str]) -> Span {
        let span = self.skip_to(stops);
        self.note_calls(span);
        span
    }

    fn skip_to(&mut self, stops: &[&'static str]) -> Span {
        let mark = self.tokens.mark();
        let mut cases = 0_usize;
        while !self.tokens.at_end() && !self.tokens.is_kind(TokenKind::Semicolon) {
            if cases == 0 && self.tokens.is_any(stops).is_some() {
                break;
            }
            match self.tokens.is_any(&["case", "end"]) {
                Some("case") => cases += 1,
                Some(_) => cases = cases.saturating_sub(1),
                None => {}
            }
            self.tokens.skip();
        }
        self.tokens.since(mark)
    }

    fn note_calls(&mut self, span: Span) {
        if self.collecting || span.is_empty() {
            return;
        }
        let mut part = self.tokens.part(span);
        let mut calls = expr::calls(&mut part);
        calls.retain(|name| !evaluate::FUNCTIONS.contains(&name.as_str()));
        if !calls.is_empty() {
            let mut query = Described::default();
            query.push(Action::Query { calls }, span);
            self.take_calls(query, span);
        }
    }

    fn skip_statement(&mut self) -> Span {
        let mark = self.tokens.mark();
        while !self.tokens.at_end() && !self.tokens.is_kind(TokenKind::Semicolon) {
            self.tokens.skip();
        }
        self.tokens.since(mark)
    }

    /// Statements of the procedural language itself.
    fn own_statement(&mut self) -> bool {
        const WORDS: &[&str] = &[
            "raise",
            "exit",
            "continue",
            "leave",
            "iterate",
            "assert",
            "get",
            "signal",
            "resignal",
            "return",
            "open",
            "fetch",
            "move",
            "close",
            "null",
            "perform",
            "execute",
            "prepare",
            "deallocate",
            "set",
        ];
        let Some(word) = self.tokens.is_any(WORDS) else {
            return false;
        };
        match (word, self.is_mysql()) {
            ("set", true) => return self.mysql_set(),
            ("perform", false) => self.perform(),
            ("return", _) => self.return_statement(),
            ("execute", false) => {
                self.tokens.advance();
                self.dynamic(&["into", "using"]);
                let targets = self.skip_statement();
                self.assign_unknown(targets);
            }
            ("execute", true) => self.mysql_execute(),
            ("prepare", true) => self.mysql_prepare(),
            ("deallocate", true) => {
                self.skip_statement();
            }
            ("fetch", _) => self.fetch(),
            ("get", _) => {
                let targets = self.skip_statement();
                self.assign_unknown(targets);
            }
            ("null", _)
                if self
                    .tokens
                    .peek_at(1)
                    .is_none_or(|next| next.kind == TokenKind::Semicolon) =>
            {
                self.tokens.advance();
            }
            (
                "raise" | "exit" | "continue" | "leave" | "iterate" | "assert" | "signal"
                | "resignal" | "open" | "move" | "close",
                _,
            ) => {
                self.tokens.advance();
                self.expression(&[]);
            }
            _ => return false,
        }
        true
    }

    /// `PERFORM` is a `SELECT` whose rows nobody wants.
    fn perform(&mut self) {
        let span = self.skip_statement();
        let query = &span.of(self.tokens.text())["perform".len()..];
        self.describe_text(&format!("SELECT{query}"), span);
    }

    fn return_statement(&mut self) {
        self.tokens.advance();
        if !self.tokens.take_word("query") {
            self.expression(&[]);
        } else if self.tokens.take_word("execute") {
            self.dynamic(&["using"]);
            self.skip_statement();
        } else {
            self.statement();
        }
    }

    /// A statement whose text is an expression, which the words `stops` may follow.
    fn dynamic(&mut self, stops: &[&'static str]) {
        let span = self.skip_to(stops);
        if let Some((routine, arguments)) = evaluate::called(self.tokens.part(span)) {
            self.execute_result(routine, arguments, span);
            return;
        }
        let texts = evaluate::texts(&self.tokens, span, &self.variables);
        self.execute(&texts, span);
    }

    /// A statement whose text is what a routine hands back. Which routine that is, and that it hands nothing
    /// back, only they can tell who know the statements before this one.
    fn execute_result(&mut self, routine: String, arguments: Span, span: Span) {
        if self.collecting {
            return;
        }
        self.note_calls(arguments);
        let mut result = Described::default();
        result.push(Action::ExecuteResult { routine }, span);
        self.take_calls(result, span);
    }

    fn execute(&mut self, texts: &[Template], span: Span) {
        if self.collecting {
            return;
        }
        let described = executed(texts, span, self.tokens.dialect(), self.depth + 1);
        self.take(described);
    }

    /// A statement of SQL.
    fn statement(&mut self) {
        let span = self.skip_statement();
        if span.is_empty() {
            // Nothing that could begin a statement, such as a closing parenthesis too many.
            self.tokens.advance();
            return;
        }
        let targets = targets(self.tokens.part(span));
        match &targets {
            Some(targets) => {
                let plain = targets.left_out(self.tokens.text(), span);
                self.describe_text(&plain, span);
            }
            None => self.describe(span),
        }
        self.note_hidden_assignments(span);
        if let Some(targets) = targets {
            self.assign_targets(&targets, span);
        }
    }

    fn describe(&mut self, span: Span) {
        if self.collecting || self.is_too_deep(span) {
            return;
        }
        let (text, dialect) = (self.tokens.text(), self.tokens.dialect());
        let described = super::script(text, span, dialect, self.depth + 1);
        self.take_calls(described, span);
    }

    /// Describes a text that stands for the statement at `span`.
    fn describe_text(&mut self, sql: &str, span: Span) {
        if self.collecting || self.is_too_deep(span) {
            return;
        }
        let whole = Span::new(0, sql.len());
        let described = super::script(sql, whole, self.tokens.dialect(), self.depth + 1);
        self.take_calls(super::relocated(described, span), span);
    }

    fn is_too_deep(&mut self, span: Span) -> bool {
        let deep = self.depth >= DEPTH_LIMIT;
        if deep {
            self.found.opaque.get_or_insert(Opaque {
                kind: OpaqueKind::Syntax,
                reason: "blocks nest too deeply to be read".to_owned(),
                span,
            });
        }
        deep
    }

    /// Takes what the statement or expression at `span` does, with what it hands to the routines that it calls.
    fn take_calls(&mut self, described: Described, span: Span) {
        let before = self.found.changes.len();
        let changes = described.changes.iter().enumerate();
        let calling = changes.flat_map(|(at, change)| {
            let called = calls(&change.action);
            called.map(move |routine| (before + at, routine))
        });
        let (mut places, called): (Vec<usize>, Vec<&String>) = calling.unzip();
        places.dedup();
        if !places.is_empty() {
            let arguments = Arguments::read(&self.tokens, span, &self.variables, &called);
            let handed = places.into_iter().map(|at| (at, arguments.clone()));
            self.found.arguments.extend(handed);
        }
        self.take(described);
    }

    fn take(&mut self, described: Described) {
        let changes = described.changes.into_iter().map(|change| Change {
            conditional: true,
            ..change
        });
        self.found.changes.extend(changes);
        if let Some(opaque) = described.opaque {
            self.found.opaque.get_or_insert(opaque);
        }
    }
}
