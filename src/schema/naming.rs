//! The names that engines give what is created without one.

use super::{Schema, Table};
use crate::model::{ConstraintKind, CreateIndex, Dialect, Ident, Name};

impl Schema {
    /// The name that PostgreSQL gives an index without one (`ChooseIndexName` in its source): the first that no relation
    /// of the schema has.
    pub(super) fn generated_index_name(&self, create: &CreateIndex) -> Option<Name> {
        let mut columns: Vec<String> = Vec::new();
        for key in &create.keys {
            let stem = key.as_ref().map_or("expr", Ident::as_str);
            let numbered = (1..).map(|number| format!("{stem}{number}"));
            let mut names = std::iter::once(stem.to_owned()).chain(numbered);
            columns.extend(names.find(|name| !columns.contains(name)));
        }
        let columns = columns.join("_");
        let taken = |name: &Name| {
            self.index_owner.contains_key(name)
                || self.tables.contains_key(name)
                || self.views.contains_key(name)
        };
        // Of one more name than there are relations, one is free.
        let enough = self.index_owner.len() + self.tables.len() + self.views.len();
        let suffixes = (1..=enough).map(|number| format!("idx{number}"));
        let suffixes = std::iter::once("idx".to_owned()).chain(suffixes);
        let mut names = suffixes.map(|suffix| Name {
            schema: create.table.schema.clone(),
            name: Ident::folded(&joined(create.table.name.as_str(), &columns, &suffix)),
        });
        names.find(|name| !taken(name))
    }
}

impl Table {
    /// The name that the engine gives a constraint without one, so that a later `DROP CONSTRAINT
    /// users_email_key` finds it (PostgreSQL: `ChooseConstraintName` in its source; MySQL: the manual's
    /// "CREATE TABLE" for indexes and "FOREIGN KEY Constraints"). SQLite names none.
    pub(super) fn generated_name(&self, kind: &ConstraintKind, dialect: Dialect) -> Option<Ident> {
        let table = self.name.name.as_str();
        let mut columns: Vec<_> = kind.columns().iter().map(Ident::as_str).collect();
        columns.dedup();
        let taken = |name: &String| {
            let name = Ident::folded(name);
            self.constraint(&name).is_some()
                || self.indexes.iter().any(|index| index.is_named(&name))
        };
        // Of one more name than there are constraints and indexes, one is free.
        let enough = self.constraints.len() + self.indexes.len() + 1;
        let free = |name: &dyn Fn(usize) -> String| (1..=enough).map(name).find(|it| !taken(it));
        let numbered = |stem: &str| {
            free(&|number| match number {
                1 => stem.to_owned(),
                more => format!("{stem}{}", more - 1),
            })
        };
        let name = match (dialect, kind) {
            (
                Dialect::Postgres,
                ConstraintKind::PrimaryKey {
                    using_index: Some(index),
                    ..
                }
                | ConstraintKind::Unique {
                    using_index: Some(index),
                    ..
                },
            ) => return Some(index.clone()),
            (Dialect::Postgres, ConstraintKind::PrimaryKey { .. }) => {
                numbered(&joined(table, "", "pkey"))
            }
            (Dialect::Postgres, ConstraintKind::Check(_)) => {
                let column = if let [only] = columns.as_slice() {
                    only
                } else {
                    ""
                };
                numbered(&joined(table, column, "check"))
            }
            (Dialect::Postgres, kind) => {
                let suffix = match kind {
                    ConstraintKind::ForeignKey { .. } => "fkey",
                    ConstraintKind::Exclude { .. } => "excl",
                    ConstraintKind::NotNull { .. } => "not_null",
                    _ => "key",
                };
                numbered(&joined(table, &columns.join("_"), suffix))
            }
            (Dialect::Mysql, ConstraintKind::Unique { .. }) => {
                let first = columns.first()?;
                free(&|number| match number {
                    1 => (*first).to_owned(),
                    more => format!("{first}_{more}"),
                })
            }
            (Dialect::Mysql, ConstraintKind::ForeignKey { .. }) => {
                free(&|number| format!("{table}_ibfk_{number}"))
            }
            (Dialect::Mysql, ConstraintKind::Check(_)) => {
                free(&|number| format!("{table}_chk_{number}"))
            }
            (Dialect::Sqlite | Dialect::Mysql, _) => None,
        };
        name.map(|name| Ident::folded(&name))
    }
}

/// PostgreSQL joins the parts with `_` and shortens the longer of the first two until 63 bytes suffice
/// (`makeObjectName`).
fn joined(table: &str, columns: &str, suffix: &str) -> String {
    const LIMIT: usize = 63;
    let separators = if columns.is_empty() { 1 } else { 2 };
    let room = LIMIT - suffix.len() - separators;
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let cut = |text: &str, mut length: usize| {
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        text[..length].to_owned()
    };
    let (table, columns) = (cut(table, first), cut(columns, second));
    if columns.is_empty() {
        format!("{table}_{suffix}")
    } else {
        format!("{table}_{columns}_{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_shortened_as_postgresql_shortens_them() {
        assert_eq!(joined("users", "email", "key"), "users_email_key");
        assert_eq!(joined("users", "", "pkey"), "users_pkey");
        let long = "a".repeat(60);
        assert_eq!(joined(&long, "owner_id", "fkey").len(), 63);
        assert!(joined(&long, "owner_id", "fkey").ends_with("_owner_id_fkey"));
    }
}
