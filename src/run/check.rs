//! The checks that migrations ask for before the cutover.

use std::time::Instant;

use crate::backfill::Progress;
use crate::gate::{MigrationId, ReleaseId, Role, State, Status};
use crate::model::Dialect;
use crate::plan::checks_of;
use crate::store::{DatabaseError, Row, Store, StoreError};

/// A check of an applied migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whose.
    pub migration: MigrationId,
    /// What was asked.
    pub query: String,
    /// What speaks against it; nothing where it holds.
    pub seen: Option<String>,
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
}

/// The checks of applied migrations that do not hold, each with what was seen.
pub async fn failing_checks(
    store: &mut Store,
    state: &State,
) -> Result<Vec<(MigrationId, String)>, StoreError> {
    let checks = checks(store, state).await?.into_iter();
    Ok(checks
        .filter_map(|check| Some((check.migration, check.seen?)))
        .collect())
}

/// The checks of applied migrations, asked.
///
/// They are taken from the texts that ran, which the record keeps: no folder is needed, and an edited file changes
/// nothing. A check that cannot be asked does not hold. Nothing is changed: each is asked inside a session that may only
/// read.
pub async fn checks(store: &mut Store, state: &State) -> Result<Vec<Checked>, StoreError> {
    let mut checked = Vec::new();
    for (checksum, text) in store.texts_with_checks().await? {
        let applied = state
            .steps
            .iter()
            .filter(|(_, step)| step.checksum == checksum && step.status == Status::Applied);
        let migrations: Vec<_> = applied.map(|(id, _)| id).collect();
        if migrations.is_empty() {
            continue;
        }
        for query in checks_of(&text, store.dialect()) {
            let started = Instant::now();
            let seen = seen(ask(store, &query).await)?;
            let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            checked.extend(migrations.iter().map(|id| Checked {
                migration: (*id).clone(),
                query: query.clone(),
                seen: seen.clone(),
                took_ms,
            }));
        }
    }
    checked.extend(counts(store, state).await?);
    Ok(checked)
}

/// What finished backfills left, for those migrations that no live release was built with: whatever a live release
/// relies on was counted when it became live.
///
/// Rows are counted now, as they may have been written since; where only what was counted then can be told, that.
async fn counts(store: &mut Store, state: &State) -> Result<Vec<Checked>, StoreError> {
    let mut checked = Vec::new();
    for backfill in store.backfills().await? {
        let migration = backfill.migration;
        if !state.is_applied(&migration)
            || is_lived_with(state, &migration)
            || may_come_late(state, &migration)
        {
            continue;
        }
        let progress: Progress = serde_json::from_str(&backfill.body)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        let started = Instant::now();
        let query = progress.remaining_query.unwrap_or_default();
        let left = if query.is_empty() {
            Ok(progress.verified.map_or(0, |found| found.remaining))
        } else {
            match ask(store, &query).await {
                // A contract step has taken what it was about.
                Err(error) if error.is_missing_table() || error.is_missing_column() => Ok(0),
                Err(error @ DatabaseError::Refused { .. }) => Err(error.to_string()),
                Err(error) => return Err(error.into()),
                Ok(rows) => Ok(number(rows)),
            }
        };
        if query.is_empty() && left.as_ref().is_ok_and(|left| *left == 0) {
            continue;
        }
        let seen = match left {
            Ok(0) => None,
            Ok(left) => Some(format!(
                "{left} rows of {} are not as its backfill leaves them; bgmigrate backfill sweep {migration}",
                progress.table
            )),
            Err(why) => Some(format!(
                "what its backfill left could not be counted: {why}"
            )),
        };
        checked.push(Checked {
            migration,
            query,
            seen,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    }
    Ok(checked)
}

fn is_lived_with(state: &State, migration: &MigrationId) -> bool {
    let live = state
        .slots
        .iter()
        .filter(|(_, slot)| slot.role == Role::Live);
    live.map(|(id, slot)| ReleaseId::new(&id.service, &slot.version))
        .any(|release| state.ships(&release, migration))
}

/// The cutover does not wait for it, so what it has left is no reason to wait either.
fn may_come_late(state: &State, migration: &MigrationId) -> bool {
    let mut releases = state.releases.values();
    releases.any(|release| {
        let shipped = release.ships.get(migration);
        shipped.is_some_and(|shipped| shipped.after_cutover)
    })
}

/// The number that a query counts.
pub(super) fn number(rows: Vec<Row>) -> u64 {
    let first = rows.into_iter().flatten().next().flatten();
    first.and_then(|text| text.parse().ok()).unwrap_or_default()
}

pub(super) async fn ask(store: &mut Store, query: &str) -> Result<Vec<Row>, DatabaseError> {
    let (begin, end) = match store.dialect() {
        Dialect::Postgres => ("BEGIN READ ONLY", "ROLLBACK"),
        Dialect::Mysql => ("START TRANSACTION READ ONLY", "ROLLBACK"),
        Dialect::Sqlite => ("PRAGMA query_only = 1", "PRAGMA query_only = 0"),
    };
    let connection = store.connection();
    connection.run(begin).await?;
    let asked = connection.ask(query).await;
    connection.run(end).await?;
    asked
}

/// What speaks against a check; `None` where it holds: no row, or a single 0 or false.
fn seen(asked: Result<Vec<Row>, DatabaseError>) -> Result<Option<String>, StoreError> {
    let rows = match asked {
        Ok(rows) => rows,
        Err(error @ DatabaseError::Refused { .. }) => {
            return Ok(Some(format!("it could not be asked: {error}")));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(against(&rows))
}

/// What an answer says against a check; `None` where it holds: no row, or a single 0 or false.
pub(super) fn against(rows: &[Row]) -> Option<String> {
    if let [row] = rows
        && let [Some(only)] = &row[..]
        && ["0", "f", "false"].contains(&only.as_str())
    {
        return None;
    }
    let first = rows.first()?;
    let columns = first.iter().map(|value| value.as_deref().unwrap_or("NULL"));
    let first = columns.collect::<Vec<_>>().join(", ");
    Some(match rows.len() {
        1 => format!("it finds {first}"),
        more => format!("it finds {more} rows, the first {first}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[&[Option<&str>]]) -> Vec<Row> {
        let row = |row: &&[Option<&str>]| row.iter().map(|one| one.map(str::to_owned)).collect();
        values.iter().map(row).collect()
    }

    #[test]
    fn no_row_or_a_single_nought_holds() {
        for held in [
            rows(&[]),
            rows(&[&[Some("0")]]),
            rows(&[&[Some("f")]]),
            rows(&[&[Some("false")]]),
        ] {
            assert_eq!(seen(Ok(held)).unwrap(), None);
        }
    }

    #[test]
    fn everything_else_speaks_against_it() {
        for (found, told) in [
            (rows(&[&[Some("1")]]), "it finds 1"),
            (rows(&[&[None]]), "it finds NULL"),
            (rows(&[&[Some("0"), Some("ann")]]), "it finds 0, ann"),
            (
                rows(&[&[Some("0")], &[Some("0")]]),
                "it finds 2 rows, the first 0",
            ),
        ] {
            assert_eq!(seen(Ok(found)).unwrap().as_deref(), Some(told));
        }
    }

    #[test]
    fn a_check_that_cannot_be_asked_does_not_hold() {
        let refused = DatabaseError::Refused {
            code: "42P01".to_owned(),
            message: "there is no table a".to_owned(),
            detail: None,
            hint: None,
        };
        let told = seen(Err(refused)).unwrap().unwrap();
        assert!(told.starts_with("it could not be asked"), "{told}");
    }
}
