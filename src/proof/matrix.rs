//! Whether the statements of older releases still work after each migration: release by step.
//!
//! A statement is tried with several sets of values, on generated rows, and taken back. What it did once with some values
//! it has to do after every later step with the same ones. What never worked proves nothing, and is told apart.

use std::collections::BTreeMap;

use super::catalog::Catalog;
use super::rows::Variant;
use super::values::{Values, filled};
use crate::model::Dialect;
use crate::uses::Query;

/// The values that a statement is tried with: those of rows that are there, others, the largest, and none; and two rows
/// that are alike but for their keys.
const VALUES: [Values; 6] = [
    Values::Of(Variant::Plain(0)),
    Values::Of(Variant::Plain(7)),
    Values::Of(Variant::Wide(8)),
    Values::Of(Variant::Null(9)),
    Values::Twice(Variant::Plain(0), Variant::Plain(3)),
    Values::Twice(Variant::Plain(7), Variant::Plain(11)),
];

/// The statements of a release.
#[derive(Clone, Debug)]
pub struct OldRelease {
    /// What people call it.
    pub release: String,
    /// What it sends.
    pub queries: Vec<Query>,
}

/// Older releases, and how their statements have fared so far.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    releases: Vec<Fares>,
}

#[derive(Clone, Debug)]
struct Fares {
    release: String,
    queries: Vec<Tried>,
}

/// A statement, and what it did.
#[derive(Clone, Debug)]
struct Tried {
    query: Query,
    /// By the number of the values, the text that has worked.
    worked: BTreeMap<usize, String>,
    /// What the engine says to what has worked before, if it refuses that now.
    refused: Option<String>,
    /// What it said when nothing had worked yet.
    never: Option<String>,
    /// It was so after the step before.
    was_refused: bool,
    /// Why it is not tried at all.
    untried: Option<String>,
}

/// How a release stands after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which release.
    pub release: String,
    /// How many of its statements work.
    pub works: usize,
    /// Those that worked before and do not any more.
    pub broken: Vec<Broken>,
}

/// A statement that has worked before, and does not any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What the engine says.
    pub message: String,
    /// It still worked before this step.
    pub newly: bool,
}

/// A release at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which release.
    pub release: String,
    /// How many statements it has.
    pub statements: usize,
    /// Those that never worked, with what the engine said last.
    pub never: Vec<Broken>,
    /// Those that were not tried, and why.
    pub untried: Vec<Broken>,
}

/// The words that begin a statement which can be taken back.
const TAKEN_BACK: [&str; 8] = [
    "select", "insert", "update", "delete", "with", "replace", "merge", "values",
];

impl Matrix {
    /// Of these releases; `leaves` tells why a statement must not be sent.
    pub fn of(releases: Vec<OldRelease>, leaves: impl Fn(&str) -> Option<String>) -> Self {
        let fares = releases.into_iter().map(|old| Fares {
            release: old.release,
            queries: old
                .queries
                .into_iter()
                .map(|query| Tried {
                    untried: query
                        .unknown
                        .clone()
                        .or_else(|| untried(&query.sql))
                        .or_else(|| leaves(&query.sql)),
                    query,
                    worked: BTreeMap::new(),
                    refused: None,
                    never: None,
                    was_refused: false,
                })
                .collect(),
        });
        Self {
            releases: fares.collect(),
        }
    }

    /// Whether there is nothing to try.
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty()
    }

    /// Every statement that is tried, as it is written.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        let all = self.releases.iter().flat_map(|fares| &fares.queries);
        all.filter(|tried| tried.untried.is_none())
            .map(|tried| tried.query.sql.as_str())
    }

    /// What to try now: a key for [`Self::heard`], and the text. What has worked is tried as it has.
    pub fn attempts(&self, dialect: Dialect, catalog: &Catalog) -> Vec<(Attempt, String)> {
        let mut all = Vec::new();
        for (release, fares) in self.releases.iter().enumerate() {
            for (query, tried) in fares.queries.iter().enumerate() {
                if tried.untried.is_some() {
                    continue;
                }
                for (variant, values) in VALUES.into_iter().enumerate() {
                    let text = tried.worked.get(&variant).cloned();
                    let text =
                        text.unwrap_or_else(|| filled(&tried.query.sql, dialect, catalog, values));
                    let attempt = Attempt {
                        release,
                        query,
                        variant,
                        has_worked: tried.worked.contains_key(&variant),
                    };
                    all.push((attempt, text));
                }
            }
        }
        all
    }

    /// Takes in what the engine said to all attempts after a step, and tells how each release stands.
    pub fn heard(&mut self, said: Vec<(Attempt, String, Result<(), String>)>) -> Vec<Cell> {
        for tried in self
            .releases
            .iter_mut()
            .flat_map(|fares| &mut fares.queries)
        {
            tried.was_refused = tried.refused.take().is_some();
        }
        for (attempt, text, answer) in said {
            let tried = &mut self.releases[attempt.release].queries[attempt.query];
            match answer {
                Ok(()) => {
                    tried.worked.insert(attempt.variant, text);
                }
                Err(message) if attempt.has_worked => {
                    tried.refused.get_or_insert(message);
                }
                Err(message) => tried.never = Some(message),
            }
        }
        let cells = self.releases.iter().map(|fares| {
            let working = |tried: &&Tried| !tried.worked.is_empty();
            let broken: Vec<_> = fares
                .queries
                .iter()
                .filter(working)
                .filter_map(|tried| Some(told(tried, tried.refused.clone()?)))
                .collect();
            Cell {
                release: fares.release.clone(),
                works: fares.queries.iter().filter(working).count() - broken.len(),
                broken,
            }
        });
        cells.collect()
    }

    /// How each release stands at the end.
    pub fn standings(&self) -> Vec<Standing> {
        let each = self.releases.iter().map(|fares| Standing {
            release: fares.release.clone(),
            statements: fares.queries.len(),
            never: fares
                .queries
                .iter()
                .filter(|tried| tried.untried.is_none() && tried.worked.is_empty())
                .map(|tried| told(tried, tried.never.clone().unwrap_or_default()))
                .collect(),
            untried: fares
                .queries
                .iter()
                .filter_map(|tried| Some(told(tried, tried.untried.clone()?)))
                .collect(),
        });
        each.collect()
    }
}

/// One text that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    release: usize,
    query: usize,
    variant: usize,
    /// It worked before.
    pub has_worked: bool,
}

fn told(tried: &Tried, message: String) -> Broken {
    Broken {
        file: tried.query.file.clone(),
        line: tried.query.line,
        message,
        newly: !tried.was_refused,
    }
}

/// Why a statement could not be taken back.
fn untried(sql: &str) -> Option<String> {
    let mut rest = sql.trim_start();
    // A comment may stand before it, as sqlc has them.
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment
            .split_once('\n')
            .map_or("", |(_, rest)| rest)
            .trim_start();
    }
    let first = rest.split(|c: char| !c.is_ascii_alphabetic()).next();
    let first = first.unwrap_or_default().to_ascii_lowercase();
    (!TAKEN_BACK.contains(&first.as_str()) && !rest.starts_with('('))
        .then(|| "it is no query, and no change of rows that could be taken back".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(statements: &[&str]) -> Matrix {
        let queries = statements.iter().enumerate().map(|(at, sql)| Query {
            file: "q.sql".to_owned(),
            line: at + 1,
            sql: (*sql).to_owned(),
            unknown: None,
        });
        let old = OldRelease {
            release: "v1".to_owned(),
            queries: queries.collect(),
        };
        Matrix::of(vec![old], |_| None)
    }

    /// Asks an engine that refuses texts with this word.
    fn step(matrix: &mut Matrix, refuses: &str) -> Vec<Cell> {
        let attempts = matrix.attempts(Dialect::Sqlite, &Catalog::default());
        let said = attempts.into_iter().map(|(attempt, text)| {
            let answer = if text.contains(refuses) {
                Err(format!("no {refuses}"))
            } else {
                Ok(())
            };
            (attempt, text, answer)
        });
        let said = said.collect();
        matrix.heard(said)
    }

    #[test]
    fn what_worked_and_works_no_more_is_broken_and_what_never_did_proves_nothing() {
        let mut matrix = matrix(&["SELECT a FROM t", "SELECT b FROM t", "COMMIT"]);
        let cells = step(&mut matrix, "b FROM");
        assert_eq!((cells[0].works, cells[0].broken.len()), (1, 0));
        let cells = step(&mut matrix, "a FROM");
        assert_eq!(cells[0].works, 1);
        assert_eq!(
            cells[0].broken,
            [Broken {
                file: "q.sql".to_owned(),
                line: 1,
                message: "no a FROM".to_owned(),
                newly: true,
            }]
        );
        let cells = step(&mut matrix, "a FROM");
        assert!(!cells[0].broken[0].newly);
        let cells = step(&mut matrix, "nothing");
        assert_eq!((cells[0].works, cells[0].broken.len()), (2, 0));
        let standing = &matrix.standings()[0];
        assert_eq!((standing.statements, standing.never.len()), (3, 0));
        assert_eq!(standing.untried[0].line, 3);
    }

    #[test]
    fn only_what_can_be_taken_back_is_tried() {
        for tried in [
            "SELECT 1",
            "-- name: All :many\nselect 1",
            "(SELECT 1) UNION SELECT 2",
            "WITH a AS (SELECT 1) DELETE FROM t",
        ] {
            assert_eq!(untried(tried), None, "{tried}");
        }
        for untaken in ["COMMIT", "CALL p()", "TRUNCATE t", "DROP TABLE t", "-- x"] {
            assert!(untried(untaken).is_some(), "{untaken}");
        }
    }
}
