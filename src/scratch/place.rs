//! Where the scratch database is, how it is made, and how it goes.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::catalog_query;
use super::server::Own;
use crate::model::Dialect;
use crate::proof::{Catalog, Fact, columns_of_view, compare, question, with_texts};
use crate::store::{Connection, DatabaseError, Missing, Target};

/// Why there is no scratch database.
#[derive(Debug, Error)]
pub enum ScratchError {
    /// The server, or the way to it.
    #[error("the scratch database: {0}")]
    Database(#[from] DatabaseError),
    /// The scratch is where the record is.
    #[error(
        "--scratch-url names {0}, which is the live database: name another one, or leave --scratch-url away"
    )]
    Live(String),
    /// No server can be started here.
    #[error("no scratch server: {0}; install it, or name a server with --scratch-url")]
    NoServer(String),
    /// The server gave us another database than the one that we made.
    #[error("the server led us to the database `{0}` and not to the scratch; nothing was run")]
    Elsewhere(String),
    /// The URL is for another engine.
    #[error("the folder is {folder}, and the database named is {url}")]
    Misfit {
        /// The folder's.
        folder: Dialect,
        /// The URL's.
        url: Dialect,
    },
    /// A catalog that we do not understand.
    #[error("the scratch database's catalog: {0}")]
    Catalog(#[from] serde_json::Error),
    /// The live database's structure could not be had.
    #[error("copying the structure of the live database: {0}")]
    Structure(String),
}

/// What every scratch database is called, before what tells it from others.
const PREFIX: &str = "bgmigrate_scratch_";

/// An empty database to play in.
pub struct Scratch {
    pub(super) connection: Connection,
    /// Made there by us, to be dropped by us.
    made: Option<Made>,
    /// The server's other databases, where it is not ours alone.
    pub(super) shared: Option<BTreeSet<String>>,
    /// Where it is, and how its sessions are called.
    pub(super) address: Option<(Target, String)>,
    /// Product, version, and whose.
    label: String,
    // Last: the server goes when nobody is connected any more.
    _own: Option<Own>,
}

struct Made {
    admin: Connection,
    name: String,
}

impl Scratch {
    /// Makes one: in memory, on the server at `url`, or on a throwaway server. `live` must not be written.
    pub async fn make(
        dialect: Dialect,
        url: Option<&Target>,
        live: Option<&Target>,
    ) -> Result<Self, ScratchError> {
        if let Some(url) = url.filter(|url| url.dialect() != dialect) {
            return Err(ScratchError::Misfit {
                folder: dialect,
                url: url.dialect(),
            });
        }
        if dialect == Dialect::Sqlite {
            return Self::in_memory().await;
        }
        if let Some(url) = url {
            if let Some(live) = live.filter(|live| live.dialect() == dialect) {
                refuse_live(url, live).await?;
            }
            return Self::on(url, None).await;
        }
        let own = Own::start(dialect)?;
        let url: Target = own.url().parse()?;
        Self::on(&url, Some(own)).await
    }

    async fn in_memory() -> Result<Self, ScratchError> {
        let memory: Target = "sqlite::memory:".parse()?;
        let mut connection = memory.connect("scratch", Missing::Create).await?;
        let version = one(&mut connection, "SELECT sqlite_version()").await?;
        Ok(Self {
            connection,
            made: None,
            shared: None,
            address: None,
            label: format!("SQLite {version} in memory"),
            _own: None,
        })
    }

    async fn on(url: &Target, own: Option<Own>) -> Result<Self, ScratchError> {
        let dialect = url.dialect();
        let name = name();
        let mut admin = patiently(url, &name, own.is_some()).await?;
        // Taken before the database is there: whoever clears up leaves alone what somebody holds.
        hold(&mut admin, &name).await?;
        drop_leftovers(&mut admin).await?;
        let create = match dialect {
            Dialect::Mysql => format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
            _ => format!("CREATE DATABASE {name}"),
        };
        admin.run(&create).await?;
        let mut made = Made { admin, name };
        match enter(url, &mut made, own.is_some()).await {
            Ok((connection, shared, label)) => Ok(Self {
                connection,
                address: Some((url.with_database(&made.name), made.name.clone())),
                made: Some(made),
                shared,
                label,
                _own: own,
            }),
            Err(error) => {
                made.go().await?;
                Err(error)
            }
        }
    }

    /// Product, version, and whose server.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The dialect that it speaks.
    pub const fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    /// Drops it.
    pub async fn close(self) -> Result<(), ScratchError> {
        self.connection.close().await;
        match self.made {
            Some(made) => made.go().await,
            None => Ok(()),
        }
    }

    /// Forgets what a migration has set for its session.
    pub(super) async fn settle(&mut self) -> Result<(), DatabaseError> {
        // One that opens a transaction and does not end it has done nothing; that none is open is no failure.
        let _ = self.connection.run("ROLLBACK").await;
        match self.dialect() {
            Dialect::Postgres => {
                self.connection.run("DISCARD ALL").await?;
                // The catalog query is large and short-lived: compiling it would take longer than running it.
                self.connection
                    .run("SET jit = off; SET statement_timeout = '60s'; SET client_min_messages = error")
                    .await
            }
            Dialect::Mysql => {
                self.connection
                    .run(
                        "SET SESSION foreign_key_checks = 1, unique_checks = 1, sql_mode = @@GLOBAL.sql_mode, \
                         autocommit = 1",
                    )
                    .await
            }
            Dialect::Sqlite => self.connection.run("PRAGMA foreign_keys = OFF").await,
        }
    }

    /// What it holds now.
    pub async fn catalog(&mut self) -> Result<Catalog, ScratchError> {
        let dialect = self.dialect();
        let mut query = catalog_query(dialect).to_owned();
        if self.shared.is_some() && dialect == Dialect::Mysql {
            // What others do in their databases meanwhile is none of this.
            query = query
                .replace(
                    "NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')",
                    "= DATABASE()",
                )
                .replace("NOT IN ('mysql', 'sys')", "= DATABASE()");
        }
        let mut lines = lines(&mut self.connection, &query).await?;
        if dialect == Dialect::Postgres {
            // The query qualifies every name by this setting; migrations run under the database's own.
            self.connection.run("RESET search_path").await?;
        }
        if dialect != Dialect::Sqlite {
            return Ok(Catalog::from_lines(&lines)?);
        }
        let views = self
            .connection
            .ask("SELECT name FROM sqlite_schema WHERE type = 'view'")
            .await?;
        for view in views.into_iter().flatten().flatten() {
            // A view over a table that is gone has no columns any more.
            let columns = self::lines(&mut self.connection, &columns_of_view(&view)).await;
            lines += &columns.unwrap_or_default();
        }
        Ok(Catalog::from_lines(&with_texts(&lines)?)?)
    }

    /// What became of the catalog. What the comparison has to ask the engine it is told in a second round.
    pub(super) async fn differences(&mut self, before: &Catalog, after: &Catalog) -> Vec<Fact> {
        let dialect = self.dialect();
        let mut answers: HashMap<String, bool> = HashMap::new();
        loop {
            let open = RefCell::new(BTreeSet::new());
            let facts = compare(dialect, before, after, &|relation, expression| {
                let asked = question(dialect, relation, expression);
                let known = answers.get(&asked).copied();
                if known.is_none() {
                    open.borrow_mut().insert(asked);
                }
                known.unwrap_or(false)
            });
            let open = open.into_inner();
            if open.is_empty() {
                return facts;
            }
            for asked in open {
                let answer = one(&mut self.connection, &asked).await;
                let holds = answer.is_ok_and(|answer| matches!(answer.trim(), "t" | "true" | "1"));
                answers.insert(asked, holds);
            }
        }
    }
}

impl Made {
    async fn go(mut self) -> Result<(), ScratchError> {
        drop_database(&mut self.admin, &self.name).await?;
        self.admin.close().await;
        Ok(())
    }
}

/// A connection to the database that was made, after a look that it is this one.
async fn enter(
    url: &Target,
    made: &mut Made,
    alone: bool,
) -> Result<(Connection, Option<BTreeSet<String>>, String), ScratchError> {
    let target: Target = url.with_database(&made.name);
    let mut connection = target.connect(&made.name, Missing::Refuse).await?;
    let (database, version, all) = match url.dialect() {
        Dialect::Mysql => (
            "SELECT DATABASE()",
            "SELECT VERSION()",
            "SELECT schema_name FROM information_schema.schemata",
        ),
        _ => (
            "SELECT current_database()::text",
            "SHOW server_version",
            "SELECT datname::text FROM pg_database",
        ),
    };
    let database = one(&mut connection, database).await?;
    if database != made.name {
        return Err(ScratchError::Elsewhere(database));
    }
    let version = one(&mut connection, version).await?;
    let version = version.split([' ', '-']).next().unwrap_or_default();
    let product = match url.dialect() {
        Dialect::Mysql => {
            let comment = one(&mut connection, "SELECT @@version_comment").await?;
            if comment.to_ascii_lowercase().contains("mariadb") || comment.contains("Debian") {
                "MariaDB"
            } else {
                "MySQL"
            }
        }
        _ => "PostgreSQL",
    };
    let whose = if alone {
        "a throwaway server".to_owned()
    } else {
        url.to_string()
    };
    let shared = if alone {
        None
    } else {
        let rows = connection.ask(all).await?;
        let names = rows.into_iter().flatten().flatten();
        let engines_own = ["information_schema", "performance_schema"];
        let others =
            names.filter(|name| *name != made.name && !engines_own.contains(&name.as_str()));
        Some(others.collect())
    };
    Ok((
        connection,
        shared,
        format!("{product} {version} on {whose}"),
    ))
}

/// A server that was just started may not take connections yet.
async fn patiently(url: &Target, run: &str, starting: bool) -> Result<Connection, DatabaseError> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match url.connect(run, Missing::Refuse).await {
            Err(_) if starting && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            connected => return connected,
        }
    }
}

fn name() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.map_or(0, |since| since.as_micros());
    format!("{PREFIX}{:x}_{micros:x}", std::process::id())
}

/// Says that the name is in use for as long as the session lives. PostgreSQL's sessions say it by their name.
async fn hold(admin: &mut Connection, name: &str) -> Result<(), DatabaseError> {
    if admin.dialect() == Dialect::Mysql {
        admin.ask(&format!("SELECT GET_LOCK('{name}', 0)")).await?;
    }
    Ok(())
}

/// Drops what runs that were killed have left: nobody holds it, and it is called as ours are.
async fn drop_leftovers(admin: &mut Connection) -> Result<(), DatabaseError> {
    let query = match admin.dialect() {
        Dialect::Mysql => format!(
            "SELECT schema_name FROM information_schema.schemata \
             WHERE LEFT(schema_name, {}) = '{PREFIX}' AND IS_FREE_LOCK(schema_name)",
            PREFIX.len()
        ),
        _ => format!(
            "SELECT datname::text FROM pg_database d WHERE starts_with(datname::text, '{PREFIX}') \
             AND pg_has_role(datdba, 'MEMBER') \
             AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname \
                             OR a.application_name = 'bgmigrate/' || d.datname)"
        ),
    };
    for name in admin.ask(&query).await?.into_iter().flatten().flatten() {
        drop_database(admin, &name).await?;
    }
    Ok(())
}

async fn drop_database(admin: &mut Connection, name: &str) -> Result<(), DatabaseError> {
    admin.run(&format!("DROP DATABASE IF EXISTS {name}")).await
}

/// Refuses the database that keeps the record, by whatever name it was called.
async fn refuse_live(url: &Target, live: &Target) -> Result<(), ScratchError> {
    let identity = match url.dialect() {
        Dialect::Mysql => {
            "SELECT CONCAT_WS('|', @@hostname, @@port, @@socket, @@datadir, DATABASE())"
        }
        _ => {
            "SELECT concat_ws('|', pg_postmaster_start_time(), current_setting('port'), current_database())"
        }
    };
    let mut of_scratch = url.connect("scratch", Missing::Refuse).await?;
    let there = one(&mut of_scratch, identity).await?;
    of_scratch.close().await;
    // A live database that cannot be reached from here cannot be written from here either.
    let Ok(mut of_live) = live.connect("scratch", Missing::Refuse).await else {
        return Ok(());
    };
    let here = one(&mut of_live, identity).await?;
    of_live.close().await;
    if here == there {
        return Err(ScratchError::Live(url.to_string()));
    }
    Ok(())
}

/// The rows of a query of one column, a line each.
pub(super) async fn lines(
    connection: &mut Connection,
    query: &str,
) -> Result<String, DatabaseError> {
    let rows = connection.ask(query).await?;
    Ok(rows
        .into_iter()
        .flatten()
        .flatten()
        .fold(String::new(), |mut text, line| {
            text.push_str(&line);
            text.push('\n');
            text
        }))
}

/// The one value that a query answers; empty for none.
pub(super) async fn one(connection: &mut Connection, query: &str) -> Result<String, DatabaseError> {
    let rows = connection.ask(query).await?;
    Ok(rows
        .into_iter()
        .flatten()
        .flatten()
        .next()
        .unwrap_or_default())
}
