//! Killed runs, and many runs at once.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use crate::servers;
use crate::world::{ENGINES, Engine, Said, World, said};

/// A command that is listened to while it runs.
struct Talking {
    child: Child,
    talk: BufReader<ChildStderr>,
    heard: String,
}

impl Talking {
    fn start(mut command: Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let talk = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            talk,
            heard: String::new(),
        }
    }

    /// Waits for a line with these words.
    fn until(&mut self, words: &str) {
        loop {
            let before = self.heard.len();
            let read = self.talk.read_line(&mut self.heard).unwrap();
            assert!(read > 0, "it ended without `{words}`: {}", self.heard);
            if self.heard[before..].contains(words) {
                return;
            }
        }
    }

    fn interrupt(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.unwrap().success());
    }

    fn end(mut self) -> Said {
        self.talk.read_to_string(&mut self.heard).unwrap();
        let mut said = said(&self.child.wait_with_output().unwrap());
        said.talk = self.heard;
        said
    }
}

/// Each migration counts itself: one that ran twice, or not at all, shows in the sum.
fn counting_folder(world: &World, migrations: usize) {
    world.migration(
        "0001_count",
        "CREATE TABLE runs (id integer PRIMARY KEY, n integer NOT NULL);",
    );
    world.migration("0002_zero", "INSERT INTO runs (id, n) VALUES (1, 0);");
    for number in 3..migrations {
        world.migration(
            &format!("{number:04}_step"),
            &format!(
                "CREATE TABLE t{number} (id integer);\nUPDATE runs SET n = n + 1;\nALTER TABLE t{number} ADD COLUMN c integer;\n"
            ),
        );
    }
}

#[test]
fn a_run_that_is_killed_anywhere_is_finished_by_the_next() {
    let migrations = 23;
    for engine in ENGINES {
        let world = World::new(engine, "killed");
        counting_folder(&world, migrations);
        let mut kills = 0;
        // Times spread over a run, from before the connection to after the last statement.
        for at_ms in (0..60).map(|step| 3 + step * 7 % 130) {
            let mut child = world
                .command(&["apply"])
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(at_ms));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                kills += 1;
            }
            child.wait().unwrap();
        }
        world.expect(0, "apply");
        let expected = (migrations - 3).to_string();
        assert_eq!(
            world.ask("SELECT n FROM runs"),
            expected,
            "{engine:?} after {kills} kills"
        );
        for number in 3..migrations {
            assert_eq!(world.ask(&format!("SELECT count(c) FROM t{number}")), "0");
        }
        world.expect(0, "status --check");
        assert!(
            kills > 3,
            "{engine:?}: only {kills} runs were still alive to be killed"
        );
    }
}

#[test]
fn many_runs_at_once_apply_each_migration_once() {
    let migrations = 12;
    for engine in ENGINES {
        let world = World::new(engine, "crowd");
        counting_folder(&world, migrations);
        let children: Vec<_> = (0..10)
            .map(|_| {
                let mut command = world.command(&["apply"]);
                command
                    .stdout(std::process::Stdio::piped())
                    .stderr(std::process::Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for child in children {
            let said = said(&child.wait_with_output().unwrap());
            assert_eq!(said.status, 0, "{engine:?}: {}", said.talk);
        }
        assert_eq!(
            world.ask("SELECT n FROM runs"),
            (migrations - 3).to_string(),
            "{engine:?}"
        );
        world.expect(0, "status --check");
    }
}

#[test]
fn a_statement_of_which_nobody_knows_is_never_sent_again_by_itself() {
    let world = World::new(Engine::Mariadb, "unknown");
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, name varchar(20));",
    );
    world.expect(0, "apply");
    world.migration("0002_wider", "ALTER TABLE users MODIFY name varchar(200);");
    world.expect(0, "apply --phase all");
    // As a kill would have left it: sent, and no answer recorded.
    world.sql("UPDATE bgmigrate_migration SET status = 'running', done = 0 WHERE id LIKE '0002%'");
    let unknown = world.expect(6, "apply");
    assert!(
        unknown
            .talk
            .contains("nobody knows whether this statement of migration 0002_wider ran"),
        "{}",
        unknown.talk
    );
    assert!(
        unknown.talk.contains("bgmigrate resolve 0002_wider"),
        "{}",
        unknown.talk
    );
    world.expect(6, "apply");
    let said = world.run(&[
        "resolve",
        "0002_wider",
        "--done",
        "--reason",
        "the column is 200 wide",
    ]);
    assert_eq!(said.status, 0, "{}", said.talk);
    world.expect(0, "apply");
}

#[test]
fn what_the_catalog_tells_of_a_killed_statement_is_believed() {
    let cases = [
        // It had run: it is not sent again, which would fail.
        ("CREATE TABLE users (id integer)", true),
        // It had not.
        ("CREATE TABLE other (id integer)", false),
    ];
    for (before, ran) in cases {
        let world = World::new(Engine::Mariadb, if ran { "probe_ran" } else { "probe_not" });
        world.migration("0001_first", "CREATE TABLE first (id integer);");
        world.expect(0, "apply");
        world.migration("0002_users", "CREATE TABLE users (id integer);");
        world.expect(0, "apply");
        world.sql("DROP TABLE users");
        world.sql(before);
        world.sql(
            "UPDATE bgmigrate_migration SET status = 'running', done = 0 WHERE id LIKE '0002%'",
        );
        let said = world.expect(0, "apply");
        let words = if ran {
            "the statement had run"
        } else {
            "the statement had not run"
        };
        assert!(said.talk.contains(words), "{}", said.talk);
        assert_eq!(world.ask("SELECT count(*) FROM users"), "0");
    }
}

#[test]
fn an_invalid_index_of_an_earlier_attempt_is_dropped_first() {
    let world = World::new(Engine::Postgres, "invalid_index");
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, email text);",
    );
    world.expect(0, "apply");
    world.sql("INSERT INTO users VALUES (1, 'a'), (2, 'a')");
    world.migration(
        "0002_index",
        "CREATE UNIQUE INDEX CONCURRENTLY users_email_idx ON users (email);",
    );
    let failed = world.expect(5, "apply --phase all");
    assert!(failed.talk.contains("0002_index.sql:1"), "{}", failed.talk);
    world.sql("UPDATE users SET email = 'b' WHERE id = 2");
    let said = world.expect(0, "apply --phase all");
    assert!(
        said.talk.contains("dropped the invalid index"),
        "{}",
        said.talk
    );
    let valid =
        "SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'users_email_idx'::regclass";
    assert_eq!(world.ask(valid), "true");
}

#[test]
fn a_lock_that_somebody_holds_is_waited_for_in_short_attempts() {
    let world = World::new(Engine::Postgres, "locked");
    world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
    world.expect(0, "apply");
    world.migration("0002_handle", "ALTER TABLE users ADD COLUMN handle text;");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let said = runtime.block_on(async {
        let target: bgmigrate::store::Target = world.url.parse().unwrap();
        let refuse = bgmigrate::store::Missing::Refuse;
        let mut holder = target.connect("holder", refuse).await.unwrap();
        holder
            .run("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE")
            .await
            .unwrap();
        let mut child = Talking::start(world.command(&["apply", "--lock-timeout", "200"]));
        child.until("it is held by");
        holder.run("COMMIT").await.unwrap();
        child.end()
    });
    assert_eq!(said.status, 0, "{}", said.talk);
    assert!(said.talk.contains("trying again in"), "{}", said.talk);
    assert!(
        said.talk
            .contains("`BEGIN; LOCK TABLE users IN ACCESS SHARE MODE`"),
        "{}",
        said.talk
    );
    assert_eq!(world.ask("SELECT count(handle) FROM users"), "0");
}

/// Two interrupts: the first lets the statement end, the second has the server stop it.
#[test]
fn a_statement_that_waits_is_stopped_on_request() {
    for engine in [Engine::Postgres, Engine::Mariadb] {
        let world = World::new(engine, "stopped");
        world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
        world.expect(0, "apply");
        world.migration(
            "0002_handle",
            "ALTER TABLE users ADD COLUMN handle varchar(9);",
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let said = runtime.block_on(async {
            let target: bgmigrate::store::Target = world.url.parse().unwrap();
            let refuse = bgmigrate::store::Missing::Refuse;
            let mut holder = target.connect("holder", refuse).await.unwrap();
            let hold = match engine {
                Engine::Postgres => "BEGIN; LOCK TABLE users",
                _ => "LOCK TABLES users WRITE",
            };
            holder.run(hold).await.unwrap();
            let mut child =
                Talking::start(world.command(&["apply", "--lock-timeout", "60000"]));
            let waiting = match engine {
                Engine::Postgres => {
                    "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
                }
                _ => {
                    "SELECT concat('', count(*)) FROM information_schema.processlist WHERE state LIKE 'Waiting for table \
                     metadata%' AND db = database()"
                }
            };
            // Not by the holder: within a transaction the server shows what it showed before.
            let mut observer = target.connect("observer", refuse).await.unwrap();
            while observer.ask(waiting).await.unwrap() != [[Some("1".to_owned())]] {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            observer.close().await;
            child.interrupt();
            child.until("once more to stop the statement");
            child.interrupt();
            let said = child.end();
            holder.close().await;
            said
        });
        assert_eq!(said.status, 5, "{engine:?}: {}", said.talk);
        for words in ["telling the server to stop", "0002_handle.sql:1"] {
            assert!(said.talk.contains(words), "{engine:?}: {}", said.talk);
        }
        world.expect(0, "apply");
        world.expect(0, "status --check");
    }
}

/// What SQLite says on a full disk, without one: the file may not grow any more.
#[test]
fn a_full_disk_leaves_nothing_half_done() {
    let world = World::new(Engine::Sqlite, "full");
    world.migration("0001_rows", "CREATE TABLE filled (data blob);");
    world.expect(0, "apply");
    let fill = "INSERT INTO filled WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT \
                zeroblob(4000) FROM n;";
    world.migration(
        "0002_fill",
        &format!("PRAGMA max_page_count = 60;\nCREATE TABLE more (id integer);\n{fill}"),
    );
    let stopped = world.expect(5, "apply");
    for words in [
        "0002_fill.sql:3",
        "database or disk is full",
        "all of it was rolled back",
    ] {
        assert!(stopped.talk.contains(words), "{}", stopped.talk);
    }
    assert_eq!(
        world.ask("SELECT count(*) FROM sqlite_master WHERE name = 'more'"),
        "0"
    );
    world.expect(0, "status --check");
    world.migration(
        "0002_fill",
        &format!("CREATE TABLE more (id integer);\n{fill}"),
    );
    world.expect(0, "apply");
    assert_eq!(world.ask("SELECT concat('', count(*)) FROM filled"), "200");
}

/// A lock that is taken through a pooler is whoever's the session is next.
#[test]
fn a_transaction_pooler_is_refused_with_advice() {
    let mut world = World::new(Engine::Postgres, "pooled");
    let pooler = servers::pgbouncer();
    world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
    world.url = pooler.url(&world.url);
    for line in ["apply", "guard install"] {
        let refused = world.expect(2, line);
        assert!(
            refused.talk.contains("Give a direct URL of the server"),
            "{}",
            refused.talk
        );
    }
}
