//! Files that say what a release uses: SQL, sqlx's offline query data, or a plain list.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::picture::Picture;
use super::query::{self, Outcome};
use super::{Relied, Uses, behind, list, opaque};
use crate::model::{Dialect, LineIndex, Span};
use crate::schema::Schema;
use crate::sql::split::{PieceKind, split};

/// What one or more files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the release relies on.
    pub uses: Uses,
    /// How many queries were read.
    pub queries: usize,
    /// Those of them that were not understood: the release relies on more than they may mean.
    pub guesses: Vec<Guess>,
}

/// A query that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The file, as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Why, in a clause for people.
    pub reason: String,
    /// Not even its words could be relied upon, so that the release relies on everything.
    pub everything: bool,
}

/// A file that is not of a form that is known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct ReadError {
    /// The file, as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong with it.
    pub message: String,
}

impl Reading {
    /// This and what other files say.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.uses = self.uses.union(other.uses);
        self.queries += other.queries;
        self.guesses.extend(other.guesses);
        self
    }
}

/// Reads what one file says. `.sql` files hold queries, `.json` files are sqlx's, everything else is a plain list.
///
/// The schema is that of the folder which the release ships, with all its migrations folded in; without one the
/// answers are coarser, never narrower.
pub fn read(
    file: &str,
    text: &str,
    dialect: Dialect,
    schema: Option<&Schema>,
) -> Result<Reading, ReadError> {
    let picture = Picture::new(dialect, schema);
    let extension = file.rsplit_once('.').map(|(_, extension)| extension);
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("sql") => {
            let mut relied = Relied::default();
            let mut outcomes = statements(text, &picture, &mut relied);
            let marks = opaque::marks(text, dialect).into_iter();
            outcomes.extend(marks.map(|(at, reason)| (at, Outcome::Unreadable(reason))));
            Ok(reading(file, text, outcomes, relied, &picture))
        }
        Some("json") => {
            let mut relied = Relied::default();
            let mut outcomes = Vec::new();
            for (at, sql) in sqlx_queries(file, text, dialect)? {
                let found = statements(&sql, &picture, &mut relied).into_iter();
                outcomes.extend(found.map(|(_, outcome)| (at, outcome)));
            }
            Ok(reading(file, text, outcomes, relied, &picture))
        }
        _ => {
            let relied = list::read(file, text, dialect)?;
            let nothing = Vec::new();
            Ok(reading(file, text, nothing, relied, &picture))
        }
    }
}

fn reading(
    file: &str,
    text: &str,
    outcomes: Vec<(usize, Outcome)>,
    relied: Relied,
    picture: &Picture<'_>,
) -> Reading {
    let lines = LineIndex::new(text);
    let queries = outcomes.len();
    let guesses: Vec<_> = outcomes
        .into_iter()
        .filter_map(|(at, outcome)| {
            let (reason, everything) = match outcome {
                Outcome::Understood => return None,
                Outcome::Guessed(reason) => (reason, false),
                Outcome::Unreadable(reason) => (reason, true),
            };
            let place = lines.position(text, at);
            Some(Guess {
                file: file.to_owned(),
                line: place.line,
                column: place.column,
                reason,
                everything,
            })
        })
        .collect();
    let uses = match guesses.iter().find(|guess| guess.everything) {
        Some(guess) => Uses::Everything {
            why: format!("{}:{}: {}", guess.file, guess.line, guess.reason),
        },
        None => behind::follow(relied, picture),
    };
    Reading {
        uses,
        queries,
        guesses,
    }
}

/// Reads every statement of a text; each with the byte where it begins.
pub(super) fn statements(
    text: &str,
    picture: &Picture<'_>,
    relied: &mut Relied,
) -> Vec<(usize, Outcome)> {
    let pieces = split(text, Span::new(0, text.len()), picture.dialect);
    let read = pieces.into_iter().filter_map(|piece| {
        let outcome = match piece.kind {
            // What psql and its like do by themselves reaches no table.
            PieceKind::MetaCommand | PieceKind::ClientCommand => return None,
            PieceKind::Statement | PieceKind::Template { .. } | PieceKind::Unterminated { .. } => {
                query::read(piece.span.of(text), picture, relied)
            }
        };
        Some((piece.span.start, outcome))
    });
    read.collect()
}

/// `.sqlx/query-<hash>.json`, one query a file (sqlx 0.7 and later).
#[derive(Deserialize)]
struct SqlxQuery {
    db_name: String,
    query: String,
}

/// `sqlx-data.json`, all queries by their hash (before sqlx 0.7).
#[derive(Deserialize)]
struct SqlxData {
    db: String,
    #[serde(flatten)]
    queries: BTreeMap<String, SqlxDatum>,
}

#[derive(Deserialize)]
struct SqlxDatum {
    query: String,
}

/// The queries of sqlx's offline data, each with the byte where the file has it.
pub(super) fn sqlx_queries(
    file: &str,
    text: &str,
    dialect: Dialect,
) -> Result<Vec<(usize, String)>, ReadError> {
    let place_of = |key: &str| text.find(&format!("\"{key}\"")).unwrap_or(0);
    let (database, queries) = match serde_json::from_str::<SqlxQuery>(text) {
        Ok(one) => (one.db_name, vec![(place_of("query"), one.query)]),
        Err(not_one) => match serde_json::from_str::<SqlxData>(text) {
            Ok(all) => {
                let queries = all.queries.into_iter();
                let placed = queries.map(|(hash, datum)| (place_of(&hash), datum.query));
                (all.db, placed.collect())
            }
            Err(not_all) => {
                // A file of the older form fails late as the newer one, and the other way round.
                let error = if text.contains("\"db_name\"") {
                    not_one
                } else {
                    not_all
                };
                return Err(ReadError {
                    file: file.to_owned(),
                    line: error.line().max(1),
                    column: error.column().max(1),
                    message: format!("this is not sqlx's offline query data: {error}"),
                });
            }
        },
    };
    let same = match dialect {
        Dialect::Postgres => database.eq_ignore_ascii_case("PostgreSQL"),
        Dialect::Mysql => {
            database.eq_ignore_ascii_case("MySQL") || database.eq_ignore_ascii_case("MariaDB")
        }
        Dialect::Sqlite => database.eq_ignore_ascii_case("SQLite"),
    };
    if same {
        return Ok(queries);
    }
    let place = LineIndex::new(text).position(text, text.find(&database).unwrap_or(0));
    Err(ReadError {
        file: file.to_owned(),
        line: place.line,
        column: place.column,
        message: format!(
            "these are queries for {database}, and the configured dialect is {dialect}"
        ),
    })
}
