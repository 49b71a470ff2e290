//! Row changes read from tokens: those that list their rows, which may be many thousands, and those that
//! sqlparser does not take.

use crate::model::{Action, Ident, Name, RowChange, RowSource, RowVerb};
use crate::sql::cursor::Tokens;
use crate::sql::describe::expr;
use crate::sql::token::TokenKind;

/// `INSERT` or `REPLACE` with a list of rows; `None` where the rows come from a query.
pub(in crate::sql::describe) fn insert_values(tokens: &mut Tokens) -> Option<Action> {
    let mut change = insert_head(tokens)?;
    if tokens.take(&["default", "values"]) {
        change.source = RowSource::Values(1);
    } else {
        tokens.take_any(&["values", "value"])?;
        change.source = RowSource::Values(rows(tokens, &mut change.calls)?);
    }
    insert_tail(tokens, &mut change)?;
    Some(Action::Rows(Box::new(change)))
}

/// Up to the rows or the query.
fn insert_head(tokens: &mut Tokens) -> Option<RowChange> {
    let mut verb = match tokens.take_any(&["insert", "replace"])? {
        "insert" => RowVerb::Insert,
        _ => RowVerb::Replace,
    };
    if tokens.take_word("or") {
        if tokens.is("replace") {
            verb = RowVerb::Replace;
        }
        tokens.ident()?;
    }
    while tokens
        .take_any(&["low_priority", "delayed", "high_priority", "ignore"])
        .is_some()
    {}
    tokens.take_word("into");
    let table = tokens.name()?;
    let mut change = empty(verb, table);
    if tokens.take_word("as") {
        tokens.ident()?;
    }
    if tokens.take_word("partition") {
        tokens.parenthesised()?;
    }
    if tokens.is_kind(TokenKind::LeftParen) && !query_follows(tokens) {
        change.columns = columns(tokens)?;
    }
    if tokens.take_word("overriding") {
        tokens.take_any(&["system", "user"])?;
        tokens.take_word("value").then_some(())?;
    }
    Some(change)
}

fn empty(verb: RowVerb, table: Name) -> RowChange {
    RowChange {
        verb,
        table,
        columns: Vec::new(),
        source: RowSource::None,
        condition: None,
        every_row: false,
        limited: false,
        calls: Vec::new(),
    }
}

fn query_follows(tokens: &Tokens) -> bool {
    let mut ahead = tokens.clone();
    while ahead.take_kind(TokenKind::LeftParen).is_some() {}
    ahead.is_any(&["select", "with", "values"]).is_some()
}

/// Column names in parentheses; MySQL lets a table stand before each, and none be named.
fn columns(tokens: &mut Tokens) -> Option<Vec<Ident>> {
    tokens.take_kind(TokenKind::LeftParen)?;
    let mut columns = Vec::new();
    while tokens.take_kind(TokenKind::RightParen).is_none() {
        columns.push(tokens.name()?.name);
        // PostgreSQL: a subscript or a field of the column.
        while !tokens.at_end()
            && !tokens.is_kind(TokenKind::Comma)
            && !tokens.is_kind(TokenKind::RightParen)
        {
            tokens.skip();
        }
        tokens.take_kind(TokenKind::Comma);
    }
    Some(columns)
}

/// Counts the rows, without building any. A subquery among them needs a tree.
fn rows(tokens: &mut Tokens, calls: &mut Vec<String>) -> Option<usize> {
    let mut count = 0;
    loop {
        tokens.take_word("row");
        tokens.is_kind(TokenKind::LeftParen).then_some(())?;
        let mut depth = 0_usize;
        loop {
            let token = tokens.peek()?;
            match token.kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth -= 1,
                TokenKind::Word => {
                    if tokens.is("select") {
                        return None;
                    }
                    expr::call_here(tokens, calls);
                }
                _ => {}
            }
            tokens.advance();
            if depth == 0 {
                break;
            }
        }
        count += 1;
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(count);
        }
    }
}

/// `ON CONFLICT`, `ON DUPLICATE KEY UPDATE`, `RETURNING`, and MySQL's alias for the new row.
fn insert_tail(tokens: &mut Tokens, change: &mut RowChange) -> Option<()> {
    if tokens.take_word("as") {
        tokens.ident()?;
        tokens.parenthesised();
    }
    if tokens.at_end() {
        return Some(());
    }
    let known = tokens.are(&["on", "conflict"])
        || tokens.are(&["on", "duplicate"])
        || tokens.is("returning");
    known.then_some(())?;
    while !tokens.at_end() {
        expr::call_here(tokens, &mut change.calls);
        tokens.advance();
    }
    Some(())
}

/// `INSERT`, `UPDATE`, `DELETE` or `REPLACE` that sqlparser does not take: what its words tell.
pub(in crate::sql::describe) fn verb(tokens: &mut Tokens) -> Option<Action> {
    let mark = tokens.mark();
    let mut change = match tokens.is_any(&["insert", "replace", "update", "delete"])? {
        "update" => update(tokens)?,
        "delete" => delete(tokens)?,
        _ => insert_query(tokens)?,
    };
    tokens.reset(mark);
    change.calls = expr::calls(tokens);
    Some(Action::Rows(Box::new(change)))
}

fn insert_query(tokens: &mut Tokens) -> Option<RowChange> {
    let mut change = insert_head(tokens)?;
    if tokens.take_word("set") {
        change.columns = assigned(tokens)?;
        change.source = RowSource::Values(1);
        return Some(change);
    }
    if !query_follows(tokens)
        && tokens
            .is_any(&["select", "with", "values", "table"])
            .is_none()
    {
        return None;
    }
    change.source = RowSource::Query(sources(tokens));
    Some(change)
}

/// The names after `FROM` and `JOIN`, at any depth.
pub(in crate::sql::describe) fn sources(tokens: &mut Tokens) -> Vec<Name> {
    let mut names = Vec::new();
    while !tokens.at_end() {
        if tokens.take_any(&["from", "join"]).is_some() {
            tokens.take_any(&["only", "lateral"]);
            if let Some(name) = tokens.name() {
                names.push(name);
            }
        } else {
            tokens.advance();
        }
    }
    names
}

fn update(tokens: &mut Tokens) -> Option<RowChange> {
    tokens.advance();
    if tokens.take_word("or") {
        tokens.ident()?;
    }
    while tokens
        .take_any(&["low_priority", "ignore", "only"])
        .is_some()
    {}
    let table = tokens.name()?;
    tokens.seek(&["set"])?;
    tokens.advance();
    let mut change = empty(RowVerb::Update, table);
    change.columns = assigned(tokens)?;
    restrict(tokens, &mut change)?;
    Some(change)
}

fn delete(tokens: &mut Tokens) -> Option<RowChange> {
    tokens.advance();
    while tokens
        .take_any(&["low_priority", "quick", "ignore"])
        .is_some()
    {}
    tokens.take_word("from").then_some(())?;
    tokens.take_word("only");
    let mut change = empty(RowVerb::Delete, tokens.name()?);
    restrict(tokens, &mut change)?;
    Some(change)
}

/// The columns of `a = 1, t.b = 2, (c, d) = …`, up to the clause that follows.
fn assigned(tokens: &mut Tokens) -> Option<Vec<Ident>> {
    let mut columns = Vec::new();
    loop {
        if tokens.is_kind(TokenKind::LeftParen) {
            columns.extend(expr::idents(tokens)?);
        } else {
            columns.push(tokens.name()?.name);
        }
        // PostgreSQL: a subscript or a field of the column.
        while !tokens.is_operator("=") && !tokens.is_operator(":=") {
            (tokens.is_operator("[") || tokens.is_kind(TokenKind::Dot)).then_some(())?;
            tokens.skip();
        }
        while !tokens.at_end() && !tokens.is_kind(TokenKind::Comma) {
            if tokens
                .is_any(&["from", "where", "order", "limit", "returning", "on"])
                .is_some()
            {
                return Some(columns);
            }
            tokens.skip();
        }
        if tokens.take_kind(TokenKind::Comma).is_none() {
            return Some(columns);
        }
    }
}

/// `WHERE` and `LIMIT`, from here on.
fn restrict(tokens: &mut Tokens, change: &mut RowChange) -> Option<()> {
    let joined = tokens.clone().seek(&["from", "using", "join"]).is_some();
    if tokens.seek(&["where"]).is_some() {
        tokens.advance();
        let condition = expr::clause(tokens, &["order", "limit", "returning"])?;
        change.every_row = condition.literal;
        change.condition = Some(condition);
    } else {
        change.every_row = !joined;
    }
    change.limited = tokens.seek(&["limit"]).is_some();
    Some(())
}

/// PostgreSQL's `COPY`: into a table, or out of one.
pub(in crate::sql::describe) fn copy(tokens: &mut Tokens) -> Option<Action> {
    tokens.take_word("copy").then_some(())?;
    if tokens.is_kind(TokenKind::LeftParen) {
        return Some(Action::Query {
            calls: expr::calls(tokens),
        });
    }
    let mut change = empty(RowVerb::Copy, tokens.name()?);
    if tokens.is_kind(TokenKind::LeftParen) {
        change.columns = columns(tokens)?;
    }
    if tokens.take_word("to") {
        return Some(Action::Query { calls: Vec::new() });
    }
    tokens.take_word("from").then_some(())?;
    change.source = RowSource::Values(0);
    Some(Action::Rows(Box::new(change)))
}

/// MySQL's `LOAD DATA`.
pub(in crate::sql::describe) fn load_data(tokens: &mut Tokens) -> Option<Action> {
    tokens.take_word("load").then_some(())?;
    tokens.take_any(&["data", "xml"])?;
    let replaces = tokens.clone().seek(&["replace"]).is_some();
    tokens.seek(&["into"])?;
    tokens.take(&["into", "table"]).then_some(())?;
    let verb = if replaces {
        RowVerb::Replace
    } else {
        RowVerb::Copy
    };
    let mut change = empty(verb, tokens.name()?);
    change.source = RowSource::Values(0);
    Some(Action::Rows(Box::new(change)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dialect, Span};

    #[test]
    fn ten_thousand_rows_are_counted_without_a_tree() {
        let rows = vec!["(1, 'a;b', lower('X'))"; 10_000].join(",\n");
        let sql = format!("INSERT INTO t (a, b, c) VALUES {rows}");
        let mut tokens = Tokens::new(&sql, Span::new(0, sql.len()), Dialect::Postgres);
        let Some(Action::Rows(change)) = insert_values(&mut tokens) else {
            panic!("not read")
        };
        assert_eq!(change.source, RowSource::Values(10_000));
        assert_eq!(change.calls, ["lower"]);
        assert_eq!(change.columns.len(), 3);
    }
}
