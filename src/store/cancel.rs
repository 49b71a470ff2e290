//! Stopping a statement that the server works on, from beside its session.

use super::{DatabaseError, Missing, Store, Target};
use crate::model::Dialect;

/// How to stop what a session's server is doing.
pub struct Canceller {
    target: Target,
    session: String,
}

impl Store {
    /// A way to stop this session's statement from beside it; `None` where the engine works inside of our own process.
    pub async fn canceller(&mut self) -> Result<Option<Canceller>, DatabaseError> {
        let session = match self.dialect() {
            Dialect::Postgres => "SELECT pg_backend_pid()::text",
            Dialect::Mysql => "SELECT concat('', connection_id())",
            Dialect::Sqlite => return Ok(None),
        };
        let rows = self.connection.read(session, &[]).await?;
        let session = rows.into_iter().flatten().next().flatten();
        Ok(session.map(|session| Canceller {
            target: self.target.clone(),
            session,
        }))
    }
}

impl Canceller {
    /// Has the server stop the statement; the session lives on, and is told.
    pub async fn cancel(&self) -> Result<(), DatabaseError> {
        let mut connection = self.target.connect("cancel", Missing::Refuse).await?;
        let session = &self.session;
        let order = match self.target.dialect() {
            Dialect::Postgres => format!("SELECT pg_cancel_backend({session})"),
            Dialect::Mysql => format!("KILL QUERY {session}"),
            Dialect::Sqlite => return Ok(()),
        };
        connection.run(&order).await?;
        connection.close().await;
        Ok(())
    }
}
