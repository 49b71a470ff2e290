//! Tables, indexes and views.

use super::check;
use crate::model::Dialect::{Mysql, Postgres, Sqlite};
use crate::model::{Engine, Span};
use crate::sql::read;

#[test]
fn a_table_is_read_with_all_that_its_columns_say() {
    check(
        Postgres,
        &[
            (
                "CREATE TABLE IF NOT EXISTS public.users (id bigserial PRIMARY KEY, email character varying(200) COLLATE \"C\" NOT NULL \
             CONSTRAINT u UNIQUE, age int CHECK (age > 0), org int REFERENCES orgs (id) ON DELETE CASCADE DEFERRABLE, \
             at timestamptz DEFAULT now() NOT NULL, n int GENERATED ALWAYS AS IDENTITY, t text GENERATED ALWAYS AS (lower(email)) STORED, \
             e text DEFAULT '2020'::timestamp with time zone)",
                &[
                    "table users if-not-exists: id bigint pk auto, email varchar(200) not-null unique collate(C), age integer check(age > 0), \
               org integer ->orgs(id)cascade, at timestamptz not-null default(now()), n integer not-null identity, \
               t text stored(lower(email)), e text default('2020'::TIMESTAMP WITH TIME ZONE)",
                ],
            ),
            (
                "CREATE TABLE t (a int, b text[] DEFAULT ARRAY['x', 'y'], PRIMARY KEY (a), CONSTRAINT fk FOREIGN KEY (a) REFERENCES u NOT VALID, \
             EXCLUDE USING gist (room WITH =, during WITH &&), UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b), CHECK (a < 3) NOT ENFORCED)",
                &[
                    "table t: a integer not-null, b text[] default(ARRAY['x', 'y']); primary key (a); fk: (a)->u() not-valid; exclude (room, during); \
               unique (a); check(a < 3) not-enforced",
                ],
            ),
            (
                "CREATE TEMP TABLE t AS SELECT 1",
                &["table t temporary as-query:"],
            ),
            (
                "CREATE UNLOGGED TABLE t (LIKE u INCLUDING ALL) PARTITION BY RANGE (a)",
                &["table t like(u) partitioned:"],
            ),
            (
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10)",
                &["table p1 partition-of(p):"],
            ),
            (
                "CREATE TABLE p1 PARTITION OF p (a NOT NULL) DEFAULT",
                &["table p1 partition-of(p): a not-null"],
            ),
            (
                "CREATE TABLE c (b int) INHERITS (p, q) WITH (fillfactor = 70) TABLESPACE fast",
                &["table c inherits(p, q): b integer"],
            ),
            ("CREATE TABLE t ()", &["table t:"]),
        ],
    );
    check(
        Mysql,
        &[
            (
                "CREATE TABLE `t` (`id` int(11) unsigned NOT NULL AUTO_INCREMENT COMMENT 'it''s', s enum('a','b') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT 'a', \
             u timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, g int AS (id + 1) VIRTUAL, h int INVISIBLE, \
             PRIMARY KEY (`id`) USING BTREE, UNIQUE KEY `su` (`s`(10), u DESC), KEY k (s), FULLTEXT KEY f (s), UNIQUE INDEX e ((lower(s))), \
             CONSTRAINT c FOREIGN KEY (g) REFERENCES o (id) ON UPDATE CASCADE) ENGINE=InnoDB AUTO_INCREMENT=10 DEFAULT CHARSET=utf8 COMMENT='x' ROW_FORMAT=DYNAMIC",
                &[
                    "table t charset(utf8): id integer unsigned not-null auto, s enum(a, b) default('a') charset(utf8mb4) collate(utf8mb4_bin), \
               u timestamp default(CURRENT_TIMESTAMP), g integer virtual(id + 1), h integer; primary key (id); su: unique (s, u); c: (g)->o(id); \
               index k on t (s); index f on t (s) fulltext; index e on t (expr(lower(s))) unique",
                ],
            ),
            ("CREATE TABLE a LIKE b", &["table a like(b):"]),
            (
                "CREATE TABLE a (x int) SELECT 1 AS x",
                &["table a as-query: x integer"],
            ),
            (
                "CREATE OR REPLACE TEMPORARY TABLE a (k SERIAL, b BOOL)",
                &["table a or-replace temporary: k bigint unsigned not-null auto, b tinyint(1)"],
            ),
            (
                "/*!50100 CREATE TABLE a (x int) PARTITION BY HASH (x) PARTITIONS 4 */",
                &["table a partitioned: x integer"],
            ),
        ],
    );
    check(
        Sqlite,
        &[
            (
                "CREATE TABLE [t] (id INTEGER PRIMARY KEY AUTOINCREMENT, a, k TEXT PRIMARY KEY ON CONFLICT REPLACE, v VARCHAR(10) DEFAULT \"x\" NOT NULL ON CONFLICT FAIL, g AS (v || 'x') STORED)",
                &[
                    "table t: id integer pk auto, a, k text null-pk, v varchar(10) not-null default('x'), g stored(v || 'x')",
                ],
            ),
            (
                "CREATE TABLE t (a INTEGER, b TEXT, PRIMARY KEY (a))",
                &["table t: a integer not-null auto, b text; primary key (a)"],
            ),
            (
                "CREATE TABLE t (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID, STRICT",
                &["table t: a text not-null, b text not-null; primary key (a, b)"],
            ),
            (
                "CREATE TABLE t (a TEXT, PRIMARY KEY (a))",
                &["table t: a text; primary key (a)"],
            ),
            (
                "CREATE VIRTUAL TABLE f USING fts5(title, body, content='posts')",
                &["table f virtual(fts5): title, body"],
            ),
        ],
    );
}

#[test]
fn each_clause_of_alter_table_is_a_change_of_its_own() {
    check(
        Postgres,
        &[
            (
                "ALTER TABLE IF EXISTS ONLY public.t ADD COLUMN IF NOT EXISTS a int NOT NULL DEFAULT 0, DROP b CASCADE, ALTER c TYPE bigint USING c::bigint, \
             ALTER COLUMN d SET DEFAULT ARRAY[1, 2], ALTER e DROP DEFAULT, ALTER f SET NOT NULL, ALTER g DROP NOT NULL",
                &[
                    "t: add a integer not-null default(0) if-not-exists",
                    "t: drop b cascade",
                    "t: type c bigint using(c::BIGINT)",
                    "t: default d ARRAY[1, 2]",
                    "t: drop-default e",
                    "t: set-not-null f",
                    "t: drop-not-null g",
                ],
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT c, ADD CONSTRAINT p PRIMARY KEY USING INDEX i, \
             DROP CONSTRAINT IF EXISTS x CASCADE, RENAME CONSTRAINT a TO b",
                &[
                    "t: add c: check(a > 0) not-valid",
                    "t: validate c",
                    "t: add p: primary key using i",
                    "t: drop-constraint x if-exists cascade",
                    "t: rename-constraint a b",
                ],
            ),
            ("ALTER TABLE a.t RENAME TO u", &["rename table a.t -> a.u"]),
            ("ALTER TABLE t RENAME a TO b", &["t: rename a b"]),
            (
                "ALTER TABLE t OWNER TO joe, SET SCHEMA s",
                &["owner table t", "schema table t -> s"],
            ),
            (
                "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, DISABLE TRIGGER ALL, REPLICA IDENTITY FULL, SET UNLOGGED, SET (fillfactor = 70), CLUSTER ON i",
                &[
                    "t: RowSecurity { clause: \"enable\" }",
                    "t: RowSecurity { clause: \"force\" }",
                    "t: SetTrigger { name: None, enabled: false }",
                    "t: ReplicaIdentity { clause: \"full\" }",
                    "t: SetLogged { logged: false }",
                    "t: SetOptions { options: \"fillfactor = 70\" }",
                    "t: ClusterOn",
                ],
            ),
            (
                "ALTER TABLE t ATTACH PARTITION p FOR VALUES IN ('a', 'b'), DETACH PARTITION q CONCURRENTLY",
                &[
                    "t: AttachPartition { child: p, default: false }",
                    "t: DetachPartition { child: q, concurrently: true }",
                ],
            ),
            (
                "ALTER TABLE t ALTER a ADD GENERATED BY DEFAULT AS IDENTITY, ALTER b DROP IDENTITY IF EXISTS, ALTER c SET STATISTICS 100, ALTER d DROP EXPRESSION",
                &[
                    "t: AddIdentity { column: a, always: false }",
                    "t: SetGenerated { column: b, clause: \"drop identity\" }",
                    "t: SetColumnOption { column: c, option: \"set statistics 100\" }",
                    "t: SetGenerated { column: d, clause: \"drop expression\" }",
                ],
            ),
            // One clause that nobody knows spoils itself alone.
            (
                "ALTER TABLE t ADD a int, FROBNICATE b, DROP c",
                &[
                    "t: add a integer",
                    "t: drop c",
                    "? the clause is not understood from `FROBNICATE` on",
                ],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "ALTER TABLE t ADD (a int, b text), ADD COLUMN c int FIRST, MODIFY d bigint NOT NULL AFTER a, CHANGE e f varchar(9), DROP PRIMARY KEY, \
             DROP FOREIGN KEY fk, DROP INDEX i, ADD UNIQUE KEY u (a), ADD INDEX ix (b(5)), RENAME INDEX x TO y, ALGORITHM=INPLACE, LOCK=NONE",
                &[
                    "t: add a integer",
                    "t: add b text",
                    "t: add c integer first",
                    "t: redefine d d bigint not-null after(a)",
                    "t: redefine e f varchar(9)",
                    "t: drop-constraint (primary key)",
                    "t: drop-constraint fk (foreign key)",
                    "drop index i on t",
                    "t: add u: unique (a)",
                    "index ix on t (b)",
                    "rename index x on t -> y",
                    "t: Demand { algorithm: Some(\"inplace\"), lock: None }",
                    "t: Demand { algorithm: None, lock: Some(\"none\") }",
                ],
            ),
            (
                "ALTER TABLE t ENGINE=InnoDB ROW_FORMAT=DYNAMIC, CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, DEFAULT CHARACTER SET latin1, AUTO_INCREMENT = 5",
                &[
                    "t: Rebuild { clause: \"engine=innodb\" }",
                    "t: Rebuild { clause: \"row_format=dynamic\" }",
                    "t: SetCharset { charset: \"utf8mb4\", convert: true }",
                    "t: SetCharset { charset: \"latin1\", convert: false }",
                    "sequence t renumbers",
                ],
            ),
            (
                "ALTER TABLE t DROP PARTITION p0, p1",
                &["t: DropPartitions { clause: \"drop partition p0, p1\" }"],
            ),
            (
                "ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (3))",
                &[
                    "t: ArrangePartitions { clause: \"add partition (partition p values less than (3))\" }",
                ],
            ),
            ("ALTER TABLE t RENAME AS u", &["rename table t -> u"]),
            (
                "ALTER TABLE t ALTER INDEX i INVISIBLE, ALTER c SET DEFAULT 3",
                &["visible index i on t = false", "t: default c 3"],
            ),
            (
                "ALTER TABLE t DROP COLUMN `key`, DROP CHECK c",
                &["t: drop key", "t: drop-constraint c (check)"],
            ),
        ],
    );
    check(
        Sqlite,
        &[
            (
                "ALTER TABLE t ADD COLUMN a TEXT DEFAULT '' NOT NULL",
                &["t: add a text not-null default('')"],
            ),
            ("ALTER TABLE t RENAME COLUMN a TO b", &["t: rename a b"]),
            ("ALTER TABLE main.t RENAME TO u", &["rename table t -> u"]),
            ("ALTER TABLE t DROP COLUMN a", &["t: drop a"]),
        ],
    );
}

#[test]
fn an_index_tells_its_keys() {
    check(
        Postgres,
        &[
            (
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY app.t USING gin (lower(a) text_pattern_ops DESC NULLS LAST, b, (c || d)) INCLUDE (e) WHERE f IS NULL",
                &[
                    "index app.i on app.t (expr(lower(a)), b, expr(c || d)) unique concurrently if-not-exists only gin where(f IS NULL)",
                ],
            ),
            (
                "CREATE INDEX ON t (a COLLATE \"C\" DESC)",
                &["index on t (a)"],
            ),
        ],
    );
    check(
        Mysql,
        &[(
            "CREATE FULLTEXT INDEX i ON t (a(10)) ALGORITHM=INPLACE",
            &[
                "index i on t (a) fulltext",
                "t: Demand { algorithm: Some(\"inplace\"), lock: None }",
            ],
        )],
    );
    check(
        Sqlite,
        &[(
            "CREATE INDEX IF NOT EXISTS i ON t (a COLLATE NOCASE, json_extract(b, '$.x') DESC)",
            &["index i on t (a, expr(json_extract(b, '$.x'))) if-not-exists"],
        )],
    );
}

#[test]
fn how_a_view_is_laid_out_does_not_change_what_it_shows() {
    let action = |sql: &str| {
        let mut script = read(
            sql,
            &[Span::new(0, sql.len())],
            &Engine::default_for(Postgres),
        );
        script.statements.remove(0).changes.remove(0).action
    };
    let view = action("CREATE VIEW v AS SELECT s.a FROM (SELECT a FROM t) s, u");
    assert_eq!(
        action("CREATE VIEW v AS\nSELECT s.a\n  FROM (SELECT a FROM t) s,\n       u"),
        view
    );
    assert_ne!(
        action("CREATE VIEW v AS SELECT s.a FROM (SELECT b AS a FROM t) s, u"),
        view
    );
}

#[test]
fn a_view_tells_what_it_reads_and_gives() {
    check(
        Postgres,
        &[
            (
                "CREATE VIEW v AS SELECT id, lower(a), b AS c, d::text FROM t WHERE x > 0 WITH CHECK OPTION",
                &["view v (id, lower, c, d) reads(t) updatable"],
            ),
            (
                "CREATE OR REPLACE VIEW v AS SELECT * FROM a JOIN b USING (id)",
                &["view v or-replace reads(a, b)"],
            ),
            (
                "CREATE MATERIALIZED VIEW v (n) AS WITH x AS (SELECT 1 FROM t) SELECT * FROM x WITH NO DATA",
                &["view v (n) materialized reads(t)"],
            ),
            (
                "CREATE VIEW v AS SELECT count(*) AS n FROM t",
                &["view v (n) reads(t)"],
            ),
            // The table inside a CTE of the same name is the real one.
            (
                "CREATE VIEW v AS WITH t AS (SELECT a FROM t) SELECT a FROM t",
                &["view v (a) reads(t)"],
            ),
        ],
    );
    check(
        Mysql,
        &[
            (
                "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select `a`.`id` AS `id` from `a`",
                &["view v (id) reads(a) updatable"],
            ),
            ("ALTER VIEW v AS SELECT 1 AS x", &["view v (x) or-replace"]),
        ],
    );
    check(
        Sqlite,
        &[(
            "CREATE TEMP VIEW IF NOT EXISTS v AS SELECT a FROM t",
            &["view v (a) if-not-exists temporary reads(t)"],
        )],
    );
}
