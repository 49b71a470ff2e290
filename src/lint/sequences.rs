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

/// `PostgreSQL`: makes a column NOT NULL without a scan that anybody waits for.
pub(super) fn prove_not_null(table: &Name, column: &Ident) -> String {
    let dialect = Dialect::Postgres;
    let check = not_null_check(table, column).sql(dialect);
    let (table, column) = (table.sql(dialect), column.sql(dialect));
    format!(
        "-- contract, one migration each\n\
         ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;\n\
         ALTER TABLE {table} VALIDATE CONSTRAINT {check};\n\
         ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL, DROP CONSTRAINT {check};\n"
    )
}

/// A name for the CHECK that proves a column NOT NULL: `users_email_not_null`.
fn not_null_check(table: &Name, column: &Ident) -> Ident {
    Ident::folded(&format!(
        "{}_{}_not_null",
        table.name.written(),
        column.written()
    ))
}

/// The statement that demands a value in the column, whose rows have one; where the engine has none, what to do instead.
pub(super) fn demand_value(
    table: &Name,
    column: &Ident,
    data_type: Option<&DataType>,
    dialect: Dialect,
) -> String {
    match dialect {
        Dialect::Postgres => prove_not_null(table, column),
        Dialect::Mysql => format!(
            "-- contract: when every release that leaves it out is retired\nALTER TABLE {} MODIFY {} {} NOT NULL;\n",
            table.sql(dialect),
            column.sql(dialect),
            data_type.map_or_else(|| "…".to_owned(), |data_type| type_sql(data_type, dialect)),
        ),
        Dialect::Sqlite => format!(
            "-- contract: when every release that leaves it out is retired, rebuild {} with\n--   {} NOT NULL\n",
            table.sql(dialect),
            definition(column, data_type, dialect),
        ),
    }
}

/// The statement that drops a column's default; on `SQLite`, what to rebuild.
pub(super) fn drop_default(table: &Name, column: &Ident, dialect: Dialect) -> String {
    let (table, column) = (table.sql(dialect), column.sql(dialect));
    match dialect {
        Dialect::Sqlite => format!("-- rebuild {table} with {column} without its DEFAULT"),
        _ => format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT;"),
    }
}

/// A column and its type: `total numeric(10, 2)`.
pub(super) fn definition(column: &Ident, data_type: Option<&DataType>, dialect: Dialect) -> String {
    let data_type = data_type.map_or_else(String::new, |data_type| {
        format!(" {}", type_sql(data_type, dialect))
    });
    format!("{}{data_type}", column.sql(dialect))
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
