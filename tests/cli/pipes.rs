//! Ends of pipes that go away, and disks that are full.

use std::fs::OpenOptions;
use std::io::Read;
use std::process::Stdio;

use crate::world::World;

fn world() -> World {
    World::with(&[("migrations/1_a.sql", "DROP TABLE a;\n")])
}

/// Answers of every kind: long and short, help among them.
const ANSWERS: &[&str] = &[
    "explain",
    "explain --format json",
    "lint --dialect postgres --format sarif",
    "plan --dialect postgres",
    "classify --dialect postgres",
    "--help",
    "lint --help",
];

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for words in ANSWERS {
        let world = world();
        let mut child = world
            .tool(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        drop(child.stdout.take());
        let mut talk = String::new();
        let mut stderr = child.stderr.take().expect("standard error is a pipe");
        stderr
            .read_to_string(&mut talk)
            .expect("the tool says UTF-8");
        let status = child.wait().expect("the tool ends").code();
        assert_eq!(talk, "", "{words}");
        // Lint still tells by its status what it found.
        let expected = i32::from(words.starts_with("lint --dialect"));
        assert_eq!(status, Some(expected), "{words}");
    }
}

#[test]
fn a_disk_that_is_full_is_an_error() {
    for words in ANSWERS {
        let full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full is there on Linux");
        let output = world()
            .tool(words)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .expect("the tool starts");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "error: writing to standard output: No space left on device (os error 28)\n",
            "{words}"
        );
        assert_eq!(output.status.code(), Some(2), "{words}");
    }
}

#[test]
fn talk_that_nobody_can_hear_changes_nothing() {
    let full = OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full is there on Linux");
    let output = world()
        .tool("classify --dialect postgres --verbose")
        .stderr(full)
        .output()
        .expect("the tool starts");
    assert!(output.stdout.starts_with(b"contract migrations/1_a.sql\n"));
    assert_eq!(output.status.code(), Some(0));
}
