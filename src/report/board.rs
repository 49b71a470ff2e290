//! Where everything stands at one moment: for people, and as data.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::guard::{guard_line, guard_value};
use super::{Format, Paint, json as as_json, line};
use crate::gate::{Observed, Refusal, Role, Sight, Slot, State, Status, contract_gate, drifting};
use crate::guard::Standing;
use crate::model::{Dialect, FilePhase};
use crate::plan::{FolderStep, candidate};
use crate::sync::Made;

/// Where everything stands at one moment.
pub struct Board<'a> {
    /// The database, as people shall read it.
    pub target: &'a str,
    /// What the record says.
    pub state: &'a State,
    /// The folder's steps.
    pub steps: &'a [FolderStep<'a>],
    /// What was seen of the world.
    pub sight: &'a Sight,
    /// How far the database refuses by itself, and which it is.
    pub guard: (Option<&'a Standing>, Dialect),
    /// Who holds the lock of runs.
    pub holder: Option<&'a str>,
    /// How many events the history has.
    pub events: i64,
}

/// Where traffic of a service goes, beside what the record says.
pub(super) enum Traffic {
    /// To the slot that the record has live; or nowhere, before there is one.
    Agrees(String),
    /// A cutover is in flight: this is how far it is.
    Moving(String),
    /// Elsewhere, or as an attempt left it that the record knows nothing of.
    Differs(String, Refusal),
    /// Nobody can tell.
    Unknown(String),
}

/// The phases that a folder's steps wait in.
pub(super) const PHASES: [FilePhase; 4] = [
    FilePhase::Expand,
    FilePhase::Migrate,
    FilePhase::Contract,
    FilePhase::Mixed,
];

/// Slots, traffic, and what is pending; `None` where the format does not suit it.
pub fn status(board: &Board<'_>, format: Format, paint: Paint) -> Option<String> {
    match format {
        Format::Human => Some(lines(board, paint)),
        Format::Json => Some(as_json::pretty(&value(board))),
        _ => None,
    }
}

impl<'a> Board<'a> {
    /// Until when a standby is the rollback target, and how long that is from now; nothing once it has passed.
    pub(super) fn window(&self, slot: &Slot) -> Option<(DateTime<Utc>, TimeDelta)> {
        let until = slot.since + self.sight.policy.rollback_window;
        let left = until - self.sight.now;
        (slot.role == Role::Standby && left > TimeDelta::zero()).then_some((until, left))
    }

    /// Where the traffic of each service goes whose router was asked.
    pub(super) fn traffic(&self) -> impl Iterator<Item = (&'a str, Traffic)> {
        let state = self.state;
        self.sight.routers.iter().map(move |(service, seen)| {
            let at = match seen {
                Observed::At { slot, .. } | Observed::Elsewhere(slot) => slot.clone(),
                Observed::Unreadable(why) => {
                    return (service.as_str(), Traffic::Unknown(why.clone()));
                }
            };
            let traffic = if state.cutovers.contains_key(service) {
                Traffic::Moving(at)
            } else {
                match drifting(state, service, self.sight) {
                    None => Traffic::Agrees(at),
                    Some(refusal) => Traffic::Differs(at, refusal),
                }
            };
            (service.as_str(), traffic)
        })
    }

    /// The steps that are not applied, each with how far it got.
    pub(super) fn pending(&self) -> impl Iterator<Item = (&'a FolderStep<'a>, Option<Status>)> {
        let state = self.state;
        let open = self.steps.iter();
        let open = open.filter(move |step| !state.is_applied(&step.id));
        open.map(move |step| (step, state.steps.get(&step.id).map(|known| known.status)))
    }

    /// What holds a contract step back now.
    pub(super) fn held(&self, step: &FolderStep<'_>) -> Vec<Refusal> {
        if !step.phase.gates_as_contract() {
            return Vec::new();
        }
        let candidate = candidate(step, self.state, Vec::new());
        contract_gate(self.state, &candidate, self.sight)
    }

    /// The pairs whose triggers are there: an applied step has made them, and none that is applied has taken them down.
    pub(super) fn in_step(&self) -> Vec<(&'a Made, &'a FolderStep<'a>)> {
        let mut kept: Vec<(&Made, &FolderStep<'_>)> = Vec::new();
        let steps = self.steps.iter();
        for step in steps.filter(|step| self.state.is_applied(&step.id)) {
            for beside in &step.reviewed.beside {
                kept.retain(|(made, _)| !made.is_about_the_same(&beside.made));
                if beside.made.begins {
                    kept.push((&beside.made, step));
                }
            }
        }
        kept
    }

    /// How many of the folder's steps are applied.
    pub(super) fn applied(&self) -> usize {
        let steps = self.steps.iter();
        steps.filter(|step| self.state.is_applied(&step.id)).count()
    }
}

fn lines(board: &Board<'_>, paint: Paint) -> String {
    let mut out = String::new();
    line!(out, "{}", paint.bold("Slots"));
    for (id, slot) in board.state.serving() {
        let role = match slot.role {
            Role::Live => paint.green("live"),
            Role::Standby => paint.yellow("standby"),
            Role::Staged => paint.dim("staged"),
        };
        let note = match (slot.role, board.window(slot)) {
            (_, Some((until, left))) => {
                format!(
                    "; rollback window until {} ({} left)",
                    minute(until),
                    span(left)
                )
            }
            (Role::Standby, None) => {
                "; its rollback window has passed: bgmigrate retire frees what waits for it"
                    .to_owned()
            }
            _ => String::new(),
        };
        let smoked = slot.smoked.filter(|_| slot.role == Role::Staged);
        let smoked = smoked.map_or_else(String::new, |at| {
            format!("; smoke test passed {}", minute(at))
        });
        line!(
            out,
            "  {} {} {role} since {}{smoked}{note}",
            paint.bold(id.to_string()),
            slot.version,
            minute(slot.since)
        );
    }
    if board.state.slots.is_empty() {
        line!(
            out,
            "  no release is recorded: bgmigrate release record VERSION --slot SLOT --live"
        );
    }
    for (service, cutover) in &board.state.cutovers {
        line!(
            out,
            "  {} of {service} to {}: bgmigrate resume",
            paint.red("a cutover in flight"),
            cutover.to
        );
    }
    for (service, traffic) in board.traffic() {
        let told = match traffic {
            Traffic::Agrees(at) => at,
            Traffic::Moving(at) => format!("{at} ({})", paint.yellow("moving")),
            Traffic::Differs(at, refusal) => format!(
                "{at}, {} {}: {}",
                paint.red("adrift:"),
                refusal.reason,
                refusal.unblock
            ),
            Traffic::Unknown(why) => format!("{} {why}", paint.red("nobody can tell:")),
        };
        line!(
            out,
            "{}: {told}",
            paint.bold(format!("Traffic of {service}"))
        );
    }
    if let Some(holder) = board.holder {
        line!(out, "{}: {holder}", paint.bold("At work"));
    }
    let (standing, dialect) = board.guard;
    line!(out, "{}", guard_line(standing, dialect, paint));
    for phase in PHASES {
        let pending: Vec<_> = board
            .pending()
            .filter(|(step, _)| step.phase == phase)
            .collect();
        if pending.is_empty() {
            continue;
        }
        line!(out, "{}", paint.bold(format!("Pending {phase} steps")));
        for (step, how) in pending {
            line!(out, "  {}{}", step.file, how.map_or("", how_far));
        }
    }
    let kept = board.in_step();
    if !kept.is_empty() {
        line!(out, "{}", paint.bold("Kept in step by triggers"));
        for (made, step) in kept {
            line!(
                out,
                "  {} since {}, until a contract step drops a side",
                made.sides(),
                step.file
            );
        }
    }
    line!(
        out,
        "{} of {} migrations are applied",
        board.applied(),
        board.steps.len()
    );
    out
}

pub(super) const fn how_far(status: Status) -> &'static str {
    match status {
        Status::Applied => "",
        Status::Begun { .. } => " (begun: bgmigrate apply goes on)",
        Status::Unknown { .. } => " (nobody knows whether a statement ran: bgmigrate resolve)",
        Status::Undoing => " (its undo was begun)",
    }
}

/// All of it as data.
pub(super) fn value(board: &Board<'_>) -> Value {
    let slots: Vec<_> = board
        .state
        .serving()
        .map(|(id, slot)| {
            let window = (slot.role == Role::Standby)
                .then(|| slot.since + board.sight.policy.rollback_window);
            json!({
                "service": id.service,
                "slot": id.slot,
                "release": slot.version,
                "role": slot.role,
                "since": slot.since,
                "smoked": slot.smoked,
                "rollback_until": window,
            })
        })
        .collect();
    let pending: Vec<_> = board
        .pending()
        .map(|(step, how)| {
            json!({
                "migration": step.id,
                "file": step.file,
                "phase": step.phase,
                "status": how.map_or("pending", status_name),
                "blocked_by": board.held(step),
            })
        })
        .collect();
    let kept: Vec<_> = board
        .in_step()
        .into_iter()
        .map(|(made, step)| json!({ "sides": made.sides(), "migration": step.id }))
        .collect();
    let routers: serde_json::Map<_, _> = board
        .traffic()
        .map(|(service, traffic)| (service.to_owned(), traffic_value(&traffic)))
        .collect();
    let (standing, dialect) = board.guard;
    json!({
        "database": board.target,
        "now": board.sight.now,
        "slots": slots,
        "cutovers": board.state.cutovers,
        "routers": routers,
        "lock": board.holder,
        "kept_in_step": kept,
        "pending": pending,
        "applied": board.applied(),
        "events": board.events,
        "guard": guard_value(standing, dialect),
    })
}

fn traffic_value(traffic: &Traffic) -> Value {
    match traffic {
        Traffic::Agrees(at) => json!({ "state": "agrees", "traffic": at }),
        Traffic::Moving(at) => json!({ "state": "moving", "traffic": at }),
        Traffic::Differs(at, refusal) => {
            json!({ "state": "differs", "traffic": at, "why": refusal.reason, "unblock": refusal.unblock })
        }
        Traffic::Unknown(why) => json!({ "state": "unknown", "why": why }),
    }
}

pub(super) const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Applied => "applied",
        Status::Begun { .. } => "begun",
        Status::Unknown { .. } => "unknown",
        Status::Undoing => "undoing",
    }
}

/// To the minute.
pub(super) fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `3 d 4 h`, `4 h 5 min`, `5 min`, `30 s`: as long as it is at least, in the two greatest units.
pub(super) fn span(time: TimeDelta) -> String {
    let (days, hours, minutes) = (time.num_days(), time.num_hours(), time.num_minutes());
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", time.num_seconds()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes - hours * 60),
        (days, hours, _) => format!("{days} d {} h", hours - days * 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_greatest_units() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h 0 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 d 0 h"),
            (7 * 86_400 + 3_700, "7 d 1 h"),
        ];
        for (seconds, told) in cases {
            assert_eq!(span(TimeDelta::seconds(seconds)), told);
        }
    }
}
