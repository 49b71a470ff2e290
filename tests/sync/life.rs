//! From the file that asks for the triggers to the one that drops a side.

use crate::catalog::catalog;
use crate::world::{ENGINES, Engine, World, said};

const BASE: &str = "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), age integer);\n\
                    INSERT INTO users (id, username, age) VALUES (1, 'ann', 30), (2, NULL, 31);";

const EXPAND: &str = "-- bgmigrate: sync=users.username<->users.handle\n\
                      ALTER TABLE users ADD COLUMN handle varchar(50);";

const MIGRATE: &str =
    "UPDATE users SET handle = username WHERE handle IS NULL AND username IS NOT NULL;";

fn folder(engine: Engine, name: &str) -> World {
    let world = World::new(engine, name);
    world.write("live", "blue\n");
    world.migration("0001_users", BASE);
    world.expect(0, "apply --phase all");
    world.expect(0, "release record v1 --slot blue --live");
    world.migration("0002_handle", EXPAND);
    world
}

fn retire(world: &World, slot: &str) {
    let retired = world.run(&[
        "retire",
        slot,
        "--early",
        "--reason",
        "the test cannot wait",
    ]);
    assert_eq!(retired.status, 0, "{}", retired.talk);
}

const SIDES: &str = "SELECT id, username, handle FROM users ORDER BY id";

#[test]
fn a_pair_is_kept_in_step_until_a_side_goes() {
    for engine in ENGINES {
        for guarded in [false, true] {
            if guarded && engine == Engine::Mariadb {
                continue;
            }
            let world = folder(engine, "sync_life");
            if guarded {
                world.expect(0, "init --guard");
            }
            let before = catalog(&world);
            assert!(world.run(&["lint"]).answer.find("broken-sync").is_none());
            let dry = world.expect(0, "apply --dry-run").answer;
            assert!(dry.contains("CREATE TRIGGER"), "{dry}");
            let classified = world.expect(0, "classify").answer;
            assert!(
                classified.contains("keeps users.username and users.handle in step"),
                "{classified}"
            );
            let plan = world.expect(0, "plan").answer;
            assert!(plan.contains("CREATE TRIGGER"), "{plan}");
            world.expect(0, "apply");
            let status = world.expect(0, "status").answer;
            assert!(status.contains("users.username<->users.handle"), "{status}");
            world.expect(0, "undo 0002_handle");
            assert_eq!(catalog(&world), before, "{engine:?}");
            world.expect(0, "apply");
            world.migration("0003_fill", MIGRATE);
            world.expect(0, "apply");
            world.expect(0, "release record v2 --slot green");
            world.sql("INSERT INTO users (id, username) VALUES (3, 'old')");
            world.sql("INSERT INTO users (id, handle) VALUES (4, 'new')");
            world.expect(0, "cutover --to green");
            world.sql("UPDATE users SET handle = 'eve' WHERE id = 1");
            world.expect(0, "rollback");
            world.sql("UPDATE users SET username = NULL WHERE id = 3");
            world.expect(0, "cutover --to green");
            assert_eq!(
                world.ask(SIDES),
                "1|eve|eve 2|| 3|| 4|new|new",
                "{engine:?}"
            );
            world.migration("0004_drop", "ALTER TABLE users DROP COLUMN username;");
            world.expect(3, "apply --phase contract");
            retire(&world, "blue");
            world.expect(0, "release record v3 --slot blue");
            world.expect(0, "cutover --to blue");
            retire(&world, "green");
            let dry = world.expect(0, "apply --phase contract --dry-run").answer;
            assert!(dry.contains("DROP TRIGGER"), "{dry}");
            world.expect(0, "apply --phase contract");
            world.sql("INSERT INTO users (id, handle) VALUES (5, 'last')");
            let left = catalog(&world);
            for ours in ["_sync", "trigger", "function"] {
                assert!(!left.contains(ours), "{engine:?}: {left}");
            }
            let status = world.expect(0, "status").answer;
            assert!(!status.contains("<->"), "{status}");
            world.expect(0, "status --check");
            if guarded {
                world.expect(0, "guard status --check");
            }
        }
    }
}

/// A run that is killed at each point where it talks to the database; the next one finishes what it left.
#[test]
fn what_was_killed_is_finished() {
    for engine in ENGINES {
        for command in ["apply", "undo 0002_handle", "apply --phase contract"] {
            let ready = || {
                let world = folder(engine, "sync_killed");
                if command != "apply" {
                    world.expect(0, "apply");
                }
                if command.ends_with("contract") {
                    world.migration("0004_drop", "ALTER TABLE users DROP COLUMN username;");
                    world.expect(0, "release record v2 --slot green");
                    world.expect(0, "cutover --to green");
                    retire(&world, "blue");
                }
                world
            };
            let undisturbed = ready();
            undisturbed.expect(0, command);
            let expected = catalog(&undisturbed);
            let mut deaths = 0;
            for at in (1..).step_by(7) {
                let world = ready();
                let words: Vec<_> = command.split(' ').collect();
                let mut killed = world.command(&words);
                let killed = killed.env("BGMIGRATE_DIE_AT", at.to_string());
                let first = said(&killed.output().unwrap());
                if first.status == 0 {
                    break;
                }
                deaths += 1;
                let is_undone = command.starts_with("undo")
                    && !world.expect(0, "status").answer.contains("undo was begun")
                    && world.expect(0, "status").answer.contains("Pending expand");
                if !is_undone {
                    world.expect(0, command);
                }
                let place = format!("{engine:?}: {command} died at {at}");
                assert_eq!(catalog(&world), expected, "{place}");
                world.expect(0, "status --check");
            }
            assert!(deaths > 2, "{engine:?}: {command}: only {deaths} points");
        }
    }
}

#[test]
fn a_table_that_is_made_anew_keeps_its_pair_where_the_file_says_so() {
    let world = folder(Engine::Sqlite, "sync_rebuilt");
    world.expect(0, "apply");
    let rebuild = |directive: &str| {
        format!(
            "CREATE TABLE users_new (id integer PRIMARY KEY, username varchar(50), handle varchar(50), age integer);\n\
             INSERT INTO users_new (id, username, handle, age) SELECT id, username, handle, age FROM users;\n\
             DROP TABLE users;\n{directive}ALTER TABLE users_new RENAME TO users;\n"
        )
    };
    world.migration("0003_again", &rebuild(""));
    let found = world.run(&["lint"]);
    assert!(found.answer.contains("broken-sync"), "{}", found.answer);
    world.migration(
        "0003_again",
        &rebuild("-- bgmigrate: sync=users.username<->users.handle\n"),
    );
    let found = world.run(&["lint"]).answer;
    assert!(!found.contains("go with the old table"), "{found}");
}

#[test]
fn what_cannot_be_kept_in_step_is_refused_with_the_place_and_the_way_out() {
    let cases = [
        (
            "sync=users.username<->users.handel",
            "ALTER TABLE users ADD COLUMN handle varchar(50);",
            "the table `users` has no column `handel`",
        ),
        (
            "sync=users.age<->users.years",
            "ALTER TABLE users ADD COLUMN years varchar(9);",
            "a plain copy may not fit",
        ),
        (
            "sync=users.id<->users.key",
            "ALTER TABLE users ADD COLUMN key integer;",
            "`users.id` ",
        ),
        (
            r#"sync="users.age = years <-> users.years = age + id""#,
            "ALTER TABLE users ADD COLUMN years integer;",
            "`users.years` is made of `id`, which is no column of the other side",
        ),
        (
            r#"sync="users.age = years <-> users.years = (SELECT max(age) FROM users)""#,
            "ALTER TABLE users ADD COLUMN years integer;",
            "made of",
        ),
        (
            "sync=users.username<->users.handle",
            "ALTER TABLE users ADD COLUMN handle varchar(50); ALTER TABLE users DROP COLUMN age;",
            "stands in a mixed file",
        ),
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for (directive, sql, told) in cases {
            let world = folder(engine, "sync_refused");
            let place = if sql.contains("DROP") { "\n\n" } else { "\n" };
            world.migration(
                "0002_handle",
                &format!("-- bgmigrate: {directive}{place}{sql}"),
            );
            let found = world.expect(1, "lint").answer;
            assert!(
                found.contains("broken-sync") && found.contains(told),
                "{told}: {found}"
            );
            let before = catalog(&world);
            let refused = world.run(&["apply", "--phase", "all"]);
            assert!(refused.status != 0, "{told}: {}", refused.answer);
            assert_eq!(catalog(&world), before, "{told}");
        }
    }
}
