//! Adds a label to an enum and uses it in the same transaction.
//!
//! ## What happens
//! PostgreSQL refuses with `unsafe use of new value`: a label may be used once its transaction has committed, not
//! before. The migration fails, on an empty database too, and is rolled back whole.
//!
//! ## Not reported
//! Statements that each commit by themselves, and a text of the same letters that goes to a table without a column of
//! the type. From PostgreSQL 17 on, a type that is created in the same transaction:
//! there its new labels can be used at once.
//!
//! ## Instead
//! Put what uses the label into the next migration.

use super::{Check, Postgres, Rule};
use crate::lint::transactions::Transactions;
use crate::lint::{Report, Site};
use crate::model::{
    Action, Dialect, Name, RowSource, Severity, TableChange, TypeChange, TypeShape,
};
use crate::sql::token::{TokenKind, tokenize};

pub(super) const RULE: Rule = Rule {
    id: "enum-value-used-in-same-tx",
    row: 33,
    severity: Severity::Error,
    dialects: &[Postgres],
    check: Check::Change(check),
    source: include_str!("enum_value_used_in_same_tx.rs"),
};

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    let Action::AlterType { name, change: TypeChange::AddValue { label, .. } } = site.action() else {
        return;
    };
    let known = site.schema.type_shape(name);
    if matches!(known, Some(TypeShape::Enum(labels)) if labels.contains(label)) {
        return;
    }
    let transactions = site.file.transactions();
    let Some(own) = transactions.at(site.index) else { return };
    if site.file.engine.at_least(17, 0, 0) && is_created_in(site, name, own, transactions) {
        return;
    }
    let count = site.file.script.statements.len();
    let user = (site.index + 1..count)
        .filter(|at| transactions.at(*at) == Some(own))
        .find(|at| uses(site, *at, name, label));
    let Some(user) = user else { return };
    report.finding(
        site.span(),
        format!(
            "adds '{label}' to enum `{name}`, and line {} uses it in the same transaction: PostgreSQL refuses that with \
             \"unsafe use of new value\", and the migration fails",
            site.file.line_of(user)
        ),
        format!(
            "Put what uses the label into the next migration\n\n\
             -- this migration, alone\n\
             ALTER TYPE {} ADD VALUE '{}';",
            site.name(name),
            label.replace('\'', "''")
        ),
    );
}

fn is_created_in(site: &Site<'_>, name: &Name, own: usize, transactions: &Transactions) -> bool {
    site.earlier().any(|(at, change)| {
        matches!(&change.action, Action::CreateType(create) if create.name == *name)
            && transactions.at(at) == Some(own)
    })
}

/// Whether the statement at `index` makes a value of the label: it has it as a string, and a table that may have a
/// column of the type.
fn uses(site: &Site<'_>, index: usize, name: &Name, label: &str) -> bool {
    let statement = &site.file.script.statements[index];
    let literal = format!("'{}'", label.replace('\'', "''"));
    let understood = statement.opaque.is_none() && !statement.changes.is_empty();
    if understood && !statement.changes.iter().any(|change| may_use(site, &change.action, name, &literal)) {
        return false;
    }
    let text = &site.file.migration.text;
    let mut tokens = tokenize(text, statement.span, Dialect::Postgres);
    tokens.any(|token| match token.kind {
        TokenKind::String => token.span.of(text) == literal,
        TokenKind::DollarString => token.span.of(text).contains(&literal),
        _ => false,
    })
}

/// Whether the change could evaluate the literal as a value of the type. Another ALTER TYPE and the labels of another
/// enum are names, not values; of routines only the bodies in SQL are looked into when they are created.
fn may_use(site: &Site<'_>, action: &Action, name: &Name, literal: &str) -> bool {
    match action {
        Action::AlterType { .. } | Action::Comment { .. } => false,
        Action::CreateType(create) => matches!(create.shape, TypeShape::Domain { .. }),
        Action::CreateRoutine(create) => create
            .body
            .as_ref()
            .is_some_and(|body| body.language == "sql" && body.text.contains(literal)),
        Action::Rows(rows) => {
            let sources: &[Name] = match &rows.source {
                RowSource::Query(from) => from,
                _ => &[],
            };
            let mut tables = sources.iter().chain([&rows.table]);
            tables.any(|table| may_have(site, table, name))
        }
        Action::AlterTable { table, change } => {
            let adds = matches!(&**change, TableChange::AddColumn { .. } | TableChange::SetType { .. });
            adds || may_have(site, table, name)
        }
        _ => true,
    }
}

/// Whether the table has a column of the type, for all that the folder tells.
fn may_have(site: &Site<'_>, table: &Name, name: &Name) -> bool {
    let known = site.schema.table(table).is_some_and(|held| held.complete);
    !known || site.schema.users_of_type(name).any(|(user, _)| user.name == *table)
}
