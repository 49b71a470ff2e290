//! The review against the record: what is applied, what may run today, what is refused and until when.

use crate::world::{ENGINES, Engine, World};

fn steps(world: &World, status: i32) -> Vec<(String, String)> {
    let said = world.expect(status, "plan --format json");
    let plan: serde_json::Value = serde_json::from_str(&said.answer).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    let told = steps.iter().map(|step| {
        let refusals = step["blocked_by"].as_array().unwrap();
        let rules: Vec<_> = refusals
            .iter()
            .map(|one| one["rule"].as_str().unwrap())
            .collect();
        let status = step["status"].as_str().unwrap();
        let migration = step["migration"].as_str().unwrap().to_owned();
        (
            migration,
            format!("{status} {}", rules.join(" ")).trim().to_owned(),
        )
    });
    told.collect()
}

fn expect(world: &World, status: i32, wanted: &[(&str, &str)]) {
    let told = steps(world, status);
    let told: Vec<_> = told
        .iter()
        .map(|(id, what)| (id.as_str(), what.as_str()))
        .collect();
    assert_eq!(told, wanted, "{:?}", world.engine);
}

#[test]
fn each_step_is_what_the_gates_say_of_it_today() {
    for engine in ENGINES {
        let world = World::new(engine, "plan");
        world.write("live", "blue\n");
        world.migration(
            "0001_users",
            "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50));",
        );
        world.expect(0, "apply");
        world.expect(0, "release record v1 --slot blue --live");
        world.migration(
            "0002_handle",
            "ALTER TABLE users ADD COLUMN handle varchar(50);",
        );
        world.migration("0003_drop", "ALTER TABLE users DROP COLUMN username;");
        world.migration(
            "0004_again",
            "ALTER TABLE users ADD COLUMN username integer;",
        );
        expect(
            &world,
            0,
            &[
                ("0001_users", "applied"),
                ("0002_handle", "ready"),
                ("0003_drop", "waiting contract-gate"),
                ("0004_again", "waiting order"),
            ],
        );

        std::fs::remove_file(world.path("migrations/0004_again.sql")).unwrap();
        world.expect(0, "apply");
        world.expect(0, "release record v2 --slot green");
        world.expect(0, "cutover --to green");
        let said = world.expect(0, "plan");
        for part in [
            "2 migrations applied already",
            "v1 in blue of app is still possible",
            "until 2",
            "bgmigrate retire blue",
        ] {
            assert!(said.answer.contains(part), "no {part} in\n{}", said.answer);
        }
        assert!(!said.answer.contains("0001_users"), "{}", said.answer);
        world.run(&[
            "retire",
            "blue",
            "--early",
            "--reason",
            "the test cannot wait",
        ]);
        expect(
            &world,
            0,
            &[
                ("0001_users", "applied"),
                ("0002_handle", "applied"),
                ("0003_drop", "ready"),
            ],
        );
    }
}

#[test]
fn an_applied_file_that_was_edited_is_refused() {
    let world = World::new(Engine::Sqlite, "plan_edited");
    world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
    world.expect(0, "apply");
    world.migration("0001_users", "CREATE TABLE users (id bigint PRIMARY KEY);");
    expect(&world, 3, &[("0001_users", "refused edited")]);
}

#[test]
fn a_database_that_cannot_be_asked_is_an_error_and_none_is_asked_offline() {
    let mut world = World::new(Engine::Postgres, "plan_offline");
    world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
    let said = world.expect(0, "plan");
    assert!(said.answer.contains("has no record yet"), "{}", said.answer);
    world.url = "postgres://127.0.0.1:1/nobody".to_owned();
    let said = world.expect(4, "plan");
    assert!(said.talk.contains("--offline"), "{}", said.talk);
    let said = world.expect(0, "plan --offline");
    assert!(
        said.answer.contains("no database was asked"),
        "{}",
        said.answer
    );
}
