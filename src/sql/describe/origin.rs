//! What decides the type of an item of a `SELECT` list.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, BinaryOperator, DataType as TypeTree, Expr as Tree, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, Value,
};

use super::scope::Scope;
use super::{shown, tree, types};
use crate::model::{DataType, Dialect, Origin, Shown, Span};
use crate::sql::cursor::Tokens;

/// Functions and the type of their answer, whatever they are given.
const ANSWERS: &[(&str, &str)] = &[
    ("char_length", "integer"),
    ("concat", "text"),
    ("concat_ws", "text"),
    ("count", "bigint"),
    ("dense_rank", "bigint"),
    ("exists", "boolean"),
    ("jsonb_build_object", "jsonb"),
    ("length", "integer"),
    ("lower", "text"),
    ("md5", "text"),
    ("now", "timestamptz"),
    ("rank", "bigint"),
    ("replace", "text"),
    ("row_number", "bigint"),
    ("string_agg", "text"),
    ("to_char", "text"),
    ("to_jsonb", "jsonb"),
    ("trim", "text"),
    ("upper", "text"),
];

/// Larger ones are left unknown: queries that use one another's columns twice would soon fill the memory.
const LARGEST: usize = 64;

/// The origin of an expression.
pub(super) fn of(found: &Tree, scope: &Scope) -> Origin {
    let origin = decided(found, scope).or_else(|| as_written(found, scope));
    let origin = origin.unwrap_or(Origin::Unknown);
    if origin.size() > LARGEST {
        return Origin::Unknown;
    }
    origin
}

/// The one type of several.
pub(super) fn common(mut parts: Vec<Origin>) -> Origin {
    let same = parts.windows(2).all(|pair| pair[0] == pair[1]);
    match parts.pop() {
        Some(only) if same => only,
        Some(last) => {
            parts.push(last);
            Origin::Common(parts)
        }
        None => Origin::Unknown,
    }
}

fn decided(found: &Tree, scope: &Scope) -> Option<Origin> {
    let dialect = scope.dialect;
    let applied = |operation: String, operands: &[&Tree]| {
        let operands = operands.iter().map(|operand| of(operand, scope)).collect();
        Some(Origin::Applied(operation, operands))
    };
    match found {
        Tree::Nested(inner) => Some(of(inner, scope)),
        Tree::Identifier(name) => Some(scope.unqualified(&tree::ident(name, dialect))),
        Tree::CompoundIdentifier(parts) => {
            let (column, relation) = parts.split_last()?;
            let relation = relation.iter().map(|part| tree::ident(part, dialect));
            let relation = tree::qualified(relation, dialect)?;
            Some(scope.qualified(&relation, &tree::ident(column, dialect)))
        }
        Tree::Cast { data_type, .. } => cast_to(data_type, dialect),
        Tree::TypedString(typed) => cast_to(&typed.data_type, dialect),
        Tree::Value(value) => literal(&value.value, dialect),
        Tree::Interval(_) => Some(named("interval")),
        Tree::IsNull(_)
        | Tree::IsNotNull(_)
        | Tree::IsTrue(_)
        | Tree::IsNotTrue(_)
        | Tree::IsFalse(_)
        | Tree::IsNotFalse(_)
        | Tree::IsDistinctFrom(..)
        | Tree::IsNotDistinctFrom(..)
        | Tree::Exists { .. }
        | Tree::InList { .. }
        | Tree::InSubquery { .. }
        | Tree::Between { .. }
        | Tree::Like { .. }
        | Tree::ILike { .. }
        | Tree::AnyOp { .. }
        | Tree::AllOp { .. } => Some(named("boolean")),
        Tree::BinaryOp { op, .. } if answers_yes_or_no(op) => Some(named("boolean")),
        Tree::BinaryOp { left, op, right } => applied(op.to_string(), &[left, right]),
        Tree::UnaryOp { op, expr } => applied(op.to_string(), &[expr]),
        Tree::AtTimeZone { timestamp, .. } => applied("at time zone".to_owned(), &[timestamp]),
        Tree::Extract { .. } => applied("extract".to_owned(), &[]),
        Tree::Trim { .. } => Some(named("text")),
        Tree::Substring { expr, .. } => applied("substring".to_owned(), &[expr]),
        Tree::Collate { expr, collation } => applied(format!("collate {collation}"), &[expr]),
        Tree::Subquery(query) => match shown::of(query, scope)?.as_slice() {
            [Shown::Column(_, origin)] => Some(origin.clone()),
            _ => None,
        },
        Tree::Case {
            conditions,
            else_result,
            ..
        } => {
            let results = conditions.iter().map(|when| of(&when.result, scope));
            let rest = else_result.as_deref();
            // Without an ELSE the rest is NULL.
            let rest = rest.map_or(Origin::Untyped, |rest| of(rest, scope));
            Some(common(results.chain([rest]).collect()))
        }
        Tree::Function(function) => called(function, scope),
        _ => None,
    }
}

/// An expression of a kind that is not taken apart: the same text over columns of the same types.
fn as_written(found: &Tree, scope: &Scope) -> Option<Origin> {
    let queries = ast::visit_relations(found, |_| ControlFlow::Break(()));
    if queries.is_break() {
        return None;
    }
    let mut columns = Vec::new();
    let _: ControlFlow<()> = ast::visit_expressions(found, |inner| {
        if matches!(inner, Tree::Identifier(_) | Tree::CompoundIdentifier(_)) {
            columns.push(decided(inner, scope).unwrap_or(Origin::Unknown));
        }
        ControlFlow::Continue(())
    });
    Some(Origin::Applied(found.to_string(), columns))
}

fn called(function: &Function, scope: &Scope) -> Option<Origin> {
    let name = tree::name(&function.name, scope.dialect);
    let own = name.name.as_str();
    if let Some((_, data_type)) = ANSWERS.iter().find(|(known, _)| *known == own) {
        return Some(named(data_type));
    }
    // `WITHIN GROUP` gives arguments of its own.
    if !function.within_group.is_empty() {
        return None;
    }
    let arguments = match &function.args {
        FunctionArguments::None => Vec::new(),
        FunctionArguments::List(list) => {
            let each = list.args.iter().map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => Some(of(inner, scope)),
                _ => None,
            });
            each.collect::<Option<_>>()?
        }
        FunctionArguments::Subquery(_) => return None,
    };
    Some(match own {
        "coalesce" | "greatest" | "least" => common(arguments),
        _ => Origin::Applied(name.to_string(), arguments),
    })
}

fn named(data_type: &str) -> Origin {
    Origin::Type(DataType::named(data_type))
}

fn cast_to(data_type: &TypeTree, dialect: Dialect) -> Option<Origin> {
    let text = data_type.to_string();
    let mut tokens = Tokens::new(&text, Span::new(0, text.len()), dialect);
    let read = types::read(&mut tokens)?;
    tokens.at_end().then_some(Origin::Type(read))
}

fn literal(value: &Value, dialect: Dialect) -> Option<Origin> {
    match value {
        Value::Boolean(_) => Some(named("boolean")),
        Value::Null => Some(Origin::Untyped),
        Value::SingleQuotedString(_) if dialect == Dialect::Postgres => Some(Origin::Untyped),
        Value::SingleQuotedString(_) => Some(named("text")),
        // PostgreSQL manual, section 4.1.2.6: as small an integer as holds it, else a numeric.
        Value::Number(number, _) if dialect == Dialect::Postgres => {
            Some(named(if number.parse::<i32>().is_ok() {
                "integer"
            } else if number.parse::<i64>().is_ok() {
                "bigint"
            } else {
                "numeric"
            }))
        }
        Value::Number(number, _) => Some(Origin::Applied(number.clone(), Vec::new())),
        _ => None,
    }
}

fn answers_yes_or_no(operator: &BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or
    )
}
