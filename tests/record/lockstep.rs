//! A cutover that was killed between its intent and its outcome, and what comes late.

use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::world::{Engine, World};

/// v1 is live in blue, v2 staged in green, and a cutover to green was killed after its intent was recorded, while it
/// waited for the router. Gives the epoch of that attempt.
fn killed_before_the_router() -> (World, u64) {
    let world = World::new(Engine::Sqlite, "lockstep");
    world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.expect(0, "router enforce");
    world.expect(0, "release record v2 --slot green");
    let lock = std::fs::File::open(world.path("live.lock")).unwrap();
    lock.lock().unwrap();
    let mut cutover = world.command(&["cutover", "--to", "green"]);
    let mut cutover = cutover
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let intended = || world.ask("SELECT count(*) FROM bgmigrate_cutover");
    while intended() != "1" {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    cutover.kill().unwrap();
    cutover.wait().unwrap();
    drop(lock);
    let epoch = world.ask("SELECT claimed FROM bgmigrate_router");
    (world, epoch.parse().unwrap())
}

/// Does what the killed attempt would have done next.
fn land(world: &World, epoch: u64) {
    let name = format!("live.{epoch}.green");
    world.write(&name, "green\n");
    std::fs::remove_file(world.path("live")).unwrap();
    symlink(name, world.path("live")).unwrap();
}

/// The slot that the link leads to, and by which epoch.
fn link(world: &World) -> (String, u64) {
    let target = std::fs::read_link(world.path("live")).unwrap();
    let mut parts = target.to_str().unwrap().split('.').skip(1);
    let epoch = parts.next().unwrap().parse().unwrap();
    (parts.next().unwrap().to_owned(), epoch)
}

#[test]
fn what_was_not_moved_is_undone_under_a_later_epoch() {
    let (world, epoch) = killed_before_the_router();
    let refused = world.expect(3, "cutover --to green");
    assert!(
        refused.answer.contains("bgmigrate resume"),
        "{}",
        refused.answer
    );
    let resumed = world.expect(0, "resume");
    assert!(
        resumed.talk.contains("nothing was moved"),
        "{}",
        resumed.talk
    );
    let (slot, later) = link(&world);
    assert_eq!(slot, "blue");
    assert!(later > epoch, "{later} after {epoch}");
    world.expect(0, "router check");
    world.expect(0, "status --check");
    world.expect(0, "cutover --to green");
}

#[test]
fn what_was_moved_is_finished_under_a_later_epoch() {
    let (world, epoch) = killed_before_the_router();
    land(&world, epoch);
    let resumed = world.expect(0, "resume");
    assert!(
        resumed.talk.contains("v2 is live in green"),
        "{}",
        resumed.talk
    );
    let (slot, later) = link(&world);
    assert_eq!(slot, "green");
    assert!(later > epoch, "{later} after {epoch}");
    world.expect(0, "router check");
    world.expect(0, "status --check");
}

#[test]
fn a_router_that_nobody_can_ask_leaves_the_cutover_open() {
    let (world, _) = killed_before_the_router();
    std::fs::remove_file(world.path("live")).unwrap();
    std::fs::create_dir(world.path("live")).unwrap();
    let open = world.expect(6, "resume");
    assert!(open.talk.contains("could not be asked"), "{}", open.talk);
    world.expect(3, "cutover --to green");
    std::fs::remove_dir(world.path("live")).unwrap();
    world.write("live", "blue\n");
    world.expect(0, "resume");
    world.expect(0, "router check");
}
