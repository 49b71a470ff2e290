//! What statements of the three dialects are read as, in short notation.

mod ddl;
mod notation;
mod rows;

use super::super::{OpaqueKind, read};
use crate::model::{Dialect, Engine, Span};
use Dialect::{Mysql, Postgres, Sqlite};

/// What `sql` is read as, a line for each change.
pub(in crate::sql) fn changes(sql: &str, dialect: Dialect) -> Vec<String> {
    let script = read(
        sql,
        &[Span::new(0, sql.len())],
        &Engine::default_for(dialect),
    );
    let mut lines = Vec::new();
    for statement in &script.statements {
        lines.extend(statement.changes.iter().map(notation::change));
        lines.extend(
            statement
                .opaque
                .iter()
                .map(|opaque| format!("? {}", opaque.reason)),
        );
    }
    lines
}

/// Holds each text to what it is read as.
pub(in crate::sql) fn check(dialect: Dialect, cases: &[(&str, &[&str])]) {
    for (sql, expected) in cases {
        assert_eq!(changes(sql, dialect), *expected, "{dialect}: {sql}");
    }
}

#[test]
fn what_is_broken_spoils_itself_alone_and_says_why() {
    check(
        Postgres,
        &[
            (
                "CREATE TABLE a (x int); CREATE TABLE (; DROP TABLE b",
                &[
                    "table a: x integer",
                    "? the statement is not understood from `(` on",
                    "drop table b",
                ],
            ),
            ("UPDATE t SET = 1 WHERE a", &["? the parser stops at `=`"]),
            (
                "ALTER TABLE t ADD",
                &["? the clause ends where more is expected"],
            ),
            (
                "FROBNICATE",
                &["? no statement that is known begins with `FROBNICATE`"],
            ),
        ],
    );
}

#[test]
fn placeholders_and_open_quotes_are_opaque_in_their_own_kind() {
    let kind = |sql: &str| {
        let script = read(
            sql,
            &[Span::new(0, sql.len())],
            &Engine::default_for(Postgres),
        );
        script.statements[0]
            .opaque
            .as_ref()
            .map(|opaque| opaque.kind)
    };
    assert_eq!(kind("DROP TABLE {{ name }}"), Some(OpaqueKind::Template));
    assert_eq!(kind("DROP TABLE 'x"), Some(OpaqueKind::Unterminated));
    assert_eq!(kind("\\i other.sql"), Some(OpaqueKind::Dynamic));
}

#[test]
fn a_change_stands_at_its_own_clause() {
    let sql = "-- first\nALTER TABLE t\n  ADD a int,\n  DROP b; DROP TABLE c, d;";
    let script = read(
        sql,
        &[Span::new(0, sql.len())],
        &Engine::default_for(Postgres),
    );
    let spans: Vec<_> = script
        .statements
        .iter()
        .flat_map(|statement| &statement.changes)
        .map(|change| change.span.of(sql))
        .collect();
    assert_eq!(spans, ["ADD a int", "DROP b", "c", "d"]);
    assert_eq!(script.statements[0].comments.of(sql), "-- first");
}

/// Each prefix of a statement, and each statement with one token gone, is read without a panic or a hang.
#[test]
fn no_mutilated_statement_stops_the_reader() {
    let samples = [
        (
            Postgres,
            "CREATE TABLE a.t (id serial PRIMARY KEY, b text[] DEFAULT ARRAY['x'] CHECK (b[1] > '('), EXCLUDE USING gist (a WITH =)) PARTITION BY LIST (a)",
        ),
        (
            Postgres,
            "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a, b) REFERENCES u (c, d) ON DELETE SET NULL (a) NOT VALID, ALTER x TYPE int USING (x::int), DROP y",
        ),
        (
            Postgres,
            "WITH a AS (DELETE FROM b RETURNING *) INSERT INTO c (d) SELECT e FROM a WHERE f IN (1, 2) ON CONFLICT DO NOTHING",
        ),
        (
            Postgres,
            "CREATE UNIQUE INDEX CONCURRENTLY i ON t USING btree (lower(a) COLLATE \"C\" DESC, b) INCLUDE (c) WHERE d > 0",
        ),
        (
            Mysql,
            "CREATE TABLE t (a int(11) unsigned NOT NULL AUTO_INCREMENT, KEY k (a(3)), UNIQUE u ((a + 1))) ENGINE = InnoDB COMMENT 'x' PARTITION BY HASH (a)",
        ),
        (
            Mysql,
            "ALTER TABLE t CHANGE a b enum('x','y') AFTER c, ADD INDEX (d), DROP PARTITION p, q, ENGINE=InnoDB, ALGORITHM=COPY",
        ),
        (Mysql, "SET @a = 1, SESSION b := 'c', @@GLOBAL.d = DEFAULT"),
        (
            Sqlite,
            "INSERT INTO t (a) VALUES (1, (2)), (lower('x'), 3) ON CONFLICT DO UPDATE SET a = excluded.a RETURNING a",
        ),
    ];
    for (dialect, sql) in samples {
        for (end, _) in sql.char_indices() {
            changes(&sql[..end], dialect);
        }
        let words: Vec<&str> = sql.split_inclusive([' ', '(', ',', ')']).collect();
        for left_out in 0..words.len() {
            let rest: String = words
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != left_out)
                .map(|(_, word)| *word)
                .collect();
            changes(&rest, dialect);
        }
    }
}

#[test]
fn what_nests_without_end_is_opaque_and_quick() {
    for (dialect, sql) in [
        (Postgres, format!("SELECT {}", "(".repeat(50_000))),
        (Postgres, format!("SELECT 1{}", " + 1".repeat(50_000))),
        (
            Postgres,
            format!("ALTER TABLE t {}", "ADD (".repeat(20_000)),
        ),
        (
            Postgres,
            format!("DELETE FROM t WHERE a = {}", "[".repeat(50_000)),
        ),
        (Postgres, "EXPLAIN ANALYZE ".repeat(20_000)),
        (
            Sqlite,
            format!("CREATE TABLE t (a int {}", "DEFAULT (".repeat(20_000)),
        ),
        (
            Mysql,
            format!("SELECT 1{}", " UNION SELECT 1".repeat(20_000)),
        ),
    ] {
        changes(&sql, dialect);
    }
}
