//! What a team has called before and after each stage.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::application::{Application, answer};
use crate::world::{ENGINES, Engine, World};

/// v1 is live in blue, and v2 staged in green; `hooks` are configured, and `window` is how long a rollback is kept.
pub(crate) fn with(engine: Engine, window: &str, hooks: &str) -> World {
    let world = World::new(engine, "hooks");
    let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    let config = config.replace("\"1h\"", &format!("\"{window}\""));
    world.write("bgmigrate.toml", &format!("{config}{hooks}"));
    world.write("live", "blue\n");
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, name varchar(50));",
    );
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.expect(0, "release record v2 --slot green");
    world
}

/// A command that notes what it is told, and one that fails.
pub(crate) const NOTE: &str = "run = \"echo $BGMIGRATE_STAGE $BGMIGRATE_SERVICE $BGMIGRATE_SLOT $BGMIGRATE_VERSION $BGMIGRATE_FROM_SLOT $BGMIGRATE_FROM_VERSION >> noted; cat > told\"\n";
pub(crate) const FAIL: &str = "name = \"drain\"\nrun = \"echo 'the queue is full' >&2; exit 9\"\n";

pub(crate) fn noted(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(world.path("noted")).unwrap_or_default();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn retire_starts_what_tears_the_fleet_down() {
    for engine in ENGINES {
        let hooks = format!("[[hook]]\non = [\"before-retire\", \"after-retire\"]\n{NOTE}");
        let world = with(engine, "1h", &hooks);
        world.expect(0, "cutover --to green");
        // Refused: nothing is called.
        world.expect(3, "retire blue");
        assert_eq!(noted(&world), [""; 0]);
        let retired = world.run(&["retire", "blue", "--early", "--reason", "the fix is out"]);
        assert_eq!(retired.status, 0, "{}{}", retired.answer, retired.talk);
        assert_eq!(
            noted(&world),
            ["before-retire app blue v1", "after-retire app blue v1"]
        );
        let told = std::fs::read_to_string(world.path("told")).unwrap();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["stage"], "after-retire");
        assert_eq!(told["early"], "the fix is out");
        assert_eq!(told["actor"], "ann");
        // What is done is done: nothing is torn down twice.
        world.expect(0, "retire blue");
        assert_eq!(noted(&world).len(), 2);
    }
}

#[test]
fn a_hook_before_that_fails_stops_it_with_nothing_changed() {
    let world = with(
        Engine::Sqlite,
        "0s",
        &format!(
            "[[hook]]\non = \"before-retire\"\n{FAIL}[[hook]]\non = [\"before-retire\", \"after-retire\"]\n{NOTE}"
        ),
    );
    world.expect(0, "cutover --to green");
    let failed = world.expect(5, "retire blue").talk;
    assert!(
        failed.contains(
            "nothing was changed: the hook `drain` (before-retire) failed: exit status: 9: the queue is full"
        ),
        "{failed}"
    );
    assert_eq!(noted(&world), [""; 0]);
    world.expect(0, "gate rollback");
    let history = world.expect(0, "history").answer;
    assert!(
        history.contains("hook-failed  before-retire, drain, app, exit status: 9"),
        "{history}"
    );
    world.expect(0, "status --check");
}

#[test]
fn a_hook_after_that_fails_is_told_and_recorded_and_changes_nothing() {
    for engine in ENGINES {
        let world = with(
            engine,
            "0s",
            &format!(
                "[[hook]]\non = \"after-retire\"\n{FAIL}[[hook]]\non = \"after-retire\"\n{NOTE}"
            ),
        );
        world.expect(0, "cutover --to green");
        let told = world.expect(0, "retire blue").talk;
        assert!(
            told.contains(
                "the hook `drain` (after-retire) failed, which changes nothing of what was done"
            ),
            "{told}"
        );
        // The next one is called all the same.
        assert_eq!(noted(&world), ["after-retire app blue v1"]);
        world.expect(3, "gate rollback");
        let history = world.expect(0, "history --format json").answer;
        assert!(history.contains("\"hook-failed\""), "{history}");
        world.expect(0, "status --check");
    }
}

#[test]
fn a_nightly_job_retires_whatever_is_past_its_window() {
    for engine in ENGINES {
        let hooks = format!("[[hook]]\non = \"after-retire\"\n{NOTE}");
        let world = with(engine, "1h", &hooks);
        world.expect(0, "cutover --to green");
        let told = world.expect(0, "retire --expired").talk;
        assert!(
            told.contains("no standby is past its rollback window"),
            "{told}"
        );
        world.expect(0, "gate rollback");
        let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
        world.write("bgmigrate.toml", &config.replace("\"1h\"", "\"0s\""));
        let told = world.expect(0, "retire --expired").talk;
        assert!(told.contains("blue of app is retired"), "{told}");
        assert_eq!(noted(&world), ["after-retire app blue v1"]);
        world.expect(3, "gate rollback");
        // What is staged, or live, never expires.
        world.expect(0, "release record v3 --slot blue");
        world.expect(0, "retire --expired");
        assert_eq!(noted(&world).len(), 1);
        world.expect(2, "retire --expired green");
        world.expect(2, "retire");
    }
}

#[test]
fn a_release_that_came_while_a_hook_ran_is_not_retired_in_its_place() {
    let tool = env!("CARGO_BIN_EXE_bgmigrate");
    let hook = format!(
        "[[hook]]\non = \"before-retire\"\nrun = \"{tool} release record v3 --slot blue\"\n"
    );
    let world = with(Engine::Sqlite, "0s", &hook);
    world.expect(0, "cutover --to green");
    let refused = world.expect(3, "retire blue").talk;
    assert!(
        refused.contains("blue of app does not hold v1 any more"),
        "{refused}"
    );
    let status = world.expect(0, "status").answer;
    assert!(status.contains("blue of app v3 staged"), "{status}");
}

#[test]
fn a_webhook_gets_json_and_has_failed_when_its_answer_is_none_of_200() {
    let status = Arc::new(AtomicU16::new(204));
    let told = Arc::clone(&status);
    let receiver = Application::start(move |_| answer(told.load(Ordering::SeqCst), ""));
    let hook = format!(
        "[[hook]]\non = [\"before-smoke\", \"after-smoke\"]\nwebhook = \"{}/T0/s3cret\"\nheaders = {{ Authorization = \"Bearer ${{HOOK_TOKEN}}\" }}\n\
         [[smoke.command]]\nname = \"suite\"\nrun = [\"false\"]\n",
        receiver.url
    );
    let world = with(Engine::Sqlite, "1h", &hook);
    // A variable that is not set is found before anything is done.
    let said = world.expect(2, "smoke --slot green").talk;
    assert!(
        said.contains("the environment variable `HOOK_TOKEN` is not set"),
        "{said}"
    );
    assert_eq!(receiver.lines(), [""; 0]);
    let smoke = || {
        let mut command = world.command(&["smoke", "--slot", "green"]);
        crate::world::said(&command.env("HOOK_TOKEN", "t0ken").output().unwrap())
    };
    assert_eq!(smoke().status, 5);
    let asked = receiver.asked.lock().unwrap().clone();
    let [before, after] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(before.line, "POST /T0/s3cret");
    assert!(
        before.headers.contains("authorization: bearer t0ken"),
        "{}",
        before.headers
    );
    assert!(
        before.headers.contains("content-type: application/json"),
        "{}",
        before.headers
    );
    let before: serde_json::Value = serde_json::from_str(&before.body).unwrap();
    assert_eq!(
        (&before["stage"], &before["slot"], &before["release"]),
        (&"before-smoke".into(), &"green".into(), &"v2".into())
    );
    assert!(before.get("passed").is_none());
    let after: serde_json::Value = serde_json::from_str(&after.body).unwrap();
    assert_eq!(
        (&after["passed"], &after["failed"][0]),
        (&false.into(), &"suite".into())
    );

    status.store(500, Ordering::SeqCst);
    let failed = smoke();
    assert_eq!(failed.status, 5);
    assert!(
        failed.talk.contains("it answered with the status 500"),
        "{}",
        failed.talk
    );
    // Its path may be a password.
    let history = world.expect(0, "history --format json").answer;
    assert!(
        !failed.talk.contains("s3cret") && !history.contains("s3cret"),
        "{}",
        failed.talk
    );
}

#[test]
fn a_hook_has_its_time_and_no_more() {
    let hook =
        "[[hook]]\non = \"before-retire\"\nrun = [\"sleep\", \"600\"]\ntimeout = \"200ms\"\n";
    let world = with(Engine::Sqlite, "0s", hook);
    world.expect(0, "cutover --to green");
    let failed = world.expect(5, "retire blue").talk;
    assert!(
        failed.contains("it had not ended within 200 ms"),
        "{failed}"
    );
    world.expect(0, "gate rollback");
}
