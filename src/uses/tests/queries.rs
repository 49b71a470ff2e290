//! What a query relies on, by what stands in it.

use super::{SCHEMA, relies, schema};
use crate::model::Dialect;
use crate::schema::Schema;
use crate::uses::{Uses, read};

fn check(dialect: Dialect, schema: Option<&Schema>, cases: &[(&str, &str, &str)]) {
    for (sql, must, must_not) in cases {
        let reading = read("q.sql", sql, dialect, schema).unwrap();
        assert_eq!(reading.guesses, [], "{sql}");
        for what in must.split_whitespace() {
            assert!(
                relies(&reading.uses, what),
                "{sql}\nmust rely on {what}\n{reading:?}"
            );
        }
        for what in must_not.split_whitespace() {
            assert!(
                !relies(&reading.uses, what),
                "{sql}\nmust not rely on {what}\n{reading:?}"
            );
        }
    }
}

#[test]
fn queries_rely_on_what_they_name() {
    let cases = [
        // Columns, aliases, scopes.
        (
            "SELECT handle FROM users",
            "users users.handle",
            "users.username users! orders",
        ),
        (
            "SELECT u.handle FROM users u, orders",
            "users.handle orders",
            "orders.handle users.id",
        ),
        (
            "SELECT handle, total FROM users JOIN orders ON user_id = users.id",
            "users.handle orders.total orders.user_id users.id",
            "orders.id users.username",
        ),
        (
            "SELECT id FROM users, orders",
            "users.id orders.id",
            "users.handle",
        ),
        (
            "SELECT \"handle\" FROM \"users\"",
            "users.handle",
            "users.username",
        ),
        (
            "SELECT 1 FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = handle)",
            "users.handle orders.user_id",
            "orders.total users.id",
        ),
        (
            "SELECT (SELECT id FROM orders LIMIT 1) FROM users",
            "orders.id users",
            "users.id",
        ),
        (
            "SELECT x.total FROM users CROSS JOIN LATERAL (SELECT total FROM orders WHERE user_id = users.id) x",
            "orders.total orders.user_id users.id",
            "users.handle orders.id",
        ),
        (
            "SELECT count(*) FROM users",
            "users count()",
            "users.id users.later",
        ),
        (
            "SELECT id FROM orders ORDER BY total",
            "orders.total",
            "orders.user_id",
        ),
        (
            "SELECT id FROM users UNION SELECT user_id FROM orders ORDER BY 1",
            "users.id orders.user_id",
            "orders.id users.handle",
        ),
        (
            "SELECT handle FROM users FOR UPDATE",
            "users.handle",
            "users.username users!",
        ),
        (
            "SELECT id FROM users WHERE handle = $1 AND username = ?",
            "users.handle users.username",
            "users.mood",
        ),
        (
            "SELECT id FROM users WHERE handle = :handle",
            "users.handle",
            "users.username",
        ),
        // Whole relations.
        (
            "SELECT * FROM users",
            "users.later users.username",
            "orders",
        ),
        (
            "SELECT orders.*, handle FROM users, orders",
            "orders.later users.handle",
            "users.username",
        ),
        ("SELECT o FROM orders AS o", "orders.later", "users"),
        (
            "SELECT row_to_json(o) FROM orders o",
            "orders.later",
            "users",
        ),
        ("SELECT count(o.*) FROM orders o", "orders.later", "users"),
        ("SELECT (u).handle FROM users u", "users.handle", "orders"),
        (
            "SELECT a FROM users AS u (a, b)",
            "users.username",
            "orders",
        ),
        (
            "SELECT users.id FROM users NATURAL JOIN orders",
            "users.later orders.later",
            "secrets",
        ),
        (
            "SELECT handle FROM users JOIN orders USING (id)",
            "users.id orders.id",
            "users.username orders.total",
        ),
        // WITH.
        (
            "WITH users AS (SELECT id FROM orders) SELECT * FROM users",
            "orders.id",
            "users orders.total",
        ),
        (
            "WITH users AS (SELECT handle FROM users) SELECT handle FROM users",
            "users.handle",
            "users.username",
        ),
        (
            "WITH RECURSIVE t AS (SELECT id FROM orders UNION SELECT t.id FROM t) SELECT * FROM t",
            "orders.id",
            "t orders.total",
        ),
        (
            "WITH gone AS (DELETE FROM orders RETURNING user_id) SELECT handle FROM users, gone",
            "orders! orders.user_id users.handle",
            "users! orders.total",
        ),
        // Row changes.
        (
            "INSERT INTO users (id, handle) VALUES ($1, $2)",
            "users! users.handle",
            "users.username",
        ),
        (
            "INSERT INTO users VALUES (1)",
            "users! users.later",
            "orders",
        ),
        ("INSERT INTO users DEFAULT VALUES", "users!", "users.handle"),
        (
            "INSERT INTO users (id) SELECT user_id FROM orders RETURNING handle",
            "users! users.handle orders.user_id",
            "orders! users.username",
        ),
        (
            "INSERT INTO orders (total) VALUES (1)",
            "next_total()",
            "login()",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (handle) DO UPDATE SET mood = excluded.mood",
            "users^handle users.handle users.mood",
            "users^username users^handle,id users.username",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING",
            "users^users_pkey",
            "users^handle",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT DO NOTHING",
            "users!",
            "users^handle",
        ),
        (
            "UPDATE users SET handle = 'x' WHERE id = 1",
            "users! users.handle users.id",
            "users.username",
        ),
        (
            "UPDATE users SET (handle, mood) = (1, 2) FROM orders o WHERE o.user_id = users.id RETURNING o.total",
            "users! users.handle users.mood orders.user_id orders.total",
            "orders! users.username orders.id",
        ),
        (
            "DELETE FROM users USING orders WHERE user_id = users.id",
            "users! orders.user_id",
            "orders! users.handle",
        ),
        (
            "MERGE INTO users u USING orders o ON u.id = o.user_id WHEN MATCHED THEN UPDATE SET handle = 'x' WHEN NOT MATCHED THEN INSERT (id, mood) VALUES (o.user_id, 'low')",
            "users! users.handle users.mood orders.user_id",
            "orders! users.username orders.total",
        ),
        ("TRUNCATE users", "users!", "users.handle"),
        // Types, routines, sequences.
        ("SELECT 'low'::mood", "<mood>", "users <other>"),
        ("SELECT ARRAY[]::mood[]", "<mood>", "users"),
        (
            "SELECT * FROM jsonb_populate_recordset(NULL::users, $1)",
            "users.later <users>",
            "orders users!",
        ),
        ("SELECT mood FROM users", "<mood>", "<other>"),
        ("SELECT handle FROM users", "", "<mood>"),
        ("SELECT nextval('public.numbers')", "numbers~", "others~"),
        ("SELECT nextval($1)", "others~", "users"),
        ("INSERT INTO users (id) VALUES (1)", "numbers~", ""),
        ("SELECT 'users'::regclass", "users", "users.id"),
        ("SELECT f(id) FROM users", "f()", "g()"),
        ("SELECT * FROM f(1)", "f()", "f"),
        // What runs SQL of its own.
        (
            "SELECT * FROM ts_stat('SELECT value FROM secrets')",
            "secrets.value",
            "users",
        ),
        // Names in schemas.
        (
            "SELECT id FROM auth.users",
            "auth::users.id users.id",
            "billing::users",
        ),
        ("SELECT id FROM users", "auth::users", "auth::orders"),
        // What no name of the schema stands in.
        (
            "BEGIN; SET lock_timeout = 1; COMMIT; SELECT 1",
            "",
            "users orders f()",
        ),
        (
            "EXPLAIN SELECT handle FROM users",
            "users.handle",
            "users.id",
        ),
    ];
    check(
        Dialect::Postgres,
        Some(&schema(SCHEMA, Dialect::Postgres)),
        &cases,
    );
}

#[test]
fn what_stands_behind_a_name_counts() {
    let cases = [
        (
            "SELECT id FROM names",
            "names users.username",
            "orders users!",
        ),
        (
            "SELECT id FROM names_again",
            "names_again names users.username",
            "orders",
        ),
        ("INSERT INTO names (id) VALUES (1)", "users!", "orders"),
        (
            "SELECT login($1)",
            "login() users.username",
            "orders secrets",
        ),
        (
            "SELECT reset()",
            "reset() secrets.value secrets!",
            "users orders",
        ),
        (
            "INSERT INTO audited (id) VALUES (1)",
            "audit! note()",
            "secrets",
        ),
        ("SELECT id FROM audited", "audited.id", "audit note()"),
    ];
    check(
        Dialect::Postgres,
        Some(&schema(SCHEMA, Dialect::Postgres)),
        &cases,
    );
    // MySQL's triggers are their own text, which is not kept.
    let text =
        "CREATE TABLE t (a int); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1";
    let schema = schema(text, Dialect::Mysql);
    let read = |sql| {
        read("q.sql", sql, Dialect::Mysql, Some(&schema))
            .unwrap()
            .uses
    };
    assert!(
        matches!(read("INSERT INTO t (a) VALUES (1)"), Uses::Everything { why } if why.contains("trigger g"))
    );
    assert!(matches!(read("SELECT a FROM t"), Uses::Only(_)));
}

#[test]
fn without_a_schema_a_column_counts_for_every_table_in_sight() {
    let cases = [
        (
            "SELECT handle FROM users, orders",
            "users.handle orders.handle",
            "users.id",
        ),
        (
            "SELECT u.handle FROM users u, orders",
            "users.handle",
            "orders.handle",
        ),
        (
            "SELECT 1 FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE a = 1)",
            "users.a orders.a",
            "users.b",
        ),
        // A type or a routine may stand behind whatever is not seen.
        ("SELECT handle FROM users", "<mood> f()", "users!"),
    ];
    for dialect in Dialect::ALL {
        check(dialect, None, &cases);
    }
}

#[test]
fn each_dialect_has_its_own_ways() {
    let mysql = [
        ("SELECT `Handle` FROM `Users`", "users.handle", "users.id"),
        (
            "INSERT INTO users SET handle = ?, id = 1",
            "users! users.handle",
            "users.username",
        ),
        (
            "INSERT INTO users (id) VALUES (?) ON DUPLICATE KEY UPDATE handle = VALUES(handle)",
            "users^any users.handle",
            "users.username",
        ),
        (
            "REPLACE INTO users (id) VALUES (1)",
            "users! users^any",
            "users.handle",
        ),
        (
            "INSERT IGNORE INTO users (id) VALUES (1)",
            "users^any",
            "users.handle",
        ),
        (
            "UPDATE users u JOIN orders o ON o.user_id = u.id SET u.handle = o.total",
            "users! orders! users.handle orders.total",
            "users.username",
        ),
        (
            "DELETE u FROM users u JOIN orders o ON o.user_id = u.id",
            "users! orders.user_id",
            "users.handle u",
        ),
    ];
    check(Dialect::Mysql, None, &mysql);
    let sqlite = [
        (
            "SELECT [handle] FROM Users WHERE id = ?1 AND username = @name",
            "users.handle users.username",
            "users.mood",
        ),
        (
            "INSERT OR REPLACE INTO users (id) VALUES (1)",
            "users! users^any",
            "users.handle",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET handle = excluded.handle RETURNING rowid",
            "users^id users.handle",
            "users^handle users.username",
        ),
    ];
    check(Dialect::Sqlite, None, &sqlite);
    let sqlc = [
        (
            "-- name: Find :one\nSELECT sqlc.embed(users), total FROM users JOIN orders ON orders.user_id = users.id WHERE handle = sqlc.arg(total)",
            "users.later orders.total",
            "orders.id",
        ),
        (
            "SELECT id FROM users WHERE handle = @name::text",
            "users.handle",
            "users.username",
        ),
    ];
    check(
        Dialect::Postgres,
        Some(&schema(SCHEMA, Dialect::Postgres)),
        &sqlc,
    );
}
