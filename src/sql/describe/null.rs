//! What a condition comes to when every column in it is NULL, by SQL's three-valued logic.

use sqlparser::ast::{
    BinaryOperator, Expr as Tree, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
    Value,
};

use super::tree;
use crate::model::Dialect;

/// Functions whose answer to NULL is NULL (PostgreSQL: `proisstrict`), in all engines that have them.
const STRICT: &[&str] = &[
    "abs",
    "btrim",
    "cardinality",
    "char_length",
    "character_length",
    "length",
    "lower",
    "ltrim",
    "octet_length",
    "regexp_replace",
    "replace",
    "rtrim",
    "substr",
    "substring",
    "trim",
    "upper",
];

/// The outcome, as far as it is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    True,
    False,
    Null,
    /// Nobody can tell.
    Open,
}

/// Whether a CHECK of this condition certainly lets a row pass in which all of its columns are NULL: it does
/// unless the condition comes to FALSE.
pub(super) fn passes(condition: &Tree, dialect: Dialect) -> bool {
    matches!(outcome(condition, dialect), Outcome::True | Outcome::Null)
}

fn outcome(found: &Tree, dialect: Dialect) -> Outcome {
    let of = |inner: &Tree| outcome(inner, dialect);
    match found {
        Tree::Nested(inner) => of(inner),
        Tree::Identifier(_) | Tree::CompoundIdentifier(_) => Outcome::Null,
        Tree::Value(value) => match value.value {
            Value::Null => Outcome::Null,
            Value::Boolean(true) => Outcome::True,
            Value::Boolean(false) => Outcome::False,
            _ => Outcome::Open,
        },
        Tree::IsNull(inner) => is_null(of(inner)),
        Tree::IsNotNull(inner) => not(is_null(of(inner))),
        Tree::Cast { expr, .. }
        | Tree::Trim { expr, .. }
        | Tree::Substring { expr, .. }
        | Tree::UnaryOp { expr, .. }
            if of(expr) == Outcome::Null =>
        {
            Outcome::Null
        }
        Tree::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => not(of(expr)),
        Tree::Between { expr, .. }
        | Tree::InList { expr, .. }
        | Tree::Like { expr, .. }
        | Tree::ILike { expr, .. }
        | Tree::AnyOp { left: expr, .. }
            if of(expr) == Outcome::Null =>
        {
            Outcome::Null
        }
        Tree::BinaryOp { left, op, right } => binary(of(left), op, of(right)),
        Tree::Function(function) => {
            let name = tree::last(&function.name, dialect);
            let FunctionArguments::List(list) = &function.args else {
                return Outcome::Open;
            };
            let null = |argument: &FunctionArg| matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Expr(it)) if of(it) == Outcome::Null);
            if STRICT.contains(&name.as_str()) && list.args.iter().any(null) {
                Outcome::Null
            } else {
                Outcome::Open
            }
        }
        _ => Outcome::Open,
    }
}

fn is_null(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Null => Outcome::True,
        Outcome::True | Outcome::False => Outcome::False,
        Outcome::Open => Outcome::Open,
    }
}

fn not(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::True => Outcome::False,
        Outcome::False => Outcome::True,
        same => same,
    }
}

fn binary(left: Outcome, operator: &BinaryOperator, right: Outcome) -> Outcome {
    use Outcome::{False, Null, Open, True};
    match operator {
        BinaryOperator::And => match (left, right) {
            (False, _) | (_, False) => False,
            (Open, _) | (_, Open) => Open,
            (Null, _) | (_, Null) => Null,
            _ => True,
        },
        BinaryOperator::Or => match (left, right) {
            (True, _) | (_, True) => True,
            (Open, _) | (_, Open) => Open,
            (Null, _) | (_, Null) => Null,
            _ => False,
        },
        BinaryOperator::Eq | BinaryOperator::NotEq => match (left, right) {
            (Null, _) | (_, Null) => Null,
            (Open, _) | (_, Open) => Open,
            _ if (left == right) == (*operator == BinaryOperator::Eq) => True,
            _ => False,
        },
        BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq
        | BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch
            if left == Null || right == Null =>
        {
            Null
        }
        _ => Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;
    use crate::sql::cursor::Tokens;
    use crate::sql::describe::parser;

    #[test]
    fn a_check_lets_null_pass_unless_it_asks_for_a_value() {
        for (condition, expected) in [
            ("a > 0", true),
            ("a IN ('x', 'y')", true),
            ("length(trim(a)) < 9 AND b BETWEEN 1 AND 2", true),
            ("a IS NULL OR b IS NULL", true),
            ("(a IS NULL) = (b IS NULL)", true),
            (
                "(a IS NULL AND b IS NULL) OR (a IS NOT NULL AND b IS NOT NULL)",
                true,
            ),
            ("NOT (a IS NOT NULL AND b > 0)", true),
            ("a = 1 OR b IS NOT NULL", true),
            ("a IS NOT NULL", false),
            ("a IS NOT NULL AND b > 0", false),
            ("(a IS NULL) <> (b IS NULL)", false),
            ("num_nonnulls(a, b) = 1", false),
            ("coalesce(a, 0) > 0", false),
            ("a IS DISTINCT FROM 1", false),
            ("1 = 2", false),
        ] {
            let whole = Span::new(0, condition.len());
            let tokens = Tokens::new(condition, whole, Dialect::Postgres);
            let tree = parser::expression(&tokens).unwrap();
            assert_eq!(passes(&tree, Dialect::Postgres), expected, "{condition}");
        }
    }
}
