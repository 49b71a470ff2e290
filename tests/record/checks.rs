//! What a migration asks to be checked before the cutover is asked, and read only.

use crate::world::{ENGINES, World};

#[test]
fn a_check_that_does_not_hold_shuts_the_gate_of_the_release_that_ships_it() {
    for engine in ENGINES {
        let world = World::new(engine, "checks");
        world.write("live", "blue\n");
        world.migration(
            "0001_users",
            "CREATE TABLE users (id integer PRIMARY KEY, name varchar(50), handle varchar(50));",
        );
        world.expect(0, "apply");
        world.expect(0, "release record v1 --slot blue --live");
        world.migration(
            "0002_fill",
            "-- bgmigrate: check=\"SELECT id FROM users WHERE handle IS NULL\"\n\
             UPDATE users SET handle = name WHERE handle IS NULL;",
        );
        world.expect(0, "apply");
        world.expect(0, "release record v2 --slot green");
        world.sql("INSERT INTO users (id, name) VALUES (7, 'ann')");
        for command in ["gate cutover --to green", "cutover --to green"] {
            let said = world.expect(3, command);
            assert!(
                said.answer
                    .contains("the check of 0002_fill does not hold: it finds 7"),
                "{}",
                said.answer
            );
        }
        world.sql("UPDATE users SET handle = name");
        world.expect(0, "gate cutover --to green");
        world.expect(0, "cutover --to green");
    }
}

#[test]
fn a_check_changes_nothing() {
    for engine in ENGINES {
        let world = World::new(engine, "checks_write");
        world.write("live", "blue\n");
        world.migration(
            "0001_users",
            "-- bgmigrate: check=\"DELETE FROM users\"\nCREATE TABLE users (id integer PRIMARY KEY);",
        );
        let applied = world.run(&["apply"]);
        if applied.status != 0 {
            // Said to be no query before anything ran.
            assert_eq!(applied.status, 2, "{}", applied.talk);
            continue;
        }
        world.sql("INSERT INTO users VALUES (1)");
        world.expect(0, "release record v1 --slot green");
        world.expect(3, "gate cutover --to green");
        assert_eq!(world.ask("SELECT count(*) FROM users"), "1");
    }
}
