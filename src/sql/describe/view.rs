//! `CREATE VIEW`: its columns, what it reads, and whether the engine lets writes through it.

use sqlparser::ast::{
    self, Expr as Tree, GroupByExpr, Query, SelectItem, SetExpr, Statement, TableFactor,
};

use super::rows;
use super::{expr, parser, shown, tree};
use crate::model::{Action, CreateView, Dialect, Ident, Shown, Span};
use crate::sql::cursor::Tokens;
use crate::sql::token::TokenKind;

/// `CREATE` was read (or `ALTER`, which in MySQL replaces a view's query).
pub(super) fn create(tokens: &mut Tokens, replaces: bool) -> Option<Action> {
    let or_replace = tokens.take(&["or", "replace"]) || replaces;
    // MySQL: ALGORITHM = …, DEFINER = …, SQL SECURITY … stand before the word.
    let temporary = tokens.take_any(&["temporary", "temp"]).is_some();
    tokens.take_word("recursive");
    let materialized = tokens.take_word("materialized");
    tokens.seek(&["view"])?;
    tokens.advance();
    let if_not_exists = tokens.take(&["if", "not", "exists"]);
    let name = tokens.name()?;
    let listed = if tokens.is_kind(TokenKind::LeftParen) {
        Some(expr::idents(tokens)?)
    } else {
        None
    };
    tokens.seek(&["as"])?;
    tokens.advance();
    let query = query_span(tokens)?;
    let mut view = CreateView {
        name,
        materialized,
        or_replace,
        if_not_exists,
        temporary,
        columns: None,
        shows: None,
        reads: Vec::new(),
        updatable: false,
    };
    read_query(&mut view, tokens, query);
    view.columns = listed.or(view.columns);
    Some(Action::CreateView(Box::new(view)))
}

/// The query, without `WITH CHECK OPTION` or `WITH DATA` after it.
fn query_span(tokens: &mut Tokens) -> Option<Span> {
    let starts = tokens.is_kind(TokenKind::LeftParen)
        || tokens
            .is_any(&["select", "with", "values", "table"])
            .is_some();
    starts.then_some(())?;
    let mark = tokens.mark();
    while !tokens.at_end() {
        let ends = tokens.are(&["with", "check", "option"])
            || tokens.are(&["with", "cascaded", "check"])
            || tokens.are(&["with", "local", "check"])
            || tokens.are(&["with", "no", "data"])
            || tokens.are(&["with", "data"]);
        if ends {
            break;
        }
        tokens.skip();
    }
    Some(tokens.since(mark))
}

/// What cannot be parsed still tells from its words what it reads.
fn read_query(view: &mut CreateView, tokens: &Tokens, span: Span) {
    let dialect = tokens.dialect();
    let mut words = tokens.part(span);
    let parsed = if expr::nests_too_deeply(&words) {
        None
    } else {
        parser::statement(&words).ok()
    };
    if let Some(Statement::Query(query)) = parsed {
        view.reads = tree::Names::in_tree(&*query, dialect).relations;
        view.shows = shown::query(&query, dialect);
        view.columns = view.shows.as_ref().and_then(|shows| all_columns(shows));
        view.updatable = dialect != Dialect::Sqlite && !view.materialized && is_updatable(&query);
    } else {
        view.reads = rows::sources(&mut words);
    }
}

/// The columns, if no item stands for several.
fn all_columns(shows: &[Shown]) -> Option<Vec<Ident>> {
    let each = shows.iter().map(|shown| match shown {
        Shown::Column(column, _) => Some(column.clone()),
        Shown::AllOf(_) => None,
    });
    each.collect()
}

/// A plain SELECT of one table (PostgreSQL manual, CREATE VIEW, "Updatable Views"; MySQL manual, section 27.5.3).
fn is_updatable(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    let [table] = select.from.as_slice() else {
        return false;
    };
    let plain_table =
        table.joins.is_empty() && matches!(&table.relation, TableFactor::Table { args: None, .. });
    let ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty())
        && select.having.is_none();
    let whole = query.with.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && select.distinct.is_none();
    plain_table && ungrouped && whole && !select.projection.iter().any(aggregates)
}

fn aggregates(item: &SelectItem) -> bool {
    const AGGREGATES: &[&str] = &[
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "array_agg",
        "string_agg",
        "json_agg",
        "jsonb_agg",
        "json_object_agg",
        "jsonb_object_agg",
        "bool_and",
        "bool_or",
        "every",
        "group_concat",
        "json_arrayagg",
        "json_objectagg",
        "unnest",
        "generate_series",
    ];
    let (SelectItem::UnnamedExpr(found) | SelectItem::ExprWithAlias { expr: found, .. }) = item
    else {
        return false;
    };
    let Tree::Function(function) = found else {
        return false;
    };
    let name = function
        .name
        .0
        .last()
        .and_then(ast::ObjectNamePart::as_ident);
    function.over.is_some()
        || name.is_some_and(|name| {
            AGGREGATES
                .iter()
                .any(|known| name.value.eq_ignore_ascii_case(known))
        })
}
