//! Backfills: run in batches, each row once whatever is killed, and by whichever key there is.

use crate::world::{ENGINES, Engine, World, said};

/// The composite key, the rows as one query, and an update that shows when it meets a row twice or never.
const TABLE: &str = "CREATE TABLE counted (part varchar(20) NOT NULL, id integer NOT NULL, n integer NOT NULL, \
     PRIMARY KEY (part, id))";
const ONCE: &str = "UPDATE counted SET n = n + 1";
/// How often each value of `n` is there.
const TALLY: &str = "SELECT concat('', n), concat('', count(*)) FROM counted GROUP BY n ORDER BY n";

/// So many numbers from 0, as rows of `g(i)`.
fn numbers(engine: Engine, count: u32) -> String {
    let last = count - 1;
    match engine {
        Engine::Postgres => format!("generate_series(0, {last}) AS g(i)"),
        Engine::Mariadb => format!("(SELECT CAST(seq AS signed) AS i FROM seq_0_to_{last}) AS g"),
        Engine::Sqlite => format!(
            "(WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < {last}) SELECT i FROM s) AS g"
        ),
    }
}

/// A table with so many rows in parts of 7 letters, and its backfill.
fn world(name: &str, engine: Engine, rows: u32, batch: u32) -> World {
    let world = World::new(engine, name);
    world.sql(TABLE);
    let numbers = numbers(engine, rows);
    let part = match engine {
        Engine::Sqlite | Engine::Postgres => "'it''s \\ ' || (i % 7)",
        Engine::Mariadb => "concat('it''s \\\\ ', i % 7)",
    };
    world.sql(&format!(
        "INSERT INTO counted SELECT {part}, i, 0 FROM {numbers}"
    ));
    world.migration(
        "0001_count",
        &format!("-- bgmigrate: batch={batch}\n{ONCE};"),
    );
    world
}

/// Runs it dying at each point in turn; `BGMIGRATE_EVERY` says how many points are left out between two.
fn counts_once_wherever_it_dies(engine: Engine) {
    let every: usize = std::env::var("BGMIGRATE_EVERY").map_or(7, |every| every.parse().unwrap());
    let mut deaths = 0;
    for at in (1..).step_by(every) {
        let world = world("backfill_dies", engine, 95, 20);
        let mut command = world.command(&["apply", "--nice", "0"]);
        command.env("BGMIGRATE_DIE_AT", at.to_string());
        let first = said(&command.output().unwrap());
        if first.status == 0 {
            break;
        }
        deaths += 1;
        assert_eq!(first.status, -1, "{engine:?} at {at}: {}", first.talk);
        world.expect(0, "apply --nice 0");
        assert_eq!(world.ask(TALLY), "1|95", "{engine:?} after dying at {at}");
        world.expect(0, "status --check");
    }
    println!("{engine:?}: died at {deaths} points");
    assert!(deaths * every > 40, "{engine:?}: only {deaths} points");
}

#[test]
fn each_row_is_counted_once_wherever_a_run_died_on_sqlite() {
    counts_once_wherever_it_dies(Engine::Sqlite);
}

#[test]
fn each_row_is_counted_once_wherever_a_run_died_on_postgresql() {
    counts_once_wherever_it_dies(Engine::Postgres);
}

#[test]
fn each_row_is_counted_once_wherever_a_run_died_on_mariadb() {
    counts_once_wherever_it_dies(Engine::Mariadb);
}

/// Kills runs with SIGKILL, each once some batches more are committed, until one comes through.
fn counts_once_however_often_it_is_killed(engine: Engine, rows: u32, kills: u32) {
    // Many batches for each kill: what asks for the count is slower than a batch.
    let batch = (rows / (kills * 40)).max(1);
    let world = world("backfill_killed", engine, rows, batch);
    let done = || {
        let body = match engine {
            Engine::Postgres => "SELECT body FROM bgmigrate.backfill",
            Engine::Sqlite | Engine::Mariadb => "SELECT body FROM bgmigrate_backfill",
        };
        world
            .try_ask(body)
            .and_then(|body| serde_json::from_str::<serde_json::Value>(&body).ok())
            .and_then(|body| body["batches"].as_u64())
            .unwrap_or(0)
    };
    let mut killed = 0;
    loop {
        let before = done();
        let mut child = world
            .command(&["apply", "--nice", "0", "--quiet"])
            .spawn()
            .unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if killed < kills && done() >= before + 3 {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        };
        match status {
            Some(status) => {
                assert!(status.success(), "{engine:?}: {status}");
                break;
            }
            None => killed += 1,
        }
    }
    println!("{engine:?}: killed {killed} times over {rows} rows");
    assert_eq!(world.ask(TALLY), format!("1|{rows}"), "{engine:?}");
    assert!(
        killed >= kills * 3 / 4,
        "{engine:?}: killed only {killed} times"
    );
}

/// `BGMIGRATE_ROWS=200000 BGMIGRATE_KILLS=20` is the long form.
#[test]
fn each_row_is_counted_once_however_often_runs_are_killed() {
    let said = |name: &str, default: u32| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap())
    };
    for engine in ENGINES {
        let (rows, kills) = (said("BGMIGRATE_ROWS", 4000), said("BGMIGRATE_KILLS", 4));
        counts_once_however_often_it_is_killed(engine, rows, kills);
    }
}

#[test]
fn a_table_is_walked_by_whichever_key_it_has() {
    use Engine::{Mariadb, Postgres, Sqlite};
    // The table's columns, a value for each key, and how it is walked; `g.i` is the row's number.
    let cases: &[(&[Engine], &str, &str, &str)] = &[
        (&ENGINES, "id integer PRIMARY KEY", "i - 30", "by key (id)"),
        (
            &[Postgres, Mariadb],
            "id varchar(40) NOT NULL PRIMARY KEY",
            "concat('k', i)",
            "by key (id)",
        ),
        (
            &[Sqlite],
            "id text NOT NULL PRIMARY KEY",
            "'k''' || i",
            "by key (id)",
        ),
        (
            &[Sqlite],
            "id text PRIMARY KEY",
            "'k' || i",
            "by key (rowid)",
        ),
        (&[Sqlite], "id text PRIMARY KEY", "NULL", "by key (rowid)"),
        (
            &[Postgres],
            "id uuid PRIMARY KEY DEFAULT gen_random_uuid()",
            "gen_random_uuid()",
            "by key (id)",
        ),
        (
            &[Mariadb],
            "id binary(16) NOT NULL PRIMARY KEY",
            "unhex(md5(i))",
            "by key (id)",
        ),
        (
            &[Postgres],
            "id bytea PRIMARY KEY",
            "decode(md5(i::text), 'hex')",
            "by key (id)",
        ),
        (
            &[Postgres],
            "id timestamptz PRIMARY KEY",
            "now() + i * interval '1.000001 s'",
            "by key (id)",
        ),
        (
            &[Mariadb],
            "id datetime(6) NOT NULL PRIMARY KEY",
            "'2026-03-29 01:00:00.5' + INTERVAL i * 37 MINUTE",
            "by key (id)",
        ),
        (
            &[Postgres],
            "id numeric(10, 3) NOT NULL UNIQUE",
            "i / 7.0 - 3",
            "by key (id)",
        ),
        (
            &[Mariadb],
            "id decimal(10, 3) NOT NULL UNIQUE",
            "i / 7.0 - 3",
            "by key (id)",
        ),
        (
            &[Postgres],
            "id char(5) NOT NULL UNIQUE",
            "i::text",
            "by key (id)",
        ),
        (&[Postgres], "id integer", "i", "by page of its file (ctid)"),
        (
            &[Postgres],
            "id integer UNIQUE",
            "nullif(i, 3)",
            "by page of its file (ctid)",
        ),
    ];
    for (engines, column, value, how) in cases {
        for engine in *engines {
            let world = World::new(*engine, "backfill_key");
            world.sql(&format!("CREATE TABLE t ({column}, a integer, b integer)"));
            let numbers = numbers(*engine, 90);
            world.sql(&format!(
                "INSERT INTO t (id, a) SELECT {value}, i FROM {numbers}"
            ));
            world.migration(
                "0001_fill",
                "-- bgmigrate: batch=10\nUPDATE t SET b = a * 2 WHERE b IS NULL;",
            );
            let dry = world.expect(0, "apply --dry-run");
            assert!(dry.talk.contains(how), "{engine:?} {column}: {}", dry.talk);
            let ran = world.expect(0, "apply --nice 0");
            // As many batches as there are rows for them, however the key is ordered; pages hold what they hold.
            let told = if how.contains("key") {
                "90 rows passed, 90 changed, in 9 batches"
            } else {
                "90 rows passed, 90 changed"
            };
            assert!(ran.talk.contains(told), "{engine:?} {column}: {}", ran.talk);
            assert!(ran.talk.contains("verified, none is left"), "{}", ran.talk);
            let wrong =
                world.ask("SELECT concat('', count(*)) FROM t WHERE b IS NULL OR b <> a * 2");
            assert_eq!(wrong, "0", "{engine:?} {column}");
        }
    }
}

#[test]
fn what_cannot_be_cut_is_refused_and_runs_whole_when_the_file_says_so() {
    for engine in ENGINES {
        let world = World::new(engine, "backfill_refused");
        world.sql("CREATE TABLE t (id integer PRIMARY KEY, n integer); INSERT INTO t VALUES (1, 1), (2, 5)");
        let sql = "UPDATE t SET n = (SELECT most FROM (SELECT max(n) AS most FROM t) m);";
        world.migration("0001_top", sql);
        let refused = world.expect(2, "apply");
        assert!(
            refused.talk.contains("reads other rows of `t`"),
            "{}",
            refused.talk
        );
        assert!(refused.talk.contains("batch=off"), "{}", refused.talk);
        world.migration("0001_top", &format!("-- bgmigrate: batch=off\n{sql}"));
        world.expect(0, "apply");
        assert_eq!(world.ask("SELECT concat('', n) FROM t"), "5 5");
    }
}

#[test]
fn a_key_that_is_named_has_to_be_one() {
    for engine in ENGINES {
        let world = World::new(engine, "backfill_named");
        world.sql(
            "CREATE TABLE t (id integer PRIMARY KEY, code integer NOT NULL UNIQUE, n integer)",
        );
        world.sql("INSERT INTO t VALUES (1, 9, 0), (2, 8, 0)");
        world.migration("0001_n", "-- bgmigrate: key=n\nUPDATE t SET n = n + 1;");
        let refused = world.expect(2, "apply");
        assert!(
            refused.talk.contains("`key=n` is no unique key of `t`"),
            "{}",
            refused.talk
        );
        world.migration(
            "0001_n",
            "-- bgmigrate: key=code batch=1\nUPDATE t SET n = n + 1;",
        );
        let dry = world.expect(0, "apply --dry-run");
        assert!(dry.talk.contains("by key (code)"), "{}", dry.talk);
        world.expect(0, "apply");
        assert_eq!(world.ask("SELECT concat('', n) FROM t"), "1 1");
    }
}

#[test]
fn rows_are_copied_and_deleted_in_batches_too() {
    for engine in ENGINES {
        let world = World::new(engine, "backfill_copy");
        world.sql("CREATE TABLE t (id integer PRIMARY KEY, n integer); CREATE TABLE s (id integer PRIMARY KEY, n integer)");
        let numbers = numbers(engine, 55);
        world.sql(&format!("INSERT INTO t SELECT i, i % 5 FROM {numbers}"));
        world.migration(
            "0001_copy",
            "-- bgmigrate: batch=10\nINSERT INTO s (id, n) SELECT id, n FROM t WHERE n > 0;",
        );
        world.migration("0002_gone", "-- bgmigrate: phase=migrate reason=\"nobody reads them\" batch=10\nDELETE FROM t WHERE n = 0;");
        let ran = world.expect(0, "apply --nice 0");
        assert!(
            ran.talk
                .contains("0001_copy: 55 rows passed, 44 changed, in 6 batches"),
            "{}",
            ran.talk
        );
        assert_eq!(
            world.ask("SELECT concat('', count(*), ' ', sum(n)) FROM s"),
            "44 110"
        );
        assert_eq!(world.ask("SELECT concat('', count(*)) FROM t"), "44");
    }
}

#[test]
fn a_key_that_nobody_may_write_is_walked_and_only_rows_with_something_to_do_are_written() {
    let world = World::new(Engine::Postgres, "backfill_identity");
    world.sql(
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer, b integer, writes integer NOT NULL DEFAULT 0); \
         CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.writes := OLD.writes + 1; RETURN NEW; END'; \
         CREATE TRIGGER count_it BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION count_it(); \
         INSERT INTO t (a, b) SELECT i, CASE WHEN i % 3 = 0 THEN -i END FROM generate_series(1, 60) i",
    );
    world.migration(
        "0001_fill",
        "-- bgmigrate: batch=7\nUPDATE t SET b = a WHERE b IS NULL;",
    );
    let ran = world.expect(0, "apply --nice 0");
    assert!(
        ran.talk
            .contains("60 rows passed, 40 changed, in 9 batches"),
        "{}",
        ran.talk
    );
    // What the application wrote stays, and no trigger fired for it.
    let kept = "SELECT count(*)::text FROM t WHERE a % 3 = 0 AND (b <> -a OR writes <> 0)";
    assert_eq!(world.ask(kept), "0");
    assert_eq!(
        world.ask("SELECT count(*)::text FROM t WHERE a % 3 <> 0 AND (b <> a OR writes <> 1)"),
        "0"
    );
}

#[test]
fn a_batch_at_the_end_of_a_large_table_is_sought_and_not_come_to() {
    use bgmigrate::backfill::{Column, Facts, Key, Kind, Range, choose, recognise};
    use bgmigrate::model::{Dialect, Ident};
    let last = ["part".to_owned(), "39000".to_owned()];
    let range = Range {
        after: Some(&last),
        upto: None,
    };
    for engine in ENGINES {
        let (dialect, text, number) = match engine {
            Engine::Sqlite => (Dialect::Sqlite, Kind::Quoted, Kind::Quoted),
            Engine::Postgres => (
                Dialect::Postgres,
                Kind::Cast("text".to_owned()),
                Kind::Cast("integer".to_owned()),
            ),
            Engine::Mariadb => (Dialect::Mysql, Kind::Text, Kind::Number),
        };
        let world = World::new(engine, "backfill_seeks");
        world.sql(TABLE);
        let numbers = numbers(engine, 40_000);
        world.sql(&format!(
            "INSERT INTO counted SELECT 'part', i, 0 FROM {numbers}"
        ));
        let last = match engine {
            Engine::Sqlite => ["'part'".to_owned(), "39000".to_owned()],
            _ => last.clone(),
        };
        let range = Range {
            after: Some(&last),
            ..range
        };
        let column = |name, kind| Column {
            name: Ident::folded(name),
            kind,
        };
        let facts = Facts {
            keys: vec![Key {
                columns: vec![column("part", text), column("id", number)],
            }],
            ..Facts::default()
        };
        let shape = recognise(ONCE, dialect).unwrap();
        let cut = choose(&shape, &facts, None, dialect).unwrap().unwrap();
        let asked = cut.end_of_batch(range, 500).unwrap();
        match engine {
            Engine::Sqlite => {
                let plan = world.ask(&format!("EXPLAIN QUERY PLAN {asked}"));
                assert!(plan.contains("SEARCH counted USING"), "{plan}");
            }
            Engine::Postgres => {
                world.sql("ANALYZE counted");
                let plan = world.ask(&format!("EXPLAIN (ANALYZE, TIMING OFF) {asked}"));
                assert!(plan.contains("Index Cond: (ROW(part, id) > ROW("), "{plan}");
                assert!(plan.contains("actual rows=500"), "{plan}");
            }
            Engine::Mariadb => {
                let read = world.ask(&format!(
                    "FLUSH STATUS; {asked}; SHOW SESSION STATUS LIKE 'Handler_read_next'"
                ));
                let rows: u32 = read.rsplit('|').next().unwrap().parse().unwrap();
                assert!((499..=502).contains(&rows), "{read}");
            }
        }
    }
}
