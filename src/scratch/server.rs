//! A throwaway server of the machine that we run on: in a temporary folder, reached by a socket there, gone with us.

use std::path::{Path, PathBuf};

use super::place::ScratchError;
use crate::model::Dialect;

/// Nothing here is worth keeping, so nothing waits for a disk.
const POSTGRES_SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=64MB",
    "max_locks_per_transaction=512",
];

const MARIADB_SETTINGS: &[&str] = &[
    "--skip-networking",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--log-bin-trust-function-creators=1",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=64M",
    "--character-set-server=utf8mb4",
];

/// A server that ends when this is dropped, or when our process ends in whatever way.
#[cfg(unix)]
pub(super) struct Own {
    // Dropped first, which stops the server: only then may its folder go.
    _keeper: super::Keeper,
    home: super::Home,
    dialect: Dialect,
}

#[cfg(unix)]
impl Own {
    /// Starts one of this dialect.
    pub(super) fn start(dialect: Dialect) -> Result<Self, ScratchError> {
        let started = match dialect {
            Dialect::Postgres => postgres(),
            Dialect::Mysql => mariadb(),
            Dialect::Sqlite => {
                return Err(ScratchError::NoServer("SQLite has no server".to_owned()));
            }
        };
        let (home, keeper) =
            started.map_err(|error| ScratchError::NoServer(format!("{error:#}")))?;
        Ok(Self {
            _keeper: keeper,
            home,
            dialect,
        })
    }

    /// The URL of one of its databases.
    pub(super) fn url(&self) -> String {
        let folder = self.home.path().display();
        match self.dialect {
            Dialect::Postgres => format!("postgresql:///postgres?host={folder}&user=postgres"),
            _ => format!("mysql://root@localhost/mysql?socket={folder}/sock&ssl-mode=DISABLED"),
        }
    }
}

#[cfg(unix)]
fn postgres() -> anyhow::Result<(super::Home, super::Keeper)> {
    use super::{Home, find_program};
    let places = installed();
    let program = |name| find_program(name, None, &places);
    let (initdb, postgres) = (program("initdb")?, program("postgres")?);
    let home = Home::make(&["postgres", "nobody"])?;
    let data = home.path().join("data").display().to_string();
    let socket = home.path().display().to_string();
    let mut arguments = vec!["-D", &data];
    arguments.extend("-U postgres -A trust -E UTF8 --locale=C --no-sync".split(' '));
    home.run(&initdb, &arguments)?;
    let mut arguments = vec!["-D", &data, "-k", &socket];
    for setting in POSTGRES_SETTINGS {
        arguments.extend(["-c", setting]);
    }
    home.keep(&postgres, &arguments, |home| {
        home.path().join(".s.PGSQL.5432").exists()
    })
}

#[cfg(unix)]
fn mariadb() -> anyhow::Result<(super::Home, super::Keeper)> {
    use super::{Home, find_program};
    let places = ["/usr/sbin", "/usr/local/mysql/bin"].map(PathBuf::from);
    let program = |name| find_program(name, None, &places);
    let (install, server) = (program("mariadb-install-db")?, program("mariadbd")?);
    let home = Home::make(&["mysql", "nobody"])?;
    let data = format!("--datadir={}", home.path().join("data").display());
    let socket = format!("--socket={}", home.path().join("sock").display());
    let login = "--auth-root-authentication-method=normal";
    home.run(&install, &["--no-defaults", &data, login, "--skip-test-db"])?;
    let mut arguments = vec!["--no-defaults", &data, &socket];
    arguments.extend(MARIADB_SETTINGS);
    home.keep(&server, &arguments, |home| {
        home.path().join("sock").exists()
    })
}

/// Where a distribution puts PostgreSQL's programs, the newest first: often off the PATH.
#[cfg(unix)]
fn installed() -> Vec<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    versions.reverse();
    versions
}

/// Elsewhere no server is started: its end could not be made sure of.
#[cfg(not(unix))]
pub(super) struct Own;

#[cfg(not(unix))]
impl Own {
    pub(super) fn start(_: Dialect) -> Result<Self, ScratchError> {
        Err(ScratchError::NoServer(
            "throwaway servers are started on Unix only".to_owned(),
        ))
    }

    pub(super) fn url(&self) -> String {
        String::new()
    }
}
