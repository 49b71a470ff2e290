use super::*;

const SQL: &str = "SELECT 1;";

/// Every way in which a folder is refused, with the whole message.
#[test]
fn each_bad_folder_is_refused_with_what_is_wrong_and_the_way_out() {
    let cases: &[(Option<Layout>, Given<'_>, &str)] = &[
        (
            None,
            &[],
            "the folder holds no migration: it is empty; check the path, or add the first migration",
        ),
        (
            None,
            &[("README.md", ""), (".keep", "")],
            "the folder holds no migration: none of its 2 files is SQL that a tool would apply; check the path, or add the first migration",
        ),
        (
            Some(Layout::Diesel),
            &[("1_a.sql", SQL)],
            "the folder holds no diesel migration (SQL files seen: 1); diesel reads `<version>_<name>/up.sql` with `down.sql`; set `layout` to the tool that wrote them, or to \"auto\"",
        ),
        (
            None,
            &[("schema.sql", SQL), ("views.sql", SQL)],
            "no known layout fits the folder's SQL files (the first of 2 is `schema.sql`); name the tool with `layout = \"…\"`, one of diesel, prisma, drizzle, goose, dbmate, sql-migrate, tern, liquibase, atlas, flyway, refinery, golang-migrate, sqlx, numbered",
        ),
        (
            None,
            &[
                ("1_a.sql", "-- +goose Up\nA;"),
                ("2_b.sql", "-- migrate:up\nB;"),
            ],
            "the layout is ambiguous: goose fits (files with `-- +goose` annotations: 1) and dbmate fits (files with a `-- migrate:up` block: 1); say which with `layout = \"goose\"` or `layout = \"dbmate\"`",
        ),
        (
            None,
            &[("V1__a.sql", SQL), ("V1__b.sql", SQL)],
            "`V1__a.sql` and `V1__b.sql` both have version 1, which Flyway refuses: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both",
        ),
        (
            Some(Layout::Flyway),
            &[("V1.0__a.sql", SQL), ("V1__b.sql", SQL)],
            "`V1.0__a.sql` and `V1__b.sql` both have version 1, which Flyway refuses: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both",
        ),
        (
            None,
            &[("1_a.up.sql", SQL), ("001_b.up.sql", SQL)],
            "`001_b.up.sql` and `1_a.up.sql` both have version 1, which golang-migrate refuses: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both",
        ),
        (
            None,
            &[
                ("1_a.up.sql", SQL),
                ("1_a.down.sql", SQL),
                ("1_b.down.sql", SQL),
            ],
            "`1_a.down.sql` and `1_b.down.sql` both have version 1, which golang-migrate refuses: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both",
        ),
        (
            None,
            &[("001_a.sql", SQL), ("1_b.sql", SQL)],
            "`001_a.sql` and `1_b.sql` both have version 1, so that their order is a guess: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both",
        ),
        (
            Some(Layout::Tern),
            &[("001_a.sql", SQL), ("003_c.sql", SQL)],
            "version 2 is missing before `003_c.sql`; tern refuses gaps: restore the file, or renumber those after it",
        ),
        (
            Some(Layout::Atlas),
            &[
                ("1_a.sql", SQL),
                ("atlas.sum", "h1:s=\n1_a.sql h1:a=\n2_b.sql h1:b=\n"),
            ],
            "`atlas.sum` names `2_b.sql`, which is not in the folder; restore the file, or update the list with Atlas",
        ),
        (
            None,
            &[
                ("0000_a.sql", SQL),
                ("meta/_journal.json", r#"{"entries":[{"tag":"0001_b"}]}"#),
            ],
            "`meta/_journal.json` names `0001_b.sql`, which is not in the folder; restore the file, or update the list with Drizzle",
        ),
        (
            Some(Layout::Sqlx),
            &[("init_users.sql", SQL)],
            "`init_users.sql` is not a name that sqlx takes; it reads `<number>_<description>.sql`, or `.up.sql` with `.down.sql`: rename the file, move it out of the folder, or set another `layout`",
        ),
        (
            None,
            &[("1_a.sql", "-- +goose Up\n-- +goose StatementBegin\nA;\n")],
            "1_a.sql:2: `-- +goose StatementBegin` is never ended; add `-- +goose StatementEnd` after the statement",
        ),
        (
            None,
            &[("1_a.sql", "-- +goose Down\nA;\n")],
            "1_a.sql:1: `-- +goose Down` is out of place; the order is Up, then Down, and each StatementBegin has its StatementEnd",
        ),
        (
            Some(Layout::Goose),
            &[("1_a.sql", "SELECT 1;")],
            "1_a.sql:1: a statement stands before `-- +goose Up`; goose needs that annotation above the first statement",
        ),
        (
            Some(Layout::Goose),
            &[("1_a.sql", "-- nothing")],
            "1_a.sql:1: there is no `-- +goose Up`; add it above the first statement, or move the file out of the folder",
        ),
        (
            None,
            &[("1_a.sql", "-- +goose Up\nA;\n\n-- +goose Upp\n")],
            "1_a.sql:4: `Upp` is no annotation of goose; known are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON and OFF",
        ),
        (
            None,
            &[("1_a.sql", "-- +goose Up\nA;\n-- +goose Up\n")],
            "1_a.sql:3: a second `-- +goose Up`; one file is one migration: move the second one into a file of its own",
        ),
        (
            None,
            &[("1_a.sql", "CREATE TABLE t (id int);\n-- migrate:up\n")],
            "1_a.sql:1: a statement stands before `-- migrate:up`; dbmate refuses that: move it below the marker",
        ),
        (
            None,
            &[("1_a.sql", "-- migrate:down\nA\n-- migrate:up\n")],
            "1_a.sql:1: `-- migrate:down` is out of place; each `-- migrate:down` follows the `-- migrate:up` that it takes back",
        ),
        (
            Some(Layout::Dbmate),
            &[("1_a.sql", "-- only a comment")],
            "1_a.sql:1: there is no `-- migrate:up`; add it above the first statement, or move the file out of the folder",
        ),
        (
            None,
            &[(
                "1_a.sql",
                "-- +migrate Up\n-- +migrate StatementBegin\nA;\n",
            )],
            "1_a.sql:2: `-- +migrate StatementBegin` is never ended; add `-- +migrate StatementEnd` after the statement",
        ),
        (
            Some(Layout::SqlMigrate),
            &[("1_a.sql", SQL)],
            "1_a.sql:1: there is no `-- +migrate Up`; add it above the first statement, or move the file out of the folder",
        ),
        (
            None,
            &[("a.sql", "--liquibase formatted sql\n--changeset nobody\nA;")],
            "a.sql:2: this changeset has no author and id; write it as `--changeset author:id`",
        ),
        (
            None,
            &[(
                "a.sql",
                "--liquibase formatted sql\n--changeset x:1\n--ignoreLines:start\nA;",
            )],
            "a.sql:3: `--ignoreLines:start` is never ended; add `--ignoreLines:end` after the last line to ignore",
        ),
        (
            None,
            &[(
                "a.sql",
                "--liquibase formatted sql\n--changeset x:1\n/* liquibase rollback\nA;",
            )],
            "a.sql:3: `/* liquibase rollback` is never ended; end the comment with `*/`",
        ),
        (
            None,
            &[("a.sql", "--liquibase formatted sql\n\nA;")],
            "a.sql:1: there is no changeset; add `--changeset author:id` above the first statement",
        ),
        (
            None,
            &[(
                "a.sql",
                "--liquibase formatted sql\n--changeset x:1\nA;\n--changeset x:1\nB;",
            )],
            "`a.sql` and `a.sql` both have version x:1, which Liquibase refuses: give one of them a version of its own, or set `layout = \"numbered\"` if your runner takes both",
        ),
    ];
    for (layout, files, expected) in cases {
        match read(&tree(files), *layout, Dialect::Postgres) {
            Err(error) => assert_eq!(error.to_string(), *expected),
            Ok(folder) => panic!("{files:?} was read as {:?}", folder.layout),
        }
    }
}

#[test]
fn a_broken_journal_is_refused_with_its_line() {
    let files = [
        ("0000_a.sql", SQL),
        ("meta/_journal.json", "{\n  \"entries\": nothing\n}"),
    ];
    let error = read(&tree(&files), None, Dialect::Postgres)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("meta/_journal.json:2: this journal cannot be read"),
        "{error}"
    );
}

#[test]
fn a_file_without_readable_text_is_refused_and_named() {
    let entry = |content| Entry {
        path: "1_a.up.sql".to_owned(),
        content,
    };
    let cases = [
        (
            Content::NotUtf8 { offset: 17 },
            "`1_a.up.sql` is not UTF-8: the byte at offset 17 fits no character; convert the file, for example with `iconv -f LATIN1 -t UTF-8`",
        ),
        (
            Content::NotUtf8 { offset: 0 },
            "`1_a.up.sql` is not UTF-8: the byte at offset 0 fits no character; convert the file, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
        (
            Content::Unreadable {
                reason: "permission denied".to_owned(),
            },
            "cannot read `1_a.up.sql`: permission denied; check that it is a readable file",
        ),
    ];
    for (content, expected) in cases {
        let tree = Tree::new(vec![entry(content)]);
        let error = read(&tree, None, Dialect::Postgres).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(
            read_loose(&tree, Dialect::Postgres)
                .unwrap_err()
                .to_string(),
            expected
        );
    }
}

#[test]
fn a_runner_that_takes_two_files_of_one_number_is_believed_when_it_is_named() {
    let files = [
        ("001_a.up.sql", SQL),
        ("001_b.up.sql", SQL),
        ("002_c.up.sql", SQL),
    ];
    assert!(read(&tree(&files), None, Dialect::Postgres).is_err());
    let folder = read(&tree(&files), Some(Layout::Numbered), Dialect::Postgres).unwrap();
    assert_eq!(ids(&folder), ["001_a", "001_b", "002_c"]);
}

#[test]
fn files_that_share_a_date_or_a_release_are_no_duplicates() {
    let cases: &[Given<'_>] = &[
        &[("20140109.a.sql", SQL), ("20140109.b.sql", SQL)],
        &[("V1-users.sql", SQL), ("V1-tasks.sql", SQL)],
        &[("v1.2/a.sql", SQL), ("v1.2/b.sql", SQL)],
        &[
            ("1_init.sql", SQL),
            ("20260810000000_a.sql", SQL),
            ("20260810000000_b.sql", SQL),
        ],
    ];
    for files in cases {
        let folder = read(&tree(files), None, Dialect::Postgres).unwrap();
        assert_eq!(folder.layout, Some(Layout::Numbered), "{files:?}");
        assert_eq!(folder.migrations.len(), files.len());
    }
}
