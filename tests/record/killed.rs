//! A run that dies at each point where it talks to the database, and the next one, which finishes what it left.

use crate::world::{ENGINES, Engine, World, said};

/// Everything that a migration can be made of: what runs as one transaction and what cannot, rows and definitions, a
/// step that goes on where another one would fail, and a contract step. Rows are counted up, so that a statement which
/// runs twice shows.
fn folder(engine: Engine) -> Vec<(&'static str, &'static str)> {
    let mut folder = vec![
        (
            "0002_count",
            "CREATE TABLE counted (id integer PRIMARY KEY, n integer NOT NULL); INSERT INTO counted VALUES (1, 1);",
        ),
        (
            "0003_two",
            "ALTER TABLE users ADD COLUMN handle varchar(50); UPDATE counted SET n = n + 1; \
             ALTER TABLE users ADD COLUMN nick varchar(50);",
        ),
        ("0004_rows", "UPDATE counted SET n = n * 2;"),
        ("0006_drop", "ALTER TABLE users DROP COLUMN username;"),
    ];
    if engine == Engine::Postgres {
        let apart = "CREATE UNIQUE INDEX CONCURRENTLY users_handle ON users (handle); \
                     DROP INDEX CONCURRENTLY users_email; UPDATE counted SET n = n + 3;";
        folder.insert(3, ("0005_apart", apart));
    }
    folder
}

fn world(engine: Engine) -> World {
    let world = World::new(engine, "killed_at");
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), email varchar(50));\n\
         CREATE UNIQUE INDEX users_email ON users (email);",
    );
    world.expect(0, "apply --phase all");
    for (name, sql) in folder(engine) {
        world.migration(name, sql);
    }
    // A release that ships all of it, and a guard that has to be told of each step.
    world.expect(0, "release record v1 --slot green");
    if engine != Engine::Mariadb {
        world.expect(0, "guard install");
    }
    world
}

/// What the database looks like to everybody but the record.
fn picture(world: &World) -> String {
    let columns = match world.engine {
        Engine::Sqlite => {
            "SELECT m.name, group_concat(c.name, ',') FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'bgmigrate%' GROUP BY m.name ORDER BY m.name"
        }
        Engine::Postgres => {
            "SELECT c.relname, c.relkind::text, (SELECT count(*)::text FROM pg_attribute a WHERE a.attrelid = c.oid AND \
             a.attnum > 0 AND NOT a.attisdropped), coalesce((SELECT indisvalid::text FROM pg_index WHERE indexrelid = \
             c.oid), '') FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1"
        }
        Engine::Mariadb => {
            "SELECT table_name, group_concat(column_name ORDER BY column_name) FROM information_schema.columns WHERE \
             table_schema = database() AND table_name NOT LIKE 'bgmigrate%' GROUP BY table_name ORDER BY 1"
        }
    };
    let mut picture = format!(
        "{} | n = {}",
        world.ask(columns),
        world.ask("SELECT concat('', n) FROM counted")
    );
    if world.engine == Engine::Postgres {
        let pins = "SELECT p.kind, p.name, (p.shape -> 'columns')::text FROM bgmigrate.pin p ORDER BY 1, 2";
        let pins = world.ask(pins);
        // Object ids differ from database to database.
        let names: Vec<_> = pins.split("\"name\": ").skip(1).collect();
        let names: Vec<_> = names
            .iter()
            .filter_map(|rest| rest.split(',').next())
            .collect();
        picture.push_str(&format!(" | pins {names:?}"));
    }
    picture
}

/// Runs it dying at each point in turn, until it lives through all of them; `BGMIGRATE_EVERY` says how many points are
/// left out between two that are tried.
fn dies_everywhere(engine: Engine) {
    let undisturbed = world(engine);
    undisturbed.expect(0, "apply --phase all");
    let expected = picture(&undisturbed);
    let every: u32 = std::env::var("BGMIGRATE_EVERY").map_or(5, |every| every.parse().unwrap());
    let mut deaths = 0;
    for at in (1..).step_by(usize::try_from(every).unwrap()) {
        let world = world(engine);
        let mut command = world.command(&["apply", "--phase", "all"]);
        let first = said(
            &command
                .env("BGMIGRATE_DIE_AT", at.to_string())
                .output()
                .unwrap(),
        );
        if first.status == 0 {
            break;
        }
        deaths += 1;
        assert_eq!(first.status, -1, "{engine:?} at {at}: {}", first.talk);
        let second = world.run(&["apply", "--phase", "all"]);
        assert_eq!(
            second.status, 0,
            "{engine:?} after dying at {at}: {}",
            second.talk
        );
        assert_eq!(picture(&world), expected, "{engine:?} after dying at {at}");
        world.expect(0, "status --check");
        if engine != Engine::Mariadb {
            world.expect(0, "guard status --check");
        }
    }
    println!("{engine:?}: died at {deaths} points");
    assert!(deaths * every > 60, "{engine:?}: only {deaths} points");
}

#[test]
fn apply_is_finished_wherever_it_died_on_sqlite() {
    dies_everywhere(Engine::Sqlite);
}

#[test]
fn apply_is_finished_wherever_it_died_on_postgresql() {
    dies_everywhere(Engine::Postgres);
}

#[test]
fn apply_is_finished_wherever_it_died_on_mariadb() {
    dies_everywhere(Engine::Mariadb);
}

#[test]
fn an_undo_is_finished_wherever_it_died() {
    for engine in ENGINES {
        let made = || {
            let world = World::new(engine, "undo_killed_at");
            world.migration("0001_users", "CREATE TABLE users (id integer PRIMARY KEY);");
            world.migration(
                "0002_more",
                "ALTER TABLE users ADD COLUMN handle varchar(50); ALTER TABLE users ADD COLUMN nick varchar(50);",
            );
            world.expect(0, "apply");
            world
        };
        let columns = |world: &World| {
            match engine {
            Engine::Sqlite => world.ask("SELECT name FROM pragma_table_info('users')"),
            Engine::Postgres => world.ask("SELECT attname::text FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"),
            Engine::Mariadb => world.ask("SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND table_name = 'users'"),
        }
        };
        let mut deaths = 0;
        for at in (1..).step_by(3) {
            let world = made();
            let mut command = world.command(&["undo", "0002_more"]);
            let first = said(
                &command
                    .env("BGMIGRATE_DIE_AT", at.to_string())
                    .output()
                    .unwrap(),
            );
            if first.status == 0 {
                break;
            }
            deaths += 1;
            let state = world.expect(0, "status").answer;
            let is_there = !state.contains("Pending") || state.contains("undo was begun");
            if is_there {
                world.expect(0, "undo 0002_more");
            }
            assert_eq!(columns(&world), "id", "{engine:?} after dying at {at}");
            world.expect(0, "status --check");
        }
        assert!(deaths > 5, "{engine:?}: only {deaths} points");
    }
}
