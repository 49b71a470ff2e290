//! Statements about everything that is neither a table nor rows: routines, triggers, roles and rights, types,
//! sequences, comments, upkeep and talk with the session. All are read from tokens, and each reader takes
//! the whole statement or nothing.

mod access;
mod alter;
mod alter_type;
mod create;
mod function;
mod session;
mod trigger;
mod upkeep;

use super::cursor::Tokens;
use super::describe::Described;
use crate::model::{Action, Dialect, Object, ObjectKind};
use Dialect::{Mysql, Postgres, Sqlite};

/// Reads what a statement does. Nothing, with the cursor near the word that stopped it, where it does not
/// understand all of it.
type Reader = fn(&mut Tokens) -> Option<Vec<Action>>;

/// The words that a statement begins with, where it may, and who reads it.
const READERS: &[(&str, &[Dialect], Reader)] = &[
    ("create", &[Postgres, Mysql, Sqlite], create::read),
    ("alter", &[Postgres, Mysql], alter::read),
    ("comment", &[Postgres], access::comment),
    ("grant", &[Postgres, Mysql], access::grant),
    ("revoke", &[Postgres, Mysql], access::revoke),
    ("reassign", &[Postgres], access::reassign),
    ("security", &[Postgres], access::security_label),
    ("import", &[Postgres], create::import_foreign_schema),
    ("rename", &[Mysql], access::rename_user),
    ("reindex", &[Postgres, Sqlite], upkeep::reindex),
    ("vacuum", &[Postgres, Sqlite], upkeep::vacuum),
    ("analyze", &[Postgres, Mysql, Sqlite], upkeep::analyze),
    ("analyse", &[Postgres], upkeep::analyze),
    ("cluster", &[Postgres], upkeep::cluster),
    ("refresh", &[Postgres], upkeep::refresh),
    ("optimize", &[Mysql], |tokens| {
        upkeep::of_tables(tokens, "optimize table", true)
    }),
    ("repair", &[Mysql], |tokens| {
        upkeep::of_tables(tokens, "repair table", true)
    }),
    ("check", &[Mysql], |tokens| {
        upkeep::of_tables(tokens, "check table", false)
    }),
    ("checksum", &[Mysql], |tokens| {
        upkeep::of_tables(tokens, "checksum table", false)
    }),
    ("lock", &[Postgres, Mysql], upkeep::lock),
    ("flush", &[Mysql], upkeep::flush),
    ("call", &[Postgres, Mysql], session::call),
    ("execute", &[Postgres, Mysql], session::execute),
    ("do", &[Mysql], session::evaluate),
    ("unlock", &[Mysql], session::talk),
    ("kill", &[Mysql], session::talk),
    ("handler", &[Mysql], session::talk),
    ("help", &[Mysql], session::talk),
    ("deallocate", &[Postgres, Mysql], session::talk),
    ("prepare", &[Postgres, Mysql], session::talk),
    ("listen", &[Postgres], session::talk),
    ("unlisten", &[Postgres], session::talk),
    ("notify", &[Postgres], session::talk),
    ("discard", &[Postgres], session::talk),
    ("checkpoint", &[Postgres], session::talk),
    ("declare", &[Postgres], session::talk),
    ("fetch", &[Postgres], session::talk),
    ("move", &[Postgres], session::talk),
    ("close", &[Postgres], session::talk),
    ("attach", &[Sqlite], session::talk),
    ("detach", &[Sqlite], session::talk),
];

/// Describes the statement whose tokens these are. `None` means that no reader here knows how it begins;
/// a statement that begins as a known one and goes on in an unknown way is opaque.
pub(in crate::sql) fn statement(tokens: &mut Tokens) -> Option<Described> {
    let dialect = tokens.dialect();
    let (_, _, reader) = READERS
        .iter()
        .find(|(head, dialects, _)| dialects.contains(&dialect) && tokens.is(head))?;
    tokens.advance();
    let found = reader(tokens).filter(|_| tokens.at_end());
    Some(match found {
        Some(actions) => Described::all(tokens, actions),
        None => Described::stopped(tokens),
    })
}

/// The only action of a statement.
#[expect(clippy::unnecessary_wraps, reason = "it is the answer of a reader")]
fn one(action: Action) -> Option<Vec<Action>> {
    Some(vec![action])
}

/// What has a name and is created as a whole.
fn created(kind: ObjectKind, name: crate::model::Name) -> Action {
    Action::Create {
        object: Object::new(kind, name),
        if_not_exists: false,
        or_replace: false,
    }
}

/// Moves past everything, whatever it is: what it says does not change what the statement does.
fn to_end(tokens: &mut Tokens) {
    while tokens.advance().is_some() {}
}

/// The words of the rest, lower case; those in parentheses only if `inside`.
fn words(tokens: &mut Tokens, inside: bool) -> String {
    let mut words = Vec::new();
    while !tokens.at_end() {
        if !inside && tokens.parenthesised().is_some() {
            continue;
        }
        words.extend(tokens.peek_word().map(str::to_ascii_lowercase));
        tokens.advance();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests;
