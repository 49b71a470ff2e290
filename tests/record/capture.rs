//! What a release really sends, as the server has kept it.

use bgmigrate::store::{Missing, Target};

use crate::servers;
use crate::world::{Engine, World};

/// A shop whose database's server keeps which statements ran.
fn shops() -> Vec<World> {
    let engines = [Engine::Postgres, Engine::Postgres, Engine::Mariadb];
    let servers = servers::with_statistics().into_iter().zip(engines);
    let worlds = servers.map(|(server, engine)| {
        let world = World::at(engine, server.url("shop"));
        world.migration(
            "0001_users",
            "CREATE TABLE users (id integer PRIMARY KEY, handle varchar(50), email varchar(50));",
        );
        if engine == Engine::Postgres {
            world.sql("CREATE EXTENSION pg_stat_statements");
        }
        world
    });
    worlds.collect()
}

/// A user of the database with the rights that an application has.
fn user(world: &World, name: &str) -> String {
    let database = world
        .url
        .split(['?', '/'])
        .find(|part| part.starts_with("shop_"));
    let database = database.unwrap();
    if world.engine == Engine::Mariadb {
        world.sql(&format!("CREATE OR REPLACE USER {name}@localhost"));
        world.sql(&format!("GRANT ALL ON `{database}`.* TO {name}@localhost"));
        return world.url.replace("root@", &format!("{name}@"));
    }
    world.sql(&format!("DROP ROLE IF EXISTS {name}"));
    world.sql(&format!("CREATE ROLE {name} LOGIN"));
    world.sql(&format!("GRANT ALL ON users TO {name}"));
    world.url.replace("user=postgres", &format!("user={name}"))
}

/// Runs statements as an application does, those with a parameter prepared; the session is open meanwhile.
fn sent(url: &str, statements: &[&str], meanwhile: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let target: Target = url.parse().unwrap();
        let mut session = target.connect("app", Missing::Refuse).await.unwrap();
        for sql in statements {
            if sql.contains('?') {
                session.write(sql, &[1.into()]).await.unwrap();
            } else {
                session.run(sql).await.unwrap();
            }
        }
        meanwhile();
        session.close().await;
    });
}

#[test]
fn what_an_application_sends_is_told_from_all_that_ran() {
    for world in shops() {
        world.expect(0, "apply");
        world.expect(0, "release record v1 --slot blue --live");
        let shop = user(&world, "shop_app");
        world.sql("ALTER TABLE users ADD COLUMN age integer");
        let mut said = None;
        sent(
            &shop,
            &[
                "INSERT INTO users (id, handle) VALUES (1, 'secret'), (2, 'b')",
                "UPDATE users SET email = 'x' WHERE id IN (1, 2, 3)",
                "SELECT count(*) FROM information_schema.tables",
                "BEGIN",
                "COMMIT",
                "SELECT handle FROM users WHERE id = ?",
            ],
            // What is prepared can be told on MariaDB only while it is.
            || said = Some(world.expect(0, "uses capture")),
        );
        let said = said.unwrap();
        let file = &said.answer;
        assert!(
            !file.contains("bgmigrate_") && !file.contains("bgmigrate."),
            "{file}"
        );
        for gone in ["secret", "ALTER", "CREATE", "BEGIN", "information_schema"] {
            assert!(!file.contains(gone), "{gone}: {file}");
        }
        for kept in ["INSERT INTO", "UPDATE", "handle"] {
            assert!(file.contains(kept), "{kept}: {file}");
        }
        assert!(file.contains("-- Kept since 20"), "{file}");
        assert!(
            file.contains("definitions, ") && file.contains("bgmigrate's own"),
            "{file}"
        );
        let understood = match world.engine {
            Engine::Postgres => {
                let statements = |file: &str| file.split_once("\n\n").unwrap().1.to_owned();
                let again = world.expect(0, "uses capture").answer;
                assert_eq!(statements(file), statements(&again));
                "3 queries read, 0 of them not understood\n"
            }
            _ => "4 queries read, 1 of them not understood\n",
        };
        assert!(said.talk.ends_with(understood), "{}{file}", said.talk);

        // The file is what a release is recorded with.
        world.write("v1.sql", file);
        world.expect(0, "release record v1 --slot blue --live --uses v1.sql");
        let shown = world.expect(0, "uses show v1").answer;
        let expected = match world.engine {
            Engine::Postgres => "users: email, handle, id; written",
            // bgmigrate itself has sent what MariaDB has not kept.
            _ => "executions of prepared statements that are closed",
        };
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn a_users_statements_are_told_from_those_of_others() {
    for world in shops() {
        world.expect(0, "apply");
        let [shop, billing] = ["shop_own", "billing_own"].map(|name| user(&world, name));
        if world.engine == Engine::Postgres {
            world.sql("DROP ROLE IF EXISTS shop_group; CREATE ROLE shop_group; GRANT shop_group TO shop_own");
            world.sql("GRANT ALL ON users TO shop_group");
        }
        sent(&billing, &["SELECT email FROM users"], || {});
        sent(&shop, &["SELECT handle FROM users WHERE id = ?"], || {
            let file = world.expect(0, "uses capture --user shop_own").answer;
            assert!(file.contains("handle"), "{file}");
            assert!(!file.contains("email"), "{file}");
            // MySQL forgets all but the last statements of a user.
            let is_all = world.engine == Engine::Postgres;
            assert_eq!(file.contains("-- bgmigrate: opaque"), !is_all, "{file}");
        });
        if world.engine == Engine::Postgres {
            // Who may act as another may have run what the other ran.
            let as_group = [
                "SET ROLE shop_group",
                "SELECT id FROM users",
                "SET application_name = 'shop-blue'",
            ];
            sent(&shop, &as_group, || {
                let by_name = world.expect(0, "uses capture --application-name shop-blue");
                assert!(
                    by_name.answer.contains("SELECT id FROM users;"),
                    "{}",
                    by_name.answer
                );
                assert!(!by_name.answer.contains("email"), "{}", by_name.answer);
                assert!(
                    by_name
                        .answer
                        .contains("of shop_own, whom shop-blue logs in as"),
                    "{}",
                    by_name.answer
                );
            });
            let said = world.expect(2, "uses capture --application-name nobody");
            assert!(said.talk.contains("say --user"), "{}", said.talk);
            world.expect(2, "uses capture --user nobody_at_all");
        } else {
            let said = world.expect(2, "uses capture --application-name shop");
            assert!(said.talk.contains("say --user"), "{}", said.talk);
        }
    }
}

#[test]
fn a_releases_statements_are_those_of_its_slots_user() {
    for world in shops() {
        world.expect(0, "apply");
        world.expect(0, "release record v1 --slot blue --live");
        let said = world.expect(0, "uses capture v1");
        assert!(
            said.talk.contains("every user's statements"),
            "{}",
            said.talk
        );
        let [blue, other] = ["blue_user", "other_user"].map(|name| user(&world, name));
        let configured = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
        world.write(
            "bgmigrate.toml",
            &format!("{configured}[slots.blue]\nuser = \"blue_user\"\n[slots.green]\n"),
        );
        sent(&other, &["SELECT email FROM users"], || {});
        sent(&blue, &["SELECT handle FROM users"], || {
            let file = world.expect(0, "uses capture v1").answer;
            assert!(file.contains("handle") && !file.contains("email"), "{file}");
            assert!(file.contains("What ran, of blue_user"), "{file}");
        });
        let said = world.expect(2, "uses capture v9");
        assert!(
            said.talk.contains("no slot of app holds v9"),
            "{}",
            said.talk
        );
    }
}

#[test]
fn what_the_server_does_not_tell_is_said() {
    for world in shops() {
        world.expect(0, "apply");
        let low = user(&world, "low_user");
        sent(&world.url, &["SELECT email FROM users"], || {});
        let long = format!(
            "SELECT id FROM users WHERE handle IN ('a') {}",
            "OR handle = email ".repeat(400)
        );
        sent(&world.url, &[&long], || {});
        if world.engine == Engine::Mariadb {
            let said = world.expect(0, "uses capture");
            let mark =
                "-- bgmigrate: opaque reason=\"1 statement longer than what the server keeps";
            assert!(said.answer.contains(mark), "{}", said.answer);
            assert!(said.talk.contains("relying on everything"), "{}", said.talk);
            let prepare = "PREPARE s FROM 'SELECT id FROM users'; EXECUTE s";
            sent(&world.url, &[prepare], || {});
            let said = world.expect(0, "uses capture");
            assert!(
                said.answer.contains("put together at run time"),
                "{}",
                said.answer
            );
        } else {
            let said = world.run(&["uses", "capture", "--database-url", &low]);
            assert_eq!(said.status, 0, "{}", said.talk);
            assert!(
                said.answer.contains("GRANT pg_read_all_stats"),
                "{}",
                said.answer
            );
            let said = world.expect(0, "uses capture");
            assert!(!said.answer.contains("opaque"), "{}", said.answer);
            world.sql("DROP EXTENSION pg_stat_statements");
            let said = world.expect(2, "uses capture");
            assert!(
                said.talk.contains("CREATE EXTENSION pg_stat_statements"),
                "{}",
                said.talk
            );
        }
    }
    for (engine, words) in [
        (Engine::Sqlite, "SQLite does not keep"),
        (Engine::Postgres, "shared_preload_libraries"),
        (Engine::Mariadb, "performance_schema=ON"),
    ] {
        let world = World::new(engine, "silent");
        world.sql("CREATE TABLE t (id integer)");
        let said = world.expect(2, "uses capture");
        assert!(said.talk.contains(words), "{}", said.talk);
    }
    let world = World::new(Engine::Postgres, "silent");
    world.sql("CREATE EXTENSION pg_stat_statements");
    let said = world.expect(2, "uses capture");
    assert!(said.talk.contains("restart the server"), "{}", said.talk);
}

#[test]
fn capturing_writes_nothing() {
    for world in shops() {
        world.expect(0, "apply");
        let low = user(&world, "reader_only");
        if world.engine == Engine::Postgres {
            world.sql("GRANT pg_read_all_stats TO reader_only");
            world.sql("REVOKE ALL ON users FROM reader_only");
        } else {
            world.sql("REVOKE ALL ON *.* FROM reader_only@localhost");
            world.sql("GRANT SELECT ON *.* TO reader_only@localhost");
        }
        let said = world.run(&["uses", "capture", "--database-url", &low]);
        assert_eq!(said.status, 0, "{}", said.talk);
    }
}
