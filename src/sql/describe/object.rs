//! The words for kinds of objects, and statements that treat all kinds alike: `DROP`, and plain `CREATE`s.

use super::{Described, expr, table, types};
use crate::model::{Action, CreateType, Dialect, Ident, Name, Object, ObjectKind, TypeShape};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// Reads the words for a kind of object.
pub(in crate::sql) fn kind(tokens: &mut Tokens) -> Option<ObjectKind> {
    use ObjectKind as Kind;
    const KINDS: &[(&[&str], ObjectKind)] = &[
        (&["table"], Kind::Table),
        (&["foreign", "table"], Kind::ForeignTable),
        (&["foreign", "data", "wrapper"], Kind::Other),
        (&["view"], Kind::View),
        (&["materialized", "view"], Kind::MaterializedView),
        (&["index"], Kind::Index),
        (&["sequence"], Kind::Sequence),
        (&["function"], Kind::Function),
        (&["procedure"], Kind::Procedure),
        (&["routine"], Kind::Function),
        (&["aggregate"], Kind::Aggregate),
        (&["operator", "class"], Kind::Operator),
        (&["operator", "family"], Kind::Operator),
        (&["operator"], Kind::Operator),
        (&["cast"], Kind::Cast),
        (&["type"], Kind::Type),
        (&["domain"], Kind::Domain),
        (&["collation"], Kind::Collation),
        (&["conversion"], Kind::Other),
        (&["extension"], Kind::Extension),
        (&["schema"], Kind::Schema),
        (&["database"], Kind::Database),
        (&["trigger"], Kind::Trigger),
        (&["event", "trigger"], Kind::EventTrigger),
        (&["event"], Kind::Event),
        (&["rule"], Kind::Rule),
        (&["policy"], Kind::Policy),
        (&["role"], Kind::Role),
        (&["user", "mapping"], Kind::Other),
        (&["user"], Kind::Role),
        (&["group"], Kind::Role),
        (&["publication"], Kind::Publication),
        (&["subscription"], Kind::Subscription),
        (&["statistics"], Kind::Statistics),
        (&["server"], Kind::Server),
        (&["text", "search", "configuration"], Kind::TextSearch),
        (&["text", "search", "dictionary"], Kind::TextSearch),
        (&["text", "search", "parser"], Kind::TextSearch),
        (&["text", "search", "template"], Kind::TextSearch),
        (&["procedural", "language"], Kind::Language),
        (&["language"], Kind::Language),
        (&["access", "method"], Kind::Other),
        (&["tablespace"], Kind::Other),
        (&["transform"], Kind::Other),
        (&["package", "body"], Kind::Other),
        (&["package"], Kind::Other),
    ];
    let (_, found) = KINDS.iter().find(|(words, _)| tokens.take(words))?;
    Some(match found {
        // MySQL has one word too many for the same thing.
        Kind::Schema if tokens.dialect() == Dialect::Mysql => Kind::Database,
        other => *other,
    })
}

/// `DROP` was read.
pub(super) fn drop(tokens: &mut Tokens) -> Option<Described> {
    if tokens.take(&["owned", "by"]) {
        let roles = tokens.rest_text().to_owned();
        return Some(Described::whole(
            tokens,
            Action::Owned {
                dropped: true,
                roles,
            },
        ));
    }
    if tokens.take_word("prepare") {
        return Some(Described::whole(
            tokens,
            Action::Session {
                command: "drop prepare".to_owned(),
            },
        ));
    }
    tokens.take_any(&["temporary", "temp"]);
    let kind = kind(tokens)?;
    let concurrently = kind == ObjectKind::Index && tokens.take_word("concurrently");
    let if_exists = tokens.take(&["if", "exists"]);
    let mut objects = Vec::new();
    loop {
        let mark = tokens.mark();
        let object = object(tokens, kind)?;
        objects.push((object, tokens.since(mark)));
        if tokens.take_kind(TokenKind::Comma).is_none() {
            break;
        }
    }
    let mut described = Described::default();
    let mut cascade = false;
    let mut owner = None;
    let whole = tokens.whole();
    while !tokens.at_end() {
        if tokens.take_word("on") {
            owner = Some(tokens.name()?);
        } else if let Some(word) = tokens.take_any(&["cascade", "restrict", "force"]) {
            cascade |= word == "cascade";
        } else if tokens.take_any(&["wait", "nowait"]).is_some() {
            tokens.take_kind(TokenKind::Number);
        } else if tokens.take(&["with"]) || tokens.take(&["using"]) {
            // `WITH (FORCE)` of a database, `USING method` of an operator class.
            tokens.skip();
        } else if let (Some(table), Some(change)) = (&owner, table::demand(tokens)) {
            described.push(
                Action::AlterTable {
                    table: table.clone(),
                    change: Box::new(change),
                },
                whole,
            );
        } else {
            return None;
        }
    }
    let single = objects.len() == 1;
    for (mut object, span) in objects {
        object.table.clone_from(&owner);
        let action = Action::Drop {
            object,
            if_exists,
            cascade,
            concurrently,
        };
        described.push(action, if single { whole } else { span });
    }
    Some(described)
}

fn object(tokens: &mut Tokens, kind: ObjectKind) -> Option<Object> {
    match kind {
        ObjectKind::Cast => {
            let inside = tokens.parenthesised()?;
            return Some(Object::new(
                kind,
                Name::bare(Ident::folded(inside.of(tokens.text()).trim())),
            ));
        }
        ObjectKind::Role => return Some(Object::new(kind, Name::bare(role(tokens)?))),
        ObjectKind::Other | ObjectKind::Operator => {
            let mark = tokens.mark();
            while !tokens.at_end() && tokens.is_any(&["cascade", "restrict"]).is_none() {
                tokens.skip();
            }
            let text = tokens.since(mark).of(tokens.text());
            return (!text.is_empty()).then(|| Object::new(kind, Name::bare(Ident::folded(text))));
        }
        _ => {}
    }
    let mut object = Object::new(kind, tokens.name()?);
    if kind.is_routine() && tokens.is_kind(TokenKind::LeftParen) {
        object.signature = Some(signature(tokens)?);
    }
    Some(object)
}

/// A role or account: a name, a string, MySQL's `'name'@'host'`.
pub(in crate::sql) fn role(tokens: &mut Tokens) -> Option<Ident> {
    let name = match tokens.literal() {
        Some(literal) => Ident::folded(&literal.value),
        None => tokens.ident()?,
    };
    // `@host` is one token, `@'host'` two.
    if tokens.take_operator("@") || tokens.peek_text().starts_with('@') {
        tokens.advance();
    }
    Some(name)
}

/// A routine's argument types in parentheses, normalised: modes, names and defaults do not tell it from others.
pub(in crate::sql) fn signature(tokens: &mut Tokens) -> Option<String> {
    tokens.take_kind(TokenKind::LeftParen)?;
    let mut found = Vec::new();
    while tokens.take_kind(TokenKind::RightParen).is_none() {
        if tokens.take_operator("*") || tokens.take(&["order", "by"]) {
            continue;
        }
        let (mode, _) = argument_mode(tokens);
        let data_type = argument(tokens)?;
        if mode != Some("out") {
            found.push(data_type);
        }
        if tokens.take_kind(TokenKind::Comma).is_none()
            && !tokens.is_kind(TokenKind::RightParen)
            && !tokens.is("order")
        {
            return None;
        }
    }
    Some(found.join(", "))
}

/// The mode of a routine's argument, and the argument's name if that stands before the mode: PostgreSQL takes
/// either order.
pub(in crate::sql) fn argument_mode(tokens: &mut Tokens) -> (Option<&'static str>, Option<Ident>) {
    const MODES: &[&str] = &["in", "out", "inout", "variadic"];
    if let Some(mode) = tokens.take_any(MODES) {
        return (Some(mode), None);
    }
    let mark = tokens.mark();
    let name = tokens.ident();
    let mode = tokens.take_any(MODES);
    if name.is_none() || mode.is_none() {
        tokens.reset(mark);
        return (None, None);
    }
    (mode, name)
}

/// The type of one argument, with a name before it or without.
fn argument(tokens: &mut Tokens) -> Option<String> {
    let mark = tokens.mark();
    let mut found = types::read(tokens);
    if found.is_none() || !ends_argument(tokens) {
        // A name stands before the type.
        tokens.reset(mark);
        tokens.ident()?;
        found = types::read(tokens);
    }
    if !ends_argument(tokens) {
        return None;
    }
    tokens.item();
    let mut found = found?;
    if tokens.dialect() == Dialect::Postgres {
        // `f(varchar(10))` is `f(varchar)`: the server forgets the length.
        found.args.clear();
    }
    Some(found.to_string())
}

fn ends_argument(tokens: &Tokens) -> bool {
    tokens.is_kind(TokenKind::Comma)
        || tokens.is_kind(TokenKind::RightParen)
        || tokens.is("default")
        || tokens.is_operator("=")
        || tokens.is("order")
}

/// `CREATE` was read, of what has no action of its own: sequences, schemas, databases, extensions.
pub(super) fn create(tokens: &mut Tokens) -> Option<Action> {
    let or_replace = tokens.take(&["or", "replace"]);
    tokens.take_any(&["temporary", "temp", "unlogged"]);
    let kind = kind(tokens)?;
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    // `CREATE SCHEMA AUTHORIZATION role` names the schema after the role.
    tokens.take_word("authorization");
    let name = tokens.name()?;
    // A schema's own elements are statements without a semicolon, which nothing here reads.
    if kind == ObjectKind::Schema && tokens.clone().seek(&["create", "grant"]).is_some() {
        return None;
    }
    Some(Action::Create {
        object: Object::new(kind, name),
        if_not_exists,
        or_replace,
    })
}

/// `CREATE` was read, and `TYPE` or `DOMAIN` follows.
pub(super) fn create_type(tokens: &mut Tokens) -> Option<Action> {
    let shape = if tokens.take_word("domain") {
        domain
    } else {
        composed
    };
    tokens.take_word("type");
    let name = tokens.name()?;
    let shape = shape(tokens)?;
    Some(Action::CreateType(Box::new(CreateType { name, shape })))
}

fn composed(tokens: &mut Tokens) -> Option<TypeShape> {
    if !tokens.take_word("as") {
        // A base type or a shell.
        return Some(TypeShape::Other);
    }
    if tokens.take_word("enum") {
        tokens.take_kind(TokenKind::LeftParen)?;
        let mut labels = Vec::new();
        while tokens.take_kind(TokenKind::RightParen).is_none() {
            labels.push(tokens.literal()?.value);
            tokens.take_kind(TokenKind::Comma);
        }
        return tokens.at_end().then_some(TypeShape::Enum(labels));
    }
    if tokens.take_word("range") {
        return Some(TypeShape::Other);
    }
    tokens.take_kind(TokenKind::LeftParen)?;
    let mut attributes = Vec::new();
    while tokens.take_kind(TokenKind::RightParen).is_none() {
        attributes.push(tokens.ident()?);
        types::read(tokens)?;
        if tokens.take_word("collate") {
            tokens.name()?;
        }
        tokens.take_kind(TokenKind::Comma);
    }
    tokens.at_end().then_some(TypeShape::Composite(attributes))
}

fn domain(tokens: &mut Tokens) -> Option<TypeShape> {
    tokens.take_word("as");
    let base = types::read(tokens)?;
    let (mut constrained, mut refuses_null, mut has_default) = (false, false, false);
    while !tokens.at_end() {
        if tokens.take_word("constraint") || tokens.take_word("collate") {
            tokens.name()?;
        } else if tokens.take(&["not", "null"]) {
            (constrained, refuses_null) = (true, true);
        } else if tokens.take_word("check") {
            let condition = tokens
                .parenthesised()?
                .of(tokens.text())
                .to_ascii_lowercase();
            refuses_null |= condition.contains("not null");
            constrained = true;
        } else if tokens.take_word("default") {
            has_default = true;
            expr::until(tokens, &["not", "null", "check", "constraint", "collate"])?;
        } else {
            tokens.take_word("null").then_some(())?;
        }
    }
    Some(TypeShape::Domain {
        base,
        constrained,
        required: refuses_null && !has_default,
        has_default,
    })
}
