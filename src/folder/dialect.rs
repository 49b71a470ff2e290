//! Which engine a folder is written for, where nobody says so.

use std::collections::BTreeSet;

use super::engines::{Spelled, spelled};
use super::scan::{Piece, pieces};
use super::tree::{Content, Entry, Tree};
use crate::model::Dialect;

/// The engine that a folder speaks for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The engine.
    pub dialect: Dialect,
    /// What speaks for it, as a clause for people.
    pub because: String,
}

/// How many files are looked into; those of one folder resemble each other.
const FILES_READ: usize = 200;

/// Guesses the engine from what tools record, from folder and file names, and from the SQL itself.
///
/// `None` when nothing speaks for one engine, or as much for two.
pub fn guess_dialect(tree: &Tree) -> Option<Guess> {
    recorded(tree)
        .or_else(|| named(tree))
        .or_else(|| written(tree))
}

/// What Prisma and Drizzle write down.
fn recorded(tree: &Tree) -> Option<Guess> {
    tree.entries.iter().find_map(|entry| {
        let name = entry.path.rsplit('/').next()?;
        let key = match name {
            "migration_lock.toml" => "provider",
            "_journal.json" => "dialect",
            _ => return None,
        };
        let line = text(entry).lines().find(|line| line.contains(key))?;
        let value = line
            .split(['=', ':'])
            .nth(1)?
            .trim()
            .trim_matches(['"', ',', ' ']);
        match spelled(value)? {
            Spelled::Known(dialect) => Some(Guess {
                dialect,
                because: format!("`{}` says {value}", entry.path),
            }),
            Spelled::Other => None,
        }
    })
}

/// The engines that folders and file suffixes name, when it is only one.
fn named(tree: &Tree) -> Option<Guess> {
    let mut found: BTreeSet<(&'static str, &str)> = BTreeSet::new();
    for entry in tree.entries.iter().filter(|entry| is_sql(entry)) {
        let (dir, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        for word in dir.split('/').chain(name.split('.').skip(1)) {
            match spelled(word) {
                Some(Spelled::Known(dialect)) => found.insert((dialect.name(), word)),
                Some(Spelled::Other) => found.insert(("", word)),
                None => continue,
            };
        }
    }
    let (first, word) = found.first()?;
    let dialect = Dialect::ALL
        .into_iter()
        .find(|dialect| dialect.name() == *first)?;
    let only = found.iter().all(|(name, _)| name == first);
    only.then(|| Guess {
        dialect,
        because: format!("the files are named for `{word}`"),
    })
}

/// The engine whose own words stand in the SQL more often than any other's.
fn written(tree: &Tree) -> Option<Guess> {
    let mut votes: [(Dialect, usize, Option<String>); 3] =
        Dialect::ALL.map(|dialect| (dialect, 0, None));
    for entry in tree
        .entries
        .iter()
        .filter(|entry| is_sql(entry))
        .take(FILES_READ)
    {
        for piece in pieces(text(entry)) {
            let Some((dialect, weight)) = evidence(piece) else {
                continue;
            };
            let vote = &mut votes[dialect as usize];
            vote.1 += weight;
            if vote.2.is_none() {
                vote.2 = Some(shown(piece));
            }
        }
    }
    votes.sort_by_key(|(_, weight, _)| std::cmp::Reverse(*weight));
    let [(dialect, most, Some(word)), (_, second, _), _] = &votes else {
        return None;
    };
    // Twice as much as the next: one stray word must not decide.
    (*most > 2 * second).then(|| Guess {
        dialect: *dialect,
        because: format!("the SQL uses what only {dialect} has, such as {word}"),
    })
}

fn shown(piece: Piece<'_>) -> String {
    match piece {
        Piece::Word(word) => format!("`{}`", word.to_ascii_uppercase()),
        Piece::Backticks => "names in backticks".to_owned(),
        Piece::Dollars => "`$$`".to_owned(),
        _ => "its signs".to_owned(),
    }
}

/// Which engine a piece speaks for, and how loudly. SQLite takes backticks too, and `MariaDB` some of
/// `PostgreSQL`'s type names, so these speak softly.
fn evidence(piece: Piece<'_>) -> Option<(Dialect, usize)> {
    const POSTGRES: [&str; 22] = [
        "BIGSERIAL",
        "BYTEA",
        "CIDR",
        "CITEXT",
        "CONCURRENTLY",
        "EXTENSION",
        "GIN",
        "GIST",
        "ILIKE",
        "INET",
        "JSONB",
        "MATERIALIZED",
        "NEXTVAL",
        "OWNER",
        "PLPGSQL",
        "REGCLASS",
        "SERIAL",
        "SETVAL",
        "SMALLSERIAL",
        "TIMESTAMPTZ",
        "TSVECTOR",
        "UUID_GENERATE_V4",
    ];
    const MYSQL: [&str; 16] = [
        "AUTO_INCREMENT",
        "CHARSET",
        "DELIMITER",
        "ENGINE",
        "INNODB",
        "LONGBLOB",
        "LONGTEXT",
        "MEDIUMBLOB",
        "MEDIUMINT",
        "MEDIUMTEXT",
        "MODIFY",
        "TINYINT",
        "TINYTEXT",
        "UNSIGNED",
        "UTF8MB4",
        "ZEROFILL",
    ];
    const SQLITE: [&str; 9] = [
        "AUTOINCREMENT",
        "FTS4",
        "FTS5",
        "JULIANDAY",
        "PRAGMA",
        "ROWID",
        "SQLITE_MASTER",
        "SQLITE_SEQUENCE",
        "STRFTIME",
    ];
    match piece {
        Piece::Dollars => Some((Dialect::Postgres, 4)),
        Piece::Backticks => Some((Dialect::Mysql, 1)),
        Piece::Word(word) => {
            let word = word.to_ascii_uppercase();
            let word = word.as_str();
            if POSTGRES.binary_search(&word).is_ok() {
                Some((Dialect::Postgres, 4))
            } else if MYSQL.binary_search(&word).is_ok() {
                Some((Dialect::Mysql, 4))
            } else if SQLITE.binary_search(&word).is_ok() {
                Some((Dialect::Sqlite, 16))
            } else {
                None
            }
        }
        _ => None,
    }
}

fn is_sql(entry: &Entry) -> bool {
    entry.path.to_ascii_lowercase().ends_with(".sql")
}

fn text(entry: &Entry) -> &str {
    match &entry.content {
        Content::Text(text) => text,
        _ => "",
    }
}
