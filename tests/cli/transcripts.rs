//! Transcripts of every command. A change here is a change of the public interface or of what people read:
//! look at it before accepting it (`INSTA_UPDATE=always cargo test --test cli transcripts`).

use insta::assert_snapshot;

use crate::world::{World, run_in_repository};

/// A contract step waits, a mixed file is refused, a directive speaks: PostgreSQL, as sqlx lays it out.
fn shop() -> World {
    World::with(&[
        (
            "bgmigrate.toml",
            "dialect = \"postgres\"\nserver_version = \"16\"\n\n[session]\nlock_timeout = \"5s\"\nstatement_timeout = \"1min\"\n",
        ),
        (
            "migrations/0001_orders.sql",
            "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2) NOT NULL, note text);\n",
        ),
        (
            "migrations/0002_add_state.sql",
            "ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new';\n",
        ),
        (
            "migrations/0003_drop_note.sql",
            "-- bgmigrate: allow=drop-column reason=\"nothing has read it since 2.4\"\nALTER TABLE orders DROP COLUMN note;\n",
        ),
        (
            "migrations/0004_mixed.sql",
            "ALTER TABLE orders ADD COLUMN placed_at timestamptz;\nALTER TABLE orders DROP COLUMN total;\n",
        ),
    ])
}

#[test]
fn help_names_every_command_flag_and_exit_status() {
    let world = World::empty();
    assert_snapshot!("help", world.run("--help"));
    assert_snapshot!("help_lint", world.run("lint --help"));
    assert_snapshot!("help_classify", world.run("classify --help"));
    assert_snapshot!("help_explain", world.run("explain --help"));
    assert_snapshot!("help_plan", world.run("plan --help"));
}

#[test]
fn the_sample_folder_of_the_repository_is_planned_in_every_format() {
    assert_snapshot!("sample_plan", run_in_repository("plan"));
    assert_snapshot!(
        "sample_plan_markdown",
        run_in_repository("plan --format markdown")
    );
    assert_snapshot!("sample_plan_json", run_in_repository("plan --format json"));
    assert_snapshot!(
        "sample_plan_github",
        run_in_repository("plan --format github")
    );
}

#[test]
fn the_sample_folder_of_the_repository_is_linted_and_classified() {
    assert_snapshot!("sample_lint", run_in_repository("lint"));
    assert_snapshot!("sample_classify", run_in_repository("classify"));
}

#[test]
fn a_mixed_file_is_refused_with_its_split_and_status_3() {
    assert_snapshot!("shop_plan", shop().run("plan"));
    assert_snapshot!(
        "shop_plan_markdown",
        shop().run("plan --format markdown --quiet")
    );
}

#[test]
fn classify_tells_each_statement_its_reason_in_every_format() {
    assert_snapshot!("shop_classify", shop().run("classify"));
    assert_snapshot!(
        "shop_classify_json",
        shop().run("classify --format json migrations/0004_mixed.sql")
    );
    assert_snapshot!(
        "shop_classify_markdown",
        shop().run("classify --format markdown")
    );
}

#[test]
fn lint_speaks_of_the_file_that_is_named_in_the_context_of_those_before_it() {
    let world = shop();
    let file = "migrations/0004_mixed.sql";
    assert_snapshot!("shop_lint", world.run(&format!("lint {file}")));
    assert_snapshot!(
        "shop_lint_verbose",
        world.run("lint --verbose migrations/0002_add_state.sql")
    );
    for format in ["json", "markdown", "github", "gitlab", "junit"] {
        assert_snapshot!(
            format!("shop_lint_{format}"),
            world.run(&format!("lint --format {format} {file}"))
        );
    }
}

#[test]
fn a_branch_is_reviewed_as_one_pending_set() {
    let world = shop();
    world.git("init --quiet --initial-branch main");
    world.git("add .");
    world.git("commit --quiet --message base");
    world.write(
        "migrations/0005_items.sql",
        "CREATE TABLE items (id bigint PRIMARY KEY, sku text);\n",
    );
    world.write(
        "migrations/0006_items_again.sql",
        "ALTER TABLE items DROP COLUMN sku;\n",
    );
    assert_snapshot!("branch_plan", world.run("plan --base main"));
    assert_snapshot!("branch_lint", world.run("lint --since main"));
    world.git("add .");
    world.git("commit --quiet --message more");
    assert_snapshot!("branch_nothing_new", world.run("lint --since main"));
}

#[test]
fn standard_input_is_one_file() {
    let said = World::empty().run_with_input(
        "classify --dialect mysql -",
        b"ALTER TABLE users DROP COLUMN email;\nUPDATE users SET name = 'x' WHERE id = 1;\n",
    );
    assert_snapshot!("stdin_classify", said);
}

#[test]
fn explain_shows_the_page_of_a_rule() {
    let world = World::empty();
    assert_snapshot!("explain_truncate", world.run("explain truncate"));
    assert_snapshot!(
        "explain_truncate_markdown",
        world.run("explain truncate --format markdown")
    );
}

#[test]
fn explain_alone_gives_each_rule_one_line_with_its_severity_and_a_summary() {
    let said = World::empty().run("explain");
    assert_eq!((said.talk.as_str(), said.status), ("", Some(0)));
    let mut listed = said.answer.lines();
    for rule in bgmigrate::lint::rules() {
        let line = listed.next().unwrap_or_default();
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words[..2], [rule.id, rule.severity.name()], "{line}");
        assert!(line.ends_with(&rule.summary()) && words.len() > 3, "{line}");
    }
    assert_eq!(listed.next(), None);
}

#[test]
fn a_flag_beats_the_environment_beats_the_file() {
    let world = World::with(&[
        ("bgmigrate.toml", "dialect = \"sqlite\"\ndir = \"db\"\n"),
        ("db/1_a.sql", "TRUNCATE a;\n"),
    ]);
    let verbose = |words: &str, dialect: Option<&str>| {
        let mut tool = world.tool(words);
        if let Some(dialect) = dialect {
            tool.env("BGMIGRATE_DIALECT", dialect);
        }
        let output = tool.output().expect("the tool starts");
        let talk = String::from_utf8(output.stderr).expect("the tool says UTF-8");
        talk.lines().last().unwrap_or_default().to_owned()
    };
    let engine = |words: &str, variable| verbose(&format!("classify --verbose {words}"), variable);
    assert_eq!(engine("", None), "engine: SQLite 3.35");
    assert_eq!(engine("", Some("mysql")), "engine: MySQL 8");
    assert_eq!(
        engine("--dialect postgres", Some("mysql")),
        "engine: PostgreSQL 14"
    );
}
