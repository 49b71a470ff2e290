//! The story of the README: a column is renamed over four releases, and a rollback works at each point where one was
//! promised.

use crate::world::{ENGINES, Engine, World};

const RELEASES: [(&str, &str); 4] = [
    (
        "0001_create_users",
        "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), email varchar(50) NOT NULL);",
    ),
    (
        "0002_add_handle",
        "ALTER TABLE users ADD COLUMN handle varchar(50);",
    ),
    (
        "0003_fill_handle",
        "UPDATE users SET handle = username WHERE handle IS NULL;",
    ),
    (
        "0004_drop_username",
        "ALTER TABLE users DROP COLUMN username;",
    ),
];

/// Every command of it ends with the status that the story says, or the demo fails.
#[test]
fn the_demo_tells_the_story_and_leaves_nothing_behind() {
    let world = World::new(Engine::Sqlite, "demo");
    let temporary = world.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut demo = world.command(&["demo"]);
    let said = crate::world::said(&demo.env("TMPDIR", &temporary).output().unwrap());
    assert_eq!(said.status, 0, "{}\n{}", said.answer, said.talk);
    assert!(
        said.answer
            .contains("a rollback to v3 in blue of app is still possible"),
        "{}",
        said.answer
    );
    assert!(
        said.answer.ends_with("4 of 4 migrations are applied\n"),
        "{}",
        said.answer
    );
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}

fn release(world: &World, number: usize) {
    let (name, sql) = RELEASES[number - 1];
    world.migration(name, sql);
}

#[test]
fn a_drop_waits_for_the_rollback_that_needs_it() {
    for engine in ENGINES {
        tell(&World::new(engine, "story"));
    }
}

/// The same with a guard in the database: what the gates allow it lets pass.
#[test]
fn a_guard_lets_the_whole_story_pass() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::new(engine, "guarded_story");
        world.expect(0, "init --guard");
        tell(&world);
        world.expect(0, "guard status --check");
    }
}

fn tell(world: &World) {
    let engine = world.engine;
    world.write("live", "blue\n");
    release(world, 1);
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.sql("INSERT INTO users (id, username, email) VALUES (1, 'ann', 'ann@example.org')");

    // v2 adds the column; it may only go live once the column is there.
    release(world, 2);
    world.expect(0, "release record v2 --slot green");
    let refused = world.expect(3, "gate cutover --to green");
    assert!(
        refused
            .answer
            .contains("expand step 0002_add_handle, which v2 ships, is not applied"),
        "{}",
        refused.answer
    );
    world.expect(0, "apply");
    world.expect(0, "cutover --to green");
    assert_eq!(
        std::fs::read_to_string(world.path("live")).unwrap(),
        "green\n"
    );

    // A rollback to v1, and forward again.
    world.expect(0, "gate rollback");
    world.expect(0, "rollback");
    assert_eq!(
        std::fs::read_to_string(world.path("live")).unwrap(),
        "blue\n"
    );
    world.expect(0, "cutover --to green");

    // v3 fills it, in the slot that v1 leaves.
    world.expect(3, "retire blue");
    world.run(&[
        "retire",
        "blue",
        "--early",
        "--reason",
        "the test cannot wait",
    ]);
    release(world, 3);
    world.expect(0, "release record v3 --slot blue");
    world.expect(0, "apply");
    world.expect(0, "cutover --to blue");
    assert_eq!(world.ask("SELECT handle FROM users"), "ann");

    // v4 drops the old column, but not while v3 is what a rollback returns to.
    world.run(&[
        "retire",
        "green",
        "--early",
        "--reason",
        "the test cannot wait",
    ]);
    release(world, 4);
    world.expect(0, "release record v4 --slot green");
    world.expect(0, "apply");
    world.expect(0, "cutover --to green");
    let refused = world.expect(3, "apply --phase contract");
    assert!(
        refused
            .answer
            .contains("a rollback to v3 in blue of app is still possible"),
        "{}",
        refused.answer
    );
    assert!(
        refused.answer.contains("bgmigrate retire blue"),
        "{}",
        refused.answer
    );
    assert_eq!(world.ask("SELECT username FROM users"), "ann");
    world.expect(0, "gate rollback");

    // Once v3 is retired the drop runs, and the way back is closed.
    world.run(&["retire", "blue", "--early", "--reason", "v4 holds"]);
    world.expect(0, "gate contract");
    world.expect(0, "apply --phase contract");
    let closed = world.expect(3, "rollback");
    assert!(
        closed.answer.contains("v3 was retired in blue"),
        "{}",
        closed.answer
    );
    assert_eq!(
        std::fs::read_to_string(world.path("live")).unwrap(),
        "green\n"
    );

    // The history tells all of it, and the tables are what it comes to.
    world.expect(0, "status --check");
    let history = world.expect(0, "history --format json").answer;
    assert_eq!(
        history.matches("\"cutover-completed\"").count(),
        5,
        "{engine:?} {history}"
    );
    assert!(history.contains("\"actor\": \"ann\""), "{history}");
    assert!(history.contains("the test cannot wait"), "{history}");
}

#[test]
fn a_router_that_was_moved_by_hand_shuts_the_gates() {
    let world = World::new(Engine::Sqlite, "drift");
    world.write("live", "blue\n");
    for number in [1, 2] {
        release(&world, number);
    }
    world.expect(0, "apply");
    world.expect(0, "release record v2 --slot blue --live");
    release(&world, 4);
    world.expect(0, "release record v4 --slot blue --live");
    world.expect(0, "gate contract");
    world.write("live", "green\n");
    let refused = world.expect(3, "gate contract");
    assert!(
        refused
            .answer
            .contains("the router of app sends traffic to green"),
        "{}",
        refused.answer
    );
}

#[test]
fn tables_that_were_edited_by_hand_are_told_and_written_anew() {
    for engine in ENGINES {
        let world = World::new(engine, "repair");
        release(&world, 1);
        world.expect(0, "apply");
        world.expect(0, "release record v1 --slot blue --live");
        let table = if engine == Engine::Postgres {
            "bgmigrate.slot"
        } else {
            "bgmigrate_slot"
        };
        world.sql(&format!("UPDATE {table} SET role = 'standby'"));
        let differs = world.expect(5, "status --check");
        assert!(
            differs.answer.contains("slot blue of app"),
            "{}",
            differs.answer
        );
        world.expect(0, "status --check --repair");
        world.expect(0, "status --check");
    }
}
