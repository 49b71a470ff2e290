//! What a change of a column's type comes to, decided in one place so that exactly one rule speaks of it.
//!
//! A clause that says nothing but the type is taken as the classifier judged it, so that both agree; MySQL's
//! MODIFY and a table rebuild say more at once, so there the type's own part is compared again.

use crate::classify::{Shift, casts_only, compare_types};
use crate::model::{
    Action, ColumnDef, DataType, Dialect, Effect, Expr, Ident, Lock, LockWork, Name, TableChange,
    TypeShape,
};

use super::Site;
use super::rebuild::Rebuild;
use super::sequences::type_sql;

/// A column of a released table gets another type.
pub(super) struct Retype<'a> {
    /// The table.
    pub(super) table: &'a Name,
    /// The column.
    pub(super) column: Ident,
    /// The type so far; `None` where the folder does not tell, or `SQLite` has none.
    pub(super) old: Option<DataType>,
    /// The type from now on.
    pub(super) new: DataType,
    /// The character set or collation from now on, if it is another.
    pub(super) charset: Option<String>,
    /// What USING computes, if it does more than cast.
    pub(super) computed: Option<String>,
    /// What it comes to.
    pub(super) kind: RetypeKind,
    /// No statement says so: a table rebuild comes to it.
    rebuilt: bool,
}

/// What a change of type comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetypeKind {
    /// The values come in another form, or the folder does not tell what they were.
    Replaced,
    /// More values are allowed.
    Widened,
    /// Values that fitted do not fit any more.
    Narrowed,
    /// `timestamp` to `timestamptz` or back, as the session's time zone says.
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

/// The changes of type of this kind that the change comes to.
pub(super) fn retypes_to<'s, 'a>(
    site: &'s Site<'a>,
    kind: RetypeKind,
) -> impl Iterator<Item = &'s Retype<'a>> {
    let all = site.retypes.get_or_init(|| read(site));
    all.iter().filter(move |retype| retype.kind == kind)
}

fn read<'a>(site: &Site<'a>) -> Vec<Retype<'a>> {
    if site.judged.on_new {
        return Vec::new();
    }
    match site.action() {
        Action::AlterTable { table, change } => match &**change {
            TableChange::SetType {
                column,
                data_type,
                using,
                collation,
            } => {
                let found = altered(site, table, column, data_type, using.as_ref());
                let charset = collation.clone().filter(|collation| {
                    let held = site.schema.column(table, column);
                    held.is_none_or(|held| held.def.collation.as_ref() != Some(collation))
                });
                found
                    .map(|found| Retype { charset, ..found })
                    .into_iter()
                    .collect()
            }
            // A CHANGE to another name is a rename before all else.
            TableChange::RedefineColumn { from, column, .. } if *from == column.name => {
                redefined(site, table, column).into_iter().collect()
            }
            _ => Vec::new(),
        },
        Action::Drop { .. } => Rebuild::of(site).map_or_else(Vec::new, |rebuild| {
            let clauses = rebuild.changes().into_iter();
            clauses
                .filter_map(|clause| rebuilt(site, &rebuild, clause))
                .collect()
        }),
        _ => Vec::new(),
    }
}

/// `ALTER COLUMN … TYPE`.
fn altered<'a>(
    site: &Site<'a>,
    table: &'a Name,
    column: &Ident,
    new: &DataType,
    using: Option<&Expr>,
) -> Option<Retype<'a>> {
    let held = site.schema.column(table, column);
    let old = held.and_then(|held| held.def.data_type.clone());
    let computed = using.filter(|using| !casts_only(using, column));
    let by_time_zone = computed.is_none()
        && old
            .as_ref()
            .is_some_and(|old| compare_types(old, new, site.schema) == Shift::DependsOnTimeZone);
    let kind = match site.judged.verdict.effect {
        Effect::Loosen => RetypeKind::Widened,
        Effect::Restrict => RetypeKind::Narrowed,
        Effect::Reshape if by_time_zone => RetypeKind::TimeZone,
        Effect::Reshape => RetypeKind::Replaced,
        _ => return None,
    };
    Some(Retype {
        table,
        column: column.clone(),
        old,
        new: new.clone(),
        charset: None,
        computed: computed.map(|using| using.text.clone()),
        kind,
        rebuilt: false,
    })
}

/// MySQL's MODIFY, and CHANGE that keeps the name.
fn redefined<'a>(site: &Site<'a>, table: &'a Name, column: &ColumnDef) -> Option<Retype<'a>> {
    let new = column.data_type.as_ref()?;
    let held = site.schema.column(table, &column.name);
    let old = held.and_then(|held| held.def.data_type.as_ref());
    let charset = held.and_then(|held| moved_charset(site, table, &held.def, column));
    let kind = match old {
        None if has_labels(new) => RetypeKind::LabelsMoved,
        None => RetypeKind::Replaced,
        Some(_) if charset.is_some() && is_text(new) => RetypeKind::Charset,
        Some(old) => match compare_types(old, new, site.schema) {
            Shift::Same => return None,
            Shift::Widens if has_labels(new) => RetypeKind::LabelsAdded,
            Shift::Narrows if has_labels(new) => RetypeKind::LabelsMoved,
            Shift::Widens
                if new.name.starts_with("var") && old.name == new.name && copies(site) =>
            {
                RetypeKind::LengthByte
            }
            Shift::Widens => RetypeKind::Widened,
            Shift::Narrows => RetypeKind::Narrowed,
            Shift::Differs | Shift::DependsOnTimeZone => RetypeKind::Replaced,
        },
    };
    Some(Retype {
        table,
        column: column.name.clone(),
        old: old.cloned(),
        new: new.clone(),
        charset: charset.filter(|_| kind == RetypeKind::Charset),
        computed: None,
        kind,
        rebuilt: false,
    })
}

/// A column whose type differs in the new definition of a rebuilt table.
fn rebuilt<'a>(site: &Site<'a>, rebuild: &Rebuild<'a>, clause: TableChange) -> Option<Retype<'a>> {
    let TableChange::SetType {
        column,
        data_type: new,
        collation,
        ..
    } = clause
    else {
        return None;
    };
    let held = &rebuild.before()?.column(&column)?.def;
    let old = held.data_type.clone();
    let recollated = collation != held.collation;
    let shift = old
        .as_ref()
        .map_or(Shift::Differs, |old| compare_types(old, &new, site.schema));
    let kind = match shift {
        _ if recollated => RetypeKind::Replaced,
        Shift::Same => return None,
        Shift::Widens => RetypeKind::Widened,
        Shift::Narrows => RetypeKind::Narrowed,
        Shift::DependsOnTimeZone => RetypeKind::TimeZone,
        Shift::Differs => RetypeKind::Replaced,
    };
    Some(Retype {
        table: rebuild.table,
        column,
        old,
        new,
        charset: recollated.then(|| collation.unwrap_or_else(|| "binary".to_owned())),
        computed: None,
        kind,
        rebuilt: true,
    })
}

impl Retype<'_> {
    /// The change as the beginning of a sentence: ``changes column `total` of `orders` from integer to bigint``.
    pub(super) fn told(&self, site: &Site<'_>) -> String {
        let dialect = site.file.engine.dialect;
        let subject = if self.rebuilt { "the rebuild " } else { "" };
        let column = format!("column `{}` of `{}`", self.column, self.table);
        let new = type_sql(&self.new, dialect);
        let same_name = self.old.as_ref() == Some(&self.new);
        if same_name && self.computed.is_some() {
            return format!("{subject}computes {column} anew");
        }
        let types = match &self.old {
            _ if same_name => String::new(),
            Some(old) => format!(" from {} to {new}", type_sql(old, dialect)),
            None => format!(" to {new}"),
        };
        let charset = match &self.charset {
            Some(charset) if dialect == Dialect::Mysql => format!(" to {charset}"),
            Some(collation) => format!(" to collation {collation}"),
            None => String::new(),
        };
        format!("{subject}changes {column}{types}{charset}")
    }

    /// The condition that a value in the column does not fit `data_type`, where SQL can ask that.
    pub(super) fn does_not_fit(&self, site: &Site<'_>, data_type: &DataType) -> Option<String> {
        let dialect = site.file.engine.dialect;
        let column = self.column.sql(dialect);
        if let Some(TypeShape::Enum(labels)) = site.schema.shape_of(data_type) {
            let quoted: Vec<_> = labels
                .iter()
                .map(|label| format!("'{}'", label.replace('\'', "''")))
                .collect();
            return Some(format!("{column}::text NOT IN ({})", quoted.join(", ")));
        }
        if let Some((least, most)) = integer_range(data_type).filter(|_| dialect == Dialect::Mysql)
        {
            return Some(format!("{column} NOT BETWEEN {least} AND {most}"));
        }
        let length = data_type.number(0)?;
        match data_type.name.as_str() {
            "varchar" | "char" if dialect == Dialect::Sqlite => {
                Some(format!("length({column}) > {length}"))
            }
            "varchar" | "char" => Some(format!("char_length({column}) > {length}")),
            "numeric" | "decimal" => {
                let digits =
                    usize::try_from(length.saturating_sub(data_type.number(1).unwrap_or(0)));
                digits
                    .ok()
                    .map(|digits| format!("abs({column}) >= 1{}", "0".repeat(digits)))
            }
            _ => None,
        }
    }
}

/// Who waits while the rows are read or written anew, as the end of a sentence; empty where nobody does.
pub(super) fn waiting(site: &Site<'_>) -> String {
    let works = |lock: &&Lock| lock.work != LockWork::Instant && lock.mode.blocks_writes();
    let locks = site.judged.locks.iter().filter(works);
    let Some((lock, table)) = locks
        .filter_map(|lock| Some((lock, lock.on.as_ref()?)))
        .max_by_key(|(lock, _)| (lock.work, lock.mode))
    else {
        return String::new();
    };
    let (mode, blocks) = (lock.mode.name(), lock.mode.blocks());
    let clause = match (site.file.engine.dialect, lock.work) {
        (Dialect::Mysql, _) => {
            format!(
                "; the server copies `{table}` with LOCK=SHARED, which blocks {blocks} until it is done"
            )
        }
        (_, LockWork::Rewrite) => format!(
            "; `{table}` is rewritten with its indexes under {mode}, which blocks {blocks} until it is done"
        ),
        _ => format!("; `{table}` is read under {mode}, which blocks {blocks} until it is done"),
    };
    let locks = site.judged.locks.iter();
    let mut others: Vec<_> = locks
        .filter(|other| other.mode == lock.mode)
        .filter_map(|other| other.on.as_ref())
        .filter(|other| *other != table)
        .map(|other| format!("`{other}`"))
        .collect();
    others.sort();
    others.dedup();
    if others.is_empty() {
        return clause;
    }
    format!("{clause}, and {} as long", others.join(", "))
}

/// Whether the rows are written anew while writers wait.
pub(super) fn copies(site: &Site<'_>) -> bool {
    let mut locks = site.judged.locks.iter();
    locks.any(|lock| lock.work == LockWork::Rewrite && lock.mode.blocks_writes())
}

/// The character set or collation that the new definition of a MySQL column comes to, if it is another: what it
/// names, or else the table's, which it goes back to where it names none.
fn moved_charset(
    site: &Site<'_>,
    table: &Name,
    held: &ColumnDef,
    new: &ColumnDef,
) -> Option<String> {
    let of_table = site.schema.table(table)?.charset.clone();
    let charset = |def: &ColumnDef| def.charset.clone().or_else(|| of_table.clone());
    let (had, has) = (charset(held), charset(new));
    let recoded = had != has;
    let recollated = held.collation != new.collation;
    if !recoded && !recollated {
        return None;
    }
    let collation = new.collation.clone().filter(|_| recollated);
    let charset = has.filter(|_| recoded);
    let named = collation.or(charset);
    Some(named.unwrap_or_else(|| "the table's own character set".to_owned()))
}

fn has_labels(data_type: &DataType) -> bool {
    matches!(data_type.name.as_str(), "enum" | "set")
}

fn is_text(data_type: &DataType) -> bool {
    has_labels(data_type) || data_type.name.contains("char") || data_type.name.ends_with("text")
}

/// The smallest and the largest value of a MySQL integer type.
fn integer_range(data_type: &DataType) -> Option<(i128, i128)> {
    let bits = match data_type.name.as_str() {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "integer" | "int" => 32,
        "bigint" => 64,
        _ => return None,
    };
    let values = 1_i128 << bits;
    Some(if data_type.unsigned {
        (0, values - 1)
    } else {
        (-values / 2, values / 2 - 1)
    })
}
