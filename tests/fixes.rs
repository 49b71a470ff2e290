//! Every fix that a rule's fixture is offered is applied, the result is read and reviewed anew, and the finding
//! must be gone.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its fixtures has failed"
)]

#[path = "fixtures/mod.rs"]
mod fixtures;

use std::collections::{BTreeMap, HashMap};

use bgmigrate::fix::{History, Mended, Subject, fix};
use bgmigrate::folder::{Entry, Folder, Layout, Tree, read};
use bgmigrate::lint::{Surroundings, rules};
use bgmigrate::model::{Engine, Severity};
use bgmigrate::review::{Reviewed, RuleSettings, Settings, Standing, review};

use fixtures::{Fixture, fixtures};

/// Why a fix may be refused in a fixture. Any other reason is a bug in the rule that offers it.
const REFUSALS: [&str; 5] = [
    // The fixture's own files come later, with the number that a new one would need.
    "needs a version that is not free",
    "there is a file",
    "only as a single statement",
    // Two statements sent as one query are one transaction; then the statement moves.
    "it would bring an error, `concurrently-in-transaction`",
    "other statements of its file need the transaction",
];

/// The fixture's migrations as a folder of sqlx, which has a marker for no transaction.
fn tree(fixture: &Fixture) -> Tree {
    let migrations = fixture.migrations.iter().enumerate();
    let entries = migrations.map(|(at, migration)| {
        let up = migration.up[0].of(&migration.text);
        let marked = migration.text.contains("-- no-transaction");
        let mark = if marked { "-- no-transaction\n" } else { "" };
        // Numbers with room between them for what the fixes add.
        let name = format!("2024010100{:02}00_{at}.sql", at * 10);
        Entry::of_text(name, format!("{mark}{up}"))
    });
    Tree::new(entries.collect())
}

fn settings(engine: Engine) -> Settings {
    let everything_on: HashMap<_, _> = rules()
        .iter()
        .filter(|rule| rule.severity == Severity::Off)
        .map(|rule| (rule.id.to_owned(), Severity::Note))
        .collect();
    Settings {
        engine,
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(engine.dialect, &everything_on),
    }
}

fn folder(tree: &Tree, settings: &Settings) -> Folder {
    read(tree, Some(Layout::Sqlx), settings.engine.dialect).unwrap()
}

fn fixed(tree: Tree, settings: &Settings) -> Mended {
    let folder = folder(&tree, settings);
    let standing = vec![Standing::Alone; folder.migrations.len()];
    fix(Subject {
        tree,
        folder,
        settings,
        standing,
        history: History::ReleasedBefore(0),
    })
    .unwrap()
}

fn reviewed(tree: &Tree, settings: &Settings) -> Vec<Reviewed> {
    review(
        &folder(tree, settings).migrations,
        |_| Standing::Alone,
        settings,
    )
}

/// Findings by rule.
fn counts(reviewed: &[Reviewed]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for finding in reviewed.iter().flat_map(|one| &one.findings) {
        *counts.entry(finding.rule).or_default() += 1;
    }
    counts
}

fn offered(reviewed: &[Reviewed]) -> Vec<&'static str> {
    let findings = reviewed.iter().flat_map(|one| &one.findings);
    let offers = findings.filter(|finding| finding.fix.is_some());
    offers.map(|finding| finding.rule).collect()
}

#[test]
fn every_fix_that_a_fixture_is_offered_removes_its_finding_and_holds_when_it_is_run_again() {
    let mut wrong = Vec::new();
    let mut ever_offered: Vec<&str> = Vec::new();
    let mut ever_fixed: Vec<&str> = Vec::new();
    for rule in rules() {
        for fixture in fixtures(rule.id) {
            for engine in &fixture.engines {
                let settings = settings(*engine);
                let before = tree(&fixture);
                let was = reviewed(&before, &settings);
                let offers = offered(&was);
                ever_offered.extend(&offers);
                let mended = fixed(before.clone(), &settings);
                let name = fixture.path.display();
                // What the engine says of its own work is held against a review of the files as they are.
                let is = reviewed(&mended.tree, &settings);
                let (was, is) = (counts(&was), counts(&is));
                for one in &mended.fixed {
                    ever_fixed.push(one.rule);
                    let left = is.get(one.rule).copied().unwrap_or(0);
                    let first = was.get(one.rule).copied();
                    if first.is_some_and(|first| left >= first) {
                        wrong.push(format!("{name}: {} is still there", one.rule));
                    }
                }
                for one in &mended.unfixed {
                    if !REFUSALS.iter().any(|reason| one.reason.contains(reason)) {
                        wrong.push(format!("{name}:{} {}: {}", one.line, one.rule, one.reason));
                    }
                }
                if offers.is_empty() != (mended.fixed.is_empty() && mended.unfixed.is_empty()) {
                    wrong.push(format!("{name}: offers were lost"));
                }
                let again = fixed(mended.tree.clone(), &settings);
                if !again.fixed.is_empty() || again.tree != mended.tree {
                    wrong.push(format!("{name}: a second run changes it again"));
                }
            }
        }
    }
    for rule in ever_offered {
        if !ever_fixed.contains(&rule) {
            wrong.push(format!("{rule}: its fix is offered and never taken"));
        }
    }
    assert!(ever_fixed.len() > 20, "{ever_fixed:?}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
