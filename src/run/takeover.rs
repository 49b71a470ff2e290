//! What another tool has applied to the database, read from that tool's own table.

use thiserror::Error;

use crate::adopt::{AdoptError, Adopted, History, Wanted, find, shape_query};
use crate::model::Migration;
use crate::store::{DatabaseError, Store};

/// Why another tool's history was not taken over.
#[derive(Debug, Error)]
pub enum TakeoverError {
    /// Its table says what cannot be taken over.
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Whose table the database has; `None` where no tool has left one.
pub async fn elsewhere(
    store: &mut Store,
    wanted: &Wanted<'_>,
) -> Result<Option<History>, TakeoverError> {
    let dialect = store.dialect();
    let shapes = store
        .connection()
        .ask(&shape_query(wanted, dialect))
        .await?;
    Ok(find(wanted, &shapes, dialect)?)
}

/// What a tool's table says of a folder's migrations.
pub async fn applied_elsewhere(
    store: &mut Store,
    history: &History,
    folder: &[Migration],
) -> Result<Adopted, TakeoverError> {
    let query = history.query(store.dialect());
    let rows = store.connection().ask(&query).await?;
    Ok(history.adopt(&rows, folder)?)
}
