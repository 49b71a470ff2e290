//! `bgmigrate cutover`, `rollback` and `resume`.

use std::time::Duration;

use anyhow::{Result, bail};

use super::database::{Setup, wait_for};
use super::lockstep::Lockstep;
use super::movement::Movement;
use super::{Global, Status, output};
use crate::gate::{Command, Direction, Observed};
use crate::hook::Stage;
use crate::router::Failure;

const CUTOVER_EXAMPLES: &str = "\
Examples:
  bgmigrate cutover --to green
  bgmigrate cutover --to green --steps 5,25,50,100 --interval 2m
  bgmigrate cutover --to green --watch 10m       and back by itself when a check fails meanwhile

The intent is recorded before the router is touched, and the outcome after it was read back:
whatever happens in between, `bgmigrate resume` finishes or undoes it. Between steps, and for as
long as --watch says after the last, the checks of the migrations and the smoke tests of the slot
are asked every 5 seconds: when one fails, traffic goes back by itself, and the status is 5.";

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
    /// How long the release is watched after the last step
    #[arg(long, value_name = "TIME", value_parser = crate::config::duration)]
    watch: Option<Duration>,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

const ROLLBACK_EXAMPLES: &str = "\
Examples:
  bgmigrate rollback
  bgmigrate rollback --skip-hooks                without asking the hooks before it";

/// Move traffic back to the standby, at once.
#[derive(clap::Args, Debug)]
#[command(after_help = ROLLBACK_EXAMPLES)]
pub(super) struct Rollback {
    /// Call no hook before it, in an emergency
    #[arg(long)]
    skip_hooks: bool,
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
        let mut movement = Movement::open(global, &setup).await?;
        if steps.len() > 1 || arguments.watch.is_some() {
            movement.prepare_to_watch(&to)?;
        }
        let command = Command::Cutover {
            to: to.clone(),
            release: movement.lockstep.version(&to.slot).cloned(),
            share: steps[0],
        };
        let mut status = match movement.begin(&command, Some(Stage::BeforeCutover)).await? {
            Ok(first) => {
                movement
                    .walk(first, &steps[1..], arguments.interval)
                    .await?
            }
            Err(status) => status,
        };
        if let Some(span) = arguments.watch.filter(|_| status == Status::Done) {
            status = movement.stay(&to, span).await?;
        }
        movement.lockstep.store.close().await;
        Ok(status)
    })
}

pub(super) fn rollback(global: &Global, arguments: &Rollback) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let service = setup.service.clone();
    let before = (!arguments.skip_hooks).then_some(Stage::BeforeRollback);
    wait_for(async {
        let mut movement = Movement::open_to_rescue(global, &setup, before).await?;
        let command = Command::Rollback {
            service,
            after: None,
        };
        let status = match movement.begin(&command, before).await? {
            Ok(attempt) => movement.carry_out(Ok(Some(attempt))).await?,
            Err(status) => status,
        };
        movement.lockstep.store.close().await;
        Ok(status)
    })
}

pub(super) fn resume(global: &Global, arguments: &Resume) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    wait_for(async {
        let mut movement = Movement::open_to_rescue(global, &setup, None).await?;
        let status = take_over(&mut movement).await;
        movement.lockstep.store.close().await;
        status
    })
}

/// Goes on with what was interrupted, under a new epoch: whatever was sent before is refused, or at least told from ours.
async fn take_over(movement: &mut Movement<'_>) -> Result<Status> {
    let lockstep = &mut movement.lockstep;
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
    Ok(match movement.carry_out(claimed).await? {
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
