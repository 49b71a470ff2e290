//! How a database fails, as far as a caller has to tell the ways apart.

use thiserror::Error;

/// A failure of the database, or of the way to it.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// It could not be reached, or did not let us in.
    #[error("cannot connect to {target}: {message}")]
    Unreachable {
        /// The database, without its password.
        target: String,
        /// What went wrong.
        message: String,
    },
    /// The URL names no database that this build can talk to.
    #[error("{0}")]
    Url(String),
    /// It answered that it will not do what was asked, and did nothing.
    #[error("{}", said(.message, .detail.as_deref(), .hint.as_deref()))]
    Refused {
        /// SQLSTATE; for `MySQL` its own number, for `SQLite` the extended result code.
        code: String,
        /// What it said.
        message: String,
        /// And in detail.
        detail: Option<String>,
        /// And advised.
        hint: Option<String>,
    },
    /// Somebody else's prepared statement was in the way: the session is shared.
    #[error(
        "{0}: the database's URL goes through a transaction pooler such as PgBouncer, which hands each transaction to \
         another session. Give a direct URL of the server with --database-url"
    )]
    Pooled(String),
    /// The connection broke: nobody knows what became of the statement that was under way.
    #[error("the connection to the database broke: {0}")]
    Lost(String),
}

fn said(message: &str, detail: Option<&str>, hint: Option<&str>) -> String {
    let mut text = message.to_owned();
    if let Some(detail) = detail {
        text.push_str("\n  ");
        text.push_str(detail);
    }
    if let Some(hint) = hint {
        text.push_str("\n  hint: ");
        text.push_str(hint);
    }
    text
}

impl DatabaseError {
    /// Somebody else holds the lock that was needed, longer than we were willing to wait; trying again may succeed.
    ///
    /// `PostgreSQL` 55P03 and 40P01 (deadlock), `MySQL` 1205 and 1213, `SQLite` BUSY (5) and its kin.
    pub fn is_lock_timeout(&self) -> bool {
        let Self::Refused { code, .. } = self else {
            return false;
        };
        match code.as_str() {
            "55P03" | "40P01" | "1205" | "1213" => true,
            code => code
                .parse::<u32>()
                .is_ok_and(|code| code & 0xff == 5 && code < 1024),
        }
    }

    /// The table that was named is not there: `PostgreSQL` 42P01 and 3F000, `MySQL` 1146, `SQLite` by its words.
    pub fn is_missing_table(&self) -> bool {
        match self {
            Self::Refused { code, message, .. } => {
                matches!(code.as_str(), "42P01" | "3F000" | "1146")
                    || message.starts_with("no such table")
            }
            _ => false,
        }
    }

    /// The column that was named is not there: `PostgreSQL` 42703, `MySQL` 1054, `SQLite` by its words.
    pub fn is_missing_column(&self) -> bool {
        match self {
            Self::Refused { code, message, .. } => {
                matches!(code.as_str(), "42703" | "1054") || message.starts_with("no such column")
            }
            _ => false,
        }
    }

    /// Somebody else made the same thing before, or at the same moment: `PostgreSQL` 42P06, 42P07 and 42701, 42710 on the
    /// type that each of its tables has, and 23505 on the catalog's own keys; `MySQL` 1050 and 1060; `SQLite` by its words.
    pub fn is_there_already(&self) -> bool {
        let codes = ["42P06", "42P07", "42701", "42710", "23505", "1050", "1060"];
        match self {
            Self::Refused { code, message, .. } => {
                codes.contains(&code.as_str()) || message.starts_with("duplicate column name")
            }
            _ => false,
        }
    }

    /// Another session changed the same rows first: `PostgreSQL` 40001, and 23505 or `MySQL` 1062 on a key of the record.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if matches!(code.as_str(), "40001" | "23505" | "1062"))
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => of_database(&*error),
            other => Self::Lost(other.to_string()),
        }
    }
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> DatabaseError {
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        // 57P01 to 57P03: the server shuts down or the session was terminated, so the statement's fate is not told.
        if matches!(error.code(), "57P01" | "57P02" | "57P03") {
            return DatabaseError::Lost(error.message().to_owned());
        }
        // What sqlx prepares in a session of its own is there, and is nobody else's.
        if matches!(error.code(), "42P05" | "26000") && error.message().contains("\"sqlx_s_") {
            return DatabaseError::Pooled(error.message().to_owned());
        }
        return DatabaseError::Refused {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
        };
    }
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        // 1053 shutdown, 1927 and 1317 are a killed connection and an interrupted query.
        if matches!(error.number(), 1053 | 1927) {
            return DatabaseError::Lost(error.message().to_owned());
        }
        return DatabaseError::Refused {
            code: error.number().to_string(),
            message: error.message().to_owned(),
            detail: None,
            hint: None,
        };
    }
    DatabaseError::Refused {
        code: error
            .code()
            .map(std::borrow::Cow::into_owned)
            .unwrap_or_default(),
        message: error.message().to_owned(),
        detail: None,
        hint: None,
    }
}

/// A failure of the record.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A newer bgmigrate wrote the record.
    #[error(
        "the record in the database has layout {found}, and this bgmigrate knows layouts up to {known}: \
         use the version that wrote it, or a newer one"
    )]
    Newer {
        /// The record's layout.
        found: i64,
        /// The newest that this build knows.
        known: i64,
    },
    /// An older bgmigrate wrote the record.
    #[error(
        "the record in the database has layout {found}, and this bgmigrate needs layout {known}: `bgmigrate init` adds what \
         is missing and leaves the rest; older versions cannot read it from then on"
    )]
    Older {
        /// The record's layout.
        found: i64,
        /// The newest that this build knows.
        known: i64,
    },
    /// A newer bgmigrate installed the guard.
    #[error(
        "the guard in the database is of version {found}, and this bgmigrate knows versions up to {known}: use the version \
         that installed it, or a newer one"
    )]
    NewerGuard {
        /// The guard's version.
        found: i32,
        /// The newest that this build knows.
        known: i32,
    },
    /// The account may not tell the guard of releases.
    #[error(
        "this account may not pin releases in the guard ({0}): as who installed it, say \
         `bgmigrate guard install --for ROLE`"
    )]
    Distrusted(String),
    /// Somebody else changed the record since it was read.
    #[error("somebody else changed the record at the same time; nothing was done, run this again")]
    Moved,
    /// Another run took the lock over.
    #[error("another run has taken over the lock ({0}); this one stops")]
    Fenced(String),
    /// Another run holds the lock.
    #[error(
        "{holder} has held the lock for longer than {waited_s} s; nothing was done. Wait for it, or raise --lock-wait"
    )]
    Locked {
        /// Who.
        holder: String,
        /// How long it was waited for.
        waited_s: u64,
    },
    /// The connection goes through a pooler that hands sessions around.
    #[error(
        "{target} hands each transaction to another session (a transaction pooler such as PgBouncer): locks and \
         settings do not hold there. Give a direct URL of the server with --database-url"
    )]
    Pooled {
        /// The database, without its password.
        target: String,
    },
    /// The record says something that cannot be.
    #[error(
        "the record in the database is damaged: {0}; `bgmigrate status --check` tells what differs from its history"
    )]
    Damaged(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}
