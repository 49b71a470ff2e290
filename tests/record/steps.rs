//! Traffic that moves in steps, through a router of commands: watched between them, given up, taken over.

use std::process::Stdio;
use std::time::Duration;

use crate::hooks::with;
use crate::world::{ENGINES, Engine, World, said};

/// Keeps each order in `asked`, and what it is in `state`.
const ROUTER: &str = r#"driver = "command"
apply = "echo $BGMIGRATE_WEIGHTS >> asked; shares=$(echo $BGMIGRATE_WEIGHTS | sed 's/\\([a-z]*\\)=\\([0-9]*\\)/\"\\1\": \\2/g'); echo \"{\\\"weights\\\": {$shares}, \\\"epoch\\\": $BGMIGRATE_EPOCH}\" > state"
observe = "cat state"
attempt_timeout = "2s"
"#;

/// v1 has all traffic, v2 is staged in green, and this is configured beside.
fn world(engine: Engine, configured: &str) -> World {
    let world = with(engine, "1h", configured);
    let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    world.write(
        "bgmigrate.toml",
        &config.replace("file = \"live\"\n", ROUTER),
    );
    world.write("state", r#"{"weights": {"blue": 100}}"#);
    world
}

fn asked(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(world.path("asked")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

const FIRST: &str = "blue=95,green=5";
const SECOND: &str = "blue=50,green=50";

#[test]
fn each_step_is_watched_before_the_next_comes() {
    for engine in ENGINES {
        let world = world(
            engine,
            "[[smoke.command]]\nname = \"suite\"\nrun = \"echo smoke >> asked\"\n",
        );
        world.expect(0, "smoke --slot green");
        let told = world
            .expect(0, "cutover --to green --steps 5,50,100 --interval 50ms")
            .talk;
        assert!(
            told.contains("traffic goes to 95 % blue, 5 % green"),
            "{told}"
        );
        let asked = asked(&world);
        let mut orders = asked
            .split(|line| line == "smoke")
            .filter(|part| !part.is_empty());
        assert_eq!(orders.next(), Some(&[FIRST.to_owned()][..]), "{asked:?}");
        assert_eq!(orders.next(), Some(&[SECOND.to_owned()][..]));
        assert_eq!(orders.next(), Some(&["green=100".to_owned()][..]));
        world.expect(0, "status --check");
    }
}

#[test]
fn what_fails_between_steps_brings_all_traffic_back() {
    for engine in ENGINES {
        // It is well until half of the traffic comes.
        let smoke =
            "[[smoke.command]]\nname = \"suite\"\nattempts = 1\nrun = \"! grep -q 50 state\"\n";
        let world = world(engine, smoke);
        world.expect(0, "smoke --slot green");
        let told = world
            .expect(5, "cutover --to green --steps 5,50,100 --interval 50ms")
            .talk;
        assert!(
            told.contains("traffic goes back: v2 in green of app failed: suite"),
            "{told}"
        );
        assert_eq!(asked(&world), [FIRST, SECOND, "blue=100"]);
        world.expect(0, "status --check");
        let refused = world.expect(3, "cutover --to green").answer;
        assert!(refused.contains("smoke test has not passed"), "{refused}");
    }
}

/// A cutover that has made its first step, and watches it.
fn first_step(world: &World) -> std::process::Child {
    let mut command = world.command(&[
        "cutover",
        "--to",
        "green",
        "--steps",
        "5,100",
        "--interval",
        "10m",
    ]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let begun = std::time::Instant::now();
    while asked(world).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn a_run_that_was_killed_between_steps_is_undone_by_who_resumes_it() {
    let world = world(Engine::Sqlite, "");
    let mut killed = first_step(&world);
    killed.kill().unwrap();
    killed.wait().unwrap();
    // Nothing else moves meanwhile.
    world.expect(3, "cutover --to green");
    world.expect(0, "resume");
    assert_eq!(asked(&world), [FIRST, "blue=100"]);
    world.expect(0, "status --check");
}

#[test]
fn who_is_taken_over_between_steps_ends_and_touches_nothing() {
    let world = world(Engine::Sqlite, "");
    let first = first_step(&world);
    world.expect(0, "resume");
    let first = said(&first.wait_with_output().unwrap());
    assert_eq!(first.status, 3, "{}{}", first.answer, first.talk);
    assert!(
        first
            .talk
            .contains("another run moves the traffic of app by now"),
        "{}",
        first.talk
    );
    assert_eq!(asked(&world), [FIRST, "blue=100"]);
    world.expect(0, "status --check");
}
