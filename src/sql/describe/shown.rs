//! What a query shows: its columns in order, and what decides the type of each.

use sqlparser::ast::{
    Cte, Expr as Tree, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    TableAlias, TableFactor, TableWithJoins,
};

use super::scope::{Relation, Scope, Source};
use super::{origin, tree};
use crate::model::{Dialect, Ident, Origin, Shown};

/// More columns than a view can have (PostgreSQL 1,600, MySQL 4,096): queries that repeat the `*` of one another would
/// soon show more than can be listed.
const MOST: usize = 4_096;

/// What a query shows, if its text tells that much.
pub(super) fn query(query: &Query, dialect: Dialect) -> Option<Vec<Shown>> {
    of(query, &Scope::new(dialect))
}

/// What a query shows that stands within another.
pub(super) fn of(query: &Query, outer: &Scope) -> Option<Vec<Shown>> {
    let mut scope = outer.inner();
    if let Some(with) = &query.with {
        for cte in &with.cte_tables {
            let source = common_table(cte, &scope, with.recursive);
            scope.define(tree::ident(&cte.alias.name, scope.dialect), source);
        }
    }
    of_body(&query.body, &scope)
}

fn common_table(cte: &Cte, scope: &Scope, recursive: bool) -> Source {
    let mut within = scope.inner();
    if recursive {
        // What it is decides itself by what it is.
        let own = tree::ident(&cte.alias.name, scope.dialect);
        within.define(own, Source::Unknown);
    }
    renamed(of(&cte.query, &within), Some(&cte.alias), scope.dialect)
}

fn of_body(body: &SetExpr, scope: &Scope) -> Option<Vec<Shown>> {
    let shown = match body {
        SetExpr::Select(select) => of_select(select, scope),
        SetExpr::Query(query) => of(query, scope),
        // The first part names the columns, all parts together decide their types.
        SetExpr::SetOperation { left, right, .. } => {
            united(of_body(left, scope)?, of_body(right, scope))
        }
        _ => None,
    };
    shown.filter(|shown| shown.len() <= MOST)
}

fn united(left: Vec<Shown>, right: Option<Vec<Shown>>) -> Option<Vec<Shown>> {
    let mut right = right.map(Vec::into_iter);
    let each = left.into_iter().map(|shown| {
        let other = right.as_mut().and_then(Iterator::next);
        match (shown, other) {
            (Shown::Column(name, one), Some(Shown::Column(_, other))) => {
                Some(Shown::Column(name, origin::common(vec![one, other])))
            }
            (Shown::AllOf(one), Some(Shown::AllOf(other))) if one == other => {
                Some(Shown::AllOf(one))
            }
            // From here on the parts cannot be told to stand one over the other.
            (Shown::Column(name, _), _) => {
                right = None;
                Some(Shown::Column(name, Origin::Unknown))
            }
            (Shown::AllOf(_), _) => None,
        }
    });
    each.collect()
}

fn of_select(select: &Select, outer: &Scope) -> Option<Vec<Shown>> {
    let mut scope = outer.inner();
    for table in &select.from {
        from(table, &mut scope);
    }
    let mut shows = Vec::new();
    for item in &select.projection {
        match item {
            SelectItem::Wildcard(_) => {
                for relation in &scope.relations {
                    shows.extend(relation.source.shown()?);
                }
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = tree::name(name, scope.dialect);
                shows.extend(scope.relation(&name)?.source.shown()?);
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let name = tree::ident(alias, scope.dialect);
                shows.push(Shown::Column(name, origin::of(expr, &scope)));
            }
            SelectItem::UnnamedExpr(expr) => {
                let name = own_name(expr, &scope)?;
                shows.push(Shown::Column(name, origin::of(expr, &scope)));
            }
            _ => return None,
        }
        if shows.len() > MOST {
            return None;
        }
    }
    Some(shows)
}

/// Takes in what a `FROM` item and its joins read.
fn from(table: &TableWithJoins, scope: &mut Scope) {
    let joined = table.joins.iter().map(|join| &join.relation);
    for factor in std::iter::once(&table.relation).chain(joined) {
        relation(factor, scope);
    }
}

fn relation(factor: &TableFactor, scope: &mut Scope) {
    let dialect = scope.dialect;
    let (name, alias, source) = match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } => {
            let own = tree::name(name, dialect);
            let source = scope.source(&own);
            let source = match alias {
                Some(alias) if !alias.columns.is_empty() => {
                    renamed(source.shown(), Some(alias), dialect)
                }
                _ => source,
            };
            (Some(own), alias, source)
        }
        TableFactor::Derived {
            subquery, alias, ..
        } => {
            let shown = of(subquery, scope);
            (None, alias, renamed(shown, alias.as_ref(), dialect))
        }
        TableFactor::NestedJoin {
            table_with_joins,
            alias: None,
        } => return from(table_with_joins, scope),
        TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. } => {
            (Some(tree::name(name, dialect)), alias, Source::Unknown)
        }
        TableFactor::UNNEST { alias, .. }
        | TableFactor::NestedJoin { alias, .. }
        | TableFactor::JsonTable { alias, .. }
        | TableFactor::XmlTable { alias, .. } => (None, alias, Source::Unknown),
        _ => (None, &None, Source::Unknown),
    };
    let called = alias
        .as_ref()
        .map(|alias| tree::ident(&alias.name, dialect));
    scope.relations.push(Relation {
        // `FROM s.t` is called `t` and `s.t`; `FROM s.t AS u` only `u`.
        name: if called.is_some() { None } else { name },
        called,
        source,
    });
}

/// `name (a, b)` names the columns of a query anew.
fn renamed(shown: Option<Vec<Shown>>, alias: Option<&TableAlias>, dialect: Dialect) -> Source {
    let names = alias.map_or(&[][..], |alias| &alias.columns);
    let Some(mut shown) = shown else {
        return Source::Unknown;
    };
    if names.len() > shown.len() {
        return Source::Unknown;
    }
    for (shown, given) in shown.iter_mut().zip(names) {
        match shown {
            Shown::Column(name, _) => *name = tree::ident(&given.name, dialect),
            Shown::AllOf(_) => return Source::Unknown,
        }
    }
    Source::Query(shown)
}

/// The name that an expression without an alias gives its column.
fn own_name(found: &Tree, scope: &Scope) -> Option<Ident> {
    let dialect = scope.dialect;
    match found {
        Tree::Identifier(name) => Some(tree::ident(name, dialect)),
        Tree::CompoundIdentifier(parts) => Some(tree::ident(parts.last()?, dialect)),
        // PostgreSQL names a column after the function, or after the column under a cast or in a query (manual,
        // section 7.3.2), and one that it has no name for `?column?`.
        Tree::Function(function) if dialect == Dialect::Postgres => {
            Some(tree::last(&function.name, dialect))
        }
        Tree::Cast { expr, .. } if dialect == Dialect::Postgres => own_name(expr, scope),
        Tree::Subquery(query) if dialect == Dialect::Postgres => {
            match of(query, scope)?.into_iter().next()? {
                Shown::Column(name, _) => Some(name),
                Shown::AllOf(_) => None,
            }
        }
        Tree::BinaryOp { .. } | Tree::Value(_) if dialect == Dialect::Postgres => {
            Some(Ident::folded("?column?"))
        }
        _ => None,
    }
}
