//! The history itself: appended to, read, and held against what is derived from it.

use chrono::{DateTime, Utc};

use super::tables::{self, KEYED, Write};
use super::{Snapshot, Store, StoreError, Value};
use crate::gate::{Event, State};

/// One line of the history: what happened, when, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: String,
    /// From which machine.
    pub host: String,
    /// In which CI job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// At which commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_commit: Option<String>,
    /// With which version of the tool.
    pub tool: String,
    /// In which run of it.
    pub run: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// Something that the record's tables say, and its history does not, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// What it is about: `slot blue of app`, `migration 0003`.
    pub what: String,
    /// What the history comes to.
    pub history: String,
    /// What the tables say.
    pub tables: String,
}

impl Store {
    /// What appends an event to the history.
    pub(super) fn line(&self, id: i64, event: &Event, at: DateTime<Utc>) -> (String, Vec<Value>) {
        let insert = self.engine.sql(
            "INSERT INTO @event (id, at, actor, host, job, git_commit, tool, run, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let origin = &self.origin;
        let values = vec![
            id.into(),
            tables::time(at).into(),
            origin.actor.as_str().into(),
            origin.host.as_str().into(),
            origin.job.as_deref().into(),
            origin.git_commit.as_deref().into(),
            origin.tool.as_str().into(),
            origin.run.as_str().into(),
            tables::json(event).into(),
        ];
        (insert, values)
    }

    /// The history after event number `after`, oldest first.
    pub async fn history(&mut self, after: i64) -> Result<Vec<Entry>, StoreError> {
        let query = self.engine.sql(
            "SELECT concat('', id), at, actor, host, job, git_commit, tool, run, body FROM @event WHERE id > ? ORDER BY id",
        );
        let rows = self.connection.read(&query, &[after.into()]).await?;
        rows.into_iter().map(entry).collect()
    }

    /// What the tables say and the history does not, or the other way round.
    pub async fn differences(&mut self) -> Result<Vec<Difference>, StoreError> {
        let history = self.history(0).await?;
        let versions: std::collections::BTreeSet<_> = history.iter().filter_map(version).collect();
        let also: Vec<&str> = versions.into_iter().collect();
        let Some(snapshot) = self.load(&also).await? else {
            return Ok(Vec::new());
        };
        let mut differences = compare(&replayed(&history), &snapshot.state);
        let last = history.last().map_or(0, |entry| entry.id);
        let count = i64::try_from(history.len()).unwrap_or(i64::MAX);
        if last != snapshot.head || count != last {
            differences.push(Difference {
                what: "history".to_owned(),
                history: format!("{count} events, the last is number {last}"),
                tables: format!("head is {}", snapshot.head),
            });
        }
        Ok(differences)
    }

    /// Writes the tables anew from the history, in one transaction.
    pub async fn rebuild(&mut self) -> Result<(), StoreError> {
        self.begin().await?;
        match self.rebuild_within().await {
            Ok(()) => self.commit().await,
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    async fn rebuild_within(&mut self) -> Result<(), StoreError> {
        let lock = format!(
            "SELECT concat('', head) FROM @record WHERE id = 1{}",
            self.engine.for_update
        );
        self.connection.read(&self.engine.sql(&lock), &[]).await?;
        let history = self.history(0).await?;
        for table in KEYED {
            self.connection
                .write(
                    &self.engine.sql(&format!("DELETE FROM @{}", table.name)),
                    &[],
                )
                .await?;
        }
        let mut state = State::default();
        let mut rows = std::collections::BTreeMap::new();
        for entry in &history {
            state = state.evolve(&entry.event, entry.at);
            for write in tables::writes(&entry.event, &state, entry.at) {
                match write {
                    Write::Put(table, values) => {
                        let key = key_of(table, &values);
                        rows.insert((table, key), values);
                    }
                    Write::Remove(table, key) => {
                        rows.remove(&(
                            table,
                            key.iter().map(|value| format!("{value:?}")).collect(),
                        ));
                    }
                }
            }
        }
        let rows: Vec<_> = rows
            .into_iter()
            .map(|((table, _), values)| self.change(Write::Put(table, values)))
            .collect();
        self.connection.write_all(&rows).await?;
        let head = history.last().map_or(0, |entry| entry.id);
        let step = self.engine.sql("UPDATE @record SET head = ? WHERE id = 1");
        self.connection.write(&step, &[head.into()]).await?;
        Ok(())
    }

    /// Reads the record again inside the transaction that is open, and keeps everybody else from changing it until it
    /// ends.
    pub async fn load_locked(&mut self, also: &[&str]) -> Result<Snapshot, StoreError> {
        let lock = format!(
            "SELECT concat('', head) FROM @record WHERE id = 1{}",
            self.engine.for_update
        );
        self.connection.read(&self.engine.sql(&lock), &[]).await?;
        let snapshot = self.load(also).await?;
        snapshot.ok_or_else(|| StoreError::Damaged("its tables are gone".to_owned()))
    }
}

fn key_of(table: &str, values: &[Value]) -> Vec<String> {
    let keys = KEYED
        .into_iter()
        .find(|keyed| keyed.name == table)
        .map_or(0, |keyed| keyed.key.len());
    values[..keys]
        .iter()
        .map(|value| format!("{value:?}"))
        .collect()
}

fn replayed(history: &[Entry]) -> State {
    history.iter().fold(State::default(), |state, entry| {
        state.evolve(&entry.event, entry.at)
    })
}

fn version(entry: &Entry) -> Option<&str> {
    match &entry.event {
        Event::ReleaseRecorded { version, .. } => Some(version),
        _ => None,
    }
}

/// What differs between two states, part by part.
fn compare(history: &State, tables: &State) -> Vec<Difference> {
    let mut found = Vec::new();
    differing("slot", &history.slots, &tables.slots, &mut found);
    differing(
        "retired slot",
        &history.retired,
        &tables.retired,
        &mut found,
    );
    differing(
        "cutover of",
        &history.cutovers,
        &tables.cutovers,
        &mut found,
    );
    differing("release", &history.releases, &tables.releases, &mut found);
    differing("migration", &history.steps, &tables.steps, &mut found);
    found
}

fn differing<K: Ord + std::fmt::Display, V: PartialEq + std::fmt::Debug>(
    kind: &str,
    history: &std::collections::BTreeMap<K, V>,
    tables: &std::collections::BTreeMap<K, V>,
    found: &mut Vec<Difference>,
) {
    let keys: std::collections::BTreeSet<&K> = history.keys().chain(tables.keys()).collect();
    let shown = |value: Option<&V>| {
        value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
    };
    let each = keys
        .into_iter()
        .filter(|key| history.get(key) != tables.get(key));
    found.extend(each.map(|key| Difference {
        what: format!("{kind} {key}"),
        history: shown(history.get(key)),
        tables: shown(tables.get(key)),
    }));
}

fn entry(row: super::Row) -> Result<Entry, StoreError> {
    let mut columns = row.into_iter();
    let mut next = || columns.next().flatten();
    let damaged = || StoreError::Damaged("an event lacks a value".to_owned());
    let id = next().and_then(|id| id.parse().ok()).ok_or_else(damaged)?;
    Ok(Entry {
        id,
        at: tables::read_time(&next().ok_or_else(damaged)?)?,
        actor: next().ok_or_else(damaged)?,
        host: next().ok_or_else(damaged)?,
        job: next(),
        git_commit: next(),
        tool: next().ok_or_else(damaged)?,
        run: next().ok_or_else(damaged)?,
        event: tables::from_json(&next().ok_or_else(damaged)?)?,
    })
}
