mod files;
mod queries;
mod unread;

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
