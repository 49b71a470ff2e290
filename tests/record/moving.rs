//! Hooks around traffic that moves, and a release that is watched while it takes it.

use crate::hooks::{FAIL, NOTE, noted, with};
use crate::world::{ENGINES, Engine, World};

const AROUND: &str = "[[hook]]\non = [\"before-cutover\", \"after-cutover\", \"before-rollback\", \"after-rollback\"]\n";

fn told(world: &World) -> serde_json::Value {
    let text = std::fs::read_to_string(world.path("told")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn live(world: &World) -> String {
    std::fs::read_to_string(world.path("live")).unwrap()
}

#[test]
fn hooks_are_told_where_traffic_comes_from_and_where_it_goes() {
    for engine in ENGINES {
        let world = with(engine, "1h", &format!("{AROUND}{NOTE}"));
        world.expect(0, "cutover --to green");
        assert_eq!(
            noted(&world),
            [
                "before-cutover app green v2 blue v1",
                "after-cutover app green v2 blue v1"
            ]
        );
        world.expect(0, "rollback");
        assert_eq!(
            noted(&world)[2..],
            [
                "before-rollback app blue v1 green v2",
                "after-rollback app blue v1 green v2"
            ]
        );
        assert!(told(&world).get("automatic").is_none());
        // What a gate refuses calls none.
        world.expect(3, "cutover --to blue");
        assert_eq!(noted(&world).len(), 4);
    }
}

#[test]
fn a_hook_before_that_fails_moves_nothing() {
    let hooks = format!("[[hook]]\non = [\"before-cutover\", \"before-rollback\"]\n{FAIL}");
    let world = with(Engine::Sqlite, "1h", &hooks);
    let failed = world.expect(5, "cutover --to green").talk;
    assert!(
        failed.contains("nothing was changed: the hook `drain` (before-cutover) failed"),
        "{failed}"
    );
    assert_eq!(live(&world), "blue\n");
    let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    world.write(
        "bgmigrate.toml",
        &config.replace("\"before-cutover\", ", ""),
    );
    world.expect(0, "cutover --to green");
    world.expect(5, "rollback");
    assert_eq!(live(&world), "green\n");
    // In an emergency nobody is asked.
    world.expect(0, "rollback --skip-hooks");
    assert_eq!(live(&world), "blue\n");
    world.expect(0, "status --check");
}

#[test]
fn traffic_does_not_come_to_a_release_that_was_deployed_while_a_hook_ran() {
    let tool = env!("CARGO_BIN_EXE_bgmigrate");
    let hook = format!(
        "[[hook]]\non = \"before-cutover\"\nrun = \"{tool} release record v3 --slot green\"\n"
    );
    let world = with(Engine::Sqlite, "1h", &hook);
    let refused = world.expect(3, "cutover --to green").answer;
    assert!(
        refused.contains("it does not hold v2 any more, but v3"),
        "{refused}"
    );
    assert_eq!(live(&world), "blue\n");
}

#[test]
fn what_cannot_be_asked_or_called_is_found_before_traffic_moves() {
    let smoke = "[slots.blue]\n[slots.green]\nurl = \"http://127.0.0.1:1\"\n[[smoke.http]]\npath = \"/up\"\nheaders = { Authorization = \"${SMOKE_TOKEN}\" }\n";
    let hook = "[[hook]]\non = \"after-rollback\"\nwebhook = \"http://127.0.0.1/${CHAT_TOKEN}\"\n";
    for (configured, unset) in [(smoke, "SMOKE_TOKEN"), (hook, "CHAT_TOKEN")] {
        let world = with(Engine::Sqlite, "1h", configured);
        let said = world.expect(2, "cutover --to green --watch 1s").talk;
        assert!(said.contains(&format!("`{unset}` is not set")), "{said}");
        assert_eq!(live(&world), "blue\n");
        assert_eq!(world.ask("SELECT count(*) FROM bgmigrate_cutover"), "0");
    }
}

const CHAT: &str = "name = \"chat\"\nwebhook = \"http://127.0.0.1/${CHAT_TOKEN}\"\n";

fn configure(world: &World, hooks: &str) {
    let config = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    world.write("bgmigrate.toml", &format!("{config}{hooks}"));
}

fn chat_was_not_called(world: &World, said: &str) {
    assert!(
        said.contains("the hook `chat` (after-rollback) failed, which changes nothing")
            && said.contains("`CHAT_TOKEN` is not set"),
        "{said}"
    );
    assert_eq!(live(world), "blue\n");
    let history = world.expect(0, "history").answer;
    assert!(
        history.contains("hook-failed  after-rollback, chat"),
        "{history}"
    );
}

#[test]
fn no_hook_holds_up_the_way_back() {
    let world = with(Engine::Sqlite, "1h", "");
    world.expect(0, "cutover --to green");
    configure(
        &world,
        &format!("[[hook]]\non = \"after-rollback\"\n{CHAT}"),
    );
    let said = world.expect(0, "rollback").talk;
    chat_was_not_called(&world, &said);

    let world = with(Engine::Sqlite, "1h", "");
    world.expect(0, "cutover --to green");
    configure(
        &world,
        &format!("[[hook]]\non = \"before-rollback\"\n{CHAT}"),
    );
    let said = world.expect(2, "rollback").talk;
    assert!(
        said.contains("the hook `chat`") && said.contains("--skip-hooks does without them"),
        "{said}"
    );
    world.expect(0, "rollback --skip-hooks");
    assert_eq!(live(&world), "blue\n");
}

/// A cutover that was killed once its intent was recorded.
fn kill_a_cutover(world: &World) {
    let mut killed = world.command(&["cutover", "--to", "green"]);
    let lock = std::fs::File::create(world.path("live.lock")).unwrap();
    lock.lock().unwrap();
    let mut killed = killed.spawn().unwrap();
    let begun = std::time::Instant::now();
    while world.ask("SELECT count(*) FROM bgmigrate_cutover") != "1" {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
}

#[test]
fn a_cutover_that_was_killed_has_its_hooks_called_by_who_resumes_it() {
    let world = with(Engine::Sqlite, "1h", &format!("{AROUND}{NOTE}"));
    kill_a_cutover(&world);
    configure(
        &world,
        &format!("[[hook]]\non = \"after-rollback\"\n{CHAT}"),
    );
    let said = world.expect(0, "resume").talk;
    chat_was_not_called(&world, &said);
    assert_eq!(
        noted(&world),
        [
            "before-cutover app green v2 blue v1",
            "after-rollback app blue v1 green v2"
        ]
    );
}

#[test]
fn a_release_that_is_fit_stays() {
    for engine in ENGINES {
        let smoke = "[[smoke.command]]\nname = \"suite\"\nrun = \"echo asked >> asked\"\n";
        let world = with(engine, "1h", smoke);
        world.expect(0, "smoke --slot green");
        let said = world.expect(0, "cutover --to green --watch 100ms").talk;
        assert!(said.contains("v2 is live in green"), "{said}");
        let asked = std::fs::read_to_string(world.path("asked")).unwrap();
        // Once before, and at the beginning and the end of the watch.
        assert_eq!(asked.lines().count(), 3);
        assert_eq!(live(&world), "green\n");
    }
}

#[test]
fn a_release_that_is_unfit_under_traffic_is_left_and_has_to_be_tested_anew() {
    for engine in ENGINES {
        // It is well until traffic has come.
        let smoke =
            "[[smoke.command]]\nname = \"suite\"\nattempts = 1\nrun = \"grep -q blue live\"\n";
        let world = with(engine, "1h", &format!("{smoke}{AROUND}{NOTE}"));
        world.expect(0, "smoke --slot green");
        let said = world.expect(5, "cutover --to green --watch 10m").talk;
        assert!(
            said.contains("traffic goes back: v2 in green of app failed: suite"),
            "{said}"
        );
        assert_eq!(live(&world), "blue\n");
        // The hooks before a rollback are not asked: it cannot wait.
        assert_eq!(
            noted(&world),
            [
                "before-cutover app green v2 blue v1",
                "after-cutover app green v2 blue v1",
                "after-rollback app blue v1 green v2"
            ]
        );
        assert_eq!(told(&world)["automatic"], true);
        world.expect(3, "cutover --to green");
        world.expect(0, "smoke --slot green");
        world.expect(0, "gate cutover --to green");
        world.expect(0, "status --check");
    }
}

#[test]
fn a_check_of_a_migration_that_fails_after_the_cutover_brings_traffic_back() {
    let world = with(
        Engine::Sqlite,
        "1h",
        "[[hook]]\non = \"after-cutover\"\nrun = \"sqlite3 $APP_DATABASE 'INSERT INTO users VALUES (1, NULL)'\"\n",
    );
    world.migration(
        "0002_named",
        "-- bgmigrate: check=\"SELECT count(*) FROM users WHERE name IS NULL\"\nCREATE TABLE later (id integer);",
    );
    world.expect(0, "apply");
    world.expect(0, "release record v2 --slot green");
    let database = world.path("app.db");
    let mut cutover = world.command(&["cutover", "--to", "green", "--watch", "10m"]);
    let said = crate::world::said(&cutover.env("APP_DATABASE", database).output().unwrap());
    assert_eq!(said.status, 5, "{}{}", said.answer, said.talk);
    assert!(
        said.talk
            .contains("traffic goes back: v2 in green of app failed: check of 0002_named"),
        "{}",
        said.talk
    );
    assert_eq!(live(&world), "blue\n");
}
