//! Markdown: a comment on a pull request that one wants to keep.

use super::{LintReport, ReviewedFile, count, line};
use crate::gate::Refusal;
use crate::model::{LineIndex, LockMode, Phase, Severity};
use crate::plan::{Plan, Status, Step};

pub(super) fn lint(report: &LintReport<'_>) -> String {
    let mut out = String::new();
    let summary = report.summary();
    line!(
        out,
        "### bgmigrate lint: {}, {}",
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
    );
    line!(out);
    for one in report.located() {
        let finding = one.finding;
        line!(
            out,
            "- {} **{}** at `{}:{}`: {}",
            mark(finding.severity),
            finding.rule,
            one.path,
            one.start.line,
            finding.message,
        );
        let (advice, sql) = finding
            .help
            .split_once("\n\n")
            .unwrap_or((&finding.help, ""));
        line!(out, "  {advice}.");
        if !sql.is_empty() {
            fenced(&mut out, sql, "  ");
        }
    }
    if summary.opaque > 0 {
        line!(out);
        line!(
            out,
            "{} of {} statements not understood: gated as contract.",
            summary.opaque,
            summary.statements
        );
    }
    out
}

pub(super) fn classify(files: &[ReviewedFile<'_>]) -> String {
    let mut out = String::new();
    line!(out, "| migration | line | phase | change | why |");
    line!(out, "|---|---|---|---|---|");
    for file in files {
        let lines = LineIndex::new(&file.migration.text);
        for beside in &file.reviewed.beside {
            line!(
                out,
                "| `{}` | {} | {} | sync {} | {} |",
                file.path,
                lines.line(beside.made.span.start),
                beside.phase(),
                cell(&beside.made.sides()),
                cell(&beside.made.reason()),
            );
        }
        let said = file.reviewed.judged.iter().zip(&file.reviewed.phases);
        for (statement, (judged, phase)) in file.reviewed.script.statements.iter().zip(said) {
            let place = lines.line(statement.span.start);
            for change in &judged.changes {
                let verdict = &change.verdict;
                line!(
                    out,
                    "| `{}` | {place} | {phase} | {} {} | {} |",
                    file.path,
                    verdict.kind,
                    cell(&verdict.object),
                    cell(&verdict.reason),
                );
            }
            if let Some(opaque) = &statement.opaque {
                line!(
                    out,
                    "| `{}` | {place} | {phase} | not understood | {} |",
                    file.path,
                    cell(&opaque.reason)
                );
            }
        }
    }
    out
}

pub(super) fn plan(plan: &Plan, title: &str) -> String {
    let mut out = String::new();
    line!(out, "### {title}");
    line!(out);
    line!(
        out,
        "| migration | phase | today | what it does | worst lock |"
    );
    line!(out, "|---|---|---|---|---|");
    for step in plan.pending() {
        row(&mut out, step);
    }
    line!(out);
    rollout(&mut out, plan);
    for step in plan.pending() {
        details(&mut out, step);
    }
    let summary = &plan.summary;
    line!(
        out,
        "<sub>{}, {}, {} not understood; {}, {}.</sub>",
        count(summary.migrations, "migration"),
        count(summary.statements, "statement"),
        summary.opaque,
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
    );
    out
}

fn row(out: &mut String, step: &Step) {
    let today = match step.status {
        Status::Applied => "applied",
        Status::Ready => ":white_check_mark: ready",
        Status::Waiting => ":hourglass: waits",
        Status::Refused => ":no_entry: refused",
    };
    let changes: Vec<_> = step
        .statements
        .iter()
        .flat_map(|statement| &statement.changes)
        .collect();
    // Of several that weigh the same, the first one.
    let gravest = changes.iter().rev().max_by_key(|change| change.phase);
    let what = gravest.map_or_else(String::new, |verdict| {
        let more = match changes.len() - 1 {
            0 => String::new(),
            more => format!(" (and {})", count(more, "more change")),
        };
        cell(&format!(
            "{} {}: {}{more}",
            verdict.kind, verdict.object, verdict.reason
        ))
    });
    let locks = step
        .statements
        .iter()
        .flat_map(|statement| &statement.locks);
    let lock = locks
        .filter(|lock| lock.mode >= LockMode::ShareUpdateExclusive)
        .max_by_key(|lock| (lock.mode, lock.work));
    let lock = lock.map_or_else(String::new, |lock| {
        let on = lock
            .on
            .as_ref()
            .map_or_else(|| "the database".to_owned(), |name| format!("`{name}`"));
        format!("{} on {on}, {}", lock.mode.name(), lock.work.name())
    });
    line!(
        out,
        "| `{}` | **{}** | {today} | {what} | {lock} |",
        step.file,
        step.phase
    );
}

fn rollout(out: &mut String, plan: &Plan) {
    let cutover = &plan.cutover;
    let files = |ids: &[String]| {
        ids.iter()
            .map(|id| format!("`{}`", plan.file_of(id)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    line!(out, "**Rollout**");
    line!(out);
    if !cutover.split.is_empty() {
        line!(out, "1. Split first: {}", files(&cutover.split));
    }
    if !cutover.expand.is_empty() {
        line!(
            out,
            "1. Apply before the cutover: {}",
            files(&cutover.expand)
        );
    }
    if !cutover.migrate.is_empty() {
        line!(
            out,
            "1. Run as backfill before the cutover: {}",
            files(&cutover.migrate)
        );
    }
    line!(out, "1. Cut over; a rollback stays possible");
    if !cutover.migrate_after_cutover.is_empty() {
        line!(
            out,
            "1. Run as backfill, before or after the cutover: {}",
            files(&cutover.migrate_after_cutover)
        );
    }
    if !cutover.contract.is_empty() {
        line!(
            out,
            "1. Once every release without them is retired: {}",
            files(&cutover.contract)
        );
    }
    line!(out);
}

fn details(out: &mut String, step: &Step) {
    let loud: Vec<_> = step
        .hazards
        .iter()
        .filter(|hazard| hazard.severity >= Severity::Warning)
        .collect();
    let opaque = step
        .statements
        .iter()
        .filter(|statement| statement.phase == Phase::Opaque);
    if loud.is_empty() && step.split.is_empty() && step.blocked_by.is_empty() && opaque.count() == 0
    {
        return;
    }
    line!(
        out,
        "<details><summary><code>{}</code></summary>",
        step.file
    );
    line!(out);
    for blocker in &step.blocked_by {
        line!(
            out,
            "- {}: {}{}. To go on: {}.",
            step.status.name(),
            blocker.reason,
            until(blocker),
            blocker.unblock
        );
    }
    for statement in &step.statements {
        if let Some(reason) = &statement.opaque {
            line!(
                out,
                "- line {}: not understood, gated as contract: {reason}",
                statement.line
            );
        }
    }
    for hazard in loud {
        line!(
            out,
            "- {} **{}** (line {}): {}",
            mark(hazard.severity),
            hazard.rule,
            hazard.line,
            hazard.message
        );
    }
    for part in &step.split {
        line!(out);
        line!(out, "Split into `{}` ({}):", part.name, part.phase);
        fenced(out, &part.sql, "");
    }
    line!(out);
    line!(out, "</details>");
    line!(out);
}

fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => ":x:",
        Severity::Warning => ":warning:",
        Severity::Note | Severity::Off => ":information_source:",
    }
}

fn fenced(out: &mut String, sql: &str, indent: &str) {
    line!(out, "{indent}```sql");
    for text in sql.lines() {
        line!(out, "{indent}{text}");
    }
    line!(out, "{indent}```");
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Where time alone opens the way: until when.
fn until(refusal: &Refusal) -> String {
    refusal.until.map_or_else(String::new, |until| {
        format!(", until {}", until.format("%Y-%m-%d %H:%M UTC"))
    })
}
