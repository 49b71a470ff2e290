//! `ALTER` of everything but tables and MySQL's views.

use super::{access, alter_type, one, words};
use crate::model::{Action, Dialect, Ident, Name, Object, ObjectKind};
use crate::sql::cursor::Tokens;
use crate::sql::describe::{alter_table, object};
use crate::sql::token::TokenKind;

/// `ALTER` was read.
pub(super) fn read(tokens: &mut Tokens) -> Option<Vec<Action>> {
    if tokens.take(&["default", "privileges"]) {
        return access::default_privileges(tokens);
    }
    if tokens.take_word("system") {
        return server(tokens, &["set", "reset"]);
    }
    if tokens.take(&["large", "object"]) {
        tokens.advance();
        return owner(tokens, &named(ObjectKind::Other, "large object"));
    }
    if tokens.dialect() == Dialect::Mysql {
        if tokens.take_word("instance") {
            return server(tokens, &["rotate", "enable", "disable", "reload"]);
        }
        definer(tokens);
    }
    let kind = object::kind(tokens)?;
    if kind == ObjectKind::Index && tokens.take_word("all") {
        // `ALTER INDEX ALL IN TABLESPACE a … SET TABLESPACE b` moves files.
        return altered(tokens, named(kind, "all"), &["in"]);
    }
    tokens.take(&["if", "exists"]);
    let found = subject(tokens, kind)?;
    if tokens.take(&["rename", "to"]) {
        let to = tokens.name()?;
        let to = if to.schema.is_some() {
            to
        } else {
            found.name.sibling(to.name)
        };
        return one(Action::Rename { object: found, to });
    }
    if tokens.are(&["owner", "to"]) {
        return owner(tokens, &found);
    }
    if tokens.take(&["set", "schema"]) {
        return one(Action::SetSchema {
            object: found,
            schema: tokens.ident()?,
        });
    }
    match kind {
        ObjectKind::Type => alter_type::composed(tokens, &found.name),
        ObjectKind::Domain => alter_type::domain(tokens, &found.name),
        ObjectKind::Sequence => sequence(tokens, found.name),
        ObjectKind::View | ObjectKind::MaterializedView => view(tokens, found),
        ObjectKind::Policy => policy(tokens, found),
        kind => altered(tokens, found, heads(kind)?),
    }
}

/// What is altered: its name, and what else tells it from others.
fn subject(tokens: &mut Tokens, kind: ObjectKind) -> Option<Object> {
    match kind {
        ObjectKind::Role => {
            let name = if tokens.take_word("all") {
                Ident::folded("all")
            } else {
                object::role(tokens)?
            };
            Some(Object::new(kind, Name::bare(name)))
        }
        ObjectKind::Operator | ObjectKind::Other => {
            let mark = tokens.mark();
            tokens.seek(&[
                "owner",
                "rename",
                "set",
                "add",
                "drop",
                "options",
                "reset",
                "handler",
                "no",
                "validator",
            ])?;
            let name = tokens.since(mark).of(tokens.text()).trim();
            Some(named(kind, name))
        }
        ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy => {
            let found = Object::new(kind, tokens.name()?);
            tokens.take_word("on").then_some(())?;
            Some(found.on(tokens.name()?))
        }
        kind => {
            let mut found = Object::new(kind, tokens.name()?);
            if kind.is_routine() && tokens.is_kind(TokenKind::LeftParen) {
                found.signature = Some(object::signature(tokens)?);
            }
            Some(found)
        }
    }
}

/// The words that a clause may begin with which only says how the object is run, kept or reached.
fn heads(kind: ObjectKind) -> Option<&'static [&'static str]> {
    Some(match kind {
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate => &[
            "immutable",
            "stable",
            "volatile",
            "strict",
            "called",
            "returns",
            "leakproof",
            "not",
            "external",
            "security",
            "parallel",
            "cost",
            "rows",
            "support",
            "set",
            "reset",
            "depends",
            "no",
            "comment",
            "language",
            "contains",
            "reads",
            "modifies",
            "sql",
        ],
        ObjectKind::Index => &["set", "reset", "attach", "depends", "no", "alter"],
        ObjectKind::Role => &[
            "with",
            "set",
            "reset",
            "in",
            "superuser",
            "nosuperuser",
            "createdb",
            "nocreatedb",
            "createrole",
            "nocreaterole",
            "inherit",
            "noinherit",
            "login",
            "nologin",
            "replication",
            "noreplication",
            "bypassrls",
            "nobypassrls",
            "connection",
            "encrypted",
            "password",
            "valid",
            "add",
            "drop",
            "identified",
            "require",
            "account",
            "default",
            "comment",
            "attribute",
            "failed_login_attempts",
            "discard",
        ],
        ObjectKind::Database => &[
            "with",
            "set",
            "reset",
            "allow_connections",
            "connection",
            "is_template",
            "character",
            "charset",
            "collate",
            "default",
            "comment",
            "refresh",
            "encryption",
            "read",
        ],
        ObjectKind::Extension => &["update", "add", "drop"],
        ObjectKind::Trigger => &["depends", "no"],
        ObjectKind::EventTrigger => &["enable", "disable"],
        ObjectKind::Publication | ObjectKind::Subscription => &[
            "add",
            "drop",
            "set",
            "connection",
            "refresh",
            "enable",
            "disable",
            "skip",
        ],
        ObjectKind::Statistics => &["set"],
        ObjectKind::Server => &["version", "options"],
        ObjectKind::Other | ObjectKind::Operator => &[
            "options",
            "set",
            "add",
            "drop",
            "reset",
            "handler",
            "no",
            "validator",
        ],
        ObjectKind::Collation => &["refresh"],
        ObjectKind::TextSearch => &["add", "alter", "drop"],
        ObjectKind::Event => &["on", "rename", "enable", "disable", "comment", "do"],
        _ => return None,
    })
}

/// A clause that begins with one of these words, and whose details no rule asks for.
fn altered(tokens: &mut Tokens, object: Object, heads: &[&'static str]) -> Option<Vec<Action>> {
    if tokens.is_kind(TokenKind::LeftParen) && object.kind == ObjectKind::TextSearch {
        // A dictionary's options.
    } else {
        tokens.is_any(heads)?;
    }
    let clause = words(tokens, true);
    one(Action::AlterObject { object, clause })
}

/// Settings of the whole server: every session that starts after it begins with others.
fn server(tokens: &mut Tokens, heads: &[&'static str]) -> Option<Vec<Action>> {
    altered(tokens, named(ObjectKind::Database, "server"), heads)
}

/// `OWNER TO role`.
fn owner(tokens: &mut Tokens, object: &Object) -> Option<Vec<Action>> {
    tokens.take(&["owner", "to"]).then_some(())?;
    tokens.ident()?;
    one(Action::SetOwner {
        object: object.clone(),
    })
}

fn sequence(tokens: &mut Tokens, name: Name) -> Option<Vec<Action>> {
    let mut renumbers = false;
    while !tokens.at_end() {
        let word = tokens.take_any(&[
            "as",
            "increment",
            "minvalue",
            "maxvalue",
            "no",
            "start",
            "restart",
            "cache",
            "cycle",
            "owned",
            "set",
            "nocache",
            "nocycle",
            "nominvalue",
            "nomaxvalue",
        ])?;
        match word {
            // No sequence holds more than a bigint, so this one can only widen.
            "as" if tokens.take_any(&["bigint", "int8"]).is_some() => {}
            "as" => {
                tokens.name()?;
                renumbers = true;
            }
            "owned" => {
                tokens.take_word("by").then_some(())?;
                tokens.name()?;
            }
            "set" => {
                tokens.take_any(&["logged", "unlogged"])?;
            }
            "start" | "cache" => number(tokens)?,
            "nocache" => {}
            "no" => {
                tokens.take_any(&["minvalue", "maxvalue", "cycle", "cache"])?;
                renumbers = true;
            }
            "increment" | "minvalue" | "maxvalue" => {
                number(tokens)?;
                renumbers = true;
            }
            _ => {
                // `RESTART` alone begins anew.
                let mark = tokens.mark();
                if number(tokens).is_none() {
                    tokens.reset(mark);
                }
                renumbers = true;
            }
        }
    }
    one(Action::AlterSequence { name, renumbers })
}

/// `[WITH|BY|=] [-]number`.
fn number(tokens: &mut Tokens) -> Option<()> {
    tokens.take_any(&["with", "by"]);
    tokens.take_operator("=");
    tokens.take_operator("-");
    tokens.take_kind(TokenKind::Number).map(|_| ())
}

/// A view's options; its columns are altered in the words of `ALTER TABLE`.
fn view(tokens: &mut Tokens, view: Object) -> Option<Vec<Action>> {
    let options = tokens.is_any(&["set", "reset"]).is_some()
        && tokens
            .peek_at(1)
            .is_some_and(|next| next.kind == TokenKind::LeftParen);
    if options || tokens.is_any(&["depends", "no"]).is_some() {
        let clause = words(tokens, true);
        return one(Action::AlterObject {
            object: view,
            clause,
        });
    }
    let mut actions = Vec::new();
    loop {
        actions.extend(alter_table::clause(tokens, &view.name)?);
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(actions);
        }
    }
}

fn policy(tokens: &mut Tokens, policy: Object) -> Option<Vec<Action>> {
    tokens.is_any(&["to", "using", "with"])?;
    let clause = words(tokens, false);
    one(Action::AlterObject {
        object: policy,
        clause,
    })
}

/// MySQL's `DEFINER = user`.
fn definer(tokens: &mut Tokens) {
    if tokens.take_word("definer") {
        tokens.take_operator("=");
        object::role(tokens);
        tokens.parenthesised();
    }
}

fn named(kind: ObjectKind, text: &str) -> Object {
    Object::new(kind, Name::bare(Ident::folded(text)))
}
