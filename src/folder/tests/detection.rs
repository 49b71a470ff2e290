use super::*;

const SQL: &str = "CREATE TABLE t (id int);";

#[test]
fn each_layout_is_known_by_its_own_files() {
    let cases: &[(Layout, Given<'_>)] = &[
        (
            Layout::Diesel,
            &[
                ("2024-01-02-030405_users/up.sql", SQL),
                ("2024-01-02-030405_users/down.sql", ""),
            ],
        ),
        (
            Layout::Prisma,
            &[
                ("20240102030405_init/migration.sql", SQL),
                ("migration_lock.toml", ""),
            ],
        ),
        (
            Layout::Drizzle,
            &[
                ("0000_a.sql", SQL),
                ("meta/_journal.json", r#"{"entries":[{"tag":"0000_a"}]}"#),
            ],
        ),
        (
            Layout::Drizzle,
            &[
                ("20240102030405_a/migration.sql", SQL),
                ("20240102030405_a/snapshot.json", ""),
            ],
        ),
        (
            Layout::Goose,
            &[("00001_a.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\n")],
        ),
        (
            Layout::Dbmate,
            &[(
                "20240102030405_a.sql",
                "-- migrate:up\nSELECT 1;\n-- migrate:down\n",
            )],
        ),
        (
            Layout::SqlMigrate,
            &[("1_a.sql", "-- +migrate Up\nSELECT 1;\n-- +migrate Down\n")],
        ),
        (
            Layout::Tern,
            &[(
                "001_a.sql",
                "SELECT 1;\n---- create above / drop below ----\nSELECT 2;",
            )],
        ),
        (
            Layout::Liquibase,
            &[(
                "changelog.sql",
                "--liquibase formatted sql\n--changeset me:1\nSELECT 1;",
            )],
        ),
        (
            Layout::Atlas,
            &[
                ("20240102030405_a.sql", SQL),
                ("atlas.sum", "h1:x=\n20240102030405_a.sql h1:y=\n"),
            ],
        ),
        (Layout::Flyway, &[("V1__a.sql", SQL), ("R__views.sql", SQL)]),
        (Layout::Flyway, &[("V1_2__a.sql", SQL)]),
        (
            Layout::Flyway,
            &[("sub/V1.2.3__a.sql", SQL), ("beforeMigrate.sql", SQL)],
        ),
        (Layout::Flyway, &[("V1__a.sql", SQL), ("V2__b.java", "")]),
        (Layout::Flyway, &[("V1__a.sql", SQL), ("U1__a.sql", SQL)]),
        (Layout::Flyway, &[("V1__a.sql", SQL)]),
        (Layout::Refinery, &[("V1__a.sql", SQL), ("V2__b.rs", "")]),
        (Layout::Refinery, &[("V1__a.sql", SQL), ("U2__b.sql", SQL)]),
        (
            Layout::GolangMigrate,
            &[("000001_a.up.sql", SQL), ("000001_a.down.sql", SQL)],
        ),
        (Layout::Sqlx, &[("20240102030405_a.sql", SQL)]),
        (
            Layout::Sqlx,
            &[
                ("1_a.up.sql", "-- Add up migration script here\n"),
                ("1_a.down.sql", ""),
            ],
        ),
        (
            Layout::Sqlx,
            &[("1_a.sql", SQL), ("2_b.sql", "-- no-transaction\nVACUUM;")],
        ),
        (Layout::Numbered, &[("001_a.sql", SQL), ("002_b.sql", SQL)]),
        (Layout::Numbered, &[("1-a.sql", SQL)]),
        (Layout::Numbered, &[("1.sql", SQL), ("10.sql", SQL)]),
        (
            Layout::Numbered,
            &[("V0001.Name.up.sql", SQL), ("V0001.Name.down.sql", SQL)],
        ),
        (
            Layout::Numbered,
            &[("v1.0/schema.sql", SQL), ("v1.10/more.sql", SQL)],
        ),
    ];
    for (layout, files) in cases {
        match read(&tree(files), None, Dialect::Postgres) {
            Ok(folder) => {
                assert_eq!(
                    folder.layout,
                    Some(*layout),
                    "{files:?}: {}",
                    folder.because
                );
                assert!(!folder.because.is_empty());
            }
            Err(error) => panic!("{files:?}: {error}"),
        }
    }
    let covered: HashSet<&str> = cases.iter().map(|(layout, _)| layout.name()).collect();
    for layout in Layout::ALL {
        assert!(covered.contains(layout.name()), "{layout} has no case here");
    }
}

#[test]
fn the_noise_of_real_folders_changes_nothing() {
    let noise = [
        ("README.md", "-- +goose Up"),
        ("embed.go", "package x"),
        (".gitkeep", ""),
        ("schema.snap", ""),
        ("mod.rs", ""),
        ("seeds/users.sql", "INSERT INTO t VALUES (1);"),
        ("notes.txt", ""),
    ];
    let cases: &[(Layout, Given<'_>)] = &[
        (
            Layout::Goose,
            &[
                ("1_a.sql", "-- +goose Up\nSELECT 1;"),
                ("2_b.sql", "-- +goose Up\nSELECT 1;"),
            ],
        ),
        (
            Layout::GolangMigrate,
            &[("1_a.up.sql", SQL), ("1_a.down.sql", SQL)],
        ),
        (
            Layout::Diesel,
            &[("1_a/up.sql", SQL), ("1_a/down.sql", SQL)],
        ),
        (Layout::Flyway, &[("V1__a.sql", SQL), ("V2__a.sql", SQL)]),
        (Layout::Numbered, &[("001_a.sql", SQL), ("002_b.sql", SQL)]),
    ];
    for (layout, files) in cases {
        let all: Vec<(&str, &str)> = files.iter().chain(&noise).copied().collect();
        let folder = read(&tree(&all), None, Dialect::Postgres).unwrap();
        assert_eq!(folder.layout, Some(*layout));
        let told = notices(&folder);
        assert!(
            told.iter()
                .any(|notice| notice.contains("`seeds/users.sql`")),
            "{layout}: {told:?}"
        );
        assert!(
            folder
                .migrations
                .iter()
                .all(|migration| !migration.file.contains("seeds"))
        );
    }
}

#[test]
fn one_stray_marker_does_not_decide_over_many_files() {
    let names: Vec<String> = (1..=9).map(|number| format!("00{number}_a.sql")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), SQL)).collect();
    files.push(("010_b.sql", "-- +goose Up\nSELECT 1;"));
    let folder = read(&tree(&files), None, Dialect::Postgres).unwrap();
    assert_eq!(folder.layout, Some(Layout::Numbered));
}

#[test]
fn tools_that_read_the_files_alike_are_no_ambiguity_but_are_named() {
    let folder = read(&tree(&[("V1__a.sql", SQL)]), None, Dialect::Postgres).unwrap();
    assert_eq!(
        notices(&folder),
        [
            "read as Flyway; refinery reads these files alike: if it is yours, set `layout = \"refinery\"`"
        ]
    );
}

#[test]
fn a_layout_inside_one_only_folder_is_found_and_files_keep_their_full_path() {
    let files = [
        ("db/migrations/1_a.up.sql", SQL),
        ("db/migrations/1_a.down.sql", SQL),
    ];
    let folder = read(&tree(&files), None, Dialect::Postgres).unwrap();
    assert_eq!(folder.layout, Some(Layout::GolangMigrate));
    assert_eq!(folder.migrations[0].file, "db/migrations/1_a.up.sql");
}

#[test]
fn a_layout_that_is_asked_for_is_not_questioned() {
    let files = [("001_a.sql", SQL)];
    let folder = read(&tree(&files), Some(Layout::Sqlx), Dialect::Postgres).unwrap();
    assert_eq!(
        (folder.layout, ids(&folder)),
        (Some(Layout::Sqlx), vec!["1"])
    );
}

#[test]
fn loose_reading_takes_all_sql_but_down_files_and_says_so() {
    let files = [
        ("b.sql", SQL),
        ("a/x.sql", SQL),
        ("a/x.down.sql", SQL),
        ("readme.md", ""),
    ];
    assert!(matches!(
        read(&tree(&files), None, Dialect::Postgres),
        Err(FolderError::NoLayout { files: 3, .. })
    ));
    let folder = read_loose(&tree(&files), Dialect::Postgres).unwrap();
    assert_eq!(folder.layout, None);
    assert_eq!(
        folder.because,
        "no layout fits; every SQL file is read, in path order"
    );
    let files: Vec<&str> = folder.migrations.iter().map(|m| m.file.as_str()).collect();
    assert_eq!(files, ["a/x.sql", "b.sql"]);
    assert_eq!(ids(&folder), ["a/x", "b"]);
    assert_eq!(
        notices(&folder),
        ["down files, which are not read as migrations: `a/x.down.sql`"]
    );
}

#[test]
fn every_file_among_the_layouts_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/folder/layouts");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".rs").map(|stem| stem.replace('_', "-")))
        .filter(|stem| stem != "mod")
        .collect();
    files.sort();
    let mut registered: Vec<&str> = Layout::ALL.iter().map(|layout| layout.name()).collect();
    registered.sort_unstable();
    assert_eq!(files, registered);
}

#[test]
fn layout_names_are_read_back_and_misspelled_ones_get_a_suggestion() {
    for layout in Layout::ALL {
        assert_eq!(layout.name().parse(), Ok(*layout));
    }
    assert_eq!("golang_migrate".parse(), Ok(Layout::GolangMigrate));
    let wrong = "flywya".parse::<Layout>().unwrap_err().to_string();
    assert!(
        wrong.starts_with("`flywya` is not a layout (did you mean `flyway`?); known are auto, "),
        "{wrong}"
    );
    let far = "alembic-python".parse::<Layout>().unwrap_err().to_string();
    assert!(!far.contains("did you mean"), "{far}");
}
