//! Prisma Migrate (`sql_migration_persistence.rs`, `apply_migrations.rs`): a row for each attempt. One that has no
//! `finished_at` failed, or was rolled back as the user told the tool.

use super::{Reader, required};
use crate::adopt::query::{Column, plain};
use crate::adopt::{Applied, Row};
use crate::model::Migration;

pub(super) struct Prisma;

const COLUMNS: &[Column] = &[
    plain("started_at"),
    plain("migration_name"),
    plain("checksum"),
    plain("finished_at"),
    plain("rolled_back_at"),
];

impl Reader for Prisma {
    fn table(&self) -> &'static str {
        "_prisma_migrations"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn applied(&self, rows: &[Row], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let mut applied: Vec<Applied> = Vec::new();
        for row in rows {
            if row[4].is_some() {
                continue;
            }
            let id = required(row, 1, COLUMNS)?.to_owned();
            applied.retain(|before| before.id != id || before.failed);
            applied.push(Applied {
                id,
                checksum: row[2].clone(),
                failed: row[3].is_none(),
                at: row[3].clone(),
            });
        }
        Ok(applied)
    }

    fn remedy(&self) -> &'static str {
        "put the schema right by hand, then run `prisma migrate resolve` with `--applied` or `--rolled-back`"
    }
}
