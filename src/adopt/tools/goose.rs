//! goose (`internal/dialects`, `migrate.go`): a row for each step up, and in old versions one for each step down. The
//! last row of a version decides. Version 0 stands for the empty database.

use super::{Reader, is_set, number};
use crate::adopt::query::{Column, flag, plain};
use crate::adopt::{Applied, Row};
use crate::model::Migration;

pub(super) struct Goose;

const COLUMNS: &[Column] = &[
    plain("id"),
    plain("version_id"),
    flag("is_applied"),
    plain("tstamp"),
];

impl Reader for Goose {
    fn table(&self) -> &'static str {
        "goose_db_version"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn applied(&self, rows: &[Row], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let mut applied: Vec<Applied> = Vec::new();
        for row in rows {
            let version = number(row, 1, COLUMNS)?;
            let id = version.to_string();
            applied.retain(|before| before.id != id);
            if version > 0 && is_set(row, 2) {
                applied.push(Applied {
                    id,
                    checksum: None,
                    failed: false,
                    at: row[3].clone(),
                });
            }
        }
        Ok(applied)
    }
}
