//! SQLite in a file of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use bgmigrate::model::{Dialect, TransactionMode};
use tempfile::TempDir;

use super::Server;
use super::client::{Answer, feed};
use bgmigrate::proof::{Catalog, columns_of_view, with_texts};
use bgmigrate::scratch::{catalog_query, find_program};

pub(crate) struct Sqlite {
    folder: TempDir,
    sqlite3: PathBuf,
    version: String,
}

impl Sqlite {
    /// Needs no server: the client is the engine.
    pub(crate) fn start(bin: Option<&Path>) -> Result<Self> {
        let sqlite3 = find_program("sqlite3", bin, &[])?;
        let folder = tempfile::tempdir().context("no temporary folder for the database")?;
        let mut server = Self {
            folder,
            sqlite3,
            version: String::new(),
        };
        let version = server
            .query("SELECT sqlite_version()")
            .map_err(|error| anyhow!(error))?;
        server.version = format!("SQLite {}", version.trim());
        Ok(server)
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("truth.db")
    }

    fn aside(&self) -> PathBuf {
        self.folder.path().join("aside.db")
    }

    fn client(&self) -> Command {
        let mut command = Command::new(&self.sqlite3);
        command
            .args(["-batch", "-noheader", "-list", "-init", "/dev/null"])
            .current_dir(self.folder.path());
        command
    }
}

impl Server for Sqlite {
    fn clean(&mut self) -> Result<()> {
        fs::write(self.database(), "").context("cannot empty the database")
    }

    /// A file that fails leaves nothing behind, whether or not it opened a transaction: the database is
    /// laid aside before, and taken back then.
    fn apply(&mut self, sql: &str, _transaction: TransactionMode) -> Result<(), String> {
        let move_over =
            |from: PathBuf, to: PathBuf| fs::copy(from, to).map_err(|error| error.to_string());
        move_over(self.database(), self.aside())?;
        let answer = feed(self.client().arg("-bail").arg(self.database()), sql);
        if answer.is_err() {
            move_over(self.aside(), self.database())?;
        }
        answer.map(drop)
    }

    fn query(&self, sql: &str) -> Answer {
        feed(self.client().arg("-bail").arg(self.database()), sql)
    }

    fn catalog(&self) -> Result<Catalog> {
        let mut lines = self
            .query(catalog_query(Dialect::Sqlite))
            .map_err(|error| anyhow!("cannot read the catalog: {error}"))?;
        let views = self
            .query("SELECT name FROM sqlite_schema WHERE type = 'view'")
            .map_err(|error| anyhow!("cannot read the views: {error}"))?;
        for view in views.lines() {
            // A view over a table that is gone has no columns any more.
            lines += &self.query(&columns_of_view(view)).unwrap_or_default();
        }
        Catalog::from_lines(&with_texts(&lines)?).context("cannot understand the catalog")
    }

    fn version(&self) -> &str {
        &self.version
    }
}
