//! What was retired may still be connected: then nothing is taken from it.

use crate::world::{Engine, World};
use bgmigrate::store::{Missing, Target};

/// v2 is live in green and ships the drop; v1 is retired, and the drop waits.
fn v1_is_retired(engine: Engine, marks: &str) -> World {
    let world = World::new(engine, "sessions");
    let configured = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    world.write("bgmigrate.toml", &format!("{configured}{marks}"));
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, name varchar(20));",
    );
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.expect(0, "router enforce");
    world.migration("0002_drop", "ALTER TABLE users DROP COLUMN name;");
    world.expect(0, "release record v2 --slot green");
    world.expect(0, "cutover --to green");
    world.expect(0, "retire blue --early --reason test");
    world
}

/// Does something while a session of the application is open.
fn connected(url: &str, first: &str, meanwhile: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let target: Target = url.parse().unwrap();
        let mut session = target.connect("test", Missing::Refuse).await.unwrap();
        session.run(first).await.unwrap();
        meanwhile();
        session.close().await;
    });
}

/// The server lets go of a session some time after its client has.
fn wait_until_gone(world: &World, count: &str) {
    let begun = std::time::Instant::now();
    while world.ask(count) != "0" {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn refuses_the_drop(world: &World, because: &str) {
    for line in ["gate contract", "apply --phase contract", "plan"] {
        let status = if line == "plan" { 0 } else { 3 };
        let said = world.expect(status, line);
        assert!(said.answer.contains(because), "{line}: {}", said.answer);
    }
}

#[test]
fn a_drop_waits_until_the_sessions_of_a_retired_release_are_gone_on_postgres() {
    let marks = "[slots.blue]\napplication_name = \"shop-blue\"\n[slots.green]\napplication_name = \"shop-green\"\n";
    let world = v1_is_retired(Engine::Postgres, marks);
    connected(&world.url, "SET application_name = 'shop-blue'", || {
        let because = "1 sessions of blue of app, where v1 was retired, are still connected";
        refuses_the_drop(&world, because);
    });
    let count = "SELECT count(*)::text FROM pg_stat_activity WHERE application_name = 'shop-blue'";
    wait_until_gone(&world, count);
    connected(&world.url, "SET application_name = 'shop-green'", || {
        world.expect(0, "apply --phase contract");
    });
}

#[test]
fn a_drop_waits_until_the_sessions_of_a_retired_release_are_gone_on_mariadb() {
    let marks = "[slots.blue]\nuser = \"shop_blue\"\n[slots.green]\nuser = \"shop_green\"\n";
    let mut world = v1_is_retired(Engine::Mariadb, marks);
    for user in ["shop_blue", "shop_green", "deployer"] {
        world.sql(&format!("CREATE USER IF NOT EXISTS {user}@localhost"));
        world.sql(&format!("GRANT ALL ON `%`.* TO {user}@localhost"));
    }
    let blue = world.url.replace("root@", "shop_blue@");
    connected(&blue, "SELECT 1", || {
        let because = "1 sessions of blue of app, where v1 was retired, are still connected";
        refuses_the_drop(&world, because);
    });
    let count =
        "SELECT concat('', count(*)) FROM information_schema.processlist WHERE user = 'shop_blue'";
    wait_until_gone(&world, count);
    let root = world.url.clone();
    world.url = root.replace("root@", "deployer@");
    refuses_the_drop(&world, "this account may not see the sessions of others");
    world.url = root;
    let green = world.url.replace("root@", "shop_green@");
    connected(&green, "SELECT 1", || {
        world.expect(0, "apply --phase contract");
    });
}

#[test]
fn a_database_that_cannot_tell_sessions_that_way_says_so() {
    for (engine, mark, words) in [
        (Engine::Sqlite, "user = \"a\"", "nor at all"),
        (
            Engine::Mariadb,
            "application_name = \"a\"",
            "a `user` of its own",
        ),
    ] {
        let world = World::new(engine, "sessions");
        let configured = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
        world.write(
            "bgmigrate.toml",
            &format!("{configured}[slots.blue]\n{mark}\n"),
        );
        let said = world.expect(2, "status");
        assert!(said.talk.contains(words), "{}", said.talk);
    }
}
