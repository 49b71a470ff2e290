//! What is looked at beside the record, right before something is taken: the router, and who is connected.
//!
//! That the router has moved does not mean that the old version is idle: a pool keeps its connections, a worker its job. Only
//! the database can tell.

use std::collections::BTreeMap;

use crate::gate::{Connected, Observed, Policy, Sight, SlotId};
use crate::model::Dialect;
use crate::store::{DatabaseError, Snapshot, Store};

/// The world beside the record; it is looked at anew whenever a contract step, or a statement of one, is decided on.
pub struct Outlook<'a> {
    /// What the configuration asks for.
    pub policy: Policy,
    /// Asks the routers.
    pub routers: Box<dyn Fn() -> BTreeMap<String, Observed> + 'a>,
    /// How the sessions of each slot are told from others; a slot that is not here cannot be told.
    pub marks: Vec<Mark>,
}

/// What tells the sessions of the application in a slot from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The slot.
    pub slot: SlotId,
    /// Their `application_name`; `PostgreSQL` alone keeps one.
    pub application_name: Option<String>,
    /// The user that they log in as.
    pub user: Option<String>,
}

impl Outlook<'_> {
    /// What is seen now. A question that has no answer is part of it.
    pub async fn look(&self, store: &mut Store, snapshot: &Snapshot) -> Sight {
        let mut sessions = BTreeMap::new();
        for mark in &self.marks {
            let connected = match count(store, mark).await {
                Ok(connected) => connected,
                Err(error) => Connected::Unreadable(error.to_string()),
            };
            sessions.insert(mark.slot.clone(), connected);
        }
        Sight {
            policy: self.policy,
            routers: (self.routers)(),
            sessions,
            ..Sight::at(snapshot.now)
        }
    }

    /// The time alone, for what does not depend on anything else.
    pub(super) fn clock(&self, snapshot: &Snapshot) -> Sight {
        Sight {
            policy: self.policy,
            ..Sight::at(snapshot.now)
        }
    }
}

async fn count(store: &mut Store, mark: &Mark) -> Result<Connected, DatabaseError> {
    let user = mark.user.as_deref();
    let name = mark.application_name.as_deref();
    let query = match store.dialect() {
        // What a session is named and logged in as is shown to everybody.
        Dialect::Postgres => {
            "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
             AND ($1::text IS NULL OR application_name = $1) AND ($2::text IS NULL OR usename = $2)"
        }
        Dialect::Mysql => {
            // Without PROCESS, an account is shown its own sessions, as if there were no others.
            let allowed = ask(store, MAY_SEE, &[]).await?;
            if allowed == "0" {
                return Ok(Connected::Unreadable(
                    "this account may not see the sessions of others: GRANT PROCESS ON *.* to it"
                        .to_owned(),
                ));
            }
            let query = "SELECT concat('', count(*)) FROM information_schema.processlist \
                         WHERE id <> connection_id() AND user = ?";
            let counted = ask(store, query, &[user.into()]).await?;
            return Ok(read(&counted));
        }
        Dialect::Sqlite => {
            return Ok(Connected::Unreadable(
                "SQLite does not tell who is connected".to_owned(),
            ));
        }
    };
    let counted = ask(store, query, &[name.into(), user.into()]).await?;
    Ok(read(&counted))
}

const MAY_SEE: &str = "SELECT concat('', count(*)) FROM information_schema.user_privileges WHERE privilege_type = 'PROCESS' \
                       AND grantee = concat('''', substring_index(current_user(), '@', 1), '''@''', \
                       substring_index(current_user(), '@', -1), '''')";

async fn ask(
    store: &mut Store,
    query: &str,
    values: &[crate::store::Value],
) -> Result<String, DatabaseError> {
    let rows = store.connection().read(query, values).await?;
    let first = rows.into_iter().flatten().next().flatten();
    Ok(first.unwrap_or_default())
}

fn read(counted: &str) -> Connected {
    counted.parse().map_or_else(
        |_| Connected::Unreadable(format!("`{counted}` is no count")),
        Connected::Sessions,
    )
}
