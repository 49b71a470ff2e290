//! What holds for every file: a statement more never makes it safer, its spelling says nothing, and no text at all
//! brings the reading down.

mod grammar;

#[path = "../../fuzz/invariants/classify.rs"]
mod judging;
#[path = "../../fuzz/invariants/split.rs"]
mod splitting;

use std::collections::{BTreeSet, HashMap};

use bgmigrate::lint::Surroundings;
use bgmigrate::model::{
    Dialect, Engine, FilePhase, Migration, MigrationKind, Severity, Span, TransactionMode,
};
use bgmigrate::review::{Reviewed, RuleSettings, Settings, Standing, review};
use bgmigrate::sql::split::split;
use proptest::prelude::*;

use grammar::{BASE, plain, respelt, template};

fn migration(id: &str, text: &str) -> Migration {
    Migration {
        id: id.to_owned(),
        name: String::new(),
        file: format!("{id}.sql"),
        text: text.to_owned(),
        up: vec![Span::new(0, text.len())],
        down: None,
        kind: MigrationKind::Versioned,
        transaction: TransactionMode::File,
    }
}

/// A file that comes after the released base.
fn judge(text: &str, dialect: Dialect) -> Reviewed {
    let settings = Settings {
        engine: Engine::default_for(dialect),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(dialect, &HashMap::new()),
    };
    let migrations = [migration("1", BASE), migration("2", text)];
    let standing = |at| match at {
        0 => Standing::Released,
        _ => Standing::Alone,
    };
    review(&migrations, standing, &settings).remove(0)
}

fn dialect() -> impl Strategy<Value = Dialect> {
    proptest::sample::select(Dialect::ALL.to_vec())
}

fn file(dialect: Dialect) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(template(dialect), 1..5)
}

fn joined<S: AsRef<str>>(statements: impl IntoIterator<Item = S>) -> String {
    let each = statements
        .into_iter()
        .map(|text| text.as_ref().to_owned() + ";\n");
    each.collect()
}

/// How much the gates hold a file back.
fn caution(phase: FilePhase) -> u8 {
    match phase {
        FilePhase::Expand => 0,
        FilePhase::Migrate => 1,
        FilePhase::Contract | FilePhase::Mixed => 2,
    }
}

/// The rules that found errors, and in which statement.
fn errors(reviewed: &Reviewed) -> BTreeSet<(&'static str, Option<usize>)> {
    let statements = &reviewed.script.statements;
    let errors = reviewed
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    errors
        .map(|finding| {
            let holder = statements
                .iter()
                .position(|one| one.span.contains(finding.span));
            (finding.rule, holder)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_statement_more_never_makes_a_file_safer(
        (dialect, statements, more) in dialect().prop_flat_map(|dialect| (Just(dialect), file(dialect), template(dialect)))
    ) {
        let text = joined(statements.iter().map(|one| plain(one)));
        let longer = text.clone() + &plain(more) + ";\n";
        let (before, after) = (judge(&text, dialect), judge(&longer, dialect));
        prop_assert!(caution(before.phase) <= caution(after.phase), "{} becomes {}", before.phase, after.phase);
        for (at, phase) in before.phases.iter().enumerate() {
            prop_assert!(
                !phase.gates_as_contract() || after.phases[at].gates_as_contract(),
                "statement {} was {} and is {}", at + 1, phase, after.phases[at]
            );
        }
        let (was, is) = (errors(&before), errors(&after));
        prop_assert!(was.is_subset(&is), "{:?} are gone", was.difference(&is));
    }

    #[test]
    fn every_statement_of_the_grammar_is_understood(
        (dialect, one) in dialect().prop_flat_map(|dialect| (Just(dialect), template(dialect)))
    ) {
        let reviewed = judge(&plain(one), dialect);
        prop_assert_eq!(reviewed.script.statements.len(), 1);
        prop_assert_eq!(&reviewed.script.statements[0].opaque, &None);
    }

    #[test]
    fn white_space_comments_case_and_quotes_say_nothing(
        (dialect, plainly, otherwise) in dialect()
            .prop_flat_map(|dialect| (Just(dialect), file(dialect)))
            .prop_flat_map(|(dialect, statements)| {
                let plainly: Vec<_> = statements.iter().map(|one| plain(one)).collect();
                let otherwise: Vec<_> = statements.into_iter().map(|one| respelt(one, dialect)).collect();
                (Just(dialect), Just(plainly), otherwise)
            })
    ) {
        let (plainly, otherwise) = (judge(&joined(plainly), dialect), judge(&joined(&otherwise), dialect));
        prop_assert_eq!(&plainly.phases, &otherwise.phases);
        prop_assert_eq!(plainly.phase, otherwise.phase);
        prop_assert_eq!(errors(&plainly), errors(&otherwise));
    }

    #[test]
    fn a_file_is_split_into_the_statements_that_it_was_put_together_from(
        (dialect, statements) in dialect()
            .prop_flat_map(|dialect| (Just(dialect), file(dialect)))
            .prop_flat_map(|(dialect, statements)| {
                let spelt: Vec<_> = statements.into_iter().map(|one| respelt(one, dialect)).collect();
                (Just(dialect), spelt)
            })
    ) {
        let text = joined(&statements);
        let pieces = split(&text, Span::new(0, text.len()), dialect);
        let found: Vec<_> = pieces.iter().map(|piece| piece.span.of(&text)).collect();
        prop_assert_eq!(found, statements);
    }

    #[test]
    fn the_same_file_is_judged_the_same_every_time(
        (dialect, statements) in dialect().prop_flat_map(|dialect| (Just(dialect), file(dialect)))
    ) {
        let text = joined(statements.iter().map(|one| plain(one)));
        let (one, other) = (judge(&text, dialect), judge(&text, dialect));
        prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
}

/// Text that is nearly SQL: what opens and closes, what begins statements, and what nobody expects.
fn soup() -> impl Strategy<Value = String> {
    let scraps = proptest::sample::select(vec![
        " ",
        "\n",
        ";",
        ";\n",
        "'",
        "\"",
        "`",
        "$$",
        "$a$",
        "/*",
        "*/",
        "-- ",
        "#",
        "(",
        ")",
        ",",
        ".",
        "\\",
        "\\.\n",
        "DELIMITER //\n",
        "//",
        "BEGIN",
        "END",
        "ALTER TABLE a ",
        "ADD COLUMN b int",
        "DROP COLUMN b",
        "CREATE TABLE a (b int)",
        "CREATE TRIGGER t AFTER INSERT ON a ",
        "DO ",
        "AS ",
        "EXECUTE 'DROP TABLE a'",
        "COPY a FROM stdin;\n",
        "{{ x }}",
        "${X}",
        "-- bgmigrate: ",
        "allow=drop-table ",
        "reason=\"x\" ",
        "phase=expand ",
        "-- +goose Up\n",
        "é",
        "\0",
        "\u{feff}",
    ]);
    let scrap =
        prop_oneof![9 => scraps.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_text_brings_splitting_or_judging_down(text in soup()) {
        splitting::check(&text);
        judging::check(&text);
    }
}
