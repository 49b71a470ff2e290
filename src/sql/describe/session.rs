//! Transactions, settings, and what else speaks to the session or to whole tables.

use super::Described;
use crate::model::{Action, Change, Dialect, Name, Object, ObjectKind, Span, TransactionControl};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT` and their kin; nothing if it is none of them.
pub(super) fn transaction(tokens: &mut Tokens) -> Option<Action> {
    use TransactionControl as Control;
    let control = match tokens.take_any(&[
        "begin",
        "start",
        "commit",
        "end",
        "rollback",
        "abort",
        "savepoint",
        "release",
    ])? {
        "begin" => Control::Begin,
        "start" => {
            tokens.take_word("transaction").then_some(())?;
            Control::Begin
        }
        "commit" | "end" => Control::Commit,
        "rollback" | "abort" => {
            tokens.take_any(&["transaction", "work"]);
            if tokens.is("to") {
                Control::RollbackToSavepoint
            } else {
                Control::Rollback
            }
        }
        "savepoint" => Control::Savepoint,
        _ => Control::ReleaseSavepoint,
    };
    Some(Action::Transaction(control))
}

/// `SET` and `RESET`; in MySQL one statement may set several variables.
pub(super) fn set(tokens: &mut Tokens) -> Option<Described> {
    if tokens.take_word("reset") {
        let variable = tokens.item().of(tokens.text()).to_ascii_lowercase();
        return Some(Described::whole(
            tokens,
            Action::Set {
                variable,
                value: None,
                local: false,
            },
        ));
    }
    tokens.take_word("set").then_some(())?;
    if tokens.dialect() == Dialect::Mysql {
        return mysql_variables(tokens);
    }
    let scope = tokens.take_any(&["session", "local"]);
    let (variable, value) = postgres_variable(tokens)?;
    Some(Described::whole(
        tokens,
        Action::Set {
            variable,
            value,
            local: scope == Some("local"),
        },
    ))
}

fn postgres_variable(tokens: &mut Tokens) -> Option<(String, Option<String>)> {
    for phrase in [
        &["time", "zone"][..],
        &["characteristics", "as", "transaction"],
        &["authorization"],
        &["role"],
        &["transaction"],
        &["constraints"],
        &["names"],
        &["xml", "option"],
    ] {
        // `SET role = x` sets the same thing by its name as a variable.
        if tokens.are(phrase)
            && !tokens
                .peek_at(phrase.len())
                .is_some_and(|token| matches!(token.span.of(tokens.text()), "=" | "TO" | "to"))
        {
            tokens.take(phrase);
            return Some((phrase.join(" "), value(tokens)));
        }
    }
    let mark = tokens.mark();
    tokens.name()?;
    let variable = tokens.since(mark).of(tokens.text()).to_ascii_lowercase();
    (tokens.take_word("to") || tokens.take_operator("=")).then_some(())?;
    Some((variable, value(tokens)))
}

/// The rest as a value: a single string loses its quotes, DEFAULT is none.
fn value(tokens: &mut Tokens) -> Option<String> {
    let mark = tokens.mark();
    let single = tokens.literal().filter(|_| tokens.at_end());
    tokens.reset(mark);
    match single {
        Some(literal) => Some(literal.value),
        None if tokens.is("default") => None,
        None => Some(tokens.rest_text().to_owned()),
    }
}

fn mysql_variables(tokens: &mut Tokens) -> Option<Described> {
    let mut described = Described::default();
    for phrase in [
        &["names"][..],
        &["character", "set"],
        &["charset"],
        &["transaction"],
        &["session", "transaction"],
        &["global", "transaction"],
        &["role"],
        &["default", "role"],
        &["password"],
    ] {
        if tokens.take(phrase) {
            let action = Action::Set {
                variable: phrase.join(" "),
                value: value(tokens),
                local: false,
            };
            return Some(Described::whole(tokens, action));
        }
    }
    loop {
        let mark = tokens.mark();
        // MariaDB's `SET STATEMENT max_statement_time = 1 FOR …` runs another statement: that is no setting.
        if tokens.is("statement") {
            return None;
        }
        while tokens
            .take_any(&["global", "session", "local", "persist", "persist_only"])
            .is_some()
        {}
        let written = tokens.peek_text().to_ascii_lowercase();
        tokens.advance();
        let mut variable = written.strip_prefix("@@").unwrap_or(&written).to_owned();
        while tokens.take_kind(TokenKind::Dot).is_some() {
            tokens.ident()?.as_str().clone_into(&mut variable);
        }
        (tokens.take_operator("=") || tokens.take_operator(":=")).then_some(())?;
        let start = tokens.mark();
        let single = tokens
            .literal()
            .filter(|_| tokens.at_end() || tokens.is_kind(TokenKind::Comma));
        tokens.reset(start);
        let text = tokens.item().of(tokens.text());
        let value = match single {
            Some(literal) => Some(literal.value),
            None => (!text.eq_ignore_ascii_case("default")).then(|| text.to_owned()),
        };
        described.push(
            Action::Set {
                variable,
                value,
                local: false,
            },
            tokens.since(mark),
        );
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return tokens.at_end().then_some(described);
        }
    }
}

/// SQLite's `PRAGMA [schema.]name [= value | (value)]`.
pub(super) fn pragma(tokens: &mut Tokens) -> Option<Action> {
    tokens.take_word("pragma").then_some(())?;
    let name = tokens.name()?.name.as_str().to_ascii_lowercase();
    let written = if tokens.take_operator("=") {
        Some(tokens.rest())
    } else {
        tokens.parenthesised()
    };
    let value = written.map(|span: Span| {
        span.of(tokens.text())
            .trim()
            .trim_matches(['\'', '"'])
            .to_ascii_lowercase()
    });
    Some(Action::Pragma { name, value })
}

/// `USE database`.
pub(super) fn use_database(tokens: &mut Tokens) -> Option<Action> {
    tokens.take_word("use").then_some(())?;
    Some(Action::Use {
        database: tokens.ident()?,
    })
}

/// `TRUNCATE [TABLE] table, …`.
pub(super) fn truncate(tokens: &mut Tokens) -> Option<Described> {
    tokens.take_word("truncate").then_some(())?;
    tokens.take_word("table");
    tokens.take_word("only");
    let mut named: Vec<(Name, Span)> = Vec::new();
    loop {
        let mark = tokens.mark();
        tokens.take_word("only");
        let name = tokens.name()?;
        tokens.take_operator("*");
        named.push((name, tokens.since(mark)));
        if tokens.take_kind(TokenKind::Comma).is_none() {
            break;
        }
    }
    let _ = tokens.take(&["restart", "identity"]) || tokens.take(&["continue", "identity"]);
    let cascade = tokens.take_any(&["cascade", "restrict"]) == Some("cascade");
    tokens.at_end().then_some(())?;
    let single = named.len() == 1;
    let changes = named.into_iter().map(|(table, span)| Change {
        action: Action::Truncate { table, cascade },
        span: if single { tokens.whole() } else { span },
        conditional: false,
    });
    Some(Described {
        changes: changes.collect(),
        ..Described::default()
    })
}

/// MySQL's `RENAME TABLE a TO b, …`.
pub(super) fn rename_table(tokens: &mut Tokens) -> Option<Described> {
    tokens.take_word("rename").then_some(())?;
    tokens.take_any(&["table", "tables"])?;
    tokens.take(&["if", "exists"]);
    let mut described = Described::default();
    loop {
        let mark = tokens.mark();
        let object = Object::new(ObjectKind::Table, tokens.name()?);
        tokens.take_word("to").then_some(())?;
        let to = tokens.name()?;
        described.push(Action::Rename { object, to }, tokens.since(mark));
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return tokens.at_end().then_some(described);
        }
    }
}
