//! A throwaway MariaDB, which stands in for MySQL too.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use bgmigrate::model::{Dialect, TransactionMode};
use bgmigrate::proof::Catalog;
use bgmigrate::scratch::{Home, Keeper, catalog_query, find_program};

use super::Server;
use super::client::{Answer, feed};

/// The database that a folder runs in; the catalog query knows it by this name.
const DATABASE: &str = "truth";

pub(crate) struct MariaDb {
    // Dropped first, which stops the server: only then may its folder go.
    _keeper: Keeper,
    home: Home,
    mariadb: PathBuf,
    version: String,
}

impl MariaDb {
    /// Starts a server that listens on a socket in its own folder only.
    pub(crate) fn start(bin: Option<&Path>) -> Result<Self> {
        let places = [
            PathBuf::from("/usr/sbin"),
            PathBuf::from("/usr/local/mysql/bin"),
        ];
        let program = |name| find_program(name, bin, &places);
        let (install, server) = (program("mariadb-install-db")?, program("mariadbd")?);
        let mariadb = program("mariadb")?;
        let home = Home::make(&["mysql", "nobody"])?;
        let data = format!("--datadir={}", home.path().join("data").display());
        let socket = format!("--socket={}", socket(&home).display());
        home.run(
            &install,
            &[
                "--no-defaults",
                &data,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
        )?;
        let mut arguments = vec!["--no-defaults", &data, &socket];
        arguments.extend(SETTINGS);
        let ready = |home: &Home| feed(&mut client(home, &mariadb, "mysql"), "SELECT 1").is_ok();
        let (home, keeper) = home.keep(&server, &arguments, ready)?;
        let version = feed(&mut client(&home, &mariadb, "mysql"), "SELECT version()")
            .map_err(|error| anyhow!(error))?;
        let version = format!(
            "MariaDB {}",
            version.trim().split('-').next().unwrap_or_default()
        );
        Ok(Self {
            home,
            mariadb,
            version,
            _keeper: keeper,
        })
    }

    fn administer(&self, sql: &str) -> Answer {
        feed(&mut client(&self.home, &self.mariadb, "mysql"), sql)
    }
}

impl Server for MariaDb {
    fn clean(&mut self) -> Result<()> {
        let leftovers = "SELECT CONCAT('DROP DATABASE `', REPLACE(schema_name, '`', '``'), '`;') \
             FROM information_schema.schemata \
             WHERE schema_name NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema') \
             UNION ALL SELECT CONCAT('DROP USER ', QUOTE(user), '@', QUOTE(host), ';') FROM mysql.user \
             WHERE user NOT IN ('root', 'mariadb.sys', 'mysql', '') AND is_role = 'N'";
        self.administer(leftovers)
            .and_then(|drops| self.administer(&format!("SET foreign_key_checks = 0;\n{drops}")))
            .and_then(|_| {
                self.administer(&format!("CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4"))
            })
            .map(drop)
            .map_err(|error| anyhow!("cannot make an empty database: {error}"))
    }

    /// DDL commits by itself here, so there is nothing to wrap.
    fn apply(&mut self, sql: &str, _transaction: TransactionMode) -> Result<(), String> {
        feed(
            &mut client(&self.home, &self.mariadb, DATABASE),
            &for_mariadb(sql),
        )
        .map(drop)
    }

    fn query(&self, sql: &str) -> Answer {
        feed(&mut client(&self.home, &self.mariadb, DATABASE), sql)
    }

    fn catalog(&self) -> Result<Catalog> {
        let lines = self
            .query(catalog_query(Dialect::Mysql))
            .map_err(|error| anyhow!("cannot read the catalog: {error}"))?;
        Catalog::from_lines(&lines).context("cannot understand the catalog")
    }

    fn version(&self) -> &str {
        &self.version
    }
}

/// MySQL 8 names collations that MariaDB 10 does not have; which collation it is changes no shape.
fn for_mariadb(sql: &str) -> String {
    sql.replace("utf8mb4_0900_ai_ci", "utf8mb4_unicode_ci")
        .replace("utf8mb4_0900_as_cs", "utf8mb4_bin")
        .replace("utf8mb4_0900_bin", "utf8mb4_bin")
}

/// Nothing here is worth keeping, so nothing waits for a disk.
const SETTINGS: &[&str] = &[
    "--skip-networking",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--log-bin-trust-function-creators=1",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=64M",
    "--character-set-server=utf8mb4",
    "--max-statement-time=60",
];

fn client(home: &Home, mariadb: &Path, database: &str) -> Command {
    let mut command = home.command(mariadb);
    command
        .arg("--no-defaults")
        .arg(format!("--socket={}", socket(home).display()))
        // MySQL before 9 ignores a column's own REFERENCES, and folders written for it name tables there
        // that come later; MariaDB takes such a foreign key only while it checks none.
        .arg("--init-command=SET foreign_key_checks = 0")
        .args(["--user=root", "--batch", "--raw", "--skip-column-names"])
        .args(["--default-character-set=utf8mb4", database]);
    command
}

fn socket(home: &Home) -> PathBuf {
    home.path().join("sock")
}
