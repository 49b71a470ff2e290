//! The plain list: one table or column a line, written by hand or by another tool.
//!
//! ```text
//! # what the billing service touches
//! users              the whole table
//! users.handle       one column
//! auth.users.*       the whole table of a schema
//! auth.users.handle  one column of it
//! ```

use super::{Columns, ReadError, Relied};
use crate::model::{Dialect, Ident, Name, Span};
use crate::sql::token::{Token, TokenKind, tokenize};

/// The forms of a line, for messages.
const FORMS: &str = "write `table`, `table.column`, `schema.table.column` or `schema.table.*`";

/// Reads the list. It does not say what is only read, so that every table on it counts as written, and nothing
/// about routines and types, so that any may be used.
pub(super) fn read(file: &str, text: &str, dialect: Dialect) -> Result<Relied, ReadError> {
    let mut relied = Relied {
        unseen: true,
        ..Relied::default()
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (at, line) in text.lines().enumerate() {
        let entry = parse(line, dialect).map_err(|(offset, message)| ReadError {
            file: file.to_owned(),
            line: at + 1,
            column: line[..offset].chars().count() + 1,
            message,
        })?;
        let Some((table, column)) = entry else {
            continue;
        };
        let reliance = relied.relation(table);
        reliance.writes = true;
        reliance.keys.any = true;
        match column {
            Some(column) => reliance.columns.insert(column),
            None => reliance.columns = Columns::All,
        }
    }
    Ok(relied)
}

/// The table, and the column unless the whole table is meant; `None` for a line that says nothing.
type Entry = Option<(Name, Option<Ident>)>;

/// Reads one line, or says at which byte of it what is wrong.
fn parse(line: &str, dialect: Dialect) -> Result<Entry, (usize, String)> {
    // Quotes may hold the sign of a comment, so that the line is cut token by token.
    let tokens: Vec<_> = tokenize(line, Span::new(0, line.len()), dialect)
        .take_while(|token| !token.span.of(line).starts_with('#'))
        .filter(|token| token.kind != TokenKind::Whitespace)
        .collect();
    let Some(last) = tokens.last() else {
        return Ok(None);
    };
    let end = last.span.end;
    let mut parts = Vec::new();
    let mut whole = false;
    for (at, token) in tokens.iter().enumerate() {
        let wrong = || {
            let found = token.span.of(line);
            (
                token.span.start,
                format!("`{found}` is not expected here; {FORMS}"),
            )
        };
        match (at % 2, token.kind) {
            (0, TokenKind::Word | TokenKind::QuotedIdent) if !whole => {
                parts.push(ident(token, line, dialect));
            }
            (0, TokenKind::Operator) if token.span.of(line) == "*" && at > 0 => whole = true,
            (1, TokenKind::Dot) if !whole => {}
            _ => return Err(wrong()),
        }
    }
    if tokens.len().is_multiple_of(2) {
        return Err((end, format!("a name is missing after the dot; {FORMS}")));
    }
    let qualified = |schema, table| Name::qualified(schema, table, dialect);
    let entry = match (<[Ident; 3]>::try_from(parts), whole) {
        (Ok([schema, table, column]), false) => (qualified(schema, table), Some(column)),
        (Ok(_), true) => return Err((0, format!("too many names; {FORMS}"))),
        (Err(mut parts), whole) => match (parts.pop(), parts.pop(), parts.is_empty()) {
            (Some(table), Some(schema), true) if whole => (qualified(schema, table), None),
            (Some(column), Some(table), true) => (Name::bare(table), Some(column)),
            (Some(table), None, true) => (Name::bare(table), None),
            _ => return Err((0, format!("too many names; {FORMS}"))),
        },
    };
    Ok(Some(entry))
}

fn ident(token: &Token, line: &str, dialect: Dialect) -> Ident {
    let text = token.span.of(line);
    if token.kind == TokenKind::Word {
        return Ident::new(text, false, dialect);
    }
    Ident::new(&super::query::unquoted(text), true, dialect)
}
