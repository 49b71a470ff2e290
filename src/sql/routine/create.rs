//! `CREATE` of what is neither relation nor type.

use super::{created, function, one, to_end, trigger};
use crate::model::{Action, Dialect, Ident, Name, Object, ObjectKind};
use crate::sql::cursor::Tokens;
use crate::sql::describe::object;
use crate::sql::token::TokenKind;

/// `CREATE` was read.
pub(super) fn read(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let head = Head::read(tokens);
    if tokens.dialect() == Dialect::Sqlite {
        return if tokens.take_word("trigger") {
            trigger::sqlite(tokens, &head)
        } else {
            None
        };
    }
    if tokens.take_word("aggregate") && tokens.dialect() == Dialect::Postgres {
        return function::aggregate(tokens, &head);
    }
    let kind = object::kind(tokens)?;
    match (kind, tokens.dialect()) {
        (ObjectKind::Function | ObjectKind::Procedure, Dialect::Mysql) => {
            function::mysql(tokens, &head, kind)
        }
        (ObjectKind::Function | ObjectKind::Procedure, _) => {
            function::postgres(tokens, &head, kind)
        }
        (ObjectKind::Trigger, Dialect::Mysql) => trigger::mysql(tokens, &head),
        (ObjectKind::Trigger, _) => trigger::postgres(tokens, &head),
        (ObjectKind::Policy, _) => policy(tokens),
        (ObjectKind::Rule, _) => rule(tokens, &head),
        (ObjectKind::Role, _) => roles(tokens, &head),
        (kind, _) => other(tokens, &head, kind),
    }
}

/// The words between `CREATE` and the kind of object.
pub(super) struct Head {
    /// `OR REPLACE`.
    pub(super) or_replace: bool,
}

impl Head {
    fn read(tokens: &mut Tokens) -> Self {
        let or_replace = tokens.take(&["or", "replace"]);
        if tokens.dialect() == Dialect::Mysql && tokens.take_word("definer") {
            tokens.take_operator("=");
            object::role(tokens);
            // `CURRENT_USER()`.
            tokens.parenthesised();
        }
        while tokens
            .take_any(&["trusted", "constraint", "default", "temp", "temporary"])
            .is_some()
        {}
        Self { or_replace }
    }

    /// The object, created as this head says.
    fn creates(&self, object: Object, if_not_exists: bool) -> Action {
        Action::Create {
            object,
            if_not_exists,
            or_replace: self.or_replace,
        }
    }
}

/// `CREATE POLICY name ON table …`.
fn policy(tokens: &mut Tokens) -> Option<Vec<Action>> {
    let policy = Object::new(ObjectKind::Policy, tokens.name()?);
    tokens.take_word("on").then_some(())?;
    let policy = policy.on(tokens.name()?);
    let mut actions = Vec::new();
    if tokens.take(&["as", "restrictive"]) {
        // One policy more of this kind hides rows, as an altered one may.
        actions.push(Action::AlterObject {
            object: policy.clone(),
            clause: "as restrictive".to_owned(),
        });
    }
    tokens.take(&["as", "permissive"]);
    if tokens.take_word("for") {
        tokens.take_any(&["all", "select", "insert", "update", "delete"])?;
    }
    if tokens.take_word("to") {
        while tokens.ident().is_some() && tokens.take_kind(TokenKind::Comma).is_some() {}
    }
    if tokens.take_word("using") {
        tokens.parenthesised()?;
    }
    if tokens.take(&["with", "check"]) {
        tokens.parenthesised()?;
    }
    actions.push(Action::Create {
        object: policy,
        if_not_exists: false,
        or_replace: false,
    });
    Some(actions)
}

/// `CREATE RULE name AS ON event TO table [WHERE …] DO …`.
fn rule(tokens: &mut Tokens, head: &Head) -> Option<Vec<Action>> {
    let rule = Object::new(ObjectKind::Rule, tokens.name()?);
    tokens.take(&["as", "on"]).then_some(())?;
    tokens.take_any(&["select", "insert", "update", "delete"])?;
    tokens.take_word("to").then_some(())?;
    let rule = rule.on(tokens.name()?);
    tokens.seek(&["do"])?;
    to_end(tokens);
    one(head.creates(rule, false))
}

/// `CREATE ROLE`, `CREATE USER`, `CREATE GROUP`; MySQL creates several at once.
fn roles(tokens: &mut Tokens, head: &Head) -> Option<Vec<Action>> {
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let mut actions = Vec::new();
    loop {
        let role = Object::new(ObjectKind::Role, Name::bare(object::role(tokens)?));
        actions.push(head.creates(role, if_not_exists));
        let several = tokens.dialect() == Dialect::Mysql;
        while !(tokens.at_end() || several && tokens.is_kind(TokenKind::Comma)) {
            tokens.skip();
        }
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(actions);
        }
    }
}

/// Everything else: a name, and a definition that no rule asks for.
fn other(tokens: &mut Tokens, head: &Head, kind: ObjectKind) -> Option<Vec<Action>> {
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let name = match kind {
        ObjectKind::Statistics if tokens.is("on") || tokens.is_kind(TokenKind::LeftParen) => {
            Name::bare(Ident::folded("without a name"))
        }
        ObjectKind::Cast => text(tokens.parenthesised()?.of(tokens.text())),
        ObjectKind::Operator => {
            let mark = tokens.mark();
            while !tokens.at_end()
                && !tokens.is_kind(TokenKind::LeftParen)
                && tokens.is_any(&["default", "for", "using"]).is_none()
            {
                tokens.advance();
            }
            text(tokens.since(mark).of(tokens.text()))
        }
        // Mappings, transforms and conversions are `FOR` something.
        ObjectKind::Other if tokens.take_word("for") => tokens.name()?,
        ObjectKind::Table
        | ObjectKind::ForeignTable
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Index
        | ObjectKind::Type
        | ObjectKind::Domain => return None,
        _ => tokens.name()?,
    };
    to_end(tokens);
    one(head.creates(Object::new(kind, name), if_not_exists))
}

/// `IMPORT FOREIGN SCHEMA remote … FROM SERVER server INTO local`: foreign tables that no release uses yet.
pub(super) fn import_foreign_schema(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take(&["foreign", "schema"]).then_some(())?;
    let remote = tokens.name()?;
    tokens.seek(&["into"])?;
    to_end(tokens);
    one(created(ObjectKind::Other, remote))
}

fn text(written: &str) -> Name {
    Name::bare(Ident::folded(written.trim()))
}
