//! Queries of the engine's own catalog: what they hand out are names of what there is.
//!
//! Such a name is often put into SQL without quotes. Then it is one identifier, or the statement fails: a name
//! that is made to break out of the statement is made by somebody who may change the schema anyway.

use crate::model::Span;
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// The catalog's columns that hold the name of an object.
const NAMES: &[&str] = &[
    "attname",
    "column_name",
    "conname",
    "constraint_name",
    "constraint_schema",
    "foreign_table_name",
    "foreign_table_schema",
    "index_name",
    "indexname",
    "matviewname",
    "nspname",
    "policyname",
    "proname",
    "referenced_table_name",
    "relname",
    "routine_name",
    "routine_schema",
    "schema_name",
    "schemaname",
    "sequence_name",
    "sequence_schema",
    "sequencename",
    "table_name",
    "table_schema",
    "tablename",
    "tgname",
    "trigger_name",
    "trigger_schema",
    "typname",
    "view_name",
    "viewname",
];

/// PostgreSQL's tables that are found without their schema.
const TABLES: &[&str] = &[
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_depend",
    "pg_foreign_table",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_matviews",
    "pg_namespace",
    "pg_partitioned_table",
    "pg_policies",
    "pg_policy",
    "pg_proc",
    "pg_sequence",
    "pg_sequences",
    "pg_tables",
    "pg_trigger",
    "pg_type",
    "pg_views",
];

/// What a query of the catalog hands out.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    /// Its columns with the places of their values; one without a name that is known cannot be asked for by it.
    pub(super) values: Vec<(Option<String>, Span)>,
    /// All columns of what is queried.
    pub(super) star: bool,
}

/// Whether a column of the catalog, which a table may qualify, holds the name of an object.
pub(super) fn is_name(column: &str) -> bool {
    let column = column.rsplit('.').next().unwrap_or(column).trim();
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(column))
}

/// The columns of a `SELECT`; nothing if it reads anything but the catalog.
pub(super) fn columns(mut tokens: Tokens) -> Option<Columns> {
    if let Some(inside) = tokens.parenthesised() {
        return tokens.at_end().then(|| columns(tokens.part(inside)))?;
    }
    tokens.take_word("select").then_some(())?;
    tokens.take_word("distinct");
    let list = tokens.mark();
    tokens.seek(&["from"])?;
    let found = selected(&tokens.part(tokens.since(list)));
    tokens.advance();
    reads_catalog(&mut tokens).then_some(found)
}

/// Whether everything that a query reads is the catalog's.
pub(super) fn is_queried(mut tokens: Tokens) -> bool {
    tokens.seek(&["from"]).is_some() && {
        tokens.advance();
        reads_catalog(&mut tokens)
    }
}

fn selected(list: &Tokens) -> Columns {
    let mut found = Columns::default();
    for item in super::evaluate::items(list.clone()) {
        let mut tokens = list.part(item);
        let mark = tokens.mark();
        if item.of(list.text()).trim_end().ends_with('*') {
            found.star = true;
        } else if tokens.seek(&["as"]).is_some() {
            let value = tokens.since(mark);
            tokens.advance();
            let name = tokens.ident().map(|name| name.as_str().to_owned());
            found.values.push((name, value));
        } else {
            let column = tokens.name().filter(|_| tokens.at_end());
            let name = column.map(|column| column.name.as_str().to_owned());
            found.values.push((name, item));
        }
    }
    found
}

/// `FROM` was read: tables, and what joins them, up to the end or `WHERE`.
fn reads_catalog(tokens: &mut Tokens) -> bool {
    const AFTER: &[&str] = &[
        "where", "group", "having", "order", "limit", "window", "offset",
    ];
    const COMBINED: &[&str] = &["union", "intersect", "except"];
    let mut table_follows = true;
    while !tokens.at_end() && tokens.is_any(AFTER).is_none() {
        if tokens.is_any(COMBINED).is_some() {
            return false;
        }
        if table_follows {
            let of_catalog = tokens.name().is_some_and(|table| match &table.schema {
                Some(schema) => ["information_schema", "pg_catalog"]
                    .iter()
                    .any(|known| schema.as_str().eq_ignore_ascii_case(known)),
                None => TABLES.contains(&table.name.as_str()),
            });
            if !of_catalog || tokens.is_kind(TokenKind::LeftParen) {
                return false;
            }
            table_follows = false;
        } else {
            table_follows = tokens.is("join") || tokens.is_kind(TokenKind::Comma);
            tokens.skip();
        }
    }
    !table_follows && tokens.seek(COMBINED).is_none()
}
