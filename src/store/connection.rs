//! One connection to a database of any of the three engines, with the little that the record needs of it.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(
        unused,
        unreachable_code,
        reason = "built without a driver, there is no connection"
    )
)]

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::error::DatabaseError;
use super::fault;
use crate::model::Dialect;

/// A connection. Everything that the tool does in a run goes over one of these, never over a pool: locks and
/// settings belong to a session.
pub enum Connection {
    /// To a file, or to memory.
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqliteConnection),
    /// To `PostgreSQL`.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgConnection),
    /// To `MySQL` or `MariaDB`.
    #[cfg(feature = "mysql")]
    Mysql(sqlx::MySqlConnection),
    /// Built without a driver, there is none.
    #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
    None(std::convert::Infallible),
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `NULL`.
    Null,
    /// Text.
    Text(String),
    /// A number.
    Integer(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// As many statements are sent at once: a server takes texts of some megabytes.
const BATCH: usize = 256;

/// A statement of ours with its values in it. Texts are written as their bytes, so that no setting of the server and
/// nothing in them can end them early.
fn literal(sql: &str, values: &[Value], dialect: Dialect) -> String {
    let mut text = String::with_capacity(sql.len() * 2);
    let mut values = values.iter();
    for (at, part) in sql.split('?').enumerate() {
        if at > 0 {
            match values.next() {
                None | Some(Value::Null) => text.push_str("NULL"),
                Some(Value::Integer(number)) => text.push_str(&number.to_string()),
                Some(Value::Text(value)) => {
                    let bytes = value.bytes().fold(String::new(), |mut hex, byte| {
                        // Writing to a string cannot fail.
                        let _ = write!(hex, "{byte:02x}");
                        hex
                    });
                    let _ = match dialect {
                        Dialect::Postgres => {
                            write!(text, "convert_from(decode('{bytes}', 'hex'), 'UTF8')")
                        }
                        Dialect::Mysql => write!(text, "CONVERT(X'{bytes}' USING utf8mb4)"),
                        Dialect::Sqlite => write!(text, "CAST(X'{bytes}' AS TEXT)"),
                    };
                }
            }
        }
        text.push_str(part);
    }
    text
}

/// A row whose columns are all text or `NULL`.
pub type Row = Vec<Option<String>>;

/// Calls an expression with the connection of whichever engine it is.
macro_rules! on_any {
    ($self:expr, $connection:ident => $body:expr) => {
        match $self {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite($connection) => $body,
            #[cfg(feature = "postgres")]
            Connection::Postgres($connection) => $body,
            #[cfg(feature = "mysql")]
            Connection::Mysql($connection) => $body,
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            Connection::None(never) => unreachable!("{never}"),
        }
    };
}

/// Reads each column of a row as text, whatever its type: our own queries cast, others are sent as plain text and are
/// answered so.
macro_rules! texts {
    () => {
        |row| {
            let columns = 0..row.len();
            columns
                .map(|at| row.try_get_unchecked::<Option<String>, _>(at))
                .collect::<Result<Row, sqlx::Error>>()
        }
    };
}

/// A query of ours with its parameters bound.
macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match value {
                Value::Null => query.bind(None::<String>),
                Value::Text(text) => query.bind(text.clone()),
                Value::Integer(number) => query.bind(*number),
            };
        }
        query
    }};
}

impl Connection {
    /// The dialect that it speaks.
    pub const fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Dialect::Mysql,
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            Self::None(never) => match *never {},
        }
    }

    /// Sends SQL as it stands, one statement or several, without preparing it.
    pub async fn run(&mut self, sql: &str) -> Result<(), DatabaseError> {
        // The SQL is the user's own migration, or made of our own words.
        let sql = AssertSqlSafe(sql.to_owned());
        fault::point();
        on_any!(self, connection => sqlx::raw_sql(sql).execute(connection).await.map(|_| ())?);
        fault::point();
        Ok(())
    }

    /// Sends one statement as it stands; returns how many rows it changed.
    pub async fn change(&mut self, sql: &str) -> Result<u64, DatabaseError> {
        let sql = AssertSqlSafe(sql.to_owned());
        fault::point();
        let changed = on_any!(self, connection => sqlx::raw_sql(sql).execute(connection).await?.rows_affected());
        fault::point();
        Ok(changed)
    }

    /// Runs one statement of ours, whose parameters are written `?`; returns how many rows it changed.
    pub async fn write(&mut self, sql: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        let sql = self.numbered(sql);
        fault::point();
        let changed = on_any!(self, connection => bound!(sql, values).execute(connection).await?.rows_affected());
        fault::point();
        Ok(changed)
    }

    /// Runs statements of ours, whose parameters are written `?`, in as few round trips as they take.
    pub async fn write_all(
        &mut self,
        writes: &[(String, Vec<Value>)],
    ) -> Result<(), DatabaseError> {
        let dialect = self.dialect();
        for some in writes.chunks(BATCH) {
            let texts: Vec<_> = some
                .iter()
                .map(|(sql, values)| literal(sql, values, dialect))
                .collect();
            self.run(&texts.join(";\n")).await?;
        }
        Ok(())
    }

    /// Asks one query of ours, whose parameters are written `?` and whose columns are all text.
    pub async fn read(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let sql = self.numbered(sql);
        let rows = on_any!(self, connection => {
            let rows = bound!(sql, values).fetch_all(connection).await?;
            rows.iter().map(texts!()).collect::<Result<Vec<_>, sqlx::Error>>()?
        });
        Ok(rows)
    }

    /// Asks a query that somebody else wrote, and renders what it answers as text.
    pub async fn ask(&mut self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        let sql = AssertSqlSafe(sql.to_owned());
        let rows = on_any!(self, connection => {
            let rows = sqlx::raw_sql(sql).fetch_all(connection).await?;
            rows.iter().map(texts!()).collect::<Result<Vec<_>, sqlx::Error>>()?
        });
        Ok(rows)
    }

    /// Ends the session in good order.
    pub async fn close(self) {
        // What was committed stays committed whether or not the goodbye arrives.
        let _ = on_any!(self, connection => connection.close().await);
    }

    /// Parameters as the engine writes them: `PostgreSQL` numbers them.
    fn numbered(&self, sql: &str) -> String {
        if self.dialect() != Dialect::Postgres {
            return sql.to_owned();
        }
        let mut text = String::with_capacity(sql.len() + 16);
        for (at, part) in sql.split('?').enumerate() {
            if at > 0 {
                text.push('$');
                text.push_str(&at.to_string());
            }
            text.push_str(part);
        }
        text
    }
}
