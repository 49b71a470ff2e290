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
    recorded(tree).or_else(|| match named(tree) {
        Named::One(guess) => Some(guess),
        Named::Several => None,
        Named::None => written(tree),
    })
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

/// What folders and file suffixes name.
enum Named {
    None,
    One(Guess),
    /// The folder serves several engines; its SQL says nothing about which one is meant.
    Several,
}

fn named(tree: &Tree) -> Named {
    let mut found: BTreeSet<&'static str> = BTreeSet::new();
    let mut first = None;
    let mut endings: BTreeSet<&'static str> = BTreeSet::new();
    for entry in tree.entries.iter().filter(|entry| is_sql(entry)) {
        let (dir, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        let stem = name.split('.').next().unwrap_or_default();
        if let Some((engine, _)) = stem.rsplit(['_', '-']).next().and_then(engine_of) {
            endings.insert(engine);
        }
        for word in dir.split('/').chain(name.split('.').skip(1)) {
            if let Some((engine, dialect)) = engine_of(word) {
                found.insert(engine);
                first = first.or(dialect.map(|dialect| (dialect, word)));
            }
        }
    }
    // One ending may belong to a description, `3_move_to_postgres.sql`; two are suffixes.
    match (found.len(), first) {
        (1, Some((dialect, word))) => Named::One(Guess {
            dialect,
            because: format!("the files are named for `{word}`"),
        }),
        (0, _) if endings.len() < 2 => Named::None,
        _ => Named::Several,
    }
}

/// One word for all spellings of an engine.
fn engine_of(word: &str) -> Option<(&'static str, Option<Dialect>)> {
    Some(match spelled(word)? {
        Spelled::Known(dialect) => (dialect.name(), Some(dialect)),
        Spelled::Other => ("another", None),
    })
}

/// The engine whose own words stand in the SQL more often than any other's.
fn written(tree: &Tree) -> Option<Guess> {
    let mut votes: [(Dialect, usize, Option<String>); 3] =
        Dialect::ALL.map(|dialect| (dialect, 0, None));
    let mut backticks = 0;
    let sql = tree
        .entries
        .iter()
        .filter(|entry| is_sql(entry))
        .take(FILES_READ);
    for piece in sql.flat_map(|entry| pieces(text(entry))) {
        backticks += usize::from(piece == Piece::Backticks);
        let Some((dialect, weight)) = evidence(piece) else {
            continue;
        };
        let vote = &mut votes[dialect as usize];
        vote.1 += weight;
        vote.2.get_or_insert_with(|| shown(piece));
    }
    votes.sort_by_key(|(_, weight, _)| std::cmp::Reverse(*weight));
    let [(dialect, most, Some(word)), (_, second, _), _] = &votes else {
        return None;
    };
    // Twice as much as the next: one stray word must not decide. PostgreSQL has no backticks.
    let possible = *dialect != Dialect::Postgres || backticks < *most;
    (*most > 2 * second && possible).then(|| Guess {
        dialect: *dialect,
        because: format!("the SQL uses what only {dialect} has, such as {word}"),
    })
}

fn shown(piece: Piece<'_>) -> String {
    match piece {
        Piece::Word(word) => format!("`{}`", word.to_ascii_uppercase()),
        _ => "`$$`".to_owned(),
    }
}

/// Which engine a piece speaks for, and how loudly. SQLite takes any word for a type, so that schemas
/// moved to it keep other engines' type names: its own words are rare and count for more.
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
    const MYSQL: [&str; 10] = [
        "AUTO_INCREMENT",
        "CHARSET",
        "DELIMITER",
        "ENGINE",
        "INNODB",
        "LONGTEXT",
        "MEDIUMTEXT",
        "MODIFY",
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
        Piece::Dollars => Some((Dialect::Postgres, 1)),
        Piece::Word(word) => {
            let word = word.to_ascii_uppercase();
            let word = word.as_str();
            if POSTGRES.binary_search(&word).is_ok() {
                Some((Dialect::Postgres, 1))
            } else if MYSQL.binary_search(&word).is_ok() {
                Some((Dialect::Mysql, 1))
            } else if SQLITE.binary_search(&word).is_ok() {
                Some((Dialect::Sqlite, 8))
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
