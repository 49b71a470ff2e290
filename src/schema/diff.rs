//! The difference of two definitions of one table, as the clauses that would turn one into the other.
//!
//! A table rebuild (new table, copy, drop, rename: SQLite's only way to change most things) is judged by
//! this difference and not by its DROP and RENAME.

use crate::model::{ColumnDef, ConstraintKind, Expr, TableChange};

use super::{Table, TableConstraint};

/// The clauses that turn `before` into `after`. Names of constraints do not matter; what they demand does.
pub fn definition_changes(before: &Table, after: &Table) -> Vec<TableChange> {
    let mut changes = Vec::new();
    for column in &before.columns {
        match after.column(&column.def.name) {
            Some(kept) => column_changes(&column.def, &kept.def, &mut changes),
            None => changes.push(TableChange::DropColumn {
                column: column.def.name.clone(),
                if_exists: false,
                cascade: false,
            }),
        }
    }
    for column in &after.columns {
        if before.column(&column.def.name).is_none() {
            changes.push(TableChange::AddColumn {
                column: without_constraints(&column.def),
                if_not_exists: false,
                position: None,
            });
        }
    }
    constraint_changes(before, after, &mut changes);
    changes
}

/// The clauses that turn one definition of a column into another: what MySQL's MODIFY comes to.
pub(crate) fn redefinition_changes(before: &ColumnDef, after: &ColumnDef) -> Vec<TableChange> {
    let mut changes = Vec::new();
    column_changes(before, after, &mut changes);
    changes
}

fn column_changes(before: &ColumnDef, after: &ColumnDef, changes: &mut Vec<TableChange>) {
    let column = || before.name.clone();
    let recoded = after.charset.is_some() && before.charset != after.charset;
    if (before.data_type != after.data_type || before.collation != after.collation || recoded)
        && let Some(data_type) = &after.data_type
    {
        changes.push(TableChange::SetType {
            column: column(),
            data_type: data_type.clone(),
            using: None,
            collation: after.collation.clone(),
        });
    }
    match (before.not_null, after.not_null) {
        (false, true) => changes.push(TableChange::SetNotNull { column: column() }),
        (true, false) => changes.push(TableChange::DropNotNull { column: column() }),
        _ => {}
    }
    match (&before.default, &after.default) {
        (Some(_), None) => changes.push(TableChange::DropDefault { column: column() }),
        (old, Some(new)) if old.as_ref().map(|old| &old.text) != Some(&new.text) => {
            changes.push(TableChange::SetDefault {
                column: column(),
                default: new.clone(),
            });
        }
        _ => {}
    }
    if before.generated != after.generated {
        let clause = if after.generated.is_some() {
            "set expression"
        } else {
            "drop expression"
        };
        changes.push(TableChange::SetGenerated {
            column: column(),
            clause,
        });
    }
}

/// The column alone: its constraints are told as constraints of the table.
fn without_constraints(column: &ColumnDef) -> ColumnDef {
    ColumnDef {
        primary_key: false,
        unique: false,
        check: None,
        references: None,
        ..column.clone()
    }
}

fn constraint_changes(before: &Table, after: &Table, changes: &mut Vec<TableChange>) {
    for gone in before
        .constraints
        .iter()
        .filter(|held| !has_equal(after, held))
    {
        let columns = gone.constraint.kind.columns();
        let column_went = columns.iter().any(|column| after.column(column).is_none());
        let kind = match gone.constraint.kind {
            ConstraintKind::ForeignKey { .. } => "foreign key",
            ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } => "unique key",
            _ => "check",
        };
        let still_unique = kind == "unique key" && after.is_unique_on(columns);
        if !column_went && !still_unique {
            changes.push(TableChange::DropConstraint {
                name: None,
                kind: Some(kind),
                if_exists: false,
                cascade: false,
            });
        }
    }
    for new in after
        .constraints
        .iter()
        .filter(|held| !has_equal(before, held))
    {
        changes.push(TableChange::AddConstraint {
            constraint: new.constraint.clone(),
            if_not_exists: false,
        });
    }
}

fn has_equal(table: &Table, wanted: &TableConstraint) -> bool {
    table
        .constraints
        .iter()
        .any(|held| demands_the_same(&held.constraint.kind, &wanted.constraint.kind))
}

/// Whether two constraints demand the same of the rows, whatever they are called.
pub(crate) fn demands_the_same(one: &ConstraintKind, other: &ConstraintKind) -> bool {
    use ConstraintKind::{Check, Exclude, ForeignKey, NotNull, PrimaryKey, Unique};
    match (one, other) {
        (Check(one), Check(other)) => normal(one) == normal(other),
        (
            ForeignKey {
                columns,
                references,
            },
            ForeignKey {
                columns: others,
                references: other,
            },
        ) => {
            columns == others
                && references.table == other.table
                && references.columns == other.columns
                && references.on_delete_cascade == other.on_delete_cascade
                && references.on_delete_clears == other.on_delete_clears
        }
        (
            Unique { columns, .. },
            Unique {
                columns: others, ..
            },
        )
        | (
            PrimaryKey { columns, .. },
            PrimaryKey {
                columns: others, ..
            },
        ) => columns.len() == others.len() && columns.iter().all(|column| others.contains(column)),
        (Exclude { columns }, Exclude { columns: others }) => columns == others,
        (NotNull { column }, NotNull { column: other }) => column == other,
        _ => false,
    }
}

/// The expression in one spelling of white space, case, quotes around plain names, and parentheses around the whole.
/// Parentheses inside of it stay, and so do strings to the last blank: they carry meaning.
fn normal(expr: &Expr) -> String {
    let mut normal = String::new();
    let mut rest = without_outer_parentheses(expr.text.trim());
    while let Some(first) = rest.chars().next() {
        let (piece, after) = rest.split_at(piece_length(rest, first));
        rest = after.trim_start();
        let spelt = match first {
            '\'' => piece.to_owned(),
            '"' | '`' | '[' => {
                let name = &piece[1..piece.len() - 1];
                if is_plain(name) { name } else { piece }.to_owned()
            }
            _ => piece.to_lowercase(),
        };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if normal.ends_with(is_word) && spelt.starts_with(is_word) {
            normal.push(' ');
        }
        normal.push_str(&spelt);
    }
    normal
}

/// How many bytes the word, the quoted text or the sign at the beginning of `text` has.
fn piece_length(text: &str, first: char) -> usize {
    let close = match first {
        '\'' | '"' | '`' => first,
        '[' => ']',
        c if c.is_alphanumeric() || c == '_' => {
            let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
            return end.unwrap_or(text.len());
        }
        c => return c.len_utf8(),
    };
    match text[1..].find(close) {
        Some(at) => at + 2,
        // Nothing closes it: the sign stands for itself.
        None => first.len_utf8(),
    }
}

/// Whether a quoted name means the same without its quotes on every engine.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn without_outer_parentheses(text: &str) -> &str {
    let inner = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let mut depth = 0_i32;
    let encloses = inner.is_some_and(|inner| {
        inner.chars().all(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth >= 0
        })
    });
    match inner {
        Some(inner) if encloses => without_outer_parentheses(inner.trim()),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> ConstraintKind {
        ConstraintKind::Check(Expr {
            text: text.to_owned(),
            calls: Vec::new(),
            columns: Vec::new(),
            literal: false,
            passes_null: false,
        })
    }

    #[test]
    fn a_demand_is_the_same_in_another_spelling_and_in_no_other_sense() {
        let same = [
            ("total >= 0", "TOTAL>=0"),
            ("total >= 0", "(\"total\" >= 0)"),
            ("total >= 0", "((`total`  >=\n0))"),
            ("a AND b", "[a] and b"),
        ];
        for (one, other) in same {
            assert!(
                demands_the_same(&check(one), &check(other)),
                "{one}, {other}"
            );
        }
        let different = [
            ("(a OR b) AND c", "a OR (b AND c)"),
            ("(a) OR (b)", "a) OR (b"),
            ("state = 'a b'", "state = 'ab'"),
            ("state = 'A'", "state = 'a'"),
            ("\"Total\" > 0", "total > 0"),
            ("a and b", "aandb"),
            ("total > 0", "total >= 0"),
        ];
        for (one, other) in different {
            assert!(
                !demands_the_same(&check(one), &check(other)),
                "{one}, {other}"
            );
        }
    }
}
