//! sqlparser's tree of one query, for those who ask what it uses, and its names in the terms of the model.

use sqlparser::ast::{Ident as TreeIdent, ObjectName, Statement};

use super::cursor::Tokens;
use super::describe::{expr, parser, tree as names};
use crate::model::{Dialect, Ident, Name, Span};

/// The tree of the one statement that `sql` holds, or in words why there is none.
pub fn tree(sql: &str, dialect: Dialect) -> Result<Statement, String> {
    let whole = Span::new(0, sql.len());
    let tokens = Tokens::new(sql, whole, dialect);
    if expr::nests_too_deeply(&tokens) {
        return Err("it nests too deeply to be read".to_owned());
    }
    parser::statement(&tokens)
}

/// The identifier as the engine compares it.
pub fn ident(found: &TreeIdent, dialect: Dialect) -> Ident {
    names::ident(found, dialect)
}

/// The name as the engine compares it: of more than two parts, the last two.
pub fn name(found: &ObjectName, dialect: Dialect) -> Name {
    names::name(found, dialect)
}
