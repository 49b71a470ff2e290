use crate::cost::testing::price;
use crate::model::{Dialect, Engine, Flavour, Version};

const RELEASED: &str = "
CREATE TABLE o (id int PRIMARY KEY);
CREATE TABLE t (
    id int PRIMARY KEY, a int, nn int NOT NULL, v63 varchar(63), v64 varchar(64),
    latin varchar(255) CHARACTER SET latin1, e enum('a', 'b'), x text, o_id int,
    d decimal(8, 2), KEY t_a (a), CONSTRAINT t_o_fk FOREIGN KEY (o_id) REFERENCES o (id)
);
CREATE TABLE f (id int PRIMARY KEY, x text, y text, FULLTEXT KEY f_x (x));
";

/// In place or INSTANT without touching rows.
const DICTIONARY: &str = "AX t instant";
const ONLINE_BUILD: &str = "AX t instant, SUX t scan";
const ONLINE_REBUILD: &str = "AX t instant, SUX t rewrite";
const SHARED_BUILD: &str = "AX t instant, S t scan";
const SHARED_COPY: &str = "AX t instant, S t rewrite";

fn check(flavour: Flavour, version: Version, cases: &[(&str, &str)]) {
    let engine = Engine {
        dialect: Dialect::Mysql,
        flavour,
        version,
    };
    let wrong: Vec<_> = cases
        .iter()
        .map(|(statement, expected)| (statement, *expected, price(RELEASED, statement, engine)))
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert!(
        wrong.is_empty(),
        "{engine}: (statement, expected, found) {wrong:#?}"
    );
}

/// What the two products and their versions agree on.
const AGREED: &[(&str, &str)] = &[
    ("ALTER TABLE t ADD COLUMN z int AUTO_INCREMENT", SHARED_COPY),
    (
        "ALTER TABLE t ADD COLUMN z int GENERATED ALWAYS AS (a) STORED",
        SHARED_COPY,
    ),
    ("ALTER TABLE t RENAME COLUMN a TO b", DICTIONARY),
    ("ALTER TABLE t CHANGE a b int", DICTIONARY),
    ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", DICTIONARY),
    ("ALTER TABLE t ALTER COLUMN a DROP DEFAULT", DICTIONARY),
    ("ALTER TABLE t MODIFY a int NOT NULL", ONLINE_REBUILD),
    ("ALTER TABLE t MODIFY nn int NULL", ONLINE_REBUILD),
    ("ALTER TABLE t MODIFY a bigint", SHARED_COPY),
    ("ALTER TABLE t MODIFY a int unsigned", SHARED_COPY),
    ("ALTER TABLE t MODIFY d decimal(10, 2)", SHARED_COPY),
    ("ALTER TABLE t MODIFY v63 text", SHARED_COPY),
    ("ALTER TABLE t MODIFY v64 varchar(200)", DICTIONARY),
    ("ALTER TABLE t MODIFY v63 varchar(64)", SHARED_COPY),
    (
        "ALTER TABLE t MODIFY latin varchar(256) CHARACTER SET latin1",
        SHARED_COPY,
    ),
    ("ALTER TABLE t MODIFY v64 varchar(20)", SHARED_COPY),
    ("ALTER TABLE t MODIFY e enum('a', 'b', 'c')", DICTIONARY),
    ("ALTER TABLE t MODIFY e enum('b', 'a')", SHARED_COPY),
    ("ALTER TABLE t MODIFY e enum('a')", SHARED_COPY),
    ("ALTER TABLE t MODIFY nobody_knows int", SHARED_COPY),
    (
        "ALTER TABLE t MODIFY latin varchar(255) CHARACTER SET utf8mb4",
        SHARED_COPY,
    ),
    (
        "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",
        SHARED_COPY,
    ),
    ("ALTER TABLE t DEFAULT CHARACTER SET utf8mb4", DICTIONARY),
    ("ALTER TABLE t COMMENT 'x'", DICTIONARY),
    ("CREATE INDEX i ON t (a)", ONLINE_BUILD),
    ("ALTER TABLE t ADD INDEX i (a)", ONLINE_BUILD),
    ("ALTER TABLE t ADD UNIQUE KEY i (a)", ONLINE_BUILD),
    ("ALTER TABLE t ADD FULLTEXT INDEX i (x)", SHARED_COPY),
    (
        "ALTER TABLE f ADD FULLTEXT INDEX i (y)",
        "AX f instant, S f scan",
    ),
    ("ALTER TABLE t ADD SPATIAL INDEX i (a)", SHARED_BUILD),
    ("ALTER TABLE t DROP INDEX t_a", DICTIONARY),
    ("ALTER TABLE t RENAME INDEX t_a TO t_b", DICTIONARY),
    ("ALTER TABLE t ADD PRIMARY KEY (a)", ONLINE_REBUILD),
    ("ALTER TABLE t DROP PRIMARY KEY", SHARED_COPY),
    (
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o (id)",
        "AX o instant, AX t instant, S t rewrite",
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY t_o_fk",
        "AX o instant, AX t instant",
    ),
    ("ALTER TABLE t ADD CONSTRAINT q CHECK (a > 0)", SHARED_COPY),
    ("ALTER TABLE t ENGINE = InnoDB", ONLINE_REBUILD),
    ("ALTER TABLE t ENGINE = MyISAM", SHARED_COPY),
    ("ALTER TABLE t FORCE", ONLINE_REBUILD),
    ("ALTER TABLE t REMOVE PARTITIONING", SHARED_COPY),
    (
        "ALTER TABLE t ADD INDEX i (a), ALGORITHM=COPY",
        "AX t instant, SUX t scan, AX t instant, S t rewrite",
    ),
    ("OPTIMIZE TABLE t", ONLINE_REBUILD),
    ("ALTER TABLE t ROW_FORMAT = DYNAMIC", ONLINE_REBUILD),
    ("RENAME TABLE t TO u", DICTIONARY),
    ("ALTER TABLE t AUTO_INCREMENT = 1000", DICTIONARY),
    ("ALTER TABLE t DROP PARTITION p0", DICTIONARY),
    ("ALTER TABLE t COALESCE PARTITION 2", SHARED_COPY),
    ("TRUNCATE TABLE t", DICTIONARY),
    ("DROP TABLE t", "AX t instant, AX o instant"),
    (
        "ALTER TABLE t ADD COLUMN z int, LOCK=EXCLUSIVE",
        "AX t instant, AX t rewrite",
    ),
    ("UPDATE t SET a = 1", "RX t rewrite, RS o instant"),
    ("LOCK TABLES t WRITE", "AX t instant"),
    (
        "CREATE TABLE q (id int, KEY (id)); ALTER TABLE q ADD INDEX i (id)",
        "",
    ),
];

#[test]
fn mysql_goes_the_way_of_its_manual() {
    check(Flavour::Standard, Version::new(8, 0, 36), AGREED);
    check(
        Flavour::Standard,
        Version::new(8, 0, 36),
        &[
            ("ALTER TABLE t ADD COLUMN z int", DICTIONARY),
            ("ALTER TABLE t ADD COLUMN z int NOT NULL", DICTIONARY),
            ("ALTER TABLE t ADD COLUMN z int FIRST", DICTIONARY),
            (
                "ALTER TABLE t ADD COLUMN z datetime DEFAULT CURRENT_TIMESTAMP",
                DICTIONARY,
            ),
            (
                "ALTER TABLE t ADD COLUMN z char(36) DEFAULT (uuid())",
                SHARED_COPY,
            ),
            (
                "ALTER TABLE t ADD COLUMN z int GENERATED ALWAYS AS (a) VIRTUAL",
                DICTIONARY,
            ),
            ("ALTER TABLE t ADD COLUMN z int CHECK (z > 0)", SHARED_COPY),
            (
                "ALTER TABLE t ADD COLUMN z int REFERENCES o (id)",
                DICTIONARY,
            ),
            ("ALTER TABLE t ADD COLUMN z int UNIQUE", ONLINE_REBUILD),
            ("ALTER TABLE t DROP COLUMN v63", DICTIONARY),
            ("ALTER TABLE t DROP COLUMN a", ONLINE_REBUILD),
            ("ALTER TABLE t MODIFY a int FIRST", ONLINE_REBUILD),
        ],
    );
    check(
        Flavour::Standard,
        Version::new(8, 0, 12),
        &[
            ("ALTER TABLE t ADD COLUMN z int", DICTIONARY),
            ("ALTER TABLE t ADD COLUMN z int AFTER a", ONLINE_REBUILD),
            ("ALTER TABLE t DROP COLUMN v63", ONLINE_REBUILD),
        ],
    );
    check(
        Flavour::Standard,
        Version::new(8, 0, 11),
        &[("ALTER TABLE t ADD COLUMN z int", ONLINE_REBUILD)],
    );
    check(
        Flavour::Standard,
        Version::new(9, 0, 0),
        &[(
            "ALTER TABLE t ADD COLUMN z int REFERENCES o (id)",
            "AX o instant, AX t instant, S t rewrite",
        )],
    );
}

#[test]
fn mariadb_goes_the_way_that_was_measured() {
    let version = Version::new(10, 11, 0);
    check(Flavour::MariaDb, version, AGREED);
    check(
        Flavour::MariaDb,
        version,
        &[
            ("ALTER TABLE t ADD COLUMN z int", DICTIONARY),
            ("ALTER TABLE t ADD COLUMN z int AFTER a", DICTIONARY),
            (
                "ALTER TABLE t ADD COLUMN z char(36) DEFAULT (uuid())",
                SHARED_COPY,
            ),
            ("ALTER TABLE t ADD COLUMN z int CHECK (z > 0)", DICTIONARY),
            (
                "ALTER TABLE t ADD COLUMN z int REFERENCES o (id)",
                "AX o instant, AX t instant, S t rewrite",
            ),
            ("ALTER TABLE t DROP COLUMN v63", DICTIONARY),
            ("ALTER TABLE t DROP COLUMN a", DICTIONARY),
            ("ALTER TABLE t MODIFY a int FIRST", DICTIONARY),
            (
                "ALTER TABLE t MODIFY v63 varchar(63) COLLATE utf8mb4_bin",
                DICTIONARY,
            ),
        ],
    );
}
