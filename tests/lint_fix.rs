//! `lint --fix` from the command line to the files on the disk.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its files has failed"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n";
const INDEX: &str = "CREATE INDEX users_email ON users (email);\n";
const BUILT: &str = "-- no-transaction\nCREATE INDEX CONCURRENTLY users_email ON users (email);\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("migrations")).unwrap();
    let config = "dialect = \"postgres\"\nlayout = \"sqlx\"\n";
    fs::write(folder.path().join("bgmigrate.toml"), config).unwrap();
    fs::write(folder.path().join("migrations/1_users.sql"), USERS).unwrap();
    fs::write(folder.path().join("migrations/2_index.sql"), INDEX).unwrap();
    folder
}

fn bgmigrate(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bgmigrate"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_dry_run_prints_a_patch_and_writes_nothing() {
    let folder = folder();
    let output = bgmigrate(folder.path(), &["lint", "--fix", "--dry-run"], "");
    assert_eq!(
        stdout(&output),
        "--- a/migrations/2_index.sql\n+++ b/migrations/2_index.sql\n@@ -1 +1,2 @@\n\
         -CREATE INDEX users_email ON users (email);\n\
         +-- no-transaction\n+CREATE INDEX CONCURRENTLY users_email ON users (email);\n"
    );
    let file = folder.path().join("migrations/2_index.sql");
    assert_eq!(fs::read_to_string(file).unwrap(), INDEX);
}

#[test]
fn files_are_edited_in_place_and_the_status_is_that_of_what_is_left() {
    let folder = folder();
    let before = bgmigrate(folder.path(), &["lint"], "");
    assert_eq!(before.status.code(), Some(1));
    let fixed = bgmigrate(folder.path(), &["lint", "--fix", "--format", "json"], "");
    assert_eq!(fixed.status.code(), Some(0), "{fixed:?}");
    let answer: serde_json::Value = serde_json::from_str(&stdout(&fixed)).unwrap();
    assert_eq!(answer["fixed"][0]["rule"], "create-index-blocking");
    assert_eq!(answer["fixed"][0]["file"], "migrations/2_index.sql");
    assert_eq!(answer["not_fixed"], serde_json::json!([]));
    let file = folder.path().join("migrations/2_index.sql");
    assert_eq!(fs::read_to_string(file).unwrap(), BUILT);
    let left = fs::read_dir(folder.path().join("migrations")).unwrap();
    assert_eq!(left.count(), 2);
}

#[test]
fn what_the_configuration_calls_released_is_not_edited_even_when_it_is_named() {
    let folder = folder();
    let config = "dialect = \"postgres\"\nlayout = \"sqlx\"\nreleased = \"2\"\n";
    fs::write(folder.path().join("bgmigrate.toml"), config).unwrap();
    let output = bgmigrate(
        folder.path(),
        &["lint", "--fix", "migrations/2_index.sql"],
        "",
    );
    assert!(
        stdout(&output).contains("it was released before"),
        "{output:?}"
    );
    let file = folder.path().join("migrations/2_index.sql");
    assert_eq!(fs::read_to_string(file).unwrap(), INDEX);
}

#[test]
fn standard_input_is_answered_on_standard_output() {
    let folder = folder();
    let output = bgmigrate(folder.path(), &["lint", "--fix", "-"], INDEX);
    assert_eq!(
        stdout(&output),
        "CREATE INDEX CONCURRENTLY users_email ON users (email);\n"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("build the index concurrently"));
}

#[test]
fn a_dry_run_without_fix_is_a_usage_error() {
    let folder = folder();
    let output = bgmigrate(folder.path(), &["lint", "--dry-run"], "");
    assert_eq!(output.status.code(), Some(2));
}
