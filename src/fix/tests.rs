//! Whole folders before and after: by hand, in the words of several tools.

use std::collections::HashMap;

use super::*;
use crate::folder::{Content, Entry, Layout, read};
use crate::lint::Surroundings;
use crate::model::Engine;
use crate::review::RuleSettings;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text, total int);\n";

/// A folder, how it is read and what is known of it.
struct Given {
    layout: Layout,
    history: History,
    files: Vec<(&'static str, String)>,
}

impl Given {
    fn of(layout: Layout, files: &[(&'static str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| (*path, (*text).to_owned()));
        Self {
            layout,
            history: History::Unknown,
            files: files.collect(),
        }
    }

    fn mended(&self) -> Mended {
        let entry =
            |(path, text): &(&str, String)| Entry::of_text((*path).to_owned(), text.clone());
        let tree = Tree::new(self.files.iter().map(entry).collect());
        let settings = settings();
        let folder = read(&tree, Some(self.layout), Dialect::Postgres).unwrap();
        let mut standing = vec![Standing::Alone; folder.migrations.len()];
        if let History::ReleasedBefore(index) = self.history {
            standing[..index].fill(Standing::Released);
        }
        fix(Subject {
            tree,
            folder,
            settings: &settings,
            standing,
            history: self.history.clone(),
        })
        .unwrap()
    }
}

/// Without the rules that speak of timeouts, which would put a line into every file here.
fn settings() -> Settings {
    let off = ["lock-timeout-missing", "statement-timeout-missing"];
    let off = off.map(|id| (id.to_owned(), crate::model::Severity::Off));
    Settings {
        engine: Engine::default_for(Dialect::Postgres),
        surroundings: Surroundings::default(),
        rules: RuleSettings::new(Dialect::Postgres, &HashMap::from(off)),
    }
}

fn text_of<'m>(mended: &'m Mended, path: &str) -> &'m str {
    let entry = mended.tree.entries.iter().find(|entry| entry.path == path);
    match entry.map(|entry| &entry.content) {
        Some(Content::Text(text)) => text,
        other => panic!("{path}: {other:?}"),
    }
}

fn reasons(mended: &Mended) -> Vec<&str> {
    let reasons = mended.unfixed.iter().map(|one| one.reason.as_str());
    reasons.collect()
}

#[test]
fn comments_directives_and_windows_line_ends_survive() {
    let text = "-- Why all this.\r\n\r\n\
        -- bgmigrate: allow=new-write-restriction reason=\"no release writes less\"\r\n\
        ALTER TABLE users ADD CONSTRAINT users_total CHECK (total >= 0); -- never negative\r\n";
    let given = Given::of(
        Layout::Sqlx,
        &[("1_users.sql", USERS), ("2_total.sql", text)],
    );
    let mended = given.mended();
    assert_eq!(
        text_of(&mended, "2_total.sql"),
        text.replace("(total >= 0);", "(total >= 0) NOT VALID;")
    );
    assert_eq!(
        text_of(&mended, "3_validate_users_total.sql"),
        "ALTER TABLE users VALIDATE CONSTRAINT users_total;\r\n"
    );
    assert_eq!(mended.fixed[0].added, ["3_validate_users_total.sql"]);
    assert_eq!(reasons(&mended), [""; 0]);
}

#[test]
fn a_lone_statement_leaves_the_transaction_by_the_tools_own_mark() {
    let index = "CREATE INDEX users_email ON users (email);\n";
    let built = "CREATE INDEX CONCURRENTLY users_email ON users (email);\n";
    let goose = |sql: &str| format!("-- +goose Up\n{sql}-- +goose Down\nDROP INDEX users_email;\n");
    let dbmate = |option: &str, sql: &str| format!("-- migrate:up{option}\n{sql}");
    let cases = [
        (
            Layout::Sqlx,
            USERS.to_owned(),
            index.to_owned(),
            format!("-- no-transaction\n{built}"),
        ),
        (
            Layout::Goose,
            goose(USERS),
            goose(index),
            format!("-- +goose NO TRANSACTION\n{}", goose(built)),
        ),
        (
            Layout::Dbmate,
            dbmate("", USERS),
            dbmate("", index),
            dbmate(" transaction:false", built),
        ),
    ];
    for (layout, users, before, after) in cases {
        let given = Given::of(layout, &[("1_users.sql", &users), ("2_index.sql", &before)]);
        let mended = given.mended();
        assert_eq!(text_of(&mended, "2_index.sql"), after, "{layout}");
        assert_eq!(mended.tree.entries.len(), 2, "{layout}");
    }
}

#[test]
fn a_statement_that_cannot_take_its_file_along_moves_with_its_comments() {
    let text = "ALTER TABLE users ADD COLUMN city text;\n\n\
        -- For the search by mail.\n\
        CREATE INDEX users_email ON users (email);\n";
    let given = Given::of(
        Layout::Sqlx,
        &[("1_users.sql", USERS), ("2_search.sql", text)],
    );
    let mended = given.mended();
    assert_eq!(
        text_of(&mended, "2_search.sql"),
        "ALTER TABLE users ADD COLUMN city text;\n\n"
    );
    assert_eq!(
        text_of(&mended, "3_add_users_email.sql"),
        "-- no-transaction\n-- For the search by mail.\n\
         CREATE INDEX CONCURRENTLY users_email ON users (email);\n"
    );
}

#[test]
fn a_statement_that_a_later_one_relies_on_stays() {
    let text = "CREATE UNIQUE INDEX users_email ON users (email);\n\
        ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email;\n";
    let given = Given::of(
        Layout::Sqlx,
        &[("1_users.sql", USERS), ("2_search.sql", text)],
    );
    let mended = given.mended();
    assert_eq!(text_of(&mended, "2_search.sql"), text);
    assert!(mended.fixed.is_empty());
}

#[test]
fn two_fixes_of_one_file_add_their_migrations_one_after_the_other() {
    let text = "ALTER TABLE users ADD CONSTRAINT a CHECK (total >= 0);\n\
        ALTER TABLE users ADD CONSTRAINT b CHECK (total <= 9);\n";
    let given = Given::of(
        Layout::Numbered,
        &[("01-users.sql", USERS), ("02-checks.sql", text)],
    );
    let mended = given.mended();
    assert_eq!(
        text_of(&mended, "02-checks.sql")
            .matches("NOT VALID")
            .count(),
        2
    );
    let names: Vec<_> = mended.fixed.iter().flat_map(|one| &one.added).collect();
    assert_eq!(names, ["03-validate-a.sql", "04-validate-b.sql"]);
}

#[test]
fn what_may_have_been_applied_is_neither_edited_nor_overtaken() {
    let check = "ALTER TABLE users ADD CONSTRAINT users_total CHECK (total >= 0);\n";
    let files = [
        ("20240101000000_users.sql", USERS),
        ("20240102000000_total.sql", check),
        (
            "20240103000000_later.sql",
            "ALTER TABLE users ADD COLUMN city text;\n",
        ),
    ];
    let cases = [
        (History::Unknown, 0, "may have been applied already"),
        (History::ReleasedBefore(1), 1, ""),
        (History::ReleasedBefore(2), 0, ""),
    ];
    for (history, fixed, reason) in cases {
        let mut given = Given::of(Layout::Sqlx, &files);
        given.history = history.clone();
        let mended = given.mended();
        assert_eq!(mended.fixed.len(), fixed, "{history:?}");
        if fixed == 1 {
            text_of(&mended, "20240102000001_validate_users_total.sql");
        } else {
            assert_eq!(text_of(&mended, "20240102000000_total.sql"), check);
        }
        assert!(reasons(&mended).concat().contains(reason), "{history:?}");
    }
}

#[test]
fn a_file_for_several_engines_gets_none_of_one_engines_words() {
    let given = Given::of(
        Layout::Numbered,
        &[
            ("1_users.sql", USERS),
            (
                "2_index.sql",
                "CREATE INDEX users_email ON users (email);\n",
            ),
            ("3_b.postgres.sql", "SELECT 1;"),
            ("3_b.mysql.sql", "SELECT 1;"),
        ],
    );
    let mended = given.mended();
    assert!(mended.fixed.is_empty());
    assert_eq!(
        reasons(&mended),
        ["the file is run on other engines than PostgreSQL too"]
    );
}

#[test]
fn a_tool_without_a_mark_says_so_and_what_could_not_be_fixed_offers_nothing_more() {
    let given = Given::of(
        Layout::Refinery,
        &[
            ("V1__users.sql", USERS),
            (
                "V2__index.sql",
                "CREATE INDEX users_email ON users (email);\n",
            ),
        ],
    );
    let mended = given.mended();
    assert!(reasons(&mended)[0].contains("refinery has no mark"));
    let findings = mended.reviewed.iter().flat_map(|one| &one.findings);
    assert!(findings.clone().count() > 0);
    assert!(findings.into_iter().all(|finding| finding.fix.is_none()));
}

#[test]
fn a_second_run_changes_nothing() {
    let text = "ALTER TABLE users ADD COLUMN city text;\n\
        CREATE INDEX users_email ON users (email);\n\
        ALTER TABLE users ADD CONSTRAINT users_total CHECK (total >= 0);\n\
        ALTER TABLE users ADD CONSTRAINT users_total_key UNIQUE (total);\n";
    let mut given = Given::of(Layout::Sqlx, &[("1_users.sql", USERS), ("2_all.sql", text)]);
    given.history = History::ReleasedBefore(1);
    let first = given.mended();
    assert!(first.fixed.len() >= 3, "{:?}", first.fixed);
    let settings = settings();
    let standing = vec![Standing::Alone; first.folder.migrations.len()];
    let second = fix(Subject {
        tree: first.tree.clone(),
        folder: first.folder.clone(),
        settings: &settings,
        standing,
        history: given.history.clone(),
    })
    .unwrap();
    assert_eq!(second.fixed, []);
    assert_eq!(second.tree, first.tree);
}
