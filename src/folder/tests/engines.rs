use super::*;

const SQL: &str = "SELECT 1;";

fn files_read(files: &[(&str, &str)], dialect: Dialect) -> Result<Vec<String>, FolderError> {
    let folder = read(&tree(files), None, dialect)?;
    Ok(folder
        .migrations
        .into_iter()
        .map(|migration| migration.file)
        .collect())
}

#[test]
fn the_engines_own_folder_is_read() {
    let files = [
        ("postgresql/1_a.up.sql", SQL),
        ("postgresql/1_a.down.sql", SQL),
        ("mysql/1_a.up.sql", SQL),
        ("mariadb/1_m.up.sql", SQL),
        ("sqlite3/1_a.up.sql", SQL),
        ("cockroach/1_a.up.sql", SQL),
        ("README.md", ""),
    ];
    let cases = [
        (Dialect::Postgres, "postgresql/1_a.up.sql"),
        (Dialect::Mysql, "mysql/1_a.up.sql"),
        (Dialect::Sqlite, "sqlite3/1_a.up.sql"),
    ];
    for (dialect, expected) in cases {
        assert_eq!(files_read(&files, dialect).unwrap(), [expected]);
    }
    let folder = read(&tree(&files), None, Dialect::Sqlite).unwrap();
    assert_eq!(
        notices(&folder)[0],
        "read from `sqlite3/`, the folder for SQLite; what lies beside it is not read"
    );
}

#[test]
fn an_engine_without_a_folder_is_refused_with_those_that_exist() {
    let files = [("pg/1_a.up.sql", SQL), ("mysql/1_a.up.sql", SQL)];
    assert_eq!(
        files_read(&files, Dialect::Sqlite).unwrap_err().to_string(),
        "the folder holds migrations for `mysql/` and `pg/` but none for SQLite; set `dialect`, or point `dir` at the right folder"
    );
}

#[test]
fn a_suffix_is_preferred_over_the_general_file_and_other_engines_are_left_out() {
    let files = [
        ("20150100000001000000_a.up.sql", SQL),
        ("20150100000001000000_a.down.sql", SQL),
        ("20150100000001000000_a.mysql.up.sql", SQL),
        ("20150100000001000000_a.mysql.down.sql", SQL),
        ("20150100000002000000_b.up.sql", SQL),
        ("20150100000003000000_c.cockroach.up.sql", SQL),
        ("20150100000004000000_d.sqlite3.up.sql", SQL),
    ];
    assert_eq!(
        files_read(&files, Dialect::Mysql).unwrap(),
        [
            "20150100000001000000_a.mysql.up.sql",
            "20150100000002000000_b.up.sql"
        ]
    );
    assert_eq!(
        files_read(&files, Dialect::Postgres).unwrap(),
        [
            "20150100000001000000_a.up.sql",
            "20150100000002000000_b.up.sql"
        ]
    );
    let folder = read(&tree(&files), None, Dialect::Mysql).unwrap();
    assert!(matches!(
        &folder.migrations[0].down,
        Some(Down::File { file, .. }) if file.ends_with("a.mysql.down.sql")
    ));
    assert_eq!(
        notices(&folder)[0],
        "not read: other engines' files, or replaced by one for MySQL: \
         `20150100000001000000_a.down.sql`, `20150100000001000000_a.up.sql`, \
         `20150100000003000000_c.cockroach.up.sql` and 1 more"
    );
}

#[test]
fn suffixes_of_every_style_are_read() {
    let cases: &[(&[&str], &str)] = &[
        (
            &["V0001.Init.postgres.up.sql", "V0001.Init.mysql.up.sql"],
            "V0001.Init.postgres.up.sql",
        ),
        (
            &["001_a.postgres.sql", "001_a.sqlite.sql"],
            "001_a.postgres.sql",
        ),
        (
            &["001_a_postgres.sql", "001_a_mysql.sql"],
            "001_a_postgres.sql",
        ),
        (&["1-a-pgsql.sql", "1-a-sqlite.sql"], "1-a-pgsql.sql"),
        (
            &["1.2-to-1.3-pg.sql", "1.2-to-1.3-mysql.sql"],
            "1.2-to-1.3-pg.sql",
        ),
    ];
    for (names, expected) in cases {
        let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, SQL)).collect();
        assert_eq!(files_read(&files, Dialect::Postgres).unwrap(), [*expected]);
    }
}

#[test]
fn an_engines_name_at_the_end_of_a_description_is_no_suffix() {
    let files = [
        ("001_init.sql", SQL),
        ("002_move_off_mysql.sql", SQL),
        ("003_to_postgres.sql", SQL),
    ];
    assert_eq!(files_read(&files, Dialect::Sqlite).unwrap().len(), 3);
}

#[test]
fn suffixes_for_other_engines_alone_are_refused() {
    let files = [("1_a.mysql.up.sql", SQL), ("1_a.sqlite.up.sql", SQL)];
    assert_eq!(
        files_read(&files, Dialect::Postgres)
            .unwrap_err()
            .to_string(),
        "the folder holds migrations for `.mysql.sql` and `.sqlite.sql` but none for PostgreSQL; set `dialect`, or point `dir` at the right folder"
    );
}

#[test]
fn the_engine_is_guessed_from_records_names_and_words() {
    let cases: &[(Given<'_>, Option<Dialect>)] = &[
        (
            &[
                ("1_a/migration.sql", SQL),
                ("migration_lock.toml", "provider = \"mysql\""),
            ],
            Some(Dialect::Mysql),
        ),
        (
            &[
                ("1.sql", SQL),
                (
                    "meta/_journal.json",
                    "{\n  \"version\": \"7\",\n  \"dialect\": \"sqlite\",",
                ),
            ],
            Some(Dialect::Sqlite),
        ),
        (&[("postgres/1.sql", SQL)], Some(Dialect::Postgres)),
        (&[("1_a.sqlite.up.sql", SQL)], Some(Dialect::Sqlite)),
        (
            &[("1.sql", "CREATE TABLE t (id BIGSERIAL);")],
            Some(Dialect::Postgres),
        ),
        (&[("1.sql", "DO $$ BEGIN END $$;")], Some(Dialect::Postgres)),
        (
            &[(
                "1.sql",
                "CREATE TABLE `t` (`id` int AUTO_INCREMENT) ENGINE=InnoDB;",
            )],
            Some(Dialect::Mysql),
        ),
        (
            &[(
                "1.sql",
                "CREATE TABLE `t` (`id` integer PRIMARY KEY AUTOINCREMENT);",
            )],
            Some(Dialect::Sqlite),
        ),
        (&[("1.sql", "-- SERIAL\nSELECT 'JSONB';")], None),
        (&[("postgres/1.sql", SQL), ("mysql/1.sql", SQL)], None),
        (
            &[
                ("1_a-postgres.sql", "SELECT jsonb '1'"),
                ("1_a-mysql.sql", SQL),
            ],
            None,
        ),
        (
            &[("1_move_to_postgres.sql", "PRAGMA foreign_keys = off;")],
            Some(Dialect::Sqlite),
        ),
        (&[("1.sql", "CREATE TABLE `t` (`id` int);")], None),
        (&[("1.sql", SQL)], None),
        (&[], None),
    ];
    for (files, expected) in cases {
        let guess = guess_dialect(&tree(files));
        assert_eq!(
            guess.as_ref().map(|guess| guess.dialect),
            *expected,
            "{files:?} {guess:?}"
        );
    }
}

#[test]
fn the_path_of_the_folder_itself_may_name_the_engine() {
    let cases = [
        ("db/migrations/mysql", Some(Dialect::Mysql)),
        ("db/postgres/migrations", Some(Dialect::Postgres)),
        ("C:\\db\\sqlite3", Some(Dialect::Sqlite)),
        ("mysql/to/pg", Some(Dialect::Postgres)),
        ("db/migrations", None),
    ];
    for (path, expected) in cases {
        assert_eq!(dialect_of_path(path), expected, "{path}");
    }
}

#[test]
fn an_engines_own_file_replaces_a_general_one_that_runs_outside_a_transaction() {
    let files = [
        ("1_a.autocommit.up.sql", SQL),
        ("1_a.sqlite.up.sql", SQL),
        ("2_b.autocommit.up.sql", SQL),
    ];
    assert_eq!(
        files_read(&files, Dialect::Sqlite).unwrap(),
        ["1_a.sqlite.up.sql", "2_b.autocommit.up.sql"]
    );
}
