//! Names something, or shapes a table, so that it will be a nuisance later.
//!
//! ## What happens
//! PostgreSQL cuts a name after 63 bytes without an error, so that two long names can become one; a name that is a
//! reserved word or has capitals needs quotes for ever; a table without a primary key cannot be replicated
//! row by row or worked through in batches; an enum value without BEFORE or AFTER lands at the end.
//!
//! ## Not reported
//! Temporary tables, partitions, and tables that take their shape from a query or another table need no key of their
//! own. The rule is off unless configured.
//!
//! ## Instead
//! Short names in small letters, a primary key for every table, and a place for every enum value.

use super::{Check, EVERYWHERE, Rule};
use crate::lint::{Report, Site};
use crate::model::{Action, ConstraintKind, CreateTable, Dialect, Ident, Severity, TableChange, TypeChange};

pub(super) const RULE: Rule = Rule {
    id: "naming-and-shape",
    row: 98,
    severity: Severity::Off,
    dialects: EVERYWHERE,
    check: Check::Change(check),
    source: include_str!("naming_and_shape.rs"),
};

/// PostgreSQL's NAMEDATALEN less its terminator (manual, section 4.1.1).
const LONGEST_NAME_BYTES: usize = 63;

fn check(site: &Site<'_>, report: &mut Report<'_>) {
    for name in new_names(site.action()) {
        of_name(site, name, report);
    }
    match site.action() {
        Action::CreateTable(create) if needs_key(create) && !has_key(create) => report.finding(
            site.span(),
            format!("table `{}` has no primary key: it cannot be replicated or worked through row by row", create.name),
            "Give it a primary key",
        ),
        Action::AlterType {
            name,
            change:
                TypeChange::AddValue {
                    label,
                    placed: false,
                    ..
                },
        } => report.finding(
            site.span(),
            format!("value '{label}' of `{name}` is added without a place: it sorts after all others"),
            "Say BEFORE or AFTER which value it belongs",
        ),
        _ => {}
    }
}

fn new_names(action: &Action) -> Vec<&Ident> {
    match action {
        Action::CreateTable(create) => std::iter::once(&create.name.name)
            .chain(create.columns.iter().map(|column| &column.name))
            .chain(create.constraints.iter().filter_map(|constraint| constraint.name.as_ref()))
            .collect(),
        Action::CreateIndex(create) => create.name.iter().map(|name| &name.name).collect(),
        Action::CreateView(create) => vec![&create.name.name],
        Action::Rename { to, .. } => vec![&to.name],
        Action::AlterTable { change, .. } => match &**change {
            TableChange::AddColumn { column, .. } => vec![&column.name],
            TableChange::RenameColumn { to, .. } | TableChange::RenameConstraint { to, .. } => vec![to],
            TableChange::AddConstraint { constraint, .. } => constraint.name.iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn of_name(site: &Site<'_>, name: &Ident, report: &mut Report<'_>) {
    let dialect = site.file.engine.dialect;
    let bytes = name.written().len();
    if dialect == Dialect::Postgres && bytes > LONGEST_NAME_BYTES {
        report.finding(
            site.span(),
            format!("the name `{name}` has {bytes} bytes: the server cuts it after {LONGEST_NAME_BYTES} without an error"),
            "Choose a shorter name",
        );
    } else if name.sql(dialect) != name.written() {
        report.finding(
            site.span(),
            format!("the name `{name}` has to be quoted wherever it is used"),
            "Choose a name of small letters, digits and `_` that is no reserved word",
        );
    }
}

fn needs_key(create: &CreateTable) -> bool {
    !create.temporary
        && !create.as_query
        && create.like.is_none()
        && create.partition_of.is_none()
        && create.inherits.is_empty()
        && create.virtual_module.is_none()
}

fn has_key(create: &CreateTable) -> bool {
    create.columns.iter().any(|column| column.primary_key)
        || create
            .constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }))
}
