//! How far backfills are.

use serde_json::json;

use super::{Format, Paint, json as as_json, line};
use crate::backfill::{Progress, Stage};
use crate::gate::MigrationId;

/// A backfill to show.
pub struct BackfillShown {
    /// Of which migration.
    pub migration: MigrationId,
    /// Which of its statements, from 0.
    pub statement: usize,
    /// `pause` or `stop`, and by whom since when, where it is not to run.
    pub wanted: Option<(&'static str, String)>,
    /// How far it is.
    pub progress: Progress,
}

/// How far backfills are; `None` where the format does not suit it.
pub fn backfills(all: &[BackfillShown], format: Format, paint: Paint) -> Option<String> {
    match format {
        Format::Human => Some(all.iter().map(|one| human(one, paint)).collect()),
        Format::Json => Some(as_json::pretty(&json!({
            "backfills": all.iter().map(value).collect::<Vec<_>>(),
        }))),
        _ => None,
    }
}

/// How wide the bar is, in characters.
const WIDTH: usize = 30;

fn human(one: &BackfillShown, paint: Paint) -> String {
    let progress = &one.progress;
    let mut out = String::new();
    let stage = match progress.stage {
        Stage::Running | Stage::Sweeping => paint.yellow(progress.stage.name()),
        Stage::Done => paint.green(progress.stage.name()),
    };
    line!(
        out,
        "{} statement {}: {} {}  {stage}",
        paint.bold(&one.migration),
        one.statement + 1,
        progress.table,
        progress.how
    );
    if let Some(share) = progress
        .share()
        .filter(|_| progress.stage == Stage::Running)
    {
        line!(
            out,
            "  {} {:.0} %{}",
            bar(share),
            (share * 100.0).floor(),
            time_left(progress)
        );
    }
    line!(
        out,
        "  {} rows passed, {} changed, in {} batches; {:.0} rows/s; next batch {} rows",
        progress.examined,
        progress.changed,
        progress.batches,
        progress.rows_per_s,
        progress.batch_rows
    );
    if let Some((word, by)) = &one.wanted {
        line!(out, "  {} asked for by {by}", paint.yellow(word));
    }
    if let Some(held) = progress
        .held
        .as_ref()
        .filter(|_| progress.stage != Stage::Done)
    {
        let since = held.since.format("%Y-%m-%d %H:%M:%S UTC");
        line!(
            out,
            "  {} by {} since {since}: {}",
            paint.yellow("held"),
            held.signal,
            held.why
        );
    }
    if let Some(found) = &progress.verified {
        let at = found.at.format("%Y-%m-%d %H:%M:%S UTC");
        line!(
            out,
            "  {} {at}: {} rows are left",
            paint.green("counted"),
            found.remaining
        );
    }
    out
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of the width"
)]
fn bar(share: f64) -> String {
    let full = ((share * WIDTH as f64) as usize).min(WIDTH);
    format!("[{}{}]", "#".repeat(full), ".".repeat(WIDTH - full))
}

/// How long it will take, in the two largest units: `, about 2 min 5 s left`; nothing where nobody can tell.
pub fn time_left(progress: &Progress) -> String {
    let Some(seconds) = progress.left_s() else {
        return String::new();
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is not negative, and a guess"
    )]
    let seconds = seconds.ceil() as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!(", about {seconds} s left"),
        (0, minutes) => format!(", about {minutes} min {} s left", seconds % 60),
        (hours, minutes) => format!(", about {hours} h {minutes} min left"),
    }
}

fn value(one: &BackfillShown) -> serde_json::Value {
    let progress = &one.progress;
    json!({
        "migration": one.migration.as_str(),
        "statement": one.statement,
        "stage": progress.stage.name(),
        "table": progress.table,
        "how": progress.how,
        "wanted": one.wanted.as_ref().map_or("run", |(word, _)| word),
        "wanted_by": one.wanted.as_ref().map(|(_, by)| by),
        "share": progress.share(),
        "left_s": progress.left_s(),
        "rows_per_s": progress.rows_per_s,
        "examined": progress.examined,
        "changed": progress.changed,
        "batches": progress.batches,
        "batch_rows": progress.batch_rows,
        "worked_ms": progress.worked_ms,
        "held_ms": progress.held_ms,
        "cursor": progress.cursor,
        "bound": progress.bound,
        "held": progress.held,
        "verified": progress.verified,
        "started": progress.started,
        "updated": progress.updated,
    })
}
