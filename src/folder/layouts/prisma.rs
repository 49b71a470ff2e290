//! Prisma Migrate: a folder for each migration with one `migration.sql`, applied in the order of the
//! folders' names. There is no way down. The script is sent as one query, without a transaction.

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, lone_statement_only, next_folder};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::tree::Entry;
use crate::model::{Migration, TransactionMode};

pub(super) struct Prisma;

impl Reader for Prisma {
    fn expected(&self) -> &'static str {
        "`<timestamp>_<name>/migration.sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        // Drizzle's newer folders hold a `migration.sql` too, with a snapshot beside it.
        if files.all().any(|file| file.name() == "snapshot.json") {
            return None;
        }
        let count = scripts(files).count();
        Evidence::of(
            Strength::Sure,
            count,
            format!("{count} folders that hold a `migration.sql`"),
        )
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        for file in scripts(files) {
            keyed.push((file.dir(), migration_of_folder(file)?));
        }
        Ok(Reading::of(in_order(Layout::Prisma, keyed)?))
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let path = format!("{}/migration.sql", next_folder(wanted)?);
        Ok(vec![Entry::of_text(path, wanted.sql.to_owned())])
    }

    fn leave_transaction(&self, _: &Files<'_>, _: &Migration) -> Result<Leave, Manual> {
        Err(lone_statement_only("Prisma"))
    }
}

fn migration_of_folder(file: &File<'_>) -> Result<Migration, FolderError> {
    let folder = file.dir();
    let name = folder.split_once('_').map_or("", |(_, name)| name);
    let mut migration = file.migration(folder, name)?;
    migration.transaction = TransactionMode::OneQuery;
    Ok(migration)
}

fn scripts<'f, 't>(files: &'f Files<'t>) -> impl Iterator<Item = &'f File<'t>> {
    files.sql().filter(|file| {
        file.name() == "migration.sql" && !file.dir().is_empty() && !file.dir().contains('/')
    })
}
