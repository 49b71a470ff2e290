//! The record in the user's database: the history, what it comes to, and the lock of a run.
//!
//! Events are appended on top of the head that was decided on, in one transaction with the rows that they change; where
//! somebody else was faster nothing is written ([`StoreError::Moved`]) and the caller decides anew. Whoever runs
//! migrations holds the lock of the session that runs them, and every event of such a run carries the lock's epoch: a
//! run that lost its lock cannot write (fencing).

mod backfill;
mod cancel;
mod connect;
mod connection;
mod engine;
mod error;
mod fault;
mod guard;
mod history;
mod layout;
mod lock;
mod mysql;
mod postgres;
mod sqlite;
mod statements;
mod tables;

use chrono::{DateTime, Utc};

pub use backfill::{Backfill, Wanted};
pub use cancel::Canceller;
pub use connect::{Missing, Target};
pub use connection::{Connection, Row, Value};
pub use error::{DatabaseError, StoreError};
pub use history::{Difference, Entry};
pub use lock::Waiting;
pub use statements::{StatisticsError, Whose, statistics};

use crate::gate::{Event, State};
use crate::model::Dialect;
use engine::Engine;
use layout::damaged_where_something_is_missing;
use lock::Lock;
use tables::Write;

/// Who does something, from where: kept with every event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The person or the pipeline.
    pub actor: String,
    /// The machine.
    pub host: String,
    /// The CI job, where the environment tells one.
    pub job: Option<String>,
    /// The commit, where the environment tells one.
    pub git_commit: Option<String>,
    /// This tool and its version.
    pub tool: String,
    /// This run of it, told apart from all others.
    pub run: String,
}

/// The record as it was read, and what to append on top of.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What it says.
    pub state: State,
    /// How many events it has.
    pub head: i64,
    /// The database's clock when it was read.
    pub now: DateTime<Utc>,
}

impl Snapshot {
    /// What it says once this event has happened too.
    pub fn evolve(&mut self, event: &Event) {
        self.state = std::mem::take(&mut self.state).evolve(event, self.now);
    }
}

/// The record, over one connection.
pub struct Store {
    connection: Connection,
    engine: &'static Engine,
    target: Target,
    origin: Origin,
    lock: Option<Lock>,
}

impl Store {
    /// Connects to the database that keeps the record.
    pub async fn open(
        target: Target,
        origin: Origin,
        missing: Missing,
    ) -> Result<Self, StoreError> {
        let connection = target.connect(&origin.run, missing).await?;
        Ok(Self {
            engine: Engine::of(target.dialect()),
            connection,
            target,
            origin,
            lock: None,
        })
    }

    /// The database's dialect.
    pub const fn dialect(&self) -> Dialect {
        self.target.dialect()
    }

    /// The database, as people shall read it.
    pub fn target(&self) -> String {
        self.target.to_string()
    }

    /// The connection itself, for what is not the record.
    pub const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Reads the record, and the releases of these versions besides those that are in a slot; `None` where there is no
    /// record yet. Writes nothing.
    pub async fn load(&mut self, also: &[&str]) -> Result<Option<Snapshot>, StoreError> {
        let query = self.engine.sql(&tables::load_query(also.len()));
        let versions: Vec<Value> = also.iter().map(|version| (*version).into()).collect();
        let rows = match self.connection.read(&query, &versions).await {
            Err(error) if error.is_missing_table() || error.is_missing_column() => {
                if !self.is_there().await? {
                    return Ok(None);
                }
                // Somebody may have finished making the tables since.
                let again = self.connection.read(&query, &versions).await;
                again.map_err(damaged_where_something_is_missing)?
            }
            rows => rows?,
        };
        if rows.is_empty() {
            return Ok(None);
        }
        let (header, state) = tables::read(rows)?;
        self.engine.check(header.layout)?;
        if let Some(lock) = self.lock.as_ref().filter(|lock| lock.epoch != header.epoch) {
            let other = header
                .holder
                .unwrap_or_else(|| format!("epoch {}, not {}", header.epoch, lock.epoch));
            return Err(StoreError::Fenced(other));
        }
        Ok(Some(Snapshot {
            state,
            head: header.head,
            now: header.now,
        }))
    }

    /// Appends events to the history in a transaction of its own, and to the snapshot. After an error the snapshot has
    /// to be read anew.
    ///
    /// # Errors
    /// [`StoreError::Moved`] when the record is not what `snapshot` says any more; nothing was written then.
    pub async fn append(
        &mut self,
        snapshot: &mut Snapshot,
        events: &[Event],
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        self.begin().await?;
        match self.append_within(snapshot, events, &[]).await {
            Ok(()) => self.commit().await,
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    /// Appends events inside the transaction that is open: they happened if and only if it commits. So do the texts,
    /// which are kept by their checksums, so that a later edit of a migration can be shown.
    pub async fn append_within(
        &mut self,
        snapshot: &mut Snapshot,
        events: &[Event],
        texts: &[(&str, &str)],
    ) -> Result<(), StoreError> {
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let fence = if self.lock.is_some() {
            " AND epoch = ?"
        } else {
            ""
        };
        let step = self
            .engine
            .sql("UPDATE @record SET head = head + ? WHERE id = 1 AND head = ?");
        let mut values: Vec<Value> = vec![count.into(), snapshot.head.into()];
        values.extend(self.lock.as_ref().map(|lock| lock.epoch.into()));
        if self
            .connection
            .write(&format!("{step}{fence}"), &values)
            .await?
            != 1
        {
            return Err(StoreError::Moved);
        }
        let mut writes = Vec::new();
        for event in events {
            snapshot.head += 1;
            writes.push(self.line(snapshot.head, event, snapshot.now));
            self.follow(event, snapshot).await?;
            snapshot.evolve(event);
            let changed = tables::writes(event, &snapshot.state, snapshot.now);
            writes.extend(changed.into_iter().map(|write| self.change(write)));
        }
        writes.extend(
            texts
                .iter()
                .map(|(checksum, text)| self.text(checksum, text)),
        );
        Ok(self.connection.write_all(&writes).await?)
    }

    /// What changes a row.
    fn change(&self, write: Write) -> (String, Vec<Value>) {
        match write {
            Write::Put(table, values) => (self.engine.put(self.dialect(), table), values),
            Write::Remove(table, key) => (self.engine.remove(table), key),
        }
    }

    /// What keeps the text of a migration.
    fn text(&self, checksum: &str, text: &str) -> (String, Vec<Value>) {
        let put = self.engine.put(self.dialect(), tables::TEXT.name);
        (put, vec![checksum.into(), text.into()])
    }

    /// Opens a transaction.
    pub async fn begin(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.run(self.engine.begin).await?)
    }

    /// Commits it. When the connection breaks here, nobody knows whether it was committed.
    pub async fn commit(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.run("COMMIT").await?)
    }

    /// Rolls it back. A connection that cannot even do that is broken, which rolls it back too.
    pub async fn rollback(&mut self) {
        let _ = self.connection.run("ROLLBACK").await;
    }

    /// Keeps the texts of migrations by their checksums.
    pub async fn keep_texts(&mut self, texts: &[(&str, &str)]) -> Result<(), StoreError> {
        let each = texts.iter();
        let writes: Vec<_> = each
            .map(|(checksum, text)| self.text(checksum, text))
            .collect();
        Ok(self.connection.write_all(&writes).await?)
    }

    /// The text that had this checksum when it was applied, where it was kept.
    pub async fn text_of(&mut self, checksum: &str) -> Result<Option<String>, StoreError> {
        let query = self.engine.sql("SELECT body FROM @text WHERE digest = ?");
        let rows = self.connection.read(&query, &[checksum.into()]).await?;
        Ok(rows.into_iter().flatten().next().flatten())
    }

    /// The texts that were kept and may ask for a check before the cutover, each with its checksum.
    pub async fn texts_with_checks(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let query =
            "SELECT digest, body FROM @text WHERE body LIKE '%bgmigrate:%check%' ORDER BY digest";
        let query = self.engine.sql(query);
        let rows = self.connection.read(&query, &[]).await?;
        let mut texts = Vec::new();
        for row in rows {
            if let [Some(digest), Some(body)] = &row[..] {
                texts.push((digest.clone(), body.clone()));
            }
        }
        Ok(texts)
    }

    /// Ends the session.
    pub async fn close(mut self) {
        self.unlock().await;
        self.connection.close().await;
    }
}
