//! The files that uses are read from, and the record that they are kept in.

use super::{name, relies, schema};
use crate::model::{Dialect, Ident};
use crate::uses::{Uses, read};

#[test]
fn sqlx_keeps_queries_in_files_of_two_forms() {
    let one = r#"{"db_name": "PostgreSQL", "query": "SELECT handle AS \"handle!\" FROM users", "describe": {"columns": []}, "hash": "ab"}"#;
    let all = "{\n\"db\": \"PostgreSQL\",\n\"ab\": {\"describe\": {}, \"query\": \"SELECT handle FROM users\"},\n\"cd\": {\"query\": \"SELEC 1\"}}";
    for (file, text, queries, guesses) in [
        (".sqlx/query-ab.json", one, 1, vec![]),
        ("sqlx-data.json", all, 2, vec![(4, 1)]),
    ] {
        let reading = read(file, text, Dialect::Postgres, None).unwrap();
        assert!(relies(&reading.uses, "users.handle") && !relies(&reading.uses, "users.id"));
        assert_eq!(reading.queries, queries);
        let places: Vec<_> = reading
            .guesses
            .iter()
            .map(|it| (it.line, it.column))
            .collect();
        assert_eq!(places, guesses);
    }
    let errors = [
        (
            one,
            Dialect::Mysql,
            "q.json:1:14: these are queries for PostgreSQL, and the configured dialect is MySQL",
        ),
        (
            "{\n\"db_name\": 1}",
            Dialect::Postgres,
            "q.json:2:12: this is not sqlx's offline query data",
        ),
        ("[]", Dialect::Postgres, "q.json:1:"),
    ];
    for (text, dialect, expected) in errors {
        let error = read("q.json", text, dialect, None).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_plain_list_names_tables_and_columns() {
    let text = "# ours\n\nusers.handle  # why\norders\n  auth.keys.id\nauth.tokens.*\n\"Odd.name\".\"a#b\"\n";
    let uses = read("uses.txt", text, Dialect::Postgres, None)
        .unwrap()
        .uses;
    for what in [
        "users.handle",
        "users!",
        "orders.later",
        "auth::keys.id",
        "auth::tokens.x",
        "f()",
        "<t>",
    ] {
        assert!(relies(&uses, what), "{what}");
    }
    for what in [
        "users.id",
        "auth::keys.value",
        "billing::keys",
        "secrets",
        "auth",
    ] {
        assert!(!relies(&uses, what), "{what}");
    }
    assert!(uses.relies_on(&name("Odd.name"), Some(&Ident::folded("a#b"))));
    let errors = [
        (
            "users\nusers.",
            "uses.txt:2:7: a name is missing after the dot",
        ),
        (
            "users handle",
            "uses.txt:1:7: `handle` is not expected here",
        ),
        ("  *", "uses.txt:1:3: `*` is not expected here"),
        ("a.b.c.d", "uses.txt:1:1: too many names"),
        ("users.*.id", "uses.txt:1:8: `.` is not expected here"),
        ("users;", "uses.txt:1:6: `;` is not expected here"),
        ("a.b.c.*", "uses.txt:1:1: too many names"),
    ];
    for (text, expected) in errors {
        let error = read("uses.txt", text, Dialect::Postgres, None).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn the_record_keeps_it_in_a_shape_that_people_read() {
    let sql = "INSERT INTO auth.users (id, handle) VALUES (1, now()) ON CONFLICT (id) DO NOTHING";
    let schema = schema(
        "CREATE TABLE auth.users (id int, handle text)",
        Dialect::Postgres,
    );
    let uses = read("q.sql", sql, Dialect::Postgres, Some(&schema))
        .unwrap()
        .uses;
    let json = serde_json::to_string(&uses).unwrap();
    assert_eq!(
        json,
        r#"{"only":{"relations":[{"schema":"auth","name":"users","columns":["handle","id"],"writes":true,"keys_over":[["id"]]}],"routines":[{"name":"now"}]}}"#
    );
    let everything = Uses::Everything {
        why: "nobody said".to_owned(),
    };
    for uses in [uses, everything, Uses::default()] {
        let json = serde_json::to_string(&uses).unwrap();
        assert_eq!(serde_json::from_str::<Uses>(&json).unwrap(), uses);
    }
}
