//! Throwaway servers for tests: one of each kind for a test binary, which go with its process.
//!
//! They listen on a socket in a temporary folder of their own. A test asks for a fresh database and has it to itself;
//! what a server shares between databases (roles, settings) a test must name for itself.

#![allow(dead_code, reason = "no test binary uses every server")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use bgmigrate::scratch::{Home, Keeper, find_program};
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;

/// The newest PostgreSQL that is installed.
pub(crate) fn postgres() -> &'static Server {
    static SERVER: LazyLock<Server> =
        LazyLock::new(|| start("PostgreSQL", start_postgres(None, &[])));
    &SERVER
}

/// PostgreSQL 18, which `scripts/servers` fetches.
pub(crate) fn postgres_18() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(|| {
        let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/postgres-18/bin");
        start(
            "PostgreSQL 18 (scripts/servers fetches it)",
            start_postgres(Some(&bin), &[]),
        )
    });
    &SERVER
}

/// Servers that keep which statements ran: the PostgreSQL that is installed, PostgreSQL 18 and MariaDB.
pub(crate) fn with_statistics() -> [&'static Server; 3] {
    const POSTGRES: &[&str] = &["shared_preload_libraries=pg_stat_statements"];
    const MARIADB: &[&str] = &[
        "--performance-schema=ON",
        "--performance-schema-consumer-events-statements-current=ON",
        "--performance-schema-consumer-events-statements-history=ON",
    ];
    static SERVERS: LazyLock<[Server; 3]> = LazyLock::new(|| {
        let eighteen = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/postgres-18/bin");
        [
            start("PostgreSQL", start_postgres(None, POSTGRES)),
            start(
                "PostgreSQL 18 (scripts/servers fetches it)",
                start_postgres(Some(&eighteen), POSTGRES),
            ),
            start("MariaDB", start_mariadb(MARIADB)),
        ]
    });
    SERVERS.each_ref()
}

/// MariaDB, which stands in for MySQL too.
pub(crate) fn mariadb() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(|| start("MariaDB", start_mariadb(&[])));
    &SERVER
}

/// A transaction pooler before PostgreSQL, for as long as it is held.
pub(crate) struct Pooler {
    // The keeper goes first: nobody works in the folder any more then.
    _keeper: Keeper,
    home: Home,
}

/// `PgBouncer` in transaction mode before [`postgres`].
pub(crate) fn pgbouncer() -> Pooler {
    let started = start_pgbouncer();
    started.unwrap_or_else(|error| panic!("no PgBouncer to test with: {error:#}"))
}

impl Pooler {
    /// The same database through the pooler.
    pub(crate) fn url(&self, url: &str) -> String {
        let (database, _) = url.split_once('?').unwrap();
        let folder = self.home.path().display();
        format!("{database}?host={folder}&port=6432&user=postgres")
    }
}

/// A server that runs until the test binary ends.
pub(crate) struct Server {
    home: Home,
    engine: Engine,
    databases: AtomicUsize,
    // When our process ends, however it ends, its end of a pipe closes, and the keeper stops the server.
    _keeper: Keeper,
}

#[derive(Clone, Copy)]
enum Engine {
    Postgres,
    MariaDb,
}

impl Server {
    /// Creates a new database whose name begins with `database`, and gives the URL that sqlx, and for PostgreSQL
    /// `psql` and `pg_dump`, reach it by as the superuser. May be asked for from within a runtime.
    pub(crate) fn url(&self, database: &str) -> String {
        let name = self.name(database);
        let create = match self.engine {
            Engine::Postgres => format!("CREATE DATABASE \"{name}\""),
            Engine::MariaDb => format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"),
        };
        self.create(&name, create)
    }

    /// A new database with all that is in this one, to which nobody may be connected meanwhile. PostgreSQL only.
    pub(crate) fn copy(&self, url: &str) -> String {
        let template = url.trim_start_matches("postgresql:///");
        let template = template.split('?').next().unwrap_or_default();
        let name = self.name(template);
        self.create(
            &name,
            format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""),
        )
    }

    fn name(&self, database: &str) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        format!("{database}_{number}")
    }

    fn create(&self, name: &str, create: String) -> String {
        let url = self.address(self.engine.first_database());
        // A thread of its own, as a runtime may not be entered within another.
        let created = std::thread::scope(|scope| {
            let creator = scope.spawn(|| complete(self.engine.execute(&url, create)));
            creator
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        created.unwrap_or_else(|error| panic!("cannot create the database {name}: {error:#}"));
        self.address(name)
    }

    /// The folder with the server's socket.
    pub(crate) fn folder(&self) -> &Path {
        self.home.path()
    }

    fn address(&self, database: &str) -> String {
        self.engine.address(&self.home, database)
    }
}

impl Engine {
    fn first_database(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mysql",
        }
    }

    fn address(self, home: &Home, database: &str) -> String {
        let folder = home.path().display();
        match self {
            Self::Postgres => format!("postgresql:///{database}?host={folder}&user=postgres"),
            Self::MariaDb => {
                format!("mysql://root@localhost/{database}?socket={folder}/sock&ssl-mode=DISABLED")
            }
        }
    }

    async fn execute(self, url: &str, sql: String) -> Result<()> {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Postgres => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await?;
            }
            Self::MariaDb => {
                let mut connection = MySqlConnection::connect(url).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok(())
    }

    fn ready(self, home: &Home) -> bool {
        let url = self.address(home, self.first_database());
        complete(self.execute(&url, "SELECT 1".to_owned())).is_ok()
    }

    fn keep(self, home: Home, program: &Path, arguments: &[&str]) -> Result<Server> {
        let (home, keeper) = home.keep(program, arguments, |home| {
            // As readiness is asked for in whatever thread first needs the server, which may run a runtime.
            std::thread::scope(|scope| scope.spawn(|| self.ready(home)).join().unwrap_or(false))
        })?;
        Ok(Server {
            home,
            engine: self,
            databases: AtomicUsize::new(0),
            _keeper: keeper,
        })
    }
}

fn start(name: &str, started: Result<Server>) -> Server {
    started.unwrap_or_else(|error| panic!("no {name} to test with: {error:#}"))
}

fn start_postgres(bin: Option<&Path>, more: &[&str]) -> Result<Server> {
    let places = installed();
    let program = |name| find_program(name, bin, &places);
    let (initdb, postgres) = (program("initdb")?, program("postgres")?);
    let home = Home::make(&["postgres", "nobody"])?;
    let data = home.path().join("data").display().to_string();
    let socket = home.path().display().to_string();
    let mut arguments = vec!["-D", &data];
    arguments.extend("-U postgres -A trust -E UTF8 --locale=C --no-sync".split(' '));
    home.run(&initdb, &arguments)?;
    let mut arguments = vec!["-D", &data, "-k", &socket];
    for setting in POSTGRES_SETTINGS.iter().chain(more) {
        arguments.extend(["-c", setting]);
    }
    Engine::Postgres.keep(home, &postgres, &arguments)
}

fn start_pgbouncer() -> Result<Pooler> {
    let program = find_program("pgbouncer", None, &[PathBuf::from("/usr/sbin")])?;
    let home = Home::make(&["postgres", "nobody"])?;
    let (server, own) = (postgres().folder().display(), home.path().display());
    let settings = format!(
        "[databases]\n* = host={server} user=postgres\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
         unix_socket_dir = {own}\nauth_type = any\npool_mode = transaction\n\
         ignore_startup_parameters = extra_float_digits\n"
    );
    let ini = home.path().join("pgbouncer.ini");
    std::fs::write(&ini, settings)?;
    let socket = home.path().join(".s.PGSQL.6432");
    let ini = ini.display().to_string();
    let (home, keeper) = home.keep(&program, &[&ini], |_| socket.exists())?;
    Ok(Pooler {
        _keeper: keeper,
        home,
    })
}

fn start_mariadb(more: &[&str]) -> Result<Server> {
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
    arguments.extend(more);
    Engine::MariaDb.keep(home, &server, &arguments)
}

/// Nothing here is worth keeping, so nothing waits for a disk.
const POSTGRES_SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=64MB",
    "max_connections=200",
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

/// Where a distribution puts PostgreSQL's programs, the newest first: often off the PATH.
fn installed() -> Vec<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    versions.reverse();
    versions
}

fn complete<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?
        .block_on(work)
}
