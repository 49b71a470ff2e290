//! Each case runs on the real engine: what stood there before, what changes, and the facts that break.

use bgmigrate::model::{Dialect, TransactionMode};

use crate::server;
use bgmigrate::proof::Weight;

/// Before, change, and what breaks (in part of its words); nothing there must break nothing.
type Case = (&'static str, &'static str, &'static [&'static str]);

const TABLE: &str =
    "CREATE TABLE t (a int PRIMARY KEY, b varchar(20) NOT NULL DEFAULT 'x', c int);";

#[test]
fn the_comparison_holds_on_postgresql() {
    run(
        Dialect::Postgres,
        &[
            (TABLE, "DROP TABLE t", &["table t is gone"]),
            (
                TABLE,
                "ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT * FROM u",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT DISTINCT * FROM u",
                &["became a view"],
            ),
            (TABLE, "ALTER TABLE t REPLICA IDENTITY FULL", &[]),
            (
                TABLE,
                "ALTER TABLE t REPLICA IDENTITY NOTHING",
                &["told less"],
            ),
            (
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "ALTER FUNCTION f() SECURITY DEFINER",
                &["other rights"],
            ),
            (
                "CREATE ROLE other; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "ALTER FUNCTION f() OWNER TO other",
                &["another role"],
            ),
            // The other overload takes the same calls, and has always been of another role.
            (
                "CREATE ROLE other; CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
                 CREATE FUNCTION f(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
                 ALTER FUNCTION f(int, int) OWNER TO other",
                "SELECT 1",
                &[],
            ),
            (
                "CREATE ROLE other LOGIN",
                "ALTER ROLE other NOLOGIN CREATEDB",
                &["log in on role other taken"],
            ),
            (
                "CREATE ROLE one; CREATE ROLE other; GRANT one TO other",
                "REVOKE one FROM other",
                &["membership on role other taken"],
            ),
            (
                "CREATE ROLE other",
                "ALTER ROLE other SET search_path = s",
                &["search_path of other is new"],
            ),
            (
                "CREATE ROLE other; CREATE TABLE t (a int, b int); GRANT SELECT (a) ON t TO other",
                "REVOKE SELECT (a) ON t FROM other; GRANT SELECT (b) ON t TO other",
                &["SELECT (a) on t taken"],
            ),
            (
                "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL CONSTRAINT k REFERENCES t ON DELETE CASCADE)",
                "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES t ON DELETE SET NULL",
                &["became n"],
            ),
            (
                "CREATE TABLE t (a int PRIMARY KEY, b int CONSTRAINT k REFERENCES t ON DELETE CASCADE)",
                "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES t ON DELETE SET NULL",
                &[],
            ),
            (
                "CREATE TABLE t (a int PRIMARY KEY, b int CONSTRAINT k REFERENCES t)",
                "ALTER TABLE t ALTER CONSTRAINT k DEFERRABLE INITIALLY DEFERRED",
                &["another moment"],
            ),
            (TABLE, "ALTER TABLE t RENAME c TO d", &["t.c is gone"]),
            (
                TABLE,
                "ALTER TABLE t ALTER c TYPE bigint",
                &["integer became bigint"],
            ),
            (
                TABLE,
                "ALTER TABLE t ALTER b TYPE text, ALTER b DROP NOT NULL",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t ALTER b DROP DEFAULT",
                &["default is gone"],
            ),
            (
                TABLE,
                "ALTER TABLE t ALTER b SET DEFAULT 'y'; CREATE INDEX ON t (c)",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t ALTER c SET NOT NULL",
                &["NOT NULL now"],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d int NOT NULL",
                &["t.d is newly required"],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d int NOT NULL DEFAULT 1; ALTER TABLE t ALTER d DROP DEFAULT",
                &["newly required"],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d int NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d int UNIQUE CHECK (d > 0) REFERENCES t",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d int NOT NULL DEFAULT 1 UNIQUE",
                &["new unique t(d)"],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d text NOT NULL DEFAULT 'x' CHECK (d IN ('x', 'y'))",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d int CHECK (d IS NOT NULL)",
                &["new check"],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD CHECK (c > 0) NOT VALID",
                &["new check"],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES t NOT VALID",
                &["new foreign key"],
            ),
            (
                TABLE,
                "CREATE UNIQUE INDEX CONCURRENTLY ON t (c) WHERE c > 3",
                &["new unique t(c)"],
            ),
            (TABLE, "CREATE UNIQUE INDEX ON t (c, a)", &[]),
            (
                TABLE,
                "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD UNIQUE (a)",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (a, b)",
                &["t(a) is gone"],
            ),
            (
                TABLE,
                "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
                &["row security"],
            ),
            (
                TABLE,
                "ALTER TABLE t OWNER TO CURRENT_USER; COMMENT ON TABLE t IS 'x'",
                &[],
            ),
            (
                TABLE,
                "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
                &["rule r"],
            ),
            (
                "CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE t (a int REFERENCES p)",
                "ALTER TABLE t DROP CONSTRAINT t_a_fkey, ADD FOREIGN KEY (a) REFERENCES p ON DELETE CASCADE",
                &["ON DELETE a became c"],
            ),
            (
                "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE t PARTITION OF p DEFAULT",
                "ALTER TABLE p DETACH PARTITION t",
                &["no part of p"],
            ),
            (
                "CREATE TABLE t (a int); CREATE ROLE app; GRANT SELECT, INSERT ON t TO app",
                "REVOKE INSERT ON t FROM app",
                &["INSERT on t taken from app"],
            ),
            (
                "CREATE VIEW v AS SELECT 1 AS a, 2 AS b",
                "DROP VIEW v; CREATE VIEW v AS SELECT 1 AS a",
                &["v.b is gone"],
            ),
            (
                "CREATE VIEW v AS SELECT 1 AS a",
                "CREATE OR REPLACE VIEW v AS SELECT 2 AS a, 3 AS b",
                &[],
            ),
            (
                "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "DROP FUNCTION f; CREATE FUNCTION f(int, int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 2'",
                &[],
            ),
            (
                "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "DROP FUNCTION f; CREATE FUNCTION f(int) RETURNS bigint LANGUAGE sql AS 'SELECT 2::bigint'",
                &["result"],
            ),
            (
                "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "DROP FUNCTION f; CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                &["f(integer) is gone"],
            ),
            (
                "CREATE TYPE e AS ENUM ('a', 'b')",
                "ALTER TYPE e ADD VALUE 'c' BEFORE 'a'",
                &[],
            ),
            (
                "CREATE TYPE e AS ENUM ('a', 'b')",
                "ALTER TYPE e RENAME VALUE 'a' TO 'z'",
                &["label 'a' is gone"],
            ),
            (
                "CREATE DOMAIN d AS int",
                "ALTER DOMAIN d ADD CHECK (VALUE > 0)",
                &["domain d: new check"],
            ),
            (
                "CREATE SEQUENCE s",
                "ALTER SEQUENCE s INCREMENT 5",
                &["sequence s"],
            ),
            (
                "CREATE EXTENSION citext",
                "DROP EXTENSION citext",
                &["extension citext is gone"],
            ),
        ],
    );
}

#[test]
fn the_comparison_holds_on_mariadb() {
    run(
        Dialect::Mysql,
        &[
            (TABLE, "RENAME TABLE t TO u", &["table t is gone"]),
            (
                TABLE,
                "RENAME TABLE t TO u; CREATE VIEW t AS SELECT * FROM u",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t MODIFY c bigint, MODIFY b varchar(40) NOT NULL DEFAULT 'x'",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t MODIFY b varchar(10) NOT NULL DEFAULT 'x'",
                &["became varchar(10)"],
            ),
            (
                TABLE,
                "ALTER TABLE t MODIFY b varchar(20) NOT NULL",
                &["default is gone"],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d json, ADD e int NOT NULL AUTO_INCREMENT UNIQUE",
                &[],
            ),
            (
                TABLE,
                "ALTER TABLE t ADD d int NOT NULL",
                &["newly required"],
            ),
            (TABLE, "ALTER TABLE t ADD UNIQUE (c)", &["new unique"]),
            (
                TABLE,
                "ALTER TABLE t CONVERT TO CHARACTER SET latin1",
                &["collation"],
            ),
            (
                "CREATE TABLE t (a enum('x','y'))",
                "ALTER TABLE t MODIFY a enum('x','y','z')",
                &[],
            ),
            (
                "CREATE TABLE t (a enum('x','y'))",
                "ALTER TABLE t MODIFY a enum('y','x')",
                &["enum('y','x')"],
            ),
            (
                "CREATE TABLE t (a int UNIQUE)",
                "ALTER TABLE t DROP INDEX a, ADD INDEX (a)",
                &["unique t(a) is gone"],
            ),
            (
                "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END //",
                "DROP PROCEDURE p",
                &["routine p()"],
            ),
        ],
    );
}

#[test]
fn the_comparison_holds_on_sqlite() {
    const ROWID: &str = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x' CHECK (b <> ''), c INT);";
    run(
        Dialect::Sqlite,
        &[
            (
                ROWID,
                "ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT * FROM u",
                &["became a view"],
            ),
            (ROWID, "ALTER TABLE t ADD d INT REFERENCES t", &[]),
            (
                ROWID,
                "ALTER TABLE t ADD d INT NOT NULL",
                &["newly required"],
            ),
            (ROWID, "ALTER TABLE t DROP COLUMN c", &["t.c is gone"]),
            (
                ROWID,
                "CREATE TABLE n (a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x' CHECK (b <> ''), c INT, d INT); \
                 INSERT INTO n (a, b, c) SELECT a, b, c FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
                &[],
            ),
            (
                ROWID,
                "CREATE TABLE n (a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x', c INT CHECK (c > 0)); \
                 DROP TABLE t; ALTER TABLE n RENAME TO t",
                &["new check"],
            ),
            (
                ROWID,
                "CREATE UNIQUE INDEX i ON t (c) WHERE c > 1",
                &["new unique"],
            ),
            (
                ROWID,
                "CREATE INDEX i ON t (lower(b)); CREATE VIEW v AS SELECT a FROM t",
                &[],
            ),
            (
                "CREATE TABLE t (a INT); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
                "DROP TRIGGER r",
                &["trigger r"],
            ),
        ],
    );
}

/// An engine that is not installed is left out, and says so.
fn run(dialect: Dialect, cases: &[Case]) {
    let mut server = server::start(dialect, None).unwrap();
    for (setup, change, expected) in cases {
        server.clean().unwrap();
        server.apply(setup, TransactionMode::None).unwrap();
        let before = server.catalog().unwrap();
        server
            .apply(change, TransactionMode::None)
            .unwrap_or_else(|error| panic!("{change}: {error}"));
        let after = server.catalog().unwrap();
        let facts = crate::differences(dialect, &before, &after, server.as_ref());
        let breaking: Vec<&str> = facts
            .iter()
            .filter(|fact| fact.weight == Weight::Breaking)
            .map(|fact| fact.what.as_str())
            .collect();
        let told = expected.len() == breaking.len()
            && expected
                .iter()
                .zip(&breaking)
                .all(|(expected, fact)| fact.contains(expected));
        assert!(
            told,
            "{change}\n  should break {expected:?}\n  breaks       {breaking:?}"
        );
    }
}
