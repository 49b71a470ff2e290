use super::{AdoptError, Adopted, Applied, History, Row, Tool, Wanted, find, shape_query};
use crate::model::{Dialect, Ident, Migration, MigrationKind, Name, TransactionMode};

/// A folder with these ids; what begins with `R__` is repeated.
fn folder(ids: &[&str]) -> Vec<Migration> {
    let migration = |id: &&str| Migration {
        id: (*id).to_owned(),
        name: String::new(),
        file: format!("{id}.sql"),
        text: String::new(),
        up: Vec::new(),
        down: None,
        kind: if id.starts_with("R__") {
            MigrationKind::Repeatable
        } else {
            MigrationKind::Versioned
        },
        transaction: TransactionMode::File,
    };
    ids.iter().map(migration).collect()
}

/// Rows from lines of values between bars; `-` stands for NULL.
fn rows(text: &str) -> Vec<Row> {
    let value = |text: &str| (text != "-").then(|| text.to_owned());
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| line.split('|').map(|text| value(text.trim())).collect())
        .collect()
}

fn adopt(tool: Tool, text: &str, ids: &[&str]) -> Result<Adopted, AdoptError> {
    let history = History {
        tool,
        table: Name::bare(Ident::folded(tool.default_table())),
    };
    history.adopt(&rows(text), &folder(ids))
}

fn ids(applied: &[Applied]) -> Vec<&str> {
    applied.iter().map(|applied| applied.id.as_str()).collect()
}

/// A tool, its rows, the folder's ids; and of what is applied those in the folder and the others.
type Case<'a> = (Tool, &'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

#[test]
fn rows_become_the_ids_of_the_folder() {
    let long = "20240102030405";
    let cases: &[Case] = &[
        (
            Tool::Sqlx,
            "1 | ab | 1 | t\n 2 | cd | 1 | t",
            &["1", "2", "3"],
            &["1", "2"],
            &[],
        ),
        (Tool::Sqlx, "", &["1"], &[], &[]),
        (Tool::Sqlx, "9 | ab | 1 | t", &["1"], &[], &["9"]),
        // Versions are numbers, however they are written.
        (
            Tool::Flyway,
            "1 | 1 | SQL | V1__a.sql | 5 | 1 | t\n 2 | 1.1 | SQL | V1_1__b.sql | 5 | 1 | t",
            &["01", "1.1.0", "2"],
            &["01", "1.1.0"],
            &[],
        ),
        (
            Tool::Flyway,
            "1 | - | SQL | db/R__view.sql | 5 | 1 | t\n 2 | - | SQL | R__view.sql | 6 | 1 | t",
            &["1", "R__view"],
            &["R__view"],
            &[],
        ),
        (
            Tool::Flyway,
            "0 | - | SCHEMA | \"app\" | - | 1 | t\n 1 | 2 | BASELINE | << Flyway Baseline >> | - | 1 | t\n 2 | 3 | JDBC | x.V3__c | 1 | 1 | t",
            &["1", "2", "3", "4"],
            &["1", "2", "3"],
            &[],
        ),
        (
            Tool::Flyway,
            "1 | 5 | SQL_BASELINE | B5__b.sql | 1 | 1 | t",
            &["5", "6"],
            &["5"],
            &[],
        ),
        (
            Tool::Flyway,
            "1 | 1 | SQL | V1__a.sql | 5 | 1 | t\n 2 | 1 | UNDO_SQL | U1__a.sql | 5 | 1 | t",
            &["1"],
            &[],
            &[],
        ),
        (
            Tool::Flyway,
            "1 | 1 | SQL | V1__a.sql | 5 | 1 | t\n 2 | 1 | DELETE | V1__a.sql | 5 | 1 | t",
            &["2"],
            &[],
            &[],
        ),
        (
            Tool::Flyway,
            "1 | 7 | SQL | V7__a.sql | 5 | 1 | t",
            &["1"],
            &[],
            &["7"],
        ),
        (Tool::GolangMigrate, "", &["1"], &[], &[]),
        (
            Tool::GolangMigrate,
            "2 | 0",
            &["1", "2", "3"],
            &["1", "2"],
            &[],
        ),
        (
            Tool::GolangMigrate,
            "20 | 0",
            &["1", "2", "30"],
            &["1", "2"],
            &["20"],
        ),
        (
            Tool::Goose,
            "1 | 0 | 1 | t\n 2 | 1 | 1 | t\n 3 | 2 | 1 | t",
            &["1", "2", "3"],
            &["1", "2"],
            &[],
        ),
        // Taken back, and in the old way only marked as taken back.
        (
            Tool::Goose,
            "1 | 1 | 1 | t\n 2 | 2 | 1 | t\n 3 | 2 | 0 | t",
            &["1", "2"],
            &["1"],
            &[],
        ),
        (
            Tool::Goose,
            "2 | 2 | 0 | t\n 3 | 2 | 1 | t",
            &["1", "2"],
            &["2"],
            &[],
        ),
        (Tool::Dbmate, long, &["20240102030404", long], &[long], &[]),
        (Tool::Dbmate, "0001", &["1"], &[], &["0001"]),
        (
            Tool::Diesel,
            "00000000000000 | t\n 20240102030405 | t",
            &[long],
            &[long],
            &[],
        ),
        (
            Tool::Diesel,
            "00000000000000 | t",
            &["00000000000000"],
            &["00000000000000"],
            &[],
        ),
        (
            Tool::Refinery,
            "2 | 77 | t\n 1 | 88 | t",
            &["1", "2"],
            &["1", "2"],
            &[],
        ),
        (
            Tool::Prisma,
            "a | 1_init | ab | t | -\n b | 2_more | ab | t | -",
            &["1_init", "2_more", "3_last"],
            &["1_init", "2_more"],
            &[],
        ),
        (
            Tool::Prisma,
            "a | 1_init | ab | - | t\n b | 1_init | ab | t | -",
            &["1_init"],
            &["1_init"],
            &[],
        ),
        (
            Tool::Prisma,
            "a | 1_init | ab | t | t",
            &["1_init"],
            &[],
            &[],
        ),
    ];
    for (tool, text, folder, applied, unknown) in cases {
        let adopted = adopt(*tool, text, folder).unwrap();
        assert_eq!(ids(&adopted.applied), *applied, "{tool:?}\n{text}");
        assert_eq!(ids(&adopted.unknown), *unknown, "{tool:?}\n{text}");
    }
}

#[test]
fn checksum_and_time_are_kept_where_the_tool_has_them() {
    let first = |tool, text| adopt(tool, text, &["1"]).unwrap().applied.remove(0);
    let sqlx = first(Tool::Sqlx, "1 | 0aff | 1 | noon");
    assert_eq!(
        (sqlx.checksum.as_deref(), sqlx.at.as_deref()),
        (Some("0aff"), Some("noon"))
    );
    let flyway = first(
        Tool::Flyway,
        "1 | - | SQL | 1.sql | -5 | 1 | noon\n 2 | 1 | SQL | V1__a.sql | -7 | 1 | one",
    );
    assert_eq!(
        (flyway.checksum.as_deref(), flyway.at.as_deref()),
        (Some("-7"), Some("one"))
    );
    assert_eq!(first(Tool::Dbmate, "1").checksum, None);
}

#[test]
fn what_did_not_succeed_is_an_error_that_says_what_to_do() {
    let cases = [
        (
            Tool::Sqlx,
            "1 | ab | 1 | t\n 2 | ab | 0 | t",
            "sqlx's table `_sqlx_migrations` says that 2 did not succeed: undo by hand",
        ),
        (
            Tool::Flyway,
            "1 | 1 | SQL | V1__a.sql | 5 | 0 | t",
            "Flyway's table `flyway_schema_history` says that 1 did not succeed: put the schema right by hand, then run `flyway repair`",
        ),
        (
            Tool::Flyway,
            "1 | 1 | SQL | V1__a.sql | 5 | 1 | t\n 2 | 1 | UNDO_SQL | U1__a.sql | 5 | 0 | t",
            "Flyway's table `flyway_schema_history` says that 1 did not",
        ),
        (
            Tool::GolangMigrate,
            "2 | 1",
            "golang-migrate's table `schema_migrations` says that 2 did not succeed: put the schema right by hand, then run `migrate force VERSION`",
        ),
        (
            Tool::GolangMigrate,
            "-1 | 1",
            "golang-migrate's table `schema_migrations` says that -1 did not",
        ),
        (
            Tool::Prisma,
            "a | 1_a | ab | - | -\n b | 2_b | ab | - | -",
            "Prisma's table `_prisma_migrations` says that 1_a and 2_b did not",
        ),
        (
            Tool::Prisma,
            "a | 1_a | ab | - | -\n b | 1_a | ab | t | -",
            "Prisma's table `_prisma_migrations` says that 1_a did not",
        ),
    ];
    for (tool, text, expected) in cases {
        let error = adopt(tool, text, &["1", "2"]).unwrap_err();
        assert!(matches!(error, AdoptError::Failed { .. }), "{error}");
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn rows_that_the_tool_never_writes_are_refused() {
    let cases = [
        (
            Tool::Sqlx,
            "one | ab | 1 | t",
            "`version` is `one` in a row, which is no number",
        ),
        (Tool::Sqlx, "1 | ab", "a row has 2 values, not 4"),
        (Tool::Dbmate, "-", "`version` is NULL in a row"),
        (
            Tool::GolangMigrate,
            "1 | 0\n 2 | 0",
            "it has 2 rows, and the tool keeps one",
        ),
    ];
    for (tool, text, expected) in cases {
        let error = adopt(tool, text, &["1"]).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}

/// The answer to the question for shapes: a table with its columns on each line.
fn shapes(text: &str) -> Vec<Row> {
    let lines = text.lines().filter_map(|line| line.trim().split_once(':'));
    lines
        .flat_map(|(table, columns)| {
            let (schema, table) = match table.split_once('.') {
                Some((schema, table)) => (Some(schema.to_owned()), table),
                None => (None, table),
            };
            columns.split_whitespace().map(move |column| {
                vec![
                    schema.clone(),
                    Some(table.to_owned()),
                    Some(column.to_owned()),
                ]
            })
        })
        .collect()
}

/// What is wanted, the shapes that are there, and what is found.
type Found<'a> = (Wanted<'a>, &'a str, Option<(Tool, &'a str)>);

#[test]
fn a_table_is_known_by_its_name_and_its_columns() {
    let goose = "public.goose_db_version: id version_id is_applied tstamp";
    let nothing = Wanted::default();
    let by_tool = |tool| Wanted {
        tool: Some(tool),
        table: None,
    };
    let by_table = |table| Wanted {
        tool: None,
        table: Some(table),
    };
    let cases: &[Found] = &[
        (nothing, "", None),
        (nothing, goose, Some((Tool::Goose, "goose_db_version"))),
        (
            nothing,
            "public.schema_migrations: version dirty",
            Some((Tool::GolangMigrate, "schema_migrations")),
        ),
        (
            nothing,
            "public.schema_migrations: version",
            Some((Tool::Dbmate, "schema_migrations")),
        ),
        (
            nothing,
            "schema_migrations: VERSION DIRTY",
            Some((Tool::GolangMigrate, "schema_migrations")),
        ),
        // A table of that name which is not the tool's.
        (nothing, "public.goose_db_version: id note", None),
        (
            by_tool(Tool::Goose),
            "a.goose_db_version: id version_id is_applied tstamp\nb.goose_db_version: id version_id is_applied tstamp",
            Some((Tool::Goose, "goose_db_version")),
        ),
        (
            by_table("ops.History"),
            "ops.History: id version_id is_applied tstamp",
            Some((Tool::Goose, "ops.History")),
        ),
        (
            by_table("applied"),
            "public.applied: version dirty",
            Some((Tool::GolangMigrate, "applied")),
        ),
        (
            by_tool(Tool::Dbmate),
            &format!("{goose}\npublic.schema_migrations: version"),
            Some((Tool::Dbmate, "schema_migrations")),
        ),
    ];
    for (wanted, text, expected) in cases {
        let found = find(wanted, &shapes(text), Dialect::Postgres).unwrap();
        let found = found
            .as_ref()
            .map(|history| (history.tool, history.table.to_string()));
        let expected = expected.map(|(tool, table)| (tool, table.to_owned()));
        assert_eq!(found, expected, "{wanted:?} {text}");
    }
}

#[test]
fn of_several_tools_one_has_to_be_named_and_has_to_be_there() {
    let both = "public.goose_db_version: id version_id is_applied tstamp\npublic.schema_migrations: version";
    let error = find(&Wanted::default(), &shapes(both), Dialect::Postgres).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database has goose's table `goose_db_version` and dbmate's table `schema_migrations`: name the tool that \
         applies this folder"
    );
    let wanted = Wanted {
        tool: Some(Tool::Sqlx),
        table: None,
    };
    let error = find(&wanted, &shapes(both), Dialect::Postgres).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database has no table `_sqlx_migrations` of the shape that sqlx gives it"
    );
}

#[test]
fn every_value_is_asked_for_as_text() {
    let history = |tool| History {
        tool,
        table: Name::bare(Ident::new("_sqlx_migrations", true, Dialect::Postgres)),
    };
    let query = |dialect| history(Tool::Sqlx).query(dialect);
    assert_eq!(
        query(Dialect::Postgres),
        "SELECT CAST(version AS TEXT), encode(checksum, 'hex'), CASE WHEN success THEN '1' ELSE '0' END, \
         CAST(installed_on AS TEXT) FROM _sqlx_migrations ORDER BY version"
    );
    assert!(
        query(Dialect::Mysql).starts_with("SELECT CAST(version AS CHAR), LOWER(HEX(checksum))")
    );
    assert!(
        query(Dialect::Sqlite).starts_with("SELECT CAST(version AS TEXT), LOWER(HEX(checksum))")
    );
    let odd = History {
        tool: Tool::Dbmate,
        table: Name {
            schema: Some(Ident::new("Ops", true, Dialect::Postgres)),
            name: Ident::new("a\"b", true, Dialect::Postgres),
        },
    };
    assert!(
        odd.query(Dialect::Postgres)
            .contains("FROM \"Ops\".\"a\"\"b\" ORDER")
    );
}

#[test]
fn the_question_for_shapes_names_every_table_and_escapes_it() {
    for dialect in Dialect::ALL {
        let query = shape_query(&Wanted::default(), dialect);
        for tool in Tool::ALL {
            assert!(
                query.contains(&format!("'{}'", tool.default_table())),
                "{query}"
            );
        }
        let wanted = Wanted {
            tool: None,
            table: Some("ops.it's"),
        };
        let query = shape_query(&wanted, dialect);
        assert!(query.contains("IN ('it''s')"), "{query}");
        assert_eq!(
            query.contains("IN ('ops')"),
            dialect != Dialect::Sqlite,
            "{query}"
        );
    }
}

#[test]
fn a_tool_is_named_as_its_folder_is() {
    for tool in Tool::ALL {
        assert_eq!(tool.name().parse(), Ok(*tool));
        let known = crate::folder::Layout::ALL
            .iter()
            .any(|layout| layout.name() == tool.name());
        assert!(known, "{}", tool.name());
    }
    assert!("liquibase".parse::<Tool>().is_err());
}
