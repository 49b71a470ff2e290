//! Old and new releases write whatever comes to mind, in any order and over several sessions, while the steps of the
//! rollout run between them: at the end both sides say what the last writer of each row has said.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Stdio;

use bgmigrate::store::{Connection, Missing, Target};

use crate::world::{ENGINES, Engine, World};

/// Seeds and the statements of a stretch, unless the environment says otherwise.
const SEEDS: u64 = 4;
const ROUNDS: usize = 40;

/// What somebody could get wrong in a trigger; each has to be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoilt {
    No,
    /// The side follows by who speaks: a setting of the session.
    BySession,
    /// The new side is made of the old one whenever a row is touched.
    Always,
    /// Old releases never see what new ones write.
    OneWay,
    /// Nothing looks whether the sides agree already.
    Unguarded,
}

#[test]
fn no_write_of_either_release_is_lost() {
    let number =
        |name: &str, usual: u64| std::env::var(name).map_or(usual, |value| value.parse().unwrap());
    let seeds = number("BGMIGRATE_SYNC_SEEDS", SEEDS);
    let rounds = usize::try_from(number("BGMIGRATE_SYNC_ROUNDS", ROUNDS as u64)).unwrap();
    for engine in ENGINES {
        for seed in 1..=seeds {
            if let Err(told) = course(engine, seed, rounds, Spoilt::No) {
                panic!("{engine:?}, seed {seed}: {told}");
            }
        }
        println!("{engine:?}: {seeds} courses of {} statements", rounds * 6);
    }
}

#[test]
fn a_trigger_that_is_wrong_is_found_out() {
    let cases = [
        (Engine::Postgres, Spoilt::BySession),
        (Engine::Postgres, Spoilt::Always),
        (Engine::Postgres, Spoilt::OneWay),
        (Engine::Sqlite, Spoilt::OneWay),
        (Engine::Sqlite, Spoilt::Unguarded),
        (Engine::Mariadb, Spoilt::OneWay),
    ];
    for (engine, spoilt) in cases {
        let found = (1..=SEEDS).any(|seed| course(engine, seed, ROUNDS, spoilt).is_err());
        assert!(found, "{engine:?}: nothing noticed {spoilt:?}");
    }
}

const BASE: &str =
    "CREATE TABLE t (id integer PRIMARY KEY, a varchar(50), n integer, other integer);";

/// A plain copy, and a pair with a value of its own on each side.
const EXPAND: &str = r#"-- bgmigrate: sync=t.a<->t.b
ALTER TABLE t ADD COLUMN b varchar(50);
-- bgmigrate: sync="t.n = m - 7 <-> t.m = n + 7"
ALTER TABLE t ADD COLUMN m integer;"#;

/// A few rows at a time, so that others write between the batches.
const FILL: &str = "-- bgmigrate: batch=2\nUPDATE t SET b = a, m = n + 7 WHERE b IS NULL AND a IS NOT NULL OR m IS NULL AND n IS NOT NULL;";

/// The whole rollout under traffic.
fn course(engine: Engine, seed: u64, rounds: usize, spoilt: Spoilt) -> Result<(), String> {
    let world = World::new(engine, "sync_traffic");
    world.write("live", "blue\n");
    world.migration("0001_base", BASE);
    world.expect(0, "apply --phase all");
    world.expect(0, "release record v1 --slot blue --live");
    let mut traffic = Traffic::new(&world, seed);
    traffic.run(rounds, &[Shape::Old])?;
    world.migration("0002_pair", EXPAND);
    world.expect(0, "apply --phase expand");
    spoil(&world, spoilt);
    // Rows without the new side are about, and a release that reads them is not live yet.
    traffic.run(rounds, &[Shape::Old])?;
    world.migration("0003_fill", FILL);
    let mut fill = world
        .command(&["apply", "--quiet"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let written = traffic.run(rounds, &[Shape::Old]);
    assert!(fill.wait().unwrap().success());
    written?;
    traffic.filled()?;
    let both = [Shape::Old, Shape::New, Shape::Both];
    world.expect(0, "release record v2 --slot green");
    world.expect(0, "cutover --to green");
    traffic.run(rounds, &both)?;
    world.expect(0, "rollback");
    traffic.run(rounds, &both)?;
    world.expect(0, "cutover --to green");
    traffic.run(rounds, &both)?;
    traffic.filled()
}

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Old,
    New,
    Both,
}

type Row = (Option<String>, Option<i64>);
type Rows = BTreeMap<i64, Row>;

struct Traffic<'w> {
    world: &'w World,
    state: u64,
    /// What the last writer of each row has said, in terms of the old side.
    rows: BTreeMap<i64, Row>,
    said: Vec<String>,
}

/// A statement, and what it makes of the rows.
struct Write {
    sql: String,
    then: Box<dyn Fn(&mut Rows)>,
}

impl<'w> Traffic<'w> {
    fn new(world: &'w World, seed: u64) -> Self {
        Self {
            world,
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            rows: BTreeMap::new(),
            said: Vec::new(),
        }
    }

    /// One of so many (xorshift).
    fn below(&mut self, many: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % many
    }

    fn id(&mut self) -> i64 {
        i64::try_from(self.below(14)).unwrap()
    }

    fn row(&mut self) -> Row {
        let word = (self.below(5) > 0).then(|| format!("w{}", self.below(1000)));
        let number = (self.below(5) > 0).then(|| i64::try_from(self.below(1000)).unwrap());
        (word, number)
    }

    /// Transactions of one to three statements, each over a session of its own; some are taken back, some die.
    fn run(&mut self, rounds: usize, shapes: &[Shape]) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for _ in 0..rounds {
            let mut after = self.rows.clone();
            let mut writes = Vec::new();
            for _ in 0..=self.below(3) {
                let shape = shapes[usize::try_from(self.below(shapes.len() as u64)).unwrap()];
                let write = self.write(shape, &after);
                (write.then)(&mut after);
                writes.push(write.sql);
            }
            let fate = ["COMMIT", "COMMIT", "COMMIT", "ROLLBACK", ""];
            let fate = fate[usize::try_from(self.below(5)).unwrap()];
            self.said.push(format!("{} {fate}", writes.join("; ")));
            let sent = runtime.block_on(send(self.world, &writes, fate));
            sent.map_err(|error| format!("{error}\n{}", self.told()))?;
            if fate == "COMMIT" {
                self.rows = after;
            }
        }
        self.agree("SELECT id, a, n FROM t ORDER BY id", 0)
    }

    /// Every row has both sides.
    fn filled(&self) -> Result<(), String> {
        self.agree("SELECT id, a, n FROM t ORDER BY id", 0)?;
        self.agree("SELECT id, b, m FROM t ORDER BY id", 7)
    }

    fn agree(&self, query: &str, more: i64) -> Result<(), String> {
        let row = |(id, (word, number)): (&i64, &Row)| {
            let number = number.map_or_else(String::new, |number| (number + more).to_string());
            format!("{id}|{}|{number}", word.as_deref().unwrap_or_default())
        };
        let expected: Vec<_> = self.rows.iter().map(row).collect();
        let found = self.world.ask(query);
        if found == expected.join(" ") {
            return Ok(());
        }
        Err(format!(
            "{query}\n found {found}\nwanted {}\n{}",
            expected.join(" "),
            self.told()
        ))
    }

    fn told(&self) -> String {
        let mut told = String::new();
        for said in self.said.iter().rev().take(30).rev() {
            let _ = writeln!(told, "  {said}");
        }
        told
    }

    fn write(&mut self, shape: Shape, rows: &BTreeMap<i64, Row>) -> Write {
        match self.below(8) {
            0 | 1 => self.insert(shape, rows),
            2 => self.upsert(shape),
            3 => self.delete(),
            4 => self.touch(),
            5 => self.grow(shape),
            6 if self.world.engine != Engine::Postgres => self.replace(shape),
            _ => self.update(shape),
        }
    }

    fn insert(&mut self, shape: Shape, rows: &BTreeMap<i64, Row>) -> Write {
        let mut new = BTreeMap::new();
        for _ in 0..=self.below(3) {
            let (id, row) = (self.id(), self.row());
            if !rows.contains_key(&id) {
                new.insert(id, row);
            }
        }
        if new.is_empty() {
            return self.touch();
        }
        let values: Vec<_> = new.iter().map(|(id, row)| tuple(shape, *id, row)).collect();
        Write {
            sql: format!(
                "INSERT INTO t ({}) VALUES {}",
                names(shape),
                values.join(", ")
            ),
            then: Box::new(move |rows| rows.extend(new.clone())),
        }
    }

    fn upsert(&mut self, shape: Shape) -> Write {
        let (id, row) = (self.id(), self.row());
        let mysql = self.world.engine == Engine::Mariadb;
        let sets: Vec<_> = columns(shape)
            .iter()
            .map(|column| {
                if mysql {
                    format!("{column} = VALUES({column})")
                } else {
                    format!("{column} = excluded.{column}")
                }
            })
            .collect();
        let on = if mysql {
            "ON DUPLICATE KEY UPDATE"
        } else {
            "ON CONFLICT (id) DO UPDATE SET"
        };
        let sql = format!(
            "INSERT INTO t ({}) VALUES {} {on} {}",
            names(shape),
            tuple(shape, id, &row),
            sets.join(", ")
        );
        Write {
            sql,
            then: Box::new(move |rows| {
                rows.insert(id, row.clone());
            }),
        }
    }

    fn replace(&mut self, shape: Shape) -> Write {
        let (id, row) = (self.id(), self.row());
        Write {
            sql: format!(
                "REPLACE INTO t ({}) VALUES {}",
                names(shape),
                tuple(shape, id, &row)
            ),
            then: Box::new(move |rows| {
                rows.insert(id, row.clone());
            }),
        }
    }

    fn delete(&mut self) -> Write {
        let (from, to) = self.range(2);
        Write {
            sql: format!("DELETE FROM t WHERE id BETWEEN {from} AND {to}"),
            then: Box::new(move |rows| rows.retain(|id, _| !(from..=to).contains(id))),
        }
    }

    /// Another column: nothing of either side may change.
    fn touch(&mut self) -> Write {
        let (from, to) = self.range(6);
        Write {
            sql: format!(
                "UPDATE t SET other = coalesce(other, 0) + 1 WHERE id BETWEEN {from} AND {to}"
            ),
            then: Box::new(|_| {}),
        }
    }

    /// Several rows, each from its own value.
    fn grow(&mut self, shape: Shape) -> Write {
        let (from, to) = self.range(6);
        let sets: Vec<_> = columns(shape)
            .iter()
            .filter(|column| ["n", "m"].contains(column))
            .map(|column| format!("{column} = {column} + 1"))
            .collect();
        Write {
            sql: format!(
                "UPDATE t SET {} WHERE id BETWEEN {from} AND {to}",
                sets.join(", ")
            ),
            then: Box::new(move |rows| {
                for (_, (_, number)) in rows.range_mut(from..=to) {
                    *number = number.map(|number| number + 1);
                }
            }),
        }
    }

    fn update(&mut self, shape: Shape) -> Write {
        let ((from, to), row) = (self.range(3), self.row());
        let values = literals(shape, &row);
        let sets: Vec<_> = columns(shape)
            .iter()
            .zip(values)
            .map(|(column, value)| format!("{column} = {value}"))
            .collect();
        Write {
            sql: format!(
                "UPDATE t SET {} WHERE id BETWEEN {from} AND {to}",
                sets.join(", ")
            ),
            then: Box::new(move |rows| {
                for (_, own) in rows.range_mut(from..=to) {
                    *own = row.clone();
                }
            }),
        }
    }

    fn range(&mut self, longest: u64) -> (i64, i64) {
        let from = self.id();
        (from, from + i64::try_from(self.below(longest)).unwrap())
    }
}

fn columns(shape: Shape) -> &'static [&'static str] {
    match shape {
        Shape::Old => &["a", "n"],
        Shape::New => &["b", "m"],
        Shape::Both => &["a", "n", "b", "m"],
    }
}

fn names(shape: Shape) -> String {
    format!("id, {}", columns(shape).join(", "))
}

fn literals(shape: Shape, (word, number): &Row) -> Vec<String> {
    let word = word
        .as_ref()
        .map_or_else(|| "NULL".to_owned(), |word| format!("'{word}'"));
    let plus =
        |more: i64| number.map_or_else(|| "NULL".to_owned(), |number| (number + more).to_string());
    match shape {
        Shape::Old => vec![word, plus(0)],
        Shape::New => vec![word, plus(7)],
        Shape::Both => vec![word.clone(), plus(0), word, plus(7)],
    }
}

fn tuple(shape: Shape, id: i64, row: &Row) -> String {
    format!("({id}, {})", literals(shape, row).join(", "))
}

/// Sends a transaction over a session of its own. Without an end to it the session goes in its middle.
async fn send(world: &World, writes: &[String], fate: &str) -> Result<(), String> {
    let target: Target = world.url.parse().unwrap();
    let mut session: Connection = target.connect("traffic", Missing::Create).await.unwrap();
    let first = match world.engine {
        Engine::Sqlite => {
            "PRAGMA busy_timeout = 20000; PRAGMA recursive_triggers = ON; BEGIN IMMEDIATE"
        }
        Engine::Postgres | Engine::Mariadb => "BEGIN",
    };
    let last = (!fate.is_empty()).then_some(fate);
    let writes = writes.iter().map(String::as_str);
    for sql in std::iter::once(first).chain(writes).chain(last) {
        session
            .run(sql)
            .await
            .map_err(|error| format!("{sql}: {error}"))?;
    }
    session.close().await;
    Ok(())
}

/// Puts a wrong trigger in the place of ours.
fn spoil(world: &World, how: Spoilt) {
    let sql = match (world.engine, how) {
        (_, Spoilt::No) => return,
        (Engine::Postgres, _) => {
            let body = match how {
                Spoilt::BySession => {
                    "IF current_setting('search_path') LIKE '%new%' THEN NEW.a := NEW.b; ELSE NEW.b := NEW.a; END IF;"
                }
                Spoilt::Always => "NEW.b := NEW.a;",
                _ => "IF NEW.b IS NULL THEN NEW.b := NEW.a; END IF;",
            };
            format!(
                "CREATE OR REPLACE FUNCTION t_a_b_sync() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$"
            )
        }
        (Engine::Sqlite, Spoilt::Unguarded) => {
            "DROP TRIGGER t_n_m_sync_update; CREATE TRIGGER t_n_m_sync_update AFTER UPDATE ON t BEGIN \
             UPDATE t SET m = n + 7 WHERE rowid = NEW.rowid; END"
                .to_owned()
        }
        (Engine::Sqlite, _) => "DROP TRIGGER t_a_b_sync_update_back".to_owned(),
        (Engine::Mariadb, _) => "DROP TRIGGER t_a_b_sync_update".to_owned(),
    };
    world.sql(&sql);
}
