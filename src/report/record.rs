//! What the record says: refusals, what ran, the history.

use serde_json::{Value, json};

use super::{Format, Paint, json as as_json, line};
use crate::gate::{MigrationId, Refusal};
use crate::plan::FolderStep;

/// What a run of `apply` came to.
pub struct Ran<'a> {
    /// What was applied, or with `dry_run` would be.
    pub applied: &'a [MigrationId],
    /// What was held back, with why; nothing where its phase was not asked for.
    pub held: &'a [(MigrationId, Vec<Refusal>)],
    /// Nothing was run.
    pub dry_run: bool,
    /// Somebody asked to stop.
    pub stopped: bool,
}

/// Refusals as text; none of them is an answer too. `None` where the format does not suit them.
pub fn refusals(refusals: &[Refusal], format: Format, paint: Paint) -> Option<String> {
    let mut out = String::new();
    match format {
        Format::Human => {
            for refusal in refusals {
                sentence(&mut out, refusal, paint);
            }
        }
        Format::Json => {
            return Some(as_json::pretty(
                &json!({ "allowed": refusals.is_empty(), "refusals": refusals }),
            ));
        }
        Format::Markdown if refusals.is_empty() => line!(out, "Allowed."),
        Format::Markdown => {
            line!(out, "| refused | rule | because | until | to go on |");
            line!(out, "| --- | --- | --- | --- | --- |");
            for refusal in refusals {
                line!(
                    out,
                    "| {} | {} | {} | {} | `{}` |",
                    refusal.blocked,
                    refusal.rule.name(),
                    refusal.reason,
                    until(refusal).unwrap_or_default(),
                    refusal.unblock
                );
            }
        }
        Format::Github => {
            for refusal in refusals {
                let title = format!("{}: {}", refusal.rule.name(), refusal.blocked);
                line!(
                    out,
                    "::error title={}::{}; to go on: {}",
                    title.replace(':', "%3A").replace(',', "%2C"),
                    refusal.reason,
                    refusal.unblock
                );
            }
        }
        Format::Gitlab | Format::Sarif | Format::Junit => return None,
    }
    Some(out)
}

fn sentence(out: &mut String, refusal: &Refusal, paint: Paint) {
    line!(
        out,
        "{} {} ({})",
        paint.red("refused"),
        paint.bold(&refusal.blocked),
        refusal.rule.name()
    );
    line!(out, "  {} {}", paint.yellow("because"), refusal.reason);
    if let Some(until) = until(refusal) {
        line!(out, "  {} {until}", paint.yellow("until"));
    }
    line!(out, "  {} {}", paint.yellow("to go on:"), refusal.unblock);
}

fn until(refusal: &Refusal) -> Option<String> {
    refusal
        .until
        .map(|until| until.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// What a run of `apply` came to, as text; `None` where the format does not suit it.
pub fn applied(
    ran: &Ran<'_>,
    steps: &[FolderStep<'_>],
    format: Format,
    paint: Paint,
) -> Option<String> {
    let refused: Vec<&Refusal> = ran.held.iter().flat_map(|(_, refusals)| refusals).collect();
    match format {
        Format::Human => {
            let mut out = String::new();
            for step in steps
                .iter()
                .filter(|step| ran.dry_run && ran.applied.contains(&step.id))
            {
                line!(
                    out,
                    "{} {} {}",
                    paint.bold("would run"),
                    step.phase,
                    step.file
                );
                for statement in &step.statements {
                    if let Some(why) = &statement.made {
                        line!(out, "    -- {why}");
                    }
                    line!(out, "{}", indented(statement.sql));
                }
            }
            for refusal in &refused {
                sentence(&mut out, refusal, paint);
            }
            let not_asked = ran
                .held
                .iter()
                .filter(|(_, refusals)| refusals.is_empty())
                .count();
            let word = if ran.dry_run {
                "would be applied"
            } else {
                "applied"
            };
            let waiting = ran.held.len() - not_asked;
            line!(
                out,
                "{} {word}, {waiting} refused, {not_asked} left for their phase",
                ran.applied.len()
            );
            if ran.stopped {
                line!(out, "stopped on request; `bgmigrate apply` goes on");
            }
            Some(out)
        }
        Format::Json => Some(as_json::pretty(&json!({
            "applied": ran.applied,
            "dry_run": ran.dry_run,
            "stopped": ran.stopped,
            "held": ran.held.iter().map(|(id, refusals)| json!({ "migration": id, "blocked_by": refusals })).collect::<Vec<_>>(),
        }))),
        Format::Markdown | Format::Github => {
            let refused: Vec<Refusal> = refused.into_iter().cloned().collect();
            refusals(&refused, format, paint)
        }
        Format::Gitlab | Format::Sarif | Format::Junit => None,
    }
}

fn indented(sql: &str) -> String {
    let lines: Vec<_> = sql
        .trim()
        .lines()
        .map(|line| format!("    {line}"))
        .collect();
    lines.join("\n") + ";"
}

/// The history, one value an event; `None` where the format does not suit it.
pub fn history(entries: &[Value], format: Format) -> Option<String> {
    match format {
        Format::Json => Some(as_json::pretty(&json!({ "events": entries }))),
        Format::Human => {
            let mut out = String::new();
            for entry in entries {
                let text = |key: &str| entry[key].as_str().unwrap_or_default();
                line!(
                    out,
                    "{:>5}  {}  {}  {}  by {} on {}{}",
                    entry["id"],
                    text("at"),
                    text("event"),
                    subject(entry),
                    text("actor"),
                    text("host"),
                    entry["job"]
                        .as_str()
                        .map_or_else(String::new, |job| format!(" in {job}"))
                );
            }
            Some(out)
        }
        _ => None,
    }
}

/// What an event is about, in a few words.
pub(super) fn subject(entry: &Value) -> String {
    let text = |key: &str| entry[key].as_str().map(str::to_owned);
    let slot = entry["slot"].as_object().and_then(|slot| {
        Some(format!(
            "{} of {}",
            slot.get("slot")?.as_str()?,
            slot.get("service")?.as_str()?
        ))
    });
    let adopted = entry["migrations"]
        .as_array()
        .map(|all| format!("{} migrations", all.len()));
    let statement = entry["statement"]
        .as_u64()
        .map(|at| format!("statement {}", at + 1));
    let tested = entry["passed"].as_bool().map(|passed| {
        let failed = entry["failed"].as_array().into_iter().flatten();
        let names: Vec<_> = failed.filter_map(Value::as_str).collect();
        match (passed, &names[..]) {
            (true, _) => "passed".to_owned(),
            (false, []) => "failed".to_owned(),
            (false, names) => format!("failed: {}", names.join(", ")),
        }
    });
    let parts = [
        text("version"),
        slot,
        tested,
        text("migration"),
        statement,
        text("stage"),
        text("hook"),
        text("service"),
        text("to").map(|to| format!("to {to}")),
        adopted,
        text("error"),
        text("why"),
        text("early"),
        text("reason"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
