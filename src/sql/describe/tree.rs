//! What a tree of sqlparser names: tables read, columns, functions called.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr as Tree, ObjectName, ObjectNamePart, Query, TableFactor, Visit, Visitor,
};

use super::null;
use crate::model::{Dialect, Expr, Ident, Name};

/// The identifier as the engine compares it.
pub(in crate::sql) fn ident(ident: &ast::Ident, dialect: Dialect) -> Ident {
    Ident::new(&ident.value, ident.quote_style.is_some(), dialect)
}

/// The name as the engine compares it: of more than two parts, the last two.
pub(in crate::sql) fn name(name: &ObjectName, dialect: Dialect) -> Name {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(found) => ident(found, dialect),
        ObjectNamePart::Function(function) => ident(&function.name, dialect),
    };
    match name.0.as_slice() {
        [.., schema, last] => Name::qualified(part(schema), part(last), dialect),
        [last] => Name::bare(part(last)),
        [] => Name::bare(Ident::folded("")),
    }
}

/// The name that these parts make: of more than two, the last two.
pub(super) fn qualified(parts: impl Iterator<Item = Ident>, dialect: Dialect) -> Option<Name> {
    let (schema, last) = parts.fold((None, None), |(_, last), part| (last, Some(part)));
    Some(match schema {
        Some(schema) => Name::qualified(schema, last?, dialect),
        None => Name::bare(last?),
    })
}

/// The last part of a name.
pub(super) fn last(found: &ObjectName, dialect: Dialect) -> Ident {
    name(found, dialect).name
}

/// The expression in the terms of the model.
pub(super) fn expr(tree: &Tree, dialect: Dialect) -> Expr {
    let names = Names::in_tree(tree, dialect);
    Expr {
        text: tree.to_string(),
        calls: names.calls,
        columns: names.columns,
        literal: is_literal(tree),
        passes_null: null::passes(tree, dialect),
    }
}

/// Whether it is a literal, or a cast, sign, collation or array of literals.
pub(super) fn is_literal(tree: &Tree) -> bool {
    match tree {
        Tree::Value(value) => !matches!(value.value, ast::Value::Placeholder(_)),
        Tree::TypedString(_) => true,
        Tree::Interval(interval) => is_literal(&interval.value),
        Tree::Prefixed { value, .. } => is_literal(value),
        Tree::Array(array) => array.elem.iter().all(is_literal),
        Tree::UnaryOp {
            op: ast::UnaryOperator::Minus | ast::UnaryOperator::Plus,
            expr,
        }
        | Tree::Cast { expr, .. }
        | Tree::Collate { expr, .. }
        | Tree::Nested(expr) => is_literal(expr),
        _ => false,
    }
}

/// Whether the condition holds for every row: `true`, `1`, `1 = 1`.
pub(super) fn is_always_true(tree: &Tree) -> bool {
    match tree {
        Tree::Nested(inner) => is_always_true(inner),
        Tree::Value(value) => match &value.value {
            ast::Value::Boolean(truth) => *truth,
            ast::Value::Number(number, _) => number.parse().is_ok_and(|value: f64| value != 0.0),
            _ => false,
        },
        Tree::BinaryOp { left, op, right } => match op {
            ast::BinaryOperator::Eq => is_literal(left) && left == right,
            ast::BinaryOperator::And => is_always_true(left) && is_always_true(right),
            ast::BinaryOperator::Or => is_always_true(left) || is_always_true(right),
            _ => false,
        },
        _ => false,
    }
}

/// The names in a tree, each once, in the order in which they are met.
pub(super) struct Names {
    /// The tables and views read (or written) under it; names of CTEs are not among them.
    pub(super) relations: Vec<Name>,
    /// The columns, without their table.
    pub(super) columns: Vec<Ident>,
    /// The functions, lower case and unqualified.
    pub(super) calls: Vec<String>,
    /// A query in it has a `LIMIT` or `FETCH FIRST`.
    pub(super) limited: bool,
    /// How many statements it has, itself among them.
    pub(super) statements: usize,
    dialect: Dialect,
    scopes: Vec<Scope>,
}

/// The CTEs of one query: a CTE's name is known after its own query, and inside it only if `RECURSIVE`.
struct Scope {
    known: Vec<Ident>,
    pending: Vec<(*const Query, Ident)>,
}

impl Names {
    pub(super) fn in_tree(tree: &impl Visit, dialect: Dialect) -> Self {
        let mut names = Self {
            relations: Vec::new(),
            columns: Vec::new(),
            calls: Vec::new(),
            limited: false,
            statements: 0,
            dialect,
            scopes: Vec::new(),
        };
        let _: ControlFlow<()> = tree.visit(&mut names);
        names
    }

    fn is_cte(&self, name: &Name) -> bool {
        name.schema.is_none()
            && self
                .scopes
                .iter()
                .any(|scope| scope.known.contains(&name.name))
    }

    fn call(&mut self, name: &ObjectName) {
        let Some(ObjectNamePart::Identifier(last)) = name.0.last() else {
            return;
        };
        push_new(&mut self.calls, last.value.to_ascii_lowercase());
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_statement(&mut self, _: &ast::Statement) -> ControlFlow<()> {
        self.statements += 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let mut scope = Scope {
            known: Vec::new(),
            pending: Vec::new(),
        };
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let name = ident(&cte.alias.name, self.dialect);
                if with.recursive {
                    scope.known.push(name);
                } else {
                    scope.pending.push((&raw const *cte.query, name));
                }
            }
        }
        self.scopes.push(scope);
        if let ast::SetExpr::Table(table) = query.body.as_ref()
            && let Some(found) = &table.table_name
        {
            // sqlparser keeps only the text of `TABLE name`.
            push_new(
                &mut self.relations,
                Name::bare(Ident::new(found, false, self.dialect)),
            );
        }
        self.limited |= query.limit_clause.is_some() || query.fetch.is_some();
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.pop();
        if let Some(outer) = self.scopes.last_mut()
            && let Some(at) = outer
                .pending
                .iter()
                .position(|(cte, _)| std::ptr::eq(*cte, query))
        {
            let (_, name) = outer.pending.swap_remove(at);
            outer.known.push(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table {
                name: found, args, ..
            } => {
                if args.is_some() {
                    self.call(found);
                } else {
                    let found = name(found, self.dialect);
                    if !self.is_cte(&found) {
                        push_new(&mut self.relations, found);
                    }
                }
            }
            TableFactor::Function { name, .. } => self.call(name),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, tree: &Tree) -> ControlFlow<()> {
        match tree {
            Tree::Identifier(found) => push_new(&mut self.columns, ident(found, self.dialect)),
            Tree::CompoundIdentifier(parts) => {
                if let Some(found) = parts.last() {
                    push_new(&mut self.columns, ident(found, self.dialect));
                }
            }
            Tree::Function(function) => self.call(&function.name),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
