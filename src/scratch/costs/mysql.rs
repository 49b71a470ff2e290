//! Asks a server of MySQL's how it would go about a definition: a way that it refuses changes nothing.

use super::super::place::{Scratch, ScratchError};
use crate::model::Engine;
use crate::plan::Statement;
use crate::proof::{Costed, Seen, Trial, Way, trial, trials};
use crate::store::DatabaseError;

/// What definitions are tried on. It is empty: the way hangs on the definition alone.
const COPY: &str = "`bgmigrate_way`";

impl Scratch {
    /// The cheapest way that the server takes for a definition of one table that is there; `None` for any other
    /// statement.
    pub(super) async fn best_way(
        &mut self,
        statement: &Statement<'_>,
        engine: &Engine,
    ) -> Result<Option<Costed>, ScratchError> {
        // Nobody waits for a table that the migration has made itself, and the plan says nothing of it.
        if statement.locks.is_empty() {
            return Ok(None);
        }
        let Some(trial) = trial(statement.sql, statement.changes, COPY) else {
            return Ok(None);
        };
        let mariadb = self.label().starts_with("MariaDB");
        let seen = if mariadb == engine.is_mariadb() {
            self.try_ways(&trial, mariadb).await?
        } else {
            Seen::Not(format!(
                "the plan is for {engine}, and the scratch is {}",
                self.label()
            ))
        };
        Ok(Some(Costed {
            line: statement.line,
            kinds: statement
                .changes
                .iter()
                .map(|it| it.action.kind())
                .collect(),
            understood: statement.understood,
            planned: statement.locks.clone(),
            seen,
        }))
    }

    async fn try_ways(&mut self, trial: &Trial, mariadb: bool) -> Result<Seen, ScratchError> {
        let drop = format!("DROP TABLE IF EXISTS {COPY}");
        self.connection.run(&drop).await?;
        let like = format!("CREATE TABLE {COPY} LIKE {}", trial.table);
        let mut said = self.connection.run(&like).await.err();
        if said.is_none() {
            for (algorithm, lock) in trials(mariadb) {
                match self.connection.run(&trial.sql(algorithm, lock)).await {
                    Ok(()) => {
                        self.connection.run(&drop).await?;
                        return Ok(Seen::Way(Way {
                            on: trial.on.clone(),
                            algorithm,
                            lock,
                            exact: mariadb,
                        }));
                    }
                    Err(error) if is_another_way(&error) => said = Some(error),
                    Err(error) => {
                        said = Some(error);
                        break;
                    }
                }
            }
        }
        self.connection.run(&drop).await?;
        let said = said.map_or_else(String::new, |error| error.to_string());
        Ok(Seen::Not(format!("on a copy of the table: {said}")))
    }
}

/// 1845 and 1846: this `ALGORITHM` or `LOCK` is not supported, try another.
fn is_another_way(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Refused { code, .. } if code == "1845" || code == "1846")
}
