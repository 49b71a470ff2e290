//! A throwaway PostgreSQL.

mod reader;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use bgmigrate::model::{Dialect, TransactionMode};
use bgmigrate::proof::Catalog;
use bgmigrate::scratch::{Home, Keeper, catalog_query, find_program};

use self::reader::Reader;
use super::Server;
use super::client::{Answer, feed};

/// The database that a folder runs in.
const DATABASE: &str = "truth";

pub(crate) struct Postgres {
    // Dropped first, which stops the server: only then may its folder go.
    _keeper: Keeper,
    home: Home,
    psql: PathBuf,
    /// Connected to the database since it was made.
    reader: RefCell<Option<Reader>>,
    version: String,
}

impl Postgres {
    /// Starts a server that listens on a socket in its own folder only.
    pub(crate) fn start(bin: Option<&Path>) -> Result<Self> {
        let places = places();
        let program = |name| find_program(name, bin, &places);
        let (initdb, postgres) = (program("initdb")?, program("postgres")?);
        // Some distributions of the server come without the client.
        let psql = program("psql").or_else(|_| find_program("psql", None, &places))?;
        let home = Home::make(&["postgres", "nobody"])?;
        let data = home.path().join("data").display().to_string();
        home.run(
            &initdb,
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
        )?;
        let socket = home.path().display().to_string();
        let mut arguments = vec!["-D", &data, "-k", &socket];
        for setting in SETTINGS {
            arguments.extend(["-c", setting]);
        }
        let ready = |home: &Home| feed(&mut client(home, &psql, "postgres"), "SELECT 1").is_ok();
        let (home, keeper) = home.keep(&postgres, &arguments, ready)?;
        let version = feed(&mut client(&home, &psql, "postgres"), "SHOW server_version")
            .map_err(|error| anyhow!(error))?;
        let version = format!(
            "PostgreSQL {}",
            version.split_whitespace().next().unwrap_or_default()
        );
        Ok(Self {
            home,
            psql,
            version,
            reader: RefCell::new(None),
            _keeper: keeper,
        })
    }

    fn administer(&self, sql: &str) -> Answer {
        feed(&mut client(&self.home, &self.psql, "postgres"), sql)
    }

    fn run(&self, sql: &str, wrapped: bool) -> Result<(), String> {
        let mut command = client(&self.home, &self.psql, DATABASE);
        if wrapped {
            command.arg("--single-transaction");
        }
        feed(&mut command, sql).map(drop)
    }
}

impl Server for Postgres {
    fn clean(&mut self) -> Result<()> {
        self.reader.replace(None);
        // Roles and their settings outlive a database.
        let roles = "SELECT format('DROP ROLE %I;', rolname) FROM pg_roles \
                     WHERE rolname <> 'postgres' AND rolname !~ '^pg_'";
        self.administer(&format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
            .and_then(|_| self.administer(roles))
            .and_then(|drops| self.administer(&format!("ALTER ROLE postgres RESET ALL;\n{drops}")))
            .and_then(|_| self.administer(&format!("CREATE DATABASE {DATABASE}")))
            .map_err(|error| anyhow!("cannot make an empty database: {error}"))?;
        let mut client = client(&self.home, &self.psql, DATABASE);
        self.reader
            .replace(Some(Reader::start(client.args(["-v", "ON_ERROR_STOP=0"]))?));
        Ok(())
    }

    fn apply(&mut self, sql: &str, transaction: TransactionMode) -> Result<(), String> {
        if transaction == TransactionMode::None {
            return self.run(sql, false);
        }
        self.run(sql, true).or_else(|error| {
            // What a file that cannot run in a transaction is marked with is often told elsewhere, such as
            // in the configuration of the tool.
            let refused =
                error.contains("transaction block") || error.contains("unsafe use of new value");
            if refused {
                self.run(sql, false)
            } else {
                Err(error)
            }
        })
    }

    fn query(&self, sql: &str) -> Answer {
        let mut reader = self.reader.borrow_mut();
        let reader = reader.as_mut().ok_or("no database was made yet")?;
        match reader.ask(sql) {
            Ok(rows) => rows.ok_or_else(|| "the server refused the query".to_owned()),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    fn catalog(&self) -> Result<Catalog> {
        let lines = self
            .query(catalog_query(Dialect::Postgres))
            .map_err(|error| anyhow!("cannot read the catalog: {error}"))?;
        Catalog::from_lines(&lines).context("cannot understand the catalog")
    }

    fn version(&self) -> &str {
        &self.version
    }
}

/// Nothing here is worth keeping, so nothing waits for a disk.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=logical",
    "shared_buffers=64MB",
    "max_locks_per_transaction=512",
];

fn client(home: &Home, psql: &Path, database: &str) -> Command {
    let mut command = home.command(psql);
    command
        .args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            database,
            "-h",
        ])
        .arg(home.path())
        .args(["-f", "-"])
        .env(
            "PGOPTIONS",
            "-c client_min_messages=error -c statement_timeout=60s",
        )
        .env("PGCLIENTENCODING", "UTF8");
    command
}

/// Where PostgreSQL's programs are: often off the PATH.
fn places() -> Vec<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|dir| PathBuf::from(dir.trim()));
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    // The newest first.
    installed.sort();
    installed.reverse();
    told.into_iter().chain(installed).collect()
}
