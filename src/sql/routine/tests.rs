use crate::model::Dialect::{Mysql, Postgres, Sqlite};
use crate::sql::describe::tests::{changes, check};

#[test]
fn every_alter_of_an_object_is_read_as_its_clause() {
    check(
        Postgres,
        &[
            ("ALTER INDEX a RENAME TO b", &["rename index a -> b"]),
            (
                "ALTER INDEX IF EXISTS s.a RENAME TO b",
                &["rename index s.a -> s.b"],
            ),
            (
                "ALTER INDEX i SET (fillfactor = 70)",
                &["alter index i: set fillfactor"],
            ),
            (
                "ALTER INDEX i ATTACH PARTITION j",
                &["alter index i: attach partition j"],
            ),
            ("ALTER SEQUENCE q RENAME TO r", &["rename sequence q -> r"]),
            ("ALTER SEQUENCE q OWNED BY t.id", &["sequence q"]),
            ("ALTER SEQUENCE q OWNED BY NONE", &["sequence q"]),
            ("ALTER SEQUENCE q AS bigint", &["sequence q"]),
            ("ALTER SEQUENCE q AS integer", &["sequence q renumbers"]),
            (
                "ALTER SEQUENCE q RESTART WITH 1 INCREMENT BY -2",
                &["sequence q renumbers"],
            ),
            ("ALTER SEQUENCE q RESTART", &["sequence q renumbers"]),
            ("ALTER SEQUENCE q CACHE 20", &["sequence q"]),
            ("ALTER SEQUENCE q OWNER TO x", &["owner sequence q"]),
            ("ALTER VIEW v RENAME TO w", &["rename view v -> w"]),
            ("ALTER VIEW v RENAME COLUMN a TO b", &["v: rename a b"]),
            (
                "ALTER VIEW v SET (security_invoker = true)",
                &["alter view v: set security_invoker true"],
            ),
            (
                "ALTER MATERIALIZED VIEW v OWNER TO x",
                &["owner materialized view v"],
            ),
            ("ALTER VIEW v SET SCHEMA s", &["schema view v -> s"]),
            (
                "ALTER FUNCTION f(a INT, b text DEFAULT 'x') OWNER TO x",
                &["owner function f(integer, text)"],
            ),
            (
                "ALTER FUNCTION f(varchar) SECURITY DEFINER SET search_path = ''",
                &["alter function f(varchar): security definer set search_path"],
            ),
            (
                "ALTER PROCEDURE p RENAME TO q",
                &["rename procedure p -> q"],
            ),
            (
                "ALTER TRIGGER g ON t RENAME TO h",
                &["rename trigger g on t -> h"],
            ),
            (
                "ALTER POLICY p ON t USING (owner = me()) WITH CHECK (true)",
                &["alter policy p on t: using with check"],
            ),
            (
                "ALTER ROLE r SET search_path TO a, b",
                &["alter role r: set search_path to a b"],
            ),
            (
                "ALTER USER r WITH PASSWORD 'x'",
                &["alter role r: with password"],
            ),
            (
                "ALTER DATABASE d SET timezone = 'UTC'",
                &["alter database d: set timezone"],
            ),
            ("ALTER SCHEMA a RENAME TO b", &["rename schema a -> b"]),
            (
                "ALTER EXTENSION e UPDATE TO '2.0'",
                &["alter extension e: update to"],
            ),
            (
                "ALTER EXTENSION e SET SCHEMA s",
                &["schema extension e -> s"],
            ),
            (
                "ALTER PUBLICATION p ADD TABLE t",
                &["alter publication p: add table t"],
            ),
            (
                "ALTER SYSTEM SET work_mem = '1GB'",
                &["alter database server: set work_mem"],
            ),
            (
                "ALTER EVENT TRIGGER e DISABLE",
                &["alter event trigger e: disable"],
            ),
            (
                "ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR word WITH d",
                &["alter text search object c: alter mapping for word with d"],
            ),
            (
                "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b, c",
                &["grant TABLES -> b, c"],
            ),
            (
                "ALTER DEFAULT PRIVILEGES REVOKE GRANT OPTION FOR ALL ON TYPES FROM public",
                &["revoke TYPES <- public"],
            ),
            (
                "ALTER FUNCTION f() FROBNICATE",
                &["? the statement is not understood from `FROBNICATE` on"],
            ),
            (
                "ALTER SEQUENCE q FROBNICATE",
                &["? the statement is not understood from `FROBNICATE` on"],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "ALTER DATABASE d CHARACTER SET = utf8mb4",
                &["alter database d: character set utf8mb4"],
            ),
            (
                "ALTER USER 'a'@'%' IDENTIFIED BY 'x'",
                &["alter role a: identified by"],
            ),
            ("ALTER EVENT e DISABLE", &["alter event e: disable"]),
            (
                "ALTER DEFINER = a@localhost EVENT e RENAME TO f",
                &["rename event e -> f"],
            ),
            ("ALTER SEQUENCE s RESTART 10", &["sequence s renumbers"]),
        ],
    );
}

#[test]
fn every_clause_of_types_and_domains_is_read() {
    check(
        Postgres,
        &[
            (
                "ALTER TYPE s.e ADD VALUE IF NOT EXISTS 'x' BEFORE 'y'",
                &[
                    "AlterType { name: s.e, change: AddValue { label: \"x\", if_not_exists: true, placed: true } }",
                ],
            ),
            (
                "ALTER TYPE e RENAME VALUE 'a' TO 'b'",
                &["AlterType { name: e, change: RenameValue { from: \"a\", to: \"b\" } }"],
            ),
            ("ALTER TYPE e RENAME TO f", &["rename type e -> f"]),
            (
                "ALTER TYPE c ADD ATTRIBUTE a numeric(3, 1) CASCADE, DROP ATTRIBUTE IF EXISTS b, ALTER ATTRIBUTE d SET DATA TYPE text",
                &[
                    "AlterType { name: c, change: AddAttribute { name: a } }",
                    "AlterType { name: c, change: DropAttribute { name: b } }",
                    "AlterType { name: c, change: AlterAttribute { name: d } }",
                ],
            ),
            (
                "ALTER TYPE c RENAME ATTRIBUTE a TO b",
                &["AlterType { name: c, change: RenameAttribute { from: a, to: b } }"],
            ),
            (
                "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID",
                &["AlterType { name: d, change: AddDomainConstraint { not_valid: true } }"],
            ),
            (
                "ALTER DOMAIN d VALIDATE CONSTRAINT c",
                &["AlterType { name: d, change: ValidateDomainConstraint { name: c } }"],
            ),
            (
                "ALTER DOMAIN d DROP CONSTRAINT IF EXISTS c",
                &["AlterType { name: d, change: DropDomainConstraint { name: c } }"],
            ),
            (
                "ALTER DOMAIN d SET NOT NULL",
                &["AlterType { name: d, change: SetDomainNotNull }"],
            ),
            (
                "ALTER DOMAIN d DROP DEFAULT",
                &["AlterType { name: d, change: DropDomainDefault }"],
            ),
            (
                "ALTER DOMAIN d SET DEFAULT 'x'",
                &["AlterType { name: d, change: SetDomainDefault }"],
            ),
            (
                "ALTER TYPE e ADD VALUE",
                &["? the statement ends where more is expected"],
            ),
        ],
    );
}

#[test]
fn routines_keep_their_signature_result_and_body() {
    check(
        Postgres,
        &[
            (
                "CREATE OR REPLACE FUNCTION f(a numeric(3, 1), VARIADIC b text[] DEFAULT '{}') RETURNS SETOF varchar LANGUAGE plpgsql STABLE SET search_path TO a, b AS $f$ BEGIN END $f$",
                &[
                    "routine function f(numeric, text[]) or-replace returns(setof varchar) plpgsql: BEGIN END",
                ],
            ),
            (
                "CREATE FUNCTION f(IN a int, OUT b text) AS 'SELECT 1' LANGUAGE 'SQL'",
                &["routine function f(integer) returns((out b text)) sql: SELECT 1"],
            ),
            (
                "CREATE FUNCTION f(a IN character varying, b OUT text) LANGUAGE sql AS 'SELECT 1'",
                &["routine function f(varchar) returns((b out text)) sql: SELECT 1"],
            ),
            (
                "CREATE FUNCTION f() RETURNS TABLE (A int, b TEXT) LANGUAGE sql RETURN 1",
                &["routine function f() returns(table (a int , b text)) sql: RETURN 1"],
            ),
            (
                "CREATE FUNCTION f() RETURNS trigger AS 'lib', 'symbol' LANGUAGE C STRICT PARALLEL SAFE COST 5",
                &["routine function f() returns(trigger) c: lib"],
            ),
            (
                "CREATE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END",
                &["routine procedure p() sql: BEGIN ATOMIC DELETE FROM t; END"],
            ),
            (
                "CREATE AGGREGATE a(int, int) (SFUNC = f, STYPE = int)",
                &["routine aggregate a(integer, integer)"],
            ),
            (
                "CREATE FUNCTION f() RETURNS int FROBNICATE",
                &["? the statement is not understood from `FROBNICATE` on"],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "CREATE DEFINER=`a`@`%` PROCEDURE p(IN A INT, OUT b VARCHAR(10)) COMMENT 'x' BEGIN SELECT 1; END",
                &["routine procedure p(in a int , out b varchar ( 10 )) sql: BEGIN SELECT 1; END"],
            ),
            (
                "CREATE FUNCTION f(a INT) RETURNS VARCHAR(10) CHARSET utf8 DETERMINISTIC RETURN a",
                &["routine function f(a int) returns(varchar ( 10 ) charset utf8) sql: RETURN a"],
            ),
            (
                "CREATE OR REPLACE PROCEDURE IF NOT EXISTS p() SELECT 1",
                &["routine procedure p() or-replace if-not-exists sql: SELECT 1"],
            ),
        ],
    );
}

#[test]
fn triggers_of_the_three_dialects_name_their_table() {
    check(
        Postgres,
        &[
            (
                "CREATE TRIGGER g BEFORE INSERT OR UPDATE OF a, b ON s.t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION f('x')",
                &["trigger g on s.t"],
            ),
            (
                "CREATE CONSTRAINT TRIGGER g AFTER DELETE ON t FROM u DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE PROCEDURE f()",
                &["trigger g on t"],
            ),
            (
                "CREATE OR REPLACE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()",
                &["trigger g on v or-replace instead-of"],
            ),
            (
                "CREATE TRIGGER g BEFORE INSERT ON t",
                &["? the statement ends where more is expected"],
            ),
            (
                "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
                &["create event trigger e"],
            ),
        ],
    );
    check(
        Mysql,
        &[(
            "CREATE DEFINER = CURRENT_USER() TRIGGER g AFTER UPDATE ON t FOR EACH ROW SET NEW.a = 1",
            &["trigger g on t"],
        )],
    );
    check(
        Sqlite,
        &[
            (
                "CREATE TEMP TRIGGER IF NOT EXISTS g UPDATE OF a ON t BEGIN DELETE FROM u; END",
                &["trigger g on t if-not-exists"],
            ),
            (
                "CREATE TRIGGER g INSTEAD OF DELETE ON v BEGIN SELECT 1; END",
                &["trigger g on v instead-of"],
            ),
        ],
    );
}

#[test]
fn whatever_else_is_created_has_its_name() {
    check(
        Postgres,
        &[
            (
                "CREATE POLICY p ON t FOR SELECT TO a, b USING (x)",
                &["create policy p on t"],
            ),
            (
                "CREATE POLICY p ON t AS RESTRICTIVE USING (x) WITH CHECK (y)",
                &[
                    "alter policy p on t: as restrictive",
                    "create policy p on t",
                ],
            ),
            ("CREATE ROLE r WITH LOGIN PASSWORD 'x'", &["create role r"]),
            (
                "CREATE OR REPLACE RULE r AS ON DELETE TO t DO INSTEAD (DELETE FROM u; DELETE FROM v)",
                &["create rule r on t or-replace"],
            ),
            (
                "CREATE STATISTICS s ON a, b FROM t",
                &["create statistics s"],
            ),
            (
                "CREATE OPERATOR s.=@ (LEFTARG = int)",
                &["create operator s.=@"],
            ),
            (
                "CREATE CAST (a AS b) WITHOUT FUNCTION AS IMPLICIT",
                &["create cast a AS b"],
            ),
            (
                "CREATE PUBLICATION p FOR ALL TABLES",
                &["create publication p"],
            ),
            ("CREATE TRUSTED LANGUAGE l", &["create language l"]),
            (
                "CREATE SERVER s FOREIGN DATA WRAPPER w",
                &["create foreign server s"],
            ),
            (
                "CREATE COLLATION IF NOT EXISTS c (provider = icu)",
                &["create collation c if-not-exists"],
            ),
            ("CREATE USER MAPPING FOR a SERVER s", &["create object a"]),
            (
                "CREATE TEXT SEARCH CONFIGURATION c (COPY = english)",
                &["create text search object c"],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "CREATE USER IF NOT EXISTS 'a'@'%' IDENTIFIED BY 'x', b",
                &["create role a if-not-exists", "create role b if-not-exists"],
            ),
            (
                "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t",
                &["create event e"],
            ),
        ],
    );
}

#[test]
fn rights_and_comments_say_on_what_and_whose() {
    check(
        Postgres,
        &[
            ("COMMENT ON COLUMN t.a IS 'it''s'", &["comment COLUMN t.a"]),
            (
                "COMMENT ON FUNCTION f(int) IS NULL",
                &["comment FUNCTION f(int)"],
            ),
            (
                "COMMENT ON TABLE t IS 1",
                &["? the statement is not understood from `1` on"],
            ),
            (
                "GRANT SELECT (a), INSERT ON t, u TO r WITH GRANT OPTION",
                &["grant t, u -> r WITH GRANT OPTION"],
            ),
            ("GRANT a TO b", &["grant a -> b"]),
            (
                "REVOKE ALL ON ALL TABLES IN SCHEMA s FROM r CASCADE",
                &["revoke ALL TABLES IN SCHEMA s <- r CASCADE"],
            ),
            (
                "REASSIGN OWNED BY a TO b",
                &["Owned { dropped: false, roles: \"a\" }"],
            ),
            ("GRANT a", &["? the statement ends where more is expected"]),
        ],
    );
    check(
        Mysql,
        &[
            (
                "GRANT ALL PRIVILEGES ON d.* TO 'a'@'%'",
                &["grant d.* -> 'a'@'%'"],
            ),
            ("RENAME USER a TO b", &["rename role a -> b"]),
            (
                "COMMENT ON TABLE t IS 'x'",
                &["? no statement that is known begins with `COMMENT`"],
            ),
        ],
    );
}

#[test]
fn upkeep_names_its_table_and_whether_it_rewrites() {
    check(
        Postgres,
        &[
            (
                "REINDEX INDEX CONCURRENTLY i",
                &["reindex index i concurrently"],
            ),
            (
                "REINDEX (CONCURRENTLY, VERBOSE) TABLE t",
                &["reindex table t concurrently"],
            ),
            ("REINDEX DATABASE", &["reindex database current"]),
            ("VACUUM", &["vacuum"]),
            ("VACUUM FULL t", &["vacuum full t rewrites"]),
            (
                "VACUUM (FULL, ANALYZE) t (a, b), u",
                &["vacuum full t rewrites", "vacuum full u rewrites"],
            ),
            ("VACUUM ANALYZE t", &["vacuum t"]),
            ("ANALYZE VERBOSE t (a)", &["analyze t"]),
            ("ANALYZE", &["analyze"]),
            ("CLUSTER t USING i", &["cluster t rewrites"]),
            (
                "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
                &["refresh v concurrently"],
            ),
            (
                "REFRESH MATERIALIZED VIEW v WITH NO DATA",
                &["? the statement is not understood from `WITH` on"],
            ),
            (
                "LOCK TABLE ONLY t, u IN SHARE ROW EXCLUSIVE MODE NOWAIT",
                &["lock(t, u) share row exclusive"],
            ),
            ("LOCK t", &["lock(t)"]),
        ],
    );
    check(
        Mysql,
        &[
            (
                "OPTIMIZE LOCAL TABLE t, u",
                &["optimize table t rewrites", "optimize table u rewrites"],
            ),
            ("CHECK TABLE t EXTENDED", &["check table t"]),
            ("ANALYZE TABLE t UPDATE HISTOGRAM ON a", &["analyze t"]),
            (
                "LOCK TABLES t READ, u AS v LOW_PRIORITY WRITE",
                &["lock(t, u) write"],
            ),
            ("UNLOCK TABLES", &["session unlock tables"]),
            ("FLUSH TABLES WITH READ LOCK", &["lock() read"]),
            ("FLUSH PRIVILEGES", &["session flush privileges"]),
        ],
    );
    check(
        Sqlite,
        &[
            ("VACUUM", &["vacuum rewrites"]),
            ("REINDEX i", &["reindex index i"]),
            ("ANALYZE", &["analyze"]),
        ],
    );
}

#[test]
fn talk_with_the_session_leaves_nothing() {
    check(
        Postgres,
        &[
            ("NOTIFY pgrst, 'reload'", &["session notify pgrst,"]),
            ("DISCARD ALL", &["session discard all"]),
        ],
    );
    check(Mysql, &[("DO SLEEP(1)", &["query calls(sleep)"])]);
    check(
        Sqlite,
        &[
            ("ATTACH 'x.db' AS x", &["session attach 'x.db'"]),
            (
                "GRANT a TO b",
                &["? no statement that is known begins with `GRANT`"],
            ),
        ],
    );
}

mod soup {
    use super::{Mysql, Postgres, Sqlite, changes};
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "create",
        "or",
        "replace",
        "alter",
        "function",
        "procedure",
        "trigger",
        "policy",
        "rule",
        "role",
        "user",
        "type",
        "domain",
        "sequence",
        "view",
        "index",
        "comment",
        "on",
        "is",
        "grant",
        "revoke",
        "to",
        "from",
        "all",
        "add",
        "value",
        "attribute",
        "rename",
        "set",
        "owner",
        "default",
        "privileges",
        "returns",
        "table",
        "language",
        "as",
        "begin",
        "end",
        "do",
        "if",
        "then",
        "else",
        "loop",
        "while",
        "for",
        "in",
        "case",
        "when",
        "exception",
        "declare",
        "execute",
        "format",
        "immediate",
        "prepare",
        "call",
        "select",
        "into",
        "delete",
        "drop",
        "cascade",
        "vacuum",
        "lock",
        "analyze",
        "refresh",
        "a",
        "b",
        "t",
        "1",
        "-",
        "'x'",
        "'%I'",
        "$$",
        "$$ a $$",
        "(",
        ")",
        ",",
        ";",
        ".",
        "=",
        ":=",
        "||",
        "@x",
        "--c\n",
        "{{",
    ];

    proptest! {
        #[test]
        fn no_soup_of_words_stops_a_reader(
            words in prop::collection::vec(prop::sample::select(WORDS), 0..30)
        ) {
            let sql = words.join(" ");
            for dialect in [Postgres, Mysql, Sqlite] {
                changes(&sql, dialect);
            }
        }
    }
}
