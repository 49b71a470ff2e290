//! Every rule over every rule's fixtures.
//!
//! `fixtures/rules/<id>/bad-*.sql` must be found by the rule of that id exactly on the lines marked
//! `-- finds`; `good-*.sql` must not be found by it at all. A fixture begins with `-- dialect: a, b`
//! (optionally `-- version: 15` and `-- mariadb`), and may hold several migrations, each after a line
//! `-- file: NAME`. A migration with a line `-- edited` was released before with another text; what follows a
//! line `-- down:` is its way down.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "fixtures/mod.rs"]
mod fixtures;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use bgmigrate::lint::{Surroundings, rule, rules};
use bgmigrate::model::{Engine, LineIndex, Migration, Severity};
use bgmigrate::review::{RuleSettings, Settings, Standing, review};

use fixtures::{Fixture, fixtures};

fn standing(migration: &Migration) -> Standing {
    if migration.text.lines().any(|line| line == "-- edited") {
        Standing::Edited
    } else {
        Standing::Alone
    }
}

/// Lines where each rule found something, per migration.
fn found(fixture: &Fixture, engine: Engine) -> Vec<HashMap<&'static str, BTreeSet<usize>>> {
    let everything_on: HashMap<_, _> = rules()
        .iter()
        .filter(|rule| rule.severity == Severity::Off)
        .map(|rule| (rule.id.to_owned(), Severity::Note))
        .collect();
    let settings = Settings {
        engine,
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(engine.dialect, &everything_on),
    };
    review(
        &fixture.migrations,
        |at| standing(&fixture.migrations[at]),
        &settings,
    )
    .into_iter()
    .map(|reviewed| {
        let lines = LineIndex::new(&fixture.migrations[reviewed.index].text);
        let mut found: HashMap<_, BTreeSet<_>> = HashMap::new();
        for finding in reviewed.findings {
            found
                .entry(finding.rule)
                .or_default()
                .insert(lines.line(finding.span.start));
        }
        found
    })
    .collect()
}

fn marked(migration: &Migration) -> BTreeSet<usize> {
    let lines = migration.text.lines().enumerate();
    lines
        .filter(|(_, line)| line.contains("-- finds"))
        .map(|(at, _)| at + 1)
        .collect()
}

fn is_bad(fixture: &Fixture) -> bool {
    let name = fixture.path.file_stem().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("bad") || name.starts_with("good"),
        "{}",
        fixture.path.display()
    );
    name.starts_with("bad")
}

#[test]
fn every_rule_finds_what_its_bad_fixtures_mark_and_nothing_in_its_good_ones() {
    let mut wrong = String::new();
    for rule in rules() {
        let fixtures = fixtures(rule.id);
        for bad in [true, false] {
            if !fixtures.iter().any(|fixture| is_bad(fixture) == bad) {
                let _ = writeln!(
                    wrong,
                    "{}: no {} fixture",
                    rule.id,
                    if bad { "bad" } else { "good" }
                );
            }
        }
        for fixture in &fixtures {
            let any_marked = fixture
                .migrations
                .iter()
                .any(|migration| !marked(migration).is_empty());
            if is_bad(fixture) != any_marked {
                let _ = writeln!(
                    wrong,
                    "{}: marks do not fit its name",
                    fixture.path.display()
                );
            }
            for engine in &fixture.engines {
                for (migration, found) in fixture.migrations.iter().zip(found(fixture, *engine)) {
                    let found = found.get(rule.id).cloned().unwrap_or_default();
                    let marked = marked(migration);
                    if found != marked {
                        let _ = writeln!(
                            wrong,
                            "{} ({engine}), {}: marked lines {marked:?}, found lines {found:?}",
                            fixture.path.display(),
                            migration.file,
                        );
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_rule_file_is_registered_under_its_own_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if stem != "mod" {
            let id = stem.replace('_', "-");
            assert!(
                rule(&id).is_some(),
                "src/lint/rules/{stem}.rs is not in the list in rules/mod.rs"
            );
        }
    }
}

#[test]
fn every_page_says_what_it_finds_what_happens_what_is_spared_and_what_to_do_instead() {
    for rule in rules() {
        let page = rule.page();
        for heading in ["## What happens", "## Not reported", "## Instead"] {
            assert!(page.contains(heading), "{}: no `{heading}`", rule.id);
        }
        assert!(
            rule.summary().ends_with('.'),
            "{}: its first line is no sentence",
            rule.id
        );
    }
}
