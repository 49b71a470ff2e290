//! Table constraints, and the indexes that MySQL defines beside them.

use super::{expr, index};
use crate::model::{Constraint, ConstraintKind, CreateIndex, Dialect, Ident, Name, Reference};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// What stands among the columns of a table without being one.
#[derive(Debug)]
pub(super) enum Element {
    /// A constraint.
    Constraint(Constraint),
    /// MySQL: an index.
    Index(CreateIndex),
    /// MariaDB's `PERIOD FOR …`: nothing that a release sees.
    Period,
}

/// Whether a constraint or index begins here rather than a column.
pub(super) fn begins(tokens: &Tokens) -> bool {
    let mysql = tokens.dialect() == Dialect::Mysql;
    match tokens.is_any(&[
        "constraint",
        "check",
        "unique",
        "primary",
        "foreign",
        "exclude",
        "key",
        "index",
        "fulltext",
        "spatial",
        "period",
        "not",
    ]) {
        Some("constraint" | "check" | "unique" | "primary" | "foreign") => true,
        Some("exclude") => {
            tokens
                .word_at(1)
                .is_some_and(|word| word.eq_ignore_ascii_case("using"))
                || opens(tokens, 1)
        }
        Some("key" | "index" | "fulltext" | "spatial") => mysql,
        Some("period") => mysql && tokens.are(&["period", "for"]),
        Some("not") => tokens.are(&["not", "null"]),
        _ => false,
    }
}

fn opens(tokens: &Tokens, ahead: usize) -> bool {
    tokens
        .peek_at(ahead)
        .is_some_and(|token| token.kind == TokenKind::LeftParen)
}

/// Reads a constraint or index of `table`.
pub(super) fn read(tokens: &mut Tokens, table: &Name) -> Option<Element> {
    if tokens.take(&["period", "for"]) {
        tokens.ident()?;
        tokens.parenthesised()?;
        return Some(Element::Period);
    }
    let mut name = None;
    if tokens.take_word("constraint")
        && tokens
            .is_any(&["check", "unique", "primary", "foreign"])
            .is_none()
    {
        name = Some(tokens.ident()?);
    }
    body(tokens, table, name)
}

fn body(tokens: &mut Tokens, table: &Name, name: Option<Ident>) -> Option<Element> {
    let mut constraint = Constraint {
        name,
        kind: ConstraintKind::Exclude {
            columns: Vec::new(),
        },
        not_valid: false,
        not_enforced: false,
        deferrable: false,
    };
    if tokens.take_word("check") {
        constraint.kind = ConstraintKind::Check(expr::parenthesised(tokens)?);
    } else if tokens.take(&["foreign", "key"]) {
        constraint.kind = foreign_key(tokens, &mut constraint.name)?;
    } else if tokens.take(&["not", "null"]) {
        constraint.kind = ConstraintKind::NotNull {
            column: tokens.ident()?,
        };
    } else if tokens.take(&["primary", "key"]) {
        index::name_and_method(tokens);
        let (columns, using_index) = key_columns(tokens)?;
        constraint.kind = ConstraintKind::PrimaryKey {
            columns,
            using_index,
        };
    } else if tokens.take_word("unique") {
        return unique(tokens, table, constraint);
    } else if tokens.take_word("exclude") {
        constraint.kind = exclude(tokens)?;
    } else if tokens.dialect() == Dialect::Mysql {
        return Some(Element::Index(mysql_index(tokens, table)?));
    } else {
        return None;
    }
    characteristics(tokens, &mut constraint);
    Some(Element::Constraint(constraint))
}

/// `FOREIGN KEY` was read. MySQL allows a name for the index here; where nothing else names the constraint,
/// it does.
fn foreign_key(tokens: &mut Tokens, name: &mut Option<Ident>) -> Option<ConstraintKind> {
    tokens.take(&["if", "not", "exists"]);
    if !tokens.is_kind(TokenKind::LeftParen) {
        let index = tokens.ident()?;
        name.get_or_insert(index);
    }
    let columns = columns(tokens)?;
    Some(ConstraintKind::ForeignKey {
        columns,
        references: reference(tokens)?,
    })
}

/// The columns of a key that takes plain ones only. PostgreSQL 18 marks a period by a word before it.
fn columns(tokens: &mut Tokens) -> Option<Vec<Ident>> {
    tokens.take_kind(TokenKind::LeftParen)?;
    let mut columns = Vec::new();
    loop {
        if tokens.is("period") && tokens.ident_at(1).is_some() {
            tokens.advance();
        }
        columns.push(tokens.ident()?);
        tokens.take_any(&["asc", "desc"]);
        if tokens.take_kind(TokenKind::Comma).is_none() {
            tokens.take_kind(TokenKind::RightParen)?;
            return Some(columns);
        }
    }
}

/// Reads `REFERENCES table [(columns)] …`.
pub(super) fn reference(tokens: &mut Tokens) -> Option<Reference> {
    tokens.take_word("references").then_some(())?;
    let table = tokens.name()?;
    let columns = if tokens.is_kind(TokenKind::LeftParen) {
        columns(tokens)?
    } else {
        Vec::new()
    };
    let mut reference = Reference {
        table,
        columns,
        on_delete_cascade: false,
        on_delete_clears: false,
    };
    loop {
        if tokens.take_word("match") {
            tokens.ident()?;
        } else if tokens.take(&["on", "delete"]) {
            reference.on_delete_cascade = tokens.is("cascade");
            reference.on_delete_clears = tokens.is("set");
            action(tokens)?;
        } else if tokens.take(&["on", "update"]) {
            action(tokens)?;
        } else {
            return Some(reference);
        }
    }
}

fn action(tokens: &mut Tokens) -> Option<()> {
    if tokens.take_any(&["cascade", "restrict"]).is_some() || tokens.take(&["no", "action"]) {
        return Some(());
    }
    tokens.take_word("set").then_some(())?;
    tokens.take_any(&["null", "default"])?;
    tokens.parenthesised();
    Some(())
}

/// `UNIQUE` was read. A key of an expression (MySQL) is an index and no constraint.
fn unique(tokens: &mut Tokens, table: &Name, mut constraint: Constraint) -> Option<Element> {
    let mysql = tokens.dialect() == Dialect::Mysql;
    if mysql {
        tokens.take_any(&["key", "index"]);
        tokens.take(&["if", "not", "exists"]);
        let (name, _) = index::name_and_method(tokens);
        constraint.name = constraint.name.or(name);
        let mark = tokens.mark();
        let keys = index::keys(tokens)?;
        if keys.iter().any(Result::is_err) {
            index_options(tokens);
            let mut index = index::unnamed(table.clone(), keys);
            index.name = constraint.name.map(Name::bare);
            index.unique = true;
            return Some(Element::Index(index));
        }
        tokens.reset(mark);
    } else if tokens.take(&["nulls", "not", "distinct"]) || tokens.take(&["nulls", "distinct"]) {
        // How NULLs compare does not matter to who writes other values.
    }
    let (columns, using_index) = key_columns(tokens)?;
    constraint.kind = ConstraintKind::Unique {
        columns,
        using_index,
    };
    characteristics(tokens, &mut constraint);
    Some(Element::Constraint(constraint))
}

/// The columns of a key, or the index that becomes it.
fn key_columns(tokens: &mut Tokens) -> Option<(Vec<Ident>, Option<Ident>)> {
    if tokens.take(&["using", "index"]) {
        return Some((Vec::new(), Some(tokens.ident()?)));
    }
    let keys = index::keys(tokens)?;
    let columns = keys.into_iter().filter_map(Result::ok).collect();
    index_options(tokens);
    Some((columns, None))
}

/// `EXCLUDE` was read.
fn exclude(tokens: &mut Tokens) -> Option<ConstraintKind> {
    if tokens.take_word("using") {
        tokens.ident()?;
    }
    let inside = tokens.parenthesised()?;
    let mut elements = tokens.part(inside);
    let mut columns = Vec::new();
    while !elements.at_end() {
        if !opens(&elements, 1)
            && let Some(column) = elements.ident_at(0)
        {
            columns.push(column);
        }
        elements.item();
        if elements.take_kind(TokenKind::Comma).is_none() {
            break;
        }
    }
    index_options(tokens);
    if tokens.take_word("where") {
        tokens.parenthesised()?;
    }
    Some(ConstraintKind::Exclude { columns })
}

/// `[FULLTEXT|SPATIAL] {INDEX|KEY} [name] [USING method] (keys)`.
pub(super) fn mysql_index(tokens: &mut Tokens, table: &Name) -> Option<CreateIndex> {
    let kind = tokens.take_any(&["fulltext", "spatial"]);
    let word = tokens.take_any(&["index", "key"]);
    if kind.is_none() && word.is_none() {
        return None;
    }
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let (name, method) = index::name_and_method(tokens);
    let mut index = index::unnamed(table.clone(), index::keys(tokens)?);
    index.name = name.map(Name::bare);
    index.if_not_exists = if_not_exists;
    index.method = kind.map_or(method, str::to_owned);
    index_options(tokens);
    Some(index)
}

/// What may follow the keys of an index or key: none of it changes what it demands.
pub(super) fn index_options(tokens: &mut Tokens) {
    loop {
        let mark = tokens.mark();
        let took =
            if tokens.take(&["using", "index", "tablespace"]) || tokens.take_word("tablespace") {
                tokens.ident().is_some()
            } else if tokens.take_word("using") {
                !tokens.is("index") && tokens.ident().is_some()
            } else if tokens.take(&["with", "parser"]) {
                tokens.ident().is_some()
            } else if tokens.take_any(&["include", "with"]).is_some() {
                tokens.parenthesised().is_some()
            } else if tokens.take_word("comment") {
                tokens.literal().is_some()
            } else if tokens
                .take_any(&[
                    "key_block_size",
                    "engine_attribute",
                    "secondary_engine_attribute",
                    "clustering",
                ])
                .is_some()
            {
                tokens.take_operator("=");
                tokens.advance().is_some()
            } else {
                tokens
                    .take_any(&["visible", "invisible", "ignored"])
                    .is_some()
                    || tokens.take(&["not", "ignored"])
                    || tokens.take(&["nulls", "not", "distinct"])
                    || tokens.take(&["nulls", "distinct"])
            };
        if !took {
            tokens.reset(mark);
            return;
        }
    }
}

fn characteristics(tokens: &mut Tokens, constraint: &mut Constraint) {
    while let Some(timing) = timing(tokens) {
        match timing {
            Timing::Deferrable => constraint.deferrable = true,
            Timing::NotValid => constraint.not_valid = true,
            Timing::NotEnforced => constraint.not_enforced = true,
            Timing::Other => {}
        }
    }
}

/// When, and whether, a constraint is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// `DEFERRABLE`.
    Deferrable,
    /// `NOT VALID`.
    NotValid,
    /// `NOT ENFORCED`.
    NotEnforced,
    /// What says the default, or how the constraint is inherited or resolved.
    Other,
}

/// Reads one word of timing.
pub(super) fn timing(tokens: &mut Tokens) -> Option<Timing> {
    if tokens.take_word("deferrable") {
        return Some(Timing::Deferrable);
    }
    if tokens.take(&["not", "valid"]) {
        return Some(Timing::NotValid);
    }
    if tokens.take(&["not", "enforced"]) {
        return Some(Timing::NotEnforced);
    }
    if tokens.take(&["on", "conflict"]) {
        tokens.ident()?;
        return Some(Timing::Other);
    }
    let other = tokens.take(&["not", "deferrable"])
        || tokens.take(&["initially", "deferred"])
        || tokens.take(&["initially", "immediate"])
        || tokens.take(&["no", "inherit"])
        || tokens.take_word("enforced");
    other.then_some(Timing::Other)
}
