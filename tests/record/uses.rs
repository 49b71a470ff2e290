//! Releases that say what they use: what they do not use may go under them.

use crate::world::{ENGINES, Engine, World};

/// Two services on one database, each with a folder of its own: the shop, and billing, which reads the shop's customers.
fn shop_and_billing(engine: Engine) -> World {
    let world = World::new(engine, "services");
    world.write("live", "blue\n");
    world.migration(
        "0001_users",
        "CREATE TABLE users (id integer PRIMARY KEY, username varchar(50), email varchar(50));",
    );
    let shop = std::fs::read_to_string(world.path("bgmigrate.toml")).unwrap();
    let (head, _) = shop.split_once("[router]").unwrap();
    world.write(
        "billing.toml",
        &format!("{head}service = \"billing\"\nnamespace = \"billing\"\ndir = \"billing\"\n"),
    );
    std::fs::create_dir(world.path("billing")).unwrap();
    world.write(
        "billing/0001_invoices.sql",
        "CREATE TABLE invoices (id integer PRIMARY KEY, user_id integer, total integer);",
    );
    std::fs::create_dir(world.path("queries")).unwrap();
    world.write(
        "queries/billing.sql",
        "SELECT email FROM users WHERE id = 1;\nINSERT INTO invoices (id, user_id, total) VALUES (1, 2, 3);\n",
    );
    world.expect(0, "apply");
    world.expect(0, "apply --config billing.toml");
    world.expect(0, "release record v1 --slot blue --live");
    world.expect(
        0,
        "release record b1 --slot blue --live --config billing.toml",
    );
    world
}

#[test]
fn another_service_keeps_what_it_uses_and_nothing_else() {
    for engine in ENGINES {
        let world = shop_and_billing(engine);
        world.migration(
            "0002_no_username",
            "ALTER TABLE users DROP COLUMN username;",
        );
        world.expect(0, "release record v2 --slot blue --live");
        let refused = world.expect(3, "apply --phase contract");
        assert!(
            refused.answer.contains("b1 is live in blue of billing"),
            "{}",
            refused.answer
        );

        // Billing says what it uses: the column that goes is not among it.
        world.expect(
            0,
            "release record b1 --slot blue --live --config billing.toml --uses queries",
        );
        world.expect(0, "gate contract");
        world.expect(0, "apply --phase contract");

        // What it does use stays.
        world.migration("0003_no_email", "ALTER TABLE users DROP COLUMN email;");
        world.expect(0, "release record v3 --slot blue --live");
        let refused = world.expect(3, "apply --phase contract");
        assert!(
            refused.answer.contains("b1 is live in blue of billing"),
            "{}",
            refused.answer
        );
        world.expect(0, "status --check");
    }
}

#[test]
fn a_release_that_comes_after_the_step_has_to_prove_that_it_does_not_miss_it() {
    for engine in ENGINES {
        let world = shop_and_billing(engine);
        world.expect(
            0,
            "release record b1 --slot blue --live --config billing.toml --uses queries",
        );
        world.migration(
            "0002_no_username",
            "ALTER TABLE users DROP COLUMN username;",
        );
        world.expect(0, "release record v2 --slot blue --live");
        world.expect(0, "apply --phase contract");

        world.expect(0, "release record b2 --slot green --config billing.toml");
        let refused = world.expect(3, "gate cutover --to green --config billing.toml");
        assert!(
            refused
                .answer
                .contains("contract step 0002_no_username ran"),
            "{}",
            refused.answer
        );
        world.expect(
            0,
            "release record b2 --slot green --config billing.toml --uses queries/billing.sql",
        );
        world.expect(0, "gate cutover --to green --config billing.toml");
        // Other uses are another proof.
        world.write("queries/billing.sql", "SELECT username FROM users;");
        world.expect(
            0,
            "release record b2 --slot green --config billing.toml --uses queries/billing.sql",
        );
        world.expect(3, "gate cutover --to green --config billing.toml");
        world.expect(0, "status --check");
    }
}

#[test]
fn the_guard_holds_what_a_release_uses() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let world = shop_and_billing(engine);
        world.run(&["release", "record", "v9", "--slot", "green"]);
        world.expect(0, "guard install");
        world.expect(
            0,
            "release record b1 --slot blue --live --config billing.toml --uses queries",
        );
        // Only billing is left to hold anything of the shop's table.
        world.run(&["retire", "green", "--early", "--reason", "not needed"]);
        world.write("nothing.list", "# v1 is known to use nothing\n");
        world.expect(
            0,
            "release record v1 --slot blue --live --uses nothing.list",
        );
        let refused = world.refusal("ALTER TABLE users DROP COLUMN email");
        assert!(refused.contains("billing"), "{refused}");
        world.sql("ALTER TABLE users DROP COLUMN username");
        world.expect(0, "guard status --check");
    }
}

#[test]
fn a_query_that_cannot_be_understood_keeps_all_that_it_may_mean() {
    let world = shop_and_billing(Engine::Sqlite);
    world.write("queries/odd.sql", "FETCH username OUT OF users;");
    let said = world.expect(0, "uses read queries");
    assert!(
        said.talk.contains("queries/odd.sql:1:1: not understood"),
        "{}",
        said.talk
    );
    assert!(said.answer.contains("username"), "{}", said.answer);

    world.write("queries/odd.sql", "SELECT * FROM {{ table }};");
    let said = world.expect(0, "uses read queries");
    assert!(
        said.answer.starts_with("everything: queries/odd.sql:1"),
        "{}",
        said.answer
    );

    world.write("queries/odd.json", "{\"queries\": 1}");
    let said = world.expect(2, "uses read queries");
    assert!(said.talk.contains("queries/odd.json:1"), "{}", said.talk);
    world.expect(2, "uses read no-such-file.sql");
    world.expect(2, "uses read billing.toml/nothing");
    std::fs::create_dir(world.path("empty")).unwrap();
    world.expect(2, "uses read empty");
}

#[test]
fn what_was_recorded_can_be_read() {
    let world = shop_and_billing(Engine::Sqlite);
    world.expect(
        0,
        "release record b1 --slot blue --live --config billing.toml --uses queries",
    );
    let said = world.expect(0, "uses show b1 --config billing.toml");
    // Billing's folder does not make the shop's table, so a view or a trigger may stand behind its name.
    assert_eq!(
        said.answer,
        "invoices: id, total, user_id; written\nusers: email, id\nany type, routine and sequence besides: not all of \
         what stands behind these is seen\n"
    );
    let said = world.expect(0, "uses show v1");
    assert!(said.answer.starts_with("everything: nobody said"));
    world.expect(2, "uses show v7");
}
