//! The status page in a real browser: headless Chromium, which `scripts/test` installs.

use std::process::Command;
use std::sync::{Arc, OnceLock, Weak};

use crate::application::Application;
use crate::hooks::with;
use crate::serve::{Served, serve};
use crate::world::Engine;

/// What the browser has made of a page after some seconds of the page's own time, and what it complained of.
fn browse(url: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("timeout");
    // As root, and without a network, it needs to be told what not to try.
    command.args([
        "120",
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--virtual-time-budget=15000",
        "--dump-dom",
    ]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    let output = command.arg(url).output();
    let output = output.expect("chromium is installed: scripts/test does it");
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{talk}");
    let complaints: Vec<_> = talk
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    (page, complaints.join("\n"))
}

/// Hands questions on to the server, and its answers back with all headers, as long as `go_on` says so of the question
/// of this number. It outlives the test, and must not keep the server alive with it.
fn before(
    served: Weak<Served>,
    mut go_on: impl FnMut(usize) -> bool + Send + 'static,
) -> Application {
    let mut number = 0;
    Application::start(move |_| {
        number += 1;
        let Some(served) = served.upgrade().filter(|_| go_on(number)) else {
            return String::new();
        };
        let answer = served.ask("GET", "/");
        let mut text = format!("HTTP/1.1 {} X\r\n", answer.status);
        for (name, value) in &answer.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text + "\r\n" + &String::from_utf8(answer.body).unwrap()
    })
}

#[test]
fn the_page_follows_what_happens_by_itself() {
    let world = Arc::new(with(Engine::Sqlite, "1h", ""));
    let served = Arc::new(serve(&world));
    served.until("/health", |status, _| status == 200);
    let first = Arc::new(OnceLock::new());
    let seen = Arc::clone(&first);
    let (world_of_it, between) = (Arc::downgrade(&world), Arc::downgrade(&served));
    let front = before(Arc::downgrade(&served), move |number| {
        // The page is loaded; before it asks again, traffic moves.
        if number == 2 {
            let (world, between) = (world_of_it.upgrade().unwrap(), between.upgrade().unwrap());
            seen.set(between.until("/", |status, _| status == 200))
                .unwrap();
            world.expect(0, "cutover --to green");
            between.until("/", |_, page| page.contains("v2 in green"));
        }
        true
    });
    let (page, complaints) = browse(&front.url);
    assert!(
        first
            .get()
            .is_some_and(|page| page.contains("<title>v1 in blue"))
    );
    assert!(
        page.contains("<title>v2 in green · bgmigrate</title>"),
        "{page}"
    );
    assert!(page.contains("rollback possible"), "{page}");
    assert!(!page.contains("class=\"stale\""), "{page}");
    // It keeps to its own security policy.
    assert_eq!(complaints, "");
}

#[test]
fn the_page_says_when_it_is_out_of_date() {
    let world = with(Engine::Sqlite, "1h", "");
    let served = Arc::new(serve(&world));
    served.until("/health", |status, _| status == 200);
    let front = before(Arc::downgrade(&served), |number| number == 1);
    let (page, _) = browse(&front.url);
    assert!(page.contains("<body class=\"stale\">"), "{page}");
    assert!(page.contains("v1 in blue"), "{page}");
}
