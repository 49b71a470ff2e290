//! The gates: each answers with what stands in the way, and with nothing when nothing does.

use std::collections::BTreeSet;

use super::traffic;
use super::{
    Candidate, Connected, Direction, Holder, MigrationId, Proof, Refusal, ReleaseId, Role, Rule,
    Sight, Slot, SlotId, State,
};
use crate::model::FilePhase;

/// What the contract gate has to know of a migration, whether it is about to begin or goes on.
pub(super) struct Taking<'a> {
    pub(super) migration: &'a MigrationId,
    pub(super) unused_by: &'a BTreeSet<Proof>,
    pub(super) unused_since: Option<&'a str>,
}

impl<'a> From<&'a Candidate> for Taking<'a> {
    fn from(candidate: &'a Candidate) -> Self {
        Self {
            migration: &candidate.migration,
            unused_by: &candidate.unused_by,
            unused_since: candidate.unused_since.as_deref(),
        }
    }
}

/// Rule 1. A contract step runs only when every release in P ships it, or is proven not to use what it touches; and
/// not while a cutover is in flight, or while a router is not where the record says.
pub(super) fn contract(state: &State, taking: &Taking<'_>, sight: &Sight) -> Vec<Refusal> {
    let blocked = format!("migration {}", taking.migration);
    let mut refusals: Vec<_> = state
        .cutovers
        .iter()
        .map(|(service, cutover)| {
            let reason = format!("a cutover of {service} to {} is in flight", cutover.to);
            Refusal::new(Rule::Lockstep, &blocked, reason, "bgmigrate resume")
        })
        .collect();
    refusals.extend(traffic::drift(state, &blocked, sight));
    for (id, slot) in state.serving() {
        let release = ReleaseId::new(&id.service, &slot.version);
        let knows = state.ships(&release, taking.migration) || is_unused(state, taking, &release);
        if !knows {
            refusals.push(in_the_way(&blocked, id, slot, sight));
        }
    }
    refusals.extend(still_connected(state, &blocked, sight));
    refusals
}

/// A slot that holds no release any more may still run one: what was retired there need not have let go of the database.
/// Sessions of a slot that holds a release are that release's.
fn still_connected(state: &State, blocked: &str, sight: &Sight) -> Vec<Refusal> {
    let left = sight.sessions.iter();
    let left = left.filter(|(id, _)| !state.slots.contains_key(*id));
    let each = left.filter_map(|(id, connected)| {
        let was = state.retired.get(id);
        let was = was.map_or(String::new(), |was| {
            format!(", where {} was retired,", was.version)
        });
        let (reason, unblock) = match connected {
            Connected::Sessions(0) => return None,
            Connected::Sessions(count) => (
                format!("{count} sessions of {id}{was} are still connected to the database"),
                format!("stop what runs in {}, and run this again", id.slot),
            ),
            Connected::Unreadable(why) => (
                format!(
                    "nobody can tell whether {id}{was} is still connected to the database: {why}"
                ),
                "let the database tell, and run this again".to_owned(),
            ),
        };
        Some(Refusal::new(Rule::ContractGate, blocked, reason, unblock))
    });
    each.collect()
}

/// The release in `slot` was built without the migration.
fn in_the_way(blocked: &str, id: &SlotId, slot: &Slot, sight: &Sight) -> Refusal {
    let version = &slot.version;
    let (reason, unblock, until) = match slot.role {
        Role::Live => (
            format!("{version} is live in {id} and was built without it"),
            format!(
                "move {} to a release that ships it, then retire {}",
                id.service, id.slot
            ),
            None,
        ),
        Role::Standby => (
            format!(
                "a rollback to {version} in {id} is still possible, and it was built without it"
            ),
            format!("bgmigrate retire {}{}", id.slot, of_service(&id.service)),
            Some(slot.since + sight.policy.rollback_window),
        ),
        Role::Staged => (
            format!("traffic may move to {version}, staged in {id}, and it was built without it"),
            format!(
                "bgmigrate retire {}{}, or deploy a release there that ships it",
                id.slot,
                of_service(&id.service)
            ),
            None,
        ),
    };
    Refusal::new(Rule::ContractGate, blocked, reason, unblock)
        .by(holder(id, slot))
        .until(until)
}

/// Whether the release is proven not to use what the step takes: by what is recorded of its queries, or because it is
/// the version that the directive names, or one that was certainly built later: it ships all that this one ships, and
/// more. With the same ships-set nobody can tell which of the two is older.
fn is_unused(state: &State, taking: &Taking<'_>, release: &ReleaseId) -> bool {
    if state
        .proof(release)
        .is_some_and(|proof| taking.unused_by.contains(&proof))
    {
        return true;
    }
    let Some(since) = taking.unused_since else {
        return false;
    };
    if release.version == since {
        return true;
    }
    let since = ReleaseId::new(&release.service, since);
    match (state.releases.get(&since), state.releases.get(release)) {
        (Some(since), Some(later)) => {
            later.ships.len() > since.ships.len()
                && since.ships.keys().all(|id| later.ships.contains_key(id))
        }
        _ => false,
    }
}

/// Rule 2, and with [`Direction::Back`] rule 3. What a standby shipped was there when it was live, and the contract
/// gate has kept it since: on the way back only what could have been taken from it is looked at again.
pub(super) fn cutover(
    state: &State,
    to: &SlotId,
    direction: Direction,
    sight: &Sight,
) -> Vec<Refusal> {
    let blocked = match direction {
        Direction::Forward => format!("cutover to {to}"),
        Direction::Back => format!("rollback to {to}"),
    };
    let rule = match direction {
        Direction::Forward => Rule::CutoverGate,
        Direction::Back => Rule::RollbackGate,
    };
    let mut refusals = traffic::in_flight(state, &to.service, &blocked);
    refusals.extend(traffic::drift_of(state, &to.service, &blocked, sight));
    let Some(slot) = state.slots.get(to) else {
        refusals.push(empty(state, rule, &blocked, to));
        return refusals;
    };
    match (slot.role, direction) {
        (Role::Live, _) => {
            let reason = format!("{} is live there already", slot.version);
            refusals.push(Refusal::new(
                rule,
                &blocked,
                reason,
                "nothing has to be done",
            ));
            return refusals;
        }
        (Role::Staged, Direction::Back) => {
            let reason = format!(
                "{} was never live there since it was deployed",
                slot.version
            );
            let unblock = format!("bgmigrate cutover --to {}", to.slot);
            refusals.push(Refusal::new(rule, &blocked, reason, unblock));
        }
        _ => {}
    }
    refusals.extend(serves(state, to, &slot.version, rule, &blocked));
    if direction == Direction::Forward {
        refusals.extend(ready(state, to, &slot.version, &blocked, sight));
        if sight.policy.smoke && slot.smoked.is_none() {
            let reason = format!(
                "the smoke test has not passed since {} was deployed there",
                slot.version
            );
            let unblock = format!("bgmigrate smoke --slot {}", to.slot);
            refusals.push(Refusal::new(rule, &blocked, reason, unblock));
        }
    }
    refusals
}

/// Whether the schema still has everything that a release was built with: no contract step outside of what it ships
/// was begun, but for those that it is proven not to mind.
pub(super) fn serves(
    state: &State,
    slot: &SlotId,
    version: &str,
    rule: Rule,
    blocked: &str,
) -> Vec<Refusal> {
    let release = ReleaseId::new(&slot.service, version);
    let taken = state
        .steps
        .iter()
        .filter(|(_, step)| step.phase.gates_as_contract());
    let missed = taken.filter(|(id, step)| {
        let taking = Taking {
            migration: id,
            unused_by: &step.unused_by,
            unused_since: step.unused_since.as_deref(),
        };
        !state.ships(&release, id)
            && !state.is_unharmed_by(&release, id)
            && !is_unused(state, &taking, &release)
    });
    missed
        .map(|(id, step)| {
            let how = if step.status.is_applied() {
                "ran"
            } else {
                "was begun"
            };
            let reason = format!("contract step {id} {how}, and {version} was built without it");
            let unblock = format!("deploy a release to {} that ships {id}", slot.slot);
            Refusal::new(rule, blocked, reason, unblock)
        })
        .collect()
}

/// Whether everything that a release ships and needs is there and complete.
pub(super) fn ready(
    state: &State,
    slot: &SlotId,
    version: &str,
    blocked: &str,
    sight: &Sight,
) -> Vec<Refusal> {
    let release = state.releases.get(&ReleaseId::new(&slot.service, version));
    let Some(release) = release else {
        let unblock = format!("bgmigrate release record {version} --slot {}", slot.slot);
        let reason = format!("nobody recorded what {version} ships");
        return vec![Refusal::new(Rule::CutoverGate, blocked, reason, unblock)];
    };
    let mut refusals = Vec::new();
    for (id, shipped) in &release.ships {
        if state.is_applied(id) {
            continue;
        }
        let phase = shipped.phase;
        let reason = match phase {
            FilePhase::Expand => format!("expand step {id}, which {version} ships, is not applied"),
            FilePhase::Migrate if shipped.after_cutover => continue,
            FilePhase::Migrate => {
                format!("migrate step {id}, which {version} ships, is not complete")
            }
            FilePhase::Mixed => {
                format!("{id}, which {version} ships, mixes phases, and is not applied")
            }
            FilePhase::Contract => continue,
        };
        let unblock = match phase {
            FilePhase::Mixed => format!("split {id} into one migration for each phase"),
            _ => "bgmigrate apply".to_owned(),
        };
        refusals.push(Refusal::new(Rule::CutoverGate, blocked, reason, unblock));
    }
    let checks = sight
        .failing_checks
        .iter()
        .filter(|(id, _)| release.ships.contains_key(id));
    refusals.extend(checks.map(|(id, seen)| {
        let reason = format!("the check of {id} does not hold: {seen}");
        let unblock = format!("mend the rows that the check of {id} finds");
        Refusal::new(Rule::CutoverGate, blocked, reason, unblock)
    }));
    refusals
}

fn empty(state: &State, rule: Rule, blocked: &str, to: &SlotId) -> Refusal {
    let Some(retired) = state.retired.get(to) else {
        let unblock = format!("bgmigrate release record VERSION --slot {}", to.slot);
        return Refusal::new(rule, blocked, "no release is recorded there", unblock);
    };
    let reason = format!(
        "{} was retired there on {}: nothing is kept for it any more",
        retired.version,
        retired.at.format("%Y-%m-%d %H:%M UTC")
    );
    let unblock = format!("deploy a release to {} and cut over to it", to.slot);
    Refusal::new(rule, blocked, reason, unblock)
}

/// What stands in a slot, for a refusal.
pub(super) fn holder(id: &SlotId, slot: &Slot) -> Holder {
    Holder {
        service: id.service.clone(),
        release: slot.version.clone(),
        slot: id.slot.clone(),
        role: slot.role,
    }
}

fn of_service(service: &str) -> String {
    format!(" --service {service}")
}
