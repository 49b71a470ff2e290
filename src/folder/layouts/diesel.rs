//! diesel (`diesel_migrations/migrations_internals`): a folder for each migration with `up.sql` and
//! `down.sql`; the version is the folder's name up to the first `_`, without dashes, compared as text.

use serde::Deserialize;

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, next_folder};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::tree::Entry;
use crate::model::{Migration, TransactionMode};

pub(super) struct Diesel;

const METADATA: &str = "metadata.toml";
const NO_TRANSACTION: &str = "run_in_transaction = false\n";

impl Reader for Diesel {
    fn expected(&self) -> &'static str {
        "`<version>_<name>/up.sql` with `down.sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let ups = up_files(files).count();
        let downs = files.sql().filter(|file| file.name() == "down.sql").count();
        Evidence::of(
            Strength::Sure,
            ups + downs.min(ups),
            format!("{ups} folders that hold an `up.sql`"),
        )
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        for file in up_files(files) {
            let folder = file.dir();
            let (version, name) = folder.split_once('_').unwrap_or((folder, ""));
            let version = version.replace('-', "");
            let mut migration = file.migration(&version, name)?;
            if let Some(down) = files.named(&format!("{folder}/down.sql")) {
                migration.down = Some(down.as_down()?);
            }
            migration.transaction = match files.named(&format!("{folder}/metadata.toml")) {
                Some(metadata) if !runs_in_transaction(metadata.text()?) => {
                    TransactionMode::OneQuery
                }
                _ => TransactionMode::File,
            };
            keyed.push((version, migration));
        }
        Ok(Reading::of(in_order(Layout::Diesel, keyed)?))
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let folder = next_folder(wanted)?;
        let file =
            |name: &str, text: &str| Entry::of_text(format!("{folder}/{name}"), text.to_owned());
        let mut entries = vec![file("up.sql", wanted.sql)];
        if wanted.after.down.is_some() {
            entries.push(file("down.sql", wanted.way_back()));
        }
        if wanted.outside_transaction {
            entries.push(file(METADATA, NO_TRANSACTION));
        }
        Ok(entries)
    }

    fn leave_transaction(&self, files: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        let (folder, _) = migration.file.rsplit_once('/').unwrap_or_default();
        let path = format!("{folder}/{METADATA}");
        if files.all().any(|file| file.path == path) {
            return Err(Manual(format!(
                "`{path}` is there already, and must be edited by hand"
            )));
        }
        Ok(Leave {
            edits: Vec::new(),
            files: vec![Entry::of_text(path, NO_TRANSACTION.to_owned())],
        })
    }
}

fn up_files<'f, 't>(files: &'f Files<'t>) -> impl Iterator<Item = &'f File<'t>> {
    files.sql().filter(|file| {
        file.name() == "up.sql" && !file.dir().is_empty() && !file.dir().contains('/')
    })
}

/// As diesel reads `metadata.toml`: a missing key means no transaction, a broken file means one.
fn runs_in_transaction(metadata: &str) -> bool {
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(default)]
        run_in_transaction: bool,
    }
    toml::from_str::<Metadata>(metadata).map_or(true, |metadata| metadata.run_in_transaction)
}
