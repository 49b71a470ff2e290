//! `bgmigrate verify` on real engines: what it finds, what it lets pass, and that nothing but the scratch is written.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod servers;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use sqlx::Connection as _;

/// A folder of migrations in golang-migrate's layout.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(migrations: &[(&str, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let migrations_folder = folder.path().join("migrations");
        std::fs::create_dir(&migrations_folder).unwrap();
        for (name, up, down) in migrations {
            std::fs::write(migrations_folder.join(format!("{name}.up.sql")), up).unwrap();
            std::fs::write(migrations_folder.join(format!("{name}.down.sql")), down).unwrap();
        }
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        bgmigrate(self.0.path(), arguments)
    }

    /// What `verify` says, as JSON, and its exit status.
    fn verify(&self, dialect: &str, arguments: &[&str]) -> (Value, i32) {
        let mut all = vec![
            "--dialect",
            dialect,
            "--format",
            "json",
            "--quiet",
            "verify",
        ];
        all.extend(arguments);
        let output = self.run(&all);
        let status = output.status.code().unwrap();
        let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!(
                "{error}: {} {}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )
        });
        (said, status)
    }
}

fn bgmigrate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bgmigrate"))
        .current_dir(folder)
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("BGMIGRATE_DATABASE_URL")
        .output()
        .unwrap()
}

/// The kinds of findings of each step.
fn kinds(said: &Value) -> Vec<Vec<String>> {
    let steps = said["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            let findings = step["findings"].as_array().unwrap().iter();
            findings
                .map(|one| one["kind"].as_str().unwrap().to_owned())
                .collect()
        })
        .collect()
}

/// Each engine with a server on which a scratch database can be made; SQLite needs none.
fn engines() -> [(&'static str, Option<String>); 3] {
    [
        ("sqlite", None),
        ("postgres", Some(servers::postgres().url("beside"))),
        ("mysql", Some(servers::mariadb().url("beside"))),
    ]
}

fn on(url: Option<&String>) -> Vec<&str> {
    url.map_or_else(Vec::new, |url| vec!["--scratch-url", url.as_str()])
}

const USERS: (&str, &str, &str) = (
    "0001_users",
    "CREATE TABLE users (id integer PRIMARY KEY, email varchar(100) NOT NULL, age integer);",
    "DROP TABLE users;",
);

#[test]
fn a_step_that_does_what_it_says_is_proven_with_its_undo() {
    let nick = (
        "0002_nick",
        "ALTER TABLE users ADD COLUMN nick varchar(20);",
        "ALTER TABLE users DROP COLUMN nick;",
    );
    let folder = Folder::new(&[USERS, nick]);
    for (dialect, url) in engines() {
        let (said, status) = folder.verify(dialect, &on(url.as_ref()));
        assert_eq!(status, 0, "{dialect}: {said:#}");
        assert_eq!(kinds(&said), [vec![""; 0], vec![]], "{dialect}");
        assert_eq!(said["summary"]["undone"], 2, "{dialect}: {said:#}");
        let filled = &said["steps"][1]["on_rows"];
        assert!(filled["rows"].as_u64().unwrap() >= 2, "{dialect}: {filled}");
    }
}

#[test]
fn what_fails_on_rows_alone_fails_here() {
    let unique = (
        "0002_unique",
        "CREATE UNIQUE INDEX u ON users (email);",
        "SELECT 1;",
    );
    let folder = Folder::new(&[USERS, unique]);
    for (dialect, url) in engines() {
        let (said, _) = folder.verify(dialect, &on(url.as_ref()));
        assert_eq!(kinds(&said)[1], ["fails-on-rows"], "{dialect}: {said:#}");
    }
}

#[test]
fn a_wrong_word_of_the_author_is_shown_with_both_views() {
    let declared = (
        "0002_drop",
        "-- bgmigrate: phase=expand reason=\"nobody reads it\"\nALTER TABLE users DROP COLUMN age;",
        "ALTER TABLE users ADD COLUMN age integer;",
    );
    let folder = Folder::new(&[USERS, declared]);
    for (dialect, url) in engines() {
        let (said, status) = folder.verify(dialect, &on(url.as_ref()));
        let finding = &said["steps"][1]["findings"][0];
        assert_eq!(finding["kind"], "phase-missed", "{dialect}: {said:#}");
        assert_eq!(
            finding["severity"], "warning",
            "{dialect}: the author has said why"
        );
        let details = finding["details"].to_string();
        assert!(
            details.contains("catalog: column users.age is gone"),
            "{details}"
        );
        assert!(details.contains("classifier: "), "{details}");
        assert_eq!(status, 0, "{dialect}");
    }
}

#[test]
fn an_undo_that_leaves_something_is_an_error() {
    let half = (
        "0002_half",
        "ALTER TABLE users ADD COLUMN a integer;\nALTER TABLE users ADD COLUMN b integer;",
        "ALTER TABLE users DROP COLUMN b;",
    );
    let folder = Folder::new(&[USERS, half]);
    for (dialect, url) in engines() {
        let (said, status) = folder.verify(dialect, &on(url.as_ref()));
        assert_eq!(kinds(&said)[1], ["undo"], "{dialect}: {said:#}");
        assert_eq!(status, 1, "{dialect}");
    }
}

/// Elsewhere the undo runs in a transaction, and is taken back.
#[test]
fn what_a_failed_undo_has_done_on_mysql_is_not_the_next_migrations_doing() {
    let half = (
        "0002_half",
        "ALTER TABLE users ADD COLUMN a integer;\nALTER TABLE users ADD COLUMN b integer;",
        "ALTER TABLE users DROP COLUMN b;\nALTER TABLE users DROP COLUMN nothing;",
    );
    let later = (
        "0003_later",
        "ALTER TABLE users ADD COLUMN later integer;",
        "ALTER TABLE users DROP COLUMN later;",
    );
    let folder = Folder::new(&[USERS, half, later]);
    let url = servers::mariadb().url("beside");
    let (said, status) = folder.verify("mysql", &on(Some(&url)));
    assert_eq!(kinds(&said)[1..], [vec!["undo"], vec![]], "{said:#}");
    assert_eq!(status, 1);
}

#[test]
fn a_migration_that_the_engine_refuses_ends_with_status_5() {
    let broken = (
        "0002_broken",
        "ALTER TABLE nobody ADD COLUMN a integer;",
        "SELECT 1;",
    );
    let folder = Folder::new(&[USERS, broken]);
    for (dialect, url) in engines() {
        let (said, status) = folder.verify(dialect, &on(url.as_ref()));
        assert_eq!(kinds(&said)[1], ["fails"], "{dialect}: {said:#}");
        assert_eq!(status, 5, "{dialect}");
    }
}

/// Everything that a server or a file holds, as text; scratch databases would show in it.
fn all_of(dialect: &str, url: &str) -> String {
    let query = match dialect {
        "postgres" => {
            "SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database UNION ALL \
             SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             UNION ALL SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles"
        }
        _ => {
            "SELECT CAST(GROUP_CONCAT(schema_name ORDER BY schema_name) AS CHAR) FROM information_schema.schemata \
             UNION ALL SELECT CAST(GROUP_CONCAT(table_name ORDER BY table_name) AS CHAR) FROM information_schema.tables \
             WHERE table_schema = DATABASE() UNION ALL SELECT CAST(COUNT(*) AS CHAR) FROM mysql.user"
        }
    };
    let rows = execute(dialect, url, query);
    rows.join("\n")
}

fn execute(dialect: &str, url: &str, sql: &str) -> Vec<String> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        use sqlx::Row as _;
        if dialect == "postgres" {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter()
                .map(|row| row.get::<Option<String>, _>(0).unwrap_or_default())
                .collect()
        } else {
            let mut connection = sqlx::MySqlConnection::connect(url).await.unwrap();
            let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter()
                .map(|row| {
                    row.get_unchecked::<Option<String>, _>(0)
                        .unwrap_or_default()
                })
                .collect()
        }
    })
}

/// Servers of a test binary are shared, and other tests have scratch databases of their own meanwhile.
fn without_scratches(text: &str) -> String {
    let names = text
        .split(',')
        .filter(|name| !name.contains("bgmigrate_scratch_"));
    names.collect::<Vec<_>>().join(",")
}

#[test]
fn the_live_database_is_refused_as_a_scratch_by_whatever_url() {
    let folder = Folder::new(&[USERS]);
    for (dialect, url) in engines() {
        let Some(url) = url else { continue };
        let again = format!("{url}&application_name=other");
        let again = if dialect == "postgres" { &again } else { &url };
        let output = folder.run(&[
            "--dialect",
            dialect,
            "--database-url",
            &url,
            "verify",
            "--scratch-url",
            again,
        ]);
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{talk}");
        assert!(talk.contains("is the live database"), "{talk}");
    }
}

#[test]
fn nothing_outside_of_the_scratch_is_written_whatever_a_migration_tries() {
    let attempts = [
        ("postgres", "CREATE ROLE intruder;"),
        (
            "postgres",
            "DO $$ BEGIN EXECUTE 'ALTER ' || 'DATABASE {live} RENAME TO gone'; END $$;",
        ),
        ("postgres", "COPY users TO '/tmp/bgmigrate-intruder';"),
        ("mysql", "CREATE TABLE {live}.intruder (a int);"),
        ("mysql", "USE {live};\nCREATE TABLE intruder (a int);"),
        ("mysql", "CREATE USER intruder;"),
        (
            "mysql",
            "SET @a = CONCAT('CREATE TABLE {li', 've}.intruder (a int)'); EXECUTE IMMEDIATE @a;",
        ),
    ];
    for (dialect, attempt) in attempts {
        let server = if dialect == "postgres" {
            servers::postgres()
        } else {
            servers::mariadb()
        };
        let live = server.url("live");
        let name = live
            .rsplit('/')
            .find(|part| part.starts_with("live"))
            .unwrap();
        let name = name.split('?').next().unwrap();
        execute(dialect, &live, "CREATE TABLE kept (a int)");
        let beside = server.url("beside");
        let before = without_scratches(&all_of(dialect, &live));
        let up = attempt
            .replace("{live}", name)
            .replace("{li', 've}", &format!("{}', '{}", &name[..2], &name[2..]));
        let folder = Folder::new(&[USERS, ("0002_out", &up, "SELECT 1;")]);
        let (said, status) = folder.verify(dialect, &["--scratch-url", &beside]);
        assert_ne!(status, 0, "{attempt}: {said:#}");
        let kinds = &kinds(&said)[1];
        assert_eq!(kinds, &["not-run"], "{attempt}: {said:#}");
        let after = without_scratches(&all_of(dialect, &live));
        let tables = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(tables(&before), tables(&after), "{attempt}");
    }
}

#[test]
fn sqlite_attaches_nothing() {
    let folder = Folder::new(&[(
        "0001_out",
        "ATTACH DATABASE 'live.db' AS live;",
        "SELECT 1;",
    )]);
    let (said, status) = folder.verify("sqlite", &[]);
    assert_eq!(kinds(&said)[0], ["not-run"]);
    assert_ne!(status, 0);
    assert!(!folder.0.path().join("live.db").exists());
}

#[test]
fn what_a_killed_run_left_goes_with_the_next() {
    for (dialect, server) in [
        ("postgres", servers::postgres()),
        ("mysql", servers::mariadb()),
    ] {
        let url = server.url("beside");
        execute(dialect, &url, "CREATE DATABASE bgmigrate_scratch_dead_1");
        let folder = Folder::new(&[USERS]);
        let (said, status) = folder.verify(dialect, &["--scratch-url", &url]);
        assert_eq!(status, 0, "{said:#}");
        let left = all_of(dialect, &url);
        assert!(!left.contains("bgmigrate_scratch_dead_1"), "{left}");
    }
}

#[test]
fn what_is_pending_runs_on_a_copy_of_the_structure_and_the_live_database_stays_as_it_is() {
    let nick = (
        "0002_nick",
        "ALTER TABLE users ADD COLUMN nick varchar(20);",
        "ALTER TABLE users DROP COLUMN nick;",
    );
    let lite = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", lite.path().join("live.db").display());
    for (dialect, live, beside) in [
        ("sqlite", file, None),
        (
            "postgres",
            servers::postgres().url("live"),
            Some(servers::postgres().url("beside")),
        ),
        (
            "mysql",
            servers::mariadb().url("live"),
            Some(servers::mariadb().url("beside")),
        ),
    ] {
        let folder = Folder::new(&[USERS, nick]);
        let applied = folder.run(&[
            "--dialect",
            dialect,
            "--database-url",
            &live,
            "apply",
            "--to",
            "1",
        ]);
        assert!(
            applied.status.success(),
            "{}",
            String::from_utf8_lossy(&applied.stderr)
        );
        let mut arguments = vec!["--pending", "--database-url", &live];
        arguments.extend(on(beside.as_ref()));
        let (said, status) = folder.verify(dialect, &arguments);
        assert_eq!(status, 0, "{dialect}: {said:#}");
        assert_eq!(said["summary"]["there_already"], 1, "{dialect}: {said:#}");
        assert_eq!(
            said["steps"][0]["catalog"]["additive"][0], "column users.nick",
            "{dialect}"
        );
        let query = match dialect {
            "postgres" => {
                "SELECT attname::text FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'nick'"
            }
            "mysql" => "SHOW COLUMNS FROM users LIKE 'nick'",
            _ => continue,
        };
        let there = execute(dialect, &live, query);
        assert!(
            there.is_empty(),
            "{dialect}: the live database has got the column"
        );
    }
}

/// The costs of the last step, each as its agreement and what was seen.
fn costs(said: &Value) -> Vec<(String, String)> {
    let steps = said["steps"].as_array().unwrap();
    let costs = steps.last().unwrap()["costs"].as_array().unwrap().iter();
    let lock = |lock: &Value| {
        let text = |name: &str| lock[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("mode"), text("on"), text("work"))
    };
    costs
        .map(|cost| {
            let seen = match &cost["seen"] {
                Value::Array(locks) => locks.iter().map(lock).collect::<Vec<_>>().join(", "),
                Value::Object(way) => {
                    format!("{} {}", way["algorithm"], way["lock"]).replace('"', "")
                }
                _ => cost["unseen"].as_str().unwrap_or_default().to_owned(),
            };
            (cost["agreement"].as_str().unwrap().to_owned(), seen)
        })
        .collect()
}

const ORDERS: (&str, &str, &str) = (
    "0001_orders",
    "CREATE TABLE users (id integer PRIMARY KEY);\n\
     CREATE TABLE orders (id integer PRIMARY KEY, code varchar(20), user_id integer);\n\
     CREATE INDEX orders_code ON orders (code);",
    "DROP TABLE orders; DROP TABLE users;",
);

#[test]
fn postgres_shows_the_locks_that_each_statement_takes() {
    let cases = [
        (
            "ALTER TABLE orders ADD COLUMN a integer;",
            "access-exclusive orders instant",
        ),
        (
            "ALTER TABLE orders ALTER COLUMN user_id TYPE bigint;",
            "access-exclusive orders rewrite",
        ),
        (
            "ALTER TABLE orders ALTER COLUMN code SET NOT NULL;",
            "access-exclusive orders scan",
        ),
        ("CREATE INDEX i ON orders (user_id);", "share orders scan"),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);",
            "share-row-exclusive orders scan, share-row-exclusive users scan",
        ),
        ("TRUNCATE orders;", "access-exclusive orders instant"),
        ("DROP INDEX orders_code;", "access-exclusive orders instant"),
        ("DROP TABLE orders;", "access-exclusive orders instant"),
        // No transaction may hold these.
        (
            "CREATE INDEX CONCURRENTLY i ON orders (user_id);",
            "share-update-exclusive orders ",
        ),
        (
            "DROP INDEX CONCURRENTLY orders_code;",
            "share-update-exclusive orders ",
        ),
    ];
    for server in [servers::postgres(), servers::postgres_18()] {
        for (statement, expected) in cases {
            let folder = Folder::new(&[ORDERS, ("0002_next", statement, "")]);
            let url = server.url("beside");
            let (said, _) = folder.verify("postgres", &on(Some(&url)));
            let [(agreement, seen)] = &costs(&said)[..] else {
                panic!("{statement}: {said:#}")
            };
            assert_eq!(agreement, "same", "{statement}: {said:#}");
            // Which of two empty tables is read for a foreign key is the planner's to say.
            if !statement.contains("FOREIGN") {
                assert_eq!(seen, expected, "{statement}");
            }
        }
    }
}

#[test]
fn a_transaction_takes_a_lock_once() {
    let next = (
        "0002_next",
        "ALTER TABLE orders ADD COLUMN a integer;\n\
         ALTER TABLE orders ADD COLUMN b integer;\n\
         COMMENT ON TABLE users IS 'what the plan leaves out is not the next statement''s';\n\
         CREATE INDEX i ON orders (a);\n\
         CREATE TABLE fresh (id integer PRIMARY KEY);\n\
         ALTER TABLE fresh ADD COLUMN a integer;",
        "",
    );
    let folder = Folder::new(&[ORDERS, next]);
    let url = servers::postgres().url("beside");
    let (said, _) = folder.verify("postgres", &on(Some(&url)));
    let seen = ["access-exclusive orders instant", "", "share orders scan"];
    let expected = seen.map(|seen| ("same".to_owned(), seen.to_owned()));
    assert_eq!(costs(&said), expected, "{said:#}");
}

#[test]
fn what_a_routine_locks_is_more_than_the_plan_says() {
    let hidden = (
        "0002_hidden",
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relname = 'orders' LOOP \
         EXECUTE format('ALTER TABLE %I ALTER COLUMN user_id TYPE bigint', t); END LOOP; END $$;",
        "",
    );
    let folder = Folder::new(&[ORDERS, hidden]);
    let url = servers::postgres().url("beside");
    let (said, _) = folder.verify("postgres", &on(Some(&url)));
    let findings = said["steps"][1]["findings"].as_array().unwrap();
    let missed = findings.iter().find(|one| one["kind"] == "cost-missed");
    let missed = missed.unwrap_or_else(|| panic!("{said:#}"));
    assert_eq!(missed["severity"], "warning");
    let message = missed["message"].as_str().unwrap();
    assert!(
        message.contains("ACCESS EXCLUSIVE on orders, rewrite"),
        "{message}"
    );
}

#[test]
fn mariadb_is_asked_for_the_cheapest_way() {
    let cases = [
        ("ALTER TABLE orders ADD COLUMN a integer;", "INSTANT "),
        ("CREATE INDEX i ON orders (user_id);", "NOCOPY NONE"),
        (
            "ALTER TABLE orders MODIFY COLUMN user_id bigint;",
            "COPY SHARED",
        ),
        ("ALTER TABLE orders DROP PRIMARY KEY;", "COPY SHARED"),
        (
            "ALTER TABLE orders ADD FULLTEXT INDEX f (code);",
            "INPLACE SHARED",
        ),
    ];
    for (statement, expected) in cases {
        let folder = Folder::new(&[ORDERS, ("0002_next", statement, "")]);
        std::fs::write(
            folder.0.path().join("bgmigrate.toml"),
            "dialect = \"mysql\"\nflavour = \"mariadb\"\nserver_version = \"10.11\"\n",
        )
        .unwrap();
        let url = servers::mariadb().url("beside");
        let (said, _) = folder.verify("mysql", &on(Some(&url)));
        let [(agreement, seen)] = &costs(&said)[..] else {
            panic!("{statement}: {said:#}")
        };
        assert_eq!(seen, expected, "{statement}: {said:#}");
        assert_eq!(agreement, "same", "{statement}: {said:#}");
    }
}

#[test]
fn sqlite_tells_nothing_of_its_one_lock() {
    let folder = Folder::new(&[ORDERS, ("0002_next", "DROP INDEX orders_code;", "")]);
    let (said, _) = folder.verify("sqlite", &[]);
    assert_eq!(costs(&said), []);
}
