//! What a change of a column's type comes to, decided in one place so that exactly one rule speaks of it.

use crate::classify::{Shift, compare_types};
use crate::model::{ColumnDef, DataType, Dialect, Expr, Ident, LockWork, Name, TableChange};

use super::Site;
use super::columns::clauses;

/// A column of a released table gets another type.
pub(super) struct Retype<'a> {
    /// The table.
    pub(super) table: &'a Name,
    /// The column.
    pub(super) column: Ident,
    /// The type so far; `None` where the folder does not tell.
    pub(super) old: Option<DataType>,
    /// The type from now on.
    pub(super) new: DataType,
    /// The character set or collation from now on, where the clause names one (MySQL).
    pub(super) charset: Option<String>,
    /// What it comes to.
    pub(super) kind: RetypeKind,
}

/// What a change of type comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetypeKind {
    /// The rows are written anew under a lock that stops writers, or the values come in another form.
    Replaced,
    /// The catalog alone is touched, and more values are allowed.
    Widened,
    /// Values that fitted do not fit any more.
    Narrowed,
    /// `timestamp` to `timestamptz` or back.
    TimeZone,
    /// MySQL: more characters, and a second byte for the length of each.
    LengthByte,
    /// MySQL: another character set or collation.
    Charset,
    /// MySQL: labels of an ENUM or SET are added behind the others.
    LabelsAdded,
    /// MySQL: labels of an ENUM or SET go or change places, or the folder does not tell what they were.
    LabelsMoved,
}

/// The changes of type that the change comes to.
pub(super) fn retypes<'a>(site: &Site<'a>) -> Vec<Retype<'a>> {
    let clauses = clauses(site).into_iter();
    clauses
        .filter_map(|clause| match &*clause.change {
            TableChange::SetType {
                column,
                data_type,
                using,
                ..
            } => {
                let redefined = redefinition(site);
                retype(
                    site,
                    clause.table,
                    column,
                    data_type,
                    using.as_ref(),
                    redefined,
                )
            }
            // MODIFY of a column whose old definition is not known.
            TableChange::RedefineColumn { column, .. } => {
                let data_type = column.data_type.as_ref()?;
                retype(
                    site,
                    clause.table,
                    &column.name,
                    data_type,
                    None,
                    Some(column),
                )
            }
            _ => None,
        })
        .collect()
}

/// The definition that MODIFY gives.
fn redefinition<'a>(site: &Site<'a>) -> Option<&'a ColumnDef> {
    match site.action() {
        crate::model::Action::AlterTable { change, .. } => match &**change {
            TableChange::RedefineColumn { column, .. } => Some(column),
            _ => None,
        },
        _ => None,
    }
}

fn retype<'a>(
    site: &Site<'_>,
    table: &'a Name,
    column: &Ident,
    new: &DataType,
    using: Option<&Expr>,
    redefined: Option<&ColumnDef>,
) -> Option<Retype<'a>> {
    if site.schema.is_new_column(table, column) {
        return None;
    }
    let held = site.schema.column(table, column).map(|held| &held.def);
    let old = held.and_then(|held| held.data_type.clone());
    let charset = redefined.and_then(|new| moved_charset(site, table, held, new));
    let kind = match site.file.engine.dialect {
        Dialect::Mysql if charset.is_some() => RetypeKind::Charset,
        Dialect::Mysql => mysql(site, old.as_ref(), new)?,
        _ => elsewhere(site, old.as_ref(), new, using)?,
    };
    Some(Retype {
        table,
        column: column.clone(),
        old,
        new: new.clone(),
        charset,
        kind,
    })
}

fn mysql(site: &Site<'_>, old: Option<&DataType>, new: &DataType) -> Option<RetypeKind> {
    let has_labels = |data_type: &DataType| matches!(data_type.name.as_str(), "enum" | "set");
    let Some(old) = old else {
        return Some(if has_labels(new) {
            RetypeKind::LabelsMoved
        } else {
            RetypeKind::Replaced
        });
    };
    Some(match compare_types(old, new, site.schema) {
        Shift::Same => return None,
        Shift::Widens if has_labels(new) => RetypeKind::LabelsAdded,
        Shift::Narrows if has_labels(new) && has_labels(old) => RetypeKind::LabelsMoved,
        Shift::Widens if !copies(site) => RetypeKind::Widened,
        Shift::Widens if old.name == new.name && new.name.starts_with("var") => {
            RetypeKind::LengthByte
        }
        Shift::Narrows => RetypeKind::Narrowed,
        _ => RetypeKind::Replaced,
    })
}

fn elsewhere(
    site: &Site<'_>,
    old: Option<&DataType>,
    new: &DataType,
    using: Option<&Expr>,
) -> Option<RetypeKind> {
    let Some(old) = old else {
        return Some(RetypeKind::Replaced);
    };
    let computed = using.is_some_and(|using| !using.calls.is_empty() || using.columns.len() != 1);
    Some(match compare_types(old, new, site.schema) {
        Shift::DependsOnTimeZone if !computed => RetypeKind::TimeZone,
        Shift::Narrows => RetypeKind::Narrowed,
        Shift::Widens if !copies(site) => RetypeKind::Widened,
        // The same name, and yet not nothing: the type was swapped for another of its name, or USING computes.
        Shift::Same if !copies(site) => return None,
        _ => RetypeKind::Replaced,
    })
}

/// Whether the rows are written anew while writers wait.
pub(super) fn copies(site: &Site<'_>) -> bool {
    let locks = site.judged.locks.iter();
    locks
        .into_iter()
        .any(|lock| lock.work == LockWork::Rewrite && lock.mode.blocks_writes())
}

/// The character set or collation that the new definition names, if it is not the old one.
fn moved_charset(
    site: &Site<'_>,
    table: &Name,
    held: Option<&ColumnDef>,
    new: &ColumnDef,
) -> Option<String> {
    let of_table = site
        .schema
        .table(table)
        .and_then(|table| table.charset.as_ref());
    let had = held.and_then(|held| held.charset.as_ref()).or(of_table);
    let charset = new.charset.as_ref().filter(|charset| Some(*charset) != had);
    let had = held.and_then(|held| held.collation.as_ref());
    let collation = new
        .collation
        .as_ref()
        .filter(|collation| Some(*collation) != had);
    charset.or(collation).cloned()
}
