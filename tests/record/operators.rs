//! A cutover and a rollback that die at each point where they talk to the record, and two who move traffic at once:
//! afterwards one command leads to where router and record agree.

use std::process::Stdio;

use crate::world::{ENGINES, Engine, Said, World, said};

/// v1 is live in blue, and v2 staged in green.
fn staged(engine: Engine) -> World {
    let world = World::new(engine, "operators");
    world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.expect(0, "router enforce");
    world.expect(0, "release record v2 --slot green");
    world
}

/// Nothing is in flight, the router is where the record says, and the record's tables are what its history comes to.
fn agrees(world: &World, what: &str) {
    let resumed = world.run(&["resume"]);
    assert_eq!(
        resumed.status, 0,
        "{what}: {} {}",
        resumed.answer, resumed.talk
    );
    let checked = world.run(&["router", "check"]);
    assert_eq!(checked.status, 0, "{what}: {}", checked.talk);
    world.expect(0, "status --check");
    let open = match world.engine {
        Engine::Postgres => "SELECT count(*)::text FROM bgmigrate.cutover",
        _ => "SELECT concat('', count(*)) FROM bgmigrate_cutover",
    };
    assert_eq!(world.ask(open), "0", "{what}");
}

fn live(world: &World) -> String {
    let live = std::fs::read_to_string(world.path("live")).unwrap();
    live.trim().to_owned()
}

/// Runs it dying at each point in turn; gives how often it died before it lived through all of them.
fn dies_everywhere(engine: Engine, line: &str, before: &[&str], every: usize) -> usize {
    let arguments: Vec<&str> = line.split(' ').collect();
    for (deaths, at) in (1..).step_by(every).enumerate() {
        let world = staged(engine);
        for earlier in before {
            world.expect(0, earlier);
        }
        let from = live(&world);
        let mut command = world.command(&arguments);
        let died = said(
            &command
                .env("BGMIGRATE_DIE_AT", at.to_string())
                .output()
                .unwrap(),
        );
        if died.status == 0 {
            return deaths;
        }
        let what = format!("{engine:?}, {line}, dead at {at}");
        assert_eq!(died.status, -1, "{what}: {}", died.talk);
        agrees(&world, &what);
        // Either it was undone, and can be done again, or it was finished.
        let expected = if live(&world) == from { 0 } else { 3 };
        assert_eq!(world.run(&arguments).status, expected, "{what}: again");
        agrees(&world, &what);
    }
    unreachable!("there are endlessly many points")
}

#[test]
fn a_cutover_that_dies_anywhere_is_finished_or_undone_by_one_command() {
    for engine in ENGINES {
        let every = if engine == Engine::Sqlite { 1 } else { 4 };
        let deaths = dies_everywhere(engine, "cutover --to green", &[], every);
        assert!(deaths >= 3, "{engine:?}: {deaths}");
    }
}

#[test]
fn a_rollback_that_dies_anywhere_is_finished_by_one_command() {
    for engine in ENGINES {
        let every = if engine == Engine::Sqlite { 1 } else { 4 };
        let deaths = dies_everywhere(engine, "rollback", &["cutover --to green"], every);
        assert!(deaths >= 3, "{engine:?}: {deaths}");
    }
}

/// Runs both at the same moment.
fn at_once(world: &World, lines: [&str; 2]) -> [Said; 2] {
    let begun = lines.map(|line| {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = world.command(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    begun.map(|child| said(&child.wait_with_output().unwrap()))
}

/// `BGMIGRATE_ROUNDS` says how often.
#[test]
fn of_two_who_move_traffic_at_once_one_wins() {
    let rounds: usize =
        std::env::var("BGMIGRATE_ROUNDS").map_or(6, |rounds| rounds.parse().unwrap());
    for engine in ENGINES {
        let world = staged(engine);
        for round in 0..rounds {
            let there = at_once(&world, ["cutover --to green", "cutover --to green"]);
            let mut sorted = there.map(|said| said.status);
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 3], "{engine:?}, round {round}");
            assert_eq!(live(&world), "green");
            agrees(&world, "there");
            let back = at_once(&world, ["rollback", "rollback"]);
            let mut sorted = back.map(|said| said.status);
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 3], "{engine:?}, round {round}");
            assert_eq!(live(&world), "blue");
            agrees(&world, "back");
        }
    }
}

/// Whoever resumes takes the attempt over from one that is still at work: it has to stop, and says so.
#[test]
fn who_is_taken_over_stops() {
    let rounds: usize =
        std::env::var("BGMIGRATE_ROUNDS").map_or(6, |rounds| rounds.parse().unwrap());
    for engine in ENGINES {
        let world = staged(engine);
        for round in 0..rounds {
            let to = if live(&world) == "blue" {
                "green"
            } else {
                "blue"
            };
            let [cutover, resumed] = at_once(&world, [&format!("cutover --to {to}"), "resume"]);
            assert!(
                [0, 4, 6].contains(&cutover.status),
                "{engine:?}, round {round}: {cutover:?}, {resumed:?}"
            );
            assert!(
                [0, 6].contains(&resumed.status),
                "{engine:?}, round {round}: {resumed:?}"
            );
            agrees(&world, "after a take-over");
        }
    }
}
