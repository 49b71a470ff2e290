//! What holds for every set of queries.

use proptest::prelude::*;

use super::read;
use super::tests::{SCHEMA, relies, schema};
use crate::model::Dialect;

/// Queries of every kind, to be put together and broken.
const POOL: [&str; 9] = [
    "SELECT handle FROM users",
    "SELECT * FROM orders",
    "SELECT login('a')",
    "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO NOTHING",
    "INSERT INTO audited (id) VALUES (1)",
    "UPDATE orders SET total = 1 WHERE user_id = 2",
    "SELECT id FROM names",
    "SELECT reset()",
    "WITH users AS (SELECT value FROM secrets) SELECT value FROM users",
];

/// Everything that may be asked about the schema of these tests.
fn questions() -> impl Iterator<Item = String> {
    let tables = ["users", "orders", "secrets", "audited", "audit", "names"];
    let columns = [
        "id", "handle", "username", "mood", "user_id", "total", "value", "note",
    ];
    let whole = tables.map(str::to_owned).into_iter();
    let written = tables.into_iter().map(|table| format!("{table}!"));
    let columns = tables
        .into_iter()
        .flat_map(move |table| columns.map(|column| format!("{table}.{column}")));
    let others = [
        "users^id",
        "users^handle",
        "login()",
        "reset()",
        "note()",
        "<mood>",
        "s~",
    ];
    whole
        .chain(written)
        .chain(columns)
        .chain(others.map(str::to_owned))
}

proptest! {
    #[test]
    fn one_more_query_never_makes_a_release_rely_on_less(
        some in prop::collection::vec(0..POOL.len(), 0..4),
        more in 0..POOL.len(),
        apart in any::<bool>(),
        known in any::<bool>(),
    ) {
        let schema = known.then(|| schema(SCHEMA, Dialect::Postgres));
        let read = |text: &str| read("q.sql", text, Dialect::Postgres, schema.as_ref()).unwrap().uses;
        let text: Vec<_> = some.iter().map(|at| POOL[*at]).collect();
        let fewer = read(&text.join(";\n"));
        let all = if apart {
            fewer.clone().union(read(POOL[more]))
        } else {
            read(&format!("{};\n{}", text.join(";\n"), POOL[more]))
        };
        for question in questions() {
            prop_assert!(!relies(&fewer, &question) || relies(&all, &question), "{}", question);
        }
    }

    #[test]
    fn a_broken_query_never_relies_on_less_than_the_whole_one(at in 0..POOL.len(), known in any::<bool>()) {
        let schema = known.then(|| schema(SCHEMA, Dialect::Postgres));
        let read = |text: &str| read("q.sql", text, Dialect::Postgres, schema.as_ref()).unwrap().uses;
        let (whole, broken) = (read(POOL[at]), read(&format!("SELEC {} )(", POOL[at])));
        for question in questions() {
            prop_assert!(!relies(&whole, &question) || relies(&broken, &question), "{}", question);
        }
    }

    #[test]
    fn no_input_stops_the_reader(text in ".{0,80}", form in 0..3_usize) {
        let file = ["q.sql", "q.json", "q.txt"][form];
        for dialect in Dialect::ALL {
            let _ = read(file, &text, dialect, None);
        }
    }
}
