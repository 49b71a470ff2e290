//! What only the stored programs of MySQL have.

use super::super::evaluate;
use super::super::targets::assignments;
use super::super::template::Template;
use super::super::variables::{Assigned, is_integer_type};
use super::Walk;
use crate::model::Span;
use crate::sql::token::TokenKind;

impl Walk<'_> {
    pub(super) fn mysql_declaration(&mut self) {
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
        if let ([cursor], true) = (names.as_slice(), self.tokens.is("cursor")) {
            self.cursor(cursor);
            return;
        }
        let integer = is_integer_type(&mut self.tokens);
        while !self.tokens.at_end()
            && !self.tokens.is_kind(TokenKind::Semicolon)
            && !self.tokens.take_word("default")
        {
            self.tokens.skip();
        }
        let value = self.expression(&[]);
        for name in names {
            self.declared.insert(name.to_ascii_lowercase());
            self.variables.declare(&name, integer);
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

    /// `SET variable = expression, …`; a setting of the session is a statement like any other.
    pub(super) fn mysql_set(&mut self) -> bool {
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

    pub(super) fn mysql_prepare(&mut self) {
        self.tokens.advance();
        let name = self.tokens.peek_text().to_ascii_lowercase();
        self.tokens.advance();
        self.tokens.take_word("from");
        let span = self.skip_to(&[]);
        let texts = evaluate::texts(&self.tokens, span, &self.variables);
        self.prepared.retain(|(known, _)| *known != name);
        self.prepared.push((name, texts));
    }

    /// `EXECUTE prepared`, or MariaDB's `EXECUTE IMMEDIATE expression`.
    pub(super) fn mysql_execute(&mut self) {
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
}
