//! Who may do what, and what is said of objects: GRANT, REVOKE, ownership, labels and comments.

use super::{Reader, one, to_end};
use crate::model::{Action, Ident, Name, Object, ObjectKind, Span};
use crate::sql::cursor::Tokens;
use crate::sql::describe::object;
use crate::sql::token::TokenKind;

/// `COMMENT ON anything IS 'text'`.
pub(super) fn comment(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take_word("on").then_some(())?;
    let on = phrase(tokens, &["is"])?;
    tokens.take_word("is").then_some(())?;
    if !tokens.take_word("null") {
        // Pieces of a string that stand on lines of their own are one string.
        tokens.literal()?;
        while tokens.literal().is_some() {}
    }
    one(Action::Comment { on })
}

/// `GRANT privileges ON object TO roles`, `GRANT role TO roles`.
pub(super) fn grant(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let (on, to) = privileges(tokens, &["to"])?;
    one(Action::Grant { on, to })
}

/// `REVOKE privileges ON object FROM roles`, `REVOKE role FROM roles`.
pub(super) fn revoke(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take(&["if", "exists"]);
    let mark = tokens.mark();
    // MySQL: `REVOKE ALL PRIVILEGES, GRANT OPTION FROM user` names no object.
    let (on, from) = privileges(tokens, &["from"]).or_else(|| {
        tokens.reset(mark);
        privileges(tokens, &["to"])
    })?;
    one(Action::Revoke { on, from })
}

/// `ALTER DEFAULT PRIVILEGES` was read.
pub(super) fn default_privileges(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let reader: Reader = match tokens.seek(&["grant", "revoke"])? {
        "grant" => grant,
        _ => revoke,
    };
    tokens.advance();
    tokens.take(&["grant", "option", "for"]);
    reader(tokens)
}

/// What the privileges are on (or which they are, where nothing is named), and whose they are.
fn privileges(tokens: &mut Tokens, before_whom: &[&'static str]) -> Option<(String, String)> {
    let mark = tokens.mark();
    let mut on = tokens.mark();
    while tokens.is_any(before_whom).is_none() {
        if tokens.at_end() {
            return None;
        }
        let found = tokens.is("on");
        tokens.skip();
        if found {
            on = tokens.mark();
        }
    }
    let on = spaced(tokens, tokens.since(on));
    if tokens.since(mark).is_empty() || on.is_empty() {
        return None;
    }
    tokens.advance();
    let whom = spaced(tokens, tokens.rest());
    to_end(tokens);
    (!whom.is_empty()).then_some((on, whom))
}

/// `REASSIGN OWNED BY old TO new`.
pub(super) fn reassign(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take(&["owned", "by"]).then_some(())?;
    let roles = phrase(tokens, &["to"])?;
    tokens.take_word("to").then_some(())?;
    tokens.ident()?;
    one(Action::Owned {
        dropped: false,
        roles,
    })
}

/// `SECURITY LABEL [FOR provider] ON object IS 'label'`: what a label does, its provider decides.
pub(super) fn security_label(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take_word("label").then_some(())?;
    tokens.seek(&["on"])?;
    tokens.advance();
    let on = phrase(tokens, &["is"])?;
    to_end(tokens);
    one(Action::AlterObject {
        object: Object::new(ObjectKind::Other, Name::bare(Ident::folded(&on))),
        clause: "security label".to_owned(),
    })
}

/// MySQL's `RENAME USER a TO b, …`.
pub(super) fn rename_user(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take_word("user").then_some(())?;
    let mut actions = Vec::new();
    loop {
        let from = Object::new(ObjectKind::Role, Name::bare(object::role(tokens)?));
        tokens.take_word("to").then_some(())?;
        let to = Name::bare(object::role(tokens)?);
        actions.push(Action::Rename { object: from, to });
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(actions);
        }
    }
}

/// The text up to one of these keywords.
fn phrase(tokens: &mut Tokens, stops: &[&'static str]) -> Option<String> {
    let mark = tokens.mark();
    tokens.seek(stops)?;
    let span = tokens.since(mark);
    (!span.is_empty()).then(|| spaced(tokens, span))
}

/// The text on one line.
fn spaced(tokens: &Tokens, span: Span) -> String {
    let words: Vec<_> = span.of(tokens.text()).split_whitespace().collect();
    words.join(" ")
}
