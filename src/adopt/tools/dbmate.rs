//! dbmate (`pkg/driver`): a row for each migration that is applied, and nothing but its version.

use super::{Reader, required};
use crate::adopt::query::{Column, plain};
use crate::adopt::{Applied, Row};
use crate::model::Migration;

pub(super) struct Dbmate;

const COLUMNS: &[Column] = &[plain("version")];

impl Reader for Dbmate {
    fn table(&self) -> &'static str {
        "schema_migrations"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    /// golang-migrate's table of the same name has it.
    fn without(&self) -> Option<&'static str> {
        Some("dirty")
    }

    fn applied(&self, rows: &[Row], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let each = rows.iter().map(|row| {
            Ok(Applied {
                id: required(row, 0, COLUMNS)?.to_owned(),
                checksum: None,
                failed: false,
                at: None,
            })
        });
        each.collect()
    }
}
