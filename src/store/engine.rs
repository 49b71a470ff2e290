//! What one engine does differently; one file each.

use super::tables::{KEYED, Keyed, TEXT};
use crate::model::Dialect;

/// How an engine spells what the record needs.
pub(super) struct Engine {
    /// What stands before a table's name.
    pub(super) prefix: &'static str,
    /// The clock, as text of the form that the record keeps.
    pub(super) now: &'static str,
    /// Opens a transaction in which the session can write.
    pub(super) begin: &'static str,
    /// After `SELECT … FROM record`: nobody else changes that row until the transaction ends.
    pub(super) for_update: &'static str,
    /// What makes each layout of the tables out of the one before, from nothing on; see [`super::layout`].
    pub(super) layouts: &'static [&'static [&'static str]],
}

impl Engine {
    pub(super) const fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Postgres => &super::postgres::ENGINE,
            Dialect::Mysql => &super::mysql::ENGINE,
            Dialect::Sqlite => &super::sqlite::ENGINE,
        }
    }

    /// `@table` and `@now` as this engine writes them.
    pub(super) fn sql(&self, template: &str) -> String {
        let mut text = String::with_capacity(template.len() + 64);
        for (at, part) in template.split('@').enumerate() {
            if at == 0 {
                text.push_str(part);
                continue;
            }
            let (word, rest) = match part.strip_prefix("now") {
                Some(rest) => (self.now, rest),
                None => (self.prefix, part),
            };
            text.push_str(word);
            text.push_str(rest);
        }
        text
    }

    /// Puts a row in the place of the one with the same key.
    pub(super) fn put(&self, dialect: Dialect, name: &str) -> String {
        let table = keyed(name);
        let columns = [table.key, table.rest].concat();
        let marks = vec!["?"; columns.len()].join(", ");
        let insert = format!(
            "INTO {}{name} ({}) VALUES ({marks})",
            self.prefix,
            columns.join(", ")
        );
        if dialect == Dialect::Mysql {
            return format!("REPLACE {insert}");
        }
        let set: Vec<_> = table
            .rest
            .iter()
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        format!(
            "INSERT {insert} ON CONFLICT ({}) DO UPDATE SET {}",
            table.key.join(", "),
            set.join(", ")
        )
    }

    /// Removes the row with this key.
    pub(super) fn remove(&self, name: &str) -> String {
        let matches: Vec<_> = keyed(name)
            .key
            .iter()
            .map(|column| format!("{column} = ?"))
            .collect();
        format!(
            "DELETE FROM {}{name} WHERE {}",
            self.prefix,
            matches.join(" AND ")
        )
    }
}

fn keyed(name: &str) -> &'static Keyed {
    let known = KEYED
        .into_iter()
        .chain([&TEXT])
        .find(|table| table.name == name);
    known.expect("every write names a keyed table")
}
