//! A walk over a procedural body: control structures are stepped over, each statement is described.
//!
//! The walk is flat: what matters is which statements may run, not when. `IF`, `LOOP`, `EXCEPTION` and their
//! kin are words between statements, in PL/pgSQL as in MySQL's stored programs.

use std::collections::HashSet;

use super::evaluate::{self, Assigned, Variables};
use super::template::Template;
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
    let mut first = Walk::new(text, span, dialect, depth, variables.clone());
    first.collecting = true;
    first.run();
    let mut second = Walk::new(text, span, dialect, depth, first.variables.complete());
    second.run();
    variables.take_globals(&second.variables.resolved(text, dialect));
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
    fn new(
        text: &'a str,
        span: Span,
        dialect: Dialect,
        depth: usize,
        variables: Variables,
    ) -> Self {
        Self {
            tokens: Tokens::new(text, span, dialect),
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

    /// Words between statements.
    fn control(&mut self) -> bool {
        const WORDS: &[&str] = &[
            "begin",
            "end",
            "else",
            "exception",
            "loop",
            "repeat",
            "if",
            "elsif",
            "elseif",
            "when",
            "case",
            "while",
            "until",
            "for",
            "foreach",
            "declare",
        ];
        let Some(word) = self.tokens.is_any(WORDS) else {
            return false;
        };
        // Ways part or meet at each of them.
        self.variables.forget_order();
        self.tokens.advance();
        match word {
            "begin" => {
                self.tokens.take(&["not", "atomic"]);
                self.tokens.take_word("atomic");
            }
            "else" | "exception" => {}
            "loop" | "repeat" => self.enter_loop(None),
            "end" => {
                if self
                    .tokens
                    .is_any(&["loop", "while", "repeat", "for"])
                    .is_some()
                {
                    self.loops.pop();
                    self.tell_element();
                }
                self.skip_statement();
            }
            "if" | "elsif" | "elseif" | "when" => self.condition(&["then"]),
            "case" => {
                self.expression(&["when"]);
            }
            "while" => {
                self.condition(&["loop", "do"]);
                self.enter_loop(None);
            }
            "until" => {
                self.expression(&["end"]);
            }
            "for" => self.for_loop(),
            "foreach" => self.foreach_loop(),
            _ => self.declare(),
        }
        true
    }

    fn enter_loop(&mut self, variable: Option<String>) {
        self.loops.push(variable);
        self.tell_element();
    }

    fn tell_element(&mut self) {
        let innermost = self.loops.iter().rev().find_map(Option::as_deref);
        self.variables.loop_over(innermost);
    }

    /// An expression, and the word after it.
    fn condition(&mut self, stops: &[&'static str]) {
        self.expression(stops);
        self.tokens.advance();
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
        let mut part = Tokens::new(self.tokens.text(), span, self.tokens.dialect());
        let mut calls = expr::calls(&mut part);
        calls.retain(|name| !evaluate::FUNCTIONS.contains(&name.as_str()));
        if !calls.is_empty() {
            self.push(Action::Query { calls }, span);
        }
    }

    fn push(&mut self, action: Action, span: Span) {
        self.found.changes.push(Change {
            action,
            span,
            conditional: true,
        });
    }

    fn skip_statement(&mut self) -> Span {
        let mark = self.tokens.mark();
        while !self.tokens.at_end() && !self.tokens.is_kind(TokenKind::Semicolon) {
            self.tokens.skip();
        }
        self.tokens.since(mark)
    }

    /// `FOR x IN … LOOP`: over numbers, a cursor, a query, or a query put together at run time.
    fn for_loop(&mut self) {
        let mark = self.tokens.mark();
        while !self.tokens.at_end()
            && !self.tokens.is("in")
            && !self.tokens.is_kind(TokenKind::Semicolon)
        {
            self.tokens.skip();
        }
        self.assign_unknown(self.tokens.since(mark));
        self.tokens.take_word("in");
        self.tokens.take_word("reverse");
        let stops: &[&'static str] = if self.is_mysql() { &["do"] } else { &["loop"] };
        if self.tokens.take_word("execute") {
            self.dynamic(&["loop", "using", "into"]);
            self.expression(stops);
        } else {
            let writes = self
                .tokens
                .is_any(&["insert", "update", "delete", "merge", "with", "call"])
                .is_some();
            let span = self.expression(stops);
            if writes {
                self.describe(span);
            }
        }
        self.tokens.advance();
        self.enter_loop(None);
    }

    /// `FOREACH x [SLICE n] IN ARRAY expression LOOP`.
    fn foreach_loop(&mut self) {
        let variable = self.tokens.peek_text().to_owned();
        if self.tokens.seek(&["array"]).is_none() {
            return;
        }
        self.tokens.advance();
        let array = self.expression(&["loop"]);
        self.tokens.advance();
        let value = self
            .elements(array)
            .map_or(Assigned::Unknown, Assigned::Texts);
        self.variables.assign(&variable, value);
        self.variables.forget_order();
        self.enter_loop(Some(variable));
    }

    /// The elements of `ARRAY['a', 'b']`, or of a variable that is never anything else.
    fn elements(&self, array: Span) -> Option<Vec<Template>> {
        let (text, dialect) = (self.tokens.text(), self.tokens.dialect());
        let array = self
            .variables
            .only_expression(array.of(text))
            .unwrap_or(array);
        let mut tokens = Tokens::new(text, array, dialect);
        tokens.take_word("array").then_some(())?;
        tokens.take_operator("[").then_some(())?;
        let mut found = Vec::new();
        loop {
            found.push(Template::text(tokens.literal()?.value));
            if tokens.take_kind(TokenKind::Comma).is_none() {
                return tokens.take_operator("]").then_some(found);
            }
        }
    }

    /// PL/pgSQL declares in a section, MySQL in statements.
    fn declare(&mut self) {
        if self.is_mysql() {
            self.mysql_declaration();
            return;
        }
        while !self.tokens.at_end() && !self.tokens.is("begin") {
            self.declaration();
            if self.tokens.take_kind(TokenKind::Semicolon).is_none() {
                return;
            }
        }
    }

    fn declaration(&mut self) {
        let name = self.tokens.peek_text().to_owned();
        self.tokens.advance();
        while !self.tokens.at_end()
            && !self.tokens.is_kind(TokenKind::Semicolon)
            && !self.tokens.is("default")
            && !self.tokens.is_operator(":=")
            && !self.tokens.is_operator("=")
        {
            self.tokens.skip();
        }
        if !self.tokens.at_end() && !self.tokens.is_kind(TokenKind::Semicolon) {
            self.tokens.advance();
            let value = self.expression(&[]);
            self.variables.assign(&name, Assigned::Expression(value));
        }
    }

    fn mysql_declaration(&mut self) {
        if self.tokens.is_any(&["continue", "exit", "undo"]).is_some()
            && self.tokens.seek(&["for"]).is_some()
        {
            self.tokens.advance();
            self.handler_conditions();
            return;
        }
        let mut names = vec![self.tokens.peek_text().to_owned()];
        self.tokens.advance();
        while self.tokens.take_kind(TokenKind::Comma).is_some() {
            names.push(self.tokens.peek_text().to_owned());
            self.tokens.advance();
        }
        while !self.tokens.at_end()
            && !self.tokens.is_kind(TokenKind::Semicolon)
            && !self.tokens.take_word("default")
        {
            self.tokens.skip();
        }
        let value = self.expression(&[]);
        for name in names {
            self.declared.insert(name.to_ascii_lowercase());
            if !value.is_empty() {
                self.variables.assign(&name, Assigned::Expression(value));
            }
        }
    }

    /// The conditions of a handler; its statement follows.
    fn handler_conditions(&mut self) {
        loop {
            let _ = self.tokens.take(&["not", "found"])
                || self.tokens.take(&["sqlstate", "value"])
                || self.tokens.take_word("sqlstate")
                || self.tokens.advance().is_some();
            self.tokens.literal();
            if self.tokens.take_kind(TokenKind::Comma).is_none() {
                return;
            }
        }
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
            ("fetch" | "get", _) => {
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
        let texts = evaluate::texts(
            self.tokens.text(),
            span,
            self.tokens.dialect(),
            &self.variables,
        );
        self.execute(&texts, span);
    }

    fn execute(&mut self, texts: &[Template], span: Span) {
        if self.collecting {
            return;
        }
        let described = executed(texts, span, self.tokens.dialect(), self.depth + 1);
        self.take(described);
    }

    /// `[target] := expression`; in MySQL the same behind `SET`.
    fn assignment(&mut self) -> bool {
        if self.is_mysql() {
            return false;
        }
        let mark = self.tokens.mark();
        let mut plain = true;
        if self.tokens.ident().is_none() && self.tokens.take_kind(TokenKind::Placeholder).is_none()
        {
            return false;
        }
        let name = self.tokens.since(mark).of(self.tokens.text()).to_owned();
        while self.tokens.take_kind(TokenKind::Dot).is_some() {
            plain = false;
            self.tokens.advance();
        }
        while self.tokens.take_operator("[") {
            plain = false;
            while !self.tokens.at_end() && !self.tokens.take_operator("]") {
                self.tokens.skip();
            }
        }
        if !self.tokens.take_operator(":=") && !self.tokens.take_operator("=") {
            self.tokens.reset(mark);
            return false;
        }
        let value = self.expression(&[]);
        if plain {
            self.assign(&name, value);
        } else {
            self.variables.assign(&name, Assigned::Unknown);
        }
        true
    }

    /// Gives a variable the value of an expression, of which the variable itself may be a part.
    fn assign(&mut self, name: &str, value: Span) {
        let (text, dialect) = (self.tokens.text(), self.tokens.dialect());
        let mut words = Tokens::new(text, value, dialect);
        let mut grows = false;
        while let Some(token) = words.advance() {
            grows |= token.span.of(text).eq_ignore_ascii_case(name);
        }
        // In a loop it grows without end, and is left to go in a circle.
        if grows && self.loops.is_empty() {
            let texts = evaluate::texts(text, value, dialect, &self.variables);
            let certain = self.collecting || self.variables.is_fresh(name);
            self.variables.assign(name, Assigned::Texts(texts));
            // Without a last value, what it grew from may be what it grew to, which was noted the first time.
            if !certain {
                self.variables.forget_last(name);
            }
        } else {
            self.variables.assign(name, Assigned::Expression(value));
        }
    }

    /// `SET variable = expression, …`; a setting of the session is a statement like any other.
    fn mysql_set(&mut self) -> bool {
        let mark = self.tokens.mark();
        self.tokens.advance();
        let assigned = assignments(&mut self.tokens);
        let local = |(name, _): &(String, Span)| name.starts_with('@') || self.is_declared(name);
        if !assigned.iter().any(local) {
            self.tokens.reset(mark);
            return false;
        }
        for (variable, value) in assigned {
            self.note_calls(value);
            self.assign(&variable, value);
        }
        true
    }

    fn is_declared(&self, name: &str) -> bool {
        self.declared.contains(&name.to_ascii_lowercase())
    }

    fn mysql_prepare(&mut self) {
        self.tokens.advance();
        let name = self.tokens.peek_text().to_ascii_lowercase();
        self.tokens.advance();
        self.tokens.take_word("from");
        let span = self.skip_to(&[]);
        let texts = evaluate::texts(
            self.tokens.text(),
            span,
            self.tokens.dialect(),
            &self.variables,
        );
        self.prepared.retain(|(known, _)| *known != name);
        self.prepared.push((name, texts));
    }

    /// `EXECUTE prepared`, or MariaDB's `EXECUTE IMMEDIATE expression`.
    fn mysql_execute(&mut self) {
        let mark = self.tokens.mark();
        self.tokens.advance();
        if self.tokens.take_word("immediate") {
            self.dynamic(&["using"]);
            self.skip_statement();
            return;
        }
        let name = self.tokens.peek_text().to_ascii_lowercase();
        self.skip_statement();
        let span = self.tokens.since(mark);
        let texts = self
            .prepared
            .iter()
            .find(|(known, _)| *known == name)
            .map_or_else(
                || vec![Template::unknown(&name)],
                |(_, texts)| texts.clone(),
            );
        self.execute(&texts, span);
    }

    /// A statement of SQL.
    fn statement(&mut self) {
        let span = self.skip_statement();
        if span.is_empty() {
            // Nothing that could begin a statement, such as a closing parenthesis too many.
            self.tokens.advance();
            return;
        }
        self.note_hidden_assignments(span);
        match self.without_targets(span) {
            Some(plain) => self.describe_text(&plain, span),
            None => self.describe(span),
        }
    }

    /// A called procedure may give its arguments other values, and MySQL assigns inside of queries.
    fn note_hidden_assignments(&mut self, span: Span) {
        let mut tokens = Tokens::new(self.tokens.text(), span, self.tokens.dialect());
        if tokens.is("call") {
            self.assign_unknown(span);
            return;
        }
        while let Some(token) = tokens.advance() {
            if token.kind == TokenKind::Placeholder && tokens.is_operator(":=") {
                self.assign_unknown(token.span);
            }
        }
    }

    /// The statement at `span` without `INTO variables`, if it has that; what is assigned so is noted.
    fn without_targets(&mut self, span: Span) -> Option<String> {
        let text = self.tokens.text();
        let targets = targets(text, span, self.tokens.dialect())?;
        for name in &targets.names {
            let value = targets
                .value
                .map_or(Assigned::Unknown, Assigned::Expression);
            self.variables.assign(name, value);
        }
        Some(targets.left_out(text, span))
    }

    /// Whatever is named at `span` is given what nobody can tell.
    fn assign_unknown(&mut self, span: Span) {
        let text = self.tokens.text();
        let mut names = Tokens::new(text, span, self.tokens.dialect());
        while let Some(token) = names.advance() {
            if matches!(token.kind, TokenKind::Word | TokenKind::Placeholder) {
                self.variables
                    .assign(token.span.of(text), Assigned::Unknown);
            }
        }
    }

    fn describe(&mut self, span: Span) {
        if self.collecting || self.is_too_deep(span) {
            return;
        }
        let (text, dialect) = (self.tokens.text(), self.tokens.dialect());
        let described = super::script(text, span, dialect, self.depth + 1);
        self.take(described);
    }

    /// Describes a text that stands for the statement at `span`.
    fn describe_text(&mut self, sql: &str, span: Span) {
        if self.collecting || self.is_too_deep(span) {
            return;
        }
        let whole = Span::new(0, sql.len());
        let described = super::script(sql, whole, self.tokens.dialect(), self.depth + 1);
        self.take(super::relocated(described, span));
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

/// MySQL: the variables that the rest of a `SET` assigns, each with the place of its value; none if it sets
/// something of the session.
pub(super) fn assignments(tokens: &mut Tokens) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    loop {
        let name = tokens.peek_text().to_owned();
        let variable = tokens.take_kind(TokenKind::Placeholder).is_some()
            && !name.starts_with("@@")
            || tokens.take_kind(TokenKind::Word).is_some();
        if !variable || !(tokens.take_operator("=") || tokens.take_operator(":=")) {
            return Vec::new();
        }
        found.push((name, tokens.item()));
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return found;
        }
    }
}

/// `INTO variables`, where a statement gives them what it reads.
pub(super) struct Targets {
    /// The clause.
    clause: Span,
    /// The variables.
    pub(super) names: Vec<String>,
    /// What the only variable is given, where that is the only expression of a `SELECT`.
    pub(super) value: Option<Span>,
}

impl Targets {
    /// The statement at `span` with blanks for the clause.
    pub(super) fn left_out(&self, text: &str, span: Span) -> String {
        let before = &text[span.start..self.clause.start];
        let after = &text[self.clause.end..span.end];
        format!("{before}{}{after}", " ".repeat(self.clause.len()))
    }
}

/// Finds the variables that the statement at `span` gives what it reads.
pub(super) fn targets(text: &str, span: Span, dialect: Dialect) -> Option<Targets> {
    let mut tokens = Tokens::new(text, span, dialect);
    let select = tokens.is("select");
    let verb = tokens.seek(&["select", "values", "insert", "update", "delete", "merge"])?;
    if !matches!(verb, "select" | "values") {
        // `INSERT INTO` names no variable; only what the statement returns goes into some.
        tokens.seek(&["returning"])?;
    }
    tokens.seek(&["into"])?;
    let mark = tokens.mark();
    tokens.advance();
    if tokens.is_any(&["outfile", "dumpfile"]).is_some() {
        return None;
    }
    tokens.take_word("strict");
    let mut names = Vec::new();
    loop {
        let name = tokens.mark();
        if tokens.take_kind(TokenKind::Placeholder).is_none() {
            tokens.name()?;
        }
        names.push(tokens.since(name).of(text).to_owned());
        if tokens.take_kind(TokenKind::Comma).is_none() {
            break;
        }
    }
    let clause = tokens.since(mark);
    let value = (select && names.len() == 1)
        .then(|| selected(text, Span::new(span.start, clause.start), dialect))
        .flatten();
    Some(Targets {
        clause,
        names,
        value,
    })
}

/// The one expression that a `SELECT` without its `INTO` comes to.
fn selected(text: &str, select: Span, dialect: Dialect) -> Option<Span> {
    let mut tokens = Tokens::new(text, select, dialect);
    tokens.take_word("select").then_some(())?;
    let mark = tokens.mark();
    while !tokens.at_end() && !tokens.is("from") {
        if tokens.is_kind(TokenKind::Comma) {
            return None;
        }
        tokens.skip();
    }
    let item = tokens.since(mark);
    (!item.is_empty()).then_some(item)
}
