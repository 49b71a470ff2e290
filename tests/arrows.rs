//! Dependencies between the rooms point one way, and the pure rooms stay pure.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may use. A room that is not here may not exist.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("nearest", &[]),
    ("spread", &[]),
    ("sql", &["model", "nearest"]),
    ("guard", &["model"]),
    ("backfill", &["model", "sql"]),
    ("schema", &["model"]),
    ("sync", &["model", "sql", "schema"]),
    ("classify", &["model", "sql", "schema"]),
    ("cost", &["model", "sql", "schema", "classify"]),
    (
        "lint",
        &[
            "model", "sql", "schema", "sync", "classify", "cost", "nearest",
        ],
    ),
    (
        "review",
        &[
            "model", "sql", "schema", "sync", "classify", "cost", "lint", "nearest", "spread",
        ],
    ),
    ("gate", &["model"]),
    ("smoke", &["gate"]),
    ("hook", &["nearest"]),
    ("uses", &["model", "sql", "schema", "guard"]),
    (
        "plan",
        &[
            "model", "sql", "sync", "backfill", "classify", "review", "lint", "gate", "uses",
        ],
    ),
    (
        "proof",
        &["model", "sql", "cost", "lint", "review", "plan", "uses"],
    ),
    ("adopt", &["model"]),
    ("folder", &["model", "nearest"]),
    ("fix", &["model", "review", "folder"]),
    (
        "scaffold",
        &[
            "model", "sql", "schema", "sync", "review", "folder", "nearest",
        ],
    ),
    (
        "report",
        &[
            "model", "sql", "sync", "lint", "review", "plan", "folder", "fix", "scaffold",
            "nearest", "spread", "gate", "guard", "uses", "smoke", "backfill", "proof",
        ],
    ),
    ("files", &["folder", "spread"]),
    ("store", &["model", "gate", "guard", "uses"]),
    ("call", &[]),
    ("scratch", &["model", "plan", "proof", "store"]),
    (
        "config",
        &[
            "model", "backfill", "folder", "lint", "adopt", "nearest", "smoke", "hook",
        ],
    ),
    ("router", &["gate", "config", "call"]),
    (
        "run",
        &[
            "model", "backfill", "gate", "guard", "plan", "adopt", "store", "smoke", "hook", "call",
        ],
    ),
    (
        "cli",
        &[
            "model", "sql", "lint", "review", "plan", "folder", "fix", "scaffold", "report",
            "files", "config", "nearest", "spread", "gate", "guard", "adopt", "schema", "uses",
            "store", "run", "router", "smoke", "hook", "call", "backfill", "proof", "scratch",
        ],
    ),
];

/// The rooms at the edge: they alone touch the disk, the environment, other programs and the terminal.
const EDGES: &[&str] = &["files", "store", "call", "router", "run", "scratch", "cli"];

/// What a pure room never says.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::io",
    "std::time",
    "println!",
    "eprintln!",
    "print!(",
    "dbg!",
    "SystemTime",
    "Instant::now",
    "async fn",
    ".await",
    "tokio",
    "rand::",
];

/// Every source file below a folder, but for modules that hold tests alone.
fn source(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let tests = ["tests", "tests.rs", "properties.rs"];
        if tests.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            source(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file by its room; `lib.rs` and `main.rs` belong to none.
fn rooms() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source(&src, &mut files);
    let mut rooms: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let first = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let room = first.trim_end_matches(".rs");
        if !matches!(room, "lib" | "main") {
            let text = std::fs::read_to_string(&file).unwrap();
            rooms.entry(room.to_owned()).or_default().push((file, text));
        }
    }
    rooms
}

/// Code without comments, and without the tests at the end of the file.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let body = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    body.lines()
        .map(|line| line.split("//").next().unwrap_or(line))
}

/// The rooms that a line names as `crate::room`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        (end > 0).then(|| &rest[..end])
    })
}

#[test]
fn every_room_uses_only_the_rooms_before_it() {
    let mut wrong = Vec::new();
    for (room, files) in rooms() {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("src/{room}: a room that the map does not know"));
            continue;
        };
        for (file, text) in files {
            for used in code(&text).flat_map(named) {
                if used != room && !allowed.contains(&used) {
                    wrong.push(format!("{}: {room} must not use {used}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_touch_nothing_outside() {
    let mut wrong = Vec::new();
    for (room, files) in rooms() {
        if EDGES.contains(&room.as_str()) {
            continue;
        }
        for (file, text) in files {
            for (at, line) in code(&text).enumerate() {
                for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!(
                        "{}:{}: `{word}` in the pure room {room}",
                        file.display(),
                        at + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_map_has_no_way_back() {
    for (at, (room, allowed)) in ROOMS.iter().enumerate() {
        for used in *allowed {
            let place = ROOMS.iter().position(|(name, _)| name == used);
            assert!(
                place.is_some_and(|place| place < at),
                "{room} may use {used}, which does not stand before it"
            );
        }
    }
}
