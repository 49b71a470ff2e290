//! golang-migrate (`database/postgres/postgres.go`, `mysql/mysql.go`, `sqlite3/sqlite3.go`): one row, the last
//! version that ran, and whether it came through. All versions before it count as applied.

use super::{Reader, is_set, number};
use crate::adopt::query::{Column, flag, plain};
use crate::adopt::{Applied, Row};
use crate::model::Migration;

pub(super) struct GolangMigrate;

const COLUMNS: &[Column] = &[plain("version"), flag("dirty")];

impl Reader for GolangMigrate {
    fn table(&self) -> &'static str {
        "schema_migrations"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn applied(&self, rows: &[Row], folder: &[Migration]) -> Result<Vec<Applied>, String> {
        let row = match rows {
            [] => return Ok(Vec::new()),
            [row] => row,
            more => {
                return Err(format!(
                    "it has {} rows, and the tool keeps one",
                    more.len()
                ));
            }
        };
        let last = number(row, 0, COLUMNS)?;
        let dirty = is_set(row, 1);
        let applied = |id: String, failed| Applied {
            id,
            checksum: None,
            failed,
            at: None,
        };
        let mut all: Vec<_> = folder
            .iter()
            .filter(|migration| migration.id.parse().is_ok_and(|id: i64| id < last))
            .map(|migration| applied(migration.id.clone(), false))
            .collect();
        // -1 stands for no version; it is written only when the way down of the first one failed.
        if last >= 0 || dirty {
            all.push(applied(last.to_string(), dirty));
        }
        Ok(all)
    }

    fn remedy(&self) -> &'static str {
        "put the schema right by hand, then run `migrate force VERSION` with the last version that is whole"
    }
}
