//! What each statement is called, in its context: one row a case.
//!
//! A row gives the engine, the migrations that were released before (in one text), the file under review, and the
//! phase of each of its statements by its first letter: **e**xpand, **m**igrate, **c**ontract, **n**eutral, **o**paque.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use Dialect::{Mysql, Postgres, Sqlite};
use bgmigrate::model::{
    Dialect, Engine, FilePhase, Migration, MigrationKind, Phase, Span, TransactionMode,
};
use bgmigrate::review::{Reviewed, RuleSettings, Settings, Standing, review};

#[path = "classify/net.rs"]
mod net;
#[path = "classify/views.rs"]
mod views;

fn migration(id: &str, text: &str) -> Migration {
    Migration {
        id: id.to_owned(),
        name: String::new(),
        file: format!("{id}.sql"),
        text: text.to_owned(),
        up: vec![Span::new(0, text.len())],
        down: None,
        kind: MigrationKind::Versioned,
        transaction: TransactionMode::File,
    }
}

fn judge(dialect: Dialect, before: &str, file: &str) -> Reviewed {
    let settings = Settings {
        engine: Engine::default_for(dialect),
        surroundings: bgmigrate::lint::Surroundings::default(),
        rules: RuleSettings::new(dialect, &std::collections::HashMap::new()),
    };
    let migrations = [migration("1", before), migration("2", file)];
    let standing = |at| {
        if at == 0 {
            Standing::Released
        } else {
            Standing::Alone
        }
    };
    review(&migrations, standing, &settings).remove(0)
}

fn letters(reviewed: &Reviewed) -> String {
    let letter = |phase: &Phase| phase.name().chars().next().unwrap();
    reviewed.phases.iter().map(letter).collect()
}

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50) NOT NULL, email varchar(100),
    state varchar(10) DEFAULT 'new', age integer, UNIQUE (email));
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), total numeric(10,2));
    CREATE INDEX orders_user_idx ON orders (user_id);
    CREATE UNIQUE INDEX users_name_idx ON users (name);";

const ALL: &[Dialect] = &[Postgres, Mysql, Sqlite];
const PG_MY: &[Dialect] = &[Postgres, Mysql];
const PG: &[Dialect] = &[Postgres];
const MY: &[Dialect] = &[Mysql];
const LITE: &[Dialect] = &[Sqlite];

fn check(cases: &[(&[Dialect], &str, &str)]) {
    let mut wrong = Vec::new();
    for (dialects, file, expected) in cases {
        for dialect in *dialects {
            let reviewed = judge(*dialect, USERS, file);
            let found = letters(&reviewed);
            if found != *expected {
                let said: Vec<_> = reviewed
                    .judged
                    .iter()
                    .flat_map(|judged| &judged.changes)
                    .map(|change| format!("{}: {}", change.verdict.kind, change.verdict.reason))
                    .collect();
                let opaque = reviewed
                    .script
                    .statements
                    .iter()
                    .filter_map(|statement| statement.opaque.as_ref());
                let opaque: Vec<_> = opaque.map(|opaque| &opaque.reason).collect();
                wrong.push(format!(
                    "{dialect}: {file}\n  expected {expected}, found {found}: {said:?} {opaque:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_only_adds_expands() {
    check(&[
        (
            ALL,
            "CREATE TABLE notes (id bigint PRIMARY KEY, body text)",
            "e",
        ),
        (ALL, "ALTER TABLE users ADD COLUMN bio text", "e"),
        (
            ALL,
            "ALTER TABLE users ADD COLUMN active integer NOT NULL DEFAULT 1",
            "e",
        ),
        (ALL, "CREATE INDEX users_age_idx ON users (age)", "n"),
        (
            ALL,
            "CREATE VIEW adults AS SELECT id, name FROM users WHERE age > 17",
            "e",
        ),
        (
            ALL,
            "ALTER TABLE users ADD COLUMN boss bigint REFERENCES users (id)",
            "e",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN boss bigint DEFAULT 1 REFERENCES users (id)",
            "c",
        ),
        (PG, "CREATE TYPE mood AS ENUM ('sad', 'happy')", "e"),
        (PG, "CREATE EXTENSION IF NOT EXISTS pgcrypto", "e"),
        (PG, "ALTER TABLE users ADD COLUMN serial_no bigserial", "e"),
        (
            PG,
            "ALTER TABLE users ADD COLUMN nr bigint GENERATED ALWAYS AS IDENTITY",
            "e",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN bio text; CREATE INDEX CONCURRENTLY users_bio_idx ON users (bio)",
            "en",
        ),
        (PG_MY, "GRANT SELECT ON users TO reader", "e"),
    ]);
}

#[test]
fn what_goes_away_contracts() {
    check(&[
        (ALL, "DROP TABLE orders", "c"),
        (ALL, "DROP TABLE IF EXISTS orders", "c"),
        (ALL, "ALTER TABLE users DROP COLUMN age", "c"),
        (ALL, "ALTER TABLE users RENAME COLUMN age TO years", "c"),
        (ALL, "ALTER TABLE users RENAME TO people", "c"),
        (PG_MY, "TRUNCATE TABLE orders", "c"),
        (ALL, "DELETE FROM orders", "c"),
        (ALL, "DELETE FROM orders WHERE 1 = 1", "c"),
        (ALL, "DROP VIEW adults", "c"),
        (PG, "DROP SCHEMA billing CASCADE", "c"),
        (PG, "DROP FUNCTION total_of(bigint)", "c"),
        (PG, "DROP TYPE mood", "c"),
        (PG, "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "c"),
        (PG, "ALTER TABLE users SET SCHEMA archive", "c"),
        (PG, "DROP OWNED BY app", "c"),
        (PG_MY, "REVOKE SELECT ON users FROM reader", "c"),
        (MY, "ALTER TABLE users CHANGE age years integer", "c"),
    ]);
}

#[test]
fn what_binds_old_writers_contracts_valid_or_not() {
    check(&[
        (ALL, "ALTER TABLE users ADD COLUMN zip text NOT NULL", "c"),
        (PG, "ALTER TABLE users ALTER COLUMN age SET NOT NULL", "c"),
        (
            PG,
            "ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 0) NOT VALID",
            "c",
        ),
        (
            PG_MY,
            "ALTER TABLE users ADD CONSTRAINT grown CHECK (age > 0)",
            "c",
        ),
        (
            PG_MY,
            "ALTER TABLE users ADD CONSTRAINT one_age UNIQUE (age)",
            "c",
        ),
        (ALL, "CREATE UNIQUE INDEX users_age_idx ON users (age)", "c"),
        (
            PG,
            "CREATE UNIQUE INDEX CONCURRENTLY users_age_idx ON users (age)",
            "c",
        ),
        (
            PG_MY,
            "ALTER TABLE users ALTER COLUMN state DROP DEFAULT",
            "c",
        ),
        (PG, "ALTER TABLE users ENABLE ROW LEVEL SECURITY", "c"),
        (MY, "ALTER TABLE users MODIFY age integer NOT NULL", "c"),
        (
            PG,
            "ALTER TABLE users ADD COLUMN zip text NOT NULL DEFAULT ''; ALTER TABLE users ALTER COLUMN zip DROP DEFAULT",
            "ec",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN zip text; UPDATE users SET zip = ''; ALTER TABLE users ALTER COLUMN zip SET NOT NULL",
            "emc",
        ),
    ]);
}

#[test]
fn a_new_nullable_column_s_own_demands_bind_nobody() {
    check(&[
        (PG, "ALTER TABLE users ADD COLUMN tag text UNIQUE", "e"),
        (
            PG_MY,
            "ALTER TABLE users ADD COLUMN tag varchar(20); CREATE UNIQUE INDEX users_tag_idx ON users (tag)",
            "ee",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN tag text; ALTER TABLE users ADD CONSTRAINT short CHECK (hash_of(tag) < 9)",
            "ec",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN size integer; ALTER TABLE users ADD CONSTRAINT pos CHECK (size > 0)",
            "ee",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN size integer; ALTER TABLE users ADD CONSTRAINT given CHECK (size IS NOT NULL)",
            "ec",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN size integer; ALTER TABLE users ADD CONSTRAINT both CHECK (size > age)",
            "ec",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN gone_at timestamptz; CREATE UNIQUE INDEX live_email ON users (age) WHERE gone_at IS NULL",
            "ec",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN gone_at timestamptz; CREATE UNIQUE INDEX gone_email ON users (age) WHERE gone_at IS NOT NULL",
            "ee",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN kind integer NOT NULL DEFAULT 0; CREATE UNIQUE INDEX users_kind_idx ON users (kind)",
            "ec",
        ),
        (
            PG,
            "ALTER TABLE users ADD COLUMN ready boolean DEFAULT false; ALTER TABLE users ALTER COLUMN ready SET NOT NULL",
            "ee",
        ),
    ]);
}

#[test]
fn what_is_new_in_the_file_is_free() {
    check(&[
        (
            ALL,
            "CREATE TABLE n (id bigint, a text); ALTER TABLE n DROP COLUMN a; ALTER TABLE n RENAME TO m; DROP TABLE m",
            "eeee",
        ),
        (
            ALL,
            "CREATE TABLE n (id bigint, a text); CREATE UNIQUE INDEX n_a ON n (a); INSERT INTO n (id) VALUES (1); DELETE FROM n",
            "eeee",
        ),
        (
            ALL,
            "ALTER TABLE users ADD COLUMN x text; ALTER TABLE users DROP COLUMN x",
            "ee",
        ),
        (
            ALL,
            "CREATE TABLE IF NOT EXISTS n (id bigint, a text); ALTER TABLE n DROP COLUMN a",
            "ec",
        ),
        (
            ALL,
            "CREATE TEMPORARY TABLE t (id bigint); DROP TABLE t",
            "ne",
        ),
        (
            PG,
            "DO $$ BEGIN CREATE TABLE n (id bigint); END $$; DROP TABLE n",
            "ec",
        ),
    ]);
}

#[test]
fn what_comes_back_in_the_file_is_a_replacement() {
    check(&[
        (
            PG_MY,
            "DROP VIEW v; CREATE VIEW v AS SELECT id, name FROM users",
            "ce",
        ),
        (
            PG,
            "CREATE OR REPLACE VIEW v AS SELECT id, name, email FROM users",
            "e",
        ),
        (
            PG,
            "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey; ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)",
            "en",
        ),
        (
            PG,
            "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey; ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
            "ec",
        ),
        (
            PG,
            "CREATE UNIQUE INDEX users_name2 ON users (name); DROP INDEX users_name_idx",
            "nn",
        ),
        (
            PG_MY,
            "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people",
            "ee",
        ),
        (
            LITE,
            "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people",
            "ce",
        ),
        (
            PG_MY,
            "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT DISTINCT name FROM people",
            "ce",
        ),
    ]);
    let before = "CREATE TABLE users (id bigint, name text, age int); CREATE VIEW v AS SELECT id, name FROM users;
        CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'select a';
        CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE m (mood mood);";
    let cases = [
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT id, name, age FROM users",
            "ee",
        ),
        ("DROP VIEW v; CREATE VIEW v AS SELECT * FROM users", "ee"),
        ("DROP VIEW v; CREATE VIEW v AS SELECT id FROM users", "ce"),
        (
            "DROP FUNCTION f(integer); CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'select a + 1'",
            "ee",
        ),
        (
            "DROP FUNCTION f(integer); CREATE FUNCTION f(a bigint) RETURNS integer LANGUAGE sql AS 'select 1'",
            "ce",
        ),
        (
            "CREATE TYPE mood_new AS ENUM ('sad', 'happy', 'calm'); ALTER TABLE m ALTER COLUMN mood TYPE mood_new USING (mood::text::mood_new); ALTER TYPE mood RENAME TO mood_old; ALTER TYPE mood_new RENAME TO mood; DROP TYPE mood_old",
            "eenen",
        ),
        (
            "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('sad', 'happy', 'calm'); ALTER TABLE m ALTER COLUMN mood TYPE mood USING mood::text::mood; DROP TYPE mood_old",
            "neen",
        ),
        (
            "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('happy'); ALTER TABLE m ALTER COLUMN mood TYPE mood USING mood::text::mood; DROP TYPE mood_old",
            "necn",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(letters(&judge(Postgres, before, file)), expected, "{file}");
    }
}

#[test]
fn keys_that_upserts_rely_on_are_not_plain_indexes() {
    check(&[
        (PG, "DROP INDEX users_name_idx", "c"),
        (LITE, "DROP INDEX users_name_idx", "c"),
        (MY, "DROP INDEX users_name_idx ON users", "c"),
        (PG, "DROP INDEX orders_user_idx", "n"),
        (MY, "DROP INDEX orders_user_idx ON orders", "n"),
        (PG, "ALTER TABLE users DROP CONSTRAINT users_email_key", "c"),
        (MY, "ALTER TABLE users DROP INDEX email", "c"),
        (
            PG,
            "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey",
            "e",
        ),
        (PG, "ALTER TABLE users DROP CONSTRAINT nobody_knows", "c"),
        (PG, "DROP INDEX nobody_knows", "c"),
    ]);
}

#[test]
fn types_widen_narrow_or_change() {
    check(&[
        (
            PG,
            "ALTER TABLE users ALTER COLUMN name TYPE varchar(80)",
            "e",
        ),
        (PG, "ALTER TABLE users ALTER COLUMN name TYPE text", "e"),
        (
            PG,
            "ALTER TABLE users ALTER COLUMN name TYPE varchar(20)",
            "c",
        ),
        (PG, "ALTER TABLE users ALTER COLUMN age TYPE bigint", "c"),
        (
            PG,
            "ALTER TABLE users ALTER COLUMN name TYPE text USING upper(name)",
            "c",
        ),
        (PG, "ALTER TABLE users ALTER COLUMN unknown TYPE text", "c"),
        (
            MY,
            "ALTER TABLE users MODIFY name varchar(80) NOT NULL",
            "e",
        ),
        (MY, "ALTER TABLE users MODIFY age bigint", "e"),
        (
            MY,
            "ALTER TABLE users MODIFY name varchar(20) NOT NULL",
            "c",
        ),
        (MY, "ALTER TABLE users MODIFY state varchar(10)", "c"),
        (
            MY,
            "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4",
            "c",
        ),
    ]);
}

#[test]
fn rows_move_in_the_migrate_phase() {
    check(&[
        (ALL, "UPDATE users SET state = 'old' WHERE age > 50", "m"),
        (ALL, "INSERT INTO users (id, name) VALUES (1, 'a')", "m"),
        (ALL, "DELETE FROM orders WHERE total = 0", "m"),
        (PG, "ALTER TABLE users VALIDATE CONSTRAINT grown", "m"),
        (
            PG,
            "WITH gone AS (DELETE FROM orders WHERE total = 0 RETURNING id) SELECT count(*) FROM gone",
            "m",
        ),
        (PG, "SELECT count(*) FROM users", "n"),
        (PG, "SELECT setval('users_id_seq', 5)", "m"),
    ]);
}

#[test]
fn what_is_not_understood_is_never_called_safe() {
    check(&[
        (ALL, "FROBNICATE users", "o"),
        (ALL, "ALTER TABLE users ADD COLUMN", "o"),
        (ALL, "CREATE TABLE {{ .Prefix }}notes (id bigint)", "o"),
        (
            PG,
            "DO $$ BEGIN EXECUTE 'ALTER TABLE users ' || what_to_do; END $$",
            "o",
        ),
        (PG, "SELECT do_the_migration()", "o"),
        (PG_MY, "CALL do_the_migration()", "o"),
        (
            PG,
            "DELETE FROM pg_catalog.pg_enum WHERE enumlabel = 'x'",
            "o",
        ),
        (LITE, "PRAGMA writable_schema = ON", "o"),
        (PG, "\\i other.sql", "o"),
        (
            PG,
            "DO $$ BEGIN ALTER TABLE users DROP COLUMN age; END $$",
            "c",
        ),
        (
            PG,
            "DO $$ BEGIN EXECUTE 'ALTER TABLE users DROP COLUMN age'; END $$",
            "c",
        ),
    ]);
}

#[test]
fn a_sqlite_rebuild_is_judged_by_the_difference_of_the_definitions() {
    let before =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL DEFAULT '', UNIQUE (a));
        CREATE INDEX t_b ON t (b); CREATE UNIQUE INDEX t_b_one ON t (b);";
    let rebuild = |columns: &str, after: &str| {
        format!(
            "PRAGMA foreign_keys = OFF; CREATE TABLE t_new ({columns}); \
             INSERT INTO t_new (id, a) SELECT id, a FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t; {after}"
        )
    };
    let back = "CREATE UNIQUE INDEX t_b_one ON t (b);";
    let same = "id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL DEFAULT '', UNIQUE (a)";
    let cases = [
        (rebuild(same, back), FilePhase::Expand),
        (rebuild(same, ""), FilePhase::Contract),
        (rebuild(&format!("{same}, CHECK (a <> b)"), back), FilePhase::Contract),
        (rebuild("id INTEGER PRIMARY KEY, a TEXT, UNIQUE (a)", ""), FilePhase::Contract),
        (rebuild("id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL DEFAULT '', c TEXT, UNIQUE (a)", back), FilePhase::Expand),
        (rebuild("id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL DEFAULT '', UNIQUE (a)", back), FilePhase::Contract),
        (rebuild("id INTEGER PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a)", back), FilePhase::Contract),
        (rebuild("id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT '', UNIQUE (a)", back), FilePhase::Expand),
        (
            "ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL DEFAULT '', UNIQUE (a)); \
             INSERT INTO t SELECT * FROM t_old; DROP TABLE t_old; CREATE UNIQUE INDEX t_b_one ON t (b);"
                .to_owned(),
            FilePhase::Expand,
        ),
        (rebuild(same, &format!("{back} DELETE FROM t;")), FilePhase::Contract),
        (rebuild(same, &format!("{back} UPDATE t SET a = b;")), FilePhase::Migrate),
        (
            "DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL DEFAULT '', UNIQUE (a))".to_owned(),
            FilePhase::Mixed,
        ),
    ];
    for (file, expected) in cases {
        let reviewed = judge(Sqlite, before, &file);
        let said: Vec<_> = reviewed
            .judged
            .iter()
            .flat_map(|judged| &judged.changes)
            .map(|change| &change.verdict.reason)
            .collect();
        assert_eq!(reviewed.phase, expected, "{file}\n{said:#?}");
    }
}

#[test]
fn a_declared_phase_beats_the_classifier_and_says_so() {
    let file = "-- bgmigrate: phase=expand reason=\"the column never left staging\"\nALTER TABLE users DROP COLUMN age;";
    let reviewed = judge(Postgres, USERS, file);
    assert_eq!(reviewed.phase, FilePhase::Expand);
    let reason = &reviewed.judged[0].changes[0].verdict.reason;
    assert!(
        reason.starts_with("declared expand: the column never left staging (otherwise contract: "),
        "{reason}"
    );
}

#[test]
fn a_domain_that_refuses_null_makes_a_new_column_required() {
    let before = format!(
        "{USERS} CREATE DOMAIN filled AS text NOT NULL; CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);"
    );
    for (file, expected) in [
        ("ALTER TABLE users ADD note filled", "c"),
        ("ALTER TABLE users ADD note filled DEFAULT ''", "e"),
        ("ALTER TABLE users ADD note short", "e"),
        (
            "ALTER TABLE users ADD note text; ALTER TABLE users ALTER note TYPE filled",
            "ec",
        ),
        (
            "ALTER TABLE users ADD note text; ALTER TABLE users ALTER note TYPE short",
            "ee",
        ),
        (
            "CREATE TABLE n (note text); ALTER TABLE n ALTER note TYPE filled",
            "ee",
        ),
    ] {
        assert_eq!(letters(&judge(Postgres, &before, file)), expected, "{file}");
    }
}

#[test]
fn a_primary_key_that_is_made_again_behind_an_if_is_still_the_only_one() {
    let before = "CREATE TABLE q (id int PRIMARY KEY); DO $$ BEGIN IF x THEN ALTER TABLE q ADD PRIMARY KEY (id); END IF; END $$;";
    let file = "ALTER TABLE q DROP CONSTRAINT IF EXISTS q_pkey";
    assert_eq!(letters(&judge(Postgres, before, file)), "c");
}

#[test]
fn what_may_be_taken_away_counts_as_taken_and_what_may_be_there_as_missing() {
    let maybe = |sql: &str| format!("DO $$ BEGIN IF x THEN {sql}; END IF; END $$;");
    let plain = format!("{USERS} CREATE INDEX users_age_idx ON users (age);");
    let remade = maybe("CREATE UNIQUE INDEX users_age_idx ON users (age)");
    for (before, file, expected) in [
        (USERS.to_owned(), maybe("DROP INDEX users_name_idx"), "c"),
        (
            USERS.to_owned(),
            maybe("ALTER TABLE users DROP CONSTRAINT users_email_key"),
            "c",
        ),
        (
            USERS.to_owned(),
            maybe("DROP INDEX users_name_idx; CREATE UNIQUE INDEX u ON users (name)"),
            "c",
        ),
        // The index of that name is still the plain one.
        (
            format!("{plain}{remade}"),
            "DROP INDEX users_age_idx; CREATE UNIQUE INDEX users_age_idx ON users (age)".to_owned(),
            "nc",
        ),
    ] {
        assert_eq!(
            letters(&judge(Postgres, &before, &file)),
            expected,
            "{file}"
        );
    }
}

#[test]
fn a_foreign_key_that_comes_back_and_clears_only_loosens() {
    let swap = |delete: &str| {
        format!(
            "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
             ALTER TABLE orders ADD CONSTRAINT o FOREIGN KEY (user_id) REFERENCES users (id) {delete}"
        )
    };
    let required = format!("{USERS} ALTER TABLE orders ALTER user_id SET NOT NULL;");
    for (before, delete, expected) in [
        (USERS, "ON DELETE SET NULL", "ee"),
        (USERS, "", "en"),
        (USERS, "ON DELETE CASCADE", "ec"),
        (required.as_str(), "ON DELETE SET NULL", "ec"),
    ] {
        assert_eq!(
            letters(&judge(Postgres, before, &swap(delete))),
            expected,
            "{delete}"
        );
    }
    let other = "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
        ALTER TABLE orders ADD CONSTRAINT o FOREIGN KEY (total) REFERENCES users (id) ON DELETE SET NULL";
    assert_eq!(letters(&judge(Postgres, USERS, other)), "ec");
}

#[test]
fn a_check_of_new_columns_binds_nobody_where_it_lets_null_pass() {
    for (check, expected) in [
        ("(a IS NULL) = (b IS NULL)", "eee"),
        ("a IS NULL OR length(a) > 0", "eee"),
        ("a IS NOT NULL OR b IS NOT NULL", "eec"),
        ("a IS NULL OR age > 0", "eec"),
    ] {
        let file = format!(
            "ALTER TABLE users ADD COLUMN IF NOT EXISTS a text; ALTER TABLE users ADD COLUMN b text;
             ALTER TABLE users ADD CHECK ({check})"
        );
        assert_eq!(letters(&judge(Postgres, USERS, &file)), expected, "{check}");
    }
}

#[test]
fn a_helper_that_the_file_makes_and_takes_away_is_no_loss() {
    let helper = "DROP PROCEDURE IF EXISTS work; CREATE PROCEDURE work() BEGIN ALTER TABLE users ADD note text; END; CALL work(); DROP PROCEDURE work;";
    let unknown_before = format!("{USERS} ALTER TABLE elsewhere ADD note text;");
    for (before, expected) in [
        (USERS.to_owned(), "eeee"),
        // The procedure that a release may call is replaced, and then it is gone.
        (
            format!("{USERS} CREATE PROCEDURE work() BEGIN END;"),
            "eeec",
        ),
        (unknown_before, "ceee"),
    ] {
        assert_eq!(
            letters(&judge(Mysql, &before, helper)),
            expected,
            "{before}"
        );
    }
}

#[test]
fn what_is_dropped_made_anew_and_dropped_again_is_gone() {
    let before = format!("{USERS} CREATE VIEW v AS SELECT id FROM users;");
    let view = "DROP VIEW v; CREATE VIEW v AS SELECT id FROM users; DROP VIEW v;";
    assert_eq!(letters(&judge(Postgres, &before, view)), "eec");
    let of_its_own = "CREATE VIEW w AS SELECT id FROM users; DROP VIEW w;";
    assert_eq!(letters(&judge(Postgres, &before, of_its_own)), "ee");
}

#[test]
fn a_table_that_comes_back_in_another_case_is_renamed_on_mysql() {
    let swap = |to: &str| format!("RENAME TABLE users TO users_2; RENAME TABLE users_2 TO {to};");
    assert_eq!(letters(&judge(Mysql, USERS, &swap("USERS"))), "cn");
    assert_eq!(letters(&judge(Mysql, USERS, &swap("users"))), "nn");
}

#[test]
fn a_call_does_what_the_routine_of_an_earlier_file_does() {
    let create = |body: &str| {
        format!(
            "{USERS} CREATE FUNCTION work(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$;"
        )
    };
    let add = "EXECUTE format('ALTER TABLE %I ADD note text', t);";
    let drop = "EXECUTE format('DROP TABLE %I', t);";
    let call = "SELECT work('users')";
    for (before, file, expected) in [
        (create(add), call, "e"),
        (create(drop), call, "c"),
        (create("RAISE NOTICE 'nothing';"), call, "n"),
        (create("EXECUTE t;"), call, "o"),
        (
            format!(
                "{} {}",
                create(drop),
                create(add).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
            ),
            call,
            "e",
        ),
        (
            format!("{} DROP FUNCTION work(text);", create(add)),
            call,
            "o",
        ),
        // A later file tells nothing about what is called now.
        (USERS.to_owned(), call, "o"),
    ] {
        assert_eq!(
            letters(&judge(Postgres, &before, file)),
            expected,
            "{before}"
        );
    }
}

#[test]
fn one_pending_set_knows_what_it_made_itself() {
    use FilePhase::{Contract, Expand};

    let settings = Settings {
        engine: Engine::default_for(Postgres),
        surroundings: bgmigrate::lint::Surroundings::default(),
        rules: RuleSettings::new(Postgres, &std::collections::HashMap::new()),
    };
    let files = [
        migration("1", USERS),
        migration("2", "ALTER TABLE users ADD COLUMN handle text;"),
        migration("3", "ALTER TABLE users DROP COLUMN handle;"),
        migration("4", "ALTER TABLE users DROP COLUMN age;"),
    ];
    let phases = |as_what: Standing| -> Vec<FilePhase> {
        let standing = |at| if at == 0 { Standing::Released } else { as_what };
        review(&files, standing, &settings)
            .iter()
            .map(|reviewed| reviewed.phase)
            .collect()
    };
    assert_eq!(phases(Standing::Pending), [Expand, Expand, Contract]);
    assert_eq!(phases(Standing::Alone), [Expand, Contract, Contract]);
}
