use super::*;
use crate::model::{MigrationKind, TransactionMode};

/// Files, layout, engine, and what must come out: id, name, parts up, parts down, transaction.
struct Case {
    files: &'static [(&'static str, &'static str)],
    layout: Layout,
    dialect: Dialect,
    expected: &'static [Expected],
}

type Expected = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    TransactionMode,
);

use Dialect::{Mysql, Postgres, Sqlite};
use TransactionMode::{File, None as NoTransaction, OneQuery, Unknown};

const CASES: &[Case] = &[
    Case {
        files: &[
            ("2_b.sql", "-- no-transaction\nVACUUM;"),
            ("10_c_d.up.sql", "C"),
            ("10_c_d.down.sql", "D"),
            ("01_a.sql", "A"),
            (
                "schema.sql",
                "never read, since there is no `_` in its name",
            ),
        ],
        layout: Layout::Sqlx,
        dialect: Postgres,
        expected: &[
            ("1", "a", &["A"], &[], File),
            ("2", "b", &["-- no-transaction\nVACUUM;"], &[], OneQuery),
            ("10", "c_d", &["C"], &["D"], File),
        ],
    },
    Case {
        files: &[
            ("00000000000000_diesel_initial_setup/up.sql", "S"),
            ("2024-01-02-030405_users/up.sql", "U"),
            ("2024-01-02-030405_users/down.sql", "D"),
            ("20230101000000_index/up.sql", "I"),
            (
                "20230101000000_index/metadata.toml",
                "run_in_transaction = false",
            ),
            ("20230101000001_x/up.sql", "X"),
            (
                "20230101000001_x/metadata.toml",
                "run_in_transaction = true",
            ),
        ],
        layout: Layout::Diesel,
        dialect: Postgres,
        expected: &[
            ("00000000000000", "diesel_initial_setup", &["S"], &[], File),
            ("20230101000000", "index", &["I"], &[], OneQuery),
            ("20230101000001", "x", &["X"], &[], File),
            ("20240102030405", "users", &["U"], &["D"], File),
        ],
    },
    Case {
        files: &[
            ("20240102030405_b/migration.sql", "B"),
            ("20230102030405_a_b/migration.sql", "A"),
            ("migration_lock.toml", "provider = \"postgresql\""),
        ],
        layout: Layout::Prisma,
        dialect: Postgres,
        expected: &[
            ("20230102030405_a_b", "a_b", &["A"], &[], OneQuery),
            ("20240102030405_b", "b", &["B"], &[], OneQuery),
        ],
    },
    Case {
        files: &[
            ("0001_b.sql", "B"),
            (
                "0000_a.sql",
                "A1\n--> statement-breakpoint\nA2;--> statement-breakpoint\n",
            ),
            (
                "meta/_journal.json",
                r#"{"version":"7","entries":[{"idx":0,"tag":"0001_b"},{"idx":1,"tag":"0000_a"}]}"#,
            ),
        ],
        layout: Layout::Drizzle,
        dialect: Sqlite,
        expected: &[
            ("0001_b", "b", &["B"], &[], File),
            ("0000_a", "a", &["A1", "A2;"], &[], File),
        ],
    },
    Case {
        files: &[
            (
                "00010_b.sql",
                "-- +goose up\r\n-- +goose NO TRANSACTION\r\nB;\r\n-- +goose DOWN\r\nX;\r\n",
            ),
            (
                "9_a.sql",
                "-- why\n-- +goose Up\nA;\n-- +goose StatementBegin\nF ; G\n-- +goose StatementEnd\nH;\n",
            ),
            ("0011_c.go", ""),
            ("helper.sql", "no version: not a migration"),
        ],
        layout: Layout::Goose,
        dialect: Mysql,
        expected: &[
            ("9", "a", &["-- why", "A;", "F ; G", "H;"], &[], File),
            (
                "10",
                "b",
                &["-- +goose NO TRANSACTION\r\nB;"],
                &["X;"],
                NoTransaction,
            ),
        ],
    },
    Case {
        files: &[
            (
                "20240102030405_a.sql",
                "\u{feff}-- migrate:up transaction:false\nA\n-- migrate:down\nX\n-- migrate:up\nB\n-- migrate:down\nY",
            ),
            ("20230102030405_b.sql", "--migrate:up\nC"),
            (
                "20230102030406_c.sql",
                "-- migrate:up\n-- migrate:update the docs\nD\n-- migrate:down",
            ),
        ],
        layout: Layout::Dbmate,
        dialect: Postgres,
        expected: &[
            ("20230102030405", "b", &["C"], &[], File),
            (
                "20230102030406",
                "c",
                &["-- migrate:update the docs\nD"],
                &[],
                File,
            ),
            ("20240102030405", "a", &["A", "B"], &["X", "Y"], OneQuery),
        ],
    },
    Case {
        files: &[
            ("zeta.sql", "-- +migrate Up\nZ;"),
            (
                "10-b.sql",
                "-- +migrate Up notransaction\nB;\n-- +migrate Down\nX;",
            ),
            (
                "2-a.sql",
                "-- +migrate Down\nX;\n-- +migrate Up\n-- +migrate StatementBegin\nA ; B\n-- +migrate StatementEnd\n",
            ),
        ],
        layout: Layout::SqlMigrate,
        dialect: Postgres,
        expected: &[
            ("2-a.sql", "a", &["A ; B"], &["X;"], File),
            ("10-b.sql", "b", &["B;"], &["X;"], NoTransaction),
            ("zeta.sql", "zeta", &["Z;"], &[], File),
        ],
    },
    Case {
        files: &[
            ("002_b.sql", "---- tern: disable-tx ----\nB"),
            ("001_a.sql", "A\n---- create above / drop below ----\nX"),
            ("shared/view.sql", "a template"),
        ],
        layout: Layout::Tern,
        dialect: Postgres,
        expected: &[
            ("1", "a", &["A"], &["X"], File),
            (
                "2",
                "b",
                &["---- tern: disable-tx ----\nB"],
                &[],
                NoTransaction,
            ),
        ],
    },
    Case {
        files: &[(
            "a.sql",
            "--liquibase formatted sql\n\n--changeset ann:1\nA;\n--rollback DROP A;\n--rollback not required\n\
             -- changeset \"Ann B\":two runInTransaction:false dbms:postgresql,h2\nB;\n\
             /* liquibase rollback\nDROP B;\n*/\n\
             --changeset ann:3 dbms:!postgresql\nC;\n\
             --changeset ann:4 splitStatements:true endDelimiter://\nD1; D1 //\nD2 //\n\
             --changeset ann:5 dbms:mysql\nE;\n\
             --changeset ann:6\n--ignoreLines:start\nnot sql\n--ignoreLines:end\nF;\n--ignoreLines:1\nnot sql\nG;",
        )],
        layout: Layout::Liquibase,
        dialect: Postgres,
        expected: &[
            ("ann:1", "", &["A;"], &["DROP A;"], File),
            ("Ann B:two", "", &["B;"], &["DROP B;"], NoTransaction),
            ("ann:4", "", &["D1; D1", "D2"], &[], File),
            ("ann:6", "", &["F;", "G;"], &[], File),
        ],
    },
    Case {
        files: &[
            ("a.sql", "--liquibase formatted sql\n--changeset x:1\nA;"),
            ("b.sql", "-- Liquibase Formatted SQL\n--changeset x:1\nB;"),
        ],
        layout: Layout::Liquibase,
        dialect: Postgres,
        expected: &[
            ("a.sql::x:1", "", &["A;"], &[], File),
            ("b.sql::x:1", "", &["B;"], &[], File),
        ],
    },
    Case {
        files: &[
            ("2_b.sql", "-- atlas:txmode none\n\nB"),
            ("1_a.sql", "A"),
            ("3_c.sql", "-- atlas:checkpoint\n\nA B"),
            (
                "atlas.sum",
                "h1:s=\n1_a.sql h1:a=\n2_b.sql h1:b=\n3_c.sql h1:c=\n",
            ),
        ],
        layout: Layout::Atlas,
        dialect: Postgres,
        expected: &[
            ("1", "a", &["A"], &[], File),
            ("2", "b", &["-- atlas:txmode none\n\nB"], &[], NoTransaction),
        ],
    },
    Case {
        files: &[
            ("V10__j.sql", "J"),
            ("sub/V9_2__i.sql", "I"),
            ("V9.1.0__h.sql", "CREATE INDEX CONCURRENTLY a ON b (c);"),
            ("V9__g.sql", "G"),
            ("V9__g.sql.conf", "executeInTransaction=false"),
            ("U10__j.sql", "UNDO"),
            ("R__b_views.sql", "RB"),
            ("R__a_views.sql", "RA"),
            ("B9__base.sql", "BASE"),
            ("afterMigrate.sql", "CALLBACK"),
            ("Views.sql", "no version"),
        ],
        layout: Layout::Flyway,
        dialect: Postgres,
        expected: &[
            ("9", "g", &["G"], &[], NoTransaction),
            (
                "9.1.0",
                "h",
                &["CREATE INDEX CONCURRENTLY a ON b (c);"],
                &[],
                NoTransaction,
            ),
            ("9.2", "i", &["I"], &[], File),
            ("10", "j", &["J"], &["UNDO"], File),
            ("R__a_views", "a_views", &["RA"], &[], File),
            ("R__b_views", "b_views", &["RB"], &[], File),
        ],
    },
    Case {
        files: &[
            ("B3__base.sql", "BASE"),
            ("B2__old.sql", "OLD"),
            ("V4__next.sql", "N"),
        ],
        layout: Layout::Flyway,
        dialect: Postgres,
        expected: &[
            ("3", "base", &["BASE"], &[], File),
            ("4", "next", &["N"], &[], File),
        ],
    },
    Case {
        files: &[
            ("V10__b.sql", "B"),
            ("U9__a.sql", "A"),
            ("V11__c.rs", ""),
            ("sub/V1__z.sql", "Z"),
        ],
        layout: Layout::Refinery,
        dialect: Postgres,
        expected: &[
            ("1", "z", &["Z"], &[], File),
            ("9", "a", &["A"], &[], File),
            ("10", "b", &["B"], &[], File),
        ],
    },
    Case {
        files: &[
            ("000010_b.up.sql", "B"),
            ("9_a.up.sql", "A"),
            ("9_a.down.sql", "X"),
            ("11_orphan.down.sql", "Y"),
            ("notes.sql", "passed over"),
        ],
        layout: Layout::GolangMigrate,
        dialect: Postgres,
        expected: &[
            ("9", "a", &["A"], &["X"], OneQuery),
            ("10", "b", &["B"], &[], OneQuery),
        ],
    },
    Case {
        files: &[("1_a.up.sql", "A")],
        layout: Layout::GolangMigrate,
        dialect: Sqlite,
        expected: &[("1", "a", &["A"], &[], File)],
    },
    Case {
        files: &[
            ("10.sql", "J"),
            ("9-i.sql", "-- Up\nI\n-- Down\nX"),
            ("008_add_rollback.sql", "H"),
            ("007_g.sql", "G"),
            ("006_f.sql", "F\n-- rollback\nstill up"),
            ("005_e.sql", "E\n-- //@UNDO\nX"),
            ("007_g_down.sql", "Y"),
            ("down/010.sql", "Z"),
            ("20150100000001000000_k.autocommit.up.sql", "K"),
            ("20150100000001000000_k.down.sql", "W"),
            ("11_play.sql", "# --- !Ups\nP\n# --- !Downs\nQ"),
        ],
        layout: Layout::Numbered,
        dialect: Postgres,
        expected: &[
            ("005_e", "e", &["E"], &["X"], Unknown),
            ("006_f", "f", &["F\n-- rollback\nstill up"], &[], Unknown),
            ("007_g", "g", &["G"], &["Y"], Unknown),
            ("008_add_rollback", "add_rollback", &["H"], &[], Unknown),
            ("9-i", "i", &["I"], &["X"], Unknown),
            ("10", "", &["J"], &["Z"], Unknown),
            ("11_play", "play", &["P"], &["Q"], Unknown),
            (
                "20150100000001000000_k.autocommit",
                "k.autocommit",
                &["K"],
                &["W"],
                NoTransaction,
            ),
        ],
    },
    Case {
        files: &[
            ("2024-01-31-2-b.sql", "B"),
            ("2024-01-31-1-2fa.sql", "A"),
            ("2024-02-01-1-c.sql", "C"),
            ("tests/2024-01-01-x.sql", "aside"),
        ],
        layout: Layout::Numbered,
        dialect: Postgres,
        expected: &[
            ("2024-01-31-1-2fa", "2fa", &["A"], &[], Unknown),
            ("2024-01-31-2-b", "b", &["B"], &[], Unknown),
            ("2024-02-01-1-c", "c", &["C"], &[], Unknown),
        ],
    },
    Case {
        files: &[
            ("v1.10/schema.sql", "C"),
            ("v1.9/02__b.sql", "B"),
            ("v1.9/01__a.sql", "A"),
            ("latest.sql", "no number"),
        ],
        layout: Layout::Numbered,
        dialect: Postgres,
        expected: &[
            ("v1.9/01__a", "a", &["A"], &[], Unknown),
            ("v1.9/02__b", "b", &["B"], &[], Unknown),
            ("v1.10/schema", "schema", &["C"], &[], Unknown),
        ],
    },
];

#[test]
fn each_layout_reads_what_its_tool_applies_in_its_order() {
    for case in CASES {
        let folder = match read(&tree(case.files), Some(case.layout), case.dialect) {
            Ok(folder) => folder,
            Err(error) => panic!("{}: {error}", case.layout),
        };
        let ids: Vec<&str> = folder.migrations.iter().map(|m| m.id.as_str()).collect();
        let expected: Vec<&str> = case.expected.iter().map(|expected| expected.0).collect();
        assert_eq!(ids, expected, "{}", case.layout);
        for (found, (id, name, up, down, transaction)) in
            folder.migrations.iter().zip(case.expected)
        {
            let about = format!("{} {id}", case.layout);
            assert_eq!(found.name, *name, "{about}");
            assert_eq!(texts(&found.text, &found.up), *up, "{about}");
            let way_down = match &found.down {
                Some(Down::Parts(parts)) => texts(&found.text, parts),
                Some(Down::File { text, .. }) => vec![text.as_str()],
                None => Vec::new(),
            };
            assert_eq!(way_down, *down, "{about}");
            assert_eq!(found.transaction, *transaction, "{about}");
        }
    }
    for layout in Layout::ALL {
        assert!(
            CASES.iter().any(|case| case.layout == *layout),
            "{layout} has no case here"
        );
    }
}

#[test]
fn only_flyways_r_files_are_repeatable() {
    let files = [("V1__a.sql", "A"), ("R__b.sql", "B")];
    let folder = read(&tree(&files), None, Postgres).unwrap();
    let kinds: Vec<MigrationKind> = folder.migrations.iter().map(|m| m.kind).collect();
    assert_eq!(kinds, [MigrationKind::Versioned, MigrationKind::Repeatable]);
}

#[test]
fn what_is_not_read_is_said_with_the_reason() {
    let cases: &[(Layout, Given<'_>, &[&str])] = &[
        (
            Layout::Goose,
            &[
                ("1_a.sql", "-- +goose Up\nA;"),
                ("2_b.go", ""),
                ("2_b_test.go", ""),
                ("x.sql", ""),
            ],
            &[
                "migrations written in Go, which cannot be read as SQL: `2_b.go`",
                "not read: no migration in the goose layout: `x.sql`",
            ],
        ),
        (
            Layout::Flyway,
            &[
                ("V1__a.sql", "A"),
                ("beforeMigrate.sql", ""),
                ("B1__b.sql", ""),
                ("U1__a.sql", ""),
            ],
            &[
                "baselines, which repeat what the versions before them do: not read: `B1__b.sql`",
                "undo files, which are not read as migrations: `U1__a.sql`",
                "callbacks, which are no migrations: not read: `beforeMigrate.sql`",
            ],
        ),
        (
            Layout::Atlas,
            &[
                ("1_a.sql", "A"),
                ("2_b.sql", "B"),
                ("atlas.sum", "h1:s=\n1_a.sql h1:a=\n"),
            ],
            &[
                "not listed in `atlas.sum`; Atlas refuses the folder until `atlas migrate hash`: `2_b.sql`",
            ],
        ),
        (
            Layout::Numbered,
            &[("1_a.sql", "A"), ("1_b.sql", "B"), ("c.sql", "C")],
            &["not read: no migration in the numbered layout: `c.sql`"],
        ),
    ];
    for (layout, files, expected) in cases {
        let folder = read(&tree(files), Some(*layout), Postgres).unwrap();
        assert_eq!(notices(&folder), *expected, "{layout}");
    }
}

#[test]
fn a_rollback_line_of_liquibase_is_no_part_of_the_way_up() {
    let text = "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n--rollback SELECT 2;\n";
    let tree = tree(&[("a.sql", text)]);
    let folder = read(&tree, Some(Layout::Liquibase), Dialect::Mysql).unwrap();
    let up: Vec<_> = folder.migrations[0]
        .up
        .iter()
        .map(|part| part.of(text).trim())
        .collect();
    assert_eq!(up, ["SELECT 1;"]);
}
