use crate::cost::testing::price;
use crate::model::{Dialect, Engine, Version};

const RELEASED: &str = "
CREATE TABLE o (id int PRIMARY KEY, code varchar(20) UNIQUE);
CREATE TABLE t (
    id int PRIMARY KEY, a int, v varchar(20), x text, n numeric(8, 2), ts timestamp, tz timestamptz(3),
    net cidr, iv interval(3), vb varbit(8), c char(8), j json, g int GENERATED ALWAYS AS (a + 1) STORED,
    o_id int, proven int, plain_check int, k text NOT NULL,
    CONSTRAINT t_o_fk FOREIGN KEY (o_id) REFERENCES o (id),
    CONSTRAINT t_proven CHECK (proven IS NOT NULL),
    CONSTRAINT t_positive CHECK (plain_check > 0),
    CONSTRAINT t_unique UNIQUE (a)
);
ALTER TABLE t ADD CONSTRAINT t_later CHECK (a > 0) NOT VALID;
ALTER TABLE t ADD CONSTRAINT t_fk_later FOREIGN KEY (a) REFERENCES o (id) NOT VALID;
CREATE INDEX t_a ON t (a);
CREATE UNIQUE INDEX t_k ON t (k);
CREATE UNIQUE INDEX t_x ON t (x);
CREATE TABLE e (lowered varchar(20), part varchar(20), other varchar(20));
CREATE INDEX e_lowered ON e (lower(lowered));
CREATE INDEX e_part ON e (other) WHERE part <> '';
CREATE TABLE parent (code varchar(20) PRIMARY KEY);
CREATE TABLE child (code varchar(20) REFERENCES parent (code));
ALTER TABLE parent RENAME COLUMN code TO mark;
CREATE TABLE p (id int) PARTITION BY RANGE (id);
CREATE TABLE part (id int);
CREATE TABLE checked_part (id int, CHECK (id > 0));
CREATE DOMAIN loose AS text;
CREATE DOMAIN strict AS text CHECK (VALUE <> '');
CREATE TABLE d (name strict);
CREATE VIEW seen AS SELECT a FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT a FROM t;
CREATE TYPE mood AS ENUM ('low');
CREATE SEQUENCE s;
";

fn check(version: u16, cases: &[(&str, &str)]) {
    let engine = Engine {
        version: Version::new(version, 0, 0),
        ..Engine::default_for(Dialect::Postgres)
    };
    let wrong: Vec<_> = cases
        .iter()
        .map(|(statement, expected)| (statement, *expected, price(RELEASED, statement, engine)))
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert!(wrong.is_empty(), "(statement, expected, found) {wrong:#?}");
}

#[test]
fn columns_lock_as_measured() {
    check(
        15,
        &[
            ("ALTER TABLE t ADD COLUMN z int", "AX t instant"),
            ("ALTER TABLE t ADD COLUMN z int NOT NULL", "AX t scan"),
            (
                "ALTER TABLE t ADD COLUMN z int NOT NULL DEFAULT 1",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ADD COLUMN z timestamptz DEFAULT now()",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ADD COLUMN z text DEFAULT lower('X')",
                "AX t instant",
            ),
            ("ALTER TABLE t ADD COLUMN z loose", "AX t instant"),
            (
                "ALTER TABLE t ADD COLUMN z float8 DEFAULT random()",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ADD COLUMN z uuid DEFAULT gen_random_uuid()",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ADD COLUMN z int DEFAULT my_own()",
                "AX t rewrite",
            ),
            ("ALTER TABLE t ADD COLUMN z bigserial", "AX t rewrite"),
            (
                "ALTER TABLE t ADD COLUMN z int GENERATED ALWAYS AS IDENTITY",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ADD COLUMN z int GENERATED ALWAYS AS (a) STORED",
                "AX t rewrite",
            ),
            ("ALTER TABLE t ADD COLUMN z strict", "AX t rewrite"),
            ("ALTER TABLE t ADD COLUMN z int CHECK (z > 0)", "AX t scan"),
            ("ALTER TABLE t ADD COLUMN z int UNIQUE", "AX t scan"),
            (
                "ALTER TABLE t ADD COLUMN z int REFERENCES o",
                "AX t instant, SRX o instant",
            ),
            (
                "ALTER TABLE t ADD COLUMN z int DEFAULT 1 REFERENCES o",
                "AX t scan, SRX o scan",
            ),
            ("ALTER TABLE t DROP COLUMN v", "AX t instant"),
            (
                "ALTER TABLE t DROP COLUMN o_id",
                "AX t instant, AX o instant",
            ),
            (
                "ALTER TABLE o DROP COLUMN id CASCADE",
                "AX o instant, AX t instant",
            ),
            ("ALTER TABLE t RENAME COLUMN a TO b", "AX t instant"),
            ("ALTER TABLE t RENAME TO u", "AX t instant"),
            (
                "ALTER TABLE t RENAME CONSTRAINT t_unique TO u",
                "AX t instant",
            ),
            ("ALTER TABLE t SET SCHEMA other", "AX t instant"),
            ("ALTER TABLE t OWNER TO app", "AX t instant"),
            ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", "AX t instant"),
            ("ALTER TABLE t ALTER COLUMN a DROP DEFAULT", "AX t instant"),
            ("ALTER TABLE t ALTER COLUMN k DROP NOT NULL", "AX t instant"),
            (
                "ALTER TABLE t ALTER COLUMN x SET STORAGE EXTERNAL",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ALTER COLUMN a SET STATISTICS 500",
                "SUX t instant",
            ),
            (
                "ALTER TABLE t ALTER COLUMN g DROP EXPRESSION",
                "AX t instant",
            ),
            ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "AX t instant"),
            ("ALTER TABLE t REPLICA IDENTITY FULL", "AX t instant"),
            ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "AX t scan"),
            (
                "ALTER TABLE t ALTER COLUMN proven SET NOT NULL",
                "AX t instant",
            ),
            ("ALTER TABLE t SET (fillfactor = 70)", "SUX t instant"),
        ],
    );
    check(
        18,
        &[
            (
                "ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (a + 2)",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ADD COLUMN z int GENERATED ALWAYS AS (a) VIRTUAL",
                "AX t instant",
            ),
        ],
    );
}

#[test]
fn types_rewrite_as_measured() {
    check(
        15,
        &[
            (
                "ALTER TABLE t ALTER COLUMN v TYPE varchar(40)",
                "AX t instant",
            ),
            ("ALTER TABLE t ALTER COLUMN v TYPE text", "AX t instant"),
            ("ALTER TABLE e ALTER COLUMN lowered TYPE text", "AX e scan"),
            ("ALTER TABLE e ALTER COLUMN part TYPE text", "AX e scan"),
            ("ALTER TABLE e ALTER COLUMN other TYPE text", "AX e instant"),
            (
                "ALTER TABLE parent ALTER COLUMN mark TYPE text",
                "AX parent instant, AX child instant",
            ),
            ("ALTER TABLE t ALTER COLUMN x TYPE varchar", "AX t instant"),
            (
                "ALTER TABLE t ALTER COLUMN n TYPE numeric(10, 2)",
                "AX t instant",
            ),
            ("ALTER TABLE t ALTER COLUMN n TYPE numeric", "AX t instant"),
            ("ALTER TABLE t ALTER COLUMN net TYPE inet", "AX t instant"),
            (
                "ALTER TABLE t ALTER COLUMN iv TYPE interval(6)",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ALTER COLUMN vb TYPE varbit(16)",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ALTER COLUMN v TYPE varchar(20) COLLATE \"C\"",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ALTER COLUMN v TYPE text USING v",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ALTER COLUMN v TYPE varchar(40) USING (v::character varying(40))",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ALTER COLUMN v TYPE varchar(40) USING v::varchar",
                "AX t rewrite",
            ),
            ("ALTER TABLE t ALTER COLUMN x TYPE loose", "AX t instant"),
            (
                "ALTER TABLE t ALTER COLUMN ts TYPE timestamptz",
                "AX t rewrite",
            ),
            ("ALTER TABLE t ALTER COLUMN id TYPE bigint", "AX t rewrite"),
            (
                "ALTER TABLE t ALTER COLUMN v TYPE varchar(10)",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ALTER COLUMN x TYPE varchar(10)",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ALTER COLUMN n TYPE numeric(8, 3)",
                "AX t rewrite",
            ),
            ("ALTER TABLE t ALTER COLUMN j TYPE jsonb", "AX t rewrite"),
            ("ALTER TABLE t ALTER COLUMN c TYPE text", "AX t rewrite"),
            (
                "ALTER TABLE t ALTER COLUMN tz TYPE timestamptz(0)",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ALTER COLUMN v TYPE text USING lower(v)",
                "AX t rewrite",
            ),
            ("ALTER TABLE t ALTER COLUMN x TYPE strict", "AX t rewrite"),
            (
                "ALTER TABLE t ALTER COLUMN nobody_knows TYPE text",
                "AX t rewrite",
            ),
            (
                "ALTER TABLE t ALTER COLUMN o_id TYPE bigint",
                "AX t rewrite, AX o scan",
            ),
            (
                "ALTER TABLE o ALTER COLUMN id TYPE bigint",
                "AX o rewrite, AX t scan",
            ),
            // The rows stay, but the CHECK on the column is checked anew.
            (
                "ALTER TABLE t ALTER COLUMN plain_check TYPE int",
                "AX t scan",
            ),
            // The rows stay, but the index is sorted anew.
            (
                "ALTER TABLE o ALTER COLUMN code TYPE varchar(20) COLLATE \"C\"",
                "AX o scan",
            ),
        ],
    );
}

#[test]
fn constraints_lock_as_measured() {
    check(
        15,
        &[
            ("ALTER TABLE t ADD CHECK (a > 0)", "AX t scan"),
            (
                "ALTER TABLE t ADD CONSTRAINT q CHECK (a > 0) NOT VALID",
                "AX t instant",
            ),
            ("ALTER TABLE t VALIDATE CONSTRAINT t_later", "SUX t scan"),
            (
                "ALTER TABLE t VALIDATE CONSTRAINT nobody_knows",
                "SUX t scan",
            ),
            (
                "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o",
                "SRX t scan, SRX o scan",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT q FOREIGN KEY (a) REFERENCES o NOT VALID",
                "SRX t instant, SRX o instant",
            ),
            (
                "ALTER TABLE t VALIDATE CONSTRAINT t_fk_later",
                "SUX t scan, RS o scan",
            ),
            ("ALTER TABLE t ADD UNIQUE (x)", "AX t scan"),
            ("ALTER TABLE t ADD PRIMARY KEY (x)", "AX t scan"),
            (
                "ALTER TABLE t ADD EXCLUDE USING gist (a WITH =)",
                "AX t scan",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT q UNIQUE USING INDEX t_x",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT q PRIMARY KEY USING INDEX t_k",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT q PRIMARY KEY USING INDEX t_x",
                "AX t scan",
            ),
            ("ALTER TABLE t DROP CONSTRAINT t_positive", "AX t instant"),
            (
                "ALTER TABLE t DROP CONSTRAINT t_o_fk",
                "AX t instant, AX o instant",
            ),
            (
                "ALTER TABLE o DROP CONSTRAINT o_pkey CASCADE",
                "AX o instant, AX t instant",
            ),
            (
                "ALTER TABLE t ALTER CONSTRAINT t_o_fk DEFERRABLE",
                "AX t instant",
            ),
            ("ALTER DOMAIN strict ADD CHECK (VALUE <> 'x')", "S d scan"),
            ("ALTER DOMAIN strict ADD CHECK (VALUE <> 'x') NOT VALID", ""),
            ("ALTER DOMAIN strict SET NOT NULL", "S d scan"),
        ],
    );
    check(
        18,
        &[
            (
                "ALTER TABLE t ADD CONSTRAINT q CHECK (a > 0) NOT ENFORCED",
                "AX t instant",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT q FOREIGN KEY (a) REFERENCES o NOT ENFORCED",
                "SRX t instant, SRX o instant",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT q NOT NULL a NOT VALID",
                "AX t instant",
            ),
        ],
    );
}

#[test]
fn indexes_and_partitions_lock_as_measured() {
    check(
        15,
        &[
            ("CREATE INDEX i ON t (a)", "S t scan"),
            ("CREATE UNIQUE INDEX i ON t (a)", "S t scan"),
            ("CREATE INDEX i ON ONLY p (id)", "S p instant"),
            ("CREATE INDEX CONCURRENTLY i ON t (a)", "SUX t scan"),
            ("DROP INDEX t_a", "AX t instant"),
            ("DROP INDEX CONCURRENTLY t_a", "SUX t instant"),
            ("ALTER INDEX t_a RENAME TO t_b", "SUX t_a instant"),
            ("REINDEX INDEX t_a", "S t scan, AX t_a scan"),
            ("REINDEX TABLE t", "S t scan"),
            ("REINDEX TABLE CONCURRENTLY t", "SUX t scan"),
            (
                "CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (2)",
                "AX p instant",
            ),
            (
                "ALTER TABLE p ATTACH PARTITION part FOR VALUES FROM (1) TO (2)",
                "SUX p instant, AX part scan",
            ),
            (
                "ALTER TABLE p ATTACH PARTITION checked_part FOR VALUES FROM (1) TO (2)",
                "SUX p instant, AX checked_part instant",
            ),
            (
                "ALTER TABLE p DETACH PARTITION part",
                "AX p instant, AX part instant",
            ),
            (
                "ALTER TABLE p DETACH PARTITION part CONCURRENTLY",
                "SUX p instant, AX part instant",
            ),
        ],
    );
    check(
        13,
        &[(
            "ALTER TABLE p DETACH PARTITION part",
            "AX p instant, SUX part instant",
        )],
    );
}

#[test]
fn everything_else_locks_as_measured() {
    check(
        15,
        &[
            ("DROP TABLE t", "AX t instant, AX o instant"),
            (
                "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
                "SRX t instant",
            ),
            ("ALTER TABLE t DISABLE TRIGGER ALL", "SRX t instant"),
            ("DROP TRIGGER g ON t", "AX t instant"),
            ("CREATE POLICY q ON t", "AX t instant"),
            ("CREATE RULE r AS ON INSERT TO t DO NOTHING", "AX t instant"),
            ("CREATE TABLE q (o_id int REFERENCES o)", "SRX o instant"),
            ("CREATE TABLE q () INHERITS (part)", "SUX part instant"),
            ("TRUNCATE t", "AX t instant"),
            ("TRUNCATE o CASCADE", "AX o instant, AX t instant"),
            ("CLUSTER t USING t_a", "AX t rewrite"),
            ("VACUUM FULL t", "AX t rewrite"),
            ("VACUUM t", "SUX t scan"),
            ("ALTER TABLE t SET UNLOGGED", "AX t rewrite"),
            ("ALTER TABLE t SET TABLESPACE fast", "AX t rewrite"),
            ("CREATE VIEW w AS SELECT a FROM t", ""),
            (
                "CREATE OR REPLACE VIEW seen AS SELECT a FROM t",
                "AX seen instant",
            ),
            ("DROP VIEW seen", "AX seen instant"),
            ("REFRESH MATERIALIZED VIEW mv", "AX mv rewrite"),
            ("REFRESH MATERIALIZED VIEW CONCURRENTLY mv", "X mv rewrite"),
            ("ANALYZE t", "SUX t instant"),
            ("ALTER TYPE mood ADD VALUE 'high'", ""),
            (
                "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "",
            ),
            ("GRANT SELECT ON t TO app", ""),
            (
                "INSERT INTO t (o_id) VALUES (1)",
                "RX t instant, RS o instant",
            ),
            ("UPDATE t SET v = 'x'", "RX t rewrite"),
            (
                "UPDATE t SET o_id = 1 WHERE id = 1",
                "RX t scan, RS o instant",
            ),
            ("DELETE FROM t WHERE id = 1", "RX t scan"),
            ("LOCK TABLE t", "AX t instant"),
            ("LOCK TABLE t IN SHARE MODE", "S t instant"),
            ("ALTER SEQUENCE s RESTART", "SRX s instant"),
        ],
    );
}

#[test]
fn what_is_new_is_not_waited_for() {
    check(
        15,
        &[
            (
                "CREATE TABLE q (id int, o_id int); CREATE INDEX i ON q (id); \
                 ALTER TABLE q ADD FOREIGN KEY (o_id) REFERENCES o; ALTER TABLE q ALTER COLUMN id SET NOT NULL",
                "SRX o scan",
            ),
            ("CREATE VIEW w AS SELECT a FROM t; DROP VIEW w", ""),
        ],
    );
}
