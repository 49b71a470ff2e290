//! Sends the statements of older releases, on generated rows, and takes all of it back.

use std::collections::BTreeSet;

use super::place::{Scratch, ScratchError};
use crate::model::Dialect;
use crate::proof::{Catalog, Cell, Matrix, tables_of};
use crate::store::DatabaseError;

/// How often a statement that has worked is tried before it counts as broken: a sequence may have come to a number that a
/// generated row has.
const TRIES: usize = 5;

impl Scratch {
    /// Tries every statement of the older releases on what the catalog is now.
    pub(super) async fn try_releases(
        &mut self,
        matrix: &mut Matrix,
        catalog: &Catalog,
    ) -> Result<Vec<Cell>, ScratchError> {
        let dialect = self.dialect();
        let named: BTreeSet<String> = matrix
            .statements()
            .flat_map(|sql| tables_of(sql, dialect, catalog))
            .map(str::to_owned)
            .collect();
        self.connection.run("BEGIN").await?;
        self.fill_plainly(catalog, &named).await?;
        let mut said = Vec::new();
        for (attempt, text) in matrix.attempts(dialect, catalog) {
            let tries = if attempt.has_worked { TRIES } else { 1 };
            let mut answer = Ok(());
            for _ in 0..tries {
                answer = self.within_point(&text).await?;
                if answer.is_ok() {
                    break;
                }
            }
            said.push((attempt, text, answer));
        }
        self.rollback().await;
        self.settle().await?;
        Ok(matrix.heard(said))
    }

    /// What the engine says to a statement, which is taken back.
    async fn within_point(&mut self, sql: &str) -> Result<Result<(), String>, ScratchError> {
        self.connection.run("SAVEPOINT tried").await?;
        let answer = match self.connection.run(sql).await {
            Err(lost @ DatabaseError::Lost(_)) => return Err(lost.into()),
            answer => answer.map_err(|error| error.to_string()),
        };
        let back = match self.dialect() {
            Dialect::Postgres | Dialect::Sqlite => {
                "ROLLBACK TO SAVEPOINT tried; RELEASE SAVEPOINT tried"
            }
            Dialect::Mysql => "ROLLBACK TO SAVEPOINT tried",
        };
        self.connection.run(back).await?;
        Ok(answer)
    }
}
