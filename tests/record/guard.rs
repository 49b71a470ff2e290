//! The guard, as the commands keep it in step with the record.

use crate::world::{Engine, World};

/// v1 serves; v2 is staged and ships a column more. The guard is on.
fn two_releases(engine: Engine) -> World {
    let world = World::new(engine, "guarded");
    world.write("live", "blue\n");
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), email varchar(50));",
    );
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.expect(0, "guard install");
    world.migration(
        "0002_handle",
        "ALTER TABLE users ADD COLUMN handle varchar(50);",
    );
    world.expect(0, "release record v2 --slot green");
    world.expect(0, "apply");
    world
}

#[test]
fn another_client_is_refused_what_a_release_relies_on() {
    let world = two_releases(Engine::Postgres);
    let refused = world.refusal("ALTER TABLE users DROP COLUMN username");
    assert!(
        refused.contains("release v1 of app in slot blue relies on table public.users"),
        "{refused}"
    );
    // The step that v2 ships was applied after v2 was recorded: it relies on its column too.
    let refused = world.refusal("ALTER TABLE users DROP COLUMN handle");
    assert!(
        refused.contains("release v2 of app in slot green"),
        "{refused}"
    );
    world.sql("ALTER TABLE users ADD COLUMN note text");
    world.sql("ALTER TABLE users DROP COLUMN note");
    world.expect(0, "guard status --check");
}

#[test]
fn on_sqlite_views_keep_the_columns() {
    let world = two_releases(Engine::Sqlite);
    for column in ["username", "handle"] {
        let refused = world.refusal(&format!("ALTER TABLE users DROP COLUMN {column}"));
        assert!(refused.contains("bgmigrate_pin_app_"), "{refused}");
    }
    world.expect(0, "guard status --check");
    // What SQLite lets pass shows afterwards.
    world.sql("DROP TABLE users");
    let said = world.expect(5, "guard status --check");
    assert!(
        said.answer
            .contains("release v1 of app in blue relies on table users: it is gone"),
        "{}",
        said.answer
    );
}

#[test]
fn a_release_that_is_retired_is_let_go_of() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let world = two_releases(engine);
        world.expect(0, "cutover --to green");
        world.refusal("ALTER TABLE users DROP COLUMN username");
        // v2 was built with it as well, so the column stays until a release drops it.
        world.run(&["retire", "blue", "--early", "--reason", "v2 holds"]);
        let refused = world.refusal("ALTER TABLE users DROP COLUMN username");
        assert!(!refused.contains("v1"), "{refused}");
        world.migration("0003_drop", "ALTER TABLE users DROP COLUMN username;");
        world.expect(0, "release record v3 --slot green --live");
        world.expect(0, "apply --phase contract");
        world.expect(0, "guard status --check");
        world.refusal("ALTER TABLE users DROP COLUMN handle");
    }
}

#[test]
fn every_kind_of_contract_step_that_the_gates_allow_passes() {
    let steps = [
        (
            "0003_index",
            "CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email);",
        ),
        (
            "0004_required",
            "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        ),
        (
            "0005_check",
            "ALTER TABLE users ADD CONSTRAINT known CHECK (email <> '');",
        ),
        (
            "0006_rename",
            "ALTER TABLE users RENAME COLUMN username TO login;",
        ),
        ("0007_no_index", "DROP INDEX CONCURRENTLY users_email;"),
        (
            "0008_opaque",
            "DO $$ BEGIN EXECUTE 'ALTER TABLE users DROP COLUMN login'; END $$;",
        ),
        ("0009_table", "ALTER TABLE users RENAME TO people;"),
        ("0010_revoke", "REVOKE SELECT ON people FROM PUBLIC;"),
        (
            "0011_type",
            "ALTER TABLE people ALTER COLUMN email TYPE varchar(20);",
        ),
        ("0012_gone", "DROP TABLE people;"),
    ];
    let world = two_releases(Engine::Postgres);
    world.run(&["retire", "green", "--early", "--reason", "not needed"]);
    for (name, sql) in steps {
        world.migration(name, sql);
    }
    world.sql("GRANT SELECT ON users TO PUBLIC");
    world.expect(3, "apply --phase all");
    world.expect(0, "release record v9 --slot blue --live");
    world.expect(0, "apply --phase all");
    world.expect(0, "guard status --check");
    assert_eq!(world.ask("SELECT to_regclass('people')::text"), "");
}

#[test]
fn an_undo_passes_though_a_release_came_to_see_the_step() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let world = two_releases(engine);
        // Recorded while the column was there, though it was not built with it.
        std::fs::remove_file(world.path("migrations/0002_handle.sql")).unwrap();
        world.expect(0, "release record v1.1 --slot blue --live");
        world.run(&["retire", "green", "--early", "--reason", "given up"]);
        world.refusal("ALTER TABLE users DROP COLUMN handle");
        world.migration(
            "0002_handle",
            "ALTER TABLE users ADD COLUMN handle varchar(50);",
        );
        world.expect(0, "undo 0002_handle");
        world.expect(0, "guard status --check");
        world.refusal("ALTER TABLE users DROP COLUMN username");
    }
}

#[test]
fn an_override_serves_once_and_a_switched_off_guard_shows() {
    let world = two_releases(Engine::Postgres);
    let allowed = world.run(&["guard", "allow", "--reason", "INC-7"]);
    assert_eq!(allowed.status, 0, "{}", allowed.talk);
    let set = allowed.answer.trim();
    world.sql(&format!(
        "BEGIN; {set} ALTER TABLE users DROP COLUMN username; COMMIT"
    ));
    let again = format!("BEGIN; {set} ALTER TABLE users DROP COLUMN email; COMMIT");
    world.refusal(&again);

    world.run(&["guard", "disable", "--reason", "a restore"]);
    let off = world.expect(5, "guard status --check");
    assert!(off.answer.contains("switched off"), "{}", off.answer);
    let status = world.expect(0, "status").answer;
    assert!(status.contains("bgmigrate guard enable"), "{status}");
    world.sql("ALTER TABLE users DROP COLUMN email");
    world.run(&["guard", "enable", "--reason", "restored"]);
    let broken = world.expect(5, "guard status --check");
    assert!(
        broken.answer.contains("relies on table public.users"),
        "{}",
        broken.answer
    );
    world.run(&["guard", "accept", "--reason", "it is so now"]);
    world.expect(0, "guard status --check");
    world.refusal("DROP TABLE users");

    world.run(&["guard", "remove", "--reason", "no more"]);
    world.expect(5, "guard status --check");
    world.sql("DROP TABLE users");
    assert_eq!(
        world.ask("SELECT what FROM bgmigrate.guard_log ORDER BY id"),
        "allow override disable enable accept remove"
    );
}

#[test]
fn a_tool_that_is_not_the_owner_is_trusted_by_name() {
    let world = two_releases(Engine::Postgres);
    world.sql(
        "DO $$ BEGIN CREATE ROLE record_deployer LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
         GRANT ALL ON SCHEMA bgmigrate, public TO record_deployer; \
         GRANT ALL ON ALL TABLES IN SCHEMA bgmigrate TO record_deployer; \
         REVOKE ALL ON bgmigrate.pin, bgmigrate.pin_release, bgmigrate.guard FROM record_deployer",
    );
    let url = world
        .url
        .replacen("user=postgres", "user=record_deployer", 1);
    assert_ne!(url, world.url);
    let deployer = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        crate::world::said(
            &world
                .command(&arguments)
                .env("DATABASE_URL", &url)
                .output()
                .unwrap(),
        )
    };
    let refused = deployer("release record v3 --slot green");
    assert_eq!(refused.status, 2, "{}", refused.talk);
    assert!(
        refused.talk.contains("bgmigrate guard install --for"),
        "{}",
        refused.talk
    );
    world.expect(0, "guard install --for record_deployer");
    let recorded = deployer("release record v3 --slot green");
    assert_eq!(recorded.status, 0, "{}", recorded.talk);
}

#[test]
fn mariadb_says_what_it_cannot_do() {
    let world = World::new(Engine::Mariadb, "no_guard");
    let said = world.expect(2, "guard install");
    assert!(
        said.talk
            .contains("MySQL and MariaDB have no trigger for DDL"),
        "{}",
        said.talk
    );
    world.expect(0, "guard status");
    world.expect(5, "guard status --check");
}
