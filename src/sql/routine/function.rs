//! `CREATE FUNCTION`, `CREATE PROCEDURE`, `CREATE AGGREGATE`.
//!
//! A routine's body is kept as text: creating a routine runs nothing.

use super::create::Head;
use super::{one, to_end};
use crate::model::{Action, CreateRoutine, Object, ObjectKind, RoutineBody, Span};
use crate::sql::cursor::Tokens;
use crate::sql::describe::{column, object, types};
use crate::sql::token::TokenKind;

/// PostgreSQL; `CREATE FUNCTION` or `CREATE PROCEDURE` was read.
pub(super) fn postgres(tokens: &mut Tokens, head: &Head, kind: ObjectKind) -> Option<Vec<Action>> {
    let mut object = Object::new(kind, tokens.name()?);
    let mark = tokens.mark();
    let arguments = tokens.parenthesised()?;
    tokens.reset(mark);
    object.signature = Some(object::signature(tokens)?);
    let mut routine = CreateRoutine {
        object,
        or_replace: head.or_replace,
        if_not_exists: false,
        returns: outgoing(tokens, arguments),
        body: None,
    };
    let mut language = None;
    let mut text = None;
    while !tokens.at_end() {
        if tokens.take_word("language") {
            language = Some(word_or_string(tokens)?);
        } else if tokens.take_word("as") {
            text = Some(tokens.literal()?.value);
            if tokens.take_kind(TokenKind::Comma).is_some() {
                tokens.literal()?;
            }
        } else if tokens.are(&["begin", "atomic"]) || tokens.is("return") {
            text = Some(tokens.rest_text().to_owned());
            language.get_or_insert_with(|| "sql".to_owned());
            to_end(tokens);
        } else if tokens.take(&["returns", "null", "on", "null", "input"])
            || tokens.take(&["called", "on", "null", "input"])
        {
        } else if tokens.take_word("returns") {
            let returned = returned(tokens)?;
            routine.returns = Some(match routine.returns.take() {
                Some(outgoing) => format!("{returned} {outgoing}"),
                None => returned,
            });
        } else {
            characteristic(tokens)?;
        }
    }
    routine.body = text.map(|text| RoutineBody {
        // The one language that a body in quotes may leave out is of the oldest servers.
        language: language.unwrap_or_else(|| "sql".to_owned()),
        text,
    });
    one(Action::CreateRoutine(Box::new(routine)))
}

/// The arguments that go out are a part of what the routine returns.
fn outgoing(tokens: &Tokens, arguments: Span) -> Option<String> {
    let mut arguments = tokens.part(arguments);
    let mut found = Vec::new();
    while !arguments.at_end() {
        let mark = arguments.mark();
        let (mode, _) = object::argument_mode(&mut arguments);
        let goes_out = match mode {
            Some("in") => arguments.is("out"),
            mode => matches!(mode, Some("out" | "inout")),
        };
        arguments.item();
        let argument = arguments.since(mark);
        if goes_out {
            found.push(normal(tokens, argument));
        }
        arguments.advance();
    }
    (!found.is_empty()).then(|| format!("({})", found.join(", ")))
}

/// `RETURNS` was read.
fn returned(tokens: &mut Tokens) -> Option<String> {
    if tokens.take_word("table") {
        let columns = tokens.parenthesised()?;
        return Some(format!("table ({})", normal(tokens, columns)));
    }
    let setof = tokens.take_word("setof");
    let returned = types::read(tokens)?;
    // `table.column%TYPE`.
    if tokens.take_operator("%") {
        tokens.take_word("type").then_some(())?;
    }
    Some(if setof {
        format!("setof {returned}")
    } else {
        returned.to_string()
    })
}

/// What says how the routine is run, not what it answers.
fn characteristic(tokens: &mut Tokens) -> Option<()> {
    if tokens.take_any(&["cost", "rows"]).is_some() {
        return tokens.take_kind(TokenKind::Number).map(|_| ());
    }
    if tokens.take_any(&["support", "parallel"]).is_some() {
        return tokens.name().map(|_| ());
    }
    if tokens.take_word("transform") {
        while tokens.take(&["for", "type"]) {
            types::read(tokens)?;
            tokens.take_kind(TokenKind::Comma);
        }
        return Some(());
    }
    if tokens.take_word("set") {
        return setting(tokens);
    }
    if tokens.take_word("with") {
        return tokens.parenthesised().map(|_| ());
    }
    tokens.take_word("external");
    if tokens.take_word("security") {
        return tokens.take_any(&["definer", "invoker"]).map(|_| ());
    }
    tokens.take_word("not");
    tokens
        .take_any(&[
            "immutable",
            "stable",
            "volatile",
            "strict",
            "leakproof",
            "window",
        ])
        .map(|_| ())
}

/// `SET` was read: `name {TO | =} value, …` or `name FROM CURRENT`.
fn setting(tokens: &mut Tokens) -> Option<()> {
    if !tokens.take(&["time", "zone"]) {
        tokens.name()?;
        if tokens.take(&["from", "current"]) {
            return Some(());
        }
        (tokens.take_word("to") || tokens.take_operator("=")).then_some(())?;
    }
    loop {
        tokens.take_operator("-");
        tokens.advance()?;
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(());
        }
    }
}

/// `CREATE AGGREGATE name (arguments) (definition)`.
pub(super) fn aggregate(tokens: &mut Tokens, head: &Head) -> Option<Vec<Action>> {
    let mut object = Object::new(ObjectKind::Aggregate, tokens.name()?);
    let mark = tokens.mark();
    tokens.parenthesised()?;
    // Of old the arguments stood in the definition.
    if tokens.is_kind(TokenKind::LeftParen) {
        tokens.reset(mark);
        object.signature = Some(object::signature(tokens)?);
        tokens.parenthesised()?;
    }
    one(Action::CreateRoutine(Box::new(CreateRoutine {
        object,
        or_replace: head.or_replace,
        if_not_exists: false,
        returns: None,
        body: None,
    })))
}

/// MySQL; `CREATE FUNCTION` or `CREATE PROCEDURE` was read.
pub(super) fn mysql(tokens: &mut Tokens, head: &Head, kind: ObjectKind) -> Option<Vec<Action>> {
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let mut routine = CreateRoutine {
        object: Object::new(kind, tokens.name()?),
        or_replace: head.or_replace,
        if_not_exists,
        returns: None,
        body: None,
    };
    // A function of a library: `CREATE FUNCTION f RETURNS STRING SONAME 'lib.so'`.
    let arguments = tokens.parenthesised();
    // Nothing is overloaded here; the arguments, names and modes included, tell whether a routine that is
    // created again is the same to its callers.
    routine.object.signature = arguments.map(|span| normal(tokens, span));
    if tokens.take_any(&["returns", "return"]).is_some() {
        let mark = tokens.mark();
        types::read(tokens)?;
        while tokens.take(&["character", "set"])
            || tokens.take_any(&["charset", "collate"]).is_some()
        {
            column::word_or_string(tokens)?;
        }
        routine.returns = Some(normal(tokens, tokens.since(mark)));
    }
    if arguments.is_none() {
        tokens.take_word("soname").then_some(())?;
        tokens.literal()?;
        return one(Action::CreateRoutine(Box::new(routine)));
    }
    while mysql_characteristic(tokens) {}
    if tokens.at_end() {
        return None;
    }
    routine.body = Some(RoutineBody {
        language: "sql".to_owned(),
        text: tokens.rest_text().to_owned(),
    });
    to_end(tokens);
    one(Action::CreateRoutine(Box::new(routine)))
}

fn mysql_characteristic(tokens: &mut Tokens) -> bool {
    if tokens.take_word("comment") {
        return tokens.literal().is_some();
    }
    tokens.take(&["language", "sql"])
        || tokens.take(&["not", "deterministic"])
        || tokens.take_word("deterministic")
        || tokens.take(&["contains", "sql"])
        || tokens.take(&["no", "sql"])
        || tokens.take(&["reads", "sql", "data"])
        || tokens.take(&["modifies", "sql", "data"])
        || tokens.take(&["sql", "security", "definer"])
        || tokens.take(&["sql", "security", "invoker"])
}

/// The tokens in one spelling: lower case, one space.
fn normal(tokens: &Tokens, span: Span) -> String {
    let mut part = tokens.part(span);
    let mut found: Vec<String> = Vec::new();
    while let Some(token) = part.advance() {
        let written = token.span.of(tokens.text());
        found.push(match token.kind {
            TokenKind::Word => written.to_ascii_lowercase(),
            _ => written.to_owned(),
        });
    }
    found.join(" ")
}

fn word_or_string(tokens: &mut Tokens) -> Option<String> {
    match tokens.literal() {
        Some(literal) => Some(literal.value.to_ascii_lowercase()),
        None => Some(tokens.ident()?.as_str().to_ascii_lowercase()),
    }
}
