//! What a statement does, read from its tokens and, where there is a query or an expression, from
//! sqlparser's tree.
//!
//! DDL is read from tokens: each clause keeps its place, a clause that is not understood spoils itself alone,
//! and nothing that the statement says is lost on the way through a tree that has no room for it. Each
//! reader answers `None` where it does not understand; the cursor then stands near the word that stopped it.

pub(in crate::sql) mod alter_table;
mod broken;
pub(in crate::sql) mod column;
mod constraint;
pub(in crate::sql) mod expr;
mod index;
mod null;
pub(in crate::sql) mod object;
mod origin;
pub(in crate::sql) mod parser;
mod rows;
mod scope;
mod session;
mod shown;
mod table;
pub(in crate::sql) mod tree;
pub(in crate::sql) mod types;
mod view;

#[cfg(test)]
pub(in crate::sql) mod tests;

use std::collections::HashMap;

use broken::is_broken;

use super::body::Arguments;
use super::cursor::Tokens;
use super::token::TokenKind;
use super::{Opaque, OpaqueKind};
use crate::model::{Action, Change, Dialect, Span};

/// What was understood of a statement, and what was not.
#[derive(Debug, Default)]
pub(in crate::sql) struct Described {
    /// What it does.
    pub(in crate::sql) changes: Vec<Change>,
    /// What was not understood.
    pub(in crate::sql) opaque: Option<Opaque>,
    /// What those of the changes that stand inside of a block hand to the routines that they call, by the place
    /// of the change.
    pub(in crate::sql) arguments: HashMap<usize, Arguments>,
}

impl Described {
    /// One action, done by the whole statement.
    pub(in crate::sql) fn whole(tokens: &Tokens, action: Action) -> Self {
        Self::all(tokens, vec![action])
    }

    /// One more action, done by the part at `span`.
    pub(in crate::sql) fn push(&mut self, action: Action, span: Span) {
        self.changes.push(Change {
            action,
            span,
            conditional: false,
        });
    }

    /// Several actions, each done by the whole statement.
    pub(in crate::sql) fn all(tokens: &Tokens, actions: Vec<Action>) -> Self {
        let span = tokens.whole();
        let each = actions.into_iter().map(|action| Change {
            action,
            span,
            conditional: false,
        });
        Self {
            changes: each.collect(),
            ..Self::default()
        }
    }

    /// Its reader stopped at the next token.
    pub(in crate::sql) fn stopped(tokens: &Tokens) -> Self {
        if tokens.is_kind(TokenKind::Placeholder) {
            return Self::filled_in(tokens);
        }
        let reason = match tokens.peek_text() {
            "" => "the statement ends where more is expected".to_owned(),
            stop => format!("the statement is not understood from `{stop}` on"),
        };
        Self::opaque(tokens, reason)
    }

    /// psql's `:name`, or a parameter, stands where a name does.
    fn filled_in(tokens: &Tokens) -> Self {
        let name = tokens.peek_text();
        let mut described = Self::opaque(
            tokens,
            format!("another program fills in `{name}` before the engine sees it"),
        );
        if let Some(opaque) = &mut described.opaque {
            opaque.kind = OpaqueKind::Template;
        }
        described
    }

    /// Nothing of the statement was understood.
    fn opaque(tokens: &Tokens, reason: String) -> Self {
        let span = tokens.whole();
        Self {
            opaque: Some(Opaque {
                kind: OpaqueKind::Syntax,
                reason,
                span,
            }),
            ..Self::default()
        }
    }
}

/// Describes the statement whose tokens these are. `None` means that it begins as none that is read here;
/// a statement that does and goes on in an unknown way is opaque.
pub(in crate::sql) fn statement(tokens: &mut Tokens) -> Option<Described> {
    let mark = tokens.mark();
    let reader = reader(tokens)?;
    tokens.reset(mark);
    let described = reader(tokens).unwrap_or_else(|| Described::stopped(tokens));
    Some(described)
}

type Reader = fn(&mut Tokens) -> Option<Described>;

/// The reader for a statement that begins like this.
fn reader(tokens: &mut Tokens) -> Option<Reader> {
    const HEADS: &[&str] = &[
        "create",
        "alter",
        "drop",
        "insert",
        "replace",
        "update",
        "delete",
        "merge",
        "select",
        "with",
        "values",
        "table",
        "truncate",
        "rename",
        "set",
        "reset",
        "pragma",
        "use",
        "copy",
        "load",
        "begin",
        "start",
        "commit",
        "end",
        "rollback",
        "abort",
        "savepoint",
        "release",
        "explain",
        "describe",
        "desc",
        "show",
    ];
    if tokens.peek_text() == "(" {
        return Some(|tokens| Some(query(tokens)));
    }
    Some(match tokens.is_any(HEADS)? {
        "create" => return create_reader(tokens),
        "alter" => return alter_reader(tokens),
        "drop" => drop,
        "insert" | "replace" => |tokens| Some(insert(tokens)),
        "update" | "delete" => |tokens| Some(row_change(tokens)),
        "merge" | "select" | "with" | "values" | "table" => |tokens| Some(query(tokens)),
        "truncate" => session::truncate,
        "rename" if tokens.are(&["rename", "table"]) || tokens.are(&["rename", "tables"]) => {
            session::rename_table
        }
        "rename" => return None,
        "set" | "reset" => session::set,
        "pragma" => |tokens| one(tokens, session::pragma),
        "use" => |tokens| one(tokens, session::use_database),
        "copy" => |tokens| one(tokens, rows::copy),
        "load" => |tokens| one(tokens, rows::load_data),
        "explain" | "describe" | "desc" => explain,
        "show" => |tokens| {
            Some(Described::whole(
                tokens,
                Action::Query { calls: Vec::new() },
            ))
        },
        "start" if !tokens.are(&["start", "transaction"]) => return None,
        _ => |tokens| one(tokens, session::transaction),
    })
}

/// The reader for a `CREATE`; routines, triggers and what else has a body or privileges are read elsewhere.
fn create_reader(tokens: &mut Tokens) -> Option<Reader> {
    tokens.advance();
    tokens.take(&["or", "replace"]);
    let mark = tokens.mark();
    while tokens
        .take_any(&[
            "temporary",
            "temp",
            "global",
            "local",
            "unlogged",
            "unique",
            "fulltext",
            "spatial",
            "recursive",
            "virtual",
            "foreign",
            "materialized",
        ])
        .is_some()
    {}
    let found = tokens.is_any(&[
        "table",
        "index",
        "view",
        "type",
        "domain",
        "sequence",
        "schema",
        "database",
        "extension",
    ]);
    if found.is_none()
        && tokens.dialect() == Dialect::Mysql
        && tokens.is_any(&["algorithm", "definer", "sql"]).is_some()
    {
        // Of the objects that have a definer only a view has no body.
        return (tokens.seek(&[
            "view",
            "function",
            "procedure",
            "trigger",
            "event",
            "aggregate",
        ]) == Some("view"))
        .then_some(create_view);
    }
    tokens.reset(mark);
    Some(match found? {
        "table" => |tokens| created(tokens, table::create),
        "index" => create_index,
        "view" => create_view,
        "type" | "domain" => |tokens| created(tokens, object::create_type),
        _ => |tokens| created(tokens, object::create),
    })
}

fn create_view(tokens: &mut Tokens) -> Option<Described> {
    created(tokens, |tokens| view::create(tokens, false))
}

fn alter_reader(tokens: &mut Tokens) -> Option<Reader> {
    tokens.advance();
    while tokens
        .take_any(&["ignore", "online", "offline", "foreign"])
        .is_some()
    {}
    if tokens.is("table") {
        return Some(|tokens| {
            tokens.advance();
            alter_table::read(tokens)
        });
    }
    let mysql = tokens.dialect() == Dialect::Mysql;
    let replaces = mysql
        && tokens
            .is_any(&["algorithm", "definer", "sql", "view"])
            .is_some()
        && tokens.seek(&["view", "event", "function", "procedure"]) == Some("view");
    replaces.then_some(|tokens: &mut Tokens| created(tokens, |tokens| view::create(tokens, true)))
}

fn drop(tokens: &mut Tokens) -> Option<Described> {
    tokens.advance();
    object::drop(tokens)
}

fn create_index(tokens: &mut Tokens) -> Option<Described> {
    tokens.advance();
    let actions = index::create(tokens)?;
    Some(Described::all(tokens, actions))
}

fn created(tokens: &mut Tokens, read: impl Fn(&mut Tokens) -> Option<Action>) -> Option<Described> {
    tokens.advance();
    one(tokens, read)
}

fn one(tokens: &mut Tokens, read: impl Fn(&mut Tokens) -> Option<Action>) -> Option<Described> {
    let action = read(tokens)?;
    Some(Described::whole(tokens, action))
}

/// `INSERT` and `REPLACE`: listed rows are only counted.
fn insert(tokens: &mut Tokens) -> Described {
    let mark = tokens.mark();
    if is_broken(tokens) {
        return row_change(tokens);
    }
    if let Some(action) = rows::insert_values(tokens) {
        return Described::whole(tokens, action);
    }
    tokens.reset(mark);
    row_change(tokens)
}

/// A row change from its tree, or else from its words.
fn row_change(tokens: &mut Tokens) -> Described {
    let mark = tokens.mark();
    match parsed(tokens) {
        Ok(actions) => Described::all(tokens, actions),
        Err(reason) if is_broken(tokens) => Described::opaque(tokens, reason),
        Err(reason) => {
            let found = rows::verb(tokens).map(|action| Described::whole(tokens, action));
            tokens.reset(mark);
            found.unwrap_or_else(|| Described::opaque(tokens, reason))
        }
    }
}

/// A query, or a row change behind `WITH`.
fn query(tokens: &mut Tokens) -> Described {
    match parsed(tokens) {
        Ok(actions) => Described::all(tokens, actions),
        Err(_) if only_reads(tokens) && !is_broken(tokens) => {
            let calls = expr::calls(&mut tokens.clone());
            Described::whole(tokens, Action::Query { calls })
        }
        Err(reason) => Described::opaque(tokens, reason),
    }
}

/// Whether a query that sqlparser does not take holds no word of writing: then it is one, whatever its syntax.
fn only_reads(tokens: &Tokens) -> bool {
    let mut words = tokens.clone();
    if !words.is("select") || words.clone().seek(&["from"]).is_none() {
        return false;
    }
    // In MySQL `INTO` puts what is read into a variable or a file.
    let creates = words.dialect() != Dialect::Mysql;
    while !words.at_end() {
        let writes = words.is_any(&["insert", "update", "delete", "merge"]);
        if writes.is_some() || (creates && words.is("into")) {
            return false;
        }
        words.advance();
    }
    true
}

fn parsed(tokens: &Tokens) -> Result<Vec<Action>, String> {
    if expr::nests_too_deeply(tokens) {
        return Err("it nests too deeply to be read".to_owned());
    }
    let statement = parser::statement(tokens)?;
    rows::describe(&statement, tokens.dialect())
        .ok_or_else(|| "it does more than reading or writing rows".to_owned())
}

/// `EXPLAIN` reads; `EXPLAIN ANALYZE` runs what it explains.
fn explain(tokens: &mut Tokens) -> Option<Described> {
    tokens.advance();
    let mut runs = false;
    loop {
        if let Some(options) = tokens.parenthesised() {
            runs |= options
                .of(tokens.text())
                .to_ascii_lowercase()
                .contains("analyze");
        } else if let Some(word) = tokens.take_any(&["analyze", "verbose", "extended"]) {
            runs |= word == "analyze";
        } else if tokens.take_word("format") {
            tokens.take_operator("=");
            tokens.advance();
        } else {
            break;
        }
    }
    if runs && !tokens.is("explain") {
        return statement(&mut tokens.part(tokens.rest()));
    }
    Some(Described::whole(
        tokens,
        Action::Query { calls: Vec::new() },
    ))
}
