//! A team that keeps its runner: what that has applied is read from its own table, and everything around it holds.

use crate::world::{ENGINES, Engine, World};

/// The dbmate layout, with the table that dbmate would have made.
fn dbmate(engine: Engine) -> World {
    let world = World::new(engine, "external");
    world.write("live", "blue\n");
    let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    world.write(
        "bgmigrate.toml",
        &format!(
            "runner = \"external\"\n{}",
            config.replace("\"numbered\"", "\"dbmate\"")
        ),
    );
    world.sql("CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)");
    world
}

fn write(world: &World, version: &str, up: &str, down: &str) {
    world.migration(
        &format!("{version}_step"),
        &format!("-- migrate:up\n{up};\n\n-- migrate:down\n{down};\n"),
    );
}

/// What the other tool does.
fn run_elsewhere(world: &World, version: &str, up: &str) {
    world.sql(&format!(
        "{up}; INSERT INTO schema_migrations VALUES ('{version}')"
    ));
}

const USERS: &str =
    "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), email varchar(50))";
const HANDLE: &str = "ALTER TABLE users ADD COLUMN handle varchar(50)";
const DROP: &str = "ALTER TABLE users DROP COLUMN username";

#[test]
fn the_gates_hold_around_another_runner() {
    for engine in ENGINES {
        let world = dbmate(engine);
        write(&world, "001", USERS, "DROP TABLE users");
        run_elsewhere(&world, "001", USERS);
        for line in ["apply", "undo 001"] {
            let refused = world.expect(2, line);
            assert!(
                refused.talk.contains("another tool applies the migrations"),
                "{}",
                refused.talk
            );
        }
        world.expect(0, "release record v1 --slot blue --live");
        if engine != Engine::Mariadb {
            world.expect(0, "guard install");
        }

        write(
            &world,
            "002",
            HANDLE,
            "ALTER TABLE users DROP COLUMN handle",
        );
        world.expect(0, "release record v2 --slot green");
        let refused = world.expect(3, "gate cutover --to green");
        assert!(
            refused.answer.contains("is not applied"),
            "{}",
            refused.answer
        );
        run_elsewhere(&world, "002", HANDLE);
        // A gate writes nothing, and sees it all the same.
        world.expect(0, "gate cutover --to green");
        let status = world.expect(0, "status").answer;
        assert!(status.contains("2 of 2 migrations are applied"), "{status}");
        world.expect(0, "cutover --to green");

        // The drop waits for v1, whoever would run it.
        write(&world, "003", DROP, "SELECT 1");
        let refused = world.expect(3, "gate contract --migration 003");
        assert!(
            refused.answer.contains("a rollback to v1"),
            "{}",
            refused.answer
        );
        world.run(&["retire", "blue", "--early", "--reason", "v2 holds"]);
        world.expect(0, "release record v3 --slot blue");
        world.expect(0, "cutover --to blue");
        world.run(&["retire", "green", "--early", "--reason", "v3 holds"]);
        world.expect(0, "gate contract --migration 003");
        // The guard holds against what v3 needs, and lets pass what it was built to lose.
        if engine != Engine::Mariadb {
            world.refusal("ALTER TABLE users DROP COLUMN email");
        }
        run_elsewhere(&world, "003", DROP);
        let status = world.expect(0, "status").answer;
        assert!(status.contains("3 of 3 migrations are applied"), "{status}");
        world.expect(0, "release record v3 --slot blue --live");
        world.expect(0, "status --check");
        if engine != Engine::Mariadb {
            world.expect(0, "guard status --check");
        }
    }
}

#[test]
fn what_the_other_tool_takes_back_is_not_applied_any_more() {
    for engine in ENGINES {
        let world = dbmate(engine);
        write(&world, "001", USERS, "DROP TABLE users");
        write(
            &world,
            "002",
            HANDLE,
            "ALTER TABLE users DROP COLUMN handle",
        );
        run_elsewhere(&world, "001", USERS);
        run_elsewhere(&world, "002", HANDLE);
        world.expect(0, "release record v1 --slot blue --live");
        world.expect(0, "release record v2 --slot green");
        world.expect(0, "gate cutover --to green");
        world.sql("ALTER TABLE users DROP COLUMN handle; DELETE FROM schema_migrations WHERE version = '002'");
        let refused = world.expect(3, "cutover --to green");
        assert!(
            refused.answer.contains("expand step 002"),
            "{}",
            refused.answer
        );
        let history = world.expect(0, "history").answer;
        assert!(history.contains("undone"), "{history}");
        world.expect(0, "status --check");
    }
}

#[test]
fn a_database_without_the_tools_table_is_the_wrong_one() {
    let world = dbmate(Engine::Sqlite);
    write(&world, "001", USERS, "DROP TABLE users");
    run_elsewhere(&world, "001", USERS);
    world.expect(0, "release record v1 --slot blue --live");
    world.sql("DROP TABLE schema_migrations");
    let said = world.expect(2, "gate contract");
    assert!(
        said.talk.contains("has no table of a migration tool"),
        "{}",
        said.talk
    );
    world.write("bgmigrate.toml", "runner = \"nobody\"\n");
    world.expect(2, "status");
}
