//! Texts that are broken, foreign or hostile, but can be read: each spoils itself alone, and nothing brings the tool
//! down.

use crate::world::World;

/// What the runner sets, so that rules about timeouts have nothing to say here.
const CALM: &str =
    "dialect = \"postgres\"\n[session]\nlock_timeout = \"5s\"\nstatement_timeout = \"1min\"\n";

/// The file, and what lint finds in it: `line:column rule: message`, the message cut where it is long.
type Case<'a> = (&'a str, &'a [&'a str]);

fn world(text: &str) -> World {
    World::with(&[("bgmigrate.toml", CALM), ("migrations/1_a.sql", text)])
}

fn check(cases: &[Case<'_>]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let said = world(text).run("lint --format json");
        let found = findings(&said.json());
        let status = i32::from(!expected.is_empty());
        let told = found.len() == expected.len()
            && found
                .iter()
                .zip(*expected)
                .all(|(one, start)| one.starts_with(start));
        if !told || said.status != Some(status) || !said.talk.is_empty() {
            wrong.push(format!("{text:?}\n{}\n", found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn findings(lint: &serde_json::Value) -> Vec<String> {
    let all = lint["findings"].as_array().expect("findings is a list");
    let text =
        |one: &serde_json::Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|one| {
            let (rule, message) = (text(one, "rule"), text(one, "message"));
            format!("{}:{} {rule}: {message}", one["line"], one["column"])
        })
        .collect()
}

#[test]
fn a_broken_statement_spoils_itself_alone() {
    check(&[
        (
            "DROP TABLE a;\nALTR TABLE b;\nDROP TABLE c;\n",
            &[
                "1:1 drop-table: drops table `a`",
                "2:1 syntax-error: cannot be read: no statement that is known begins with `ALTR`",
                "3:1 drop-table: drops table `c`",
            ],
        ),
        (
            "ALTER TABLE a DROP;\nDROP TABLE c;\n",
            &[
                "1:15 syntax-error: cannot be read: the clause ends where more is expected",
                "2:1 drop-table: drops table `c`",
            ],
        ),
        (
            "DROP TABLE a;\n)(;\nDROP TABLE c;\n",
            &[
                "1:1 drop-table: drops table `a`",
                "2:1 syntax-error: cannot be read: no statement that is known begins with `)`",
                "3:1 drop-table: drops table `c`",
            ],
        ),
    ]);
}

#[test]
fn a_template_placeholder_spoils_its_own_statement_alone() {
    check(&[
        (
            "DROP TABLE {{ schema }}.a;\nDROP TABLE b;\n",
            &[
                "1:12 syntax-error: another program fills in `{{ schema }}` before the engine sees it",
                "2:1 drop-table: drops table `b`",
            ],
        ),
        (
            "DROP TABLE ${SCHEMA}.a;\nDROP TABLE b;\n",
            &[
                "1:12 syntax-error: another program fills in `${SCHEMA}` before the engine sees it",
                "2:1 drop-table: drops table `b`",
            ],
        ),
        (
            "{% if big %}\nDROP TABLE b;\n{% endif %}\n",
            &[
                "1:1 syntax-error: another program fills in `{% if big %}` before the engine sees it",
                "3:1 syntax-error: another program fills in `{% endif %}` before the engine sees it",
            ],
        ),
    ]);
}

#[test]
fn what_is_opened_and_never_closed_is_placed_where_it_was_opened() {
    check(&[
        (
            "DROP TABLE a;\nSELECT 'abc;\nDROP TABLE b;\n",
            &[
                "1:1 drop-table: drops table `a`",
                "2:8 syntax-error: cannot be read: a string is opened and never closed",
            ],
        ),
        (
            "DROP TABLE a;\nSELECT \"abc;\nDROP TABLE b;\n",
            &[
                "1:1 drop-table: drops table `a`",
                "2:8 syntax-error: cannot be read: a quoted identifier is opened and never closed",
            ],
        ),
        (
            "DROP TABLE a;\nDO $x$ BEGIN\nDROP TABLE b;\n",
            &[
                "1:1 drop-table: drops table `a`",
                "2:4 syntax-error: cannot be read: a dollar-quoted string is opened and never closed",
            ],
        ),
        (
            "DROP TABLE a;\n/* never\nDROP TABLE b;\n",
            &[
                "1:1 drop-table: drops table `a`",
                "2:1 syntax-error: cannot be read: a comment is opened and never closed",
            ],
        ),
    ]);
}

#[test]
fn what_an_editor_does_not_show_moves_no_place() {
    check(&[
        (
            "\u{feff}DROP TABLE a;\r\nSELECT 1;\r\n  DROP TABLE b;\r\n",
            &[
                "1:1 drop-table: drops table `a`",
                "3:3 drop-table: drops table `b`",
            ],
        ),
        (
            "SELECT 1;\0\n",
            &[
                "1:10 syntax-error: cannot be read: it begins with the control character U+0000, which no engine takes",
            ],
        ),
        (
            "DROP TABLE a;\0\0\nDROP TABLE b;",
            &[
                "1:1 drop-table: drops table `a`",
                "1:14 syntax-error: cannot be read: it begins with the control character U+0000, which no engine takes",
            ],
        ),
    ]);
}

#[test]
fn a_file_that_says_nothing_does_nothing() {
    for text in [
        "",
        "\n",
        "-- nothing yet\n",
        "/* nothing */",
        ";;\n",
        "\u{feff}",
    ] {
        check(&[(text, &[])]);
        let plan = world(text).run("plan --format json").json();
        assert_eq!(plan["summary"]["statements"], 0, "{text:?}");
        assert_eq!(plan["steps"][0]["phase"], "expand", "{text:?}");
    }
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    let said = world("SELECT 1;\n\u{1b}[31mDROP\u{1b}[0m\0;\n").run("lint");
    let harmless = |c: char| !c.is_control() || c == '\n';
    assert!(said.answer.chars().all(harmless), "{said}");
    assert!(said.answer.contains("2 | ␛[31mDROP␛[0m␀;"), "{said}");
}

#[test]
fn ten_thousand_levels_of_nesting_are_read_or_called_unreadable() {
    const DEPTH: usize = 10_000;
    let nested = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(DEPTH), close.repeat(DEPTH))
    };
    let texts = [
        format!("SELECT {}", nested("(", "1", ")")),
        format!("CREATE VIEW v AS SELECT * FROM {}", nested("(", "t", ")")),
        format!("ALTER TABLE t ADD CHECK {}", nested("(", "a > 1", ")")),
        format!("CREATE TABLE x (a int DEFAULT {})", nested("(", "1", ")")),
        format!("UPDATE t SET a = {}", nested("f(", "1", ")")),
        format!("SELECT {}", nested("CASE WHEN 1 THEN ", "1", " END")),
        format!("SELECT {}", nested("NOT ", "1", "")),
        format!("SELECT {}", nested("- ", "1", "")),
        format!("SELECT 1{}", nested(" + 1", "", "")),
        format!("SELECT 1{}", nested("::int", "", "")),
        format!("SELECT 1{}", nested(" UNION SELECT 1", "", "")),
        format!("ALTER TABLE t ADD x int{}", nested("[]", "", "")),
        nested("/*", "", "*/"),
        nested("BEGIN ", "", "END;"),
        nested("DO $$ BEGIN ", "", "END $$;"),
        format!(
            "CREATE PROCEDURE p() {}",
            nested("IF 1 THEN ", "SET @a = 1;", " END IF;")
        ),
        format!(
            "WITH a AS {}",
            nested("(WITH a AS ", "(SELECT 1)", ") SELECT 1")
        ),
    ];
    for text in texts {
        let world = World::with(&[("1_a.sql", &format!("{text};\nDROP TABLE last;\n"))]);
        for dialect in ["postgres", "mysql", "sqlite"] {
            let said = world.run(&format!(
                "classify --dialect {dialect} --format json 1_a.sql"
            ));
            let start = &text[..30.min(text.len())];
            assert_eq!(said.status, Some(0), "{dialect}: {start}… {}", said.talk);
            let phase = said.json()["migrations"][0]["phase"].clone();
            // What is swallowed by a block that never ends is not understood, and so never safe either.
            assert!(
                phase == "contract" || phase == "mixed",
                "{dialect}: {start}… is {phase}"
            );
        }
    }
}

#[test]
fn a_very_long_line_is_quoted_around_the_place() {
    let rows: Vec<_> = (0..50_000).map(|row| format!("({row}, 'x')")).collect();
    let said = world(&format!(
        "INSERT INTO t VALUES {}; DROP TABLE t;",
        rows.join(", ")
    ))
    .run("lint");
    assert_eq!(said.status, Some(1));
    let longest = said.answer.lines().map(|line| line.chars().count()).max();
    let quoted = said
        .answer
        .lines()
        .filter(|line| line.contains("DROP TABLE t;") && line.contains("1 | …"));
    assert!(quoted.count() > 0, "{:.2000}", said.answer);
    assert!(longest < Some(5_000), "{longest:?}");
}
