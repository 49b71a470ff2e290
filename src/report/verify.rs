//! What a scratch database has shown, in the forms that people and programs read.

use serde_json::{Value, json};

use super::junit::escape;
use super::{Format, Paint, count, github, line};
use crate::model::{Dialect, Severity};
use crate::proof::{
    Broken, Cell, Complaint, CostAgreement, Costed, OnRows, Proof, ProvenStep, Seen, Standing,
    StepOutcome, Undone, Weight,
};

/// The proof of a folder; `None` for a format that does not suit it.
pub fn verify(proof: &Proof, format: Format, paint: Paint) -> Option<String> {
    Some(match format {
        Format::Human => human(proof, paint),
        Format::Json => format!("{:#}\n", as_json(proof)),
        Format::Markdown => markdown(proof),
        Format::Github => annotations(proof),
        Format::Junit => junit(proof),
        Format::Gitlab | Format::Sarif => return None,
    })
}

fn human(proof: &Proof, paint: Paint) -> String {
    let mut out = String::new();
    for step in &proof.steps {
        for one in step.complaints() {
            let word = match one.severity {
                Severity::Error => paint.red("error"),
                Severity::Warning => paint.yellow("warning"),
                Severity::Note | Severity::Off => paint.blue("note"),
            };
            line!(
                out,
                "{}:{}: {word}: {} [{}]",
                step.file,
                one.line,
                one.message,
                one.kind
            );
            for detail in &one.details {
                line!(out, "    {}", detail.replace('\n', "\n    "));
            }
        }
    }
    for standing in &proof.releases {
        line!(out, "{}", paint.bold(fate(proof, standing)));
        for (what, those) in [
            ("never worked", &standing.never),
            ("not tried", &standing.untried),
        ] {
            for one in those {
                line!(
                    out,
                    "    {}:{}: {what}: {}",
                    one.file,
                    one.line,
                    one.message
                );
            }
        }
    }
    line!(out, "{}", paint.bold(summary(proof)));
    line!(out, "{}", paint.dim(format!("on {}", proof.scratch)));
    out
}

/// How an older release fares over the steps, in one sentence.
fn fate(proof: &Proof, standing: &Standing) -> String {
    let statements = standing.statements;
    let mut text = format!("{}: {}", standing.release, count(statements, "statement"));
    let breaks = proof.steps.iter().find(|step| {
        let mut cells = step.cells.iter();
        cells.any(|cell| cell.release == standing.release && !cell.broken.is_empty())
    });
    match breaks {
        Some(step) => text += &format!(", works until {}", step.migration),
        None if standing.never.len() + standing.untried.len() == statements => {
            text += ", of which none could be tried: nothing is proven of it";
        }
        None => text += ", works after every step",
    }
    if !standing.never.is_empty() {
        text += &format!(
            "; {} never worked, which proves nothing",
            standing.never.len()
        );
    }
    if !standing.untried.is_empty() {
        text += &format!("; {} not tried", standing.untried.len());
    }
    text
}

/// What was proven, in one sentence.
fn summary(proof: &Proof) -> String {
    let mut text = format!("{} ran", count(proof.ran(), "migration"));
    if proof.there_already > 0 {
        text += &format!(
            " on top of the {} that the structure has",
            proof.there_already
        );
    }
    let failed = proof.failed();
    if failed > 0 {
        text += &format!(", {failed} failed");
    }
    let filled = proof.steps.iter().filter_map(ProvenStep::ran);
    let filled = filled
        .filter(|ran| matches!(ran.on_rows, OnRows::Holds { rows } if rows > 0))
        .count();
    let same = proof.costs(CostAgreement::Same);
    let others = [CostAgreement::Heavier, CostAgreement::Lighter];
    let compared = same + others.map(|other| proof.costs(other)).iter().sum::<usize>();
    text += &format!(
        "; {filled} tried on rows, {} undone and found as before",
        proof.undone()
    );
    if compared > 0 {
        text += &format!(
            "; {same} of {} cost what the plan says",
            count(compared, "statement")
        );
    }
    text += &format!(
        "; {}, {}",
        count(proof.count(Severity::Error), "error"),
        count(proof.count(Severity::Warning), "warning"),
    );
    text
}

fn as_json(proof: &Proof) -> Value {
    let steps: Vec<_> = proof.steps.iter().map(step_as_json).collect();
    let releases: Vec<_> = proof.releases.iter().map(standing_as_json).collect();
    json!({
        "scratch": proof.scratch,
        "releases": releases,
        "beginning": cells_as_json(&proof.beginning),
        "steps": steps,
        "summary": {
            "ran": proof.ran(),
            "failed": proof.failed(),
            "there_already": proof.there_already,
            "undone": proof.undone(),
            "costs": {
                "same": proof.costs(CostAgreement::Same),
                "heavier": proof.costs(CostAgreement::Heavier),
                "lighter": proof.costs(CostAgreement::Lighter),
                "unseen": proof.costs(CostAgreement::Unseen),
            },
            "errors": proof.count(Severity::Error),
            "warnings": proof.count(Severity::Warning),
        },
    })
}

fn standing_as_json(standing: &Standing) -> Value {
    json!({
        "release": standing.release,
        "statements": standing.statements,
        "never_worked": broken_as_json(&standing.never),
        "not_tried": broken_as_json(&standing.untried),
    })
}

fn cells_as_json(cells: &[Cell]) -> Value {
    let cells = cells.iter().map(|cell| {
        json!({
            "release": cell.release,
            "works": cell.works,
            "broken": broken_as_json(&cell.broken),
        })
    });
    cells.collect()
}

fn broken_as_json(broken: &[Broken]) -> Value {
    let broken = broken
        .iter()
        .map(|one| json!({ "file": one.file, "line": one.line, "message": one.message }));
    broken.collect()
}

fn step_as_json(step: &ProvenStep) -> Value {
    let mut value = json!({
        "migration": step.migration,
        "file": step.file,
        "phase": step.phase.name(),
        "status": match &step.outcome {
            StepOutcome::Ran(_) => "ran",
            StepOutcome::Failed(_) => "failed",
            StepOutcome::NotRun(_) => "not_run",
        },
        "findings": step.complaints().iter().map(complaint_as_json).collect::<Vec<_>>(),
        "releases": cells_as_json(&step.cells),
    });
    let Some(ran) = step.ran() else { return value };
    let comparison = &ran.comparison;
    value["agreement"] = json!(comparison.agreement.name());
    let costs = ran.costs.iter();
    value["costs"] = costs
        .map(|costed| cost_as_json(costed, step.dialect))
        .collect();
    value["catalog"] = json!({
        "breaking": comparison.facts(Weight::Breaking),
        "loosening": comparison.facts(Weight::Loosening),
        "additive": comparison.facts(Weight::Additive),
        "neutral": comparison.facts(Weight::Neutral),
    });
    value["on_rows"] = match &ran.on_rows {
        OnRows::NoTable => json!({ "status": "no_table" }),
        OnRows::Holds { rows } => json!({ "status": "holds", "rows": rows }),
        OnRows::Fails(failure) => {
            json!({ "status": "fails", "line": failure.line, "message": failure.message })
        }
        OnRows::Untried(why) => json!({ "status": "untried", "reason": why }),
    };
    value["undo"] = match &ran.undo {
        Undone::NotAsked => json!({ "status": "not_asked" }),
        Undone::NoWay(why) => json!({ "status": "none", "reason": why }),
        Undone::Proven => json!({ "status": "proven" }),
        Undone::Differs(facts) => json!({
            "status": "differs",
            "differences": facts.iter().map(|fact| &fact.what).collect::<Vec<_>>(),
        }),
        Undone::Fails(failure) => {
            json!({ "status": "fails", "line": failure.line, "message": failure.message })
        }
    };
    value
}

/// What a statement costs in both views.
fn cost_as_json(costed: &Costed, dialect: Dialect) -> Value {
    let mut value = json!({
        "line": costed.line,
        "changes": costed.kinds,
        "planned": costed.planned,
        "agreement": costed.agreement(dialect).name(),
    });
    match &costed.seen {
        Seen::Not(why) => value["unseen"] = json!(why),
        Seen::Way(way) => {
            value["seen"] =
                json!({ "on": way.on.to_string(), "algorithm": way.algorithm, "lock": way.lock });
        }
        Seen::Locks(taken) => {
            let mut seen = json!(taken.locks);
            for lock in seen.as_array_mut().into_iter().flatten() {
                if taken.work_unseen {
                    lock["work"] = Value::Null;
                }
            }
            value["seen"] = seen;
            value["indexes_built"] = json!(taken.indexes);
        }
    }
    value
}

fn complaint_as_json(one: &Complaint) -> Value {
    json!({
        "severity": one.severity.name(),
        "kind": one.kind,
        "line": one.line,
        "message": one.message,
        "details": one.details,
    })
}

fn markdown(proof: &Proof) -> String {
    let mut out = String::new();
    let errors = proof.count(Severity::Error);
    let mark = if errors == 0 {
        ":white_check_mark:"
    } else {
        ":no_entry:"
    };
    line!(out, "### {mark} bgmigrate verify: {}", summary(proof));
    line!(out);
    let told: Vec<_> = proof
        .steps
        .iter()
        .filter(|step| !step.complaints().is_empty())
        .collect();
    if !told.is_empty() {
        line!(out, "| migration | phase | what was seen |");
        line!(out, "|---|---|---|");
    }
    for step in &told {
        for one in step.complaints() {
            let mark = match one.severity {
                Severity::Error => ":no_entry:",
                Severity::Warning => ":warning:",
                Severity::Note | Severity::Off => ":information_source:",
            };
            line!(
                out,
                "| `{}:{}` | {} | {mark} {} |",
                step.file,
                one.line,
                step.phase,
                cell(&one.message)
            );
        }
    }
    for step in told {
        let details: Vec<_> = step
            .complaints()
            .into_iter()
            .flat_map(|one| one.details)
            .collect();
        if details.is_empty() {
            continue;
        }
        line!(out);
        line!(
            out,
            "<details><summary>Both views of <code>{}</code></summary>",
            escape(&step.file)
        );
        line!(out);
        for detail in details {
            line!(out, "- {}", escape(&detail).replace('\n', " "));
        }
        line!(out);
        line!(out, "</details>");
    }
    matrix(proof, &mut out);
    line!(out);
    line!(out, "<sub>On {}.</sub>", escape(&proof.scratch));
    out
}

/// Release by step: only the steps after which something is different, and the last.
fn matrix(proof: &Proof, out: &mut String) {
    if proof.releases.is_empty() {
        return;
    }
    let releases = proof.releases.iter();
    let names: Vec<_> = releases.clone().map(|one| cell(&one.release)).collect();
    line!(out);
    line!(out, "| after | {} |", names.join(" | "));
    line!(out, "|---|{}", "---|".repeat(names.len()));
    let mut before = &proof.beginning;
    for (at, step) in proof.steps.iter().enumerate() {
        let last = at + 1 == proof.steps.len();
        if step.cells == *before && !last {
            continue;
        }
        before = &step.cells;
        let told = step.cells.iter().map(|one| match one.broken.len() {
            0 => format!(":white_check_mark: {}", one.works),
            broken => format!(":x: {broken} of {}", one.works + broken),
        });
        let told: Vec<_> = told.collect();
        line!(out, "| `{}` | {} |", step.migration, told.join(" | "));
    }
    line!(out);
    for one in releases {
        line!(out, "- {}", escape(&fate(proof, one)));
    }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn annotations(proof: &Proof) -> String {
    let mut out = String::new();
    for step in &proof.steps {
        for one in step.complaints() {
            let word = match one.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note | Severity::Off => "notice",
            };
            out.push_str("::");
            out.push_str(word);
            out.push_str(" file=");
            github::property(&mut out, &step.file);
            out.push_str(&format!(",line={},title=bgmigrate verify::", one.line));
            github::data(&mut out, &told(&one));
            out.push('\n');
        }
    }
    out
}

fn told(one: &Complaint) -> String {
    let mut text = one.message.clone();
    for detail in &one.details {
        text.push('\n');
        text.push_str(detail);
    }
    text
}

fn junit(proof: &Proof) -> String {
    let is_bad = |step: &ProvenStep| {
        let complaints = step.complaints();
        complaints.iter().any(|one| one.severity == Severity::Error)
    };
    let failures = proof.steps.iter().filter(|step| is_bad(step)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\"",
        proof.steps.len()
    );
    let mut out = String::new();
    line!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    line!(out, "<testsuites name=\"bgmigrate verify\" {counts}>");
    line!(out, "  <testsuite name=\"bgmigrate verify\" {counts}>");
    for step in &proof.steps {
        let head = format!(
            "<testcase classname=\"bgmigrate.verify\" name=\"{}\"",
            escape(&step.file)
        );
        let complaints = step.complaints();
        if complaints.is_empty() {
            line!(out, "    {head}/>");
            continue;
        }
        line!(out, "    {head}>");
        for one in complaints
            .iter()
            .filter(|one| one.severity == Severity::Error)
        {
            line!(
                out,
                "      <failure type=\"{}\" message=\"{}\">{}</failure>",
                one.kind,
                escape(&one.message),
                escape(&told(one))
            );
        }
        let others: Vec<_> = complaints
            .iter()
            .filter(|one| one.severity != Severity::Error)
            .map(told)
            .collect();
        if !others.is_empty() {
            line!(
                out,
                "      <system-out>{}</system-out>",
                escape(&others.join("\n"))
            );
        }
        line!(out, "    </testcase>");
    }
    line!(out, "  </testsuite>");
    line!(out, "</testsuites>");
    out
}
