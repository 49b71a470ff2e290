//! What stands anywhere in a tree: tables, aggregates, windows.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, TableFactor, Visit, Visitor};

use crate::model::{Dialect, Name};
use crate::sql::query::name;

/// What stands anywhere in a tree.
pub(super) struct Survey {
    /// Every table that is named, as often as it is.
    pub(super) relations: Vec<Name>,
    /// An aggregate that is not inside of a subquery.
    pub(super) aggregate: Option<String>,
    /// A window function, wherever it is.
    pub(super) window: Option<String>,
    /// The functions that are called, lower case and unqualified.
    pub(super) calls: Vec<String>,
    /// It has a query inside.
    pub(super) queries: usize,
    dialect: Dialect,
    depth: usize,
}

impl Survey {
    pub(super) fn of(tree: &impl Visit, dialect: Dialect) -> Self {
        let mut survey = Self {
            relations: Vec::new(),
            aggregate: None,
            window: None,
            calls: Vec::new(),
            queries: 0,
            dialect,
            depth: 0,
        };
        let _: ControlFlow<()> = tree.visit(&mut survey);
        survey
    }
}

impl Visitor for Survey {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name: found, .. } = factor {
            self.relations.push(name(found, self.dialect));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, tree: &Expr) -> ControlFlow<()> {
        let Expr::Function(function) = tree else {
            return ControlFlow::Continue(());
        };
        let called = name(&function.name, self.dialect).name;
        let called = called.as_str().to_ascii_lowercase();
        if function.over.is_some() {
            self.window.get_or_insert(format!("{called}() OVER"));
        } else if self.depth == 0 && AGGREGATES.contains(&called.as_str()) {
            self.aggregate.get_or_insert(format!("{called}()"));
        }
        self.calls.push(called);
        ControlFlow::Continue(())
    }
}

/// The aggregates of the three engines (PostgreSQL manual, section 9.21; MySQL, 14.19; SQLite, `lang_aggfunc`).
/// `max` and `min` of several arguments, which SQLite has, are taken for them: the safe way to be wrong.
const AGGREGATES: &[&str] = &[
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "every",
    "group_concat",
    "json_agg",
    "json_arrayagg",
    "json_group_array",
    "json_group_object",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "max",
    "min",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "regr_slope",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "total",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
];
