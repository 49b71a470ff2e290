//! What goes wrong elsewhere, one case each.

use crate::catalog::catalog;
use crate::world::{ENGINES, Engine, World};

const WORDS: &str = "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), age integer);\n\
                     INSERT INTO users (id, username, age) VALUES (1, 'Bob GREEN', 30);";

fn in_step(engine: Engine, expand: &str) -> World {
    let world = World::new(engine, "sync_named");
    world.migration("0001_users", WORDS);
    world.migration("0002_pair", expand);
    world.expect(0, "apply --phase all");
    world
}

const UPPER: &str = r#"-- bgmigrate: sync="users.username = lower(handle) <-> users.handle = upper(username)"
ALTER TABLE users ADD COLUMN handle varchar(50);"#;

#[test]
fn an_update_of_another_column_takes_no_value_of_a_new_release_back() {
    for engine in ENGINES {
        let world = in_step(engine, UPPER);
        world.sql("UPDATE users SET handle = 'Bob Green' WHERE id = 1");
        world.sql("UPDATE users SET age = 31 WHERE id = 1");
        world.sql("UPDATE users SET username = username, age = 32 WHERE id = 1");
        let both = "SELECT username, handle FROM users";
        assert_eq!(world.ask(both), "bob green|Bob Green", "{engine:?}");
    }
}

#[test]
fn a_backfill_takes_no_value_of_a_new_release_back() {
    for engine in ENGINES {
        let world = in_step(engine, UPPER);
        world.sql("INSERT INTO users (id, handle) VALUES (2, 'Cleo')");
        world.sql("UPDATE users SET handle = upper(username) WHERE handle IS NULL");
        let both = "SELECT username, handle FROM users ORDER BY id";
        assert_eq!(
            world.ask(both),
            "Bob GREEN|BOB GREEN cleo|Cleo",
            "{engine:?}"
        );
    }
}

#[test]
fn the_search_path_of_a_session_decides_nothing() {
    let world = in_step(Engine::Postgres, UPPER);
    for (path, id) in [
        ("pg_catalog", 10),
        ("public_02, public", 11),
        ("public", 12),
    ] {
        world.sql(&format!(
            "SET search_path TO {path}; INSERT INTO public.users (id, handle) VALUES ({id}, 'New'); \
             UPDATE public.users SET handle = 'Newer' WHERE id = {id}; UPDATE public.users SET age = 1 WHERE id = {id}"
        ));
        let both = format!("SELECT username, handle FROM users WHERE id = {id}");
        assert_eq!(world.ask(&both), "newer|Newer", "{path}");
    }
}

#[test]
fn a_change_of_case_alone_is_no_less_a_change() {
    for engine in ENGINES {
        let base = match engine {
            Engine::Sqlite => {
                "CREATE TABLE t (id integer PRIMARY KEY, a varchar(9) COLLATE NOCASE);"
            }
            Engine::Postgres | Engine::Mariadb => {
                "CREATE TABLE t (id integer PRIMARY KEY, a varchar(9));"
            }
        };
        let added = match engine {
            Engine::Sqlite => "varchar(9) COLLATE NOCASE",
            Engine::Postgres | Engine::Mariadb => "varchar(9)",
        };
        let world = World::new(engine, "sync_case");
        world.migration("0001_t", base);
        world.migration(
            "0002_pair",
            &format!("-- bgmigrate: sync=t.a<->t.b\nALTER TABLE t ADD COLUMN b {added};"),
        );
        world.expect(0, "apply --phase all");
        world.sql("INSERT INTO t (id, a) VALUES (1, 'ann')");
        world.sql("UPDATE t SET a = 'ANN'");
        assert_eq!(world.ask("SELECT a, b FROM t"), "ANN|ANN", "{engine:?}");
        world.sql("UPDATE t SET b = 'Ann'");
        assert_eq!(world.ask("SELECT a, b FROM t"), "Ann|Ann", "{engine:?}");
    }
}

#[test]
fn names_that_contain_each_other_stay_apart() {
    for engine in ENGINES {
        let (text, back) = match engine {
            Engine::Mariadb => ("concat(user, username)", "substr(name_of_user, 1, 1)"),
            Engine::Sqlite | Engine::Postgres => {
                ("user_ || username", "substr(name_of_user, 1, 1)")
            }
        };
        let text = text.replace("user,", "user_,");
        let world = World::new(engine, "sync_names");
        world.migration(
            "0001_t",
            "CREATE TABLE t (id integer PRIMARY KEY, user_ varchar(9), username varchar(9));",
        );
        world.migration(
            "0002_pair",
            &format!(
                "-- bgmigrate: sync=\"t.user_ = {back}, username = substr(name_of_user, 2) <-> t.name_of_user = {text}\"\n\
                 ALTER TABLE t ADD COLUMN name_of_user varchar(20);"
            ),
        );
        world.expect(0, "apply --phase all");
        world.sql("INSERT INTO t (id, user_, username) VALUES (1, 'a', 'bc')");
        world.sql("INSERT INTO t (id, name_of_user) VALUES (2, 'xyz')");
        let all = "SELECT user_, username, name_of_user FROM t ORDER BY id";
        assert_eq!(world.ask(all), "a|bc|abc x|yz|xyz", "{engine:?}");
    }
}

#[test]
fn what_the_server_does_not_take_leaves_nothing() {
    for engine in ENGINES {
        let world = World::new(engine, "sync_unfit");
        world.migration("0001_users", WORDS);
        world.expect(0, "apply --phase all");
        let before = catalog(&world);
        // Nobody but the server knows that there is no such function.
        world.migration(
            "0002_pair",
            "-- bgmigrate: sync=\"users.age = nobody_has(years) <-> users.years = nobody_has(age)\"\n\
             ALTER TABLE users ADD COLUMN years integer;",
        );
        let failed = world.run(&["apply"]);
        assert_eq!(failed.status, 5, "{}", failed.talk);
        assert!(failed.talk.contains("0002_pair.sql:1"), "{}", failed.talk);
        let left = catalog(&world);
        assert!(!left.contains("_sync"), "{engine:?}: {left}");
        if engine != Engine::Mariadb {
            assert_eq!(left, before, "{engine:?}");
        }
        world.sql("INSERT INTO users (id, age) VALUES (9, 1)");
    }
}

#[test]
fn a_second_pair_over_a_column_is_refused_while_the_first_is_there() {
    let world = in_step(Engine::Postgres, UPPER);
    world.migration(
        "0003_second",
        "-- bgmigrate: sync=users.handle<->users.nick\nALTER TABLE users ADD COLUMN nick varchar(50);",
    );
    let found = world.expect(1, "lint").answer;
    assert!(
        found.contains("`users.handle` is kept in step already"),
        "{found}"
    );
}

#[test]
fn a_key_that_numbers_itself_is_in_nobodys_way() {
    let world = World::new(Engine::Postgres, "sync_identity");
    world.migration(
        "0001_t",
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text); INSERT INTO t (a) VALUES ('x');",
    );
    world.migration(
        "0002_pair",
        "-- bgmigrate: sync=t.a<->t.b\nALTER TABLE t ADD COLUMN b text;",
    );
    world.migration(
        "0003_fill",
        "UPDATE t SET b = a WHERE b IS NULL AND a IS NOT NULL;",
    );
    world.expect(0, "apply --phase all");
    world.sql("INSERT INTO t (b) VALUES ('y')");
    assert_eq!(world.ask("SELECT a, b FROM t ORDER BY id"), "x|x y|y");
}

/// Whoever drops a side without taking the triggers down first is stopped by the server itself.
#[test]
fn postgresql_holds_the_columns_of_a_pair() {
    let world = in_step(Engine::Postgres, UPPER);
    for sql in [
        "ALTER TABLE users DROP COLUMN username",
        "ALTER TABLE users DROP COLUMN handle",
        "ALTER TABLE users ALTER COLUMN handle TYPE text",
    ] {
        let told = world.refusal(sql);
        assert!(told.contains("trigger"), "{told}");
    }
}
