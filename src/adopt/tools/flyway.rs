//! Flyway (`JdbcTableSchemaHistory`, `CoreMigrationType`, and the `createMetaDataTable` scripts of the engines): a
//! row for everything that ever happened, in the order of `installed_rank`.

use super::{Reader, is_set, required};
use crate::adopt::query::{Column, flag, plain};
use crate::adopt::{Applied, Row};
use crate::model::{Migration, MigrationKind};

pub(super) struct Flyway;

const COLUMNS: &[Column] = &[
    plain("installed_rank"),
    plain("version"),
    plain("type"),
    plain("script"),
    plain("checksum"),
    flag("success"),
    plain("installed_on"),
];

impl Reader for Flyway {
    fn table(&self) -> &'static str {
        "flyway_schema_history"
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn applied(&self, rows: &[Row], folder: &[Migration]) -> Result<Vec<Applied>, String> {
        let mut applied: Vec<Applied> = Vec::new();
        for row in rows {
            let id = id(row, folder)?;
            let done = Applied {
                checksum: row[4].clone(),
                failed: !is_set(row, 5),
                at: row[6].clone(),
                id,
            };
            match required(row, 2, COLUMNS)? {
                // Flyway made the schema itself.
                "SCHEMA" => {}
                // A baseline stands for every version up to its own.
                kind if kind == "INIT" || kind.ends_with("BASELINE") => {
                    applied.extend(up_to(&done, folder));
                }
                // The last row of a version that was undone says so; `repair` writes DELETE for lost files.
                kind if (kind.starts_with("UNDO") || kind == "DELETE") && !done.failed => {
                    applied.retain(|before| before.id != done.id);
                }
                // What is repeated has a row for each time, and the last counts.
                _ => {
                    applied.retain(|before| before.id != done.id);
                    applied.push(done);
                }
            }
        }
        Ok(applied)
    }

    fn remedy(&self) -> &'static str {
        "put the schema right by hand, then run `flyway repair`"
    }
}

/// The id that the folder gives it: the version, or of what is repeated the file's name without its ending.
fn id(row: &Row, folder: &[Migration]) -> Result<String, String> {
    let Some(version) = &row[1] else {
        let script = required(row, 3, COLUMNS)?;
        let name = script.rsplit(['/', '\\']).next().unwrap_or(script);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        return Ok(stem.to_owned());
    };
    let wanted = numbers(version);
    let own = folder
        .iter()
        .filter(|migration| migration.kind == MigrationKind::Versioned)
        .find(|migration| wanted.is_some() && numbers(&migration.id) == wanted);
    Ok(own.map_or_else(|| version.clone(), |migration| migration.id.clone()))
}

fn up_to(baseline: &Applied, folder: &[Migration]) -> Vec<Applied> {
    let Some(last) = numbers(&baseline.id) else {
        return Vec::new();
    };
    let before = folder.iter().filter(|migration| {
        migration.kind == MigrationKind::Versioned
            && numbers(&migration.id).is_some_and(|version| version <= last)
    });
    let each = before.map(|migration| Applied {
        id: migration.id.clone(),
        checksum: None,
        ..baseline.clone()
    });
    each.collect()
}

/// A version as its numbers: `1`, `1.0` and `01` are the same to Flyway.
fn numbers(version: &str) -> Option<Vec<u128>> {
    let parts = version.split(['.', '_']).map(|part| part.parse().ok());
    let mut numbers = parts.collect::<Option<Vec<u128>>>()?;
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}
