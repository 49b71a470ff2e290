//! The whole story, on one PostgreSQL, behind `HAProxy`, under load: a column is renamed while two releases of an
//! application serve by turns, and no request fails.
//!
//! To watch it: `cargo test --test story -- --nocapture`. Longer: `STORY_USERS=200000 STORY_INTERVAL=5s`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod application;
mod clients;
#[path = "../servers/mod.rs"]
mod servers;
mod stage;

use std::thread::sleep;
use std::time::Duration;

use application::{V1, V2};
use clients::{Clients, Tally};
use stage::Stage;

fn told(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn scene(what: &str) {
    println!("\n# {what}");
}

/// What clients met since they began, and how many requests each release has answered meanwhile.
fn calm(what: &str, clients: Clients) -> Tally {
    let tally = clients.end();
    println!(
        "  {what}: {} requests, answered {:?}, {} failed",
        tally.requests(),
        tally.answered,
        tally.failed.len()
    );
    for failed in tally.failed.iter().take(20) {
        println!("  failed: {failed}");
    }
    assert_eq!(tally.failed.len(), 0, "{what}");
    tally
}

#[test]
fn a_column_is_renamed_under_load_and_no_request_fails() {
    let users: usize = told("STORY_USERS", "5000").parse().unwrap();
    let interval = told("STORY_INTERVAL", "300ms");
    let stage = Stage::new();
    let clients = || Clients::start(&stage.address, 8, users);

    scene("v1 knows its users by `username`, and serves from blue.");
    stage.migration(
        "0001_users.up.sql",
        &format!(
            "CREATE TABLE users (id bigint PRIMARY KEY, username text NOT NULL);\n\
             INSERT INTO users SELECT id, 'u' || id FROM generate_series(1, {users}) AS id;\n"
        ),
    );
    stage.migration("0001_users.down.sql", "DROP TABLE users;\n");
    stage.run("apply", 0);
    let blue = stage.deploy(V1, "blue");
    stage.run("release record v1 --slot blue --live", 0);
    stage.haproxy_notices();
    let load = clients();

    scene(
        "v2 calls it `handle`. Its column comes, is kept in step with the old one, and is filled.",
    );
    stage.run("new rename-column users.username handle", 0);
    stage.run("apply", 0);

    scene("v2 is deployed in green, tested there, and gets more and more of the traffic.");
    let green = stage.deploy(V2, "green");
    stage.run("release record v2 --slot green", 0);
    stage.run("smoke --slot green", 0);
    stage.haproxy_notices();
    stage.run("router check", 0);
    stage.run(
        &format!("cutover --to green --steps 5,25,50,100 --interval {interval} --watch {interval}"),
        0,
    );
    let both = calm("until the cutover", load);
    assert_eq!(both.answered.len(), 2);

    let load = clients();
    sleep(Duration::from_millis(300));
    scene("Somebody wants to go back. v1 finds every name that v2 has written.");
    stage.run("rollback", 0);
    sleep(Duration::from_millis(300));
    calm("to and fro", load);

    let load = clients();
    scene("It was nothing. v2 gets the traffic again, all at once.");
    stage.run("smoke --slot green", 0);
    stage.run("cutover --to green", 0);
    sleep(Duration::from_millis(300));

    scene("A rollback to v1 is possible, so its column stays.");
    let refused = stage.run("apply --phase contract", 3);
    assert!(refused.contains("v1"), "{refused}");

    scene(
        "v1 is retired, and torn down. The column goes once nobody is connected who may know it.",
    );
    assert_eq!(stage.torn_down(), "");
    stage.run("retire blue --early --reason demo", 0);
    assert_eq!(stage.torn_down(), "blue\n");
    let refused = stage.run("apply --phase contract", 3);
    assert!(refused.contains("sessions of blue"), "{refused}");
    blue.stop();
    stage.run("apply --phase contract", 0);
    stage.run("status --check", 0);
    sleep(Duration::from_millis(300));
    calm("from the second cutover on", load);

    scene("What v2 needs is there, and nothing else.");
    let last = clients();
    sleep(Duration::from_millis(500));
    let tally = calm("at the end", last);
    assert_eq!(tally.answered.keys().collect::<Vec<_>>(), ["v2"]);
    stage.run("rollback", 3);
    green.stop();
}
