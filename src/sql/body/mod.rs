//! A look inside: `DO` blocks, compound statements, bodies of routines, and SQL that is kept in strings.
//!
//! Whatever is found inside may or may not run, so its changes are conditional: they prove nothing to be new,
//! and whatever they take away may be gone.

mod arguments;
mod catalog;
mod dynamic;
mod evaluate;
mod targets;
mod template;
mod variables;
mod walk;

pub(super) use arguments::Arguments;
pub use dynamic::Routines;
pub(super) use dynamic::settle;

use super::cursor::Tokens;
use super::describe::Described;
use super::{Opaque, OpaqueKind, split_tokens};
use crate::model::{Dialect, Span};
use template::Template;
use variables::Variables;

/// Blocks in blocks, calls in calls and strings in strings are followed no deeper than this.
const DEPTH_LIMIT: usize = 8;

/// Describes a statement that holds others: PostgreSQL's `DO`, MariaDB's compound statement outside of a
/// routine; and MySQL's `SELECT … INTO @variable`, which is a query. Nothing if it is none of them.
pub(super) fn block(tokens: &mut Tokens, depth: usize) -> Option<Described> {
    match tokens.dialect() {
        Dialect::Postgres if tokens.take_word("do") => Some(do_block(tokens, depth)),
        Dialect::Mysql
            if tokens.are(&["begin", "not", "atomic"])
                || tokens
                    .is_any(&["if", "case", "loop", "while", "repeat", "for"])
                    .is_some() =>
        {
            let mut variables = Variables::default();
            Some(inside(
                "sql",
                tokens.text(),
                tokens.whole(),
                tokens.dialect(),
                depth,
                &mut variables,
            ))
        }
        Dialect::Mysql if depth < DEPTH_LIMIT && tokens.is_any(&["select", "with"]).is_some() => {
            let (text, whole) = (tokens.text(), tokens.whole());
            let targets = targets::targets(tokens.part(whole))?;
            let sql = targets.left_out(text, whole);
            let read = Span::new(0, sql.len());
            let described = script(&sql, read, tokens.dialect(), depth + 1);
            Some(relocated(described, whole))
        }
        _ => None,
    }
}

fn do_block(tokens: &mut Tokens, depth: usize) -> Described {
    let (mut language, mut code) = ("plpgsql".to_owned(), None);
    while !tokens.at_end() {
        if tokens.take_word("language") {
            let written = tokens.literal().map(|literal| literal.value);
            let Some(name) = written.or_else(|| Some(tokens.ident()?.as_str().to_owned())) else {
                return Described::stopped(tokens);
            };
            language = name.to_ascii_lowercase();
        } else if let Some(literal) = tokens.literal() {
            code = Some(literal);
        } else {
            return Described::stopped(tokens);
        }
    }
    let Some(code) = code else {
        return Described::stopped(tokens);
    };
    let mut variables = Variables::default();
    let mut look = |text: &str, span| {
        inside(
            &language,
            text,
            span,
            tokens.dialect(),
            depth,
            &mut variables,
        )
    };
    if code.inside.of(tokens.text()) == code.value {
        return look(tokens.text(), code.inside);
    }
    // With its escapes undone the code stands nowhere in the file.
    let described = look(&code.value, Span::new(0, code.value.len()));
    relocated(described, code.span)
}

/// What the code at `span` of `text` does, statement by statement.
fn inside(
    language: &str,
    text: &str,
    span: Span,
    dialect: Dialect,
    depth: usize,
    variables: &mut Variables,
) -> Described {
    let compound = |word: &str| {
        text[span.start..span.end]
            .trim_start()
            .get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    let procedural = language == "plpgsql"
        || dialect == Dialect::Mysql
        // A body of the SQL standard: `BEGIN ATOMIC … END`, `RETURN expression`.
        || (language == "sql" && (compound("begin") || compound("return")));
    if depth >= DEPTH_LIMIT {
        return unknown(
            OpaqueKind::Syntax,
            "blocks nest too deeply to be read",
            span,
        );
    }
    if procedural {
        return walk::walk(text, span, dialect, depth, variables);
    }
    if language == "sql" {
        return conditional(script(text, span, dialect, depth + 1));
    }
    let reason = format!("code in {language} is not read");
    unknown(OpaqueKind::Dynamic, &reason, span)
}

/// What the statements of a text do.
fn script(text: &str, span: Span, dialect: Dialect, depth: usize) -> Described {
    let mut found = Described::default();
    let (pieces, tokens) = split_tokens(text, span, dialect);
    for piece in pieces {
        let described = super::described(&tokens, &piece, depth);
        found.changes.extend(described.changes);
        if let Some(opaque) = described.opaque {
            found.opaque.get_or_insert(opaque);
        }
    }
    found
}

/// What is run when one of these texts is.
fn executed(texts: &[Template], span: Span, dialect: Dialect, depth: usize) -> Described {
    let mut found = Described::default();
    for text in texts {
        let described = match text.sql(dialect) {
            Ok(sql) => script(&sql, Span::new(0, sql.len()), dialect, depth),
            Err(unknown_part) => unknown(
                OpaqueKind::Dynamic,
                &format!("it runs SQL that is put together at run time from `{unknown_part}`"),
                span,
            ),
        };
        let described = relocated(described, span);
        for change in described.changes {
            if !found.changes.contains(&change) {
                found.changes.push(change);
            }
        }
        if let Some(opaque) = described.opaque {
            found.opaque.get_or_insert(opaque);
        }
    }
    conditional(found)
}

/// The same, standing at `span` of another text.
fn relocated(mut described: Described, span: Span) -> Described {
    for change in &mut described.changes {
        change.span = span;
    }
    if let Some(opaque) = &mut described.opaque {
        opaque.span = span;
    }
    described
}

fn conditional(mut described: Described) -> Described {
    for change in &mut described.changes {
        change.conditional = true;
    }
    described
}

fn unknown(kind: OpaqueKind, reason: &str, span: Span) -> Described {
    Described {
        opaque: Some(Opaque {
            kind,
            reason: reason.to_owned(),
            span,
        }),
        ..Described::default()
    }
}

#[cfg(test)]
mod tests;
