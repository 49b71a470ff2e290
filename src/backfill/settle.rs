//! What tells the rows that a statement has still to reach from those that it has changed.
//!
//! `SET handle = username WHERE handle IS NULL` does not find a row twice, unless `username` is NULL too, and then it has
//! nothing to do there. What can be said so is swept for after the last batch, and counted as the verification.

use sqlparser::ast::{Assignment, AssignmentTarget, BinaryOperator, Expr, UnaryOperator};

use super::survey::Survey;
use crate::model::{Dialect, Ident, Name};
use crate::sql::query::{ident, name};

/// A column and what an UPDATE sets it to.
pub(super) struct Set {
    pub(super) column: Ident,
    value: Option<Expr>,
}

impl Set {
    /// `SET c = c`, which fires triggers and moves nothing.
    pub(super) fn changes_nothing(&self, dialect: Dialect) -> bool {
        let value = self.value.as_ref();
        value.and_then(|value| column(value, dialect)).as_ref() == Some(&self.column)
    }

    /// The columns of an assignment; of `(a, b) = (…)` the values are not looked into.
    pub(super) fn of(assignment: &Assignment, dialect: Dialect) -> Vec<Self> {
        match &assignment.target {
            AssignmentTarget::ColumnName(column) => vec![Self {
                column: name(column, dialect).name,
                value: Some(assignment.value.clone()),
            }],
            AssignmentTarget::Tuple(columns) => columns
                .iter()
                .map(|column| Self {
                    column: name(column, dialect).name,
                    value: None,
                })
                .collect(),
        }
    }
}

/// The columns that a condition compares with a literal by `=`, each in a part that has to hold by itself.
pub(super) fn pinned(selection: Option<&Expr>, dialect: Dialect) -> Vec<Ident> {
    let each = parts(selection).into_iter();
    each.filter_map(|part| match part {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } if is_literal(right) => column(left, dialect),
        _ => None,
    })
    .collect()
}

/// What, besides its condition, holds of the rows that an UPDATE of one table has not reached; `None` where that cannot
/// be said.
pub(super) fn differs(
    selection: Option<&Expr>,
    sets: &[Set],
    qualifier: &str,
    dialect: Dialect,
) -> Option<String> {
    let parts = parts(selection);
    let empties = |set: &Set| {
        let is_it = |part: &&Expr| matches!(part, Expr::IsNull(tested) if column(tested, dialect).as_ref() == Some(&set.column));
        parts.iter().any(is_it)
    };
    let mut differs = Vec::new();
    for set in sets {
        let value = set.value.as_ref()?;
        if empties(set) {
            differs.push(format!("({value}) IS NOT NULL"));
        } else if is_steady(value, sets, dialect) {
            let own = format!("{qualifier}.{}", set.column.sql(dialect));
            differs.push(match dialect {
                Dialect::Postgres => format!("{own} IS DISTINCT FROM ({value})"),
                Dialect::Mysql => format!("NOT ({own} <=> ({value}))"),
                Dialect::Sqlite => format!("{own} IS NOT ({value})"),
            });
        } else {
            return None;
        }
    }
    if differs.is_empty() {
        return None;
    }
    Some(differs.join(" OR "))
}

/// Whether `WHERE NOT EXISTS (SELECT … FROM target …)` keeps an INSERT from a row that it has copied already.
pub(super) fn skips_rows_of(selection: Option<&Expr>, target: &Name, dialect: Dialect) -> bool {
    parts(selection).into_iter().any(|part| match part {
        Expr::Exists {
            subquery,
            negated: true,
        } => Survey::of(subquery.as_ref(), dialect)
            .relations
            .contains(target),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => matches!(expr.as_ref(), Expr::Exists { subquery, negated: false }
            if Survey::of(subquery.as_ref(), dialect).relations.contains(target)),
        _ => false,
    })
}

/// The parts of a condition that have to hold each by itself.
fn parts(selection: Option<&Expr>) -> Vec<&Expr> {
    let mut open: Vec<&Expr> = selection.into_iter().collect();
    let mut found = Vec::new();
    while let Some(part) = open.pop() {
        match part {
            Expr::Nested(inner) => open.push(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => open.extend([left.as_ref(), right.as_ref()]),
            part => found.push(part),
        }
    }
    found
}

fn column(tree: &Expr, dialect: Dialect) -> Option<Ident> {
    match tree {
        Expr::Identifier(found) => Some(ident(found, dialect)),
        Expr::CompoundIdentifier(parts) => parts.last().map(|last| ident(last, dialect)),
        Expr::Nested(inner) => column(inner, dialect),
        _ => None,
    }
}

fn is_literal(tree: &Expr) -> bool {
    match tree {
        Expr::Value(_) | Expr::TypedString(_) => true,
        Expr::Cast { expr, .. } | Expr::Nested(expr) | Expr::UnaryOp { expr, .. } => {
            is_literal(expr)
        }
        _ => false,
    }
}

/// Whether the value is the same each time, whatever the statement has done before: it reads no column that is set, and
/// calls only what is known to give the same for the same.
fn is_steady(value: &Expr, sets: &[Set], dialect: Dialect) -> bool {
    use std::ops::ControlFlow;
    let survey = Survey::of(value, dialect);
    let steady_calls = survey
        .calls
        .iter()
        .all(|call| STEADY.contains(&call.as_str()));
    let mut reads_own = false;
    let _: ControlFlow<()> = sqlparser::ast::visit_expressions(value, |part| {
        if let Some(read) = column(part, dialect) {
            reads_own |= sets.iter().any(|set| set.column == read);
        }
        ControlFlow::Continue(())
    });
    let is_default =
        matches!(value, Expr::Identifier(word) if word.value.eq_ignore_ascii_case("default"));
    steady_calls && !reads_own && survey.queries == 0 && !is_default
}

/// Functions that give the same for the same, on each engine that has them.
const STEADY: &[&str] = &[
    "abs",
    "btrim",
    "ceil",
    "ceiling",
    "char_length",
    "coalesce",
    "concat",
    "concat_ws",
    "floor",
    "greatest",
    "ifnull",
    "least",
    "left",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "md5",
    "mod",
    "nullif",
    "replace",
    "reverse",
    "right",
    "round",
    "rpad",
    "rtrim",
    "split_part",
    "substr",
    "substring",
    "substring_index",
    "trim",
    "upper",
];
