//! What each layout calls a new migration, what it writes into it, and how a migration leaves its transaction.

use super::*;
use crate::model::Edit;

const SQL: &str = "SELECT 2;\n";

/// A layout, a folder of it, and the files that a new migration outside a transaction makes.
struct Case {
    layout: Layout,
    given: &'static [(&'static str, &'static str)],
    /// Path and text of the new files, or the words of the refusal.
    added: Result<&'static [(&'static str, &'static str)], &'static str>,
    /// The last migration's files once it has left its transaction, or the words of the refusal.
    left: Result<&'static [(&'static str, &'static str)], &'static str>,
}

const CASES: &[Case] = &[
    Case {
        layout: Layout::Sqlx,
        given: &[
            ("20240131235959_a.up.sql", "SELECT 1;"),
            ("20240131235959_a.down.sql", "SELECT 1;"),
        ],
        added: Ok(&[
            (
                "20240201000000_next_step.up.sql",
                "-- no-transaction\nSELECT 2;\n",
            ),
            (
                "20240201000000_next_step.down.sql",
                "-- Nothing to take back.\nSELECT 1;\n",
            ),
        ]),
        left: Ok(&[("20240131235959_a.up.sql", "-- no-transaction\nSELECT 1;")]),
    },
    Case {
        layout: Layout::Diesel,
        given: &[
            ("2024-01-31-123456_a/up.sql", "SELECT 1;"),
            ("2024-01-31-123456_a/down.sql", "SELECT 1;"),
        ],
        added: Ok(&[
            ("2024-01-31-123457_next_step/up.sql", SQL),
            (
                "2024-01-31-123457_next_step/down.sql",
                "-- Nothing to take back.\nSELECT 1;\n",
            ),
            (
                "2024-01-31-123457_next_step/metadata.toml",
                "run_in_transaction = false\n",
            ),
        ]),
        left: Ok(&[(
            "2024-01-31-123456_a/metadata.toml",
            "run_in_transaction = false\n",
        )]),
    },
    Case {
        layout: Layout::Refinery,
        given: &[("V009__a.sql", "SELECT 1;")],
        added: Err("refinery has no mark"),
        left: Err("refinery has no mark"),
    },
    Case {
        layout: Layout::Flyway,
        given: &[("app/V1.9__a.sql", "SELECT 1;")],
        added: Ok(&[
            ("app/V1.10__next_step.sql", SQL),
            (
                "app/V1.10__next_step.sql.conf",
                "executeInTransaction=false\n",
            ),
        ]),
        left: Ok(&[("app/V1.9__a.sql.conf", "executeInTransaction=false\n")]),
    },
    Case {
        layout: Layout::GolangMigrate,
        given: &[
            ("000009_a.postgres.up.sql", "SELECT 1; SELECT 2;"),
            ("000009_a.postgres.down.sql", "SELECT 1;"),
        ],
        added: Ok(&[
            ("000010_next_step.postgres.up.sql", SQL),
            (
                "000010_next_step.postgres.down.sql",
                "-- Nothing to take back.\nSELECT 1;\n",
            ),
        ]),
        left: Err("only as a single statement"),
    },
    Case {
        layout: Layout::Goose,
        given: &[(
            "00009_a.sql",
            "-- why\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n",
        )],
        added: Ok(&[(
            "00010_next_step.sql",
            "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 2;\n\n-- +goose Down\n-- Nothing to take back.\nSELECT 1;\n",
        )]),
        left: Ok(&[(
            "00009_a.sql",
            "-- why\n-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n",
        )]),
    },
    Case {
        layout: Layout::Dbmate,
        given: &[("20240131123456_a.sql", "-- migrate:up\r\nSELECT 1;\r\n")],
        added: Ok(&[(
            "20240131123457_next_step.sql",
            "-- migrate:up transaction:false\nSELECT 2;\n",
        )]),
        left: Ok(&[(
            "20240131123456_a.sql",
            "-- migrate:up transaction:false\r\nSELECT 1;\r\n",
        )]),
    },
    Case {
        layout: Layout::SqlMigrate,
        given: &[("9-a.sql", "-- +migrate Up\nSELECT 1;\n")],
        added: Ok(&[(
            "10-next-step.sql",
            "-- +migrate Up notransaction\nSELECT 2;\n",
        )]),
        left: Ok(&[("9-a.sql", "-- +migrate Up notransaction\nSELECT 1;\n")]),
    },
    Case {
        layout: Layout::Tern,
        given: &[(
            "001_a.sql",
            "SELECT 1;\n---- create above / drop below ----\nSELECT 1;\n",
        )],
        added: Ok(&[(
            "002_next_step.sql",
            "---- tern: disable-tx ----\nSELECT 2;\n\n---- create above / drop below ----\n\n-- Nothing to take back.\nSELECT 1;\n",
        )]),
        left: Ok(&[(
            "001_a.sql",
            "---- tern: disable-tx ----\nSELECT 1;\n---- create above / drop below ----\nSELECT 1;\n",
        )]),
    },
    Case {
        layout: Layout::Prisma,
        given: &[("20240131123456_a/migration.sql", "SELECT 1; SELECT 2;")],
        added: Ok(&[("20240131123457_next_step/migration.sql", SQL)]),
        left: Err("only as a single statement"),
    },
    Case {
        layout: Layout::Atlas,
        given: &[
            ("20240131123456_a.sql", "SELECT 1;"),
            ("atlas.sum", "h1:x=\n"),
        ],
        added: Ok(&[(
            "20240131123457_next_step.sql",
            "-- atlas:txmode none\n\nSELECT 2;\n",
        )]),
        left: Ok(&[("20240131123456_a.sql", "-- atlas:txmode none\n\nSELECT 1;")]),
    },
    Case {
        layout: Layout::Liquibase,
        given: &[(
            "a.sql",
            "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n--rollback SELECT 1\n",
        )],
        added: Ok(&[(
            "a.sql",
            "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n--rollback SELECT 1\n\n--changeset ann:1-next_step runInTransaction:false\nSELECT 2;\n--rollback SELECT 1;\n",
        )]),
        left: Ok(&[(
            "a.sql",
            "--liquibase formatted sql\n--changeset ann:1 runInTransaction:false\nSELECT 1;\n--rollback SELECT 1\n",
        )]),
    },
    Case {
        layout: Layout::Drizzle,
        given: &[
            ("0000_a.sql", "SELECT 1;"),
            ("meta/_journal.json", r#"{"entries":[{"tag":"0000_a"}]}"#),
        ],
        added: Err("only drizzle-kit can write"),
        left: Err("Drizzle has no mark"),
    },
    Case {
        layout: Layout::Numbered,
        given: &[("009-a.sql", "SELECT 1;")],
        added: Ok(&[("010-next-step.sql", SQL)]),
        left: Err("no mark"),
    },
];

fn read_as(tree: &Tree, layout: Layout) -> Folder {
    read(tree, Some(layout), Dialect::Postgres).unwrap()
}

fn addition(after: &Migration) -> Addition<'_> {
    Addition {
        after,
        name: "next_step",
        sql: SQL,
        down: None,
        now: None,
        outside_transaction: true,
    }
}

fn with(tree: &Tree, entries: &[Entry]) -> Tree {
    let mut all = tree.entries.clone();
    all.retain(|held| entries.iter().all(|entry| entry.path != held.path));
    all.extend_from_slice(entries);
    Tree::new(all)
}

#[test]
fn every_layout_adds_a_migration_in_its_own_manner_or_says_why_not() {
    let mut seen: Vec<Layout> = Vec::new();
    for case in CASES {
        seen.push(case.layout);
        let tree = tree(case.given);
        let folder = read_as(&tree, case.layout);
        let last = folder.migrations.last().unwrap();
        let added = add(&tree, &folder, Dialect::Postgres, &addition(last));
        match (added, case.added) {
            (Ok(added), Ok(expected)) => {
                let expected: Vec<Entry> = expected
                    .iter()
                    .map(|(path, text)| Entry::of_text((*path).to_owned(), (*text).to_owned()))
                    .collect();
                assert_eq!(added, expected, "{}", case.layout);
                let again = read_as(&with(&tree, &added), case.layout);
                let new = again.migrations.last().unwrap();
                assert_eq!(again.migrations.len(), folder.migrations.len() + 1);
                assert_ne!(new.id, last.id, "{}", case.layout);
                assert!(!new.transaction.wraps(1), "{}", case.layout);
                assert_eq!(new.down.is_some(), last.down.is_some(), "{}", case.layout);
            }
            (Err(reason), Err(expected)) => {
                assert!(reason.0.contains(expected), "{}: {reason}", case.layout);
            }
            (added, _) => panic!("{}: {added:?}", case.layout),
        }
    }
    assert!(Layout::ALL.iter().all(|layout| seen.contains(layout)));
}

#[test]
fn every_layout_takes_a_migration_out_of_its_transaction_or_says_why_not() {
    for case in CASES {
        let tree = tree(case.given);
        let folder = read_as(&tree, case.layout);
        let last = folder.migrations.last().unwrap();
        let left = leave_transaction(&tree, &folder, Dialect::Postgres, last);
        match (left, case.left) {
            (Ok(leave), Ok(expected)) => {
                let mut entries = leave.files.clone();
                if let [edit] = leave.edits.as_slice() {
                    entries.push(Entry::of_text(last.file.clone(), edited(&last.text, edit)));
                }
                for (path, text) in expected {
                    let entry = entries.iter().find(|entry| entry.path == *path);
                    let content = entry.map(|entry| &entry.content);
                    assert_eq!(content, Some(&Content::Text((*text).to_owned())), "{path}");
                }
                let again = read_as(&with(&tree, &entries), case.layout);
                assert!(
                    !again.migrations.last().unwrap().transaction.wraps(1),
                    "{}",
                    case.layout
                );
            }
            (Err(reason), Err(expected)) => {
                assert!(reason.0.contains(expected), "{}: {reason}", case.layout);
            }
            (left, _) => panic!("{}: {left:?}", case.layout),
        }
    }
}

fn edited(text: &str, edit: &Edit) -> String {
    let (before, after) = (&text[..edit.span.start], &text[edit.span.end..]);
    format!("{before}{}{after}", edit.text)
}

#[test]
fn a_new_changeset_comes_right_after_its_own_and_before_the_next() {
    let tree = tree(&[(
        "a.sql",
        "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n--changeset ann:2\nSELECT 3;\n",
    )]);
    let folder = read_as(&tree, Layout::Liquibase);
    let added = add(
        &tree,
        &folder,
        Dialect::Postgres,
        &addition(&folder.migrations[0]),
    )
    .unwrap();
    let again = read_as(&with(&tree, &added), Layout::Liquibase);
    assert_eq!(ids(&again), ["ann:1", "ann:1-next_step", "ann:2"]);
}

#[test]
fn a_name_that_is_taken_or_not_certain_is_left_to_a_person() {
    let cases: [(Layout, Given<'_>, &str); 3] = [
        (
            Layout::Numbered,
            &[("1_a.sql", "SELECT 1;"), ("2_next_step.sql", "SELECT 1;")],
            "there is a file `2_next_step.sql` already",
        ),
        (
            Layout::Dbmate,
            &[("20240131_a.sql", "-- migrate:up\nSELECT 1;")],
            "what follows `20240131_a.sql` in the order is not certain",
        ),
        (
            Layout::Numbered,
            &[("1_a.sql", "-- Up\nSELECT 1;\n-- Down\nSELECT 1;")],
            "how the runner marks the way down",
        ),
    ];
    for (layout, given, expected) in cases {
        let tree = tree(given);
        let folder = read_as(&tree, layout);
        let first = &folder.migrations[0];
        let refused = add(&tree, &folder, Dialect::Postgres, &addition(first)).unwrap_err();
        assert!(refused.0.contains(expected), "{refused}");
    }
}

#[test]
fn a_file_without_an_engine_beside_files_with_one_serves_several_engines() {
    let tree = tree(&[
        ("1_a.sql", "SELECT 1;"),
        ("2_b.postgres.sql", "SELECT 1;"),
        ("2_b.mysql.sql", "SELECT 1;"),
    ]);
    assert!(serves_several_engines(&tree, "1_a.sql"));
    assert!(!serves_several_engines(&tree, "2_b.postgres.sql"));
}

#[test]
fn the_first_migration_of_an_empty_folder_is_named_as_the_tool_would_name_it() {
    let expected = [
        (Layout::Sqlx, "20261123144649_next_step.sql"),
        (Layout::Diesel, "2026-11-23-144649_next_step/up.sql"),
        (Layout::Prisma, "20261123144649_next_step/migration.sql"),
        (Layout::Goose, "20261123144649_next_step.sql"),
        (Layout::Dbmate, "20261123144649_next_step.sql"),
        (Layout::SqlMigrate, "20261123144649-next-step.sql"),
        (Layout::Tern, "001_next_step.sql"),
        (Layout::Atlas, "20261123144649_next_step.sql"),
        (Layout::Flyway, "V1__next_step.sql"),
        (Layout::Refinery, "V1__next_step.sql"),
        (Layout::GolangMigrate, "000001_next_step.up.sql"),
        (Layout::Numbered, "0001_next_step.sql"),
    ];
    for layout in Layout::ALL {
        let folder = Folder {
            layout: Some(*layout),
            because: String::new(),
            migrations: Vec::new(),
            notices: Vec::new(),
        };
        let named = expected.iter().find(|(known, _)| known == layout);
        let Ok(first) = before_the_first(*layout) else {
            assert!(named.is_none(), "{layout}");
            continue;
        };
        let wanted = Addition {
            now: Some("20261123144649"),
            down: Some("SELECT 3;\n"),
            outside_transaction: false,
            ..addition(&first)
        };
        let added = add(&Tree::default(), &folder, Dialect::Postgres, &wanted).unwrap();
        assert_eq!(added[0].path, named.unwrap().1, "{layout}");
        let read = read_as(&Tree::new(added), *layout);
        assert_eq!(read.migrations.len(), 1, "{layout}");
        // Where the tool's own generator writes a way down, ours is in it.
        let down = read.migrations[0].down.as_ref().map(|down| match down {
            crate::model::Down::File { text, .. } => text.contains("SELECT 3;"),
            crate::model::Down::Parts(parts) => parts
                .iter()
                .any(|part| part.of(&read.migrations[0].text).contains("SELECT 3;")),
        });
        assert!(down.unwrap_or(true), "{layout}");
    }
}

#[test]
fn a_statement_with_semicolons_inside_is_marked_where_the_tool_cuts_at_them() {
    let body = "CREATE TRIGGER t BEGIN SELECT 1; END;";
    for (layout, mark) in [
        (Layout::Goose, "-- +goose"),
        (Layout::SqlMigrate, "-- +migrate"),
    ] {
        let expected = format!("{mark} StatementBegin\n{body}\n{mark} StatementEnd");
        assert_eq!(in_one_piece(layout, body), expected);
    }
    assert_eq!(in_one_piece(Layout::Sqlx, body), body);
}
