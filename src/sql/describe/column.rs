//! Column definitions: `name type clause…`.

use super::{constraint, expr, types};
use crate::model::{ColumnDef, Dialect, Expr, Generated, Ident, Identity, Position};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// Reads a column definition, up to the comma or parenthesis after it, or MySQL's `FIRST` or `AFTER`.
pub(super) fn read(tokens: &mut Tokens) -> Option<ColumnDef> {
    let name = tokens.ident()?;
    definition(tokens, name)
}

/// Reads what follows the name in a column definition.
pub(super) fn definition(tokens: &mut Tokens, name: Ident) -> Option<ColumnDef> {
    let mut column = ColumnDef::plain(name, None);
    let untyped = tokens.dialect() == Dialect::Sqlite || tokens.is("options");
    match types::column_type(tokens) {
        Some(found) => {
            column.data_type = Some(found.data_type);
            column.auto_increment = found.serial;
            column.not_null = found.serial;
        }
        None if untyped => {}
        None => return None,
    }
    clauses(tokens, &mut column)?;
    Some(column)
}

/// Reads the clauses of a column that is typed already: of a partition's or a typed table's.
pub(super) fn clauses(tokens: &mut Tokens, column: &mut ColumnDef) -> Option<()> {
    while !is_end(tokens) {
        clause(tokens, column)?;
    }
    Some(())
}

/// MySQL's `FIRST` and `AFTER column`.
pub(super) fn position(tokens: &mut Tokens) -> Option<Position> {
    if tokens.take_word("first") {
        return Some(Position::First);
    }
    tokens
        .take_word("after")
        .then(|| tokens.ident())?
        .map(Position::After)
}

fn is_end(tokens: &Tokens) -> bool {
    match tokens.peek() {
        None => true,
        Some(token) => match token.kind {
            TokenKind::Comma | TokenKind::RightParen => true,
            TokenKind::Word => tokens.is_any(&["first", "after"]).is_some(),
            _ => false,
        },
    }
}

fn clause(tokens: &mut Tokens, column: &mut ColumnDef) -> Option<()> {
    if tokens.take(&["not", "null"]) {
        column.not_null = true;
        tokens.take(&["no", "inherit"]);
        return on_conflict(tokens);
    }
    if tokens.take_word("null") {
        column.not_null = false;
        return on_conflict(tokens);
    }
    if tokens.take_word("constraint") {
        // The name may be left out in MySQL; the names of a column's constraints say nothing that matters here.
        if tokens
            .is_any(&[
                "check",
                "unique",
                "primary",
                "references",
                "not",
                "default",
                "null",
                "foreign",
            ])
            .is_none()
        {
            tokens.ident()?;
        }
        return Some(());
    }
    if tokens.take_word("default") {
        column.default = Some(default(tokens)?);
        return Some(());
    }
    if tokens.take(&["primary", "key"])
        || (tokens.dialect() == Dialect::Mysql && tokens.take_word("key"))
    {
        return primary_key(tokens, column);
    }
    if tokens.take_word("unique") {
        column.unique = true;
        tokens.take_word("key");
        constraint::index_options(tokens);
        return on_conflict(tokens);
    }
    if tokens.take_word("check") {
        column.check = Some(expr::parenthesised(tokens)?);
        tokens.take(&["no", "inherit"]);
        return on_conflict(tokens);
    }
    if tokens.is("references") {
        column.references = Some(constraint::reference(tokens)?);
        return Some(());
    }
    if tokens.take_word("generated") {
        return generated(tokens, column);
    }
    if tokens.take_word("as") {
        return computed(tokens, column);
    }
    text_clause(tokens, column).or_else(|| storage_clause(tokens))
}

/// `DEFAULT` was read.
pub(super) fn default(tokens: &mut Tokens) -> Option<Expr> {
    const STOPS: &[&str] = &[
        "not",
        "null",
        "check",
        "unique",
        "primary",
        "key",
        "references",
        "constraint",
        "collate",
        "generated",
        "as",
        "comment",
        "on",
        "auto_increment",
        "autoincrement",
        "deferrable",
        "initially",
        "first",
        "after",
        "virtual",
        "stored",
        "visible",
        "invisible",
        "storage",
        "column_format",
        "character",
        "charset",
        "compression",
        "default",
        "engine_attribute",
        "ref_system_id",
        "srid",
        "with",
        "without",
        "options",
        "enforced",
        "no",
    ];
    expr::until(tokens, STOPS)
}

fn primary_key(tokens: &mut Tokens, column: &mut ColumnDef) -> Option<()> {
    column.primary_key = true;
    // SQLite lets a primary key be NULL unless it is the row id: an old promise to files written before it knew better.
    let integer = column
        .data_type
        .as_ref()
        .is_some_and(|found| found.name == "integer");
    column.not_null |= tokens.dialect() != Dialect::Sqlite || integer;
    tokens.take_any(&["asc", "desc"]);
    on_conflict(tokens)?;
    column.auto_increment |= tokens.take_word("autoincrement");
    // The row id is filled in where an INSERT leaves it out.
    column.auto_increment |= tokens.dialect() == Dialect::Sqlite && integer;
    constraint::index_options(tokens);
    Some(())
}

fn generated(tokens: &mut Tokens, column: &mut ColumnDef) -> Option<()> {
    let always = tokens.take_word("always");
    if !always && !tokens.take(&["by", "default"]) {
        return None;
    }
    tokens.take(&["on", "null"]);
    tokens.take_word("as").then_some(())?;
    // MariaDB's `GENERATED ALWAYS AS ROW START`: the server fills it.
    if tokens.take_word("row") {
        tokens.take_any(&["start", "end"])?;
        column.generated = Some(Generated {
            stored: true,
            expr: system_time(),
        });
        return Some(());
    }
    if tokens.take_word("identity") {
        column.identity = Some(Identity { always });
        column.not_null = true;
        tokens.parenthesised();
        return Some(());
    }
    computed(tokens, column)
}

fn system_time() -> Expr {
    Expr {
        text: "system time".to_owned(),
        calls: Vec::new(),
        columns: Vec::new(),
        literal: false,
        passes_null: false,
    }
}

/// `AS` was read.
fn computed(tokens: &mut Tokens, column: &mut ColumnDef) -> Option<()> {
    let expr = expr::parenthesised(tokens)?;
    let stored = tokens
        .take_any(&["stored", "persistent", "virtual"])
        .is_some_and(|word| word != "virtual");
    column.generated = Some(Generated { stored, expr });
    Some(())
}

/// Character set, collation, comment, numbering.
fn text_clause(tokens: &mut Tokens, column: &mut ColumnDef) -> Option<()> {
    if tokens.take_word("collate") {
        tokens.take_operator("=");
        column.collation = Some(word_or_string(tokens)?);
    } else if tokens.take(&["character", "set"])
        || tokens.take(&["char", "set"])
        || tokens.take_word("charset")
    {
        tokens.take_operator("=");
        column.charset = Some(word_or_string(tokens)?.to_ascii_lowercase());
    } else if tokens.take_word("binary") {
        // MySQL: the character set's binary collation.
        column.collation = Some("binary".to_owned());
    } else if tokens.take_word("comment") {
        tokens.take_operator("=");
        tokens.literal()?;
    } else if tokens
        .take_any(&["auto_increment", "autoincrement"])
        .is_some()
    {
        column.auto_increment = true;
        column.not_null |= tokens.dialect() == Dialect::Mysql;
    } else if tokens.take(&["on", "update"]) {
        expr::until(
            tokens,
            &[
                "not",
                "null",
                "comment",
                "default",
                "check",
                "unique",
                "primary",
                "key",
                "references",
                "first",
                "after",
                "collate",
                "invisible",
                "visible",
            ],
        )?;
    } else if tokens
        .take_any(&["ascii", "unicode", "byte", "unsigned", "signed", "zerofill"])
        .is_none()
    {
        return None;
    }
    Some(())
}

/// What only says how values are kept or when constraints are checked.
fn storage_clause(tokens: &mut Tokens) -> Option<()> {
    if constraint::timing(tokens).is_some()
        || tokens
            .take_any(&[
                "invisible",
                "visible",
                "compressed",
                "virtual",
                "stored",
                "persistent",
                "sparse",
            ])
            .is_some()
    {
        return Some(());
    }
    if tokens.take(&["without", "system", "versioning"])
        || tokens.take(&["with", "system", "versioning"])
    {
        return Some(());
    }
    if tokens
        .take_any(&["storage", "column_format", "compression"])
        .is_some()
    {
        tokens.ident()?;
        return Some(());
    }
    if tokens
        .take_any(&[
            "srid",
            "ref_system_id",
            "engine_attribute",
            "secondary_engine_attribute",
        ])
        .is_some()
    {
        tokens.take_operator("=");
        tokens.advance()?;
        return Some(());
    }
    if tokens.dialect() == Dialect::Postgres && tokens.take_any(&["options", "with"]).is_some() {
        // `WITH OPTIONS` introduces the clauses of a typed table's column, `OPTIONS (…)` those of a foreign one.
        if !tokens.take_word("options") {
            tokens.parenthesised()?;
        }
        return Some(());
    }
    None
}

/// SQLite's `ON CONFLICT resolution`.
fn on_conflict(tokens: &mut Tokens) -> Option<()> {
    if tokens.take(&["on", "conflict"]) {
        tokens.ident()?;
    }
    Some(())
}

/// A collation or character set: a name, maybe qualified, or a string.
pub(in crate::sql) fn word_or_string(tokens: &mut Tokens) -> Option<String> {
    match tokens.literal() {
        Some(literal) => Some(literal.value),
        None => Some(tokens.name()?.to_string()),
    }
}
