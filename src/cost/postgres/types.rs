//! Which changes of a column's type PostgreSQL makes in the catalog alone.
//!
//! The rest rewrites the table and all its indexes: also where the values stay the same, as with
//! `int` to `bigint` or `varchar(20)` to `varchar(10)`.

use crate::model::LockWork::{Instant, Rewrite, Scan};
use crate::model::{ConstraintKind, DataType, Expr, Ident, LockWork, Name, TypeShape};
use crate::schema::{Schema, Table};

/// How much work `ALTER COLUMN … TYPE` is. A column or type that is not known is rewritten.
pub(super) fn type_change_work(
    table: &Name,
    column: &Ident,
    new: &DataType,
    using: Option<&Expr>,
    collation: Option<&str>,
    schema: &Schema,
) -> LockWork {
    let Some(held) = schema.column(table, column) else {
        return Rewrite;
    };
    let Some(old) = held.def.data_type.as_ref() else {
        return Rewrite;
    };
    let computed = using.is_some_and(|using| !is_bare(using, column, new));
    let (Some(old), Some(new)) = (base_of(old, schema, true), base_of(new, schema, false)) else {
        return Rewrite;
    };
    if computed || !keeps_bytes(old, new) {
        return Rewrite;
    }
    let known = schema.table(table);
    let collates_anew = held.def.collation.as_deref() != collation
        && known.is_some_and(|table| is_indexed(table, column));
    let computes_anew = known.is_some_and(|table| is_in_expression(table, column));
    // The rows stay as they are, but an index is sorted or computed anew and a CHECK on the column is checked anew.
    if collates_anew || computes_anew || known.is_some_and(|table| is_checked(table, column)) {
        Scan
    } else {
        Instant
    }
}

/// Whether USING says no more than TYPE alone: the column, or one cast of it to the very type. A cast to the same type
/// of another length on the way is a rewrite (measured on 15).
fn is_bare(using: &Expr, column: &Ident, new: &DataType) -> bool {
    let is_column = |text: &str| {
        text.trim_matches(['(', ')', ' ', '"'])
            .eq_ignore_ascii_case(column.as_str())
    };
    let text = using.text.trim();
    let text = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
        .unwrap_or(text);
    using.calls.is_empty()
        && (is_column(text)
            || text
                .split_once("::")
                .is_some_and(|(operand, cast)| is_column(operand) && spells(cast, new)))
}

/// Whether the text is a spelling of the type.
fn spells(text: &str, data_type: &DataType) -> bool {
    let compact = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        text.to_ascii_lowercase()
            .replace("charactervarying", "varchar")
    };
    compact(text) == compact(&data_type.to_string())
}

/// The type beneath a domain. The new type's domain must be unconstrained, or every row has to be checked.
fn base_of<'a>(
    data_type: &'a DataType,
    schema: &'a Schema,
    constrained_too: bool,
) -> Option<&'a DataType> {
    match schema.shape_of(data_type) {
        Some(TypeShape::Domain {
            base, constrained, ..
        }) => (constrained_too || !constrained).then_some(base),
        _ => Some(data_type),
    }
}

/// Whether every value of `old` is, byte for byte, a value of `new`.
fn keeps_bytes(old: &DataType, new: &DataType) -> bool {
    if old == new {
        return true;
    }
    if old.dimensions != 0 || new.dimensions != 0 {
        return false;
    }
    match (old.name.as_str(), new.name.as_str()) {
        ("varchar" | "text", "text") | ("cidr", "inet") => true,
        ("text", "varchar") => new.args.is_empty(),
        ("varchar", "varchar") | ("varbit", "varbit") => is_at_least(new.number(0), old.number(0)),
        ("numeric", "numeric") => {
            new.args.is_empty()
                || !old.args.is_empty()
                    && new.number(0) >= old.number(0)
                    && new.number(1).unwrap_or(0) == old.number(1).unwrap_or(0)
        }
        ("timestamp", "timestamp")
        | ("timestamptz", "timestamptz")
        | ("time", "time")
        | ("timetz", "timetz") => new.number(0).unwrap_or(6) >= old.number(0).unwrap_or(6),
        ("interval", "interval") => keeps_interval(old, new),
        // timestamp and timestamptz are one only where TimeZone is UTC, which no file can promise for
        // the session that it will run in.
        _ => false,
    }
}

/// No length is the longest of all.
fn is_at_least(new: Option<u64>, old: Option<u64>) -> bool {
    match (new, old) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(new), Some(old)) => new >= old,
    }
}

/// `interval(p)`: the precision may grow. Fields (`interval day to second`) are not compared.
fn keeps_interval(old: &DataType, new: &DataType) -> bool {
    let precision = |data_type: &DataType| match data_type.args.as_slice() {
        [] => Some(6),
        [_] => data_type.number(0),
        _ => None,
    };
    matches!((precision(old), precision(new)), (Some(old), Some(new)) if new >= old)
}

fn is_indexed(table: &Table, column: &Ident) -> bool {
    let in_key = table.constraints.iter().any(|held| {
        matches!(
            held.constraint.kind,
            ConstraintKind::Unique { .. }
                | ConstraintKind::PrimaryKey { .. }
                | ConstraintKind::Exclude { .. }
        ) && held.constraint.kind.columns().contains(column)
    });
    in_key
        || table
            .indexes
            .iter()
            .any(|index| index.def.columns().any(|key| key == column))
}

/// An index of an expression, or of a part of the rows, is built anew when a type in it changes.
fn is_in_expression(table: &Table, column: &Ident) -> bool {
    table.indexes.iter().any(|index| {
        let keys = index.def.keys.iter().filter_map(|key| key.as_ref().err());
        keys.chain(&index.def.partial)
            .any(|expression| expression.columns.contains(column))
    })
}

fn is_checked(table: &Table, column: &Ident) -> bool {
    table.constraints.iter().any(|held| {
        matches!(held.constraint.kind, ConstraintKind::Check(_))
            && !held.constraint.not_valid
            && held.constraint.kind.columns().contains(column)
    })
}
