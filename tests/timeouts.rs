//! What the configuration says of the runner's timeouts, and what the timeout rules make of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use bgmigrate::lint::Surroundings;
use bgmigrate::model::{
    Dialect, Engine, Migration, MigrationKind, Severity, Span, TransactionMode,
};
use bgmigrate::review::{RuleSettings, Settings, Standing, review};

/// The messages of the rules of this id on one file after a released table.
fn messages(rule: &str, text: &str, surroundings: &Surroundings) -> Vec<String> {
    let migration = |id: &str, text: &str| Migration {
        id: id.to_owned(),
        name: String::new(),
        file: format!("{id}.sql"),
        text: text.to_owned(),
        up: vec![Span::new(0, text.len())],
        down: None,
        kind: MigrationKind::Versioned,
        transaction: TransactionMode::File,
    };
    let migrations = [
        migration(
            "1",
            "CREATE TABLE orders (id bigint PRIMARY KEY, total int);",
        ),
        migration("2", text),
    ];
    let engine = Engine::default_for(Dialect::Postgres);
    let settings = Settings {
        engine,
        surroundings: surroundings.clone(),
        rules: RuleSettings::new(engine.dialect, &HashMap::<String, Severity>::new()),
    };
    let reviewed = review(&migrations, |_| Standing::Alone, &settings);
    let findings = reviewed.into_iter().flat_map(|reviewed| reviewed.findings);
    findings
        .filter(|finding| finding.rule == rule)
        .map(|finding| finding.message)
        .collect()
}

const ALTER: &str = "ALTER TABLE orders ADD CHECK (total > 0);";

#[test]
fn a_timeout_that_the_runner_sets_counts_as_set_and_0_does_not() {
    for (ms, expected) in [(None, 1), (Some(0), 1), (Some(2_000), 0)] {
        let surroundings = Surroundings {
            lock_timeout_ms: ms,
            statement_timeout_ms: ms,
            ..Surroundings::default()
        };
        for rule in ["lock-timeout-missing", "statement-timeout-missing"] {
            let found = messages(rule, ALTER, &surroundings);
            assert_eq!(found.len(), expected, "{rule} {ms:?}: {found:?}");
        }
    }
}

#[test]
fn a_timeout_of_the_files_own_beats_the_runners() {
    let surroundings = Surroundings {
        lock_timeout_ms: Some(2_000),
        ..Surroundings::default()
    };
    let off = format!("SET lock_timeout = 0; {ALTER}");
    let found = messages("lock-timeout-missing", &off, &surroundings);
    assert!(found[0].contains("lock_timeout = 0 on line 1"), "{found:?}");
    let reset = format!("SET lock_timeout = 0; RESET lock_timeout; {ALTER}");
    assert!(messages("lock-timeout-missing", &reset, &surroundings).is_empty());
}

#[test]
fn a_lock_timeout_above_the_limit_is_found_where_it_is_set() {
    let surroundings = Surroundings {
        lock_timeout_limit_ms: Some(5_000),
        ..Surroundings::default()
    };
    let cases = [("'5s'", 0), ("'1min'", 1), ("5001", 1), ("4000", 0)];
    for (value, expected) in cases {
        let text = format!("SET LOCAL lock_timeout = {value}; {ALTER}");
        let found = messages("lock-timeout-missing", &text, &surroundings);
        assert_eq!(found.len(), expected, "{value}: {found:?}");
    }
    let found = messages(
        "lock-timeout-missing",
        &format!("SET LOCAL lock_timeout = '1min'; {ALTER}"),
        &surroundings,
    );
    assert!(
        found[0].starts_with("lock_timeout of 60s is longer than the 5s"),
        "{found:?}"
    );
}
