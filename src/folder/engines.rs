//! One folder for several engines: a sub-folder each, or a suffix in the file names.

use std::collections::{BTreeMap, BTreeSet};

use super::Notice;
use super::error::FolderError;
use super::files::{File, Files};
use super::tree::Tree;
use crate::model::Dialect;

/// The engine that a folder's name or a file's suffix stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelled {
    /// One that bgmigrate reads.
    Known(Dialect),
    /// Another one, whose files are never read.
    Other,
}

/// The engine that the last telling part of a path names: `db/migrations/mysql` is MySQL's.
///
/// For the path of the folder itself, which a [`Tree`] does not hold.
pub fn dialect_of_path(path: &str) -> Option<Dialect> {
    path.rsplit(['/', '\\'])
        .find_map(|part| match spelled(part) {
            Some(Spelled::Known(dialect)) => Some(dialect),
            _ => None,
        })
}

/// What `word` stands for, if it is the name of an engine.
pub(super) fn spelled(word: &str) -> Option<Spelled> {
    Some(match word.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" | "pg" | "psql" | "pgsql" | "pgx" => {
            Spelled::Known(Dialect::Postgres)
        }
        "mysql" | "mariadb" | "mysql8" => Spelled::Known(Dialect::Mysql),
        "sqlite" | "sqlite3" | "libsql" | "turso" => Spelled::Known(Dialect::Sqlite),
        "cockroach" | "cockroachdb" | "crdb" | "mssql" | "sqlserver" | "oracle" | "clickhouse"
        | "spanner" | "ydb" | "h2" | "hsqldb" | "derby" | "db2" | "duckdb" | "redshift"
        | "cassandra" | "oceanbase" | "ob" | "opengauss" | "og" | "kingbase" | "yugabyte"
        | "snowflake" | "vertica" | "firebird" => Spelled::Other,
        _ => return None,
    })
}

/// The files of one engine: those in its sub-folder, and there those of its suffix or without one.
/// Folders that hold nothing but one more folder are stepped through.
///
/// # Errors
/// When there are folders or suffixes for other engines and nothing for this one.
pub(super) fn select(
    tree: &Tree,
    dialect: Dialect,
) -> Result<(Files<'_>, Vec<Notice>), FolderError> {
    let list = tree
        .entries
        .iter()
        .map(|entry| File {
            path: &entry.path,
            key: entry.path.clone(),
            content: &entry.content,
        })
        .collect();
    let mut files = Files::new(dialect, list);
    let mut notices = Vec::new();
    loop {
        let (inner, stepped) = own_folder(files, &mut notices)?;
        files = inner;
        match files.inside_only_folder() {
            Some(inner) => files = inner,
            None if stepped => {}
            None => break,
        }
    }
    let files = own_suffix(files, &mut notices)?;
    Ok((files, notices))
}

/// Steps into the engine's own sub-folder when at least half of the SQL lies in such folders; says
/// whether it did.
fn own_folder<'t>(
    files: Files<'t>,
    notices: &mut Vec<Notice>,
) -> Result<(Files<'t>, bool), FolderError> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files.sql() {
        if let Some((top, _)) = file.key.split_once('/')
            && spelled(top).is_some()
        {
            *counts.entry(top).or_default() += 1;
        }
    }
    let inside: usize = counts.values().sum();
    if inside == 0 || inside * 2 < files.sql().count() {
        return Ok((files, false));
    }
    // MariaDB beside MySQL: the folder that carries the dialect's own name is the one meant.
    let own = counts
        .keys()
        .filter(|top| spelled(top) == Some(Spelled::Known(files.dialect)))
        .max_by_key(|top| (top.eq_ignore_ascii_case(files.dialect.name()), counts[*top]))
        .map(|top| (*top).to_owned());
    let Some(own) = own else {
        let present = counts.keys().map(|top| format!("{top}/")).collect();
        return Err(FolderError::NoneForDialect {
            dialect: files.dialect,
            present,
        });
    };
    if counts.len() > 1 || inside < files.sql().count() {
        notices.push(Notice::general(format!(
            "read from `{own}/`, the folder for {}; what lies beside it is not read",
            files.dialect
        )));
    }
    Ok((files.inside(&own), true))
}

/// Whether one file serves several engines: others of its folder carry an engine's name, it carries none.
pub(super) fn is_shared(tree: &Tree, file: &str) -> bool {
    let list = tree.entries.iter().map(|entry| File {
        path: &entry.path,
        key: entry.path.clone(),
        content: &entry.content,
    });
    // The dialect is not asked for: every engine's name counts.
    let files = Files::new(Dialect::Postgres, list.collect());
    let loose = underscored_suffixes(&files);
    without_suffix(file, loose).is_none()
        && files
            .sql()
            .any(|other| without_suffix(&other.key, loose).is_some())
}

/// Takes the engine suffix out of the names, drops other engines' files, and prefers the engine's own
/// file where there is a general one as well.
fn own_suffix<'t>(files: Files<'t>, notices: &mut Vec<Notice>) -> Result<Files<'t>, FolderError> {
    let loose = underscored_suffixes(&files);
    let split: Vec<Option<(String, Spelled, String)>> = files
        .all()
        .map(|file| {
            if file.is_sql() {
                without_suffix(&file.key, loose)
            } else {
                None
            }
        })
        .collect();
    if split.iter().all(Option::is_none) {
        return Ok(files);
    }
    let own_keys: BTreeSet<String> = split
        .iter()
        .flatten()
        .filter(|(_, spelled, _)| *spelled == Spelled::Known(files.dialect))
        .map(|(key, ..)| without_autocommit(key))
        .collect();
    let mut list = Vec::new();
    let mut dropped = Vec::new();
    let mut present = BTreeSet::new();
    for (file, split) in files.all().zip(&split) {
        match split {
            Some((key, Spelled::Known(of), _)) if *of == files.dialect => {
                list.push(File {
                    key: key.clone(),
                    ..file.clone()
                });
            }
            Some((.., word)) => {
                present.insert(word.clone());
                dropped.push(file.path.to_owned());
            }
            None if own_keys.contains(&without_autocommit(&file.key)) => {
                dropped.push(file.path.to_owned());
            }
            None => list.push(file.clone()),
        }
    }
    let files = Files::new(files.dialect, list);
    if files.sql().next().is_none() {
        let present = present.into_iter().collect();
        return Err(FolderError::NoneForDialect {
            dialect: files.dialect,
            present,
        });
    }
    if !dropped.is_empty() {
        notices.push(Notice::about(
            dropped,
            format!(
                "not read: other engines' files, or replaced by one for {}",
                files.dialect
            ),
        ));
    }
    Ok(files)
}

/// gobuffalo's pop marks with `.autocommit` what runs outside a transaction; the engine's own file
/// replaces the general one with or without that mark.
fn without_autocommit(key: &str) -> String {
    key.replacen(".autocommit.", ".", 1)
}

/// The key without the engine's name in it, the engine, and the name as messages show it.
fn without_suffix(key: &str, loose: bool) -> Option<(String, Spelled, String)> {
    let (dir, name) = key.rsplit_once('/').unwrap_or(("", key));
    let joined = |dir: &str, name: &str| match dir {
        "" => name.to_owned(),
        dir => format!("{dir}/{name}"),
    };
    // `1.2.0/mysql/tables.sql`: a folder for each engine inside a folder for each version.
    let folders: Vec<&str> = dir.split('/').collect();
    if let Some((at, engine)) = first_engine(&folders) {
        let dir = without(&folders, at).join("/");
        return Some((joined(&dir, name), engine, format!("{}/", folders[at])));
    }
    // The first part is the name itself, the last the extension; the engine stands between them.
    let parts: Vec<&str> = name.split('.').collect();
    let middle = parts.get(1..parts.len() - 1).unwrap_or_default();
    if let Some((at, engine)) = first_engine(middle) {
        let name = without(&parts, at + 1).join(".");
        return Some((joined(dir, &name), engine, format!(".{}.sql", middle[at])));
    }
    if !loose {
        return None;
    }
    let end = [".up.sql", ".down.sql", ".sql"]
        .into_iter()
        .find(|end| name.ends_with(end))?;
    let (stem, word) = name[..name.len() - end.len()].rsplit_once(['_', '-'])?;
    let engine = spelled(word)?;
    Some((
        joined(dir, &format!("{stem}{end}")),
        engine,
        format!(".{word}.sql"),
    ))
}

/// The first part that names an engine.
fn first_engine(parts: &[&str]) -> Option<(usize, Spelled)> {
    parts
        .iter()
        .enumerate()
        .find_map(|(at, part)| spelled(part).map(|engine| (at, engine)))
}

/// All parts but one.
fn without<'p>(parts: &[&'p str], at: usize) -> Vec<&'p str> {
    parts
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != at)
        .map(|(_, part)| *part)
        .collect()
}

/// Whether `_sqlite.sql` is an engine suffix here and not the end of a description: it is when the
/// same stem comes with at least two engines.
fn underscored_suffixes(files: &Files<'_>) -> bool {
    let mut engines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files
        .sql()
        .filter(|file| without_suffix(&file.key, false).is_none())
    {
        if let Some((key, _, word)) = without_suffix(&file.key, true) {
            engines
                .entry(key)
                .or_default()
                .insert(word.to_ascii_lowercase());
        }
    }
    engines.values().any(|words| words.len() > 1)
}
