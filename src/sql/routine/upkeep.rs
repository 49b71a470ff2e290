//! Upkeep: what rebuilds, measures or locks what is there.

use super::{one, to_end};
use crate::model::{Action, Dialect, Ident, Name, Object, ObjectKind};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// `REINDEX`.
pub(super) fn reindex(tokens: &mut Tokens) -> Option<Vec<Action>> {
    if tokens.dialect() == Dialect::Sqlite {
        let name = tokens
            .name()
            .unwrap_or_else(|| Name::bare(Ident::folded("main")));
        return one(Action::Reindex {
            object: Object::new(ObjectKind::Index, name),
            concurrently: false,
        });
    }
    let options = options(tokens);
    let kind = match tokens.take_any(&["index", "table", "schema", "database", "system"])? {
        "index" => ObjectKind::Index,
        "table" => ObjectKind::Table,
        "schema" => ObjectKind::Schema,
        _ => ObjectKind::Database,
    };
    let concurrently = tokens.take_word("concurrently") || options.contains("concurrently");
    // Of the database and its catalogs the name may be left out.
    let name = match kind {
        ObjectKind::Database if tokens.at_end() => Name::bare(Ident::folded("current")),
        _ => tokens.name()?,
    };
    one(Action::Reindex {
        object: Object::new(kind, name),
        concurrently,
    })
}

/// `VACUUM`.
pub(super) fn vacuum(tokens: &mut Tokens) -> Option<Vec<Action>> {
    if tokens.dialect() == Dialect::Sqlite {
        to_end(tokens);
        return one(maintain("vacuum", None, true));
    }
    let mut said = options(tokens);
    while let Some(word) = tokens.take_any(&["full", "freeze", "verbose", "analyze", "analyse"]) {
        said.push_str(word);
    }
    let full = said.contains("full") && !said.contains("full false") && !said.contains("full off");
    let command = if full { "vacuum full" } else { "vacuum" };
    if tokens.at_end() {
        return one(maintain(command, None, full));
    }
    let tables = tables_with_columns(tokens)?;
    let each = |table| maintain(command, Some(table), full);
    Some(tables.into_iter().map(each).collect())
}

/// `ANALYZE`.
pub(super) fn analyze(tokens: &mut Tokens) -> Option<Vec<Action>> {
    match tokens.dialect() {
        Dialect::Mysql => {
            tokens.take_any(&["no_write_to_binlog", "local"]);
            tokens.take_any(&["table", "tables"])?;
        }
        Dialect::Postgres => {
            options(tokens);
            tokens.take_word("verbose");
        }
        Dialect::Sqlite => {}
    }
    if tokens.at_end() {
        return one(Action::Analyze { table: None });
    }
    let tables = tables_with_columns(tokens)?;
    if tokens.dialect() == Dialect::Mysql {
        // Histograms and MariaDB's PERSISTENT are statistics too.
        to_end(tokens);
    }
    let each = |table| Action::Analyze { table: Some(table) };
    Some(tables.into_iter().map(each).collect())
}

/// `CLUSTER [table [USING index]]`, and the old `CLUSTER index ON table`.
pub(super) fn cluster(tokens: &mut Tokens) -> Option<Vec<Action>> {
    options(tokens);
    tokens.take_word("verbose");
    if tokens.at_end() {
        return one(maintain("cluster", None, true));
    }
    let mut table = tokens.name()?;
    if tokens.take_word("using") {
        tokens.ident()?;
    } else if tokens.take_word("on") {
        table = tokens.name()?;
    }
    one(maintain("cluster", Some(table), true))
}

/// `REFRESH MATERIALIZED VIEW`. `WITH NO DATA` is not read: no release can query the view after it.
pub(super) fn refresh(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take(&["materialized", "view"]).then_some(())?;
    let concurrently = tokens.take_word("concurrently");
    let view = tokens.name()?;
    tokens.take(&["with", "data"]);
    one(Action::Refresh { view, concurrently })
}

/// MySQL's `OPTIMIZE TABLE`, `REPAIR TABLE`, `CHECK TABLE`, `CHECKSUM TABLE`.
pub(super) fn of_tables(
    tokens: &mut Tokens,
    command: &'static str,
    rewrites: bool,
) -> Option<Vec<Action>> {
    tokens.take_any(&["no_write_to_binlog", "local"]);
    tokens.take_any(&["table", "tables"])?;
    let tables = tables_with_columns(tokens)?;
    to_end(tokens);
    let each = |table| maintain(command, Some(table), rewrites);
    Some(tables.into_iter().map(each).collect())
}

/// `LOCK TABLE(S)`.
pub(super) fn lock(tokens: &mut Tokens) -> Option<Vec<Action>> {
    if tokens.dialect() == Dialect::Mysql {
        return mysql_lock(tokens);
    }
    tokens.take_word("table");
    let mut tables = Vec::new();
    loop {
        tokens.take_word("only");
        tables.push(tokens.name()?);
        tokens.take_operator("*");
        if tokens.take_kind(TokenKind::Comma).is_none() {
            break;
        }
    }
    let mut mode = String::new();
    if tokens.take_word("in") {
        let mark = tokens.mark();
        tokens.seek(&["mode"])?;
        mode = tokens.since(mark).of(tokens.text()).to_ascii_lowercase();
        tokens.advance();
    }
    tokens.take_word("nowait");
    one(Action::LockTable { tables, mode })
}

fn mysql_lock(tokens: &mut Tokens) -> Option<Vec<Action>> {
    if tokens.take(&["instance", "for", "backup"]) {
        return one(Action::LockTable {
            tables: Vec::new(),
            mode: "backup".to_owned(),
        });
    }
    tokens.take_any(&["table", "tables"])?;
    let (mut tables, mut modes) = (Vec::new(), Vec::new());
    loop {
        tables.push(tokens.name()?);
        if tokens.is_any(&["read", "write", "low_priority"]).is_none() {
            tokens.take_word("as");
            tokens.ident()?;
        }
        tokens.take_word("low_priority");
        let mode = tokens.take_any(&["read", "write"])?;
        tokens.take_any(&["local", "concurrent"]);
        modes.push(mode);
        if tokens.take_kind(TokenKind::Comma).is_none() {
            break;
        }
    }
    // The strictest speaks for all.
    let mode = if modes.contains(&"write") {
        "write"
    } else {
        "read"
    };
    one(Action::LockTable {
        tables,
        mode: mode.to_owned(),
    })
}

/// MySQL's `FLUSH`: only tables under a lock bear on anybody.
pub(super) fn flush(tokens: &mut Tokens) -> Option<Vec<Action>> {
    tokens.take_any(&["no_write_to_binlog", "local"]);
    let what = tokens.peek_word()?.to_ascii_lowercase();
    tokens.advance();
    if !matches!(what.as_str(), "table" | "tables") {
        to_end(tokens);
        return one(Action::Session {
            command: format!("flush {what}"),
        });
    }
    let mut tables = Vec::new();
    while !tokens.at_end() && tokens.is_any(&["with", "for"]).is_none() {
        tables.push(tokens.name()?);
        tokens.take_kind(TokenKind::Comma);
    }
    if tokens.take(&["with", "read", "lock"]) || tokens.take(&["for", "export"]) {
        return one(Action::LockTable {
            tables,
            mode: "read".to_owned(),
        });
    }
    one(Action::Session {
        command: "flush tables".to_owned(),
    })
}

fn maintain(command: &'static str, table: Option<Name>, rewrites: bool) -> Action {
    Action::Maintain {
        command,
        table,
        rewrites,
    }
}

/// Options in parentheses, lower case.
fn options(tokens: &mut Tokens) -> String {
    tokens
        .parenthesised()
        .map(|span| span.of(tokens.text()).to_ascii_lowercase())
        .unwrap_or_default()
}

/// `table [(column, …)], …`.
fn tables_with_columns(tokens: &mut Tokens) -> Option<Vec<Name>> {
    let mut tables = Vec::new();
    loop {
        tokens.take_word("only");
        tables.push(tokens.name()?);
        tokens.parenthesised();
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(tables);
        }
    }
}
