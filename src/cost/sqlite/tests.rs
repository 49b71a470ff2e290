use crate::cost::testing::price;
use crate::model::{Dialect, Engine, Version};

#[test]
fn work_under_the_write_lock_is_as_measured() {
    let engine = Engine {
        version: Version::new(3, 54, 0),
        ..Engine::default_for(Dialect::Sqlite)
    };
    let released =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a int, b int); CREATE INDEX t_a ON t (a);";
    let cases = [
        ("ALTER TABLE t ADD COLUMN z int", "DB * instant"),
        (
            "ALTER TABLE t ADD COLUMN z int NOT NULL DEFAULT 1",
            "DB * instant",
        ),
        (
            "ALTER TABLE t ADD COLUMN z int REFERENCES t (id)",
            "DB * instant",
        ),
        ("ALTER TABLE t ADD COLUMN z int CHECK (z > 0)", "DB * scan"),
        ("ALTER TABLE t DROP COLUMN b", "DB * rewrite"),
        ("ALTER TABLE t RENAME COLUMN b TO c", "DB * instant"),
        ("ALTER TABLE t RENAME TO u", "DB * instant"),
        ("ALTER TABLE t ALTER COLUMN b SET NOT NULL", "DB * scan"),
        ("ALTER TABLE t ALTER COLUMN b DROP NOT NULL", "DB * instant"),
        ("ALTER TABLE t ADD CHECK (b > 0)", "DB * scan"),
        ("ALTER TABLE t DROP CONSTRAINT q", "DB * instant"),
        ("DROP TABLE t", "DB * instant"),
        ("DROP INDEX t_a", "DB * instant"),
        ("CREATE INDEX i ON t (b)", "DB * scan"),
        ("REINDEX t_a", "DB * scan"),
        ("VACUUM", "DB * rewrite"),
        ("PRAGMA foreign_keys = off", ""),
        ("INSERT INTO t (a) VALUES (1)", "DB * instant"),
        ("INSERT INTO t (a) SELECT b FROM t", "DB * rewrite"),
        ("UPDATE t SET a = 1", "DB * rewrite"),
        ("DELETE FROM t WHERE a = 1", "DB * scan"),
        (
            "CREATE TABLE q (id int); CREATE INDEX i ON q (id)",
            "DB * instant, DB * instant",
        ),
    ];
    for (statement, expected) in cases {
        assert_eq!(price(released, statement, engine), expected, "{statement}");
    }
}
