//! What is not understood relies on more, never on less.

use super::{SCHEMA, name, relies, schema};
use crate::model::Dialect;
use crate::uses::{Uses, read};

#[test]
fn a_query_that_is_not_understood_relies_on_all_its_words() {
    let sql = "SELECT 1;\nSELEC handle FROM users WHERE \"Quoted\" = 'SELECT x FROM secrets';";
    let reading = read("q.sql", sql, Dialect::Postgres, None).unwrap();
    assert_eq!(reading.queries, 2);
    let [guess] = reading.guesses.as_slice() else {
        panic!("{reading:?}");
    };
    assert_eq!((guess.line, guess.column, guess.everything), (2, 1, false));
    for what in [
        "users.anything",
        "users!",
        "users^any",
        "secrets",
        "auth::users",
        "users()",
        "<users>",
    ] {
        assert!(relies(&reading.uses, what), "{what}");
    }
    assert!(reading.uses.relies_on(&name("Quoted"), None));
    assert!(!relies(&reading.uses, "orders"));
}

#[test]
fn words_reach_through_views_and_functions() {
    let schema = schema(SCHEMA, Dialect::Postgres);
    let read = |sql| {
        read("q.sql", sql, Dialect::Postgres, Some(&schema))
            .unwrap()
            .uses
    };
    assert!(relies(&read("SELEC id FROM names"), "users.username"));
    assert!(relies(&read("SELEC reset()"), "secrets.value"));
}

#[test]
fn what_nobody_can_read_relies_on_everything() {
    for sql in [
        "SELECT id FROM {{ table }}",
        "SELECT 'open",
        "SELECT id FROM ${table}",
    ] {
        let reading = read("q.sql", sql, Dialect::Postgres, None).unwrap();
        let Uses::Everything { why } = &reading.uses else {
            panic!("{sql}: {reading:?}");
        };
        assert!(why.starts_with("q.sql:1: "), "{why}");
        assert!(reading.guesses[0].everything);
        assert!(relies(&reading.uses, "orders.total"));
    }
}

#[test]
fn chains_of_any_length_are_read_without_following_them_down() {
    let sql = format!("SELECT {} FROM users", vec!["a"; 20_000].join(" + "));
    let reading = read("q.sql", &sql, Dialect::Postgres, None).unwrap();
    assert_eq!(reading.guesses.len(), 1);
    assert!(relies(&reading.uses, "users.a"));
}
