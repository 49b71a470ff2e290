//! Throwaway servers: started in a temporary folder, gone with the process that asked for them.

mod client;
mod mariadb;
mod postgres;
mod sqlite;

use std::path::Path;

use anyhow::Result;
use bgmigrate::model::{Dialect, TransactionMode};
use bgmigrate::proof::Catalog;

/// A running engine with one database to play in.
///
/// SQL goes through the engine's own command-line client: it alone knows its meta commands, `COPY` data
/// and `DELIMITER`, and it reads a file as the people who wrote it had it read.
pub(crate) trait Server {
    /// Gives up whatever the last folder left: the next one starts in an empty database.
    fn clean(&mut self) -> Result<()>;

    /// Runs a migration; `Err` is what the engine says to it.
    fn apply(&mut self, sql: &str, transaction: TransactionMode) -> Result<(), String>;

    /// Rows of a query, a line each, columns parted as the client does; `Err` is what the engine says to it.
    fn query(&self, sql: &str) -> Result<String, String>;

    /// What the database holds now.
    fn catalog(&self) -> Result<Catalog>;

    /// Product and version.
    fn version(&self) -> &str;
}

/// Starts a server of this dialect; `bin` is where its programs are, if not where they are usually found.
pub(crate) fn start(dialect: Dialect, bin: Option<&Path>) -> Result<Box<dyn Server>> {
    Ok(match dialect {
        Dialect::Postgres => Box::new(postgres::Postgres::start(bin)?),
        Dialect::Mysql => Box::new(mariadb::MariaDb::start(bin)?),
        Dialect::Sqlite => Box::new(sqlite::Sqlite::start(bin)?),
    })
}
