//! golang-migrate (`source/parse.go`): `<number>_<title>.up.sql` and `.down.sql`, in the order of the
//! numbers; names of another form are passed over; sub-folders are not read.

use std::collections::HashMap;

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::addition::{Addition, Leave, Manual, lone_statement_only, named_files};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::sections::Way;
use crate::folder::tree::Entry;
use crate::folder::version::leading_number;
use crate::model::{Dialect, Migration, TransactionMode};

pub(super) struct GolangMigrate;

impl Reader for GolangMigrate {
    fn expected(&self) -> &'static str {
        "`<number>_<title>.up.sql` with `.down.sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let named = files.sql_on_top().filter_map(parse);
        let (up, down) = named.fold((0, 0), |(up, down), (_, _, way)| match way {
            Way::Up => (up + 1, down),
            Way::Down => (up, down + 1),
        });
        let because = format!("{up} files named `<number>_<title>.up.sql`");
        if up == 0 {
            None
        } else {
            Evidence::of(Strength::Usual, up + down, because)
        }
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut up = Vec::new();
        let mut down = HashMap::new();
        for file in files.sql_on_top() {
            let Some((number, title, way)) = parse(file) else {
                continue;
            };
            if way == Way::Down {
                if let Some(first) = down.insert(number, file) {
                    return Err(FolderError::DuplicateVersion {
                        layout: Layout::GolangMigrate,
                        version: number.to_string(),
                        first: first.path.to_owned(),
                        second: file.path.to_owned(),
                    });
                }
                continue;
            }
            let mut migration = file.migration(&number.to_string(), title)?;
            migration.transaction = transaction(files.dialect);
            up.push((number, migration));
        }
        for (number, migration) in &mut up {
            if let Some(file) = down.get(number) {
                migration.down = Some(file.as_down()?);
            }
        }
        Ok(Reading::of(in_order(Layout::GolangMigrate, up)?))
    }

    fn add(&self, _: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        named_files(wanted, wanted.sql.to_owned())
    }

    fn leave_transaction(&self, _: &Files<'_>, _: &Migration) -> Result<Leave, Manual> {
        Err(lone_statement_only("golang-migrate"))
    }
}

/// What the tool's drivers do unless their URL says otherwise (`database/*/…go`, `Run`).
const fn transaction(dialect: Dialect) -> TransactionMode {
    match dialect {
        Dialect::Postgres => TransactionMode::OneQuery,
        Dialect::Mysql => TransactionMode::None,
        Dialect::Sqlite => TransactionMode::File,
    }
}

fn parse<'f>(file: &'f File<'_>) -> Option<(u64, &'f str, Way)> {
    let name = file.name();
    let (name, way) = if let Some(name) = name.strip_suffix(".up.sql") {
        (name, Way::Up)
    } else {
        (name.strip_suffix(".down.sql")?, Way::Down)
    };
    let (_, number, rest) = leading_number(name)?;
    Some((u64::try_from(number).ok()?, rest.strip_prefix('_')?, way))
}
