//! Row changes, queries, and what else is neither table nor index.

use super::check;
use crate::model::Dialect::{Mysql, Postgres, Sqlite};

#[test]
fn row_changes_tell_which_rows_and_where_from() {
    check(
        Postgres,
        &[
            (
                "INSERT INTO t (a, b) VALUES (1, now()), (2, NULL) ON CONFLICT (a) DO NOTHING",
                &["insert t (a, b) values(2) calls(now)"],
            ),
            (
                "INSERT INTO t SELECT lower(a) FROM u JOIN w USING (id)",
                &["insert t from(u, w) calls(lower)"],
            ),
            ("INSERT INTO t DEFAULT VALUES", &["insert t values(1)"]),
            (
                "WITH gone AS (DELETE FROM a WHERE x RETURNING *) INSERT INTO b SELECT * FROM gone",
                &["delete a where(x)", "insert b from(a)"],
            ),
            (
                "UPDATE t SET a = 1, b = u.b FROM u WHERE u.id = t.id",
                &["update t (a, b) where(u.id = t.id)"],
            ),
            (
                "UPDATE t SET a = (SELECT b FROM u LIMIT 1)",
                &["update t (a) every-row"],
            ),
            (
                "UPDATE t SET a = 1 WHERE 1 = 1",
                &["update t (a) where(1 = 1) every-row"],
            ),
            (
                "DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 100)",
                &["delete t where(id IN (SELECT id FROM t LIMIT 100)) limited"],
            ),
            (
                "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE",
                &["merge t from(u) where(t.id = u.id)"],
            ),
            (
                "COPY t (a, b) FROM stdin;\n1\t2\n\\.\n",
                &["copy t (a, b) values(0)"],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "UPDATE a JOIN b ON a.id = b.id SET b.x = 1, a.y = 2",
                &[
                    "update b (x) where(a.id = b.id)",
                    "update a (y) where(a.id = b.id)",
                ],
            ),
            (
                "DELETE x FROM contacts x INNER JOIN contacts y WHERE x.id < y.id",
                &["delete contacts where(x.id < y.id)"],
            ),
            (
                "REPLACE INTO t (a) VALUES (1)",
                &["replace t (a) values(1)"],
            ),
            (
                "DELETE FROM t ORDER BY id LIMIT 10",
                &["delete t every-row limited"],
            ),
            (
                "INSERT IGNORE INTO t SET a = 1",
                &["insert t (a) values(1)"],
            ),
            (
                "LOAD DATA LOCAL INFILE 'x' INTO TABLE t",
                &["copy t values(0)"],
            ),
        ],
    );
    check(
        Sqlite,
        &[(
            "INSERT OR REPLACE INTO t VALUES (1)",
            &["replace t values(1)"],
        )],
    );
}

#[test]
fn queries_tell_what_they_call_and_what_they_set() {
    check(
        Postgres,
        &[
            (
                "SELECT setval('s', max(id)) FROM t",
                &["query calls(setval, max)"],
            ),
            (
                "SELECT pg_catalog.set_config('search_path', '', false)",
                &["set search_path = Some(\"\")"],
            ),
            (
                "SELECT a INTO TEMP b FROM c",
                &["table b temporary as-query:"],
            ),
            ("EXPLAIN ANALYZE DELETE FROM t", &["delete t every-row"]),
            ("EXPLAIN DELETE FROM t", &["query calls()"]),
            ("SHOW search_path", &["query calls()"]),
        ],
    );
    check(
        Mysql,
        &[("SELECT max(id) FROM t INTO @x", &["query calls(max)"])],
    );
}

#[test]
fn a_drop_names_each_object() {
    check(
        Postgres,
        &[
            (
                "DROP TABLE IF EXISTS a, b.c CASCADE",
                &[
                    "drop table a if-exists cascade",
                    "drop table b.c if-exists cascade",
                ],
            ),
            (
                "DROP INDEX CONCURRENTLY IF EXISTS i",
                &["drop index i if-exists concurrently"],
            ),
            (
                "DROP FUNCTION f(IN a int4, OUT b text, character varying), g",
                &["drop function f(integer, varchar)", "drop function g"],
            ),
            ("DROP TRIGGER x ON t", &["drop trigger x on t"]),
            ("DROP CAST (a AS b)", &["drop cast a AS b"]),
            (
                "DROP OWNED BY joe",
                &["Owned { dropped: true, roles: \"joe\" }"],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "DROP INDEX i ON t LOCK=NONE",
                &[
                    "t: Demand { algorithm: None, lock: Some(\"none\") }",
                    "drop index i on t",
                ],
            ),
            ("DROP SCHEMA x", &["drop database x"]),
            ("DROP USER 'a'@'%'", &["drop role a"]),
        ],
    );
}

#[test]
fn settings_transactions_and_the_rest_are_told_apart() {
    check(
        Postgres,
        &[
            (
                "BEGIN; SAVEPOINT s; ROLLBACK TO s; RELEASE s; COMMIT",
                &[
                    "Transaction(Begin)",
                    "Transaction(Savepoint)",
                    "Transaction(RollbackToSavepoint)",
                    "Transaction(ReleaseSavepoint)",
                    "Transaction(Commit)",
                ],
            ),
            (
                "SET LOCAL lock_timeout = '5s'",
                &["set lock_timeout = Some(\"5s\") local"],
            ),
            (
                "SET search_path TO a, b",
                &["set search_path = Some(\"a, b\")"],
            ),
            ("RESET ALL", &["set all = None"]),
            (
                "TRUNCATE a, b RESTART IDENTITY CASCADE",
                &[
                    "Truncate { table: a, cascade: true }",
                    "Truncate { table: b, cascade: true }",
                ],
            ),
            (
                "CREATE TYPE s AS ENUM ('a', 'it''s')",
                &["type s enum(a, it's)"],
            ),
            (
                "CREATE TYPE s AS (a int, b text)",
                &["type s composite(a, b)"],
            ),
            (
                "CREATE DOMAIN d AS text CHECK (VALUE <> '')",
                &["type d domain(text) constrained"],
            ),
            (
                "CREATE DOMAIN d AS text NOT NULL; CREATE DOMAIN e AS text DEFAULT '' CHECK (VALUE IS NOT NULL)",
                &[
                    "type d domain(text) constrained required",
                    "type e domain(text) constrained default",
                ],
            ),
            (
                "CREATE SCHEMA IF NOT EXISTS s; CREATE EXTENSION pgcrypto WITH SCHEMA s; CREATE SEQUENCE q",
                &[
                    "create schema s if-not-exists",
                    "create extension pgcrypto",
                    "create sequence q",
                ],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "SET FOREIGN_KEY_CHECKS = 0, @@SESSION.sql_mode = 'ANSI'",
                &[
                    "set foreign_key_checks = Some(\"0\")",
                    "set sql_mode = Some(\"ANSI\")",
                ],
            ),
            (
                "SET NAMES utf8mb4; USE app",
                &["set names = Some(\"utf8mb4\")", "Use { database: app }"],
            ),
            (
                "RENAME TABLE a TO b, c TO d",
                &["rename table a -> b", "rename table c -> d"],
            ),
        ],
    );
    check(
        Sqlite,
        &[(
            "PRAGMA foreign_keys = OFF; PRAGMA main.table_info('t')",
            &[
                "Pragma { name: \"foreign_keys\", value: Some(\"off\") }",
                "Pragma { name: \"table_info\", value: Some(\"t\") }",
            ],
        )],
    );
}
