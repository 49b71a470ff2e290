//! The review: each migration with what it does and costs, then the rollout.

use super::{count, file_phase, severity};
use crate::model::{FilePhase, Lock, LockMode, LockWork, Phase, Severity};
use crate::plan::{Part, Plan, PlannedStatement, Status, Step};
use crate::report::{Paint, line};

pub(in crate::report) fn plan(plan: &Plan, title: &str, paint: Paint) -> String {
    let mut out = String::new();
    line!(out, "{}", paint.bold(title));
    line!(out);
    if plan.summary.applied > 0 {
        let applied = count(plan.summary.applied, "migration");
        line!(out, "{}", paint.dim(format!("{applied} applied already")));
        line!(out);
    }
    for step in plan.pending() {
        show_step(&mut out, step, paint);
    }
    rollout(&mut out, plan, paint);
    let summary = &plan.summary;
    line!(
        out,
        "{}, {}: {}, {}",
        count(summary.migrations, "migration"),
        count(summary.statements, "statement"),
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
    );
    if summary.opaque > 0 {
        line!(
            out,
            "{} not understood: gated as contract",
            count(summary.opaque, "statement")
        );
    }
    out
}

fn show_step(out: &mut String, step: &Step, paint: Paint) {
    let status = match step.status {
        Status::Ready => paint.green("ready"),
        Status::Applied => paint.dim("applied"),
        Status::Waiting => paint.yellow("waiting"),
        Status::Refused => paint.red("refused"),
    };
    line!(
        out,
        "{} {}  {status}",
        file_phase(paint, step.phase),
        paint.bold(&step.file)
    );
    for blocker in &step.blocked_by {
        line!(
            out,
            "         {} {}",
            paint.yellow("because"),
            blocker.reason
        );
        if let Some(until) = blocker.until {
            let until = until.format("%Y-%m-%d %H:%M UTC");
            line!(out, "         {} {until}", paint.yellow("until"));
        }
        line!(
            out,
            "         {} {}",
            paint.yellow("to go on:"),
            blocker.unblock
        );
    }
    for statement in &step.statements {
        show_statement(out, step, statement, paint);
    }
    let (loud, quiet): (Vec<_>, Vec<_>) = step
        .hazards
        .iter()
        .partition(|hazard| hazard.severity >= Severity::Warning);
    for hazard in loud {
        line!(
            out,
            "         {} {} (line {}): {}",
            severity(paint, hazard.severity),
            hazard.rule,
            hazard.line,
            hazard.message,
        );
    }
    if !quiet.is_empty() {
        line!(
            out,
            "         {}",
            paint.dim(format!(
                "{}; see `bgmigrate lint`",
                count(quiet.len(), "note")
            ))
        );
    }
    for part in &step.split {
        show_part(out, part, paint);
    }
    line!(out);
}

fn show_statement(out: &mut String, step: &Step, statement: &PlannedStatement, paint: Paint) {
    if statement.phase == Phase::Neutral && !statement.locks.iter().any(is_felt) {
        return;
    }
    let place = paint.dim(format!("{:>6}", statement.line));
    line!(out, "  {place} {}", paint.dim(&statement.sql));
    let differs = match step.phase {
        FilePhase::Expand => statement.phase != Phase::Expand,
        FilePhase::Migrate => statement.phase != Phase::Migrate,
        FilePhase::Contract => statement.phase != Phase::Contract,
        FilePhase::Mixed => true,
    };
    for verdict in &statement.changes {
        let phase = if differs {
            format!("{}: ", verdict.phase)
        } else {
            String::new()
        };
        let object = if verdict.object.is_empty() {
            String::new()
        } else {
            format!(" {}", verdict.object)
        };
        line!(
            out,
            "         {phase}{}{object}: {}",
            verdict.kind,
            verdict.reason
        );
    }
    if let Some(runs) = &statement.runs {
        line!(out, "         runs {runs}");
    }
    if let Some(opaque) = &statement.opaque {
        line!(out, "         {} {opaque}", paint.red("not understood:"));
    }
    for lock in statement.locks.iter().filter(|lock| is_felt(lock)) {
        let on = lock
            .on
            .as_ref()
            .map_or_else(|| "the database".to_owned(), ToString::to_string);
        line!(
            out,
            "         lock: {} on {on}, {}: blocks {}",
            lock.mode.name(),
            lock.work.name(),
            lock.mode.blocks(),
        );
    }
}

fn show_part(out: &mut String, part: &Part, paint: Paint) {
    line!(
        out,
        "         {} {}",
        paint.bold("split:"),
        paint.bold(format!("{} ({})", part.name, part.phase))
    );
    for text in part.sql.lines() {
        line!(out, "           {text}");
    }
}

fn rollout(out: &mut String, plan: &Plan, paint: Paint) {
    let cutover = &plan.cutover;
    line!(out, "{}", paint.bold("Rollout"));
    let mut number = 0;
    let mut item = |out: &mut String, text: &str, ids: &[String]| {
        number += 1;
        line!(out, "  {number}. {text}");
        for id in ids {
            line!(out, "       {}", plan.file_of(id));
        }
    };
    if !cutover.split.is_empty() {
        item(
            out,
            "Split these first: no moment is right for them as they are",
            &cutover.split,
        );
    }
    if !cutover.expand.is_empty() {
        item(
            out,
            "Apply before the cutover, while the old release serves:",
            &cutover.expand,
        );
    }
    if !cutover.migrate.is_empty() {
        item(
            out,
            "Run as backfill, and let it finish before the cutover:",
            &cutover.migrate,
        );
    }
    item(
        out,
        "Cut over to the new release; a rollback stays possible",
        &[],
    );
    if !cutover.migrate_after_cutover.is_empty() {
        item(
            out,
            "Run as backfill, before or after the cutover:",
            &cutover.migrate_after_cutover,
        );
    }
    if !cutover.contract.is_empty() {
        item(
            out,
            "Apply once every release without them is retired, and a rollback to it ruled out:",
            &cutover.contract,
        );
    }
    line!(out);
}

/// The file of a migration: ids alone (`1`, `20240102030405`) say little.
/// Whether anybody can feel the lock: SQLite takes its one write lock for every statement.
fn is_felt(lock: &Lock) -> bool {
    match lock.mode {
        LockMode::DatabaseWrite => lock.work > LockWork::Instant,
        mode => mode >= LockMode::ShareUpdateExclusive,
    }
}
