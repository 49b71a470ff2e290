//! Scratch databases: SQLite in memory, a database of its own on a server that was named, or a throwaway server. What
//! is here writes into the scratch and nowhere else.

mod costs;
#[cfg(unix)]
mod keeper;
mod matrix;
mod place;
mod server;
mod structure;
mod verify;

pub use place::{Scratch, ScratchError};
pub use structure::{Structure, copy_structure};
pub use verify::{Task, Watch, verify};

#[cfg(unix)]
pub use keeper::{Home, Keeper, find_program};

use crate::model::Dialect;

/// The query that tells what a database holds, one JSON object a row; `proof::Catalog` reads them.
pub const fn catalog_query(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => include_str!("catalog/postgres.sql"),
        Dialect::Mysql => include_str!("catalog/mariadb.sql"),
        Dialect::Sqlite => include_str!("catalog/sqlite.sql"),
    }
}
