//! Folders and files that cannot be read as they are: one row a case, with every word of the message. The status is
//! 2 for what cannot be judged at all, and nothing is answered then.

use std::os::unix::fs::symlink;

use crate::world::World;

const ONE: &str = "SELECT 1;\n";

/// The files, the words after `bgmigrate --dialect postgres`, and what standard error says.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

fn check(cases: &[Case<'_>]) {
    let wrong = cases.iter().filter_map(|(files, words, message)| {
        let told = fault(&World::with(files), words, message);
        told.map(|told| format!("{files:?}\n{told}"))
    });
    none(wrong);
}

/// What a run did instead of saying `message` and nothing else.
fn fault(world: &World, words: &str, message: &str) -> Option<String> {
    let said = world.run(&format!("--dialect postgres {words}"));
    let refused = said.answer.is_empty() && said.status == Some(2);
    let expected = refused && said.talk == format!("error: {message}\n");
    (!expected).then(|| format!("bgmigrate {words}\n{said}"))
}

fn refuses(world: &World, words: &str, message: &str) {
    none(fault(world, words, message));
}

fn none(wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_directive_that_cannot_be_followed_is_an_error_with_its_place() {
    let cases = [
        (
            "-- bgmigrate: alow=drop-table reason=\"x\"\nDROP TABLE z;\n",
            "1:15: unknown directive `alow`; did you mean `allow`?",
        ),
        (
            "-- bgmigrate: allow=drop-tabel reason=\"x\"\nDROP TABLE z;\n",
            "1:21: there is no rule `drop-tabel`; did you mean `drop-table`?",
        ),
        (
            "-- bgmigrate: allow=xyzzy reason=\"x\"\nDROP TABLE z;\n",
            "1:21: there is no rule `xyzzy`; `bgmigrate explain` lists them",
        ),
        (
            "SELECT 1;\n  -- bgmigrate: allow=drop-table\nDROP TABLE z;\n",
            "2:17: `allow` needs a reason on the same line: reason=\"…\"",
        ),
        (
            "-- bgmigrate: phase=later reason=\"x\"\nSELECT 2;\n",
            "1:15: `later` is no value for `phase`; write phase=expand, phase=migrate or phase=contract",
        ),
        (
            "-- bgmigrate: phase=expand\nSELECT 2;\n",
            "1:15: `phase` needs a reason on the same line: reason=\"…\"",
        ),
        (
            "-- bgmigrate: batch=0\nUPDATE t SET a = 1;\n",
            "1:15: `0` is no value for `batch`; write batch=ROWS or batch=off",
        ),
        (
            "-- bgmigrate: transaction=maybe\nSELECT 1;\n",
            "1:15: `maybe` is no value for `transaction`; write transaction=off",
        ),
        (
            "-- bgmigrate:\nSELECT 1;\n",
            "1:14: `bgmigrate:` says nothing; the directives are phase, allow, unused-since, after-cutover, transaction, batch, key, check, sync",
        ),
        (
            "-- bgmigrate: reason=\"x\"\nSELECT 1;\n",
            "1:15: `reason` belongs to a `phase` or an `allow` on the same line",
        ),
        (
            "-- bgmigrate: check=\"SELECT 1\nSELECT 1;\n",
            "1:15: the quote that opens the value of `check` is never closed on this line",
        ),
        (
            "SELECT 1; -- bgmigrate: after-cutover\n",
            "1:11: a directive stands on a line of its own, above its statement",
        ),
        (
            "/* bgmigrate: after-cutover */\nSELECT 1;\n",
            "1:1: a directive stands in a line comment: `-- bgmigrate: …`",
        ),
        (
            "SELECT 1;\n-- bgmigrate: after-cutover\n",
            "2:1: no statement follows this directive",
        ),
    ];
    let wrong = cases.into_iter().flat_map(|(text, mistake)| {
        let world = World::with(&[("migrations/1_a.sql", text)]);
        let message = format!("migrations/1_a.sql:{mistake}");
        ["lint", "classify", "plan"]
            .map(|command| fault(&world, command, &message).map(|told| format!("{text}{told}")))
    });
    none(wrong.flatten());
}

#[test]
fn every_mistake_is_told_at_once() {
    check(&[(
        &[
            ("migrations/1_a.sql", "-- bgmigrate: batch=x\nSELECT 1;\n"),
            ("migrations/2_b.sql", "SELECT 1;\n-- bgmigrate: allow\n"),
        ],
        "lint",
        "migrations/1_a.sql:1:15: `x` is no value for `batch`; write batch=ROWS or batch=off\nerror: migrations/2_b.sql:2:1: no statement follows this directive",
    )]);
}

#[test]
fn a_folder_that_its_tool_would_refuse_is_refused() {
    check(&[
        (
            &[
                ("migrations/0001_a.up.sql", ONE),
                ("migrations/0001_a.down.sql", ONE),
                ("migrations/1_b.up.sql", ONE),
            ],
            "lint",
            "migrations: `0001_a.up.sql` and `1_b.up.sql` both have version 1, which golang-migrate refuses: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both",
        ),
        (
            &[("migrations/001_a.sql", ONE), ("migrations/003_b.sql", ONE)],
            "plan --layout tern",
            "migrations: version 2 is missing before `003_b.sql`; tern refuses gaps: restore the file, or renumber those after it",
        ),
        (
            &[("migrations/1_a.sql", "-- +goose Down\nSELECT 1;\n")],
            "lint --layout goose",
            "migrations: 1_a.sql:1: `-- +goose Down` is out of place; the order is Up, then Down, and each StatementBegin has its StatementEnd",
        ),
        (
            &[(
                "migrations/1_a.sql",
                "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n",
            )],
            "lint --layout goose",
            "migrations: 1_a.sql:2: `-- +goose StatementBegin` is never ended; add `-- +goose StatementEnd` after the statement",
        ),
        (
            &[
                ("migrations/1_a.sql", "-- +goose Up\nSELECT 1;\n"),
                ("migrations/2_b.sql", "-- migrate:up\nSELECT 1;\n"),
            ],
            "plan",
            "migrations: the layout is ambiguous: goose fits (files with `-- +goose` annotations: 1) and dbmate fits (files with a `-- migrate:up` block: 1); say which with `layout = \"goose\"` or `layout = \"dbmate\"`",
        ),
        (
            &[("migrations/schema.sql", ONE)],
            "plan",
            "migrations: no known layout fits the folder's SQL files (the first of 1 is `schema.sql`); name the tool with `layout = \"…\"`, one of diesel, prisma, drizzle, goose, dbmate, sql-migrate, tern, liquibase, atlas, flyway, refinery, golang-migrate, sqlx, numbered",
        ),
        (
            &[("migrations/1_a.sql", ONE)],
            "plan --layout flyway",
            "migrations: the folder holds no Flyway migration (SQL files seen: 1); Flyway reads `V<version>__<description>.sql` and `R__<description>.sql`; set `layout` to the tool that wrote them, or to \"auto\"",
        ),
    ]);
}

#[test]
fn a_folder_without_a_migration_never_passes() {
    let world = World::empty();
    std::fs::create_dir(world.path("migrations")).expect("a folder can be made");
    for command in ["lint", "classify", "plan"] {
        refuses(
            &world,
            command,
            "migrations: the folder holds no migration: it is empty; check the path, or add the first migration",
        );
    }
    check(&[
        (
            &[("migrations/notes.md", "")],
            "lint",
            "migrations: the folder holds no migration: its one file is not SQL; check the path, or add the first migration",
        ),
        (
            &[("migrations/1_a.go", ""), ("migrations/notes.md", "")],
            "plan",
            "migrations: the folder holds no migration: none of its 2 files is SQL that a tool would apply; check the path, or add the first migration",
        ),
        (
            &[("migrations/1_a.down.sql", ONE)],
            "lint",
            "migrations: the folder holds no sqlx migration (SQL files seen: 1); sqlx reads `<number>_<description>.sql`, or `.up.sql` with `.down.sql`; set `layout` to the tool that wrote them, or to \"auto\"",
        ),
    ]);
}

#[test]
fn a_path_that_leads_nowhere_is_named() {
    check(&[
        (
            &[],
            "lint",
            "there is no `migrations`; check the path, `dir` in bgmigrate.toml, or --dir",
        ),
        (
            &[],
            "lint nowhere",
            "there is no `nowhere`; check the path, `dir` in bgmigrate.toml, or --dir",
        ),
        (
            &[("migrations", ONE)],
            "plan",
            "`migrations` is a file, not a folder of migrations; name the folder that it lies in",
        ),
        (
            &[("a.sql", ONE), ("b.txt", "")],
            "lint --quiet b.txt",
            "none of the files named is a migration: . was read as path order; name the folder to see what is in it",
        ),
        (
            &[("a.sql", ONE)],
            "lint - a.sql",
            "`-` (standard input) cannot be mixed with other paths",
        ),
    ]);
}

#[test]
fn an_engine_that_nothing_tells_is_asked_for() {
    let world = World::with(&[("migrations/1_a.sql", ONE)]);
    let said = world.run("lint");
    assert_eq!(
        said.talk,
        "error: migrations: nothing tells which engine this SQL is for; say `--dialect postgres`, `mysql` or `sqlite`, or `dialect = \"…\"` in bgmigrate.toml\n"
    );
    assert_eq!((said.answer.as_str(), said.status), ("", Some(2)));
    let said = world.run_with_input("lint -", b"SELECT 1;");
    assert_eq!(
        said.talk,
        "error: standard input: nothing tells which engine this SQL is for; say `--dialect postgres`, `mysql` or `sqlite`, or `dialect = \"…\"` in bgmigrate.toml\n"
    );
    assert_eq!((said.answer.as_str(), said.status), ("", Some(2)));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_never_passed_over() {
    // Permissions do not bind the superuser, who may run the tests; a link to nowhere binds everybody.
    let world = World::with(&[("migrations/2_b.sql", ONE)]);
    symlink("nowhere", world.path("migrations/1_a.sql")).expect("links can be made");
    refuses(
        &world,
        "lint",
        "migrations: cannot read `1_a.sql`: No such file or directory (os error 2); check that it is a readable file",
    );
    refuses(
        &world,
        "lint migrations/1_a.sql",
        "there is no `migrations/1_a.sql`; check the path, `dir` in bgmigrate.toml, or --dir",
    );
    // A file by itself has its folder as its context, so that one of its neighbours can be the obstacle.
    refuses(
        &world,
        "lint migrations/2_b.sql",
        "migrations: cannot read `1_a.sql`: No such file or directory (os error 2); check that it is a readable file",
    );
    symlink("/dev/zero", world.path("endless.sql")).expect("links can be made");
    refuses(
        &world,
        "lint endless.sql",
        ".: cannot read `migrations/1_a.sql`: No such file or directory (os error 2); check that it is a readable file",
    );
}

#[test]
fn a_folder_named_like_a_migration_is_none() {
    let world = World::with(&[
        ("migrations/1_a.sql/notes.md", ""),
        ("migrations/2_b.sql", ONE),
    ]);
    let said = world.run("lint --dialect postgres");
    assert_eq!(said.talk, "");
    assert_eq!(
        said.answer,
        "1 file, 1 statement: 0 errors, 0 warnings, 0 notes\n"
    );
    assert_eq!(said.status, Some(0));
}

#[test]
fn bytes_that_are_not_utf_8_are_placed_and_a_conversion_proposed() {
    let utf_16: Vec<u8> = "\u{feff}SELECT 1;"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let cases: [(&[u8], &str); 2] = [
        (
            b"SELECT 'caf\xe9';",
            "migrations: `1_a.sql` is not UTF-8: the byte at offset 11 fits no character; convert the file, for example with `iconv -f LATIN1 -t UTF-8`",
        ),
        (
            &utf_16,
            "migrations: `1_a.sql` is not UTF-8: the byte at offset 0 fits no character; convert the file, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
    ];
    for (bytes, message) in cases {
        let world = World::empty();
        world.write("migrations/1_a.sql", bytes);
        refuses(&world, "lint", message);
        refuses(&world, "lint migrations/1_a.sql", message);
    }
    let said = World::empty().run_with_input("lint --dialect postgres -", b"SELECT '\xff';");
    assert_eq!(
        said.talk,
        "error: `-` is not UTF-8: the byte at offset 8 fits no character; convert it, for example with `iconv -f LATIN1 -t UTF-8`\n"
    );
    assert_eq!((said.answer.as_str(), said.status), ("", Some(2)));
}
