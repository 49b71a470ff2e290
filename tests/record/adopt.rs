//! A team that has migrated with another tool: its table says what is applied.

use crate::world::{ENGINES, Engine, World};

/// A table as the tool makes it, with the first two of three migrations in it.
fn tools(engine: Engine) -> Vec<(&'static str, &'static str, &'static [&'static str])> {
    let mut tools: Vec<(&str, &str, &[&str])> = vec![
        (
            "golang-migrate",
            "up.sql",
            &[
                "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
                "INSERT INTO schema_migrations VALUES (2, false)",
            ],
        ),
        (
            "dbmate",
            "sql",
            &[
                "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)",
                "INSERT INTO schema_migrations VALUES ('001'), ('002')",
            ],
        ),
    ];
    if engine == Engine::Postgres {
        tools.push((
            "sqlx",
            "sql",
            &[
                "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, installed_on \
                 timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time \
                 bigint NOT NULL)",
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (1, 'a', \
                 true, '\\x00', 1), (2, 'b', true, '\\x00', 1)",
            ],
        ));
    }
    tools
}

fn folder(world: &World, layout: &str, suffix: &str) {
    let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    world.write(
        "bgmigrate.toml",
        &config.replace("\"numbered\"", &format!("\"{layout}\"")),
    );
    let up = if layout == "dbmate" {
        "-- migrate:up\n"
    } else {
        ""
    };
    for (name, sql) in [
        (
            "001_users",
            "CREATE TABLE users (id integer PRIMARY KEY, name varchar(50));",
        ),
        (
            "002_handle",
            "ALTER TABLE users ADD COLUMN handle varchar(50);",
        ),
        ("003_drop", "ALTER TABLE users DROP COLUMN name;"),
    ] {
        world.write(
            &format!("migrations/{name}.{suffix}"),
            &format!("{up}{sql}"),
        );
    }
}

#[test]
fn what_another_tool_has_applied_is_taken_over_and_not_run_again() {
    for engine in ENGINES {
        for (tool, suffix, table) in tools(engine) {
            let world = World::new(engine, &format!("adopt_{}", tool.replace('-', "_")));
            folder(&world, tool, suffix);
            world.sql(
                "CREATE TABLE users (id integer PRIMARY KEY, name varchar(50), handle varchar(50))",
            );
            for sql in table {
                world.sql(sql);
            }
            let said = world.expect(0, "init");
            assert!(
                said.talk.contains("2 migrations adopted"),
                "{tool}: {}",
                said.talk
            );
            let said = world.expect(0, "init");
            assert!(
                said.talk.contains("0 migrations adopted"),
                "{tool}: {}",
                said.talk
            );
            world.expect(0, "apply --phase all");
            let said = world.expect(0, "status");
            assert!(
                said.answer.contains("3 of 3 migrations are applied"),
                "{tool}: {}",
                said.answer
            );
        }
    }
}

#[test]
fn a_table_that_speaks_of_a_failure_is_refused_and_nothing_is_recorded() {
    let world = World::new(Engine::Sqlite, "adopt_dirty");
    folder(&world, "golang-migrate", "up.sql");
    world.sql("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)");
    world.sql("INSERT INTO schema_migrations VALUES (2, true)");
    let said = world.expect(2, "init");
    assert!(said.talk.contains("did not succeed"), "{}", said.talk);
    let said = world.expect(0, "status");
    assert!(said.talk.contains("no record yet"), "{}", said.talk);
}

#[test]
fn a_tool_that_is_named_must_have_its_table() {
    let world = World::new(Engine::Sqlite, "adopt_missing");
    folder(&world, "dbmate", "sql");
    let said = world.expect(2, "init --from flyway");
    assert!(said.talk.contains("Flyway"), "{}", said.talk);
    world.expect(0, "init");
}
