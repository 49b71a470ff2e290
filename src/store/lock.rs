//! The lock of a run: one run at a time changes the schema.
//!
//! It belongs to the very session that runs the migrations, so that it is held for as long as the server still works on
//! one, even after its client was killed. It is tried for again and again rather than waited for: a session that waits
//! inside the server keeps a snapshot, which `CREATE INDEX CONCURRENTLY` of the holder waits for in turn (deadlock).

use std::fs::{File, TryLockError};
use std::time::Duration;

use super::{Store, StoreError};
use crate::model::Dialect;

/// How long to wait for another run, and whom to tell.
pub struct Waiting<'a> {
    /// How long.
    pub at_most: Duration,
    /// Is told who holds the lock, when it has to be waited for and whenever that changes.
    pub tell: &'a mut dyn FnMut(&str),
}

/// A lock that is held.
pub(super) struct Lock {
    /// Grows with each taking; a run whose epoch is not the record's any more must not write.
    pub(super) epoch: i64,
    #[expect(dead_code, reason = "what it holds is held for as long as it lives")]
    held: Held,
}

/// What holds the lock.
enum Held {
    /// The session, at the server.
    Session,
    /// An open file beside the database: `SQLite` has no lock that outlives a transaction. The operating system gives
    /// it back when the process ends, however it ends.
    File { _file: File },
    /// Nothing: a database in memory has no other run.
    Nothing,
}

/// `PostgreSQL` advisory locks are two numbers, and each database has its own: `bgmi`, and the lock of runs.
const ADVISORY: &str = "1650943337, 1";

impl Store {
    /// Takes the lock, and writes into the record who holds it.
    pub async fn lock(&mut self, command: &str, waiting: Waiting<'_>) -> Result<(), StoreError> {
        self.refuse_pooler().await?;
        let Waiting { at_most, tell } = waiting;
        let started = std::time::Instant::now();
        let mut pause = Duration::from_millis(200);
        let mut told = None;
        let held = loop {
            if let Some(held) = self.try_lock().await? {
                break held;
            }
            let holder = self.holder().await?;
            if started.elapsed() >= at_most {
                let waited_s = at_most.as_secs();
                return Err(StoreError::Locked { holder, waited_s });
            }
            if told.as_ref() != Some(&holder) {
                tell(&holder);
                told = Some(holder);
            }
            tokio::time::sleep(pause.min(at_most.saturating_sub(started.elapsed()))).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(2));
        };
        let epoch = self.take_over(command).await?;
        self.lock = Some(Lock { epoch, held });
        Ok(())
    }

    /// Gives it back.
    pub async fn unlock(&mut self) {
        if self.lock.take().is_none() {
            return;
        }
        // When this fails the session is broken, and the server gives the lock back by itself.
        let _ = match self.dialect() {
            Dialect::Postgres => {
                self.connection
                    .run(&format!("SELECT pg_advisory_unlock({ADVISORY})"))
                    .await
            }
            Dialect::Mysql => {
                self.connection
                    .run(&format!("DO RELEASE_LOCK({MYSQL_LOCK})"))
                    .await
            }
            Dialect::Sqlite => Ok(()),
        };
    }

    /// Who holds the lock now; `None` when nobody does. Waits for nobody, and writes nothing.
    pub async fn at_work(&mut self) -> Result<Option<String>, StoreError> {
        let query = match self.dialect() {
            Dialect::Sqlite => {
                let held = self.target.file().is_some_and(is_locked);
                return Ok(if held { Some(self.holder().await?) } else { None });
            }
            Dialect::Postgres => {
                "SELECT '1' FROM pg_locks WHERE locktype = 'advisory' AND classid = 1650943337 AND objid = 1 AND granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                    .to_owned()
            }
            Dialect::Mysql => {
                format!("SELECT '1' FROM (SELECT 1) one WHERE IS_USED_LOCK({MYSQL_LOCK}) IS NOT NULL")
            }
        };
        let rows = self.connection.read(&query, &[]).await?;
        Ok(if rows.is_empty() {
            None
        } else {
            Some(self.holder().await?)
        })
    }

    /// `Some` when the lock was taken.
    async fn try_lock(&mut self) -> Result<Option<Held>, StoreError> {
        let query = match self.dialect() {
            Dialect::Sqlite => return self.try_lock_file(),
            Dialect::Postgres => format!("SELECT pg_try_advisory_lock({ADVISORY})::int::text"),
            // MariaDB answers NULL, and locks nothing, when it does not like the timeout: only a 1 is a lock.
            Dialect::Mysql => format!("SELECT concat('', GET_LOCK({MYSQL_LOCK}, 0))"),
        };
        let rows = self.connection.read(&query, &[]).await?;
        let taken = rows.first().and_then(|row| row.first()?.as_deref()) == Some("1");
        Ok(taken.then_some(Held::Session))
    }

    fn try_lock_file(&self) -> Result<Option<Held>, StoreError> {
        let Some(database) = self.target.file() else {
            return Ok(Some(Held::Nothing));
        };
        let path = format!("{database}.bgmigrate-lock");
        let cannot = |error: std::io::Error| super::DatabaseError::Unreachable {
            target: path.clone(),
            message: error.to_string(),
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held::File { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(cannot(error).into()),
        }
    }

    /// Who holds the lock, as far as the record and the server tell.
    async fn holder(&mut self) -> Result<String, StoreError> {
        let query = self.engine.sql("SELECT holder FROM @record WHERE id = 1");
        let noted = match self.connection.read(&query, &[]).await {
            Err(error) if error.is_missing_table() => None,
            rows => rows?.into_iter().flatten().next().flatten(),
        };
        let noted = noted.unwrap_or_else(|| "another run".to_owned());
        let busy = match self.dialect() {
            Dialect::Postgres => {
                "SELECT a.pid::text, left(coalesce(a.query, ''), 80) FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                 WHERE l.locktype = 'advisory' AND l.classid = 1650943337 AND l.objid = 1 AND l.granted \
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                 AND a.state <> 'idle'"
                    .to_owned()
            }
            Dialect::Mysql => format!(
                "SELECT concat('', id), left(coalesce(info, ''), 80) FROM information_schema.processlist \
                 WHERE id = IS_USED_LOCK({MYSQL_LOCK}) AND info IS NOT NULL"
            ),
            Dialect::Sqlite => return Ok(noted),
        };
        let rows = self.connection.read(&busy, &[]).await?;
        let doing = rows.into_iter().next().and_then(|row| {
            let mut columns = row.into_iter();
            Some((columns.next()??, columns.next()??))
        });
        Ok(match doing {
            Some((session, query)) => {
                format!("{noted} (session {session} runs `{}`)", query.trim())
            }
            None => noted,
        })
    }

    /// The next epoch is ours.
    async fn take_over(&mut self, command: &str) -> Result<i64, StoreError> {
        let since = self.clock().await?;
        let holder = format!(
            "`{command}` by {} on {}, process {}, since {since}",
            self.origin.actor,
            self.origin.host,
            std::process::id(),
        );
        let take = self
            .engine
            .sql("UPDATE @record SET epoch = epoch + 1, holder = ? WHERE id = 1");
        self.connection.write(&take, &[holder.into()]).await?;
        let query = self
            .engine
            .sql("SELECT concat('', epoch) FROM @record WHERE id = 1");
        let rows = self.connection.read(&query, &[]).await?;
        let epoch = rows
            .into_iter()
            .flatten()
            .next()
            .flatten()
            .and_then(|epoch| epoch.parse().ok());
        epoch.ok_or_else(|| StoreError::Damaged("it has no epoch".to_owned()))
    }

    async fn clock(&mut self) -> Result<String, StoreError> {
        let rows = self
            .connection
            .read(&self.engine.sql("SELECT @now"), &[])
            .await?;
        Ok(rows
            .into_iter()
            .flatten()
            .next()
            .flatten()
            .unwrap_or_default())
    }

    /// Two connections that are one session at the server go through a transaction pooler: a lock that one of them takes
    /// the other has as well, and any client after them.
    async fn refuse_pooler(&mut self) -> Result<(), StoreError> {
        let query = match self.dialect() {
            Dialect::Postgres => "SELECT pg_backend_pid()::text",
            Dialect::Mysql => "SELECT concat('', connection_id())",
            Dialect::Sqlite => return Ok(()),
        };
        let mut other = self
            .target
            .connect(&self.origin.run, super::Missing::Refuse)
            .await?;
        let (mine, theirs) = (
            self.connection.read(query, &[]).await?,
            other.read(query, &[]).await?,
        );
        other.close().await;
        if mine == theirs {
            return Err(StoreError::Pooled {
                target: self.target(),
            });
        }
        Ok(())
    }
}

/// Whether somebody holds the lock of the database in this file. A look shares the lock for a moment, as several may.
fn is_locked(database: &str) -> bool {
    let file = File::open(format!("{database}.bgmigrate-lock"));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// `GET_LOCK` names are the whole server's, so the database's name is in it; 64 characters at most.
const MYSQL_LOCK: &str = "concat('bgmigrate:', left(sha2(database(), 256), 40))";
