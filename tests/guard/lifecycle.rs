//! From one step of a rollout to the next: what is pinned, let go and taken anew, and what gets past the guard on purpose.

use std::time::{Duration, Instant};

use bgmigrate::guard::{Object, Tier, Use, Uses, postgres};
use bgmigrate::model::{Ident, Name};
use sqlx::Row;

use crate::servers::{self, Server};
use crate::world::{Session, copy, guarded, install, pinned};

fn users() -> Name {
    Name::bare(Ident::folded("users"))
}

fn column(name: &str) -> Ident {
    Ident::folded(name)
}

async fn call(session: &mut Session, sql: &'static str, release: &str, objects: &[Object]) {
    sqlx::query(sql)
        .bind("app")
        .bind(release)
        .bind(Object::list(objects))
        .execute(&mut session.0)
        .await
        .unwrap();
}

const DROP_NAME: &str = "ALTER TABLE users DROP COLUMN username";

#[tokio::test]
async fn a_column_is_dropped_when_every_release_ships_the_drop() {
    for server in [servers::postgres(), servers::postgres_18()] {
        let url = guarded(server).await;
        let mut session = Session::open(&url).await;
        session
            .must("CREATE TABLE users (id bigint PRIMARY KEY, username text NOT NULL)")
            .await;
        assert_eq!(session.pin("v3", "blue", &Uses::default()).await, 2);
        session
            .must("ALTER TABLE users ADD COLUMN handle text")
            .await;
        session
            .must("ALTER TABLE users ALTER COLUMN username DROP NOT NULL")
            .await;
        session.pin("v4", "green", &Uses::default()).await;
        let refusal = session.refused(DROP_NAME).await;
        assert!(
            refusal
                .message
                .contains("release v3 of app in slot blue relies on table public.users"),
            "{refusal:?}"
        );
        assert!(
            refusal.detail.contains("release v4 of app in slot green"),
            "{refusal:?}"
        );
        assert!(
            refusal.hint.contains("bgmigrate plan")
                && refusal.hint.contains("bgmigrate retire blue"),
            "{refusal:?}"
        );

        assert!(session.unpin("v3", "blue").await);
        assert!(!session.unpin("v3", "blue").await);
        session.refused(DROP_NAME).await;
        // v4 ships the drop: its pins follow within the step.
        session.must("BEGIN").await;
        session.must(DROP_NAME).await;
        let touched = [Object::whole(&users()).columns([&column("username")])];
        call(&mut session, postgres::REPIN, "v4", &touched).await;
        session.must("COMMIT").await;
        assert_eq!(session.drift().await, [""; 0]);
        session
            .refused("ALTER TABLE users DROP COLUMN handle")
            .await;
    }
}

#[tokio::test]
async fn a_release_relies_on_what_its_own_step_adds_from_then_on() {
    let url = guarded(servers::postgres()).await;
    let mut session = Session::open(&url).await;
    session
        .must("CREATE TABLE users (id bigint PRIMARY KEY, size integer)")
        .await;
    session.pin("v1", "blue", &Uses::default()).await;
    session.pin("v2", "green", &Uses::default()).await;
    session
        .must("ALTER TABLE users ADD COLUMN handle text, ADD COLUMN other text; CREATE TABLE tags (id bigint)")
        .await;
    let made = [
        Object::whole(&users()).columns([&column("handle")]),
        Object::whole(&Name::bare(Ident::folded("tags"))),
    ];
    call(&mut session, postgres::REPIN, "v2", &made).await;
    let refusal = session
        .refused("ALTER TABLE users DROP COLUMN handle")
        .await;
    assert!(!refusal.detail.contains("v1"), "{refusal:?}");
    session.refused("DROP TABLE tags").await;
    session.must("ALTER TABLE users DROP COLUMN other").await;
    session.refused("ALTER TABLE users DROP COLUMN size").await;
}

#[tokio::test]
async fn only_what_a_release_uses_is_pinned() {
    let server = servers::postgres();
    let template = pinned(server).await;
    let uses = Uses {
        tables: Some(vec![
            Use::whole(&users()).columns([&column("id"), &column("mood")]),
            Use::whole(&Name::bare(Ident::folded("orders"))).read_only(),
        ]),
        ..Uses::default()
    };
    let cases = [
        ("ALTER TABLE users DROP COLUMN born", false),
        ("ALTER TABLE users DROP COLUMN mood", true),
        ("DROP TABLE billing.invoices", false),
        ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", true),
        ("ALTER TYPE point DROP ATTRIBUTE y", false),
        ("ALTER TABLE users ADD CHECK (age > 1) NOT VALID", false),
        ("ALTER TABLE users ADD CHECK (id > age) NOT VALID", true),
        ("ALTER TABLE users ADD COLUMN zip text NOT NULL", true),
        ("ALTER TABLE orders ADD COLUMN zip text NOT NULL", false),
        ("ALTER TABLE orders ALTER COLUMN note SET NOT NULL", false),
        ("ALTER TABLE orders DROP COLUMN note", true),
        ("DROP INDEX users_name_idx", false),
    ];
    for (case, refused) in cases {
        let url = copy(server, &template).await;
        let mut session = Session::open(&url).await;
        session.unpin("v1", "blue").await;
        session.pin("v1", "blue", &uses).await;
        if refused {
            session.refused(case).await;
        } else {
            session.must(case).await;
        }
    }
}

#[tokio::test]
async fn what_a_release_was_not_built_to_know_can_be_undone() {
    let url = guarded(servers::postgres()).await;
    let mut session = Session::open(&url).await;
    session
        .must("CREATE TABLE users (id bigint, later text UNIQUE); CREATE TABLE tags (id bigint)")
        .await;
    let uses = Uses {
        unknown: vec![
            Use::whole(&users()).columns([&column("later")]),
            Use::whole(&Name::bare(Ident::folded("tags"))),
        ],
        ..Uses::default()
    };
    session.pin("v1", "blue", &uses).await;
    session
        .must("ALTER TABLE users DROP COLUMN later; DROP TABLE tags")
        .await;
    session.refused("ALTER TABLE users DROP COLUMN id").await;
}

#[tokio::test]
async fn what_a_release_is_proven_not_to_use_goes() {
    let server = servers::postgres();
    let template = pinned(server).await;
    let whole = Object::whole(&users());
    let cases = [
        (
            "ALTER TABLE users DROP COLUMN born",
            whole.clone().columns([&column("born")]),
        ),
        (
            "ALTER TABLE users ADD COLUMN zip text NOT NULL",
            whole.clone().columns([&column("zip")]),
        ),
        (
            "ALTER TABLE users ADD CHECK (age > 3) NOT VALID",
            whole.clone().columns([&column("age")]),
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY ON users (age)",
            whole.clone().columns([&column("age")]),
        ),
        (
            "ALTER TABLE users DROP CONSTRAINT users_email_key",
            whole.clone().constraints([&column("users_email_key")]),
        ),
        ("ALTER TABLE users RENAME COLUMN age TO years", whole),
    ];
    for (case, object) in cases {
        let url = copy(server, &template).await;
        let mut session = Session::open(&url).await;
        session.refused(case).await;
        call(
            &mut session,
            postgres::LET_GO,
            "v1",
            std::slice::from_ref(&object),
        )
        .await;
        session.must(case).await;
        session.refused("ALTER TABLE orders DROP COLUMN note").await;
    }
}

#[tokio::test]
async fn an_application_role_keeps_its_privileges_even_on_what_is_replaced() {
    let server = servers::postgres();
    let url = copy(server, &pinned(server).await).await;
    let mut session = Session::open(&url).await;
    session.must("GRANT SELECT ON adults TO guard_app").await;
    session.unpin("v1", "blue").await;
    let uses = Uses {
        roles: Some(vec!["guard_app".to_owned()]),
        ..Uses::default()
    };
    session.pin("v1", "blue", &uses).await;
    session
        .must("REVOKE ALL ON billing.invoices FROM guard_owner")
        .await;
    session
        .refused("REVOKE UPDATE ON users FROM guard_app")
        .await;
    let again = "DROP VIEW adults; CREATE VIEW adults AS SELECT id, name, age FROM users";
    session.refused(again).await;
    session
        .must(&format!("{again}; GRANT SELECT ON adults TO guard_app"))
        .await;
}

#[tokio::test]
async fn an_override_serves_one_transaction_and_leaves_a_trace() {
    let server = servers::postgres();
    let url = copy(server, &pinned(server).await).await;
    let mut session = Session::open(&url).await;
    for (token, seconds) in [("t1", 600_i64), ("t2", -1), ("t3", 600)] {
        sqlx::query(postgres::ALLOW)
            .bind(token)
            .bind("ada")
            .bind("it is on fire")
            .bind(seconds)
            .execute(&mut session.0)
            .await
            .unwrap();
    }
    let mut owner = Session::owner(&url).await;
    let with = |token: &str, sql: &str| {
        format!("BEGIN; SET LOCAL bgmigrate.override = '{token}'; {sql}; COMMIT")
    };
    owner
        .refused(&with("nobody", "ALTER TABLE users DROP COLUMN born"))
        .await;
    owner.must("ROLLBACK").await;
    owner
        .refused(&with("t2", "ALTER TABLE users DROP COLUMN born"))
        .await;
    owner.must("ROLLBACK").await;
    owner
        .must(&with(
            "t1",
            "ALTER TABLE users DROP COLUMN born; ALTER TABLE orders DROP COLUMN note",
        ))
        .await;
    owner
        .refused(&with("t1", "ALTER TABLE users DROP COLUMN total"))
        .await;
    owner.must("ROLLBACK").await;
    // What was let pass is refused to nobody any more.
    assert_eq!(session.drift().await, [""; 0]);
    owner.must("ALTER TABLE users ADD COLUMN bio text").await;
    assert_eq!(
        session
            .ask("SELECT concat_ws(' ', actor, used_by, used_tag, broke[1]) FROM bgmigrate.override WHERE token = 't1'")
            .await,
        "ada guard_owner ALTER TABLE column note is gone"
    );
    assert_eq!(
        session
            .ask("SELECT string_agg(what, ' ' ORDER BY id) FROM bgmigrate.guard_log")
            .await,
        "allow allow allow override"
    );
    owner.must("SET bgmigrate.override = 't3'").await;
    owner
        .must("CREATE UNIQUE INDEX CONCURRENTLY one_age ON users (age)")
        .await;
    owner
        .refused("CREATE UNIQUE INDEX CONCURRENTLY one_state ON users (state)")
        .await;
}

#[tokio::test]
async fn who_does_not_own_the_guard_cannot_get_around_it() {
    let server = servers::postgres();
    let url = copy(server, &pinned(server).await).await;
    let mut owner = Session::owner(&url).await;
    for sql in [
        "ALTER EVENT TRIGGER bgmigrate_guard_end DISABLE",
        "DROP EVENT TRIGGER bgmigrate_guard_end",
        "DELETE FROM bgmigrate.pin",
        "UPDATE bgmigrate.guard SET epoch = 0",
        "SELECT bgmigrate.guard_unpin('app', 'v1', 'blue')",
        "SELECT bgmigrate.guard_allow('t', 'me', 'why not', 'infinity')",
        "SELECT bgmigrate.guard_switch(false, 'me', 'why not')",
        "CREATE OR REPLACE FUNCTION bgmigrate.guard_end() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "DROP SCHEMA bgmigrate CASCADE",
        "SET session_replication_role = replica",
    ] {
        let refusal = owner.run(sql).await.unwrap_err();
        assert_eq!(refusal.code, "42501", "{sql}: {refusal:?}");
    }
    let mut session = Session::open(&url).await;
    sqlx::query(postgres::TRUST)
        .bind("guard_owner")
        .execute(&mut session.0)
        .await
        .unwrap();
    assert!(owner.unpin("v1", "blue").await);
    assert_eq!(
        owner
            .run("DELETE FROM bgmigrate.pin")
            .await
            .unwrap_err()
            .code,
        "42501"
    );
}

#[tokio::test]
async fn a_guard_that_is_off_or_broken_lets_pass_and_what_it_missed_is_found() {
    let server = servers::postgres();
    let url = copy(server, &pinned(server).await).await;
    let mut session = Session::open(&url).await;
    let switch = async |active: bool| {
        let mut session = Session::open(&url).await;
        sqlx::query(postgres::SWITCH)
            .bind(active)
            .bind("ada")
            .bind("a test")
            .execute(&mut session.0)
            .await
            .unwrap();
        let watches = session
            .ask(&format!("SELECT watches FROM ({}) s", postgres::STATUS))
            .await;
        assert_eq!(watches, active.to_string());
    };
    switch(false).await;
    session.must("ALTER TABLE users DROP COLUMN born").await;
    switch(true).await;
    assert_eq!(session.drift().await, ["public.users: column born is gone"]);
    session.must("ALTER TABLE orders ADD COLUMN bio text").await;
    session
        .refused("ALTER TABLE users ADD COLUMN bio text")
        .await;
    sqlx::query(postgres::ACCEPT)
        .bind("ada")
        .bind("it is gone")
        .execute(&mut session.0)
        .await
        .unwrap();
    session.must("ALTER TABLE users ADD COLUMN bio text").await;

    // Whatever is wrong with it, DDL fails at worst, and the triggers still go.
    switch(false).await;
    session.must("DROP TABLE bgmigrate.pin_part CASCADE").await;
    switch(true).await;
    assert!(
        session
            .run("ALTER TABLE users ADD COLUMN x text")
            .await
            .is_err()
    );
    session
        .must("ALTER EVENT TRIGGER bgmigrate_guard_end DISABLE")
        .await;
    session
        .must("ALTER EVENT TRIGGER bgmigrate_guard_drop DISABLE")
        .await;
    session.must("ALTER TABLE users ADD COLUMN x text").await;
    session
        .must(&format!("BEGIN; {}; COMMIT", postgres::REMOVE))
        .await;
    session.must("ALTER TABLE users DROP COLUMN x").await;
    assert_eq!(
        session
            .ask("SELECT count(*) FROM bgmigrate.guard_log")
            .await,
        "5"
    );
    assert_eq!(session.ask(postgres::INSTALLED).await, "false");
}

#[tokio::test]
async fn the_guard_is_installed_again_over_itself_and_never_over_a_newer_one() {
    for server in [servers::postgres(), servers::postgres_18()] {
        let url = copy(server, &pinned(server).await).await;
        let mut session = Session::open(&url).await;
        install(&mut session, Tier::Triggers).await;
        session.refused("ALTER TABLE users DROP COLUMN born").await;
        session
            .must("UPDATE bgmigrate.guard SET version = version + 1")
            .await;
        let script = postgres::install(Tier::Triggers);
        let refusal = session
            .run(&format!("BEGIN; {script}; COMMIT"))
            .await
            .unwrap_err();
        assert_eq!(refusal.code, "BG002");
    }
}

#[tokio::test]
async fn the_probe_tells_the_tier_that_a_role_can_have_and_leaves_nothing() {
    for server in [servers::postgres(), servers::postgres_18()] {
        let url = copy(server, &pinned(server).await).await;
        let mut watcher = Session::open(&url).await;
        let before = watcher.catalog().await;
        for (mut session, tier) in [
            (Session::open(&url).await, Tier::Triggers),
            (Session::owner(&url).await, Tier::Views),
        ] {
            let probe = sqlx::raw_sql(postgres::PROBE);
            let row = probe.fetch_one(&mut session.0).await.unwrap();
            assert_eq!(Tier::named(row.get("tier")), Some(tier));
            assert_eq!(
                session.ask("SELECT count(*) FROM pg_event_trigger").await,
                "3"
            );
        }
        assert_eq!(watcher.catalog().await, before);
    }
}

#[tokio::test]
async fn pin_views_hold_columns_where_event_triggers_are_not_permitted() {
    let server = servers::postgres();
    let url = copy(server, &pinned(server).await).await;
    let mut session = Session::open(&url).await;
    session
        .must(&format!(
            "BEGIN; {}; COMMIT; DROP SCHEMA bgmigrate CASCADE",
            postgres::REMOVE
        ))
        .await;
    let mut owner = Session::owner(&url).await;
    install(&mut owner, Tier::Views).await;
    owner
        .pin(
            "v1-with-a-name-that-is-longer-than-any-name-may-be-in-a-catalog",
            "blue",
            &Uses::default(),
        )
        .await;
    for (sql, code) in [
        ("ALTER TABLE orders DROP COLUMN note", "2BP01"),
        ("ALTER TABLE users ALTER COLUMN born TYPE date", "0A000"),
        ("DROP TABLE billing.invoices", "2BP01"),
    ] {
        assert_eq!(owner.run(sql).await.unwrap_err().code, code, "{sql}");
    }
    owner
        .must("ALTER TABLE orders DROP COLUMN note CASCADE")
        .await;
    assert_eq!(owner.drift().await, ["public.orders: column note is gone"]);
    owner
        .unpin(
            "v1-with-a-name-that-is-longer-than-any-name-may-be-in-a-catalog",
            "blue",
        )
        .await;
    owner.must("DROP TABLE billing.invoices").await;
}

/// The milliseconds that a statement took.
async fn timed(session: &mut Session, sql: &str) -> (crate::world::Outcome, u128) {
    let start = Instant::now();
    let outcome = session.run(sql).await;
    (outcome, start.elapsed().as_millis())
}

async fn races(server: &Server) {
    let url = guarded(server).await;
    let mut registers = Session::open(&url).await;
    let mut changes = Session::open(&url).await;
    let make = "DROP TABLE IF EXISTS t; CREATE TABLE t (a integer, b integer)";

    // A registration that is not committed: DDL waits for it, and is refused; or gives up soon, not hanging.
    registers.must(make).await;
    registers.must("BEGIN").await;
    registers.pin("v1", "blue", &Uses::default()).await;
    let ((outcome, _), ()) =
        tokio::join!(timed(&mut changes, "ALTER TABLE t DROP COLUMN a"), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            registers.must("COMMIT").await;
        });
    assert_eq!(outcome.unwrap_err().code, postgres::REFUSED);
    registers.must("BEGIN").await;
    registers.pin("v1", "blue", &Uses::default()).await;
    let (outcome, milliseconds) = timed(&mut changes, "ALTER TABLE t ADD COLUMN c integer").await;
    assert_eq!(outcome.unwrap_err().code, "55P03");
    assert!(milliseconds < 10_000, "{milliseconds}");
    registers.must("ROLLBACK").await;
    registers.unpin("v1", "blue").await;

    // DDL that is not committed: the registration waits for it, and does not pin what is gone.
    changes.must("BEGIN").await;
    changes.must("ALTER TABLE t DROP COLUMN a").await;
    let everything = Uses::default();
    let (pins, ()) = tokio::join!(registers.pin("v1", "blue", &everything), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        changes.must("COMMIT").await;
    });
    assert_eq!(pins, 2);
    assert_eq!(registers.drift().await, [""; 0]);
    registers.unpin("v1", "blue").await;

    // A snapshot from before the registration does not see the pins, and does not get through.
    changes.must("BEGIN ISOLATION LEVEL REPEATABLE READ").await;
    changes.ask("SELECT count(*) FROM t").await;
    registers.pin("v1", "blue", &Uses::default()).await;
    assert_eq!(
        changes
            .run("ALTER TABLE t DROP COLUMN b")
            .await
            .unwrap_err()
            .code,
        "40001"
    );
}

#[tokio::test]
async fn registration_and_ddl_cannot_miss_each_other() {
    races(servers::postgres()).await;
}

#[tokio::test]
async fn registration_and_ddl_cannot_miss_each_other_on_postgresql_18() {
    races(servers::postgres_18()).await;
}

#[tokio::test]
async fn a_restored_dump_is_guarded_though_its_ids_are_others() {
    let server = servers::postgres();
    let url = copy(server, &pinned(server).await).await;
    let restored = server.url("restored");
    let mut session = Session::open(&restored).await;
    // So that the ids differ.
    session
        .must("CREATE TABLE ballast (a serial, b text UNIQUE); DROP TABLE ballast")
        .await;
    let dump = std::process::Command::new("pg_dump")
        .arg(&url)
        .output()
        .unwrap();
    assert!(
        dump.status.success(),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    let script = String::from_utf8(dump.stdout).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let psql = std::process::Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(file.path())
        .arg(&restored)
        .output()
        .unwrap();
    assert!(
        psql.status.success(),
        "{}",
        String::from_utf8_lossy(&psql.stderr)
    );

    session.must("ALTER TABLE users ADD COLUMN bio text").await;
    assert_eq!(session.drift().await, [""; 0]);
    for sql in [
        "ALTER TABLE users DROP COLUMN born",
        "DROP INDEX users_name_idx",
        "ALTER TABLE orders RENAME COLUMN note TO notes",
        "DROP TRIGGER stamp ON orders",
    ] {
        session.refused(sql).await;
    }
    let fresh = server.url("restored");
    let psql = std::process::Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(file.path())
        .arg(&fresh)
        .output()
        .unwrap();
    assert!(psql.status.success());
    let mut session = Session::open(&fresh).await;
    session.refused("ALTER TABLE users DROP COLUMN born").await;
}
