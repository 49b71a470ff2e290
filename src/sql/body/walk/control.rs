//! Conditions and loops: words between statements.

use super::super::template::Template;
use super::super::variables::Assigned;
use super::Walk;
use crate::model::Span;
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

impl Walk<'_> {
    /// Words between statements.
    pub(super) fn control(&mut self) -> bool {
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
        // Ways part or meet at each of them, but where a block begins; MySQL's handlers are declared there, which
        // run at any time.
        if word != "begin" && (word != "declare" || self.is_mysql()) {
            self.variables.forget_order();
        }
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

    /// `FOR x IN … LOOP`: over numbers, a cursor, a query, or a query put together at run time.
    fn for_loop(&mut self) {
        let mark = self.tokens.mark();
        while !self.tokens.at_end()
            && !self.tokens.is("in")
            && !self.tokens.is_kind(TokenKind::Semicolon)
        {
            self.tokens.skip();
        }
        let variables = self.tokens.since(mark);
        self.tokens.take_word("in");
        let counts_up = self.counts_up();
        self.tokens.take_word("reverse");
        let stops: &[&'static str] = if self.is_mysql() { &["do"] } else { &["loop"] };
        if self.tokens.take_word("execute") {
            self.assign_unknown(variables);
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
            if counts_up {
                let counter = variables.of(self.tokens.text());
                let number = Template::count(counter);
                self.variables
                    .assign(counter, Assigned::Texts(vec![number]));
            } else {
                self.assign_rows(variables, span);
            }
        }
        self.tokens.advance();
        self.enter_loop(None);
    }

    /// Whether PL/pgSQL's loop is over whole numbers, none of which has a sign: `0..n`.
    fn counts_up(&self) -> bool {
        let rest = self.tokens.rest_text();
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        !self.is_mysql() && after.len() < rest.len() && after.trim_start().starts_with("..")
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
}
