//! Do the statements of an old release still work? Changes that break them, each of which has to be found, and changes that
//! do not, none of which may be reported; on three engines.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod servers;

use std::process::Command;

use serde_json::Value;

/// What there is before each change.
const BASE: &str = "
CREATE TABLE teams (id integer PRIMARY KEY, name varchar(50) NOT NULL);
CREATE TABLE users (id integer PRIMARY KEY, username varchar(50) NOT NULL, email varchar(100), age integer,
  team_id integer, state varchar(10) NOT NULL DEFAULT 'new', CONSTRAINT users_username_key UNIQUE (username));
CREATE INDEX users_email ON users (email);
CREATE VIEW grown AS SELECT id, username, age FROM users WHERE age > 17;
";

/// What the old release sends.
const QUERIES: &str = "
SELECT id, username, email FROM users WHERE id = ?;
SELECT u.username, t.name FROM users u LEFT JOIN teams t ON t.id = u.team_id WHERE u.email = ?;
SELECT id, username, age FROM grown WHERE age > ?;
INSERT INTO users (id, username, email, age) VALUES (?, ?, ?, ?);
INSERT INTO teams (id, name) VALUES (?, ?);
UPDATE users SET email = ?, age = ? WHERE id = ?;
UPDATE users SET team_id = NULL WHERE id = ?;
UPDATE users SET state = 'old' WHERE username = ?;
DELETE FROM users WHERE id = ?;
DELETE FROM teams WHERE id = ?;
SELECT count(*) FROM users WHERE state = 'new' AND age BETWEEN ? AND ?;
";

/// Which engines a change is for.
type On = &'static [&'static str];
const ALL: On = &["sqlite", "postgres", "mysql"];
const SERVERS: On = &["postgres", "mysql"];
const PG: On = &["postgres"];
const MY: On = &["mysql"];
const LITE: On = &["sqlite"];

/// Changes under which the old release cannot live.
const BREAKING: &[(On, &str)] = &[
    (ALL, "DROP VIEW grown; DROP TABLE users"),
    (ALL, "DROP TABLE teams"),
    (ALL, "DROP VIEW grown"),
    (ALL, "DROP VIEW grown; ALTER TABLE users RENAME TO members"),
    (ALL, "ALTER TABLE teams RENAME TO groups_of_people"),
    (ALL, "ALTER TABLE teams DROP COLUMN name"),
    (ALL, "ALTER TABLE teams RENAME COLUMN name TO title"),
    (
        SERVERS,
        "DROP INDEX users_email ON users; ALTER TABLE users DROP COLUMN email",
    ),
    (
        LITE,
        "DROP INDEX users_email; ALTER TABLE users DROP COLUMN email",
    ),
    (ALL, "ALTER TABLE users RENAME COLUMN email TO mail"),
    (ALL, "ALTER TABLE users DROP COLUMN team_id"),
    (ALL, "ALTER TABLE users RENAME COLUMN team_id TO team"),
    (ALL, "ALTER TABLE users DROP COLUMN state"),
    (ALL, "DROP VIEW grown; ALTER TABLE users DROP COLUMN age"),
    (
        ALL,
        "DROP VIEW grown; CREATE VIEW grown AS SELECT id, username FROM users",
    ),
    (
        ALL,
        "DROP VIEW grown; CREATE VIEW grown AS SELECT id, username AS login, age FROM users",
    ),
    (PG, "ALTER TABLE teams ADD COLUMN code integer NOT NULL"),
    (PG, "ALTER TABLE users ADD COLUMN code text NOT NULL"),
    (
        ALL,
        "DELETE FROM teams; CREATE TABLE t2 (id integer PRIMARY KEY, name varchar(50) NOT NULL, code integer NOT NULL); \
           DROP TABLE teams; ALTER TABLE t2 RENAME TO teams",
    ),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT grown_up CHECK (age > 1000000)",
    ),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT known CHECK (state = 'new')",
    ),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT mails CHECK (email LIKE '%@%')",
    ),
    (PG, "ALTER TABLE users ALTER COLUMN email SET NOT NULL"),
    (PG, "ALTER TABLE users ALTER COLUMN team_id SET NOT NULL"),
    (MY, "ALTER TABLE users MODIFY email varchar(100) NOT NULL"),
    (MY, "ALTER TABLE users MODIFY team_id integer NOT NULL"),
    (PG, "ALTER TABLE users ALTER COLUMN state DROP DEFAULT"),
    (MY, "ALTER TABLE users ALTER COLUMN state DROP DEFAULT"),
    (
        PG,
        "DROP VIEW grown; ALTER TABLE users ALTER COLUMN username TYPE varchar(2)",
    ),
    (MY, "ALTER TABLE users MODIFY username varchar(2) NOT NULL"),
    (PG, "ALTER TABLE users ALTER COLUMN email TYPE varchar(5)"),
    (MY, "ALTER TABLE users MODIFY email varchar(5)"),
    (
        PG,
        "ALTER TABLE teams ALTER COLUMN name TYPE integer USING 1",
    ),
    (MY, "ALTER TABLE teams MODIFY name integer NOT NULL"),
    (
        PG,
        "DROP VIEW grown; ALTER TABLE users ALTER COLUMN age TYPE smallint",
    ),
    (MY, "ALTER TABLE users MODIFY age tinyint"),
    (
        PG,
        "DROP VIEW grown; ALTER TABLE users ALTER COLUMN age TYPE boolean USING true",
    ),
    (
        PG,
        "DROP VIEW grown; ALTER TABLE users ALTER COLUMN age TYPE date USING '2020-01-01'::date",
    ),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT one_mail UNIQUE (email, state)",
    ),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT one_age UNIQUE (state)",
    ),
    (LITE, "CREATE UNIQUE INDEX one_state ON users (state)"),
    (
        PG,
        "ALTER TABLE users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
    ),
    (
        PG,
        "ALTER TABLE users ALTER COLUMN state DROP DEFAULT, ALTER COLUMN state TYPE integer USING 1",
    ),
    (
        PG,
        "CREATE SCHEMA attic; ALTER TABLE teams SET SCHEMA attic",
    ),
    (
        LITE,
        "DROP VIEW grown; ALTER TABLE users RENAME COLUMN username TO handle",
    ),
    (
        PG,
        "DROP VIEW grown; ALTER TABLE users RENAME COLUMN username TO handle",
    ),
    (
        MY,
        "ALTER TABLE users CHANGE username handle varchar(50) NOT NULL",
    ),
    (
        PG,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$; \
          CREATE TRIGGER no BEFORE DELETE ON teams FOR EACH ROW EXECUTE FUNCTION no()",
    ),
    (
        MY,
        "CREATE TRIGGER no BEFORE DELETE ON teams FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'",
    ),
    (
        LITE,
        "CREATE TRIGGER no BEFORE DELETE ON teams BEGIN SELECT RAISE(ABORT, 'no'); END",
    ),
    (
        PG,
        "ALTER TABLE teams ALTER COLUMN name TYPE varchar(3) USING left(name, 3)",
    ),
    (MY, "ALTER TABLE teams MODIFY name varchar(3) NOT NULL"),
];

/// Changes that the old release does not notice.
const HARMLESS: &[(On, &str)] = &[
    (ALL, "ALTER TABLE users ADD COLUMN nick varchar(20)"),
    (
        ALL,
        "ALTER TABLE users ADD COLUMN points integer NOT NULL DEFAULT 0",
    ),
    (
        ALL,
        "ALTER TABLE teams ADD COLUMN motto varchar(200) DEFAULT 'go'",
    ),
    (
        ALL,
        "CREATE TABLE projects (id integer PRIMARY KEY, name varchar(20) NOT NULL)",
    ),
    (
        ALL,
        "CREATE TABLE mails (id integer PRIMARY KEY, user_id integer REFERENCES users (id))",
    ),
    (ALL, "CREATE INDEX users_age ON users (age)"),
    (ALL, "CREATE INDEX users_team ON users (team_id, state)"),
    (ALL, "CREATE VIEW named AS SELECT id, username FROM users"),
    (LITE, "DROP INDEX users_email"),
    (PG, "DROP INDEX users_email"),
    (MY, "DROP INDEX users_email ON users"),
    (
        ALL,
        "CREATE UNIQUE INDEX users_both ON users (id, username)",
    ),
    (ALL, "UPDATE users SET email = NULL WHERE id < 0"),
    (
        ALL,
        "INSERT INTO teams (id, name) VALUES (900000, 'nobody')",
    ),
    (PG, "ALTER TABLE teams ALTER COLUMN name TYPE text"),
    (PG, "ALTER TABLE users ALTER COLUMN email TYPE varchar(300)"),
    (MY, "ALTER TABLE users MODIFY email varchar(300)"),
    (MY, "ALTER TABLE teams MODIFY name varchar(300) NOT NULL"),
    (
        PG,
        "DROP VIEW grown; ALTER TABLE users ALTER COLUMN age TYPE bigint; \
          CREATE VIEW grown AS SELECT id, username, age FROM users WHERE age > 17",
    ),
    (MY, "ALTER TABLE users MODIFY age bigint"),
    (PG, "ALTER TABLE users ALTER COLUMN state DROP NOT NULL"),
    (
        MY,
        "ALTER TABLE users MODIFY state varchar(10) DEFAULT 'new'",
    ),
    (
        PG,
        "ALTER TABLE users ALTER COLUMN state SET DEFAULT 'fresh'",
    ),
    (
        MY,
        "ALTER TABLE users ALTER COLUMN state SET DEFAULT 'fresh'",
    ),
    (PG, "ALTER TABLE users DROP CONSTRAINT users_username_key"),
    (MY, "ALTER TABLE users DROP INDEX users_username_key"),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT sane CHECK (age > -1)",
    ),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT named CHECK (username <> '')",
    ),
    (
        SERVERS,
        "ALTER TABLE users ADD CONSTRAINT in_team FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE SET NULL",
    ),
    (PG, "CREATE SEQUENCE numbers"),
    (PG, "CREATE TYPE mood AS ENUM ('sad', 'ok')"),
    (
        PG,
        "ALTER TABLE users ADD COLUMN tags text[] NOT NULL DEFAULT '{}'",
    ),
    (PG, "COMMENT ON TABLE users IS 'people'"),
    (MY, "ALTER TABLE users COMMENT = 'people'"),
    (
        PG,
        "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ),
    (
        PG,
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; \
          CREATE TRIGGER keep BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep()",
    ),
    (
        MY,
        "CREATE TRIGGER keep BEFORE UPDATE ON users FOR EACH ROW SET NEW.state = NEW.state",
    ),
    (
        LITE,
        "CREATE TRIGGER keep AFTER UPDATE ON users BEGIN SELECT 1; END",
    ),
    (
        PG,
        "CREATE OR REPLACE VIEW grown AS SELECT id, username, age, email FROM users WHERE age > 17",
    ),
    (
        MY,
        "CREATE OR REPLACE VIEW grown AS SELECT id, username, age, email FROM users WHERE age > 17",
    ),
    (
        LITE,
        "DROP VIEW grown; CREATE VIEW grown AS SELECT id, username, age, email FROM users WHERE age > 17",
    ),
    (
        PG,
        "ALTER TABLE users RENAME TO members; CREATE VIEW users AS SELECT * FROM members",
    ),
    (
        MY,
        "RENAME TABLE teams TO groups_of_people; CREATE VIEW teams AS SELECT * FROM groups_of_people",
    ),
    (
        PG,
        "ALTER TABLE users ADD COLUMN born date GENERATED ALWAYS AS (NULL::date) STORED",
    ),
    (
        MY,
        "ALTER TABLE users ADD COLUMN shout varchar(60) AS (upper(username)) VIRTUAL",
    ),
    (
        LITE,
        "ALTER TABLE users ADD COLUMN shout text AS (upper(username)) VIRTUAL",
    ),
    (PG, "ALTER TABLE users SET (fillfactor = 80)"),
    (MY, "ALTER TABLE users ENGINE = InnoDB"),
    (
        PG,
        "CREATE INDEX mails_lower ON users (lower(email)) WHERE email IS NOT NULL",
    ),
    (
        PG,
        "ALTER TABLE users ALTER COLUMN email SET STATISTICS 500",
    ),
    (
        LITE,
        "CREATE INDEX some_mails ON users (lower(email)) WHERE email IS NOT NULL",
    ),
    (
        LITE,
        "CREATE TABLE notes (id integer PRIMARY KEY, text text) STRICT",
    ),
];

/// How the old release stands after the change: the statements that work no more.
fn broken(dialect: &str, url: Option<&String>, change: &str) -> (Value, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("migrations")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("migrations/0001_base.sql", BASE);
    let change = if dialect == "postgres" {
        change.replace(" ON users;", ";")
    } else {
        change.to_owned()
    };
    // A trigger's body is one statement, whatever is in it.
    write("migrations/0002_change.sql", &format!("{change};\n"));
    let mut number = 0;
    let queries: String = QUERIES
        .chars()
        .map(|c| match (dialect, c) {
            ("postgres", '?') => {
                number += 1;
                format!("${number}")
            }
            (_, ';') => {
                number = 0;
                ";".to_owned()
            }
            _ => c.to_string(),
        })
        .collect();
    write("queries.sql", &queries);
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgmigrate"));
    command
        .current_dir(folder.path())
        .args(["--dialect", dialect, "--format", "json", "--quiet"])
        .args(["verify", "--uses", "v1=queries.sql"])
        .env_remove("DATABASE_URL")
        .env_remove("BGMIGRATE_DATABASE_URL");
    if let Some(url) = url {
        command.args(["--scratch-url", url]);
    }
    let output = command.output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{dialect}: {change}: {error}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let before = said["steps"][0]["releases"][0].clone();
    assert_eq!(before["works"], 11, "{dialect}: {said:#}");
    (said["steps"][1].clone(), said)
}

fn each(cases: &[(On, &str)], look: impl Fn(&Value) -> Result<(), String> + Sync) {
    let urls = [
        ("sqlite", None),
        ("postgres", Some(servers::postgres().url("beside"))),
        ("mysql", Some(servers::mariadb().url("beside"))),
    ];
    let look = &look;
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads = urls.map(|(dialect, url)| {
            scope.spawn(move || {
                let here = cases.iter().filter(|(on, _)| on.contains(&dialect));
                let each = here.filter_map(|(_, change)| {
                    let (step, said) = broken(dialect, url.as_ref(), change);
                    look(&step)
                        .err()
                        .map(|why| format!("{dialect}: {change}\n  {why}\n  {}", said["releases"]))
                });
                each.collect::<Vec<_>>()
            })
        });
        let all = threads.into_iter();
        all.flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_breaks_an_old_release_is_found() {
    assert!(BREAKING.len() >= 40);
    each(BREAKING, |step| {
        if step["status"] != "ran" {
            return Err(format!("it did not run: {}", step["findings"]));
        }
        let broken = step["releases"][0]["broken"].as_array().unwrap();
        if broken.is_empty() {
            return Err("nothing is broken".to_owned());
        }
        let told = step["findings"].to_string().contains("breaks-release");
        told.then_some(()).ok_or("it is not told".to_owned())
    });
}

#[test]
fn what_an_old_release_does_not_notice_is_not_reported() {
    assert!(HARMLESS.len() >= 40);
    each(HARMLESS, |step| {
        if step["status"] != "ran" {
            return Err(format!("it did not run: {}", step["findings"]));
        }
        let release = &step["releases"][0];
        if release["works"] == 11 {
            return Ok(());
        }
        Err(release["broken"].to_string())
    });
}
