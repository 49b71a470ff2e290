//! What waits for what in a plan: one row a case.

use bgmigrate::lint::Surroundings;
use bgmigrate::model::{Dialect, Engine, Migration, MigrationKind, Span, TransactionMode};
use bgmigrate::plan::{Plan, Status, Subject, plan};
use bgmigrate::review::{RuleSettings, Settings, Standing, review};

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, age integer);\n\
                     CREATE TABLE orders (id bigint PRIMARY KEY, total integer);";

/// The plan of these files, numbered from 1, on top of [`USERS`].
fn planned(files: &[String]) -> Plan {
    let migration = |at: usize, text: &str| Migration {
        id: at.to_string(),
        name: String::new(),
        file: format!("{at}.sql"),
        text: text.to_owned(),
        up: vec![Span::new(0, text.len())],
        down: None,
        kind: MigrationKind::Versioned,
        transaction: TransactionMode::File,
    };
    let texts = std::iter::once(USERS).chain(files.iter().map(String::as_str));
    let migrations: Vec<_> = texts
        .enumerate()
        .map(|(at, text)| migration(at, text))
        .collect();
    let settings = Settings {
        engine: Engine::default_for(Dialect::Postgres),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(Dialect::Postgres, &std::collections::HashMap::new()),
    };
    let standing = |at| {
        if at == 0 {
            Standing::Released
        } else {
            Standing::Alone
        }
    };
    let reviewed = review(&migrations, standing, &settings);
    let subjects: Vec<_> = reviewed
        .iter()
        .map(|reviewed| Subject {
            migration: &migrations[reviewed.index],
            reviewed,
            file: migrations[reviewed.index].file.clone(),
        })
        .collect();
    plan(&subjects, Dialect::Postgres, None)
}

#[test]
fn a_step_waits_with_the_contract_step_that_changes_the_same_before_it() {
    let cases: &[(&[&str], &[&str])] = &[
        (
            &[
                "ALTER TABLE users DROP COLUMN age",
                "ALTER TABLE users ADD COLUMN age text",
            ],
            &["1 changes `users.age` first, and waits itself"],
        ),
        // A column that is held does not hold its table.
        (
            &[
                "ALTER TABLE users DROP COLUMN age",
                "ALTER TABLE users ADD COLUMN nick text",
            ],
            &[],
        ),
        (
            &["DROP TABLE orders", "CREATE TABLE orders (id bigint)"],
            &["1 changes `orders` first, and waits itself"],
        ),
        (
            &[
                "DROP TABLE orders",
                "ALTER TABLE users ADD COLUMN nick text",
            ],
            &[],
        ),
        (
            &[
                "ALTER TABLE users DROP COLUMN name",
                "ALTER TABLE users DROP COLUMN age",
                "ALTER TABLE users ADD COLUMN age text, ADD COLUMN name text",
            ],
            &[
                "1 changes `users.name` first, and waits itself",
                "2 changes `users.age` first, and waits itself",
            ],
        ),
        // What expands holds nobody.
        (
            &[
                "ALTER TABLE users ADD COLUMN nick text",
                "UPDATE users SET nick = name",
            ],
            &[],
        ),
    ];
    for (files, expected) in cases {
        let files: Vec<_> = files.iter().map(|file| (*file).to_owned()).collect();
        let plan = planned(&files);
        let last = plan.steps.last().unwrap();
        let reasons: Vec<_> = last
            .blocked_by
            .iter()
            .map(|blocker| blocker.reason.as_str())
            .collect();
        assert_eq!(reasons, *expected, "{files:?}");
        let status = if expected.is_empty() {
            Status::Ready
        } else {
            Status::Waiting
        };
        assert_eq!(last.status, status, "{files:?}");
    }
}
