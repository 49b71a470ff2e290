//! `CREATE TABLE`, whole: its elements one by one, then what follows them.

use super::{column, constraint, expr};
use crate::model::{Action, ColumnDef, ConstraintKind, CreateTable, Dialect, Ident, TableChange};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// `CREATE` was read.
pub(super) fn create(tokens: &mut Tokens) -> Option<Action> {
    let or_replace = tokens.take(&["or", "replace"]);
    tokens.take_any(&["global", "local"]);
    let temporary = tokens.take_any(&["temporary", "temp"]).is_some();
    tokens.take_any(&["unlogged", "foreign"]);
    let is_virtual = tokens.take_word("virtual");
    tokens.take_word("table").then_some(())?;
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let mut table = CreateTable {
        if_not_exists,
        or_replace,
        temporary,
        ..CreateTable::named(tokens.name()?)
    };
    if is_virtual {
        module(tokens, &mut table)?;
    } else {
        body(tokens, &mut table)?;
    }
    tokens
        .at_end()
        .then(|| Action::CreateTable(Box::new(table)))
}

fn body(tokens: &mut Tokens, table: &mut CreateTable) -> Option<()> {
    if tokens.take(&["partition", "of"]) {
        table.partition_of = Some(tokens.name()?);
    } else if tokens.take_word("of") {
        tokens.name()?;
    } else if tokens.take_word("like") {
        table.like = Some(tokens.name()?);
    }
    if tokens.is_kind(TokenKind::LeftParen) && !opens_query(tokens) {
        elements(tokens, table)?;
    }
    let mut without_rowid = false;
    while !tokens.at_end() {
        if starts_query(tokens) {
            table.as_query = true;
            finish(tokens);
        } else if tokens.take(&["without", "rowid"]) {
            without_rowid = true;
        } else {
            option(tokens, table)?;
        }
        tokens.take_kind(TokenKind::Comma);
    }
    fill_primary_key(table, without_rowid, tokens.dialect());
    Some(())
}

/// Whether the parenthesis that is next holds a query (MySQL) and no definitions.
fn opens_query(tokens: &Tokens) -> bool {
    tokens.peek_at(1).is_some_and(|token| {
        let word = token.span.of(tokens.text());
        token.kind == TokenKind::Word
            && (word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with"))
    })
}

fn starts_query(tokens: &Tokens) -> bool {
    let query = ["select", "values", "table", "execute"];
    tokens.is("as")
        || tokens.is_any(&query).is_some()
        || tokens.are(&["ignore", "select"])
        || tokens.are(&["replace", "select"])
        || tokens.are(&["ignore", "as"])
        || tokens.are(&["replace", "as"])
        || (tokens.is_kind(TokenKind::LeftParen) && opens_query(tokens))
        || (tokens.is("with")
            && tokens.dialect() == Dialect::Mysql
            && !tokens.are(&["with", "system"]))
}

fn finish(tokens: &mut Tokens) {
    while !tokens.at_end() {
        tokens.advance();
    }
}

/// Columns, constraints and indexes in parentheses.
fn elements(tokens: &mut Tokens, table: &mut CreateTable) -> Option<()> {
    tokens.take_kind(TokenKind::LeftParen)?;
    // PostgreSQL lets a table have no column.
    if tokens.dialect() == Dialect::Postgres && tokens.take_kind(TokenKind::RightParen).is_some() {
        return Some(());
    }
    loop {
        element(tokens, table)?;
        // SQLite lets the commas between constraints be left out.
        let follows = tokens.dialect() == Dialect::Sqlite && constraint::begins(tokens);
        if tokens.take_kind(TokenKind::Comma).is_none() && !follows {
            tokens.take_kind(TokenKind::RightParen)?;
            return Some(());
        }
    }
}

fn element(tokens: &mut Tokens, table: &mut CreateTable) -> Option<()> {
    if tokens.is("like") && tokens.dialect() != Dialect::Sqlite {
        tokens.advance();
        table.like = Some(tokens.name()?);
        while tokens.take_any(&["including", "excluding"]).is_some() {
            tokens.ident()?;
        }
        return Some(());
    }
    if constraint::begins(tokens) {
        match constraint::read(tokens, &table.name)? {
            constraint::Element::Constraint(found) => table.constraints.push(found),
            constraint::Element::Index(found) => table.indexes.push(found),
            constraint::Element::Period => {}
        }
        return Some(());
    }
    // A partition's and a typed table's columns have their types from elsewhere, those of `(a, b) AS SELECT` too.
    let bare = tokens
        .peek_at(1)
        .is_some_and(|token| matches!(token.kind, TokenKind::Comma | TokenKind::RightParen));
    if bare || table.partition_of.is_some() {
        let mut found = ColumnDef::plain(tokens.ident()?, None);
        column::clauses(tokens, &mut found)?;
        table.columns.push(found);
        return Some(());
    }
    table.columns.push(column::read(tokens)?);
    Some(())
}

/// One clause after the elements.
fn option(tokens: &mut Tokens, table: &mut CreateTable) -> Option<()> {
    match tokens.dialect() {
        Dialect::Postgres => postgres_option(tokens, table),
        Dialect::Mysql => mysql_option(tokens, table),
        Dialect::Sqlite => tokens.take_word("strict").then_some(()),
    }
}

fn postgres_option(tokens: &mut Tokens, table: &mut CreateTable) -> Option<()> {
    if tokens.take_word("inherits") {
        tokens.take_kind(TokenKind::LeftParen)?;
        while tokens.take_kind(TokenKind::RightParen).is_none() {
            table.inherits.push(tokens.name()?);
            tokens.take_kind(TokenKind::Comma);
        }
        return Some(());
    }
    if tokens.take(&["partition", "by"]) {
        table.partitioned = true;
        tokens.ident()?;
        tokens.parenthesised()?;
        return Some(());
    }
    if tokens.take(&["for", "values"]) {
        while tokens.take_any(&["in", "from", "to", "with"]).is_some() {
            tokens.parenthesised()?;
        }
        return Some(());
    }
    if tokens.take(&["on", "commit"]) {
        tokens.ident()?;
        tokens.take_word("rows");
        return Some(());
    }
    if tokens
        .take_any(&["using", "tablespace", "server"])
        .is_some()
    {
        tokens.ident()?;
        return Some(());
    }
    if tokens.take_any(&["with", "options"]).is_some() {
        tokens.parenthesised()?;
        return Some(());
    }
    (tokens.take(&["without", "oids"])
        || tokens.take(&["with", "oids"])
        || tokens.take_word("default"))
    .then_some(())
}

fn mysql_option(tokens: &mut Tokens, table: &mut CreateTable) -> Option<()> {
    if tokens.take(&["partition", "by"]) {
        table.partitioned = true;
        while !tokens.at_end() && !starts_query(tokens) {
            tokens.skip();
        }
        return Some(());
    }
    if let Some(charset) = charset(tokens) {
        table.charset = Some(charset);
        return Some(());
    }
    if tokens.take(&["with", "system", "versioning"]) {
        return Some(());
    }
    setting(tokens).map(|_| ())
}

/// MySQL's `[DEFAULT] CHARACTER SET [=] name`, lower case.
pub(super) fn charset(tokens: &mut Tokens) -> Option<String> {
    let mark = tokens.mark();
    tokens.take_word("default");
    if tokens.take(&["character", "set"])
        || tokens.take(&["char", "set"])
        || tokens.take_word("charset")
    {
        tokens.take_operator("=");
        return column::word_or_string(tokens).map(|name| name.to_ascii_lowercase());
    }
    tokens.reset(mark);
    None
}

/// One of MySQL's table options, `WORD [WORD] [=] value`: its first word, lower case.
pub(super) fn setting(tokens: &mut Tokens) -> Option<String> {
    tokens.take_word("default");
    let word = tokens.peek_word()?.to_ascii_lowercase();
    tokens.advance();
    if matches!(word.as_str(), "data" | "index") {
        tokens.take_word("directory").then_some(())?;
    }
    if word == "start" {
        tokens.take_word("transaction");
    }
    tokens.take_operator("=");
    let value = tokens.peek()?;
    match value.kind {
        TokenKind::LeftParen => tokens.parenthesised().map(|_| ())?,
        TokenKind::Word | TokenKind::String | TokenKind::Number | TokenKind::QuotedIdent => {
            tokens.advance();
        }
        _ => return None,
    }
    Some(word)
}

/// MySQL's `ALGORITHM` and `LOCK`: how the statement must run.
pub(super) fn demand(tokens: &mut Tokens) -> Option<TableChange> {
    let mark = tokens.mark();
    let word = tokens.take_any(&["algorithm", "lock"])?;
    tokens.take_operator("=");
    let Some(value) = tokens.peek_word() else {
        tokens.reset(mark);
        return None;
    };
    let value = Some(value.to_ascii_lowercase());
    tokens.advance();
    Some(if word == "algorithm" {
        TableChange::Demand {
            algorithm: value,
            lock: None,
        }
    } else {
        TableChange::Demand {
            algorithm: None,
            lock: value,
        }
    })
}

/// The columns of a table's primary key hold no NULL. SQLite keeps that promise for its row id, which fills
/// itself, and for tables without one.
fn fill_primary_key(table: &mut CreateTable, without_rowid: bool, dialect: Dialect) {
    let keys: Vec<Ident> = table
        .constraints
        .iter()
        .filter(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }))
        .flat_map(|constraint| constraint.kind.columns().iter().cloned())
        .collect();
    let single = keys.len() == 1;
    for column in &mut table.columns {
        if !column.primary_key && !keys.contains(&column.name) {
            continue;
        }
        let integer = column
            .data_type
            .as_ref()
            .is_some_and(|found| found.name == "integer");
        let row_id = dialect == Dialect::Sqlite
            && integer
            && !without_rowid
            && (single || column.primary_key);
        column.not_null |= dialect != Dialect::Sqlite || without_rowid || row_id;
        if dialect == Dialect::Sqlite {
            column.auto_increment = row_id;
        }
    }
}

/// SQLite's `USING module(…)`. The arguments of the full-text and spatial modules name columns.
fn module(tokens: &mut Tokens, table: &mut CreateTable) -> Option<()> {
    tokens.take_word("using").then_some(())?;
    table.virtual_module = Some(tokens.ident()?.as_str().to_ascii_lowercase());
    if let Some(inside) = tokens.parenthesised() {
        let mut arguments = tokens.part(inside);
        while !arguments.at_end() {
            let assigns = arguments
                .peek_at(1)
                .is_some_and(|token| token.span.of(arguments.text()) == "=");
            if !assigns && let Some(name) = arguments.ident_at(0) {
                table.columns.push(ColumnDef::plain(name, None));
            }
            arguments.item();
            if arguments.take_kind(TokenKind::Comma).is_none() {
                break;
            }
        }
    }
    Some(())
}

/// The span of an expression list is of no interest: it is only skipped.
pub(super) fn skip_list(tokens: &mut Tokens) -> Option<()> {
    loop {
        expr::until(tokens, &[])?;
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(());
        }
    }
}
