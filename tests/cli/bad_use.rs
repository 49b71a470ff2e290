//! What a command line, a configuration or an environment can get wrong: one row a case, with every word of the
//! message. The status is 2, and nothing is answered.

use crate::world::World;

/// The words after `bgmigrate`, and what standard error says.
type Case<'a> = (&'a str, &'a str);

fn check(world: &World, cases: &[Case<'_>]) {
    let mut wrong = Vec::new();
    for (words, message) in cases {
        let said = world.run(words);
        let refused = said.answer.is_empty() && said.status == Some(2);
        if !refused || said.talk != format!("{message}\n") {
            wrong.push(format!("bgmigrate {words}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_configuration_that_says_something_wrong_is_named_with_line_and_column() {
    let cases = [
        (
            "dialect = \"sqlite\"\n\n[lint]\nruls = 1\n",
            "bgmigrate.toml:4:1: unknown field `ruls`, expected `lock_timeout_limit` or `rules`; did you mean `rules`?",
        ),
        (
            "dialekt = \"sqlite\"\n",
            "bgmigrate.toml:1:1: unknown field `dialekt`, expected one of `dir`, `layout`, `dialect`, `flavour`, `server_version`, `released`, `database_url`, `service`, `runner`, `external`, `namespace`, `slots`, `rollback_window`, `router`, `smoke`, `backfill`, `hook`, `session`, `lint`; did you mean `dialect`?",
        ),
        (
            "dialect = \"sqlit\"\n",
            "bgmigrate.toml:1:11: unknown variant `sqlit`, expected one of `postgres`, `mysql`, `sqlite`; did you mean `sqlite`?",
        ),
        (
            "dialect = sqlite\n",
            "bgmigrate.toml:1:11: string values must be quoted, expected literal string",
        ),
        (
            "dir = 3\n",
            "bgmigrate.toml:1:7: invalid type: integer `3`, expected a string",
        ),
        (
            "layout = \"gose\"\n",
            "bgmigrate.toml:1:1: `gose` is not a layout (did you mean `goose`?); known are auto, diesel, prisma, drizzle, goose, dbmate, sql-migrate, tern, liquibase, atlas, flyway, refinery, golang-migrate, sqlx, numbered",
        ),
        (
            "server_version = \"new\"\n",
            "bgmigrate.toml:1:1: `new` is not a server version; write it like 15, 8.0.36 or 3.45",
        ),
        (
            "dir = \"${NOWHERE}/migrations\"\n",
            "bgmigrate.toml:1:1: the environment variable `NOWHERE` is not set, and `${NOWHERE}/migrations` names it",
        ),
        (
            "[external]\ntool = \"rails\"\n",
            "bgmigrate.toml:2:8: `rails` is no tool whose history can be read; those are sqlx, flyway, golang-migrate, goose, dbmate, diesel, refinery, prisma",
        ),
        (
            "[session]\nlock_timeout = \"5 parsecs\"\n",
            "bgmigrate.toml:2:1: `5 parsecs` is no duration; write it like 500ms, 5s, 2min, 24h or 7d",
        ),
        (
            "[lint.rules]\ndrop-colum = \"off\"\n",
            "bgmigrate.toml:2:1: there is no rule `drop-colum`; did you mean `drop-column`?",
        ),
        (
            "[lint.rules]\nxyzzy = \"off\"\n",
            "bgmigrate.toml:2:1: there is no rule `xyzzy`; `bgmigrate explain` lists them",
        ),
        (
            "[lint.rules]\ndrop-column = \"loud\"\n",
            "bgmigrate.toml:2:15: unknown variant `loud`, expected one of `off`, `note`, `warning`, `error`",
        ),
        (
            "dialect = \"postgres\"\nflavour = \"mariadb\"\n",
            "bgmigrate.toml: `flavour = \"mariadb\"` goes with `dialect = \"mysql\"`, not with `postgres`; remove it, or set the dialect",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, message) in cases {
        let world = World::with(&[("bgmigrate.toml", text), ("migrations/1_a.sql", "")]);
        let said = world.run("lint");
        let refused = said.answer.is_empty() && said.status == Some(2);
        if !refused || said.talk != format!("error: {message}\n") {
            wrong.push(format!("{text}{said}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let world = World::with(&[("folder/x", "")]);
    world.write("binary.toml", b"dir = \"\xff\"");
    check(
        &world,
        &[
            (
                "lint --config nowhere.toml",
                "error: there is no configuration file `nowhere.toml`; check --config and BGMIGRATE_CONFIG",
            ),
            (
                "lint --config folder",
                "error: reading the configuration: `folder` is not a regular file",
            ),
            (
                "lint --config binary.toml",
                "error: reading the configuration: `binary.toml` is not UTF-8: the byte at offset 7 fits no character; convert it, for example with `iconv -f LATIN1 -t UTF-8`",
            ),
        ],
    );
}

#[test]
fn a_word_that_is_not_known_is_named_and_a_near_one_proposed() {
    check(
        &World::with(&[("migrations/1_a.sql", "")]),
        &[
            (
                "explain drop-colum",
                "error: there is no rule `drop-colum`; did you mean `drop-column`?",
            ),
            (
                "explain xyzzy",
                "error: there is no rule `xyzzy`; `bgmigrate explain` lists them",
            ),
            (
                "explain --format sarif",
                "error: `explain` has no format `sarif`; see `bgmigrate explain --help`",
            ),
            (
                "plan --dialect sqlite --format junit",
                "error: `plan` has no format `junit`; see `bgmigrate plan --help`",
            ),
            (
                "classify --dialect sqlite --format gitlab",
                "error: `classify` has no format `gitlab`; see `bgmigrate classify --help`",
            ),
            (
                "lnt",
                "error: unrecognized subcommand 'lnt'\n\n  tip: some similar subcommands exist: 'init', 'lint'\n\nUsage: bgmigrate [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.",
            ),
            (
                "lint --sinse main",
                "error: unexpected argument '--sinse' found\n\n  tip: a similar argument exists: '--since'\n\nUsage: bgmigrate lint --since <REF> [PATH]...\n\nFor more information, try '--help'.",
            ),
            (
                "lint --format jsn",
                "error: invalid value 'jsn' for '--format <FORMAT>': `jsn` is no format; did you mean `json`?\n\nFor more information, try '--help'.",
            ),
            (
                "lint --dialect oracle",
                "error: invalid value 'oracle' for '--dialect <DIALECT>': `oracle` is no dialect; known are postgres, mysql and sqlite\n\nFor more information, try '--help'.",
            ),
            (
                "lint --layout gose",
                "error: invalid value 'gose' for '--layout <LAYOUT>': `gose` is not a layout (did you mean `goose`?); known are auto, diesel, prisma, drizzle, goose, dbmate, sql-migrate, tern, liquibase, atlas, flyway, refinery, golang-migrate, sqlx, numbered\n\nFor more information, try '--help'.",
            ),
            (
                "lint --fail-on everything",
                "error: invalid value 'everything' for '--fail-on <SEVERITY>'\n  [possible values: error, warning, note, never]\n\n  tip: a similar value exists: 'never'\n\nFor more information, try '--help'.",
            ),
            (
                "lint --quiet --verbose",
                "error: the argument '--quiet' cannot be used with '--verbose'\n\nUsage: bgmigrate lint --quiet [PATH]...\n\nFor more information, try '--help'.",
            ),
        ],
    );
}

#[test]
fn an_environment_variable_is_checked_as_its_flag_is() {
    let output = World::empty()
        .tool("lint")
        .env("BGMIGRATE_FORMAT", "jsn")
        .output()
        .expect("the tool starts");
    let talk = String::from_utf8(output.stderr).expect("the tool says UTF-8");
    assert!(
        talk.starts_with("error: invalid value 'jsn' for '--format <FORMAT>': `jsn` is no format; did you mean `json`?"),
        "{talk}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_git_ref_needs_a_repository_that_knows_it() {
    let world = World::with(&[("migrations/1_a.sql", "SELECT 1;\n")]);
    check(
        &world,
        &[(
            "lint --dialect postgres --since main",
            "error: `migrations` is not in a git repository; run inside one, or leave out the option that compares with a ref",
        )],
    );
    world.git("init --quiet --initial-branch main");
    check(
        &world,
        &[(
            "plan --dialect postgres --base main",
            "error: git knows no commit `main`; check the name, and fetch it first when it is a remote branch",
        )],
    );
    world.git("add .");
    world.git("commit --quiet --message base");
    check(
        &world,
        &[
            (
                "plan --dialect postgres --base mian",
                "error: git knows no commit `mian`; check the name, and fetch it first when it is a remote branch",
            ),
            (
                "lint --dialect postgres --since mian",
                "error: git knows no commit `mian`; check the name, and fetch it first when it is a remote branch",
            ),
        ],
    );
}
