//! What is refused, what fails, and with which words and status.

use crate::world::{ENGINES, Engine, World};

const USERS: &str = "CREATE TABLE users (id integer PRIMARY KEY, email varchar(50));";

#[test]
fn an_edited_migration_is_refused_with_what_changed() {
    for engine in ENGINES {
        let world = World::new(engine, "edited");
        world.migration("0001_users", USERS);
        world.expect(0, "apply");
        world.migration("0001_users", &USERS.replace("email", "mail"));
        let refused = world.expect(3, "apply");
        assert!(
            refused.talk.contains("was applied with another text"),
            "{}",
            refused.talk
        );
        assert!(
            refused
                .talk
                .contains("-CREATE TABLE users (id integer PRIMARY KEY, email"),
            "{}",
            refused.talk
        );
        assert!(
            refused
                .talk
                .contains("+CREATE TABLE users (id integer PRIMARY KEY, mail"),
            "{}",
            refused.talk
        );
    }
}

#[test]
fn line_ends_of_another_system_are_no_edit() {
    let world = World::new(Engine::Sqlite, "crlf");
    world.migration("0001_users", "CREATE TABLE users (\n id integer\n);\n");
    world.expect(0, "apply");
    world.migration(
        "0001_users",
        "CREATE TABLE users (\r\n id integer\r\n);\r\n",
    );
    world.expect(0, "apply");
}

#[test]
fn a_statement_that_fails_ends_with_5_and_names_its_place() {
    for engine in ENGINES {
        let world = World::new(engine, "fails");
        world.migration("0001_users", USERS);
        world.migration(
            "0002_wrong",
            "ALTER TABLE users ADD COLUMN a integer;\nALTER TABLE nobody ADD COLUMN b integer;",
        );
        let failed = world.expect(5, "apply");
        assert!(failed.talk.contains("0002_wrong.sql:2"), "{}", failed.talk);
        assert!(failed.talk.contains("nobody"), "{}", failed.talk);
        let whole = engine != Engine::Mariadb;
        assert_eq!(
            failed.talk.contains("all of it was rolled back"),
            whole,
            "{}",
            failed.talk
        );
        assert_eq!(
            failed.talk.contains("1 of its 2 statements are done"),
            !whole,
            "{}",
            failed.talk
        );

        // Mended from outside, the run goes on where it stopped: the first statement is not sent twice.
        world.sql("CREATE TABLE nobody (id integer)");
        world.expect(0, "apply");
        assert_eq!(world.ask("SELECT count(a) FROM users"), "0");
        assert_eq!(world.ask("SELECT count(b) FROM nobody"), "0");
    }
}

#[test]
fn a_database_that_is_not_there_ends_with_4_and_shows_no_password() {
    let world = World::new(Engine::Sqlite, "unreachable");
    world.migration("0001_users", USERS);
    let urls = [
        "postgres://ann:secret@127.0.0.1:1/shop",
        "mysql://ann:secret@127.0.0.1:1/shop",
        "sqlite:/nowhere/at/all.db",
    ];
    for url in urls {
        let dialect = if url.starts_with("sqlite") {
            "sqlite"
        } else {
            &url[..url.find(':').unwrap()]
        };
        world.write(
            "bgmigrate.toml",
            &format!("dialect = \"{dialect}\"\nlayout = \"numbered\"\n"),
        );
        let said = world.run(&["gate", "rollback", "--database-url", url]);
        assert_eq!(said.status, 4, "{url}: {}", said.talk);
        assert!(
            said.talk.starts_with("error: cannot connect to "),
            "{}",
            said.talk
        );
        assert!(!said.talk.contains("secret"), "{}", said.talk);
    }
}

#[test]
fn what_cannot_be_meant_ends_with_2() {
    let world = World::new(Engine::Sqlite, "usage");
    world.migration("0001_users", USERS);
    world.expect(0, "init");
    let cases = [
        (vec!["gate", "cutover"], "needs --to SLOT"),
        (
            vec!["gate", "cutover", "--to", "purple"],
            "`purple` is no slot (blue, green)",
        ),
        (
            vec!["release", "record", "v1", "--slot", "purple"],
            "the slots are blue, green",
        ),
        (
            vec!["apply", "--to", "0099"],
            "no migration of the folder has the id or the file `0099`",
        ),
        (
            vec!["apply", "--database-url", "oracle://x"],
            "a database URL begins with sqlite:",
        ),
        (
            vec!["apply", "--dialect", "postgres"],
            "the folder is PostgreSQL",
        ),
        (
            vec!["resolve", "0001", "--done", "--reason", " "],
            "--reason must say",
        ),
    ];
    for (arguments, words) in cases {
        let said = world.run(&arguments);
        assert_eq!(said.status, 2, "{arguments:?}: {}", said.talk);
        assert!(said.talk.contains(words), "{arguments:?}: {}", said.talk);
    }
}

#[test]
fn asking_makes_nothing() {
    for engine in [Engine::Postgres, Engine::Mariadb] {
        let world = World::new(engine, "asking");
        world.migration("0001_users", USERS);
        for line in [
            "gate contract",
            "gate rollback",
            "status",
            "apply --dry-run",
            "history",
            "status --check",
        ] {
            let arguments: Vec<&str> = line.split(' ').collect();
            world.run(&arguments);
            let tables = "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE '%record%' \
                          AND table_schema IN ('bgmigrate', 'asking')";
            assert_eq!(world.ask(tables), "0", "{engine:?} {line}");
        }
    }
}

#[test]
fn an_earlier_contract_step_holds_only_what_touches_the_same() {
    let world = World::new(Engine::Sqlite, "order");
    world.migration("0001_users", USERS);
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.migration("0002_drop_email", "ALTER TABLE users DROP COLUMN email;");
    world.migration("0003_other", "CREATE TABLE other (id integer);");
    world.migration(
        "0004_email_again",
        "ALTER TABLE users ADD COLUMN email varchar(99);",
    );
    let said = world.expect(3, "apply");
    assert!(
        said.answer
            .contains("0002_drop_email changes `users.email` first, and waits itself"),
        "{}",
        said.answer
    );
    assert_eq!(world.ask("SELECT count(*) FROM other"), "0");
}

#[test]
fn a_newer_record_is_refused() {
    for engine in ENGINES {
        let world = World::new(engine, "newer");
        world.migration("0001_users", USERS);
        world.expect(0, "apply");
        let table = if engine == Engine::Postgres {
            "bgmigrate.record"
        } else {
            "bgmigrate_record"
        };
        world.sql(&format!("UPDATE {table} SET layout = 99"));
        let said = world.expect(2, "status");
        assert!(said.talk.contains("has layout 99"), "{}", said.talk);
    }
}

#[test]
fn the_same_refusal_is_data() {
    let world = World::new(Engine::Sqlite, "data");
    world.migration("0001_users", USERS);
    world.expect(0, "apply");
    world.expect(0, "release record v1 --slot blue --live");
    world.migration("0002_drop_email", "ALTER TABLE users DROP COLUMN email;");
    world.write("live", "blue\n");
    let json = world.expect(3, "gate contract --format json").answer;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["allowed"], false);
    let refusal = &value["refusals"][0];
    assert_eq!(refusal["rule"], "contract-gate");
    assert_eq!(refusal["by"]["release"], "v1");
    assert_eq!(refusal["by"]["slot"], "blue");
    assert_eq!(refusal["by"]["role"], "live");
    let markdown = world.expect(3, "gate contract --format markdown").answer;
    assert!(
        markdown.contains("| migration 0002_drop_email | contract-gate |"),
        "{markdown}"
    );
    let github = world.expect(3, "gate contract --format github").answer;
    assert!(
        github.starts_with("::error title=contract-gate%3A migration 0002_drop_email::"),
        "{github}"
    );
}

/// A CI job that asks the wrong database must not read its silence as a yes.
#[test]
fn a_gate_is_shut_where_there_is_no_record() {
    for engine in ENGINES {
        let world = World::new(engine, "norecord");
        world.sql("CREATE TABLE others (id integer PRIMARY KEY)");
        world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
        for gate in ["contract", "cutover --to green", "rollback"] {
            let refused = world.expect(3, &format!("gate {gate}")).answer;
            assert!(refused.contains("has no record"), "{refused}");
            assert!(refused.contains("bgmigrate init"), "{refused}");
        }
        world.expect(0, "init");
        let open = world.expect(0, "gate contract").talk;
        assert!(open.contains("no release is recorded"), "{open}");
    }
}

#[test]
fn the_database_tells_the_dialect_where_the_folder_does_not() {
    for engine in ENGINES {
        let world = World::new(engine, "dialect");
        world.write("bgmigrate.toml", "layout = \"numbered\"\n");
        world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
        world.expect(0, "plan");
        world.expect(0, "lint");
        world.expect(0, "apply");
    }
}
