//! What SQLite can do: a view stops DROP COLUMN of what it names, and nothing else.

use crate::model::{Dialect, Ident, Name};

/// What gets past pin views on SQLite.
pub(super) const PAST_VIEWS: &[&str] = &[
    "DROP TABLE and the rebuild of a table under another name: SQLite lets a view read what is not there.",
    "RENAME of tables and columns: SQLite rewrites the views.",
    "New indexes, triggers and required columns.",
    "DELETE and UPDATE, and whoever can write the file.",
];

/// The view that pins columns of a table for a release: `CREATE VIEW`, to be run in the transaction that records it.
pub fn pin_view(release: &str, table: &Name, columns: &[Ident]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| column.sql(Dialect::Sqlite))
        .collect();
    format!(
        "CREATE VIEW {} AS SELECT {} FROM {}",
        view(release, table),
        columns.join(", "),
        table.sql(Dialect::Sqlite)
    )
}

/// Drops what [`pin_view`] made.
pub fn drop_pin_view(release: &str, table: &Name) -> String {
    format!("DROP VIEW IF EXISTS {}", view(release, table))
}

fn view(release: &str, table: &Name) -> String {
    Ident::folded(&format!("bgmigrate_pin_{release}_{}", table.name)).sql(Dialect::Sqlite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_need_quotes_have_them() {
        let table = Name::bare(Ident::folded("order"));
        assert_eq!(
            pin_view(
                "v1.2",
                &table,
                &[Ident::folded("id"), Ident::folded("from")]
            ),
            r#"CREATE VIEW "bgmigrate_pin_v1.2_order" AS SELECT id, "from" FROM "order""#
        );
        assert_eq!(
            drop_pin_view("v1", &table),
            "DROP VIEW IF EXISTS bgmigrate_pin_v1_order"
        );
    }
}
