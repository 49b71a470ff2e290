//! What the tree of a query names, each column counted for every table that it could belong to.
//!
//! A column without a table belongs to the innermost query that has a table with such a column. Where the schema
//! does not tell, it counts for all tables in sight, from the inside out until one is met that certainly has it.

mod change;
mod scope;

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, DataType, Expr, Function, JoinConstraint, JoinOperator, ObjectName, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableFactor, TableWithJoins,
    Visit, Visitor,
};

use scope::{Scope, Source};

use super::picture::{Has, Picture};
use super::{Columns, Relied};
use crate::model::{Dialect, Ident, Name};
use crate::sql::query;

/// Adds to `relied` what the statement names. `false` when it is no query and no change of rows: then its tree does
/// not tell all, and what was added is not enough.
pub(super) fn statement(tree: &Statement, picture: &Picture<'_>, relied: &mut Relied) -> bool {
    let mut walk = Walk {
        picture,
        dialect: picture.dialect,
        relied,
        scopes: Vec::new(),
        understood: true,
    };
    let _: ControlFlow<()> = tree.visit(&mut walk);
    walk.understood
}

struct Walk<'w, 's> {
    picture: &'w Picture<'s>,
    dialect: Dialect,
    relied: &'w mut Relied,
    scopes: Vec<Scope>,
    understood: bool,
}

impl Walk<'_, '_> {
    fn ident(&self, found: &ast::Ident) -> Ident {
        query::ident(found, self.dialect)
    }

    fn name(&self, found: &ObjectName) -> Name {
        query::name(found, self.dialect)
    }

    fn whole(&mut self, relation: &Name) {
        self.relied.relation(relation.clone()).columns = Columns::All;
    }

    fn writes(&mut self, relation: &Name) {
        self.relied.relation(relation.clone()).writes = true;
    }

    /// A column of this relation, if it can have it. Whether it certainly has.
    fn column_of(&mut self, relation: &Name, column: &Ident) -> bool {
        let has = self.picture.has(relation, column);
        if has != Has::Not {
            let reliance = self.relied.relation(relation.clone());
            reliance.columns.insert(column.clone());
        }
        has == Has::Certainly
    }

    /// A column that is named without a table.
    fn column(&mut self, column: &Ident) {
        for at in (0..self.scopes.len()).rev() {
            let mut found = false;
            for relation in self.scopes[at].relations() {
                found |= self.column_of(&relation, column);
            }
            if found {
                return;
            }
        }
    }

    /// The relations that the innermost scope which knows this name calls by it; `None` when no scope does. A
    /// query in FROM, or one of WITH, is known and no relation.
    fn called(&self, name: &Ident) -> Option<Vec<Name>> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.called(name))
    }

    /// A name of one part or more in an expression.
    fn path(&mut self, parts: &[Ident]) {
        // `t.c`, `schema.t.c`, `t.c.field`: one of the parts calls a table, and the next is its column.
        let qualified = parts.windows(2).find_map(|pair| {
            let relations = self.called(&pair[0])?;
            Some((relations, pair[1].clone()))
        });
        if let Some((relations, column)) = qualified {
            for relation in relations {
                self.column_of(&relation, &column);
            }
            return;
        }
        for part in parts {
            // `SELECT u FROM users u`, `row_to_json(u)`: the whole row.
            if let [only] = parts
                && let Some(relations) = self.called(only)
            {
                for relation in relations {
                    self.whole(&relation);
                }
            }
            self.column(part);
        }
    }

    fn object_path(&mut self, found: &ObjectName) {
        let parts: Vec<_> = found
            .0
            .iter()
            .filter_map(ast::ObjectNamePart::as_ident)
            .map(|part| self.ident(part))
            .collect();
        self.path(&parts);
    }

    fn items(&mut self, items: &[SelectItem]) {
        for item in items {
            match item {
                SelectItem::Wildcard(_) => self.everything_in_sight(),
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(of),
                    _,
                ) => self.all_of(of),
                _ => {}
            }
        }
    }

    /// `*`
    fn everything_in_sight(&mut self) {
        let relations: Vec<_> = self.scopes.last().map(Scope::relations).unwrap_or_default();
        for relation in relations {
            self.whole(&relation);
        }
    }

    /// `t.*`
    fn all_of(&mut self, of: &ObjectName) {
        let name = self.name(of).name;
        for relation in self.called(&name).unwrap_or_default() {
            self.whole(&relation);
        }
    }

    /// Opens a scope over the tables of a FROM clause, and takes note of them.
    fn enter(&mut self, from: &[&TableWithJoins]) {
        let scope = self.sources(from);
        for source in &scope.sources {
            if let Some(relation) = &source.relation {
                let reliance = self.relied.relation(relation.clone());
                if source.renamed {
                    reliance.columns = Columns::All;
                }
            }
        }
        self.scopes.push(scope);
        for table in from {
            self.joins(table);
        }
    }

    fn sources(&self, from: &[&TableWithJoins]) -> Scope {
        let mut scope = Scope::default();
        for table in from {
            self.add_joined(table, &mut scope);
        }
        scope
    }

    fn add_joined(&self, table: &TableWithJoins, scope: &mut Scope) {
        self.add_factor(&table.relation, scope);
        for join in &table.joins {
            self.add_factor(&join.relation, scope);
        }
    }

    fn add_factor(&self, factor: &TableFactor, scope: &mut Scope) {
        let alias = scope::alias(factor);
        let called = alias.map(|alias| self.ident(&alias.name));
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } => {
                let own = self.name(name);
                let is_cte = own.schema.is_none() && self.is_cte(&own.name);
                scope.sources.push(Source {
                    called: called.unwrap_or_else(|| own.name.clone()),
                    renamed: alias.is_some_and(|alias| !alias.columns.is_empty()),
                    relation: (!is_cte).then_some(own),
                });
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => {
                let first = scope.sources.len();
                self.add_joined(table_with_joins, scope);
                // `(a JOIN b) AS j`: both go by the one name, too.
                if let Some(called) = called {
                    let inner: Vec<_> = scope.sources[first..].to_vec();
                    let outer = inner.into_iter().map(|source| Source {
                        called: called.clone(),
                        ..source
                    });
                    scope.sources.extend(outer);
                }
            }
            TableFactor::Pivot { table, .. }
            | TableFactor::Unpivot { table, .. }
            | TableFactor::MatchRecognize { table, .. } => self.add_factor(table, scope),
            _ => scope.sources.extend(called.map(Source::no_relation)),
        }
    }

    fn is_cte(&self, name: &Ident) -> bool {
        self.scopes.iter().any(|scope| scope.ctes.contains(name))
    }

    /// `USING (…)` and `NATURAL` name columns without writing them as expressions.
    fn joins(&mut self, table: &TableWithJoins) {
        for join in &table.joins {
            match constraint(&join.join_operator) {
                Some(JoinConstraint::Using(columns)) => {
                    for column in columns {
                        self.object_path(column);
                    }
                }
                // Which columns join is decided by both sides, and by what they get later.
                Some(JoinConstraint::Natural) => self.everything_in_sight(),
                _ => {}
            }
            if let TableFactor::NestedJoin {
                table_with_joins, ..
            } = &join.relation
            {
                self.joins(table_with_joins);
            }
        }
        if let TableFactor::NestedJoin {
            table_with_joins, ..
        } = &table.relation
        {
            self.joins(table_with_joins);
        }
    }

    fn call(&mut self, function: &Function) {
        let name = self.name(&function.name);
        let schema = name.schema.as_ref().map(Ident::as_str);
        // sqlc replaces its own before the engine sees the text: `sqlc.embed(users)` by `users.*`.
        if schema == Some("sqlc") {
            if name.name.as_str() == "embed" {
                self.understood &= self.embed(function);
            }
            return;
        }
        if matches!(name.name.as_str(), "nextval" | "currval" | "setval") {
            match first_literal(function) {
                Some(text) => {
                    let sequence = super::query::name_in(&text, self.dialect);
                    self.relied.sequences.insert(sequence);
                }
                None => self.relied.unseen = true,
            }
        }
        self.relied.routines.insert(name);
    }

    fn embed(&mut self, function: &Function) -> bool {
        let ast::FunctionArguments::List(list) = &function.args else {
            return false;
        };
        let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(Expr::Identifier(table)))] =
            list.args.as_slice()
        else {
            return false;
        };
        let table = self.ident(table);
        for relation in self.called(&table).unwrap_or_default() {
            self.whole(&relation);
        }
        true
    }

    fn data_type(&mut self, data_type: &DataType) {
        use ast::ArrayElemTypeDef::{AngleBracket, Parenthesis, SquareBracket};
        match data_type {
            DataType::Custom(name, _) => {
                let name = self.name(name);
                self.relied.types.insert(name);
            }
            DataType::Array(AngleBracket(inner) | SquareBracket(inner, _) | Parenthesis(inner)) => {
                self.data_type(inner);
            }
            _ => {}
        }
    }
}

impl Visitor for Walk<'_, '_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Merge(merge) => self.merge(merge),
            other => {
                self.scopes.push(Scope::default());
                match other {
                    Statement::Truncate(truncate) => {
                        for target in &truncate.table_names {
                            let table = self.name(&target.name);
                            self.writes(&table);
                        }
                    }
                    Statement::Call(function) => self.call(function),
                    other => self.understood &= is_plain(other),
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, _: &Statement) -> ControlFlow<()> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        // ORDER BY stands outside of the SELECT and names its columns, so the tables are in sight there, too.
        let mut selects = Vec::new();
        scope::selects(&query.body, &mut selects);
        let mut scope = Scope::default();
        if let Some(with) = &query.with {
            let names = with
                .cte_tables
                .iter()
                .map(|cte| self.ident(&cte.alias.name));
            scope.ctes = names.collect();
        }
        self.scopes.push(scope);
        let from: Vec<_> = selects.iter().flat_map(|select| &select.from).collect();
        let sources = self.sources(&from).sources;
        let dialect = self.dialect;
        if let Some(scope) = self.scopes.last_mut() {
            scope.sources = sources;
            if let Some(with) = &query.with
                && !with.recursive
            {
                // Without RECURSIVE, a query of WITH is known only behind its own end.
                let ctes = with.cte_tables.iter();
                let pending = ctes.map(|cte| {
                    (
                        &raw const *cte.query,
                        query::ident(&cte.alias.name, dialect),
                    )
                });
                scope.pending = pending.collect();
                scope.ctes.clear();
            }
        }
        // `TABLE users`: the tree keeps only the text of the name, without telling whether it was quoted.
        self.understood &= !matches!(query.body.as_ref(), SetExpr::Table(_));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.pop();
        // Only the query right around may call this one by a name.
        if let Some(outer) = self.scopes.last_mut() {
            outer.complete(query);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.enter(&select.from.iter().collect::<Vec<_>>());
        self.items(&select.projection);
        // `SELECT … INTO t` makes a table; psql and PL/pgSQL mean different things by it.
        self.understood &= select.into.is_none();
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<()> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            name,
            args: Some(_),
            ..
        }
        | TableFactor::Function { name, .. } = factor
        {
            let name = self.name(name);
            self.relied.routines.insert(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(found) => {
                let found = self.ident(found);
                self.path(&[found]);
            }
            Expr::CompoundIdentifier(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.ident(part)).collect();
                self.path(&parts);
            }
            Expr::QualifiedWildcard(of, _) => self.all_of(of),
            Expr::Wildcard(_) => self.everything_in_sight(),
            Expr::Function(function) => {
                self.call(function);
                for argument in qualified_wildcards(function) {
                    self.all_of(argument);
                }
            }
            Expr::Cast {
                expr, data_type, ..
            } => {
                self.data_type(data_type);
                if let (DataType::Regclass, Some(text)) = (data_type, literal(expr)) {
                    let name = super::query::name_in(&text, self.dialect);
                    self.relied.relation(name);
                }
            }
            Expr::TypedString(typed) => self.data_type(&typed.data_type),
            Expr::MatchAgainst { columns, .. } => {
                for column in columns {
                    self.object_path(column);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ast::ValueWithSpan) -> ControlFlow<()> {
        // SQL in a string is for a function that runs it: `ts_stat('SELECT vector FROM documents')`.
        if let Some(text) = value.value.clone().into_string() {
            super::query::words_of_inner_sql(&text, self.dialect, &mut self.relied.words);
        }
        ControlFlow::Continue(())
    }
}

/// Whether a statement that is no row change is understood: a query, or one that names nothing.
const fn is_plain(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Query(_)
            | Statement::Explain { .. }
            | Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. }
            | Statement::Set(_)
            | Statement::ShowVariable { .. }
            | Statement::LISTEN { .. }
            | Statement::UNLISTEN { .. }
            | Statement::NOTIFY { .. }
            | Statement::Pragma { .. }
    )
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::RightSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint)
        | JoinOperator::RightAnti(constraint)
        | JoinOperator::AsOf { constraint, .. }
        | JoinOperator::StraightJoin(constraint) => Some(constraint),
        _ => None,
    }
}

/// The text of a string literal, casts and parentheses aside.
fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => value.value.clone().into_string(),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => literal(expr),
        _ => None,
    }
}

fn first_literal(function: &Function) -> Option<String> {
    let ast::FunctionArguments::List(list) = &function.args else {
        return None;
    };
    match list.args.first()? {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => literal(expr),
        _ => None,
    }
}

/// The tables of `count(t.*)` and `to_jsonb(t.*)`.
fn qualified_wildcards(function: &Function) -> impl Iterator<Item = &ObjectName> {
    let arguments = match &function.args {
        ast::FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    arguments.iter().filter_map(|argument| match argument {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::QualifiedWildcard(of)) => Some(of),
        _ => None,
    })
}
