//! Backfills that are held, paused, stopped, swept and counted.

use std::process::{Child, Stdio};

use serde_json::Value;

use crate::application::{Application, answer};
use crate::world::{ENGINES, World};

/// Users without a handle, and the backfill that gives them one, with these lines of configuration.
fn world(name: &str, engine: crate::world::Engine, config: &str) -> World {
    let world = World::new(engine, name);
    let file = world.path("bgmigrate.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    world.write(
        "bgmigrate.toml",
        &format!("{text}[backfill]\nnice = 0\n{config}"),
    );
    world.write("live", "blue\n");
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, name varchar(50), handle varchar(50));",
    );
    world.expect(0, "apply");
    for id in 1..=30 {
        world.sql(&format!(
            "INSERT INTO users (id, name) VALUES ({id}, 'u{id}')"
        ));
    }
    world.sql("CREATE TABLE brake (held integer NOT NULL)");
    world.sql("INSERT INTO brake VALUES (1)");
    world.migration("0002_fill", FILL);
    world
}

const FILL: &str = "-- bgmigrate: batch=10\nUPDATE users SET handle = name WHERE handle IS NULL;";

fn start(world: &World) -> Child {
    let mut command = world.command(&["apply"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn status(world: &World) -> Value {
    let said = world.expect(0, "backfill status --format json --quiet");
    let mut answer: Value = serde_json::from_str(&said.answer).unwrap();
    let first = answer["backfills"].get_mut(0);
    first.map(Value::take).unwrap_or_default()
}

/// Waits until the record says that this signal holds, and gives what it says.
fn held_by(world: &World, signal: &str) -> String {
    loop {
        let held = status(world)["held"].clone();
        if held["signal"] == signal {
            assert!(held["since"].is_string(), "{held}");
            return held["why"].as_str().unwrap().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn ended(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), talk)
}

const OPEN: &str = "SELECT concat('', count(*)) FROM users WHERE handle IS NULL";

#[test]
fn a_backfill_says_what_holds_it_and_waits_while_it_is_paused() {
    for engine in ENGINES {
        let world = world(
            "backfill_paused",
            engine,
            "query = \"SELECT held FROM brake\"\n",
        );
        let run = start(&world);
        assert_eq!(held_by(&world, "query"), "it finds 1", "{engine:?}");
        assert_eq!(world.ask(OPEN), "30");
        world.expect(0, "backfill pause 0002_fill");
        world.sql("UPDATE brake SET held = 0");
        assert!(
            held_by(&world, "pause").contains("ann on test-host"),
            "{engine:?}"
        );
        assert_eq!(status(&world)["wanted"], "pause");
        assert_eq!(world.ask(OPEN), "30");
        world.expect(0, "backfill resume");
        let (status_code, talk) = ended(run);
        assert_eq!(status_code, 0, "{engine:?}: {talk}");
        assert!(
            talk.contains("held by query since") && talk.contains("held by pause since"),
            "{talk}"
        );
        assert_eq!(world.ask(OPEN), "0");
        let done = status(&world);
        assert_eq!(
            (&done["stage"], &done["changed"], &done["held"]),
            (&"done".into(), &30.into(), &Value::Null)
        );
        assert_eq!(done["verified"]["remaining"], 0);
    }
}

#[test]
fn a_backfill_that_is_stopped_stays_where_it_is_until_it_is_resumed() {
    for engine in ENGINES {
        let world = world(
            "backfill_stopped",
            engine,
            "query = \"SELECT held FROM brake\"\n",
        );
        let run = start(&world);
        held_by(&world, "query");
        world.expect(0, "backfill stop");
        world.sql("UPDATE brake SET held = 0");
        let (status_code, talk) = ended(run);
        assert_eq!(status_code, 5, "{engine:?}: {talk}");
        assert!(talk.contains("stopped by ann on test-host"), "{talk}");
        let again = world.expect(5, "apply");
        assert!(
            again.talk.contains("backfill resume 0002_fill"),
            "{}",
            again.talk
        );
        assert_eq!(world.ask(OPEN), "30");
        world.expect(0, "backfill resume 0002_fill");
        world.expect(0, "apply");
        assert_eq!(world.ask(OPEN), "0");
        world.expect(0, "status --check");
    }
}

#[test]
fn a_signal_that_cannot_be_read_holds() {
    for engine in ENGINES {
        let world = world(
            "backfill_blind",
            engine,
            "query = \"SELECT held FROM nowhere\"\n",
        );
        let run = start(&world);
        assert!(
            held_by(&world, "query").starts_with("it cannot be read"),
            "{engine:?}"
        );
        assert_eq!(world.ask(OPEN), "30");
        world.sql("CREATE TABLE nowhere (held integer)");
        let (status_code, talk) = ended(run);
        assert_eq!(status_code, 0, "{engine:?}: {talk}");
        assert_eq!(world.ask(OPEN), "0");
    }
}

#[test]
fn an_address_that_does_not_answer_with_200_holds() {
    let busy = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let asked = std::sync::Arc::clone(&busy);
    let application = Application::start(move |_| {
        let busy = asked.load(std::sync::atomic::Ordering::Relaxed);
        answer(if busy { 503 } else { 200 }, "")
    });
    let config = format!("http = \"{}/ready\"\n", application.url);
    let world = world("backfill_http", crate::world::Engine::Sqlite, &config);
    let run = start(&world);
    assert_eq!(held_by(&world, "http"), "it answers with status 503");
    busy.store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(ended(run).0, 0);
    assert_eq!(world.ask(OPEN), "0");
}

#[test]
fn the_load_of_a_server_is_looked_at() {
    use crate::world::Engine::{Mariadb, Postgres};
    for (engine, sleep) in [
        (Postgres, "SELECT pg_sleep(600)"),
        (Mariadb, "SELECT sleep(600)"),
    ] {
        let world = world("backfill_load", engine, "max_running = 0\n");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| world.try_ask(sleep));
            let run = start(&world);
            assert!(
                held_by(&world, "load").contains("are allowed"),
                "{engine:?}"
            );
            let end = match engine {
                Postgres => "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'".to_owned(),
                _ => format!("KILL QUERY {}", world.ask("SELECT concat('', id) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep%'")),
            };
            world.sql(&end);
            other.join().unwrap();
            // Other tests work on this server too.
            world.write(
                "bgmigrate.toml",
                &std::fs::read_to_string(world.path("bgmigrate.toml"))
                    .unwrap()
                    .replace("max_running = 0", "max_running = 100000"),
            );
            world.expect(0, "backfill stop");
            ended(run);
        });
        world.expect(0, "backfill resume");
        world.expect(0, "apply");
        assert_eq!(world.ask(OPEN), "0", "{engine:?}");
    }
}

#[test]
fn rows_that_came_after_the_backfill_shut_the_gate_until_they_are_swept() {
    for engine in ENGINES {
        let world = world("backfill_gate", engine, "");
        std::fs::remove_file(world.path("migrations/0002_fill.sql")).unwrap();
        world.expect(0, "release record v1 --slot blue --live");
        world.migration("0002_fill", FILL);
        world.expect(0, "apply");
        world.expect(0, "release record v2 --slot green");
        world.expect(0, "gate cutover --to green");
        // A release that knows nothing of the new column writes on, and one row has nothing to be filled with.
        world.sql("INSERT INTO users (id, name) VALUES (100, 'late'), (101, 'later'), (102, NULL)");
        let shut = world.expect(3, "gate cutover --to green");
        assert!(
            shut.answer.contains("2 rows of users are not as its backfill leaves them; bgmigrate backfill sweep 0002_fill"),
            "{engine:?}: {}",
            shut.answer
        );
        world.expect(0, "backfill sweep 0002_fill");
        world.expect(0, "gate cutover --to green");
        assert_eq!(world.ask(OPEN), "1", "{engine:?}");
        world.expect(0, "cutover --to green");
        // What the live release was built with is not counted for ever.
        world.sql("INSERT INTO users (id, name) VALUES (103, 'much later')");
        world.expect(0, "retire blue --early --reason test");
        world.expect(0, "release record v3 --slot blue");
        world.expect(0, "gate cutover --to blue");
    }
}

#[test]
fn what_is_written_while_the_table_is_walked_is_swept() {
    for engine in ENGINES {
        let world = world(
            "backfill_swept",
            engine,
            "query = \"SELECT held FROM brake\"\n",
        );
        let run = start(&world);
        held_by(&world, "query");
        // Behind the last key when it began: no batch of the first way comes there.
        world.sql("INSERT INTO users (id, name) VALUES (31, 'u31')");
        // And what a new release writes itself is not written over.
        world.sql("UPDATE users SET handle = 'own' WHERE id = 7");
        world.sql("UPDATE brake SET held = 0");
        let (status_code, talk) = ended(run);
        assert_eq!(status_code, 0, "{engine:?}: {talk}");
        assert!(
            talk.contains("30 rows passed, 30 changed"),
            "{engine:?}: {talk}"
        );
        assert_eq!(world.ask(OPEN), "0", "{engine:?}");
        assert_eq!(world.ask("SELECT handle FROM users WHERE id = 7"), "own");
    }
}
