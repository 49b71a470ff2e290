//! Views that are dropped and come back: whether they show the same columns, of the same types.

use super::{Postgres, USERS, judge, letters};

#[test]
fn a_view_that_comes_back_keeps_its_columns_and_their_types() {
    let before = format!(
        "{USERS} CREATE VIEW v AS SELECT u.id, lower(u.name) AS name, count(*) AS n, 1 + u.age AS next FROM users u
         GROUP BY u.id, u.age; CREATE VIEW w AS SELECT id, name FROM users;"
    );
    for (file, expected) in [
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT u.id, upper(x.name) AS name, count(o.id) AS n, 1 + u.age AS next,
             u.state FROM users u JOIN users x ON x.id = u.id JOIN orders o ON o.user_id = u.id",
            "ee",
        ),
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT o.id, o.total::text AS name, count(*) AS n, 1 + u.age AS next
             FROM orders o, users u",
            "ee",
        ),
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT u.id, u.age AS name, count(*) AS n, 1 + u.age AS next FROM users u",
            "ce",
        ),
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT u.id, lower(u.name) AS name, count(*) AS n, 2 + u.age AS next
             FROM users u",
            "ee",
        ),
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT u.id, lower(u.name) AS name, count(*) AS n, 2 + u.id AS next
             FROM users u",
            "ce",
        ),
        ("DROP VIEW w; CREATE VIEW w AS SELECT id, name FROM users WHERE age > 17", "ee"),
        ("DROP VIEW w; CREATE VIEW w AS SELECT DISTINCT id, name FROM users", "ce"),
        (
            "DROP VIEW w; CREATE VIEW w AS SELECT id, name FROM users UNION SELECT id, state FROM users",
            "ce",
        ),
        ("CREATE OR REPLACE VIEW w AS SELECT id, name FROM users GROUP BY id, name", "c"),
    ] {
        assert_eq!(letters(&judge(Postgres, &before, file)), expected, "{file}");
    }
}

/// The queries of a view before and after, with what else the file does between its `DROP VIEW v` and `CREATE VIEW v`.
#[test]
fn the_columns_of_a_view_are_followed_through_stars_queries_and_other_views() {
    let keeps = [
        ("SELECT * FROM users", "", "SELECT *, 1 AS one FROM users"),
        (
            "SELECT u.*, o.total FROM users u JOIN orders o ON o.user_id = u.id",
            "",
            "SELECT o.total, u.* FROM orders o, users u",
        ),
        // The star of the new view stands for one column more.
        (
            "SELECT * FROM users",
            "ALTER TABLE users ADD note text;",
            "SELECT * FROM users",
        ),
        (
            "SELECT * FROM orders JOIN users USING (id)",
            "",
            "SELECT * FROM orders JOIN users USING (id) WHERE age > 17",
        ),
        (
            "WITH x AS (SELECT *, lower(name) AS low FROM users) SELECT x.*, count(*) AS n FROM x, orders",
            "",
            "SELECT x.*, upper(name) AS low, count(*) AS n FROM (SELECT * FROM users) x, orders",
        ),
        (
            "WITH x (a, b) AS (SELECT id, name FROM users) SELECT * FROM x",
            "",
            "SELECT id AS a, name AS b FROM users",
        ),
        (
            "SELECT (SELECT sum(total) FROM orders o WHERE o.user_id = u.id) AS spent FROM users u",
            "",
            "SELECT (SELECT sum(o.total) FROM orders o) AS spent",
        ),
        (
            "SELECT id, NULL AS name FROM users UNION SELECT id, name FROM users",
            "",
            "SELECT id, name FROM users UNION ALL SELECT id, '' FROM users",
        ),
        (
            "SELECT CASE WHEN age > 17 THEN 'yes' ELSE 'no' END AS grown FROM users",
            "",
            "SELECT 'maybe' AS grown",
        ),
        (
            "SELECT CASE WHEN age > 17 THEN age END AS age FROM users",
            "",
            "SELECT coalesce(age, 17) AS age FROM users",
        ),
        (
            "SELECT max(age) AS most, least(id, id) AS id FROM users",
            "",
            "SELECT max(u.age) AS most, u.id FROM users u GROUP BY u.id",
        ),
        (
            "SELECT nullif(name, 'x') AS name, sum(age) AS n FROM users",
            "",
            "SELECT lower(name) AS name, id + id AS n FROM users",
        ),
        (
            "SELECT twice(age) AS n FROM users",
            "",
            "SELECT id AS n FROM users",
        ),
        (
            "SELECT (SELECT total FROM orders o WHERE o.user_id = u.id) FROM users u",
            "",
            "SELECT total FROM orders",
        ),
        ("SELECT b.id FROM base b", "", "SELECT id FROM users"),
        (
            "SELECT * FROM base",
            "DROP VIEW base; CREATE VIEW base AS SELECT id, name, age FROM users;",
            "SELECT * FROM base",
        ),
        // Views follow a column that is renamed.
        (
            "SELECT age FROM users",
            "ALTER TABLE orders RENAME COLUMN total TO sum;",
            "SELECT age FROM users WHERE age > 1",
        ),
    ];
    let loses = [
        ("SELECT * FROM users", "", "SELECT * FROM orders"),
        (
            "SELECT * FROM users",
            "",
            "SELECT u.id, u.name FROM users u",
        ),
        (
            "SELECT * FROM nobody_knows",
            "",
            "SELECT * FROM nobody_knows",
        ),
        (
            "SELECT nullif(id, 1) AS n FROM users",
            "",
            "SELECT nullif(age, 1) AS n FROM users",
        ),
        (
            "SELECT id + id AS n FROM users",
            "",
            "SELECT id + age AS n FROM users",
        ),
        (
            "SELECT twice(id) AS n FROM users",
            "",
            "SELECT age AS n FROM users",
        ),
        (
            "SELECT id, name FROM users",
            "DROP VIEW base; CREATE VIEW base AS SELECT id FROM users;",
            "SELECT * FROM base",
        ),
        (
            "SELECT id FROM users",
            "DROP VIEW base; CREATE VIEW base AS SELECT age AS id FROM users;",
            "SELECT id FROM base",
        ),
        // Whether the base is another one by then hangs on a condition.
        (
            "SELECT * FROM base",
            "DO $$ BEGIN IF x THEN DROP VIEW base; CREATE VIEW base AS SELECT id, name FROM users; END IF; END $$;",
            "SELECT * FROM base",
        ),
        (
            "SELECT total AS n FROM orders",
            "",
            "SELECT sum(total) AS n FROM orders",
        ),
        (
            "SELECT sum(age) AS n FROM users",
            "",
            "SELECT sum(id) AS n FROM users",
        ),
        // A CASE without an ELSE may be NULL, which takes the limit of the length away.
        (
            "SELECT name FROM users",
            "",
            "SELECT CASE WHEN age > 17 THEN name END AS name FROM users",
        ),
        (
            "SELECT id, age FROM users",
            "",
            "SELECT id, age FROM users UNION SELECT id, id FROM users",
        ),
        (
            "SELECT name FROM users",
            "",
            "WITH RECURSIVE r AS (SELECT name FROM users UNION SELECT r.name FROM r) SELECT name FROM r",
        ),
        (
            "SELECT x.n FROM generate_series(1, 2) AS x (n)",
            "",
            "SELECT x.n FROM generate_series(1, 3) AS x (n)",
        ),
        // The inner query has no such column: the outer one's is meant.
        (
            "SELECT (SELECT age FROM users) AS n FROM orders",
            "",
            "SELECT (SELECT total FROM users u) AS n FROM orders",
        ),
    ];
    let cases = keeps.map(|it| (it, "e")).into_iter();
    for ((old, between, new), expected) in cases.chain(loses.map(|it| (it, "c"))) {
        let before = format!(
            "{USERS} CREATE FUNCTION twice(n int) RETURNS bigint LANGUAGE sql AS $$ SELECT 2 * n $$;
             CREATE VIEW base AS SELECT id, name FROM users; CREATE MATERIALIZED VIEW v AS {old};"
        );
        let file =
            format!("DROP MATERIALIZED VIEW v; {between} CREATE MATERIALIZED VIEW v AS {new};");
        let found = letters(&judge(Postgres, &before, &file));
        assert_eq!(&found[..1], expected, "{old}\n{file}");
    }
}

#[test]
fn a_view_follows_what_it_reads_when_that_is_renamed() {
    let before = format!(
        "{USERS} CREATE VIEW v AS SELECT age AS n FROM users; ALTER TABLE users RENAME COLUMN age TO years;
         ALTER TABLE users ADD age text; ALTER TABLE orders RENAME TO sales;"
    );
    for (new, expected) in [
        ("SELECT years AS n FROM users", "ee"),
        ("SELECT age AS n FROM users", "ce"),
    ] {
        let file = format!("DROP VIEW v; CREATE VIEW v AS {new}");
        assert_eq!(letters(&judge(Postgres, &before, &file)), expected, "{new}");
    }
}

#[test]
fn views_that_repeat_one_another_stay_small() {
    use std::fmt::Write;
    let mut before =
        "CREATE TABLE t (a int); CREATE VIEW v0 AS SELECT a + a AS a FROM t;".to_owned();
    for at in 1..60 {
        write!(
            before,
            "CREATE VIEW v{at} AS WITH x AS (SELECT a * a AS a FROM v{}) SELECT a + a AS a FROM x;",
            at - 1
        )
        .unwrap();
    }
    let file = "DROP VIEW v59; CREATE VIEW v59 AS SELECT a + a AS a FROM t";
    assert_eq!(letters(&judge(Postgres, &before, file)), "ce");
}
