//! What is looked at before the next batch.

use std::time::Duration;

use crate::backfill::{Pace, Reading};
use crate::call::{Request, Tls, fetch};
use crate::model::Dialect;
use crate::run::check;
use crate::store::{DatabaseError, Store};

/// How far replicas of PostgreSQL may be behind where nothing is configured.
const MAX_LAG_MS: u64 = 2000;
/// How long an address may take to answer.
const HTTP_TIMEOUT: Duration = Duration::from_secs(5);

/// What each signal says, in the order in which they are told.
pub(super) async fn readings(store: &mut Store, pace: &Pace) -> Vec<(String, Reading)> {
    let mut all = Vec::new();
    if store.dialect() == Dialect::Postgres {
        let reading = replica_lag(store, pace.max_lag_ms.unwrap_or(MAX_LAG_MS)).await;
        let asked_for = pace.max_lag_ms.is_some();
        if asked_for || !matches!(reading, Reading::Unreadable(_)) {
            all.push(("replica lag".to_owned(), reading));
        }
    }
    if let Some(at_most) = pace.max_running {
        let reading = running(store, at_most).await;
        all.push(("load".to_owned(), reading));
    }
    if let Some(query) = &pace.query {
        let reading = match check::ask(store, query).await {
            Err(error) => Reading::Unreadable(first_line(&error)),
            Ok(rows) => match check::against(&rows) {
                None => Reading::Fine,
                Some(seen) => Reading::Over(seen),
            },
        };
        all.push(("query".to_owned(), reading));
    }
    if let Some(url) = &pace.http {
        all.push(("http".to_owned(), http(url.clone()).await));
    }
    all
}

/// `replay_lag` is NULL for a replica that has nothing to do, and all of the row is for whom may not see it.
async fn replica_lag(store: &mut Store, at_most_ms: u64) -> Reading {
    let query = "SELECT count(*)::text, count(state)::text, \
         coalesce((max(extract(epoch FROM replay_lag)) * 1000)::bigint, 0)::text FROM pg_stat_replication \
         WHERE application_name NOT IN ('pg_basebackup', 'pg_receivewal')";
    let numbers = match numbers(store, query).await {
        Ok(numbers) => numbers,
        Err(why) => return Reading::Unreadable(why),
    };
    match numbers[..] {
        [replicas, seen, _] if seen < replicas => {
            Reading::Unreadable("pg_stat_replication needs the role pg_monitor".to_owned())
        }
        [_, _, lag_ms] if lag_ms > at_most_ms => Reading::Over(format!(
            "a replica is {lag_ms} ms behind, and {at_most_ms} are allowed"
        )),
        [_, _, _] => Reading::Fine,
        _ => Reading::Unreadable("no answer".to_owned()),
    }
}

async fn running(store: &mut Store, at_most: u64) -> Reading {
    let query = match store.dialect() {
        Dialect::Postgres => {
            "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend' \
             AND pid <> pg_backend_pid()"
        }
        Dialect::Mysql => {
            "SELECT concat('', variable_value - 1) FROM information_schema.global_status WHERE variable_name = 'THREADS_RUNNING'"
        }
        Dialect::Sqlite => return Reading::Unreadable("SQLite has no server".to_owned()),
    };
    let mut numbers = numbers(store, query).await;
    if numbers.is_err() && store.dialect() == Dialect::Mysql {
        // MySQL keeps it in another schema than MariaDB.
        let query = "SELECT concat('', variable_value - 1) FROM performance_schema.global_status \
             WHERE variable_name = 'Threads_running'";
        numbers = self::numbers(store, query).await;
    }
    match numbers.as_deref() {
        Ok([running]) if *running > at_most => Reading::Over(format!(
            "{running} sessions are working, and {at_most} are allowed"
        )),
        Ok([_]) => Reading::Fine,
        Ok(_) => Reading::Unreadable("no answer".to_owned()),
        Err(why) => Reading::Unreadable(why.clone()),
    }
}

/// The one row of a query that answers with numbers.
async fn numbers(store: &mut Store, query: &str) -> Result<Vec<u64>, String> {
    let rows = store.connection().ask(query).await;
    let rows = rows.map_err(|error| first_line(&error))?;
    let row = rows.into_iter().next().unwrap_or_default();
    row.into_iter()
        .map(|column| {
            let text = column.unwrap_or_default();
            let number = text.parse::<f64>();
            number
                .ok()
                .and_then(|number| format!("{:.0}", number.max(0.0)).parse().ok())
                .ok_or_else(|| format!("`{text}` is no number"))
        })
        .collect()
}

async fn http(url: String) -> Reading {
    let asked = tokio::task::spawn_blocking(move || {
        let request = Request {
            method: "GET",
            url: &url,
            headers: &[],
            body: None,
            timeout: HTTP_TIMEOUT,
        };
        fetch(&request, &Tls::default())
    });
    match asked.await {
        Ok(Ok(answer)) if answer.status == 200 => Reading::Fine,
        Ok(Ok(answer)) => Reading::Over(format!("it answers with status {}", answer.status)),
        Ok(Err(error)) => Reading::Unreadable(error.to_string()),
        Err(error) => Reading::Unreadable(error.to_string()),
    }
}

fn first_line(error: &DatabaseError) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
