//! Moving traffic: the attempts of a cutover, and whether the router is where the record says.
//!
//! Each attempt has an epoch, greater than all before it. The router holds the epoch beside the slot, and what it shows
//! settles an attempt only under that attempt's own epoch: the same slot under another one is somebody else's work, or an
//! attempt that was given up and came late.

use super::decide::Decision;
use super::{
    Cutover, Direction, Event, Observed, Refusal, Role, Rule, Sight, SlotId, State, rules,
};

/// All of it.
const WHOLE: u8 = 100;

/// A release that came into the slot after `meant` was looked at gets no traffic that was meant for that one.
pub(super) fn cutover(
    state: &State,
    to: &SlotId,
    meant: Option<&str>,
    share: u8,
    sight: &Sight,
) -> Decision {
    let held = state.slots.get(to).map(|slot| slot.version.as_str());
    if let Some((meant, held)) = meant.zip(held).filter(|(meant, held)| meant != held) {
        let refusal = Refusal::new(
            Rule::CutoverGate,
            format!("cutover to {to}"),
            format!("it does not hold {meant} any more, but {held}"),
            format!("bgmigrate cutover --to {}, if that is meant", to.slot),
        );
        return Err(vec![refusal]);
    }
    intend(state, to, Direction::Forward, share, sight)
}

fn intend(state: &State, to: &SlotId, direction: Direction, share: u8, sight: &Sight) -> Decision {
    let refusals = rules::cutover(state, to, direction, sight);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(vec![Event::CutoverIntended {
        service: to.service.clone(),
        from: state.live(&to.service).map(|(id, _)| id.slot.clone()),
        to: to.slot.clone(),
        direction,
        share,
        epoch: next_epoch(state, &to.service, sight),
    }])
}

pub(super) fn rollback(
    state: &State,
    service: &str,
    after: Option<u64>,
    sight: &Sight,
) -> Decision {
    let blocked = format!("rollback of {service}");
    let claimed = state.epochs(service).claimed;
    if let Some(after) = after.filter(|after| *after != claimed) {
        let reason = format!("traffic was moved since, under epoch {claimed} instead of {after}");
        let unblock = "bgmigrate status shows where it goes";
        return Err(vec![Refusal::new(Rule::Lockstep, blocked, reason, unblock)]);
    }
    if let Some((to, _)) = state.standby(service) {
        return intend(state, to, Direction::Back, WHOLE, sight);
    }
    let flight = in_flight(state, service, &blocked);
    if !flight.is_empty() {
        return Err(flight);
    }
    let last = state.retired.iter().filter(|(id, _)| id.service == service);
    let reason = match last.max_by_key(|(_, retired)| retired.at) {
        Some((id, retired)) => format!(
            "{} was retired in {} on {}: nothing is kept for it any more",
            retired.version,
            id.slot,
            retired.at.format("%Y-%m-%d %H:%M UTC")
        ),
        None => "no release was live before the one that is".to_owned(),
    };
    let unblock = "deploy the release to roll back to and cut over to it";
    Err(vec![Refusal::new(
        Rule::RollbackGate,
        blocked,
        reason,
        unblock,
    )])
}

/// Traffic is where it is: the record can only follow. No gate is asked, for none can be kept any more. The router is
/// written anew all the same, so that an attempt of before cannot come late.
pub(super) fn follow(state: &State, service: &str, restored: bool, sight: &Sight) -> Decision {
    let blocked = format!("following the router of {service}");
    let mut refusals = in_flight(state, service, &blocked);
    if !restored {
        refusals.extend(ahead(state, service, &blocked, sight));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let refuse = |reason: String, unblock: &str| {
        let refusal = Refusal::new(Rule::Lockstep, &blocked, reason, unblock);
        Err(vec![refusal])
    };
    let seen = match sight.routers.get(service) {
        Some(Observed::At { slot, .. }) => slot,
        Some(Observed::Elsewhere(slot)) => {
            let reason = format!("the router sends traffic to {slot}");
            return refuse(reason, "bgmigrate router enforce");
        }
        Some(Observed::Unreadable(why)) => {
            let reason = format!("the router could not be asked: {why}");
            return refuse(reason, "make the router answer, then run this again");
        }
        None => return refuse("nobody asked the router".to_owned(), "configure the router"),
    };
    if drift_of(state, service, &blocked, sight).is_none() {
        return Ok(Vec::new());
    }
    let to = SlotId::new(service, seen);
    let Some(slot) = state.slots.get(&to) else {
        let reason = format!("no release is recorded in {to}, to which it sends traffic");
        let unblock = format!("bgmigrate release record VERSION --slot {seen} --live");
        return refuse(reason, &unblock);
    };
    let direction = match slot.role {
        Role::Standby => Direction::Back,
        Role::Live | Role::Staged => Direction::Forward,
    };
    Ok(vec![Event::CutoverIntended {
        service: service.to_owned(),
        from: state.live(service).map(|(id, _)| id.slot.clone()),
        to: to.slot,
        direction,
        share: WHOLE,
        epoch: next_epoch(state, service, sight),
    }])
}

/// The record is right: the router is written anew with what is live.
pub(super) fn enforce(state: &State, service: &str, sight: &Sight) -> Decision {
    let blocked = format!("enforcing the record of {service}");
    let mut refusals = in_flight(state, service, &blocked);
    refusals.extend(ahead(state, service, &blocked, sight));
    let live = state.live(service).map(|(id, _)| id.slot.clone());
    if live.is_none() {
        let reason = "no release of it is live in the record";
        let unblock = "bgmigrate cutover --to SLOT";
        refusals.push(Refusal::new(Rule::Lockstep, &blocked, reason, unblock));
    }
    let Some(live) = live.filter(|_| refusals.is_empty()) else {
        return Err(refusals);
    };
    if drift_of(state, service, &blocked, sight).is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CutoverIntended {
        service: service.to_owned(),
        from: Some(live.clone()),
        to: live,
        direction: Direction::Forward,
        share: WHOLE,
        epoch: next_epoch(state, service, sight),
    }])
}

/// Whoever makes another attempt does so under an epoch of its own, so that what the one before sent cannot be taken for
/// it; and two who saw the same attempt cannot both follow it.
pub(super) fn claim(state: &State, service: &str, epoch: u64, share: u8) -> Decision {
    attempt(state, service, epoch)?;
    Ok(vec![Event::CutoverClaimed {
        service: service.to_owned(),
        share,
        epoch: epoch + 1,
    }])
}

/// What is recorded follows what the router says, never the other way round.
pub(super) fn settle(state: &State, service: &str, epoch: u64, sight: &Sight) -> Decision {
    let cutover = attempt(state, service, epoch)?;
    let refuse = |reason: String| {
        let blocked = format!("settling the cutover of {service} to {}", cutover.to);
        let unblock = "look at the router, then bgmigrate resume";
        let refusal = Refusal::new(Rule::Lockstep, blocked, reason, unblock);
        Err(vec![refusal])
    };
    let (slot, held) = match sight.routers.get(service) {
        Some(Observed::At { slot, epoch }) => (slot, *epoch),
        Some(Observed::Elsewhere(seen)) => {
            return refuse(format!("the router sends traffic to {seen}"));
        }
        Some(Observed::Unreadable(why)) => {
            return refuse(format!("the router could not be asked: {why}"));
        }
        None => return refuse("nobody asked the router".to_owned()),
    };
    let back = cutover.share == 0 && Some(slot) == cutover.from.as_ref();
    let there = cutover.share == WHOLE && *slot == cutover.to;
    if !back && !there {
        return refuse(format!("the router sends traffic to {slot}"));
    }
    if held != Some(epoch) {
        return refuse(format!(
            "the router sends traffic to {slot}, but holds {}, and not {epoch}: it was somebody else's attempt",
            named(held)
        ));
    }
    let service = service.to_owned();
    Ok(vec![if there {
        Event::CutoverCompleted { service }
    } else {
        let reason = format!("the router sends traffic to {slot}, as before");
        Event::CutoverAbandoned { service, reason }
    }])
}

/// An attempt that moved nothing ends a cutover only if it was the first: of one that was made before, nobody knows
/// what it may still do.
pub(super) fn abandon(state: &State, service: &str, epoch: u64, reason: &str) -> Decision {
    let cutover = attempt(state, service, epoch)?;
    if cutover.retried {
        let blocked = format!("giving up the cutover of {service} to {}", cutover.to);
        let why =
            format!("an earlier attempt may have moved traffic, and this one did not: {reason}");
        let unblock = "make the router answer, then bgmigrate resume";
        return Err(vec![Refusal::new(Rule::Lockstep, blocked, why, unblock)]);
    }
    Ok(vec![Event::CutoverAbandoned {
        service: service.to_owned(),
        reason: reason.to_owned(),
    }])
}

/// The attempt under way, which has to be the one that is meant.
fn attempt<'a>(state: &'a State, service: &str, epoch: u64) -> Result<&'a Cutover, Vec<Refusal>> {
    let claimed = state.epochs(service).claimed;
    match state.cutovers.get(service) {
        Some(cutover) if claimed == epoch => Ok(cutover),
        under_way => {
            let reason = match under_way {
                Some(_) => format!("another run took it over, with epoch {claimed}"),
                None => "another run took it over, and ended it".to_owned(),
            };
            let blocked = format!("the attempt {epoch} on the router of {service}");
            let unblock = "bgmigrate status shows how it went";
            Err(vec![Refusal::new(Rule::Lockstep, blocked, reason, unblock)])
        }
    }
}

/// Greater than any that was given, and than the one that the router holds.
fn next_epoch(state: &State, service: &str, sight: &Sight) -> u64 {
    let held = match sight.routers.get(service) {
        Some(Observed::At { epoch, .. }) => epoch.unwrap_or_default(),
        _ => 0,
    };
    state.epochs(service).claimed.max(held) + 1
}

/// Nothing else moves while a cutover of the same service is in flight.
pub(super) fn in_flight(state: &State, service: &str, blocked: &str) -> Vec<Refusal> {
    let cutover = state.cutovers.get(service);
    let refusal = cutover.map(|cutover| {
        let reason = format!("a cutover of {service} to {} is in flight", cutover.to);
        Refusal::new(Rule::Lockstep, blocked, reason, "bgmigrate resume")
    });
    refusal.into_iter().collect()
}

/// Routers that are not where the record says. Only those that were looked at can be found out.
pub(super) fn drift(state: &State, blocked: &str, sight: &Sight) -> Vec<Refusal> {
    let services = sight.routers.keys();
    services
        .filter(|service| !state.cutovers.contains_key(*service))
        .filter_map(|service| drift_of(state, service, blocked, sight))
        .collect()
}

/// How the router of a service differs from what the record says.
pub fn drifting(state: &State, service: &str, sight: &Sight) -> Option<Refusal> {
    let blocked = format!("the router of {service}");
    drift_of(state, service, &blocked, sight)
}

/// Whether the router of a service is where the record says: at the slot, and as our last attempt left it. Without that
/// attempt's epoch nothing in the router refuses a late one.
pub(super) fn drift_of(
    state: &State,
    service: &str,
    blocked: &str,
    sight: &Sight,
) -> Option<Refusal> {
    if let Some(refusal) = ahead(state, service, blocked, sight) {
        return Some(refusal);
    }
    let settled = state.epochs(service).settled;
    let live = state.live(service).map(|(id, _)| id.slot.as_str());
    let reason = match sight.routers.get(service)? {
        Observed::At { slot, epoch } if Some(slot.as_str()) == live => {
            if *epoch == settled {
                return None;
            }
            format!(
                "the router of {service} holds {}, and the record {}: it was written by hand, or from an old file",
                named(*epoch),
                named(settled)
            )
        }
        // Before the first release is live there is nothing that traffic could be taken from.
        Observed::Elsewhere(_) if live.is_none() => return None,
        Observed::At { slot, .. } => elsewhere(service, slot, live),
        Observed::Elsewhere(seen) => elsewhere(service, seen, live),
        Observed::Unreadable(why) => format!("the router of {service} could not be asked: {why}"),
    };
    let unblock = match sight.routers.get(service)? {
        Observed::Unreadable(_) => "make the router answer, then run this again",
        _ => "bgmigrate router adopt, or bgmigrate router enforce",
    };
    Some(Refusal::new(Rule::Lockstep, blocked, reason, unblock))
}

fn elsewhere(service: &str, seen: &str, live: Option<&str>) -> String {
    let recorded = live.unwrap_or("none");
    format!("the router of {service} sends traffic to {seen}, and the record has {recorded} live")
}

/// The router holds an attempt that the record knows nothing of: nothing that the record says can be relied on.
fn ahead(state: &State, service: &str, blocked: &str, sight: &Sight) -> Option<Refusal> {
    let Observed::At {
        epoch: Some(held), ..
    } = sight.routers.get(service)?
    else {
        return None;
    };
    let claimed = state.epochs(service).claimed;
    (*held > claimed).then(|| {
        let reason = format!(
            "the router of {service} holds epoch {held}, and the record knows of none after {claimed}: the database was \
             restored from a backup, or it is another one"
        );
        let unblock = "bgmigrate router adopt --i-restored-the-database, if so";
        Refusal::new(Rule::Lockstep, blocked, reason, unblock)
    })
}

fn named(epoch: Option<u64>) -> String {
    epoch.map_or("no epoch".to_owned(), |epoch| format!("epoch {epoch}"))
}
