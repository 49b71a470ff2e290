//! What a file comes to as a whole: things that were there before, are not there, or are as they were in the end.

use super::{Postgres, USERS, judge, letters};

/// What was released before, the file, and the phases of its statements.
fn check(cases: &[(&str, &str, &str)]) {
    for (before, file, expected) in cases {
        let reviewed = judge(Postgres, &format!("{USERS} {before}"), file);
        let said: Vec<_> = reviewed
            .judged
            .iter()
            .flat_map(|judged| &judged.changes)
            .map(|change| &change.verdict.reason)
            .collect();
        assert_eq!(letters(&reviewed), *expected, "{before}\n{file}\n{said:#?}");
    }
}

#[test]
fn a_primary_key_over_what_was_unique_and_filled_demands_nothing_new() {
    let pairs = "CREATE TABLE pairs (a int NOT NULL, b int NOT NULL, c int);";
    check(&[
        (
            &format!("{pairs} CREATE UNIQUE INDEX pairs_key ON pairs (a, b);"),
            "ALTER TABLE pairs ADD PRIMARY KEY (a, b); DROP INDEX pairs_key",
            "nn",
        ),
        (
            &format!("{pairs} ALTER TABLE pairs ADD UNIQUE (b);"),
            "ALTER TABLE pairs ADD PRIMARY KEY (a, b)",
            "n",
        ),
        (pairs, "ALTER TABLE pairs ADD PRIMARY KEY (a, b)", "c"),
        (
            &format!("{pairs} CREATE UNIQUE INDEX pairs_key ON pairs (a, c);"),
            "ALTER TABLE pairs ADD PRIMARY KEY (a, c)",
            "c",
        ),
        (
            &format!("{pairs} CREATE UNIQUE INDEX pairs_key ON pairs (a, b) WHERE c > 0;"),
            "ALTER TABLE pairs ADD PRIMARY KEY (a, b)",
            "c",
        ),
    ]);
}

#[test]
fn a_foreign_key_that_names_no_column_means_the_primary_key() {
    check(&[
        (
            "",
            "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
             ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users",
            "en",
        ),
        (
            "CREATE TABLE notes (user_id bigint DEFAULT NULL REFERENCES users);",
            "ALTER TABLE notes DROP CONSTRAINT notes_user_id_fkey;
             ALTER TABLE notes ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL",
            "ee",
        ),
        (
            "CREATE TABLE notes (user_id bigint DEFAULT 1 REFERENCES users);",
            "ALTER TABLE notes DROP CONSTRAINT notes_user_id_fkey;
             ALTER TABLE notes ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL",
            "ec",
        ),
        (
            "",
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (age)",
            "c",
        ),
    ]);
}

#[test]
fn what_is_unique_in_some_columns_is_so_in_more() {
    let before = "CREATE UNIQUE INDEX u ON users (age) WHERE state IS NULL;";
    check(&[
        (
            before,
            "CREATE UNIQUE INDEX ON users (age, name) WHERE state IS NULL",
            "n",
        ),
        (before, "CREATE UNIQUE INDEX ON users (age, state)", "c"),
        (
            before,
            "CREATE UNIQUE INDEX ON users (state) WHERE state IS NULL",
            "c",
        ),
    ]);
}

#[test]
fn the_names_that_postgresql_gives_are_known() {
    check(&[
        (
            "CREATE INDEX ON users (age, lower(state));",
            "DROP INDEX users_age_expr_idx",
            "n",
        ),
        (
            "CREATE UNIQUE INDEX ON users (age);",
            "DROP INDEX users_age_idx",
            "c",
        ),
        (
            "CREATE INDEX ON users (age); CREATE UNIQUE INDEX ON users (age);",
            "DROP INDEX users_age_idx; DROP INDEX users_age_idx1",
            "nc",
        ),
        (
            "CREATE INDEX an_index_with_a_name_that_is_longer_than_the_sixty_three_bytes_it_may_have ON users (age);",
            "DROP INDEX an_index_with_a_name_that_is_longer_than_the_sixty_three_bytes_",
            "n",
        ),
        (
            "CREATE UNIQUE INDEX key ON users (age); ALTER TABLE users ADD UNIQUE USING INDEX key;",
            "ALTER TABLE users DROP CONSTRAINT IF EXISTS key",
            "c",
        ),
    ]);
}

#[test]
fn what_is_not_there_can_be_dropped_if_it_exists() {
    let blurred = "DO $$ BEGIN EXECUTE nobody_knows; END $$;";
    check(&[
        (
            "",
            "ALTER TABLE users DROP CONSTRAINT IF EXISTS nothing",
            "n",
        ),
        ("", "ALTER TABLE users DROP CONSTRAINT nothing", "c"),
        (
            "",
            "ALTER TABLE users DROP CONSTRAINT IF EXISTS users_email_key",
            "c",
        ),
        (
            "",
            "ALTER TABLE strange DROP CONSTRAINT IF EXISTS nothing",
            "c",
        ),
        (
            blurred,
            "ALTER TABLE users DROP CONSTRAINT IF EXISTS nothing",
            "c",
        ),
        ("", "DROP INDEX IF EXISTS nothing", "n"),
        ("", "DROP INDEX nothing", "c"),
        ("", "DROP INDEX IF EXISTS users_name_idx", "c"),
        (blurred, "DROP INDEX IF EXISTS nothing", "c"),
        (
            "ALTER TABLE strange ADD note text;",
            "DROP INDEX IF EXISTS nothing",
            "c",
        ),
    ]);
}

#[test]
fn a_name_that_is_put_together_at_run_time_may_be_any() {
    let run = |sql: &str| format!("DO $$ BEGIN EXECUTE format('{sql}', x); END $$;");
    let columns = "ALTER TABLE users DROP COLUMN IF EXISTS %I";
    let constraints = "ALTER TABLE users DROP CONSTRAINT IF EXISTS %I";
    check(&[
        ("", &run(columns), "c"),
        ("", &run(constraints), "c"),
        ("", &run("DROP INDEX IF EXISTS %I"), "c"),
        ("", &run("DROP INDEX IF EXISTS %I.nothing"), "c"),
        ("", &run("DROP TABLE IF EXISTS %I.nothing"), "c"),
        (
            &run("CREATE UNIQUE INDEX %I ON users (age)"),
            "DROP INDEX IF EXISTS nothing",
            "c",
        ),
        (
            &run("ALTER TABLE %I ADD UNIQUE (id)"),
            "ALTER TABLE users DROP CONSTRAINT IF EXISTS nothing",
            "c",
        ),
    ]);
}

#[test]
fn a_table_that_the_folder_has_not_made_before_may_be_demanded_of() {
    let made = "CREATE TABLE IF NOT EXISTS notes (id int PRIMARY KEY, owner int);";
    let file = |then: &str| format!("{made} {then}");
    let blurred = "DO $$ BEGIN EXECUTE nobody_knows; END $$;";
    check(&[
        ("", &file("ALTER TABLE notes ADD due date NOT NULL"), "ee"),
        (
            "",
            &file("ALTER TABLE notes ALTER owner SET NOT NULL"),
            "ee",
        ),
        (
            "",
            &file("ALTER TABLE notes ENABLE ROW LEVEL SECURITY"),
            "ee",
        ),
        ("", &file("ALTER TABLE notes OWNER TO someone"), "ee"),
        ("", &file("REVOKE UPDATE ON public.notes FROM PUBLIC"), "ee"),
        ("", &file("REVOKE UPDATE ON notes, users FROM PUBLIC"), "ec"),
        ("", &file("REVOKE notes FROM someone"), "ee"),
        (
            "",
            &file("REVOKE EXECUTE ON FUNCTION notes FROM PUBLIC"),
            "ec",
        ),
        ("", &file("DROP TRIGGER IF EXISTS t ON notes CASCADE"), "ee"),
        // Nothing is destroyed on a likelihood.
        ("", &file("ALTER TABLE notes DROP COLUMN owner"), "ec"),
        (made, &file("ALTER TABLE notes ADD due date NOT NULL"), "ec"),
        (
            blurred,
            &file("ALTER TABLE notes ENABLE ROW LEVEL SECURITY"),
            "ec",
        ),
        (blurred, &file("REVOKE UPDATE ON notes FROM PUBLIC"), "ec"),
    ]);
}

#[test]
fn a_domain_fills_its_columns_by_its_default() {
    let stamp = "CREATE DOMAIN stamp AS timestamptz DEFAULT now();";
    check(&[
        (stamp, "ALTER TABLE users ADD at stamp NOT NULL", "e"),
        (
            stamp,
            "ALTER TABLE users ADD at stamp; ALTER TABLE users ALTER at SET NOT NULL",
            "ee",
        ),
        (stamp, "ALTER TABLE users ADD at stamp[] NOT NULL", "c"),
        (
            &format!("{stamp} ALTER DOMAIN stamp DROP DEFAULT;"),
            "ALTER TABLE users ADD at stamp NOT NULL",
            "c",
        ),
        (
            stamp,
            "ALTER TABLE users ADD at stamp DEFAULT NULL NOT NULL",
            "c",
        ),
    ]);
}

#[test]
fn a_type_gives_its_name_to_a_wider_one() {
    let before = "CREATE TYPE mood AS ENUM ('good', 'bad'); ALTER TABLE users ADD mood mood;";
    let swap = |labels: &str, drop: &str| {
        format!(
            "CREATE TYPE mood_new AS ENUM ({labels}); ALTER TABLE users ALTER mood TYPE mood_new USING mood::text::mood_new;
             {drop}; ALTER TYPE mood_new RENAME TO mood"
        )
    };
    check(&[
        (
            before,
            &swap("'good', 'bad', 'new'", "DROP TYPE mood"),
            "eene",
        ),
        (before, &swap("'good'", "DROP TYPE mood"), "ecce"),
        (
            before,
            &swap("'good', 'bad'", "DROP TYPE mood CASCADE"),
            "eece",
        ),
    ]);
}

#[test]
fn what_is_renamed_back_keeps_its_name() {
    let before = "CREATE SEQUENCE s;";
    check(&[
        (
            before,
            "ALTER SEQUENCE s RENAME TO s1; ALTER SEQUENCE s1 RENAME TO S",
            "nn",
        ),
        (
            before,
            "ALTER SEQUENCE s RENAME TO s1; ALTER SEQUENCE s1 RENAME TO s2; ALTER SEQUENCE s2 RENAME TO s",
            "nnn",
        ),
        (
            before,
            "ALTER SEQUENCE s RENAME TO s1; ALTER SEQUENCE s1 RENAME TO s2",
            "cc",
        ),
        (
            before,
            "ALTER SEQUENCE s RENAME TO s1; ALTER VIEW s1 RENAME TO s",
            "cc",
        ),
    ]);
}

#[test]
fn the_sequence_of_a_serial_column_goes_with_a_table_that_is_rebuilt() {
    let rebuilt = |id: &str, then: &str| {
        format!(
            "ALTER TABLE notes RENAME TO old_notes; CREATE TABLE notes (id {id} PRIMARY KEY, body text);
             INSERT INTO notes SELECT * FROM old_notes; DROP TABLE old_notes; {then}"
        )
    };
    let rename = "ALTER SEQUENCE notes_id_seq1 RENAME TO notes_id_seq";
    let serial = "CREATE TABLE notes (id serial PRIMARY KEY, body text);";
    let plain = "CREATE TABLE notes (id int PRIMARY KEY, body text);";
    check(&[
        (plain, &rebuilt("int", ""), "nnnn"),
        (serial, &rebuilt("serial", ""), "nnnc"),
        (serial, &rebuilt("serial", rename), "nnnnc"),
    ]);
}
