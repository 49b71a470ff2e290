//! What a change locks, how hard, and for how long in kind: one file an engine.
//!
//! The tables behind it were measured on PostgreSQL 12 to 18, MariaDB 10.11 and SQLite 3.40 and 3.54; MySQL's
//! follow its manual ("Online DDL Operations"). A change is priced alone and in its schema: what the rest of
//! its statement, its transaction or its session does to the price is not seen here. Where the price hangs on
//! something that the schema does not tell, the higher one is given.

mod links;
mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
mod testing;
mod volatility;
mod words;

pub use volatility::{Volatility, volatility};
pub use words::summary;

use crate::model::{
    Change, Dialect, Engine, Lock, LockMode, LockWork, Name, Object, ObjectKind, RowChange,
    RowSource, RowVerb,
};
use crate::schema::Schema;

/// The locks that `change` takes on `engine`, given the schema right before it. Locks on what is new in the
/// pending set are left out: nobody can wait for them.
pub fn locks(change: &Change, schema: &Schema, engine: &Engine) -> Vec<Lock> {
    match engine.dialect {
        Dialect::Postgres => postgres::locks(&change.action, schema, *engine),
        Dialect::Mysql => mysql::locks(&change.action, schema, *engine),
        Dialect::Sqlite => sqlite::locks(&change.action, schema),
    }
}

/// The locks of one change while they are being put together.
struct Locks<'a> {
    schema: &'a Schema,
    held: Vec<Lock>,
}

impl<'a> Locks<'a> {
    fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            held: Vec::new(),
        }
    }

    /// Adds a lock, unless it is on something new, or one that blocks as much for as long is there already.
    fn take(&mut self, on: &Name, mode: LockMode, work: LockWork) {
        if self.is_new(on) {
            return;
        }
        let covers =
            |one: &Lock, mode: LockMode, work: LockWork| one.mode >= mode && one.work >= work;
        let on = Some(on.clone());
        if self
            .held
            .iter()
            .any(|held| held.on == on && covers(held, mode, work))
        {
            return;
        }
        let new = Lock { on, mode, work };
        self.held
            .retain(|held| held.on != new.on || !covers(&new, held.mode, held.work));
        self.held.push(new);
    }

    fn is_new(&self, relation: &Name) -> bool {
        let is_new_view =
            |kind| -> bool { self.schema.is_new(&Object::new(kind, relation.clone())) };
        self.schema.is_new_table(relation)
            || is_new_view(ObjectKind::View)
            || is_new_view(ObjectKind::MaterializedView)
    }
}

/// How much work writing these rows is while their locks are held.
fn work_of_rows(rows: &RowChange) -> LockWork {
    let bounded = rows.limited || matches!(rows.source, RowSource::Values(_));
    match rows.verb {
        _ if bounded => LockWork::Instant,
        RowVerb::Update | RowVerb::Delete if rows.every_row => LockWork::Rewrite,
        RowVerb::Copy => LockWork::Instant,
        _ => LockWork::Scan,
    }
}
