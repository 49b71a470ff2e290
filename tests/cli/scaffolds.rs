//! `bgmigrate new`: what is written where, and what is refused without a trace.

use insta::assert_snapshot;

use crate::world::{World, said};

const BASE: &str =
    "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50) NOT NULL, email text);\n";

fn world(dialect: &str, layout: &str, file: &str, text: &str) -> World {
    let config = format!("dialect = \"{dialect}\"\nlayout = \"{layout}\"\n");
    World::with(&[("bgmigrate.toml", &config), (file, text)])
}

/// A step that must run statement by statement is one file where the tool has a mark for it, and several where it
/// would run them as one transaction.
#[test]
fn every_layout_gets_its_own_marks() {
    let cases = [
        ("numbered", "migrations/1_base.sql", BASE.to_owned()),
        (
            "goose",
            "migrations/001_base.sql",
            format!("-- +goose Up\n{BASE}-- +goose Down\nDROP TABLE users;\n"),
        ),
        (
            "dbmate",
            "migrations/001_base.sql",
            format!("-- migrate:up\n{BASE}-- migrate:down\nDROP TABLE users;\n"),
        ),
        ("sqlx", "migrations/1_base.sql", BASE.to_owned()),
        ("flyway", "migrations/V1__base.sql", BASE.to_owned()),
        ("refinery", "migrations/V1__base.sql", BASE.to_owned()),
        (
            "prisma",
            "migrations/20240101000000_base/migration.sql",
            BASE.to_owned(),
        ),
    ];
    for (layout, file, text) in cases {
        let world = world("postgres", layout, file, &text);
        let mut tool = world.tool("new set-not-null users.email --fill 0 --dry-run");
        let said = said(tool.env("SOURCE_DATE_EPOCH", "1795445209"));
        assert_snapshot!(format!("set_not_null_{layout}"), said);
    }
}

/// Bodies with semicolons in them, marks around them, ways down: whatever the layout, the tool's reader and lint take
/// what was written.
#[test]
fn a_pattern_with_triggers_is_read_back_in_every_layout() {
    let down = "DROP TABLE users;";
    let sections = |up: &str, between: &str| format!("{up}\n{BASE}{between}\n{down}\n");
    let cases = [
        ("numbered", "migrations/1_base.sql", BASE.to_owned()),
        ("sqlx", "migrations/1_base.sql", BASE.to_owned()),
        (
            "diesel",
            "migrations/2024-01-01-000000_base/up.sql",
            BASE.to_owned(),
        ),
        (
            "prisma",
            "migrations/20240101000000_base/migration.sql",
            BASE.to_owned(),
        ),
        (
            "goose",
            "migrations/001_base.sql",
            sections("-- +goose Up", "-- +goose Down"),
        ),
        (
            "dbmate",
            "migrations/001_base.sql",
            sections("-- migrate:up", "-- migrate:down"),
        ),
        (
            "sql-migrate",
            "migrations/001_base.sql",
            sections("-- +migrate Up", "-- +migrate Down"),
        ),
        (
            "tern",
            "migrations/001_base.sql",
            sections("", "---- create above / drop below ----"),
        ),
        (
            "liquibase",
            "migrations/changelog.sql",
            format!("--liquibase formatted sql\n--changeset ann:1\n{BASE}--rollback {down}\n"),
        ),
        ("flyway", "migrations/V1__base.sql", BASE.to_owned()),
        ("refinery", "migrations/V1__base.sql", BASE.to_owned()),
        (
            "golang-migrate",
            "migrations/000001_base.up.sql",
            BASE.to_owned(),
        ),
    ];
    for (layout, file, text) in cases {
        for dialect in ["postgres", "mysql", "sqlite"] {
            let world = world(dialect, layout, file, &text);
            let said = world.run("new rename-column users.email address --format json");
            assert_eq!(said.status, Some(0), "{layout} {dialect}: {said}");
            let new = said.json()["migrations"].as_array().unwrap().len();
            let said = world.run("classify --format json");
            let all = said.json()["migrations"].as_array().unwrap().len();
            assert_eq!(all, new + 1, "{layout} {dialect}");
            let said = world.run("lint");
            assert_eq!(said.status, Some(0), "{layout} {dialect}: {said}");
        }
    }
}

#[test]
fn the_answer_is_complete_as_json() {
    let world = world("sqlite", "numbered", "migrations/1_base.sql", BASE);
    assert_snapshot!(
        "new_json",
        world.run("new drop-column users.email --dry-run --format json")
    );
    assert_snapshot!("new_help", world.run("new --help"));
    assert_snapshot!("new_pattern_help", world.run("new rename-column --help"));
}

#[test]
fn what_is_refused_leaves_no_file() {
    let cases = [
        (
            "new rename-column people.name handle",
            "no migration of the folder makes the table `people`",
        ),
        (
            "new rename-column users.nam handle",
            "the table `users` has no column `nam`; did you mean `name`?",
        ),
        (
            "new rename-column users.name email",
            "there is a column `users.email` already",
        ),
        ("new rename-column users.id key", "part of the primary key"),
        (
            "new rename-column name handle",
            "`name` names no column; write TABLE.COLUMN",
        ),
        (
            "new set-not-null users.email",
            "say it with `--fill EXPRESSION`",
        ),
        (
            "new set-not-null users.name --fill 0",
            "is NOT NULL already",
        ),
        (
            "new rename-table users users",
            "there is a table `users` already",
        ),
        (
            "new drop-table carts",
            "no migration of the folder makes the table `carts`",
        ),
        (
            "new add-foreign-key users.email users.name",
            "`users.name` is not unique",
        ),
        (
            "new merge-columns users.name,email label --using name --back name=label",
            "say it with `--back COLUMN=EXPRESSION`",
        ),
        (
            "new split-column users.name first --back first",
            "not of the form NEW=EXPRESSION",
        ),
        (
            "new replace-enum users.email a,b --map x",
            "not of the form OLD=NEW",
        ),
        ("new ---", "unexpected argument"),
        ("new !", "is no name for a migration"),
        (
            "new base drop-table users",
            "give a name for an empty migration, or a pattern",
        ),
        ("new", "required arguments were not provided"),
        ("new base --format sarif", "`new` has no format `sarif`"),
    ];
    let world = world("postgres", "numbered", "migrations/1_base.sql", BASE);
    for (words, expected) in cases {
        let said = world.run(words);
        assert_eq!(said.status, Some(2), "{words}: {said}");
        assert!(said.to_string().contains(expected), "{words}: {said}");
        let files = std::fs::read_dir(world.path("migrations")).unwrap();
        assert_eq!(files.count(), 1, "{words}");
    }
}

/// A folder that begins with a dump does not show its columns; the command line does.
#[test]
fn what_the_folder_does_not_show_is_asked_for() {
    let world = world(
        "postgres",
        "numbered",
        "migrations/1_base.sql",
        "ALTER TABLE users ADD COLUMN x integer;\n",
    );
    let said = world.run("new rename-column users.name handle --dry-run");
    assert_eq!(said.status, Some(2), "{said}");
    assert!(
        said.to_string().contains("say it with `--type TYPE`"),
        "{said}"
    );
    let said =
        world.run("new rename-column users.name handle --type varchar(9) --not-null --dry-run");
    assert_eq!(said.status, Some(0), "{said}");
    for expected in [
        "ADD COLUMN handle varchar(9)",
        "ALTER COLUMN handle SET NOT NULL",
    ] {
        assert!(said.to_string().contains(expected), "{said}");
    }
}

#[test]
fn an_empty_folder_gets_its_first_migration() {
    let world = World::with(&[(
        "bgmigrate.toml",
        "dialect = \"sqlite\"\nlayout = \"numbered\"\n",
    )]);
    let said = world.run("new add_users");
    assert_eq!(said.status, Some(0), "{said}");
    let text = std::fs::read_to_string(world.path("migrations/0001_add_users.sql")).unwrap();
    assert_eq!(text, "-- Write the statements here.\n");
    let unnamed = World::with(&[("bgmigrate.toml", "dialect = \"sqlite\"\n")]);
    let said = unnamed.run("new add_users");
    assert_eq!(said.status, Some(2), "{said}");
    assert!(said.to_string().contains("say `--layout NAME`"), "{said}");
}

/// Each breaking change, and the files that take its place.
#[test]
fn every_breaking_change_that_is_known_is_split() {
    let cases = [
        (
            "postgres",
            "ALTER TABLE users RENAME COLUMN name TO label;",
            "expand migrate contract",
        ),
        (
            "postgres",
            "ALTER TABLE users ALTER COLUMN email TYPE integer USING length(email);",
            "expand migrate contract",
        ),
        (
            "postgres",
            "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
            "migrate contract",
        ),
        (
            "postgres",
            "ALTER TABLE users DROP COLUMN email;",
            "contract",
        ),
        (
            "postgres",
            "ALTER TABLE users DROP COLUMN name;",
            "expand contract",
        ),
        (
            "postgres",
            "ALTER TABLE users RENAME TO people;",
            "expand contract",
        ),
        (
            "postgres",
            "ALTER TABLE users ADD COLUMN plan text NOT NULL;",
            "expand contract",
        ),
        ("postgres", "DROP TABLE users;", "contract"),
        (
            "postgres",
            "ALTER TABLE users ADD CONSTRAINT u UNIQUE (email);",
            "contract",
        ),
        (
            "postgres",
            "CREATE UNIQUE INDEX u ON users (email);",
            "contract",
        ),
        (
            "postgres",
            "ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES users (id);",
            "contract",
        ),
        (
            "mysql",
            "ALTER TABLE users CHANGE name label varchar(50) NOT NULL;",
            "expand migrate contract",
        ),
        (
            "mysql",
            "ALTER TABLE users MODIFY email integer;",
            "expand migrate contract",
        ),
        (
            "mysql",
            "ALTER TABLE users MODIFY email text NOT NULL;",
            "migrate contract",
        ),
        ("mysql", "RENAME TABLE users TO people;", "expand contract"),
        (
            "sqlite",
            "ALTER TABLE users RENAME COLUMN email TO label;",
            "expand migrate contract",
        ),
    ];
    let answers = "--fill users.email=0 --default users.plan=1 --format json";
    for (dialect, sql, expected) in cases {
        let world = world(dialect, "numbered", "migrations/1_base.sql", BASE);
        world.write("migrations/2_change.sql", sql);
        let said = world.run(&format!("split migrations/2_change.sql {answers}"));
        assert_eq!(said.status, Some(0), "{sql}: {said}");
        let json = said.json();
        let phases = json["migrations"].as_array().unwrap().iter();
        let phases: Vec<_> = phases.map(|new| new["phase"].as_str().unwrap()).collect();
        assert_eq!(phases.join(" "), expected, "{dialect}: {sql}: {said}");
        assert_eq!(json["written"], false);
        assert!(world.path("migrations/2_change.sql").exists(), "{sql}");
        // What it prints is what it writes.
        let said = world.run(&format!("split migrations/2_change.sql --write {answers}"));
        assert_eq!(said.status, Some(0), "{sql}: {said}");
        assert!(!world.path("migrations/2_change.sql").exists(), "{sql}");
        for new in json["migrations"].as_array().unwrap() {
            let file = &new["files"][0];
            let written = std::fs::read_to_string(world.path(file["file"].as_str().unwrap()));
            assert_eq!(written.unwrap(), file["text"].as_str().unwrap());
        }
        assert_eq!(
            world.run("lint").status,
            Some(0),
            "{sql}: {}",
            world.run("lint")
        );
    }
}

#[test]
fn what_cannot_be_split_is_said_and_stays() {
    let cases = [
        (
            "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
            "say it with `--fill TABLE.COLUMN=EXPRESSION`",
        ),
        (
            "ALTER TABLE users ADD COLUMN plan text NOT NULL;",
            "say it with `--default TABLE.COLUMN=EXPRESSION`",
        ),
        (
            "ALTER TABLE users RENAME COLUMN id TO key;",
            "part of the primary key",
        ),
        (
            "ALTER TABLE userz RENAME COLUMN name TO label;",
            "no migration of the folder makes the table `userz`; did you mean `users`?",
        ),
        (
            "DO $$ BEGIN EXECUTE 'DROP TABLE ' || current_user; END $$;\nDROP TABLE users;",
            "split the file by hand",
        ),
        (
            "-- bgmigrate: transaction=off\n\nDROP TABLE users;",
            "a directive speaks for the whole file",
        ),
    ];
    for (sql, expected) in cases {
        let world = world("postgres", "numbered", "migrations/1_base.sql", BASE);
        world.write("migrations/2_change.sql", sql);
        let said = world.run("split migrations/2_change.sql --write");
        assert_eq!(said.status, Some(2), "{sql}: {said}");
        assert!(said.to_string().contains(expected), "{sql}: {said}");
        assert_eq!(
            std::fs::read_to_string(world.path("migrations/2_change.sql")).unwrap(),
            sql
        );
        let files = std::fs::read_dir(world.path("migrations")).unwrap();
        assert_eq!(files.count(), 2, "{sql}");
    }
}

#[test]
fn a_split_says_when_there_is_nothing_to_do_or_no_room() {
    let world = world("postgres", "numbered", "migrations/1_base.sql", BASE);
    world.write(
        "migrations/2_note.sql",
        "ALTER TABLE users ADD COLUMN note text;",
    );
    world.write(
        "migrations/3_gone.sql",
        "ALTER TABLE users DROP COLUMN name;",
    );
    world.write(
        "migrations/4_more.sql",
        "ALTER TABLE users ADD COLUMN more text;",
    );
    let said = world.run("split migrations/2_note.sql");
    assert_eq!(said.status, Some(0), "{said}");
    assert!(
        said.talk.contains("nothing in it has to be split"),
        "{said}"
    );
    for (file, expected) in [
        ("3_gone", "needs a version that is not free"),
        ("1_base", "nothing in it has to be split"),
        ("9_none", "there is no"),
    ] {
        let said = world.run(&format!("split migrations/{file}.sql --write"));
        assert!(said.to_string().contains(expected), "{file}: {said}");
        assert_eq!(
            std::fs::read_dir(world.path("migrations")).unwrap().count(),
            4
        );
    }
}
