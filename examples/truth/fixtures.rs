//! The fixtures of the rules, run on the real engines: whatever one of them takes away, no file that takes it is
//! let pass.

#[path = "../../tests/fixtures/mod.rs"]
mod of_rules;

use std::collections::HashSet;

use bgmigrate::lint::rules;
use bgmigrate::model::Dialect;
use bgmigrate::proof::Agreement;

use crate::{compared, server};

#[test]
fn nothing_is_missed_on_postgresql() {
    run(Dialect::Postgres, 300);
}

#[test]
fn nothing_is_missed_on_mariadb() {
    run(Dialect::Mysql, 150);
}

#[test]
fn nothing_is_missed_on_sqlite() {
    run(Dialect::Sqlite, 120);
}

/// At least so many migrations have to be comparable, or the test would show nothing.
fn run(dialect: Dialect, at_least: usize) {
    let mut server = server::start(dialect, None).unwrap();
    let mut seen = HashSet::new();
    let mut missed = Vec::new();
    let mut compared_count = 0;
    for rule in rules() {
        for fixture in of_rules::fixtures(rule.id) {
            let for_this = fixture.engines.iter().any(|it| it.dialect == dialect);
            if !for_this || !seen.insert(fixture.path.clone()) {
                continue;
            }
            let comparisons = compared(dialect, &fixture.migrations, server.as_mut(), "").unwrap();
            for (migration, comparison) in fixture.migrations.iter().zip(comparisons) {
                let Ok(comparison) = comparison else { continue };
                compared_count += 1;
                if comparison.agreement == Agreement::Missed {
                    missed.push(format!(
                        "{} {}: {:?}",
                        fixture.path.display(),
                        migration.id,
                        comparison.facts
                    ));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(
        compared_count >= at_least,
        "only {compared_count} were accepted"
    );
}
