//! The documentation is held against the tool.
//!
//! What the pages show of the tool is printed by the tool: `BGMIGRATE_UPDATE_DOCS=1 cargo test --test docs` writes it
//! into them. Without that variable, a page that says something else fails.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod pages;
mod sandbox;
mod transcripts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bgmigrate::config::Config;
use bgmigrate::folder::Layout;
use bgmigrate::lint::rules;
use bgmigrate::sql::directive::Mistake;

use pages::{Page, Pages};
use sandbox::Sandbox;

const RENEW: &str = "BGMIGRATE_UPDATE_DOCS=1 cargo test --test docs";

/// Holds what a page says against what it should say, or writes it.
fn settle(page: &Page, expected: &str, stale: &mut Vec<String>) {
    if page.text == expected {
        return;
    }
    if std::env::var_os("BGMIGRATE_UPDATE_DOCS").is_some() {
        page.write(expected);
        return;
    }
    let differs = |(said, meant): &(&str, &str)| said != meant;
    let lines = page
        .text
        .lines()
        .chain([""])
        .zip(expected.lines().chain([""]));
    let (at, (said, meant)) = lines
        .enumerate()
        .find(|(_, pair)| differs(pair))
        .unwrap_or_default();
    let place = format!("{}:{}", page.path, at + 1);
    stale.push(format!(
        "{place}\n  the page says: {said}\n  the tool says: {meant}"
    ));
}

fn assert_fresh(stale: &[String]) {
    assert!(
        stale.is_empty(),
        "\n{}\nto renew: {RENEW}\n",
        stale.join("\n")
    );
}

#[test]
fn every_transcript_shows_what_the_tool_prints() {
    let mut stale = Vec::new();
    for page in Pages::read().all() {
        if transcripts::has_any(&page.text) {
            let sandbox = Sandbox::new();
            let expected = transcripts::renewed(&page.text, |command| sandbox.run(command).text);
            settle(page, &expected, &mut stale);
        }
    }
    assert_fresh(&stale);
}

#[test]
fn every_rule_has_its_page_and_no_page_is_without_its_rule() {
    let mut expected: BTreeMap<String, String> = rules()
        .iter()
        .map(|rule| (format!("docs/rules/{}.md", rule.id), rule.document()))
        .collect();
    expected.insert("docs/rules/README.md".to_owned(), index_of_rules());
    let pages = Pages::read();
    let mut stale = Vec::new();
    for (path, text) in &expected {
        let missing = Page::missing(path);
        settle(pages.at(path).unwrap_or(&missing), text, &mut stale);
    }
    for page in pages
        .all()
        .filter(|page| page.path.starts_with("docs/rules/"))
    {
        if !expected.contains_key(&page.path) {
            if std::env::var_os("BGMIGRATE_UPDATE_DOCS").is_some() {
                page.delete();
            } else {
                stale.push(format!("{}: there is no such rule", page.path));
            }
        }
    }
    assert_fresh(&stale);
}

fn index_of_rules() -> String {
    let mut index = String::from(
        "# Rules\n\n\
         What `bgmigrate lint` finds. Each page says what happens, to whom, and what to do instead; \
         `bgmigrate explain RULE` prints it.\nSeverities are set in [`bgmigrate.toml`](../configuration.md#lintrules), \
         and a finding is silenced in its place by [`allow`](../directives.md#allow).\n\n\
         | rule | severity | engines | finds |\n| --- | --- | --- | --- |\n",
    );
    for rule in rules() {
        let engines: Vec<_> = rule.dialects.iter().map(ToString::to_string).collect();
        let (id, severity, engines) = (rule.id, rule.severity, engines.join(", "));
        let summary = rule.summary().replace('|', "\\|");
        index.push_str(&format!(
            "| [`{id}`]({id}.md) | {severity} | {engines} | {summary} |\n"
        ));
    }
    index
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_reached_from_the_readme() {
    let pages = Pages::read();
    let mut broken = Vec::new();
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut next = vec!["README.md".to_owned()];
    while let Some(path) = next.pop() {
        let Some(page) = pages.at(&path) else {
            continue;
        };
        for link in page.links() {
            match pages.follow(page, &link) {
                Ok(target) => {
                    if reached.insert(target.clone()) {
                        next.push(target);
                    }
                }
                Err(problem) => broken.push(format!("{path}: {link}: {problem}")),
            }
        }
    }
    broken.extend(
        pages
            .all()
            .filter(|page| !reached.contains(&page.path))
            .map(|page| format!("{}: no page links to it", page.path)),
    );
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_exit_status_is_the_one_in_the_table() {
    let pages = Pages::read();
    let page = pages.at("docs/exit-status.md").unwrap();
    let rows: Vec<_> = page
        .rows()
        .filter(|cells| cells[0].starts_with('`'))
        .collect();
    let mut shown = BTreeSet::new();
    for cells in &rows {
        let (command, status) = (cells[0].trim_matches('`'), &cells[1]);
        let ran = Sandbox::new().run(command);
        assert_eq!(ran.status.to_string(), *status, "{command}\n{}", ran.text);
        shown.insert(ran.status);
    }
    assert_eq!(
        shown,
        BTreeSet::from([0, 1, 2, 3, 4, 5]),
        "each status in use has its example"
    );
}

#[test]
fn every_key_of_the_configuration_is_described() {
    let pages = Pages::read();
    let headings = pages.at("docs/configuration.md").unwrap().headings();
    let tables = [
        ("", String::new()),
        ("slots.NAME", "[slots.blue]\n".to_owned()),
        ("hook", "[[hook]]\n".to_owned()),
        ("smoke.http", "[[smoke.http]]\n".to_owned()),
        ("smoke.command", "[[smoke.command]]\n".to_owned()),
        (
            "smoke.http.expect",
            "[[smoke.http]]\npath = \"/\"\n[smoke.http.expect]\n".to_owned(),
        ),
    ];
    let plain = ["router", "smoke", "smoke.tls", "session", "lint"];
    let plain = plain.map(|table| (table, format!("[{table}]\n")));
    for (table, head) in tables.into_iter().chain(plain) {
        let read = Config::read(
            Path::new("x.toml"),
            &format!("{head}no-such-key = 1"),
            |_| None,
        );
        // The error names the keys that there are.
        let message = read.unwrap_err().message;
        let keys: Vec<_> = message.split('`').skip(3).step_by(2).collect();
        assert!(!keys.is_empty(), "{message}");
        for key in keys {
            let full = if table.is_empty() {
                key.to_owned()
            } else {
                format!("{table}.{key}")
            };
            let wanted = format!("`{full}`");
            assert!(
                headings.contains(&wanted),
                "docs/configuration.md has no heading {wanted}"
            );
        }
    }
}

#[test]
fn every_directive_is_described() {
    let pages = Pages::read();
    let headings = pages.at("docs/directives.md").unwrap().headings();
    let message = Mistake::Empty.to_string();
    let (_, keys) = message.rsplit_once("the directives are ").unwrap();
    for key in keys.split(", ") {
        let wanted = format!("`{key}`");
        assert!(
            headings.contains(&wanted),
            "docs/directives.md has no heading {wanted}"
        );
    }
}

#[test]
fn every_layout_is_described_under_its_name() {
    let pages = Pages::read();
    let page = pages.at("docs/layouts.md").unwrap();
    let described: Vec<String> = page
        .rows()
        .filter_map(|cells| {
            cells[0]
                .strip_prefix('`')?
                .strip_suffix('`')
                .map(str::to_owned)
        })
        .collect();
    let known: Vec<_> = Layout::ALL
        .iter()
        .map(|layout| layout.name().to_owned())
        .collect();
    for layout in &known {
        assert!(
            described.contains(layout),
            "docs/layouts.md has no row for `{layout}`"
        );
    }
    for layout in &described {
        assert!(
            known.contains(layout),
            "docs/layouts.md has a row for `{layout}`, which is no layout"
        );
    }
}

#[test]
fn no_page_speaks_of_a_command_that_is_not_there() {
    let help = Sandbox::new().run("bgmigrate --help").text;
    let commands = help
        .split("\nCommands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let commands: BTreeSet<_> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains("lint"), "{help}");
    for page in Pages::read().all() {
        for code in page.code() {
            for after in code.split("bgmigrate ").skip(1) {
                let word = after.split_whitespace().next().unwrap_or_default();
                let is_command = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
                let is_known = commands.contains(word) || NOT_COMMANDS.contains(&word);
                assert!(
                    !is_command || is_known,
                    "{}: there is no `bgmigrate {word}`",
                    page.path
                );
            }
        }
    }
}

/// Words that stand after the tool's name in code without being commands.
const NOT_COMMANDS: [&str; 0] = [];

#[test]
fn the_readme_gives_exactly_two_commands_first() {
    let pages = Pages::read();
    let readme = pages.at("README.md").unwrap();
    let first = readme
        .text
        .split("```sh\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let commands: Vec<_> = first
        .lines()
        .map(|line| line.split('#').next().unwrap().trim())
        .collect();
    assert_eq!(commands, ["cargo run --release -- plan", "scripts/test"]);
}
