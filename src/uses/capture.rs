//! From what a server has kept of the statements that ran to a file of a release's queries.
//!
//! Only what certainly says nothing about the application is left out, each kind with its number. Whatever ran and cannot
//! be written down becomes a mark, so that a release that is recorded with the file relies on everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::picture::Picture;
use super::query::{read, words};
use super::{Relied, digest, opaque};
use crate::model::{Dialect, Ident, Name, Span};
use crate::sql::token::{TokenKind, first_word, tokenize};

/// What a server has kept of the statements that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Where it keeps them, for people: `pg_stat_statements of PostgreSQL 15.1`.
    pub source: String,
    /// Since when, as the server tells.
    pub since: Option<String>,
    /// Whose statements these are, in a clause.
    pub whose: String,
    /// The statements.
    pub texts: Vec<String>,
    /// MySQL's digest texts: without literals, lists shortened.
    pub digests: Vec<String>,
    /// How many bytes of each digest text the server keeps.
    pub digest_bytes: usize,
    /// What ran and was not kept, each in a clause.
    pub gaps: Vec<String>,
    /// The names of the application's own tables, views, routines and types.
    pub objects: BTreeSet<Ident>,
}

/// The statements of an application, out of all that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Captured {
    /// Where they were kept.
    pub source: String,
    /// Since when.
    pub since: Option<String>,
    /// Whose they are.
    pub whose: String,
    /// The statements, in order, each once.
    pub statements: Vec<String>,
    /// What ran and cannot be written down, each in a clause: a release that is recorded with this relies on everything.
    pub opaque: Vec<String>,
    /// What is not the application's, by kind.
    pub left_out: BTreeMap<LeftOut, usize>,
}

/// What says nothing about what an application uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// Definitions and maintenance: migrations and their kind.
    Definitions,
    /// Transactions, settings, cursors' moves.
    Session,
    /// What reads the engine's own catalog, or no table at all: a console, a driver, a health check.
    Catalog,
    /// Our own.
    Bgmigrate,
}

impl LeftOut {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Definitions => "definitions",
            Self::Session => "transactions and settings",
            Self::Catalog => "queries of the catalog or of nothing",
            Self::Bgmigrate => "bgmigrate's own",
        }
    }
}

/// What a text is.
enum Kind {
    /// The application's; the statement to write down.
    Application(String),
    Left(LeftOut),
    /// It ran, and what it said is not known; why, in a clause.
    Opaque(&'static str),
}

const DEFINITIONS: [&str; 22] = [
    "alter",
    "analyse",
    "analyze",
    "check",
    "checksum",
    "cluster",
    "comment",
    "create",
    "drop",
    "flush",
    "grant",
    "import",
    "install",
    "optimize",
    "reassign",
    "reindex",
    "rename",
    "repair",
    "revoke",
    "security",
    "uninstall",
    "vacuum",
];
const SESSION: [&str; 28] = [
    "abort",
    "begin",
    "checkpoint",
    "close",
    "commit",
    "deallocate",
    "desc",
    "describe",
    "discard",
    "end",
    "explain",
    "fetch",
    "help",
    "kill",
    "listen",
    "move",
    "notify",
    "release",
    "reset",
    "rollback",
    "savepoint",
    "set",
    "show",
    "start",
    "unlisten",
    "unlock",
    "use",
    "xa",
];

/// What names the record, the guard and what belongs to them.
const OURS: &str = "bgmigrate";

/// Sorts what ran.
pub fn sift(statistics: Statistics, dialect: Dialect) -> Captured {
    let mut statements = BTreeSet::new();
    let mut left_out = BTreeMap::new();
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    let plain = statistics.texts.iter().map(|text| {
        let text = text.trim().trim_end_matches(';').trim_end();
        (text.to_owned(), false)
    });
    let digests = statistics.digests.iter().map(|text| {
        let cut = digest::is_cut(text, statistics.digest_bytes);
        (digest::statement(text), cut)
    });
    for (text, cut) in plain.chain(digests) {
        match kind(text, cut, &statistics.objects, dialect) {
            Kind::Application(statement) => {
                statements.insert(statement);
            }
            Kind::Left(what) => *left_out.entry(what).or_insert(0) += 1,
            Kind::Opaque(why) => *unknown.entry(why).or_insert(0) += 1,
        }
    }
    let mut opaque: Vec<_> = unknown
        .into_iter()
        .map(|(why, count)| match count {
            1 => format!("1 statement {why}"),
            _ => format!("{count} statements {why}"),
        })
        .collect();
    opaque.extend(statistics.gaps);
    Captured {
        source: statistics.source,
        since: statistics.since,
        whose: statistics.whose,
        statements: statements.into_iter().collect(),
        opaque,
        left_out,
    }
}

impl Captured {
    /// The file of queries: what `uses read`, `release record --uses` and `verify --uses` take.
    pub fn sql(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "-- What ran, of {}: captured by `bgmigrate uses capture` from {}.",
            self.whose, self.source
        );
        let _ = match &self.since {
            Some(since) => writeln!(
                out,
                "-- Kept since {since}. What has not run since then is not here."
            ),
            None => writeln!(
                out,
                "-- Since when they are kept is not told. What has not run since then is not here."
            ),
        };
        let left: Vec<_> = self
            .left_out
            .iter()
            .map(|(what, count)| format!("{count} {}", what.name()))
            .collect();
        if !left.is_empty() {
            let _ = writeln!(out, "-- Left out: {}.", left.join(", "));
        }
        for reason in &self.opaque {
            let _ = writeln!(out, "\n{}", opaque::mark(reason));
        }
        for statement in &self.statements {
            let _ = writeln!(out, "\n{statement};");
        }
        out
    }
}

fn kind(text: String, cut: bool, objects: &BTreeSet<Ident>, dialect: Dialect) -> Kind {
    if is_ours(&text, dialect) {
        return Kind::Left(LeftOut::Bgmigrate);
    }
    let first = first_word(&text, Span::new(0, text.len()), dialect);
    let first = first.unwrap_or_default().to_ascii_lowercase();
    match first.as_str() {
        // `CREATE TABLE … AS SELECT` and `SET @a = (SELECT …)` read.
        "create" | "set" if reads_rows(&text, dialect) => {}
        word if DEFINITIONS.contains(&word) => return Kind::Left(LeftOut::Definitions),
        word if SESSION.contains(&word) => return Kind::Left(LeftOut::Session),
        _ => {}
    }
    let mut found = BTreeSet::new();
    words(&text, dialect, &mut found);
    // What an escape spells is not seen among the words.
    let is_spelled_out = !text.contains("U&\"") && !text.contains("u&\"");
    let names_nothing = found.is_disjoint(objects) && is_spelled_out;
    if cut {
        return Kind::Opaque("longer than what the server keeps of one (max_digest_length)");
    }
    if names_nothing && (names_catalog(&found) || only_computes(&first, &found, dialect)) {
        return Kind::Left(LeftOut::Catalog);
    }
    match first.as_str() {
        "prepare" | "declare" => match inner(&text, &first, dialect) {
            Some(inner) => Kind::Application(inner.to_owned()),
            None => Kind::Opaque("put together at run time, out of a text that is not kept"),
        },
        "execute" => Kind::Opaque("put together at run time, out of a text that is not kept"),
        _ => Kind::Application(text),
    }
}

/// Whether a statement that makes a table or sets a variable takes rows from somewhere. What a view or a routine reads is
/// followed where it is used.
fn reads_rows(text: &str, dialect: Dialect) -> bool {
    let words: Vec<_> = tokenize(text, Span::new(0, text.len()), dialect)
        .filter(|token| token.kind == TokenKind::Word)
        .map(|token| token.span.of(text).to_ascii_lowercase())
        .collect();
    let mut first = words.iter().take(4).map(String::as_str);
    let takes = first.any(|word| word == "table" || word == "set");
    takes
        && words
            .iter()
            .any(|word| word == "select" || word == "execute")
}

/// The statement in `PREPARE name AS …` and `DECLARE name CURSOR FOR …`; MySQL prepares from a string.
fn inner<'t>(text: &'t str, first: &str, dialect: Dialect) -> Option<&'t str> {
    let before = if first == "prepare" { "as" } else { "for" };
    let mut words = tokenize(text, Span::new(0, text.len()), dialect)
        .filter(|token| token.kind == TokenKind::Word);
    let word = words.find(|token| token.span.of(text).eq_ignore_ascii_case(before))?;
    Some(text[word.span.end..].trim())
}

/// Whether a statement is about the record or the guard, and about nothing else as far as it can be read.
fn is_ours(text: &str, dialect: Dialect) -> bool {
    let mentions = tokenize(text, Span::new(0, text.len()), dialect).any(|token| {
        let name = token.span.of(text).trim_matches(['`', '"', '@']);
        let names = matches!(
            token.kind,
            TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Placeholder
        );
        names && (name == OURS || name.starts_with("bgmigrate_"))
    });
    if !mentions {
        return false;
    }
    let mut relied = Relied::default();
    read(text, &Picture::new(dialect, None), &mut relied);
    let ours = |name: &Name| {
        let schema = name.schema.as_ref().map(Ident::as_str);
        schema == Some(OURS) || name.name.as_str().starts_with("bgmigrate_")
    };
    relied.relations().all(|(name, _)| ours(name))
}

/// Whether words name the engine's own catalog.
fn names_catalog(words: &BTreeSet<Ident>) -> bool {
    const CATALOGS: [&str; 4] = ["information_schema", "performance_schema", "mysql", "sys"];
    words
        .iter()
        .any(|word| word.as_str().starts_with("pg_") || CATALOGS.contains(&word.as_str()))
}

/// `SELECT version()`, and MySQL's `DO release_lock(?)`.
fn only_computes(first: &str, words: &BTreeSet<Ident>, dialect: Dialect) -> bool {
    let computes = first == "select" || first == "do" && dialect == Dialect::Mysql;
    computes && !words.contains(&Ident::folded("from"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uses::{Uses, read};

    fn captured(texts: &[&str], objects: &[&str], dialect: Dialect) -> Captured {
        let mut statistics = Statistics {
            source: "a test".to_owned(),
            whose: "every user".to_owned(),
            objects: objects.iter().map(|name| Ident::folded(name)).collect(),
            digest_bytes: 1024,
            ..Statistics::default()
        };
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        match dialect {
            Dialect::Mysql => statistics.digests = texts,
            _ => statistics.texts = texts,
        }
        sift(statistics, dialect)
    }

    #[test]
    fn what_an_application_sends_is_kept_and_what_others_send_is_counted() {
        use LeftOut::{Bgmigrate, Catalog, Definitions, Session};
        let postgres: &[(&str, Result<&str, LeftOut>)] = &[
            (
                "SELECT id FROM users WHERE id = $1;",
                Ok("SELECT id FROM users WHERE id = $1"),
            ),
            (
                "/* app */ UPDATE users SET a = $1",
                Ok("/* app */ UPDATE users SET a = $1"),
            ),
            ("TRUNCATE users", Ok("TRUNCATE users")),
            ("CALL tidy($1)", Ok("CALL tidy($1)")),
            (
                "CREATE TEMP TABLE t AS SELECT id FROM users",
                Ok("CREATE TEMP TABLE t AS SELECT id FROM users"),
            ),
            (
                "PREPARE p (int) AS SELECT id FROM users WHERE id = $1",
                Ok("SELECT id FROM users WHERE id = $1"),
            ),
            (
                "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM users",
                Ok("SELECT id FROM users"),
            ),
            (
                "SELECT count(*) FROM pg_class c JOIN users u ON u.id = c.oid",
                Ok("SELECT count(*) FROM pg_class c JOIN users u ON u.id = c.oid"),
            ),
            (
                "SELECT f(relname) FROM pg_class",
                Ok("SELECT f(relname) FROM pg_class"),
            ),
            (
                "SELECT u.id FROM users u JOIN bgmigrate.slot s ON true",
                Ok("SELECT u.id FROM users u JOIN bgmigrate.slot s ON true"),
            ),
            (
                "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default",
                Err(Catalog),
            ),
            (
                "SELECT table_name FROM information_schema.tables",
                Err(Catalog),
            ),
            (
                "UPDATE bgmigrate.record SET head = head + $1",
                Err(Bgmigrate),
            ),
            ("CREATE VIEW v AS SELECT * FROM users", Err(Definitions)),
            ("CREATE TABLE t (id int)", Err(Definitions)),
            ("alter table users drop column a", Err(Definitions)),
            ("BEGIN ISOLATION LEVEL SERIALIZABLE", Err(Session)),
            ("SET search_path = $1", Err(Session)),
            ("FETCH FORWARD $1 FROM c", Err(Session)),
        ];
        let mysql: &[(&str, Result<&str, LeftOut>)] = &[
            (
                "SELECT ID FROM `users` WHERE ID IN (...) ",
                Ok("SELECT ID FROM `users` WHERE ID IN (?)"),
            ),
            (
                "SET @? = ( SELECT `count` ( * ) FROM `users` ) ",
                Ok("SET @? = ( SELECT `count` ( * ) FROM `users` )"),
            ),
            (
                "SELECT `head` FROM `bgmigrate_record` WHERE ID = ? ",
                Err(Bgmigrate),
            ),
            ("SET @? = ? ", Err(Session)),
            (
                "SELECT `table_name` FROM `information_schema` . `tables` ",
                Err(Catalog),
            ),
            ("CREATE TABLE `t` ( ID INTEGER ) ", Err(Definitions)),
        ];
        for (dialect, cases) in [(Dialect::Postgres, postgres), (Dialect::Mysql, mysql)] {
            for (text, expected) in cases {
                let found = captured(&[text], &["users", "f"], dialect);
                assert_eq!(found.opaque, [""; 0], "{text}");
                match expected {
                    Ok(statement) => assert_eq!(found.statements, [*statement], "{text}"),
                    Err(left) => {
                        assert_eq!(found.statements, [""; 0], "{text}");
                        assert_eq!(found.left_out, [(*left, 1)].into(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_known_makes_a_release_rely_on_everything() {
        let cut = format!("SELECT `{}` , ...", "a".repeat(1020));
        let found = captured(
            &[
                &cut,
                "PREPARE `s` FROM ? ",
                "EXECUTE `s` ",
                "DELETE FROM `users` ",
            ],
            &["users"],
            Dialect::Mysql,
        );
        assert_eq!(
            found.opaque,
            [
                "1 statement longer than what the server keeps of one (max_digest_length)",
                "2 statements put together at run time, out of a text that is not kept",
            ]
        );
        let sql = found.sql();
        let reading = read("v1.sql", &sql, Dialect::Mysql, None).unwrap();
        assert_eq!((reading.queries, reading.guesses.len()), (3, 2));
        assert!(matches!(reading.uses, Uses::Everything { .. }), "{sql}");
    }

    #[test]
    fn the_file_is_in_order_and_says_whence_it_is() {
        let mut found = captured(
            &[
                "SELECT b FROM t",
                "BEGIN",
                "SELECT a FROM t;",
                "SELECT b FROM t ;",
            ],
            &["t"],
            Dialect::Postgres,
        );
        found.since = Some("2026-01-02T03:04:05Z".to_owned());
        assert_eq!(
            found.sql(),
            "-- What ran, of every user: captured by `bgmigrate uses capture` from a test.\n\
             -- Kept since 2026-01-02T03:04:05Z. What has not run since then is not here.\n\
             -- Left out: 1 transactions and settings.\n\nSELECT a FROM t;\n\nSELECT b FROM t;\n"
        );
    }
}
