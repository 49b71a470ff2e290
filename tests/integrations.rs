//! The pre-commit hook, the GitHub Action and the snippets of `docs/ci.md`: read as YAML, and their shell is run.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "docs/sandbox.rs"]
mod sandbox;

use sandbox::{Ran, Sandbox};
use serde_json::Value;

const BAD: &str = "ALTER TABLE users ADD COLUMN nick TEXT;\nALTER TABLE users DROP COLUMN email;\n";

fn text_of(path: &str) -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The fenced YAML blocks of a page, each with its title.
fn snippets(page: &str) -> Vec<(String, Value)> {
    let text = text_of(page);
    let blocks = text.split("\n```yaml").skip(1);
    let snippets = blocks.map(|block| {
        let (title, rest) = block.split_once('\n').unwrap();
        let title = title.trim().trim_start_matches("title=").trim_matches('"');
        (title.to_owned(), yaml(rest.split("\n```").next().unwrap()))
    });
    snippets.collect()
}

fn snippet(title: &str) -> Value {
    let all = snippets("docs/ci.md");
    all.into_iter()
        .find(|(of, _)| of == title)
        .unwrap_or_else(|| panic!("docs/ci.md has no {title}"))
        .1
}

fn str_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text under `{key}` in {value}"))
}

/// A word as the shell takes it literally.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The sample on its branch; with `extra`, one more migration that is not committed yet.
fn sample(extra: Option<&str>) -> Sandbox {
    let sandbox = Sandbox::new();
    if let Some(sql) = extra {
        let file = "migrations/0005_nick.up.sql";
        assert_eq!(
            sandbox
                .run(&format!("printf %s {} > {file}", quoted(sql)))
                .status,
            0
        );
    }
    sandbox
}

/// Puts a `cargo` first on the path that installs the binary under test, and writes down what it was asked for.
fn with_stub_cargo(sandbox: &Sandbox) {
    let stub = "#!/bin/sh\n\
                echo \"$*\" >> \"$STUBS/asked\"\n\
                while [ $# -gt 0 ]; do [ \"$1\" = --root ] && root=$2; shift; done\n\
                [ -z \"$root\" ] || { mkdir -p \"$root/bin\" && cp \"$(command -v bgmigrate)\" \"$root/bin\"; }\n";
    let made = sandbox.run(&format!(
        "mkdir .stubs && printf %s {} > .stubs/cargo && chmod +x .stubs/cargo",
        quoted(stub)
    ));
    assert_eq!(made.status, 0, "{}", made.text);
}

const STUBS: &str = "export STUBS=\"$PWD/.stubs\"; export PATH=\"$STUBS:$PATH\"\n";

#[test]
fn the_hook_judges_migrations_and_passes_over_ways_down() {
    let hooks = yaml(&text_of(".pre-commit-hooks.yaml"));
    let hook = &hooks[0];
    assert_eq!(str_of(hook, "language"), "rust");
    let staged = |sandbox: &Sandbox| {
        // As pre-commit does: the files less those excluded, as arguments of the entry.
        let select = format!(
            "git ls-files -co '*.sql' | grep '^migrations/' | grep -vE {}",
            quoted(str_of(hook, "exclude"))
        );
        sandbox.run(&format!("{select} | xargs {}", str_of(hook, "entry")))
    };
    let good = staged(&sample(None));
    assert_eq!(good.status, 0, "{}", good.text);
    assert!(good.text.contains("4 files"), "{}", good.text);
    let bad = staged(&sample(Some(BAD)));
    assert_ne!(bad.status, 0, "{}", bad.text);
    assert!(bad.text.contains("error[multi-phase-file]"), "{}", bad.text);
}

#[test]
fn documented_hooks_are_there() {
    let hooks = yaml(&text_of(".pre-commit-hooks.yaml"));
    let known: Vec<_> = hooks
        .as_array()
        .unwrap()
        .iter()
        .map(|hook| str_of(hook, "id"))
        .collect();
    let pages = ["docs/ci.md", "docs/getting-started.md"];
    let configured: Vec<_> = pages
        .iter()
        .flat_map(|page| snippets(page))
        .filter(|(_, snippet)| snippet.get("repos").is_some())
        .collect();
    assert_eq!(configured.len(), pages.len());
    for (_, snippet) in configured {
        for hook in snippet["repos"][0]["hooks"].as_array().unwrap() {
            assert!(known.contains(&str_of(hook, "id")), "{hook}");
        }
    }
}

/// Runs the action's steps as a runner would, up to the first that fails; how each ended.
fn run_action(sandbox: &Sandbox, base: &str, fail_on: &str) -> Vec<(String, Ran)> {
    with_stub_cargo(sandbox);
    assert_eq!(
        sandbox
            .run("mkdir -p .runner .action/src; touch .action/Cargo.lock .runner/path .runner/summary .runner/output")
            .status,
        0
    );
    let expressions = [
        (
            "inputs.base || (github.base_ref && format('origin/{0}', github.base_ref))",
            base,
        ),
        ("inputs.working-directory", "."),
        ("inputs.fail-on", fail_on),
        ("runner.temp", "$PWD/.runner"),
        ("github.action_path", "$PWD/.action"),
    ];
    let action = yaml(&text_of("action.yml"));
    let steps = action["runs"]["steps"].as_array().unwrap();
    let mut ends = Vec::new();
    for step in steps.iter().filter(|step| step.get("run").is_some()) {
        assert_eq!(str_of(step, "shell"), "bash");
        let mut script = STUBS.to_owned();
        script.push_str("for folder in $(cat .runner/path); do PATH=\"$folder:$PATH\"; done\n");
        for file in ["path", "summary", "output"] {
            let name = if file == "summary" {
                "STEP_SUMMARY".to_owned()
            } else {
                file.to_uppercase()
            };
            script.push_str(&format!("export GITHUB_{name}=\"$PWD/.runner/{file}\"\n"));
        }
        for (name, value) in step["env"].as_object().unwrap() {
            let value = evaluated(value.as_str().unwrap(), &expressions);
            script.push_str(&format!("export {name}=\"{value}\"\n"));
        }
        let run = quoted(str_of(step, "run"));
        script.push_str(&format!(
            "printf %s {run} > .runner/step && bash --noprofile --norc -eo pipefail .runner/step"
        ));
        let ran = sandbox.run(&script);
        let failed = ran.status != 0;
        ends.push((str_of(step, "name").to_owned(), ran));
        if failed {
            break;
        }
    }
    ends
}

/// A text with its `${{ … }}` replaced.
fn evaluated(text: &str, expressions: &[(&str, &str)]) -> String {
    let mut parts = text.split("${{");
    let mut evaluated = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").unwrap();
        let known = expressions
            .iter()
            .find(|(name, _)| *name == expression.trim());
        evaluated.push_str(
            known
                .unwrap_or_else(|| panic!("the test knows no `{expression}`"))
                .1,
        );
        evaluated.push_str(rest);
    }
    evaluated
}

fn ends_of(ends: &[(String, Ran)]) -> Vec<(&str, i32)> {
    ends.iter()
        .map(|(name, ran)| (name.as_str(), ran.status))
        .collect()
}

#[test]
fn the_action_installs_plans_into_the_summary_and_annotates() {
    let sandbox = sample(None);
    let ends = run_action(&sandbox, "main", "error");
    assert_eq!(
        ends_of(&ends),
        [
            ("Name the build", 0),
            ("Install", 0),
            ("Plan", 0),
            ("Lint", 0)
        ],
        "{}",
        ends.last().unwrap().1.text
    );
    let asked = sandbox.run("cat .stubs/asked").text;
    assert!(asked.starts_with("install --locked"), "{asked}");
    let summary = sandbox.run("cat .runner/summary").text;
    assert!(
        summary.contains("Plan for 1 migration since main"),
        "{summary}"
    );
    let same = sandbox.run("cmp \"$(sed -n s/^plan=//p .runner/output)\" .runner/summary");
    assert_eq!(same.status, 0, "{}", same.text);
    let annotations = &ends[3].1.text;
    assert!(
        annotations.contains("::warning file=migrations/0004_drop_username.up.sql,"),
        "{annotations}"
    );
}

#[test]
fn the_action_shows_the_plan_of_a_mixed_file_and_then_fails() {
    let sandbox = sample(Some(BAD));
    let ends = run_action(&sandbox, "main", "error");
    assert_eq!(
        ends_of(&ends),
        [
            ("Name the build", 0),
            ("Install", 0),
            ("Plan", 0),
            ("Lint", 1)
        ],
        "{}",
        ends.last().unwrap().1.text
    );
    assert!(
        ends[3]
            .1
            .text
            .contains("::error file=migrations/0005_nick.up.sql,"),
        "{}",
        ends[3].1.text
    );
    assert!(
        sandbox
            .run("cat .runner/summary")
            .text
            .contains("**mixed**")
    );
}

#[test]
fn the_action_takes_the_whole_folder_without_a_base_and_fails_as_asked() {
    let ends = run_action(&sample(None), "", "warning");
    assert_eq!(
        ends_of(&ends),
        [
            ("Name the build", 0),
            ("Install", 0),
            ("Plan", 0),
            ("Lint", 1)
        ]
    );
}

#[test]
fn the_action_fails_where_the_plan_cannot_be_made() {
    let ends = run_action(&sample(None), "no-such-ref", "error");
    assert_eq!(
        ends_of(&ends),
        [("Name the build", 0), ("Install", 0), ("Plan", 2)]
    );
}

#[test]
fn the_documented_workflow_uses_the_action_as_it_is() {
    let action = yaml(&text_of("action.yml"));
    let workflow = snippet(".github/workflows/migrations.yml");
    let steps = workflow["jobs"]["review"]["steps"].as_array().unwrap();
    let ours = steps
        .iter()
        .find(|step| str_of(step, "uses").starts_with("OWNER/bgmigrate@"))
        .unwrap();
    for (input, _) in ours
        .get("with")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        assert!(action["inputs"].get(input).is_some(), "{input}");
    }
    let page = text_of("docs/ci.md");
    let output = format!("steps.{}.outputs.plan", str_of(ours, "id"));
    assert!(page.contains(&output), "{output}");
    assert!(action["outputs"].get("plan").is_some());
}

/// Runs the GitLab job's script as a runner would: line after line, until one fails.
fn run_gitlab(sandbox: &Sandbox) -> Ran {
    with_stub_cargo(sandbox);
    let job = &snippet(".gitlab-ci.yml")["migrations"];
    let mut script = format!("{STUBS}export CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main\nset -e\n");
    script.push_str("git update-ref refs/remotes/origin/main main\n");
    for part in ["before_script", "script"] {
        for line in job[part].as_array().unwrap() {
            script.push_str(line.as_str().unwrap());
            script.push('\n');
        }
    }
    sandbox.run(&script)
}

#[test]
fn the_gitlab_job_leaves_its_reports_whether_it_fails_or_not() {
    for (extra, status) in [(None, 0), (Some(BAD), 1)] {
        let sandbox = sample(extra);
        let ran = run_gitlab(&sandbox);
        assert_eq!(ran.status, status, "{}", ran.text);
        let artifacts = &snippet(".gitlab-ci.yml")["migrations"]["artifacts"];
        assert_eq!(str_of(artifacts, "when"), "always");
        let read = |file: &str| sandbox.run(&format!("cat {file}")).text;
        let issues: Value =
            serde_json::from_str(&read(str_of(&artifacts["reports"], "codequality"))).unwrap();
        assert!(!issues.as_array().unwrap().is_empty());
        assert!(issues[0].get("fingerprint").is_some(), "{issues}");
        assert!(read(str_of(&artifacts["reports"], "junit")).contains("<testsuites"));
        assert!(read(artifacts["paths"][0].as_str().unwrap()).starts_with("### Plan for"));
    }
}

#[test]
fn every_other_snippet_is_yaml_too() {
    assert!(snippets("docs/ci.md").len() >= 5);
}
