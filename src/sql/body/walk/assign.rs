//! Declarations, assignments, and everything else that gives a variable a value.

use super::super::targets::Targets;
use super::super::variables::{Assigned, is_integer_type};
use super::super::{catalog, evaluate};
use super::Walk;
use crate::model::Span;
use crate::sql::token::TokenKind;

impl Walk<'_> {
    /// PL/pgSQL declares in a section, MySQL in statements.
    pub(super) fn declare(&mut self) {
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
        self.tokens.take_word("constant");
        let integer = is_integer_type(&mut self.tokens);
        self.variables.declare(&name, integer);
        if self.tokens.is_any(&["cursor", "no", "scroll"]).is_some() {
            self.cursor(&name);
            return;
        }
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

    /// `[NO] SCROLL CURSOR (arguments) FOR query`, and MySQL's `CURSOR FOR query`.
    pub(super) fn cursor(&mut self, name: &str) {
        let stops = &["for", "is"];
        self.skip_to(stops);
        if self.tokens.take_any(stops).is_some() {
            let query = self.expression(&[]);
            self.variables.assign(name, Assigned::Expression(query));
        }
    }

    /// `[target] := expression`; in MySQL the same behind `SET`.
    pub(super) fn assignment(&mut self) -> bool {
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
    pub(super) fn assign(&mut self, name: &str, value: Span) {
        let text = self.tokens.text();
        let mut words = self.tokens.part(value);
        let mut grows = false;
        while let Some(token) = words.advance() {
            grows |= token.span.of(text).eq_ignore_ascii_case(name);
        }
        // In a loop it grows without end, and is left to go in a circle.
        if grows && self.loops.is_empty() {
            let texts = evaluate::texts(&self.tokens, value, &self.variables);
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

    /// A called procedure may give its arguments other values, and MySQL assigns inside of queries.
    pub(super) fn note_hidden_assignments(&mut self, span: Span) {
        let mut tokens = self.tokens.part(span);
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

    /// Gives the variables of an `INTO` what the statement at `span` reads.
    pub(super) fn assign_targets(&mut self, targets: &Targets, span: Span) {
        let in_catalog = catalog::is_queried(self.tokens.part(span));
        for name in &targets.names {
            let value = match targets.value {
                Some(value) if in_catalog => Assigned::Named(value),
                Some(value) => Assigned::Expression(value),
                None => Assigned::Unknown,
            };
            self.variables.assign(name, value);
        }
    }

    /// `FETCH … cursor INTO variables`.
    pub(super) fn fetch(&mut self) {
        let mark = self.tokens.mark();
        let mut cursor = self.tokens.span();
        while !self.tokens.at_end()
            && !self.tokens.is("into")
            && !self.tokens.is_kind(TokenKind::Semicolon)
        {
            cursor = self.tokens.span();
            self.tokens.advance();
        }
        if self.tokens.take_word("into") {
            let variables = self.skip_statement();
            self.assign_rows(variables, cursor);
        } else {
            self.assign_unknown(self.tokens.since(mark));
        }
    }

    /// Gives the variables one row after the other of a query, or of a cursor that is declared for one.
    pub(super) fn assign_rows(&mut self, variables: Span, query: Span) {
        let text = self.tokens.text();
        let declared = self.variables.only_expression(query.of(text));
        let columns = catalog::columns(self.tokens.part(declared.unwrap_or(query)));
        let names = evaluate::items(self.tokens.part(variables));
        match (columns, names.as_slice()) {
            (Some(row), [name]) => self.variables.assign(name.of(text), Assigned::Row(row)),
            (Some(row), names) if !row.star && row.values.len() == names.len() => {
                for (name, (_, value)) in names.iter().zip(row.values) {
                    self.variables.assign(name.of(text), Assigned::Named(value));
                }
            }
            _ => self.assign_unknown(variables),
        }
    }

    /// Whatever is named at `span` is given what nobody can tell.
    pub(super) fn assign_unknown(&mut self, span: Span) {
        let text = self.tokens.text();
        let mut names = self.tokens.part(span);
        while let Some(token) = names.advance() {
            if matches!(token.kind, TokenKind::Word | TokenKind::Placeholder) {
                self.variables
                    .assign(token.span.of(text), Assigned::Unknown);
            }
        }
    }
}
