//! What lint writes for other tools is what their schemas allow (`fixtures/schemas/`).

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::world::{World, run_in_repository};

/// Reports about nothing, about the sample, and about names and texts that need escaping.
fn reports(format: &str) -> Vec<String> {
    let clean = World::with(&[("1_a.sql", "SELECT 1;\n")]);
    let odd = World::with(&[
        (
            "bgmigrate.toml",
            "dialect = \"postgres\"\n[lint.rules]\nnaming-and-shape = \"note\"\n",
        ),
        (
            "migrations/1 <&> ü.sql",
            "DROP TABLE \"<&>'\u{7}\"; DROP TABLE \"<&>'\u{7}\";\nUPDATE a SET b = ']]>' || \"c\";\n",
        ),
        (
            "migrations/2_b.sql",
            "ALTER TABLE a\n  DROP COLUMN b,\n  DROP COLUMN c;\nSELECT 'open\n",
        ),
        ("migrations/3_c.sql", "SELECT 1;\n"),
        ("migrations/4_d.sql", ""),
    ]);
    let words = format!("lint --format {format}");
    let reports = [
        clean.run(&format!("{words} --dialect postgres .")),
        odd.run(&words),
        run_in_repository(&words),
    ];
    assert_eq!(reports[0].status, Some(0), "{}", reports[0]);
    assert_eq!(reports[1].status, Some(1), "{}", reports[1]);
    reports.map(|said| said.answer).to_vec()
}

fn schema(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/schemas")
        .join(file)
}

/// The reports as JSON, each of which the schema allows.
fn valid_json(format: &str, file: &str) -> Vec<Value> {
    let mut schemas = Schemas::new();
    let path = schema(file);
    let path = path.to_str().expect("the repository has a UTF-8 path");
    let index = Compiler::new()
        .compile(path, &mut schemas)
        .expect("the schema is one");
    reports(format)
        .iter()
        .map(|report| {
            let value = serde_json::from_str(report).expect("the report is JSON");
            if let Err(error) = schemas.validate(&value, index) {
                panic!("{error:#}\n{report}");
            }
            value
        })
        .collect()
}

#[test]
fn sarif_is_what_oasis_allows() {
    for report in valid_json("sarif", "sarif-2.1.0.json") {
        // The schema does not say that an index points at the rule that is named.
        let run = &report["runs"][0];
        for result in run["results"].as_array().expect("results is a list") {
            let at = result["ruleIndex"]
                .as_u64()
                .expect("every rule is described");
            let described =
                &run["tool"]["driver"]["rules"][usize::try_from(at).expect("an index fits")];
            assert_eq!(described["id"], result["ruleId"]);
        }
    }
}

#[test]
fn a_schema_refuses_what_it_does_not_allow() {
    let mut schemas = Schemas::new();
    for (file, wrong) in [
        (
            "sarif-2.1.0.json",
            serde_json::json!({ "version": "2.1.0", "runs": [{}] }),
        ),
        (
            "gitlab-code-quality.json",
            serde_json::json!([{ "description": "x" }]),
        ),
    ] {
        let path = schema(file);
        let path = path.to_str().expect("the repository has a UTF-8 path");
        let index = Compiler::new()
            .compile(path, &mut schemas)
            .expect("the schema is one");
        assert!(schemas.validate(&wrong, index).is_err(), "{file}");
    }
    assert!(!xmllint("<testsuites><testsuite/></testsuites>").0);
}

#[test]
fn gitlab_code_quality_is_what_gitlab_reads_and_no_fingerprint_comes_twice() {
    for report in valid_json("gitlab", "gitlab-code-quality.json") {
        let issues = report.as_array().expect("the report is a list");
        let fingerprints: HashSet<_> = issues.iter().map(|issue| &issue["fingerprint"]).collect();
        assert_eq!(fingerprints.len(), issues.len(), "{report:#}");
    }
}

#[test]
fn a_fingerprint_stays_when_a_finding_moves() {
    let world = World::with(&[("1_a.sql", "DROP TABLE a;\n")]);
    let issue = |world: &World| {
        let said = world.run("lint --dialect postgres --format gitlab 1_a.sql");
        said.json()[0].clone()
    };
    let before = issue(&world);
    world.write("1_a.sql", "SELECT 1;\n\nDROP TABLE a;\n");
    let after = issue(&world);
    assert_eq!(before["fingerprint"], after["fingerprint"]);
    assert_ne!(before["location"], after["location"]);
}

#[test]
fn junit_is_what_jenkins_reads() {
    for report in reports("junit") {
        let (valid, said) = xmllint(&report);
        assert!(valid, "{said}\n{report}");
    }
}

/// Whether the schema allows a JUnit report, and what `xmllint` says of it.
fn xmllint(report: &str) -> (bool, String) {
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema("junit-10.xsd"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is installed (Debian: libxml2-utils; `scripts/test` installs it)");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    stdin
        .write_all(report.as_bytes())
        .expect("xmllint reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("xmllint ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}
