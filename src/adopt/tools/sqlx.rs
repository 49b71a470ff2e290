//! sqlx (`sqlx-postgres/src/migrate.rs`, `sqlx-mysql`, `sqlx-sqlite`): a row for each migration. On MySQL it is
//! written before the migration runs and marked as a success after it.

use super::{Reader, is_set, number};
use crate::adopt::query::{Column, bytes, flag, plain};
use crate::adopt::{Applied, Row};
use crate::model::Migration;

pub(super) struct Sqlx;

const COLUMNS: &[Column] = &[
    plain("version"),
    bytes("checksum"),
    flag("success"),
    plain("installed_on"),
];

impl Reader for Sqlx {
    fn table(&self) -> &'static str {
        "_sqlx_migrations"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn applied(&self, rows: &[Row], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let each = rows.iter().map(|row| {
            Ok(Applied {
                id: number(row, 0, COLUMNS)?.to_string(),
                checksum: row[1].clone(),
                failed: !is_set(row, 2),
                at: row[3].clone(),
            })
        });
        each.collect()
    }

    fn remedy(&self) -> &'static str {
        "undo by hand what it did and delete its row, or finish it by hand and set `success` in its row"
    }
}
