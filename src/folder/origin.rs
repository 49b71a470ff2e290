//! The migration before the first one: an empty folder has no name that the next one could follow.

use super::Layout;
use super::addition::Manual;
use crate::model::{Down, Migration, MigrationKind, TransactionMode};

/// What the first migration of an empty folder comes after: a file that is not there, of the number 0 or the
/// earliest time, with a way down where the layout's own generator writes one.
///
/// # Errors
/// When the tool keeps files of its own beside the first migration, which only it can write.
pub fn before_the_first(layout: Layout) -> Result<Migration, Manual> {
    use Layout::{
        Atlas, Dbmate, Diesel, Drizzle, Flyway, GolangMigrate, Goose, Liquibase, Numbered, Prisma,
        Refinery, SqlMigrate, Sqlx, Tern,
    };
    let down = |file: &str| {
        let (file, text) = (file.to_owned(), String::new());
        Some(Down::File { file, text })
    };
    let parts = Some(Down::Parts(Vec::new()));
    let (file, down) = match layout {
        Diesel => (
            "1970-01-01-000000_x/up.sql",
            down("1970-01-01-000000_x/down.sql"),
        ),
        Prisma => ("19700101000000_x/migration.sql", None),
        Sqlx | Atlas => ("19700101000000_x.sql", None),
        Goose | Dbmate => ("19700101000000_x.sql", parts),
        SqlMigrate => ("19700101000000-x.sql", parts),
        Tern => ("000_x.sql", parts),
        Flyway | Refinery => ("V0__x.sql", None),
        GolangMigrate => ("000000_x.up.sql", down("000000_x.down.sql")),
        Numbered => ("0000_x.sql", None),
        Drizzle | Liquibase => {
            return Err(Manual(format!(
                "{layout} keeps a file of its own beside the first migration: make that one with {layout} itself"
            )));
        }
    };
    Ok(Migration {
        id: String::new(),
        name: String::new(),
        file: file.to_owned(),
        text: String::new(),
        up: Vec::new(),
        down,
        kind: MigrationKind::Versioned,
        transaction: TransactionMode::Unknown,
    })
}
