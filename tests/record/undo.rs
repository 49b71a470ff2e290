//! An expand step is taken back while nobody needs it, and never while somebody may.

use crate::world::{ENGINES, Engine, World};

fn world(engine: Engine, name: &str) -> World {
    let world = World::new(engine, name);
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, name varchar(50));",
    );
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.migration(
        "0002_handle",
        "ALTER TABLE users ADD COLUMN handle varchar(50);\nCREATE INDEX users_handle ON users (handle);",
    );
    world.expect(0, "apply");
    world
}

/// 1 where `users` has the column, else 0.
fn handles(world: &World) -> String {
    let query = match world.engine {
        Engine::Sqlite => "SELECT count(*) FROM pragma_table_info('users') WHERE name = 'handle'",
        Engine::Postgres => {
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'handle'"
        }
        Engine::Mariadb => {
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' \
             AND column_name = 'handle'"
        }
    };
    world.ask(query)
}

#[test]
fn what_nobody_ships_is_taken_back_by_its_certain_inverse() {
    for engine in ENGINES {
        let world = world(engine, "undo");
        let dry = world.expect(0, "undo 0002_handle --dry-run");
        assert!(dry.answer.contains("DROP INDEX"), "{}", dry.answer);
        assert_eq!(handles(&world), "1");
        world.expect(0, "undo 0002_handle");
        assert_eq!(handles(&world), "0", "{engine:?}");
        // It is pending again.
        world.expect(0, "apply");
        assert_eq!(handles(&world), "1", "{engine:?}");
        let history = world.expect(0, "history");
        assert!(history.answer.contains("undone"), "{}", history.answer);
    }
}

#[test]
fn what_a_release_ships_or_a_later_step_builds_on_stays() {
    let world = world(Engine::Sqlite, "undo_refused");
    world.expect(0, "release record v2 --slot green");
    let said = world.expect(3, "undo 0002_handle");
    assert!(
        said.answer.contains("v2 in green of app ships it"),
        "{}",
        said.answer
    );
    world.expect(0, "retire green");
    world.migration(
        "0003_more",
        "CREATE INDEX users_handle_name ON users (handle, name);",
    );
    world.expect(0, "apply");
    let said = world.expect(3, "undo 0002_handle");
    assert!(
        said.answer.contains("bgmigrate undo 0003_more"),
        "{}",
        said.answer
    );
    world.expect(0, "undo 0003_more");
    world.expect(0, "undo 0002_handle");
    assert_eq!(handles(&world), "0");
}

#[test]
fn a_migration_without_a_certain_way_back_is_named() {
    let world = World::new(Engine::Sqlite, "undo_uncertain");
    world.migration(
        "0001_users",
        "CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY);",
    );
    world.expect(0, "apply");
    let said = world.expect(2, "undo 0001_users");
    assert!(
        said.talk.contains("may have been there before"),
        "{}",
        said.talk
    );
}

#[test]
fn an_undo_that_the_database_refuses_leaves_the_migration_applied() {
    let world = world(Engine::Postgres, "undo_fails");
    world.sql("CREATE VIEW handles AS SELECT handle FROM users");
    let said = world.expect(5, "undo 0002_handle");
    assert!(said.talk.contains("still applied"), "{}", said.talk);
    assert_eq!(handles(&world), "1");
    world.expect(0, "apply");
    world.sql("DROP VIEW handles");
    world.expect(0, "undo 0002_handle");
    assert_eq!(handles(&world), "0");
}

#[test]
fn an_undo_that_was_stopped_in_its_middle_is_gone_on_with() {
    let world = world(Engine::Mariadb, "undo_resumed");
    // The index is gone, and the column cannot be dropped.
    world.sql("ALTER TABLE users ADD CONSTRAINT handles CHECK (handle <> name)");
    world.expect(5, "undo 0002_handle");
    let status = world.expect(0, "status");
    assert!(
        status.answer.contains("undo was begun"),
        "{}",
        status.answer
    );
    world.expect(3, "apply");
    world.sql("ALTER TABLE users DROP CONSTRAINT handles");
    world.expect(0, "undo 0002_handle");
    assert_eq!(handles(&world), "0");
}
