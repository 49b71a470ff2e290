//! Safe sequences that several rules suggest, as SQL with the user's own names.

use crate::model::{DataType, Dialect, Ident, Name};

use super::Site;
use super::columns::single_key;

/// One batch of a backfill, to be repeated until it changes no row: sets `column` to `value` where `condition` holds.
pub(super) fn batch(
    site: &Site<'_>,
    table: &Name,
    column: &Ident,
    value: &str,
    condition: &str,
) -> String {
    let dialect = site.file.engine.dialect;
    let (table_sql, column) = (table.sql(dialect), column.sql(dialect));
    if dialect == Dialect::Mysql {
        return format!("UPDATE {table_sql} SET {column} = {value} WHERE {condition} LIMIT 1000;");
    }
    let key = single_key(site, table).map(|key| key.sql(dialect));
    let key = key.as_deref().unwrap_or(match dialect {
        Dialect::Postgres => "ctid",
        _ => "rowid",
    });
    format!(
        "UPDATE {table_sql} SET {column} = {value}\n  \
         WHERE {key} IN (SELECT {key} FROM {table_sql} WHERE {condition} LIMIT 1000);"
    )
}

/// A column that takes the place of another: what it is called and what its rows are filled with.
pub(super) struct Successor<'a> {
    /// The table.
    pub(super) table: &'a Name,
    /// The column that running releases know.
    pub(super) old: &'a Ident,
    /// The column that new releases use.
    pub(super) new: &'a Ident,
    /// The new column's type as SQL; `None` where the folder does not tell.
    pub(super) data_type: Option<String>,
    /// The new value, in terms of the old column.
    pub(super) value: &'a str,
}

impl Successor<'_> {
    /// The three migrations that replace the column without a moment at which a release fails.
    pub(super) fn steps(&self, site: &Site<'_>) -> String {
        let dialect = site.file.engine.dialect;
        let (table, old) = (self.table.sql(dialect), self.old.sql(dialect));
        let new = self.new.sql(dialect);
        let like_old = || format!("… /* the type of {old} */");
        let data_type = self.data_type.clone().unwrap_or_else(like_old);
        let empty = format!("{new} IS NULL AND {old} IS NOT NULL");
        let batch = batch(site, self.table, self.new, self.value, &empty);
        format!(
            "-- expand: the new column beside the old one; from now on releases write both, and a trigger\n\
             -- copies what older ones write\n\
             ALTER TABLE {table} ADD COLUMN {new} {data_type};\n\
             -- migrate: fill it in batches, until no row is left\n\
             {batch}\n\
             -- contract: when every release that names {old} is retired\n\
             ALTER TABLE {table} DROP COLUMN {old};"
        )
    }
}

/// A name for the column that takes another's place: `total_v2`.
pub(super) fn successor_name(column: &Ident) -> Ident {
    Ident::folded(&format!("{}_v2", column.written()))
}

/// The type as SQL; the labels of a MySQL ENUM or SET get their quotes back.
pub(super) fn type_sql(data_type: &DataType, dialect: Dialect) -> String {
    if !matches!(data_type.name.as_str(), "enum" | "set") || dialect != Dialect::Mysql {
        return data_type.to_string();
    }
    let quoted = |label: &String| format!("'{}'", label.replace('\'', "''"));
    let labels: Vec<_> = data_type.args.iter().map(quoted).collect();
    format!("{}({})", data_type.name, labels.join(", "))
}
