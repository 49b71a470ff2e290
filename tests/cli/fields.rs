//! The fields of JSON that scripts rely on: more may be added, these keep their names and meaning.

use serde_json::Value;

use crate::world::World;

fn world() -> World {
    World::with(&[
        ("1_a.sql", "CREATE TABLE a (id int, b text);\n"),
        (
            "2_b.sql",
            "ALTER TABLE a ADD COLUMN c text;\nALTER TABLE a\n  DROP COLUMN b;\n",
        ),
    ])
}

/// A path into JSON (`findings.0.rule`) and the kind of value that stands there.
type Field<'a> = (&'a str, fn(&Value) -> bool);

fn check(words: &str, fields: &[Field<'_>]) {
    let value = world().run(words).json();
    for (path, is_right) in fields {
        let pointer = format!("/{}", path.replace('.', "/"));
        let found = value.pointer(&pointer);
        assert!(found.is_some_and(is_right), "{words}: {path} is {found:?}");
    }
}

#[test]
fn lint_has_the_fields_that_scripts_rely_on() {
    check(
        "--dialect postgres --format json lint 2_b.sql",
        &[
            ("findings.0.rule", Value::is_string),
            ("findings.0.severity", |it| {
                ["error", "warning", "note"].map(Value::from).contains(it)
            }),
            ("findings.0.file", |it| it == "2_b.sql"),
            ("findings.0.line", Value::is_u64),
            ("findings.0.column", Value::is_u64),
            ("findings.0.end_line", Value::is_u64),
            ("findings.0.end_column", Value::is_u64),
            ("findings.0.message", Value::is_string),
            ("findings.0.help", Value::is_string),
            ("findings.0.statement", Value::is_u64),
            ("summary.files", |it| it == 1),
            ("summary.statements", |it| it == 2),
            ("summary.errors", Value::is_u64),
            ("summary.warnings", Value::is_u64),
        ],
    );
}

#[test]
fn the_range_of_a_finding_ends_behind_its_last_character() {
    let lint = world()
        .run("--dialect postgres --format json lint 2_b.sql")
        .json();
    let findings = lint["findings"].as_array().expect("findings is a list");
    let drop = findings
        .iter()
        .find(|one| one["rule"] == "drop-column")
        .expect("the drop is found");
    let range = ["line", "column", "end_line", "end_column"].map(|key| drop[key].as_u64());
    assert_eq!(range, [3, 3, 3, 16].map(Some));
    assert_eq!(drop["statement"], 2);
}

#[test]
fn classify_has_the_fields_that_scripts_rely_on() {
    check(
        "--dialect postgres --format json classify 2_b.sql",
        &[
            ("migrations.0.id", |it| it == "2_b"),
            ("migrations.0.file", |it| it == "2_b.sql"),
            ("migrations.0.phase", |it| it == "mixed"),
            ("migrations.0.statements.0.line", |it| it == 1),
            ("migrations.0.statements.0.phase", |it| it == "expand"),
            ("migrations.0.statements.1.line", |it| it == 2),
            ("migrations.0.statements.1.phase", |it| it == "contract"),
            ("migrations.0.statements.1.changes.0.kind", |it| {
                it == "drop-column"
            }),
            ("migrations.0.statements.1.changes.0.object", |it| {
                it == "a.b"
            }),
            (
                "migrations.0.statements.1.changes.0.reason",
                Value::is_string,
            ),
        ],
    );
}

#[test]
fn plan_has_the_fields_that_scripts_rely_on() {
    check(
        "--dialect postgres --format json --dir . plan",
        &[
            ("steps.0.migration", |it| it == "1_a"),
            ("steps.0.phase", |it| it == "expand"),
            ("steps.0.status", |it| it == "ready"),
            ("steps.0.blocked_by", |it| *it == Value::Array(vec![])),
            ("steps.0.statements.0.phase", |it| it == "expand"),
            ("steps.1.phase", |it| it == "mixed"),
            ("steps.1.status", |it| it == "refused"),
            ("steps.1.blocked_by.0.rule", Value::is_string),
            ("steps.1.blocked_by.0.reason", Value::is_string),
            ("steps.1.blocked_by.0.unblock", Value::is_string),
            ("cutover", Value::is_object),
            ("summary", Value::is_object),
        ],
    );
}

#[test]
fn explain_gives_programs_what_it_gives_people() {
    check(
        "--format json explain",
        &[
            ("rules.0.rule", Value::is_string),
            ("rules.0.severity", Value::is_string),
            ("rules.0.dialects.0", Value::is_string),
            ("rules.0.summary", Value::is_string),
            ("rules.0.page", Value::is_string),
        ],
    );
}
