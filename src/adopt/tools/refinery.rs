//! refinery (`refinery_core/src/traits/mod.rs`): a row for each migration that is applied, written after it ran.

use super::{Reader, number};
use crate::adopt::query::{Column, plain};
use crate::adopt::{Applied, Row};
use crate::model::Migration;

pub(super) struct Refinery;

const COLUMNS: &[Column] = &[plain("version"), plain("checksum"), plain("applied_on")];

impl Reader for Refinery {
    fn table(&self) -> &'static str {
        "refinery_schema_history"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn applied(&self, rows: &[Row], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let each = rows.iter().map(|row| {
            Ok(Applied {
                id: number(row, 0, COLUMNS)?.to_string(),
                checksum: row[1].clone(),
                failed: false,
                at: row[2].clone(),
            })
        });
        each.collect()
    }
}
