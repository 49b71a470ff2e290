//! diesel (`diesel/src/migration/setup_migration_table.sql`): a row for each migration that is applied.

use super::{Reader, required};
use crate::adopt::query::{Column, plain};
use crate::adopt::{Applied, Row};
use crate::model::Migration;

pub(super) struct Diesel;

const COLUMNS: &[Column] = &[plain("version"), plain("run_on")];

/// The migration that `diesel setup` writes into every new folder for PostgreSQL.
const INITIAL: &str = "00000000000000";

impl Reader for Diesel {
    fn table(&self) -> &'static str {
        "__diesel_schema_migrations"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn applied(&self, rows: &[Row], folder: &[Migration]) -> Result<Vec<Applied>, String> {
        let mut applied = Vec::new();
        for row in rows {
            let id = required(row, 0, COLUMNS)?.to_owned();
            // It holds helpers that many projects delete again.
            if id == INITIAL && !folder.iter().any(|migration| migration.id == id) {
                continue;
            }
            applied.push(Applied {
                id,
                checksum: None,
                failed: false,
                at: row[1].clone(),
            });
        }
        Ok(applied)
    }
}
