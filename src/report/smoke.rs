//! How a smoke test went.

use serde_json::json;

use super::github::{data, property};
use super::junit::escape;
use super::{Format, Paint, count, json as as_json, line};
use crate::smoke::{Outcome, Tested};

/// How a smoke test went; `None` where the format does not suit it.
pub fn smoke(tested: &Tested, format: Format, paint: Paint) -> Option<String> {
    match format {
        Format::Human => Some(human(tested, paint)),
        Format::Json => Some(as_json::pretty(&value(tested))),
        Format::Markdown => Some(markdown(tested)),
        Format::Github => Some(github(tested)),
        Format::Junit => Some(junit(tested)),
        Format::Gitlab | Format::Sarif => None,
    }
}

fn human(tested: &Tested, paint: Paint) -> String {
    let mut out = String::new();
    for one in &tested.outcomes {
        let word = if one.passed() {
            paint.green("passed")
        } else {
            paint.red("failed")
        };
        line!(out, "{word} {} ({})", paint.bold(&one.name), effort(one));
        for mismatch in &one.mismatches {
            line!(out, "  {} {}", paint.yellow("expected"), mismatch.expected);
            line!(out, "  {} {}", paint.yellow("got"), mismatch.got);
        }
    }
    line!(out, "{}", summary(tested));
    out
}

fn effort(one: &Outcome) -> String {
    match one.attempts {
        1 => format!("{} ms", one.took_ms),
        attempts => format!("{} ms, attempt {attempts}", one.took_ms),
    }
}

fn summary(tested: &Tested) -> String {
    let all = tested.outcomes.len();
    let how = match tested.failed().count() {
        0 => format!("{} passed", count(all, "check")),
        failed => format!("{failed} of {} failed", count(all, "check")),
    };
    format!("{} in {}: {how}", tested.version, tested.slot)
}

fn value(tested: &Tested) -> serde_json::Value {
    let checks: Vec<_> = tested
        .outcomes
        .iter()
        .map(|one| {
            json!({
                "name": one.name,
                "kind": one.kind,
                "passed": one.passed(),
                "attempts": one.attempts,
                "took_ms": one.took_ms,
                "mismatches": one.mismatches,
            })
        })
        .collect();
    json!({
        "service": tested.slot.service,
        "slot": tested.slot.slot,
        "release": tested.version,
        "passed": tested.passed(),
        "insecure": tested.insecure,
        "checks": checks,
    })
}

fn markdown(tested: &Tested) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut out = String::new();
    line!(out, "{}", cell(&summary(tested)));
    line!(out);
    line!(out, "| check | result | expected | got |");
    line!(out, "| --- | --- | --- | --- |");
    for one in &tested.outcomes {
        let name = cell(&one.name);
        if one.passed() {
            line!(out, "| {name} | passed, {} | | |", effort(one));
        }
        for mismatch in &one.mismatches {
            let (expected, got) = (cell(&mismatch.expected), cell(&mismatch.got));
            line!(out, "| {name} | **failed** | {expected} | {got} |");
        }
    }
    out
}

fn github(tested: &Tested) -> String {
    let mut out = String::new();
    for one in tested.failed() {
        for mismatch in &one.mismatches {
            out.push_str("::error title=");
            property(
                &mut out,
                &format!("smoke test of {}: {}", tested.slot, one.name),
            );
            out.push_str("::");
            data(
                &mut out,
                &format!("expected {}, got {}", mismatch.expected, mismatch.got),
            );
            out.push('\n');
        }
    }
    if tested.passed() {
        out.push_str("::notice title=");
        property(&mut out, &format!("smoke test of {}", tested.slot));
        out.push_str("::");
        data(&mut out, &summary(tested));
        out.push('\n');
    }
    out
}

fn junit(tested: &Tested) -> String {
    let mut out = String::new();
    line!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\"",
        tested.outcomes.len(),
        tested.failed().count()
    );
    line!(out, "<testsuites name=\"bgmigrate smoke\" {counts}>");
    let suite = escape(&format!("smoke test of {}", tested.slot));
    line!(out, "  <testsuite name=\"{suite}\" {counts}>");
    for one in &tested.outcomes {
        let (name, kind) = (escape(&one.name), one.kind.name());
        let (whole_s, rest_ms) = (one.took_ms / 1_000, one.took_ms % 1_000);
        let head = format!(
            "<testcase classname=\"bgmigrate.smoke.{kind}\" name=\"{name}\" time=\"{whole_s}.{rest_ms:03}\""
        );
        let Some(first) = one.mismatches.first() else {
            line!(out, "    {head}/>");
            continue;
        };
        line!(out, "    {head}>");
        let message = escape(&format!("expected {}", first.expected));
        line!(out, "      <failure type=\"smoke\" message=\"{message}\">");
        for mismatch in &one.mismatches {
            line!(out, "expected {}", escape(&mismatch.expected));
            line!(out, "got {}", escape(&mismatch.got));
        }
        line!(out, "      </failure>");
        line!(out, "    </testcase>");
    }
    line!(out, "  </testsuite>");
    line!(out, "</testsuites>");
    out
}
