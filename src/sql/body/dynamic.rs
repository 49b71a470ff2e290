//! What one statement prepares and another one runs: routines that the folder itself creates and then calls,
//! and SQL that waits in a variable or under a prepared name.

use std::collections::HashMap;

use super::arguments::{Arguments, List, calls};
use super::evaluate;
use super::template::Template;
use super::variables::{Assigned, Variables, is_integer_type};
use super::{DEPTH_LIMIT, executed, inside, relocated};
use crate::model::{Action, Change, CreateRoutine, Dialect, RoutineBody, Span};
use crate::sql::cursor::Tokens;
use crate::sql::describe::{Described, object::argument_mode};
use crate::sql::token::{TokenKind, first_word};
use crate::sql::{Opaque, Statement};

/// No file is followed through more text than this, in bytes: calls of routines that call one another multiply.
const FOLLOWED_LIMIT: usize = 1 << 20;

/// How the statements begin that prepare SQL or run what was prepared.
const HEADS: [&str; 4] = ["prepare", "execute", "set", "select"];

/// Those of a dialect: only MySQL's `SET` and `SELECT` give a variable a value that can be run.
fn heads(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Mysql => &HEADS,
        Dialect::Postgres | Dialect::Sqlite => &HEADS[..2],
    }
}

/// The routines that the files so far have left behind, by their unqualified name in lower case, overloads
/// together.
#[derive(Clone, Debug, Default)]
pub struct Routines(HashMap<String, Vec<Routine>>);

/// A routine that can be followed.
#[derive(Clone, Debug)]
struct Routine {
    /// The types of its arguments: what tells overloads apart.
    signature: Option<String>,
    parameters: Vec<Parameter>,
    /// Nothing is handed back to a caller: a text that is made of it is empty.
    returns_void: bool,
    body: RoutineBody,
}

/// What a call of a routine gives a value.
#[derive(Clone, Debug)]
struct Parameter {
    /// Empty if it has none.
    name: String,
    /// Its type only holds whole numbers.
    integer: bool,
}

/// Puts in the place of each call what is called, as far as this file and `routines` show it, and notes the
/// routines that this file creates and drops.
pub(in crate::sql) fn settle(
    text: &str,
    statements: &mut [Statement],
    dialect: Dialect,
    routines: &mut Routines,
) {
    if !statements.iter().any(prepares_or_calls) {
        return;
    }
    let mut session = Session {
        text,
        dialect,
        routines,
        variables: Variables::default(),
        prepared: HashMap::new(),
        running: Vec::new(),
        text_left: FOLLOWED_LIMIT,
    };
    for statement in statements {
        session.statement(statement);
    }
}

/// Files without any such statement need no second look.
fn prepares_or_calls(statement: &Statement) -> bool {
    statement.changes.iter().any(|change| match &change.action {
        Action::CreateRoutine(routine) => routine.body.is_some(),
        Action::Drop { object, .. } => object.kind.is_routine(),
        Action::Session { command } => command.starts_with("prepare"),
        action => calls(action).next().is_some(),
    })
}

/// What the statements so far have left behind.
struct Session<'a> {
    text: &'a str,
    dialect: Dialect,
    routines: &'a mut Routines,
    /// MySQL's user variables.
    variables: Variables,
    prepared: HashMap<String, Vec<Template>>,
    /// The calls that are being followed: what one of them does is known already where it makes itself again.
    running: Vec<(String, List)>,
    /// How many bytes of routines are still followed.
    text_left: usize,
}

impl Session<'_> {
    fn statement(&mut self, statement: &mut Statement) {
        let head = first_word(self.text, statement.span, self.dialect).unwrap_or_default();
        if heads(self.dialect)
            .iter()
            .any(|word| head.eq_ignore_ascii_case(word))
        {
            self.prepare_or_run(statement);
        }
        self.expand(statement);
        self.remember_routines(statement);
    }

    fn prepare_or_run(&mut self, statement: &mut Statement) {
        let mut tokens = Tokens::new(self.text, statement.span, self.dialect);
        match tokens.take_any(heads(self.dialect)) {
            Some("set") => self.set(&mut tokens),
            Some("select") => self.select(tokens.part(statement.span)),
            Some("prepare") => self.prepare(&mut tokens),
            Some("execute") => {
                if let Some(described) = self.execute(&mut tokens) {
                    statement.changes = described.changes;
                    statement.opaque = described.opaque;
                    statement.arguments = described.arguments;
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, tokens: &mut Tokens) {
        for (variable, value) in super::targets::assignments(tokens) {
            let texts = evaluate::texts(tokens, value, &self.variables);
            self.variables.assign(&variable, Assigned::Texts(texts));
        }
    }

    /// `SELECT … INTO @variable` and `SELECT @variable := …`.
    fn select(&mut self, mut tokens: Tokens) {
        let targets = super::targets::targets(tokens.clone());
        for target in targets.iter().flat_map(|found| &found.names) {
            let value = targets.as_ref().and_then(|found| found.value);
            let value = value.map_or(Assigned::Unknown, |value| {
                Assigned::Texts(evaluate::texts(&tokens, value, &self.variables))
            });
            self.variables.assign(target, value);
        }
        while let Some(token) = tokens.advance() {
            if token.kind == TokenKind::Placeholder && tokens.take_operator(":=") {
                let name = token.span.of(self.text);
                self.variables.assign(name, Assigned::Unknown);
            }
        }
    }

    /// MySQL's `PREPARE name FROM text`, PostgreSQL's `PREPARE name [(types)] AS statement`.
    fn prepare(&mut self, tokens: &mut Tokens) {
        let Some(name) = tokens.ident() else { return };
        tokens.parenthesised();
        let texts = if tokens.take_word("from") {
            evaluate::texts(tokens, tokens.rest(), &self.variables)
        } else if tokens.take_word("as") {
            vec![Template::text(tokens.rest_text())]
        } else {
            return;
        };
        self.prepared.insert(name.as_str().to_owned(), texts);
    }

    /// `EXECUTE name`, and MariaDB's `EXECUTE IMMEDIATE text`.
    fn execute(&self, tokens: &mut Tokens) -> Option<Described> {
        let span = tokens.whole();
        let texts = if self.dialect == Dialect::Mysql && tokens.take_word("immediate") {
            let mark = tokens.mark();
            tokens.seek(&["using"]);
            let text = match tokens.since(mark) {
                text if text.is_empty() => tokens.rest(),
                text => text,
            };
            evaluate::texts(tokens, text, &self.variables)
        } else {
            let name = tokens.ident()?;
            self.prepared.get(name.as_str())?.clone()
        };
        Some(executed(&texts, span, self.dialect, 1))
    }

    fn remember_routines(&mut self, statement: &Statement) {
        for change in &statement.changes {
            match &change.action {
                Action::CreateRoutine(created) => self.remember(created, statement.span),
                // Which of its overloads goes is not looked at: what is not known is not called safe.
                Action::Drop { object, .. } if object.kind.is_routine() => {
                    let name = object.name.name.as_str().to_ascii_lowercase();
                    self.routines.0.remove(&name);
                }
                _ => {}
            }
        }
    }

    fn remember(&mut self, created: &CreateRoutine, statement: Span) {
        let name = created.object.name.name.as_str().to_ascii_lowercase();
        let known = self.routines.0.entry(name).or_default();
        let signature = &created.object.signature;
        known.retain(|other| self.dialect != Dialect::Mysql && other.signature != *signature);
        known.extend(created.body.clone().map(|body| Routine {
            signature: signature.clone(),
            parameters: parameters(self.text, statement, self.dialect),
            returns_void: created.returns.as_deref() == Some("void"),
            body,
        }));
    }

    /// Puts what is called in the place of each call.
    fn expand(&mut self, statement: &mut Statement) {
        let changes = statement.changes.iter();
        let known: Vec<&String> = changes
            .flat_map(|change| self.called(&change.action))
            .collect();
        if known.is_empty() {
            return;
        }
        let tokens = Tokens::new(self.text, statement.span, self.dialect);
        let own = Arguments::read(&tokens, statement.span, &self.variables, &known);
        let mut expanded = Described {
            opaque: statement.opaque.take(),
            ..Described::default()
        };
        let nothing = Arguments::default();
        let inside = std::mem::take(&mut statement.arguments);
        let changes = std::mem::take(&mut statement.changes);
        for (at, change) in changes.into_iter().enumerate() {
            // What is conditional stands inside of the statement, where other variables may be meant.
            let outside = if change.conditional { &nothing } else { &own };
            let arguments = inside.get(&at).unwrap_or(outside);
            self.follow(change, arguments, 0, &mut expanded);
        }
        statement.changes = expanded.changes;
        statement.opaque = expanded.opaque;
        self.variables.forget_order();
    }

    /// The known routines that the action calls.
    fn called<'s>(&'s self, action: &'s Action) -> impl Iterator<Item = &'s String> + use<'s> {
        calls(action).filter(|name| self.routines.0.contains_key(&name.to_ascii_lowercase()))
    }

    /// Adds the change to `found`, and what the routines do that it calls.
    fn follow(
        &mut self,
        mut change: Change,
        arguments: &Arguments,
        depth: usize,
        found: &mut Described,
    ) {
        let called: Vec<String> = self.called(&change.action).cloned().collect();
        if called.is_empty() || depth >= DEPTH_LIMIT || self.text_left == 0 {
            found.changes.push(change);
            return;
        }
        let span = change.span;
        match &mut change.action {
            Action::Query { calls } => {
                calls.retain(|name| !called.contains(name));
                found.changes.push(change);
            }
            Action::Rows(rows) => {
                rows.calls.retain(|name| !called.contains(name));
                found.changes.push(change);
            }
            Action::ExecuteResult { routine } if !self.returns_void(routine) => {
                found.changes.push(change);
            }
            _ => {}
        }
        for name in called {
            for given in arguments.of(&name) {
                self.call(&name, given, span, depth, found);
            }
        }
    }

    /// Whether no known routine of this name hands anything back.
    fn returns_void(&self, name: &str) -> bool {
        let known = self.routines.0.get(&name.to_ascii_lowercase());
        known.is_some_and(|overloads| {
            !overloads.is_empty() && overloads.iter().all(|routine| routine.returns_void)
        })
    }

    /// Adds to `found` what a call of the routine with the arguments `given` does.
    fn call(&mut self, name: &str, given: List, span: Span, depth: usize, found: &mut Described) {
        let call = (name.to_ascii_lowercase(), given);
        if self.running.contains(&call) {
            return;
        }
        let nothing = Arguments::default();
        for routine in self.routines.0[&call.0].clone() {
            self.text_left = self.text_left.saturating_sub(routine.body.text.len());
            let described = self.run(name, &routine, &call.1, span, depth);
            self.running.push(call.clone());
            for (at, inner) in described.changes.into_iter().enumerate() {
                let arguments = described.arguments.get(&at).unwrap_or(&nothing);
                self.follow(inner, arguments, depth + 1, found);
            }
            self.running.pop();
            if let Some(opaque) = described.opaque {
                found.opaque.get_or_insert(opaque);
            }
        }
    }

    /// What running the routine does.
    fn run(
        &mut self,
        name: &str,
        routine: &Routine,
        given: &List,
        span: Span,
        depth: usize,
    ) -> Described {
        let mut variables = self.variables.clone();
        variables.forget_order();
        for (at, parameter) in routine.parameters.iter().enumerate() {
            let value = given.get(at).cloned();
            variables.declare(&parameter.name, parameter.integer);
            variables.assign(
                &parameter.name,
                value.map_or(Assigned::Unknown, Assigned::Texts),
            );
        }
        let body = &routine.body;
        let whole = Span::new(0, body.text.len());
        let described = inside(
            &body.language,
            &body.text,
            whole,
            self.dialect,
            depth,
            &mut variables,
        );
        self.variables.take_globals(&variables);
        let mut described = relocated(described, span);
        if let Some(Opaque { reason, .. }) = &mut described.opaque {
            *reason = format!("in `{name}`: {reason}");
        }
        described
    }
}

/// A routine's parameters, in the order in which a call gives them: what a function hands out is
/// no argument (PostgreSQL manual, CREATE FUNCTION, `argmode`).
fn parameters(text: &str, statement: Span, dialect: Dialect) -> Vec<Parameter> {
    let mut tokens = Tokens::new(text, statement, dialect);
    let Some(kind) = tokens.seek(&["function", "procedure"]) else {
        return Vec::new();
    };
    tokens.advance();
    tokens.take(&["if", "not", "exists"]);
    tokens.name();
    let Some(list) = tokens.parenthesised() else {
        return Vec::new();
    };
    let parameters = evaluate::items(tokens.part(list))
        .into_iter()
        .filter_map(|item| {
            let mut parameter = tokens.part(item);
            let (mode, name) = argument_mode(&mut parameter);
            if mode == Some("out") && kind == "function" {
                return None;
            }
            let name = name.or_else(|| parameter.ident());
            Some(Parameter {
                name: name.map_or_else(String::new, |name| name.as_str().to_owned()),
                integer: is_integer_type(&mut parameter),
            })
        });
    parameters.collect()
}
