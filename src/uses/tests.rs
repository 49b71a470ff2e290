use super::{Uses, read};
use crate::model::{Dialect, Engine, Ident, Name, Object, ObjectKind, Span};
use crate::schema::Schema;

pub(super) const SCHEMA: &str = "
    CREATE TYPE mood AS ENUM ('low', 'high');
    CREATE TABLE users (id bigint PRIMARY KEY, handle text UNIQUE, username text, mood mood);
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total int DEFAULT next_total());
    CREATE TABLE secrets (id bigint PRIMARY KEY, value text);
    CREATE TABLE audited (id bigint PRIMARY KEY);
    CREATE TABLE audit (id bigint PRIMARY KEY, note text);
    CREATE VIEW names AS SELECT id, username FROM users;
    CREATE VIEW names_again AS SELECT * FROM names;
    CREATE FUNCTION login(text) RETURNS bigint LANGUAGE sql AS 'SELECT id FROM users WHERE username = $1';
    CREATE FUNCTION reset() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM value FROM secrets; END$$;
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES (1); END$$;
    CREATE TRIGGER noted AFTER INSERT ON audited FOR EACH ROW EXECUTE FUNCTION note();
";

pub(super) fn schema(text: &str, dialect: Dialect) -> Schema {
    let engine = Engine::default_for(dialect);
    let mut schema = Schema::new(dialect);
    let script = crate::sql::read(text, &[Span::new(0, text.len())], &engine);
    for statement in script.statements {
        assert_eq!(statement.opaque, None, "{}", statement.span.of(text));
        for change in &statement.changes {
            schema.apply(change);
        }
    }
    schema
}

fn name(text: &str) -> Name {
    let folded = |text: &str| Ident::folded(text);
    match text.split_once("::") {
        Some((schema, name)) => Name {
            schema: Some(folded(schema)),
            name: folded(name),
        },
        None => Name::bare(folded(text)),
    }
}

/// `users` is the table, `users.handle` a column, `users!` that it is written, `users^a,b` a unique key over these
/// columns, `users^name` with a name for one of one column, `f()` a routine, `<t>` a type, `s~` a sequence.
pub(super) fn relies(uses: &Uses, what: &str) -> bool {
    if let Some(table) = what.strip_suffix('!') {
        return uses.writes(&name(table));
    }
    if let Some(routine) = what.strip_suffix("()") {
        return uses.relies_on_routine(&name(routine));
    }
    if let Some(sequence) = what.strip_suffix('~') {
        return uses.relies_on_sequence(&name(sequence));
    }
    if let Some(of) = what.strip_prefix('<') {
        return uses.relies_on_type(&name(of.trim_end_matches('>')));
    }
    if let Some((table, columns)) = what.split_once('^') {
        let columns: Vec<_> = columns.split(',').map(Ident::folded).collect();
        return uses.relies_on_key(&name(table), columns.first(), Some(&columns));
    }
    match what.split_once('.') {
        Some((table, column)) => uses.relies_on(&name(table), Some(&Ident::folded(column))),
        None => uses.relies_on(&name(what), None),
    }
}

fn check(dialect: Dialect, schema: Option<&Schema>, cases: &[(&str, &str, &str)]) {
    for (sql, must, must_not) in cases {
        let reading = read("q.sql", sql, dialect, schema).unwrap();
        assert_eq!(reading.guesses, [], "{sql}");
        for what in must.split_whitespace() {
            assert!(
                relies(&reading.uses, what),
                "{sql}\nmust rely on {what}\n{reading:?}"
            );
        }
        for what in must_not.split_whitespace() {
            assert!(
                !relies(&reading.uses, what),
                "{sql}\nmust not rely on {what}\n{reading:?}"
            );
        }
    }
}

#[test]
fn queries_rely_on_what_they_name() {
    let cases = [
        // Columns, aliases, scopes.
        (
            "SELECT handle FROM users",
            "users users.handle",
            "users.username users! orders",
        ),
        (
            "SELECT u.handle FROM users u, orders",
            "users.handle orders",
            "orders.handle users.id",
        ),
        (
            "SELECT handle, total FROM users JOIN orders ON user_id = users.id",
            "users.handle orders.total orders.user_id users.id",
            "orders.id users.username",
        ),
        (
            "SELECT id FROM users, orders",
            "users.id orders.id",
            "users.handle",
        ),
        (
            "SELECT \"handle\" FROM \"users\"",
            "users.handle",
            "users.username",
        ),
        (
            "SELECT 1 FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = handle)",
            "users.handle orders.user_id",
            "orders.total users.id",
        ),
        (
            "SELECT (SELECT id FROM orders LIMIT 1) FROM users",
            "orders.id users",
            "users.id",
        ),
        (
            "SELECT x.total FROM users CROSS JOIN LATERAL (SELECT total FROM orders WHERE user_id = users.id) x",
            "orders.total orders.user_id users.id",
            "users.handle orders.id",
        ),
        (
            "SELECT count(*) FROM users",
            "users count()",
            "users.id users.later",
        ),
        (
            "SELECT id FROM orders ORDER BY total",
            "orders.total",
            "orders.user_id",
        ),
        (
            "SELECT id FROM users UNION SELECT user_id FROM orders ORDER BY 1",
            "users.id orders.user_id",
            "orders.id users.handle",
        ),
        (
            "SELECT handle FROM users FOR UPDATE",
            "users.handle",
            "users.username users!",
        ),
        (
            "SELECT id FROM users WHERE handle = $1 AND username = ?",
            "users.handle users.username",
            "users.mood",
        ),
        (
            "SELECT id FROM users WHERE handle = :handle",
            "users.handle",
            "users.username",
        ),
        // Whole relations.
        (
            "SELECT * FROM users",
            "users.later users.username",
            "orders",
        ),
        (
            "SELECT orders.*, handle FROM users, orders",
            "orders.later users.handle",
            "users.username",
        ),
        ("SELECT o FROM orders AS o", "orders.later", "users"),
        (
            "SELECT row_to_json(o) FROM orders o",
            "orders.later",
            "users",
        ),
        ("SELECT count(o.*) FROM orders o", "orders.later", "users"),
        ("SELECT (u).handle FROM users u", "users.handle", "orders"),
        (
            "SELECT a FROM users AS u (a, b)",
            "users.username",
            "orders",
        ),
        (
            "SELECT users.id FROM users NATURAL JOIN orders",
            "users.later orders.later",
            "secrets",
        ),
        (
            "SELECT handle FROM users JOIN orders USING (id)",
            "users.id orders.id",
            "users.username orders.total",
        ),
        // WITH.
        (
            "WITH users AS (SELECT id FROM orders) SELECT * FROM users",
            "orders.id",
            "users orders.total",
        ),
        (
            "WITH users AS (SELECT handle FROM users) SELECT handle FROM users",
            "users.handle",
            "users.username",
        ),
        (
            "WITH RECURSIVE t AS (SELECT id FROM orders UNION SELECT t.id FROM t) SELECT * FROM t",
            "orders.id",
            "t orders.total",
        ),
        (
            "WITH gone AS (DELETE FROM orders RETURNING user_id) SELECT handle FROM users, gone",
            "orders! orders.user_id users.handle",
            "users! orders.total",
        ),
        // Row changes.
        (
            "INSERT INTO users (id, handle) VALUES ($1, $2)",
            "users! users.handle",
            "users.username",
        ),
        (
            "INSERT INTO users VALUES (1)",
            "users! users.later",
            "orders",
        ),
        ("INSERT INTO users DEFAULT VALUES", "users!", "users.handle"),
        (
            "INSERT INTO users (id) SELECT user_id FROM orders RETURNING handle",
            "users! users.handle orders.user_id",
            "orders! users.username",
        ),
        (
            "INSERT INTO orders (total) VALUES (1)",
            "next_total()",
            "login()",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (handle) DO UPDATE SET mood = excluded.mood",
            "users^handle users.handle users.mood",
            "users^username users^handle,id users.username",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING",
            "users^users_pkey",
            "users^handle",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT DO NOTHING",
            "users!",
            "users^handle",
        ),
        (
            "UPDATE users SET handle = 'x' WHERE id = 1",
            "users! users.handle users.id",
            "users.username",
        ),
        (
            "UPDATE users SET (handle, mood) = (1, 2) FROM orders o WHERE o.user_id = users.id RETURNING o.total",
            "users! users.handle users.mood orders.user_id orders.total",
            "orders! users.username orders.id",
        ),
        (
            "DELETE FROM users USING orders WHERE user_id = users.id",
            "users! orders.user_id",
            "orders! users.handle",
        ),
        (
            "MERGE INTO users u USING orders o ON u.id = o.user_id WHEN MATCHED THEN UPDATE SET handle = 'x' WHEN NOT MATCHED THEN INSERT (id, mood) VALUES (o.user_id, 'low')",
            "users! users.handle users.mood orders.user_id",
            "orders! users.username orders.total",
        ),
        ("TRUNCATE users", "users!", "users.handle"),
        // Types, routines, sequences.
        ("SELECT 'low'::mood", "<mood>", "users <other>"),
        ("SELECT ARRAY[]::mood[]", "<mood>", "users"),
        (
            "SELECT * FROM jsonb_populate_recordset(NULL::users, $1)",
            "users.later <users>",
            "orders users!",
        ),
        ("SELECT mood FROM users", "<mood>", "<other>"),
        ("SELECT handle FROM users", "", "<mood>"),
        ("SELECT nextval('public.numbers')", "numbers~", "others~"),
        ("SELECT nextval($1)", "others~", "users"),
        ("INSERT INTO users (id) VALUES (1)", "numbers~", ""),
        ("SELECT 'users'::regclass", "users", "users.id"),
        ("SELECT f(id) FROM users", "f()", "g()"),
        ("SELECT * FROM f(1)", "f()", "f"),
        // What runs SQL of its own.
        (
            "SELECT * FROM ts_stat('SELECT value FROM secrets')",
            "secrets.value",
            "users",
        ),
        // Names in schemas.
        (
            "SELECT id FROM auth.users",
            "auth::users.id users.id",
            "billing::users",
        ),
        ("SELECT id FROM users", "auth::users", "auth::orders"),
        // What no name of the schema stands in.
        (
            "BEGIN; SET lock_timeout = 1; COMMIT; SELECT 1",
            "",
            "users orders f()",
        ),
        (
            "EXPLAIN SELECT handle FROM users",
            "users.handle",
            "users.id",
        ),
    ];
    check(
        Dialect::Postgres,
        Some(&schema(SCHEMA, Dialect::Postgres)),
        &cases,
    );
}

#[test]
fn what_stands_behind_a_name_counts() {
    let cases = [
        (
            "SELECT id FROM names",
            "names users.username",
            "orders users!",
        ),
        (
            "SELECT id FROM names_again",
            "names_again names users.username",
            "orders",
        ),
        ("INSERT INTO names (id) VALUES (1)", "users!", "orders"),
        (
            "SELECT login($1)",
            "login() users.username",
            "orders secrets",
        ),
        (
            "SELECT reset()",
            "reset() secrets.value secrets!",
            "users orders",
        ),
        (
            "INSERT INTO audited (id) VALUES (1)",
            "audit! note()",
            "secrets",
        ),
        ("SELECT id FROM audited", "audited.id", "audit note()"),
    ];
    check(
        Dialect::Postgres,
        Some(&schema(SCHEMA, Dialect::Postgres)),
        &cases,
    );
    // MySQL's triggers are their own text, which is not kept.
    let text =
        "CREATE TABLE t (a int); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1";
    let schema = schema(text, Dialect::Mysql);
    let read = |sql| {
        read("q.sql", sql, Dialect::Mysql, Some(&schema))
            .unwrap()
            .uses
    };
    assert!(
        matches!(read("INSERT INTO t (a) VALUES (1)"), Uses::Everything { why } if why.contains("trigger g"))
    );
    assert!(matches!(read("SELECT a FROM t"), Uses::Only(_)));
}

#[test]
fn without_a_schema_a_column_counts_for_every_table_in_sight() {
    let cases = [
        (
            "SELECT handle FROM users, orders",
            "users.handle orders.handle",
            "users.id",
        ),
        (
            "SELECT u.handle FROM users u, orders",
            "users.handle",
            "orders.handle",
        ),
        (
            "SELECT 1 FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE a = 1)",
            "users.a orders.a",
            "users.b",
        ),
        // A type or a routine may stand behind whatever is not seen.
        ("SELECT handle FROM users", "<mood> f()", "users!"),
    ];
    for dialect in Dialect::ALL {
        check(dialect, None, &cases);
    }
}

#[test]
fn each_dialect_has_its_own_ways() {
    let mysql = [
        ("SELECT `Handle` FROM `Users`", "users.handle", "users.id"),
        (
            "INSERT INTO users SET handle = ?, id = 1",
            "users! users.handle",
            "users.username",
        ),
        (
            "INSERT INTO users (id) VALUES (?) ON DUPLICATE KEY UPDATE handle = VALUES(handle)",
            "users^any users.handle",
            "users.username",
        ),
        (
            "REPLACE INTO users (id) VALUES (1)",
            "users! users^any",
            "users.handle",
        ),
        (
            "INSERT IGNORE INTO users (id) VALUES (1)",
            "users^any",
            "users.handle",
        ),
        (
            "UPDATE users u JOIN orders o ON o.user_id = u.id SET u.handle = o.total",
            "users! orders! users.handle orders.total",
            "users.username",
        ),
        (
            "DELETE u FROM users u JOIN orders o ON o.user_id = u.id",
            "users! orders.user_id",
            "users.handle u",
        ),
    ];
    check(Dialect::Mysql, None, &mysql);
    let sqlite = [
        (
            "SELECT [handle] FROM Users WHERE id = ?1 AND username = @name",
            "users.handle users.username",
            "users.mood",
        ),
        (
            "INSERT OR REPLACE INTO users (id) VALUES (1)",
            "users! users^any",
            "users.handle",
        ),
        (
            "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET handle = excluded.handle RETURNING rowid",
            "users^id users.handle",
            "users^handle users.username",
        ),
    ];
    check(Dialect::Sqlite, None, &sqlite);
    let sqlc = [
        (
            "-- name: Find :one\nSELECT sqlc.embed(users), total FROM users JOIN orders ON orders.user_id = users.id WHERE handle = sqlc.arg(total)",
            "users.later orders.total",
            "orders.id",
        ),
        (
            "SELECT id FROM users WHERE handle = @name::text",
            "users.handle",
            "users.username",
        ),
    ];
    check(
        Dialect::Postgres,
        Some(&schema(SCHEMA, Dialect::Postgres)),
        &sqlc,
    );
}

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

#[test]
fn objects_are_asked_for_by_kind() {
    let sql = "INSERT INTO users (id) VALUES (1) ON CONFLICT ON CONSTRAINT users_key DO NOTHING";
    let schema = schema(SCHEMA, Dialect::Postgres);
    let uses = read("q.sql", sql, Dialect::Postgres, Some(&schema))
        .unwrap()
        .uses;
    let relies = |kind, text| uses.relies_on_object(&Object::new(kind, name(text)));
    let key =
        |text| uses.relies_on_object(&Object::new(ObjectKind::Index, name(text)).on(name("users")));
    assert!(relies(ObjectKind::Table, "users") && !relies(ObjectKind::Table, "orders"));
    assert!(!relies(ObjectKind::Function, "login") && !relies(ObjectKind::Type, "mood"));
    assert!(key("users_key") && !key("users_other"));
    assert!(relies(ObjectKind::Extension, "pgcrypto") && relies(ObjectKind::Index, "users_key"));
}
