//! The variables that a statement gives what it reads or computes.

use crate::model::Span;
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

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

/// Finds the variables that a statement gives what it reads.
pub(super) fn targets(mut tokens: Tokens) -> Option<Targets> {
    let statement = tokens.whole();
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
        names.push(tokens.since(name).of(tokens.text()).to_owned());
        if tokens.take_kind(TokenKind::Comma).is_none() {
            break;
        }
    }
    let clause = tokens.since(mark);
    let value = (select && names.len() == 1)
        .then(|| selected(tokens.part(Span::new(statement.start, clause.start))))
        .flatten();
    Some(Targets {
        clause,
        names,
        value,
    })
}

/// The one expression that a `SELECT` without its `INTO` comes to.
fn selected(mut tokens: Tokens) -> Option<Span> {
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
