//! Backfills in the record: how far each is, and what people want of it.
//!
//! The row is locked at the beginning of each batch and written at its end, in the transaction that changes the rows: so
//! the cursor is where the rows are, whenever a run is killed. It carries the epoch of the lock under which the backfill
//! runs. Whoever takes the backfill over writes its own epoch first, for which it has to wait for the batch under way; the
//! run that lost the lock then finds a foreign epoch, and changes nothing.

use super::{Store, StoreError, Value};
use crate::gate::MigrationId;

/// A backfill, as the record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// Of which migration.
    pub migration: MigrationId,
    /// Which of its statements, from 0.
    pub statement: usize,
    /// What people want of it.
    pub wanted: Wanted,
    /// Who wants it so.
    pub wanted_by: Option<String>,
    /// Since when, as the record writes times.
    pub wanted_since: Option<String>,
    /// How far it is, in the form of whoever runs it.
    pub body: String,
}

/// What people want of a backfill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// That it runs.
    Run,
    /// That it waits; the run that is at it waits too.
    Pause,
    /// That the run that is at it ends, and no other takes it up.
    Stop,
}

impl Wanted {
    const ALL: [Self; 3] = [Self::Run, Self::Pause, Self::Stop];

    /// The word in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Pause => "pause",
            Self::Stop => "stop",
        }
    }
}

const COLUMNS: &str =
    "migration, concat('', statement), wanted, wanted_by, wanted_since, concat('', epoch), body";

impl Store {
    /// All backfills of the record, in the order of their migrations. A record that is older than backfills has none.
    pub async fn backfills(&mut self) -> Result<Vec<Backfill>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM @backfill ORDER BY migration, statement");
        let rows = match self.connection.read(&self.engine.sql(&query), &[]).await {
            Err(error) if error.is_missing_table() => return Ok(Vec::new()),
            rows => rows?,
        };
        rows.into_iter().map(|row| Ok(read(row)?.0)).collect()
    }

    /// Makes the backfill ours to run; `body` is how far one is that has not begun.
    pub async fn take_backfill(
        &mut self,
        migration: &MigrationId,
        statement: usize,
        body: &str,
    ) -> Result<Backfill, StoreError> {
        self.begin().await?;
        match self.take_within(migration, statement, body).await {
            Ok(taken) => {
                self.commit().await?;
                Ok(taken)
            }
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    async fn take_within(
        &mut self,
        migration: &MigrationId,
        statement: usize,
        body: &str,
    ) -> Result<Backfill, StoreError> {
        let epoch = self.epoch().await?;
        let Some((known, _)) = self.find(migration, statement).await? else {
            let insert = self.engine.sql(
                "INSERT INTO @backfill (migration, statement, wanted, epoch, body) VALUES (?, ?, 'run', ?, ?)",
            );
            let mut values = key(migration, statement);
            values.extend([epoch.into(), body.into()]);
            self.connection.write(&insert, &values).await?;
            return self.lock_backfill(migration, statement).await;
        };
        let update = self
            .engine
            .sql("UPDATE @backfill SET epoch = ? WHERE migration = ? AND statement = ?");
        let mut values = vec![epoch.into()];
        values.extend(key(migration, statement));
        self.connection.write(&update, &values).await?;
        Ok(known)
    }

    /// The backfill, which nobody else can write until the transaction that is open ends.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when it is not ours any more.
    pub async fn lock_backfill(
        &mut self,
        migration: &MigrationId,
        statement: usize,
    ) -> Result<Backfill, StoreError> {
        let found = self.find(migration, statement).await?;
        let (backfill, epoch) = found
            .ok_or_else(|| StoreError::Damaged(format!("the backfill of {migration} is gone")))?;
        match &self.lock {
            Some(lock) if lock.epoch != epoch => Err(StoreError::Fenced(format!(
                "a run of epoch {epoch}, not {}",
                lock.epoch
            ))),
            _ => Ok(backfill),
        }
    }

    async fn find(
        &mut self,
        migration: &MigrationId,
        statement: usize,
    ) -> Result<Option<(Backfill, i64)>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM @backfill WHERE migration = ? AND statement = ?{}",
            self.engine.for_update
        );
        let query = self.engine.sql(&query);
        let rows = self
            .connection
            .read(&query, &key(migration, statement))
            .await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// Writes how far it is, in the transaction that is open.
    pub async fn keep_backfill(
        &mut self,
        migration: &MigrationId,
        statement: usize,
        body: &str,
    ) -> Result<(), StoreError> {
        let update = self
            .engine
            .sql("UPDATE @backfill SET body = ? WHERE migration = ? AND statement = ?");
        let mut values = vec![body.into()];
        values.extend(key(migration, statement));
        self.connection.write(&update, &values).await?;
        Ok(())
    }

    /// Says what is wanted of the backfills of a migration; gives how many there are. Nobody has to hold the lock.
    pub async fn want_backfill(
        &mut self,
        migration: &MigrationId,
        wanted: Wanted,
    ) -> Result<u64, StoreError> {
        let by = format!("{} on {}", self.origin.actor, self.origin.host);
        let update = self.engine.sql(
            "UPDATE @backfill SET wanted = ?, wanted_by = ?, wanted_since = @now WHERE migration = ?",
        );
        let values: [Value; 3] = [wanted.name().into(), by.into(), migration.as_str().into()];
        Ok(self.connection.write(&update, &values).await?)
    }

    /// The epoch of our lock, which has to be the record's still.
    async fn epoch(&mut self) -> Result<i64, StoreError> {
        let query = self
            .engine
            .sql("SELECT concat('', epoch), holder FROM @record WHERE id = 1");
        let row = self.connection.read(&query, &[]).await?.into_iter().next();
        let mut columns = row.unwrap_or_default().into_iter();
        let found = columns
            .next()
            .flatten()
            .and_then(|epoch| epoch.parse().ok());
        let found: i64 = found.ok_or_else(|| StoreError::Damaged("it has no epoch".to_owned()))?;
        match &self.lock {
            Some(lock) if lock.epoch != found => {
                let holder = columns.next().flatten();
                Err(StoreError::Fenced(
                    holder.unwrap_or_else(|| format!("epoch {found}")),
                ))
            }
            _ => Ok(found),
        }
    }
}

fn key(migration: &MigrationId, statement: usize) -> Vec<Value> {
    let statement = i64::try_from(statement).unwrap_or(i64::MAX);
    vec![migration.as_str().into(), statement.into()]
}

fn read(row: super::Row) -> Result<(Backfill, i64), StoreError> {
    let damaged = || StoreError::Damaged("a backfill lacks a value".to_owned());
    let [migration, statement, wanted, by, since, epoch, body] =
        <[Option<String>; 7]>::try_from(row).map_err(|_| damaged())?;
    let wanted = wanted.ok_or_else(damaged)?;
    let wanted = Wanted::ALL
        .into_iter()
        .find(|known| known.name() == wanted)
        .ok_or_else(|| StoreError::Damaged(format!("a backfill is wanted to `{wanted}`")))?;
    let number = |text: Option<String>| text.and_then(|text| text.parse::<i64>().ok());
    let backfill = Backfill {
        migration: MigrationId::from(migration.ok_or_else(damaged)?.as_str()),
        statement: number(statement)
            .and_then(|at| usize::try_from(at).ok())
            .ok_or_else(damaged)?,
        wanted,
        wanted_by: by,
        wanted_since: since,
        body: body.ok_or_else(damaged)?,
    };
    Ok((backfill, number(epoch).ok_or_else(damaged)?))
}
