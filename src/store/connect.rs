//! From a URL to a connection.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(
        unused,
        unreachable_code,
        reason = "built without a driver, there is no connection"
    )
)]

use std::path::Path;
use std::str::FromStr;

use sqlx::{ConnectOptions, Connection as _};

use super::connection::Connection;
use super::error::DatabaseError;
use crate::model::Dialect;

/// A database to connect to.
#[derive(Clone)]
pub struct Target {
    url: String,
    dialect: Dialect,
}

impl FromStr for Target {
    type Err = DatabaseError;

    fn from_str(url: &str) -> Result<Self, DatabaseError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let dialect = match scheme {
            "sqlite" => Dialect::Sqlite,
            "postgres" | "postgresql" => Dialect::Postgres,
            "mysql" | "mariadb" => Dialect::Mysql,
            _ => {
                return Err(DatabaseError::Url(
                    "a database URL begins with sqlite:, postgres:// or mysql://; look at --database-url, DATABASE_URL \
                     and `database_url` in bgmigrate.toml"
                        .to_owned(),
                ));
            }
        };
        let url = match url.strip_prefix("mariadb:") {
            Some(rest) => format!("mysql:{rest}"),
            None => url.to_owned(),
        };
        Ok(Self { url, dialect })
    }
}

impl std::fmt::Display for Target {
    /// The URL without its password and its parameters.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plain = self.url.split('?').next().unwrap_or_default();
        match plain
            .split_once("://")
            .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)))
        {
            Some((scheme, (login, place))) => {
                let user = login.split(':').next().unwrap_or_default();
                write!(f, "{scheme}://{user}@{place}")
            }
            None => f.write_str(plain),
        }
    }
}

/// Whether a database that is not there may be made; only `SQLite` can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is made.
    Create,
    /// It is an error.
    Refuse,
}

impl Target {
    /// The dialect that its URL tells.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The file of a `SQLite` database, for a lock beside it; `None` for one in memory and for other engines.
    pub(super) fn file(&self) -> Option<&str> {
        let path = self.url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path).split('?').next()?;
        (!path.is_empty() && path != ":memory:").then_some(path)
    }

    /// Another database of the same server.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let (scheme, rest) = self.url.split_once("://").unwrap_or((&self.url, ""));
        let (place, parameters) = rest
            .split_once('?')
            .map_or((rest, None), |(place, parameters)| {
                (place, Some(parameters))
            });
        let server = place.split('/').next().unwrap_or_default();
        let parameters = parameters.map_or_else(String::new, |text| format!("?{text}"));
        Self {
            url: format!("{scheme}://{server}/{name}{parameters}"),
            dialect: self.dialect,
        }
    }

    /// The whole URL, password and all: for a program that connects by itself, never for people.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// It is a file that is not there yet.
    pub fn is_missing(&self) -> bool {
        self.file().is_some_and(|file| !Path::new(file).exists())
    }

    /// Opens a connection whose session names `run`.
    pub async fn connect(&self, run: &str, missing: Missing) -> Result<Connection, DatabaseError> {
        match self.dialect {
            Dialect::Sqlite => self.sqlite(missing).await,
            Dialect::Postgres => self.postgres(run).await,
            Dialect::Mysql => self.mysql(run).await,
        }
    }

    fn unreachable(&self, error: &sqlx::Error) -> DatabaseError {
        DatabaseError::Unreachable {
            target: self.to_string(),
            message: error.to_string(),
        }
    }

    #[cfg(feature = "sqlite")]
    async fn sqlite(&self, missing: Missing) -> Result<Connection, DatabaseError> {
        use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
        let options =
            SqliteConnectOptions::from_str(&self.url).map_err(|error| self.unreachable(&error))?;
        if missing == Missing::Refuse && self.is_missing() {
            return Err(DatabaseError::Unreachable {
                target: self.to_string(),
                message: "there is no such file; `bgmigrate init` makes it".to_owned(),
            });
        }
        let options = options
            .create_if_missing(missing == Missing::Create)
            // SQLite's own default. Were it on, rebuilding a table (create, copy, drop, rename) inside a transaction
            // would delete the rows that refer to it (sqlite.org/lang_altertable.html, section 7).
            .foreign_keys(false)
            .disable_statement_logging();
        let connection = SqliteConnection::connect_with(&options).await;
        connection
            .map(Connection::Sqlite)
            .map_err(|error| self.unreachable(&error))
    }

    #[cfg(not(feature = "sqlite"))]
    async fn sqlite(&self, _: Missing) -> Result<Connection, DatabaseError> {
        Err(not_built("sqlite"))
    }

    #[cfg(feature = "postgres")]
    async fn postgres(&self, run: &str) -> Result<Connection, DatabaseError> {
        use sqlx::postgres::{PgConnectOptions, PgConnection};
        let options =
            PgConnectOptions::from_str(&self.url).map_err(|error| self.unreachable(&error))?;
        let options = options
            .application_name(&format!("bgmigrate/{run}"))
            .disable_statement_logging();
        let connection = PgConnection::connect_with(&options).await;
        connection
            .map(Connection::Postgres)
            .map_err(|error| self.unreachable(&error))
    }

    #[cfg(not(feature = "postgres"))]
    async fn postgres(&self, _: &str) -> Result<Connection, DatabaseError> {
        Err(not_built("postgres"))
    }

    #[cfg(feature = "mysql")]
    async fn mysql(&self, run: &str) -> Result<Connection, DatabaseError> {
        use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
        let options =
            MySqlConnectOptions::from_str(&self.url).map_err(|error| self.unreachable(&error))?;
        // The user's migrations run under the server's own settings, not under a driver's.
        let options = options
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .disable_statement_logging();
        let connection = MySqlConnection::connect_with(&options).await;
        let mut connection = connection
            .map(Connection::Mysql)
            .map_err(|error| self.unreachable(&error))?;
        // Gap locks of a record that is only appended to would only be in the way.
        connection
            .run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            .await?;
        connection
            .write("SET @bgmigrate_run = ?", &[run.into()])
            .await?;
        Ok(connection)
    }

    #[cfg(not(feature = "mysql"))]
    async fn mysql(&self, _: &str) -> Result<Connection, DatabaseError> {
        Err(not_built("mysql"))
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn not_built(feature: &str) -> DatabaseError {
    DatabaseError::Url(format!(
        "this build has no driver for that database; build it with `--features {feature}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_of_a_url_has_no_password() {
        let cases = [
            (
                "postgres://app:s3c:r@t@db.example:5432/shop?sslmode=require",
                "postgres://app@db.example:5432/shop",
            ),
            ("postgres:///shop", "postgres:///shop"),
            (
                "mariadb://root:x@localhost/shop",
                "mysql://root@localhost/shop",
            ),
            ("sqlite:data/shop.db?mode=rwc", "sqlite:data/shop.db"),
        ];
        for (url, shown) in cases {
            let target: Target = url.parse().unwrap();
            assert_eq!(target.to_string(), shown);
        }
    }

    #[test]
    fn a_url_of_no_known_database_says_what_to_look_at() {
        let error = "oracle://x".parse::<Target>().err().unwrap().to_string();
        assert!(error.contains("--database-url"), "{error}");
    }
}
