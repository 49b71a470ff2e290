//! What decides the type of an item of a view's `SELECT` list.

use sqlparser::ast::{
    BinaryOperator, Expr as Tree, FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};

use super::tree;
use crate::model::{Dialect, Ident, Name, Origin};

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

/// The origin of an item; `relations` are the tables that are read, under the names they are called by.
pub(super) fn origin(found: &Tree, relations: &[(Ident, Name)], dialect: Dialect) -> Origin {
    decided(found, relations, dialect).unwrap_or_else(|| {
        // Under the same name another table may stand.
        let text = found.to_string();
        let named = relations
            .iter()
            .filter(|(alias, _)| text.contains(alias.written()));
        let named: Vec<_> = named
            .map(|(alias, table)| format!("{alias} = {table}"))
            .collect();
        Origin::Expression(format!("{text} of {}", named.join(", ")))
    })
}

fn decided(found: &Tree, relations: &[(Ident, Name)], dialect: Dialect) -> Option<Origin> {
    let of = |inner: &Tree| decided(inner, relations, dialect);
    let named = |data_type: &str| Some(Origin::Type(data_type.to_owned()));
    match found {
        Tree::Nested(inner) => of(inner),
        Tree::Identifier(name) => match relations {
            [(_, table)] => Some(Origin::Column(table.clone(), tree::ident(name, dialect))),
            _ => None,
        },
        Tree::CompoundIdentifier(parts) => {
            let [table, column] = parts.as_slice() else {
                return None;
            };
            let called = tree::ident(table, dialect);
            let (_, table) = relations.iter().find(|(alias, _)| *alias == called)?;
            Some(Origin::Column(table.clone(), tree::ident(column, dialect)))
        }
        Tree::Cast { data_type, .. } => named(&data_type.to_string().to_ascii_lowercase()),
        Tree::Value(value) => match &value.value {
            Value::Boolean(_) => named("boolean"),
            Value::SingleQuotedString(_) => named("text"),
            _ => None,
        },
        Tree::IsNull(_)
        | Tree::IsNotNull(_)
        | Tree::IsTrue(_)
        | Tree::IsFalse(_)
        | Tree::Exists { .. }
        | Tree::InList { .. }
        | Tree::InSubquery { .. }
        | Tree::Between { .. }
        | Tree::Like { .. } => named("boolean"),
        Tree::BinaryOp { op, .. } if answers_yes_or_no(op) => named("boolean"),
        Tree::Case {
            conditions,
            else_result,
            ..
        } => {
            let results = conditions.iter().map(|when| &when.result);
            common(results.chain(else_result.as_deref()), of)
        }
        Tree::Function(function) => {
            let name = tree::last(&function.name, dialect);
            let answer = ANSWERS.iter().find(|(known, _)| *known == name.as_str());
            if let Some((_, data_type)) = answer {
                return named(data_type);
            }
            // What is one of its arguments has their type.
            let passes_on = ["coalesce", "min", "max", "greatest", "least", "nullif"];
            if !passes_on.contains(&name.as_str()) {
                return None;
            }
            let FunctionArguments::List(list) = &function.args else {
                return None;
            };
            let arguments = list.args.iter().map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => Some(inner),
                _ => None,
            });
            let arguments: Vec<_> = arguments.collect::<Option<_>>()?;
            common(arguments.into_iter(), of)
        }
        _ => None,
    }
}

/// The one origin of all of these, NULL aside.
fn common<'a>(
    items: impl Iterator<Item = &'a Tree>,
    of: impl Fn(&Tree) -> Option<Origin>,
) -> Option<Origin> {
    let is_null = |item: &&Tree| !matches!(item, Tree::Value(value) if value.value == Value::Null);
    let mut origins = items.filter(is_null).map(of);
    let first = origins.next()??;
    origins
        .all(|next| next.as_ref() == Some(&first))
        .then_some(first)
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
