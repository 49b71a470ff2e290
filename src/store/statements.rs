//! The statements that ran, as the server has kept them. Only read, in a transaction that cannot write.

use std::collections::BTreeSet;

use thiserror::Error;

use super::connect::{Missing, Target};
use super::connection::{Connection, Row};
use super::error::DatabaseError;
use crate::model::{Dialect, Ident};
use crate::uses::Statistics;

/// Whose statements are asked for; nothing said is everybody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// Who logs in as this.
    pub user: Option<String>,
    /// Whose sessions bear this `application_name`; `PostgreSQL` alone keeps one.
    pub application_name: Option<String>,
}

/// Why nobody knows which statements ran.
#[derive(Debug, Error)]
pub enum StatisticsError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The server keeps none, or not in this way; and what to do about it.
    #[error("{0}")]
    NotKept(String),
}

/// Asks a database which statements ran.
pub async fn statistics(target: &Target, whose: &Whose) -> Result<Statistics, StatisticsError> {
    if target.dialect() == Dialect::Sqlite {
        return Err(StatisticsError::NotKept(
            "SQLite does not keep which statements ran: hand over the queries themselves, `bgmigrate uses read FILE`"
                .to_owned(),
        ));
    }
    let mut connection = target.connect("capture", Missing::Refuse).await?;
    let found = match target.dialect() {
        Dialect::Postgres => postgres(&mut connection, target, whose).await,
        _ => mysql(&mut connection, target, whose).await,
    };
    connection.close().await;
    found
}

async fn postgres(
    connection: &mut Connection,
    target: &Target,
    whose: &Whose,
) -> Result<Statistics, StatisticsError> {
    connection.run("BEGIN READ ONLY").await?;
    let place = "SELECT quote_ident(n.nspname)::text FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace \
                 WHERE e.extname = 'pg_stat_statements'";
    let Some(schema) = first(connection, place, &[]).await? else {
        return Err(not_installed(target));
    };
    let users = users(connection, whose).await?;
    // A role may act as each that it is a member of, and the server keeps which one a statement ran as. Who is gone may
    // have been any.
    let of_users = users.as_ref().map_or_else(
        || "true".to_owned(),
        |users| {
            let each = users.iter().map(|user| {
                let user = user.replace('\'', "''");
                format!(" OR pg_has_role('{user}', s.userid, 'MEMBER')")
            });
            let gone = "NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = s.userid)";
            format!("({gone}{})", each.collect::<String>())
        },
    );
    let query = format!(
        "SELECT s.query::text FROM {schema}.pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid \
         WHERE d.datname = current_database() AND {of_users}"
    );
    let rows = match connection.read(&query, &[]).await {
        // 55000: the library is not loaded.
        Err(DatabaseError::Refused { code, .. }) if code == "55000" => {
            return Err(not_installed(target));
        }
        rows => rows?,
    };
    let mut texts = Vec::new();
    let (mut hidden, mut lost) = (0_usize, 0_usize);
    for row in rows {
        match row.into_iter().next().flatten() {
            Some(text) if text == "<insufficient privilege>" => hidden += 1,
            Some(text) => texts.push(text),
            None => lost += 1,
        }
    }
    let mut gaps = Vec::new();
    if hidden > 0 {
        gaps.push(format!(
            "{hidden} statements that this account may not see: GRANT pg_read_all_stats to it"
        ));
    }
    if lost > 0 {
        gaps.push(format!(
            "{lost} statements whose texts the server could not read"
        ));
    }
    let (since, dropped) = kept_since(connection, &schema).await?;
    if dropped > 0 {
        gaps.push(format!(
            "statements were dropped {dropped} times for want of room: raise pg_stat_statements.max, then \
             pg_stat_statements_reset()"
        ));
    }
    let version =
        "SELECT concat('PostgreSQL ', split_part(current_setting('server_version'), ' ', 1))";
    let version = first(connection, version, &[]).await?.unwrap_or_default();
    Ok(Statistics {
        source: format!("pg_stat_statements of {version}, {target}"),
        since,
        whose: told(whose, users.as_deref()),
        texts,
        gaps,
        objects: names(
            connection.ask(OBJECTS_OF_POSTGRES).await?,
            Dialect::Postgres,
        ),
        ..Statistics::default()
    })
}

/// The users that are meant; `None` for all. An application's name is kept of sessions only, so it stands for whoever is
/// logged in under it now.
async fn users(
    connection: &mut Connection,
    whose: &Whose,
) -> Result<Option<Vec<String>>, StatisticsError> {
    let mut users = Vec::new();
    if let Some(user) = &whose.user {
        let known = "SELECT rolname::text FROM pg_roles WHERE rolname = ?";
        if first(connection, known, &[user]).await?.is_none() {
            return Err(StatisticsError::NotKept(format!(
                "there is no user `{user}` in this database"
            )));
        }
        users.push(user.clone());
    } else if let Some(name) = &whose.application_name {
        let sessions = "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE datname = current_database() \
                        AND application_name = ? AND usename IS NOT NULL ORDER BY 1";
        let rows = connection.read(sessions, &[name.as_str().into()]).await?;
        users.extend(rows.into_iter().flatten().flatten());
        if users.is_empty() {
            return Err(StatisticsError::NotKept(format!(
                "no session with the application_name `{name}` is there now, which would tell whom it logs in as; the \
                 statistics themselves know users only: say --user"
            )));
        }
    } else {
        return Ok(None);
    }
    Ok(Some(users))
}

/// Since when the statistics are kept, and how often something was dropped from them; `PostgreSQL` 14 and later tell.
async fn kept_since(
    connection: &mut Connection,
    schema: &str,
) -> Result<(Option<String>, u64), DatabaseError> {
    let info = "SELECT to_regclass(?)::text";
    let name = format!("{schema}.pg_stat_statements_info");
    if first(connection, info, &[&name]).await?.is_none() {
        return Ok((None, 0));
    }
    let query = format!(
        "SELECT to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), dealloc::text FROM {name}"
    );
    let row = connection.ask(&query).await?.into_iter().next();
    let mut columns = row.unwrap_or_default().into_iter();
    let since = columns.next().flatten();
    let dropped = columns.next().flatten().and_then(|text| text.parse().ok());
    Ok((since, dropped.unwrap_or(0)))
}

fn not_installed(target: &Target) -> StatisticsError {
    StatisticsError::NotKept(format!(
        "{target} does not keep which statements ran: write `shared_preload_libraries = 'pg_stat_statements'` into \
         postgresql.conf, restart the server, and CREATE EXTENSION pg_stat_statements in this database"
    ))
}

async fn mysql(
    connection: &mut Connection,
    target: &Target,
    whose: &Whose,
) -> Result<Statistics, StatisticsError> {
    if whose.application_name.is_some() {
        return Err(StatisticsError::NotKept(
            "MySQL and MariaDB do not know an application's name: say --user".to_owned(),
        ));
    }
    connection.run("START TRANSACTION READ ONLY").await?;
    let on = "SELECT if(@@performance_schema, '1', '0')";
    if first(connection, on, &[]).await?.as_deref() != Some("1") {
        return Err(StatisticsError::NotKept(format!(
            "{target} does not keep which statements ran: write `performance_schema=ON` below [mysqld] into my.cnf, and \
             restart the server"
        )));
    }
    let database = first(connection, "SELECT DATABASE()", &[]).await?;
    let Some(database) = database else {
        return Err(StatisticsError::NotKept(format!(
            "{target} names no database, so nobody can tell which statements are meant"
        )));
    };
    let mut found = match &whose.user {
        None => of_all(connection, &database).await?,
        Some(user) => of_user(connection, user, &database).await?,
    };
    let texts = prepared(
        connection,
        whose.user.as_deref(),
        &database,
        &mut found.gaps,
    )
    .await?;
    let kept =
        "SELECT concat('', least(@@max_digest_length, @@performance_schema_max_digest_length))";
    let kept = first(connection, kept, &[]).await?;
    let digest_bytes = kept.and_then(|text| text.parse().ok()).unwrap_or_default();
    let version = "SELECT concat(if(version() LIKE '%MariaDB%', 'MariaDB ', 'MySQL '), substring_index(version(), '-', 1))";
    let version = first(connection, version, &[]).await?.unwrap_or_default();
    Ok(Statistics {
        source: format!("performance_schema of {version}, {target}"),
        since: found.since,
        whose: told(whose, None),
        texts,
        digests: found.digests,
        digest_bytes,
        gaps: found.gaps,
        objects: names(connection.ask(OBJECTS_OF_MYSQL).await?, Dialect::Mysql),
    })
}

/// What one of MySQL's tables tells.
struct Kept {
    digests: Vec<String>,
    gaps: Vec<String>,
    since: Option<String>,
}

/// Everybody's, by the database that was theirs, or that they name.
async fn of_all(connection: &mut Connection, database: &str) -> Result<Kept, StatisticsError> {
    consumer(connection, "statements_digest").await?;
    let query = "SELECT digest_text, schema_name, concat('', count_star) \
                 FROM performance_schema.events_statements_summary_by_digest ORDER BY digest_text";
    let (mut digests, mut gaps) = (Vec::new(), Vec::new());
    for row in connection.ask(query).await? {
        let [text, schema, count] = &row[..] else {
            continue;
        };
        match text {
            Some(text) if concerns(text, schema.as_deref(), database) => digests.push(text.clone()),
            Some(_) => {}
            // One row takes whatever finds no room.
            None => gaps.push(format!(
                "{} statements found no room: raise performance_schema_digests_size",
                count.as_deref().unwrap_or("some")
            )),
        }
    }
    let since = "SELECT date_format(convert_tz(min(first_seen), @@session.time_zone, '+00:00'), '%Y-%m-%dT%H:%i:%sZ') \
                 FROM performance_schema.events_statements_summary_by_digest";
    let since = first(connection, since, &[]).await?;
    Ok(Kept {
        digests,
        gaps,
        since,
    })
}

/// A user's: the digests know none, so that only what the server remembers of each session can be told.
async fn of_user(
    connection: &mut Connection,
    user: &str,
    database: &str,
) -> Result<Kept, StatisticsError> {
    // The history is fed by what is current.
    consumer(connection, "events_statements_current").await?;
    consumer(connection, "events_statements_history").await?;
    let mut digests = BTreeSet::new();
    for history in [
        "events_statements_history",
        "events_statements_history_long",
    ] {
        let query = format!(
            "SELECT h.digest_text, h.current_schema FROM performance_schema.{history} AS h \
             JOIN performance_schema.threads AS t ON t.thread_id = h.thread_id \
             WHERE t.processlist_user = ? AND h.digest_text IS NOT NULL"
        );
        for row in connection.read(&query, &[user.into()]).await? {
            if let [Some(text), schema] = &row[..]
                && concerns(text, schema.as_deref(), database)
            {
                digests.insert(text.clone());
            }
        }
    }
    Ok(Kept {
        digests: digests.into_iter().collect(),
        gaps: vec![format!(
            "only the last statements of each session of {user} that is open are kept by user; without --user all are told"
        )],
        since: None,
    })
}

/// What was sent prepared by the protocol, and not in words: MariaDB keeps no digest of it, and its text only while it is
/// prepared.
async fn prepared(
    connection: &mut Connection,
    user: Option<&str>,
    database: &str,
    gaps: &mut Vec<String>,
) -> Result<Vec<String>, DatabaseError> {
    let ran = "SELECT concat('', coalesce(sum(count_star), 0)) \
               FROM performance_schema.events_statements_summary_by_user_by_event_name \
               WHERE event_name = 'statement/com/Execute' AND user = coalesce(?, user)";
    let rows = connection.read(ran, &[user.into()]).await?;
    let ran = rows.into_iter().flatten().next().flatten();
    let ran: u64 = ran.and_then(|text| text.parse().ok()).unwrap_or_default();
    let open = "SELECT p.sql_text, t.processlist_db, concat('', p.count_execute) \
                FROM performance_schema.prepared_statements_instances AS p \
                JOIN performance_schema.threads AS t ON t.thread_id = p.owner_thread_id \
                WHERE t.processlist_user = coalesce(?, t.processlist_user)";
    let (mut texts, mut told) = (Vec::new(), 0_u64);
    for row in connection.read(open, &[user.into()]).await? {
        let [Some(text), schema, count] = &row[..] else {
            continue;
        };
        let count = count.as_deref().and_then(|text| text.parse::<u64>().ok());
        told += count.unwrap_or_default();
        if schema.as_deref() == Some(database) || text.contains(database) {
            texts.push(text.clone());
        }
    }
    if ran > told {
        gaps.push(format!(
            "{} executions of prepared statements that are closed, whose texts the server has not kept; bgmigrate's own \
             are among them",
            ran - told
        ));
    }
    Ok(texts)
}

/// Whether a statement was sent with this database in use, or names it.
fn concerns(text: &str, schema: Option<&str>, database: &str) -> bool {
    schema == Some(database) || text.contains(&format!("`{database}` ."))
}

async fn consumer(connection: &mut Connection, name: &str) -> Result<(), StatisticsError> {
    let query = "SELECT concat('', enabled) FROM performance_schema.setup_consumers WHERE name = ?";
    if first(connection, query, &[name]).await?.as_deref() == Some("YES") {
        return Ok(());
    }
    Err(StatisticsError::NotKept(format!(
        "the server does not keep {name}: UPDATE performance_schema.setup_consumers SET enabled = 'YES' WHERE name = \
         '{name}', and in my.cnf `performance-schema-consumer-{}=ON`",
        name.replace('_', "-")
    )))
}

/// Whose statements they are, for people.
fn told(whose: &Whose, users: Option<&[String]>) -> String {
    match (&whose.application_name, &whose.user, users) {
        (Some(name), None, Some(users)) => {
            format!("{}, whom {name} logs in as", users.join(", "))
        }
        (_, Some(user), _) => user.clone(),
        _ => "every user".to_owned(),
    }
}

async fn first(
    connection: &mut Connection,
    query: &str,
    values: &[&str],
) -> Result<Option<String>, DatabaseError> {
    let values: Vec<_> = values.iter().map(|value| (*value).into()).collect();
    let rows = connection.read(query, &values).await?;
    Ok(rows.into_iter().flatten().next().flatten())
}

fn names(rows: Vec<Row>, dialect: Dialect) -> BTreeSet<Ident> {
    let texts = rows.into_iter().flatten().flatten();
    texts.map(|name| Ident::new(&name, true, dialect)).collect()
}

/// The names of what is neither the engine's nor ours; the extension that keeps the statements is no application's.
const OBJECTS_OF_POSTGRES: &str = "SELECT o.name::text FROM (
       SELECT relname AS name, relnamespace AS place FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
       UNION SELECT proname, pronamespace FROM pg_proc
       UNION SELECT typname, typnamespace FROM pg_type WHERE typtype IN ('e', 'd', 'r')) AS o
     JOIN pg_namespace AS n ON n.oid = o.place
     WHERE n.nspname NOT IN ('information_schema', 'bgmigrate') AND n.nspname NOT LIKE 'pg\\_%'
       AND o.name NOT LIKE 'pg\\_stat\\_statements%'";

const OBJECTS_OF_MYSQL: &str = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
     AND table_name NOT LIKE 'bgmigrate\\\\_%' \
     UNION SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()";
