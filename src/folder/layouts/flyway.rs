//! Flyway (`internal/resource/ResourceNameParser.java`): `V<version>__<description>.sql`, `U…` to take
//! one back, `R__…` repeated whenever it changes, `B…` as a baseline for empty databases. Versions are
//! numbers joined by dots or underscores. Sub-folders are read.

use super::{Evidence, Layout, Reader, Reading, Strength, in_order};
use crate::folder::Notice;
use crate::folder::addition::{Addition, Leave, Manual, named_files};
use crate::folder::error::FolderError;
use crate::folder::files::{File, Files};
use crate::folder::scan;
use crate::folder::tree::Entry;
use crate::folder::version::{Numbers, numbers};
use crate::model::{Dialect, Migration, MigrationKind, TransactionMode};

pub(super) struct Flyway;

/// What a file's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Versioned(Numbers),
    Undo(Numbers),
    Baseline(Numbers),
    Repeatable,
}

/// The place in the order: baseline, versions, and at last what is repeated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Version(Numbers),
    Repeatable(String),
}

impl Reader for Flyway {
    fn expected(&self) -> &'static str {
        "`V<version>__<description>.sql` and `R__<description>.sql`"
    }

    fn detect(&self, files: &Files<'_>) -> Option<Evidence> {
        let named: Vec<Named> = files
            .sql()
            .filter_map(|file| Some(parse(file)?.0))
            .collect();
        if !named.iter().any(|name| !matches!(name, Named::Undo(_))) {
            return None;
        }
        let own = named.iter().any(|name| match name {
            Named::Repeatable | Named::Baseline(_) => true,
            Named::Versioned(version) | Named::Undo(version) => version.0.len() > 1,
        });
        let own = own
            || files
                .all()
                .any(|file| is_callback(file) || is_jvm(file) || is_conf(file));
        let strength = if own { Strength::Sure } else { Strength::Usual };
        let callbacks = files.sql().filter(|file| is_callback(file)).count();
        let because = format!("{} files named as in `V1__name.sql`", named.len());
        Evidence::of(strength, named.len() + callbacks, because)
    }

    fn read(&self, files: &Files<'_>) -> Result<Reading, FolderError> {
        let mut keyed = Vec::new();
        let mut undo = Vec::new();
        let mut baselines = Vec::new();
        for file in files.sql() {
            let Some((named, id, description)) = parse(file) else {
                continue;
            };
            match named {
                Named::Undo(version) => undo.push((version, file)),
                Named::Baseline(version) => baselines.push((version, file)),
                Named::Versioned(version) => {
                    let migration = migration(files, file, &id, description)?;
                    keyed.push((Place::Version(version), migration));
                }
                Named::Repeatable => {
                    let mut migration = migration(files, file, &id, description)?;
                    migration.kind = MigrationKind::Repeatable;
                    keyed.push((Place::Repeatable(description.to_owned()), migration));
                }
            }
        }
        undo.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (place, migration) in &mut keyed {
            let Place::Version(version) = place else {
                continue;
            };
            if let Ok(at) = undo.binary_search_by(|(of, _)| of.cmp(version)) {
                migration.down = Some(undo[at].1.as_down()?);
            }
        }
        let mut notices = Vec::new();
        add_baseline(files, baselines, &mut keyed, &mut notices)?;
        let undo = undo.iter().map(|(_, file)| file.path.to_owned()).collect();
        notices.extend(about(undo, "undo files, which are not read as migrations"));
        notices.extend(about(
            paths(files, is_callback),
            "callbacks, which are no migrations: not read",
        ));
        notices.extend(about(
            paths(files, is_jvm),
            "migrations written in Java or Kotlin, which cannot be read as SQL",
        ));
        Ok(Reading {
            notices,
            ..Reading::of(in_order(Layout::Flyway, keyed)?)
        })
    }

    fn add(&self, files: &Files<'_>, wanted: &Addition<'_>) -> Result<Vec<Entry>, Manual> {
        let mut entries = named_files(wanted, wanted.sql.to_owned())?;
        let by_itself =
            files.dialect == Dialect::Postgres && scan::all_outside_transaction(wanted.sql);
        if wanted.outside_transaction && !by_itself {
            entries.push(no_transaction(&entries[0].path));
        }
        Ok(entries)
    }

    fn leave_transaction(&self, files: &Files<'_>, migration: &Migration) -> Result<Leave, Manual> {
        let conf = no_transaction(&migration.file);
        if files.all().any(|file| file.path == conf.path) {
            return Err(Manual(format!(
                "`{}` is there already, and must be edited by hand",
                conf.path
            )));
        }
        Ok(Leave {
            edits: Vec::new(),
            files: vec![conf],
        })
    }
}

/// A baseline repeats what the versions up to its own did; it is read only where they are gone.
fn add_baseline(
    files: &Files<'_>,
    mut baselines: Vec<(Numbers, &File<'_>)>,
    keyed: &mut Vec<(Place, Migration)>,
    notices: &mut Vec<Notice>,
) -> Result<(), FolderError> {
    baselines.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut skipped: Vec<String> = baselines
        .iter()
        .map(|(_, file)| file.path.to_owned())
        .collect();
    if let Some((version, file)) = baselines.last() {
        let replaced = keyed.iter().any(|(place, _)| match place {
            Place::Version(of) => of <= version,
            Place::Repeatable(_) => false,
        });
        if !replaced && let Some((_, id, description)) = parse(file) {
            skipped.pop();
            let migration = migration(files, file, &id, description)?;
            keyed.push((Place::Version(version.clone()), migration));
        }
    }
    notices.extend(about(
        skipped,
        "baselines, which repeat what the versions before them do: not read",
    ));
    Ok(())
}

fn migration(
    files: &Files<'_>,
    file: &File<'_>,
    id: &str,
    description: &str,
) -> Result<Migration, FolderError> {
    let mut migration = file.migration(id, description)?;
    let configured = match files.named(&format!("{}.conf", file.key)) {
        Some(conf) => runs_in_transaction(conf.text()?),
        None => None,
    };
    // Left alone, Flyway leaves out the transaction where no statement of the file can run in one.
    let possible =
        files.dialect != Dialect::Postgres || !scan::all_outside_transaction(&migration.text);
    migration.transaction = if configured.unwrap_or(possible) {
        TransactionMode::File
    } else {
        TransactionMode::None
    };
    Ok(migration)
}

/// The configuration beside a script that keeps Flyway's transaction away from it.
fn no_transaction(file: &str) -> Entry {
    Entry::of_text(
        format!("{file}.conf"),
        "executeInTransaction=false\n".to_owned(),
    )
}

/// `executeInTransaction` of a script's `.sql.conf`.
fn runs_in_transaction(conf: &str) -> Option<bool> {
    conf.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim().trim_start_matches("flyway.") == "executeInTransaction")
        .map(|(_, value)| !value.trim().eq_ignore_ascii_case("false"))
}

/// What the name means, the id that Flyway records, and the description.
fn parse<'f>(file: &'f File<'_>) -> Option<(Named, String, &'f str)> {
    let name = file.name();
    let stem = name.get(..name.len().checked_sub(".sql".len())?)?;
    let prefix = stem.chars().next()?;
    let rest = stem.strip_prefix(['V', 'U', 'B', 'R'])?;
    let (version, description) = rest.split_once("__").unwrap_or((rest, ""));
    if prefix == 'R' {
        let repeatable = version.is_empty() && rest.starts_with("__");
        return repeatable.then(|| (Named::Repeatable, stem.to_owned(), description));
    }
    let number = numbers(version, &['.', '_'])?;
    let id = version.replace('_', ".");
    let named = match prefix {
        'V' => Named::Versioned(number),
        'U' => Named::Undo(number),
        _ => Named::Baseline(number),
    };
    Some((named, id, description))
}

/// `beforeMigrate.sql`, `afterEachMigrate__note.sql` and their kin; `createSchema.sql`.
fn is_callback(file: &File<'_>) -> bool {
    let name = file.name().split(['.', '_']).next().unwrap_or_default();
    let event = name
        .strip_prefix("before")
        .or_else(|| name.strip_prefix("after"));
    file.is_sql()
        && (name == "createSchema"
            || event.is_some_and(|event| event.starts_with(|c: char| c.is_ascii_uppercase())))
}

fn is_jvm(file: &File<'_>) -> bool {
    let name = file.name();
    let source = [".java", ".kt", ".class", ".groovy"]
        .iter()
        .any(|end| name.ends_with(end));
    source && name.starts_with(['V', 'R']) && name.contains("__")
}

fn is_conf(file: &File<'_>) -> bool {
    file.name().ends_with(".sql.conf")
}

fn paths(files: &Files<'_>, wanted: fn(&File<'_>) -> bool) -> Vec<String> {
    files
        .all()
        .filter(|file| wanted(file))
        .map(|file| file.path.to_owned())
        .collect()
}

fn about(files: Vec<String>, message: &str) -> Option<Notice> {
    (!files.is_empty()).then(|| Notice::about(files, message))
}
