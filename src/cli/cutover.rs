//! `bgmigrate cutover`, `rollback` and `resume`.

use std::time::Duration;

use anyhow::{Result, bail};

use super::database::{Setup, refused, wait_for};
use super::lockstep::{Answer, Attempt, Lockstep};
use super::{Global, Status, output};
use crate::gate::{Command, Direction, Observed};
use crate::router::Failure;
use crate::run::failing_checks;

const CUTOVER_EXAMPLES: &str = "\
Examples:
  bgmigrate cutover --to green
  bgmigrate cutover --to green --steps 5,25,50,100 --interval 2m

The intent is recorded before the router is touched, and the outcome after it was read back:
whatever happens in between, `bgmigrate resume` finishes or undoes it. Between steps, the checks of
the migrations have to hold: else traffic goes back by itself, and the status is 5.";

/// Move traffic to a slot.
#[derive(clap::Args, Debug)]
#[command(after_help = CUTOVER_EXAMPLES)]
pub(super) struct Cutover {
    /// The slot
    #[arg(long, value_name = "SLOT")]
    to: String,
    /// How much of the traffic it gets, step by step, in per cent; the last is 100
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', default_value = "100", value_parser = clap::value_parser!(u8).range(1..=100))]
    steps: Vec<u8>,
    /// How long each step but the last is watched
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = crate::config::duration)]
    interval: Duration,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

/// Move traffic back to the standby, at once.
#[derive(clap::Args, Debug)]
pub(super) struct Rollback {
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

/// Finish or undo an interrupted cutover.
#[derive(clap::Args, Debug)]
pub(super) struct Resume {
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Cutover) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let to = setup.slot(&arguments.to)?;
    let steps = &arguments.steps;
    if steps.last() != Some(&100) || !steps.is_sorted_by(|one, next| one < next) {
        bail!("--steps has to grow to 100, as in 5,25,50,100");
    }
    wait_for(async {
        let mut lockstep = Lockstep::open(global, &setup).await?;
        let share = steps[0];
        let status = match lockstep.claim(&Command::Cutover { to, share }).await? {
            Err(refusals) => refused(global, &refusals),
            Ok(first) => walk(&mut lockstep, first, &steps[1..], arguments.interval).await,
        };
        lockstep.store.close().await;
        status
    })
}

pub(super) fn rollback(global: &Global, arguments: &Rollback) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let service = setup.service.clone();
    wait_for(async {
        let mut lockstep = Lockstep::open(global, &setup).await?;
        let claimed = lockstep.claim(&Command::Rollback { service }).await?;
        let status = carry_out(&mut lockstep, claimed).await;
        lockstep.store.close().await;
        status
    })
}

pub(super) fn resume(global: &Global, arguments: &Resume) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    wait_for(async {
        let mut lockstep = Lockstep::open(global, &setup).await?;
        let status = take_over(&mut lockstep).await;
        lockstep.store.close().await;
        status
    })
}

/// Makes an attempt that was claimed, and records what it came to.
pub(super) async fn carry_out(
    lockstep: &mut Lockstep<'_>,
    claimed: Answer<Option<Attempt>>,
) -> Result<Status> {
    match claimed {
        Err(refusals) => refused(lockstep.global, &refusals),
        Ok(None) => Ok(Status::Done),
        Ok(Some(attempt)) => {
            let driven = lockstep.drive(&attempt);
            lockstep.conclude(driven).await
        }
    }
}

/// Goes through the steps of a cutover: after each but the last it waits, and goes on if the slot is still fit.
async fn walk(
    lockstep: &mut Lockstep<'_>,
    first: Option<Attempt>,
    later: &[u8],
    interval: Duration,
) -> Result<Status> {
    let mut attempt = first;
    for share in later {
        let Some(step) = &attempt else { break };
        match lockstep.drive(step) {
            Ok(reading) if !lockstep.global.quiet => {
                output::talk(format_args!("traffic goes to {}", reading.weights));
            }
            Ok(_) => {}
            Err(failure) => return lockstep.conclude(Err(failure)).await,
        }
        tokio::time::sleep(interval).await;
        if let Some(why) = unfit(lockstep).await? {
            return go_back(lockstep, &why).await;
        }
        match lockstep.claim_next(*share).await? {
            Ok(next) => attempt = next,
            Err(refusals) => return refused(lockstep.global, &refusals),
        }
    }
    carry_out(lockstep, Ok(attempt)).await
}

/// Why traffic should not stay where it is, nor more of it come there: checks of migrations that hold no more.
async fn unfit(lockstep: &mut Lockstep<'_>) -> Result<Option<String>> {
    let failing = failing_checks(&mut lockstep.store, &lockstep.snapshot.state).await?;
    let first = failing.into_iter().next();
    Ok(first.map(|(id, seen)| format!("the check of {id} does not hold: {seen}")))
}

/// Traffic returns to the slot that it came from.
async fn go_back(lockstep: &mut Lockstep<'_>, why: &str) -> Result<Status> {
    output::talk(format_args!("traffic goes back: {why}"));
    let claimed = lockstep.claim_next(0).await?;
    Ok(match carry_out(lockstep, claimed).await? {
        Status::Unreachable => Status::Failed,
        other => other,
    })
}

/// Goes on with what was interrupted, under a new epoch: whatever was sent before is refused, or at least told from ours.
async fn take_over(lockstep: &mut Lockstep<'_>) -> Result<Status> {
    lockstep.wait_for_the_last_attempt().await?;
    let Some(cutover) = lockstep.cutover().cloned() else {
        return Ok(nothing_in_flight(lockstep));
    };
    let arrived = match lockstep.observe() {
        Observed::At { slot, .. } => slot == cutover.to,
        Observed::Elsewhere(_) => false,
        Observed::Unreadable(why) => {
            let failure = Failure::Unknown(format!("the router could not be asked: {why}"));
            return lockstep.conclude(Err(failure)).await;
        }
    };
    // Whoever rolls back wants away from a release, and without a slot of before there is no way back.
    let forward = arrived || cutover.direction == Direction::Back || cutover.from.is_none();
    let claimed = lockstep.claim_next(if forward { 100 } else { 0 }).await?;
    if claimed.is_err() && lockstep.cutover().is_none() {
        // Whoever was at it was alive, and has ended it meanwhile.
        return Ok(nothing_in_flight(lockstep));
    }
    Ok(match carry_out(lockstep, claimed).await? {
        // It was undone, as was asked.
        Status::Unreachable => Status::Done,
        other => other,
    })
}

fn nothing_in_flight(lockstep: &Lockstep<'_>) -> Status {
    if !lockstep.global.quiet {
        output::talk("no cutover is in flight");
    }
    Status::Done
}
