//! `bgmigrate router`: where traffic really goes, and which of the two gives way where the record says otherwise.

use anyhow::{Result, bail};

use super::database::{Setup, refused, wait_for};
use super::lockstep::Lockstep;
use super::{Global, Status, output};
use crate::gate::{Command, Observed, drifting};
use crate::router::Deadline;

const EXAMPLES: &str = "\
Examples:
  bgmigrate router check      does the router send traffic where the record says?
  bgmigrate router enforce    the record is right: point the router at the slot that it has live
  bgmigrate router adopt      the router is right: record the slot that it sends traffic to as live

`check` also says what the driver promises, and what would be in the way of a cutover. It ends with
status 3 where the two differ, and with 4 where something has to be mended first.";

/// Ask the router; settle where it and the record differ.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What to do
    what: What,
    /// With `adopt`: the database was restored from a backup, so that the router holds what the record has forgotten
    #[arg(long)]
    i_restored_the_database: bool,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum What {
    /// Ask it what it does and could do, and change nothing
    Check,
    /// The router is right: the record follows it
    Adopt,
    /// The record is right: the router follows it
    Enforce,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let restored = arguments.i_restored_the_database;
    if restored && !matches!(arguments.what, What::Adopt) {
        bail!("--i-restored-the-database is for `router adopt`");
    }
    let setup = Setup::of(global, arguments.service.as_deref())?;
    wait_for(async {
        let mut lockstep = Lockstep::open(global, &setup).await?;
        let service = setup.service.clone();
        let status = match arguments.what {
            What::Check => check(&lockstep),
            What::Enforce => settle(&mut lockstep, &Command::Enforce { service }).await,
            What::Adopt => settle(&mut lockstep, &Command::Follow { service, restored }).await,
        };
        lockstep.store.close().await;
        status
    })
}

async fn settle(lockstep: &mut Lockstep<'_>, command: &Command) -> Result<Status> {
    let claimed = lockstep.claim(command).await?;
    match lockstep.carry_out(claimed).await? {
        Status::Done => agreement(lockstep),
        other => Ok(other),
    }
}

/// What the driver promises, what it would need, and whether it is where the record says.
fn check(lockstep: &Lockstep<'_>) -> Result<Status> {
    let deadline = Deadline::within(lockstep.setup.attempt_timeout());
    let remarks = lockstep.router.check(deadline);
    let mut text = format!("{}\n", lockstep.router.promises());
    for remark in &remarks {
        text.push_str(&format!("{remark}\n"));
    }
    output::answer(&text)?;
    let wrong = remarks.iter().any(|remark| remark.wrong);
    Ok(match agreement(lockstep)? {
        Status::Done if wrong => Status::Unreachable,
        agreed => agreed,
    })
}

fn agreement(lockstep: &Lockstep<'_>) -> Result<Status> {
    let sight = lockstep.setup.sight(&lockstep.snapshot);
    let service = &lockstep.setup.service;
    let seen = sight.routers.get(service);
    if let Some(Observed::Unreadable(why)) = seen {
        output::talk(format_args!("the router could not be asked: {why}"));
        return Ok(Status::Unreachable);
    }
    if let Some(refusal) = drifting(&lockstep.snapshot.state, service, &sight) {
        return refused(lockstep.global, &[refusal]);
    }
    if let Some(Observed::At { slot, .. }) = seen
        && !lockstep.global.quiet
    {
        output::talk(format_args!("the router and the record agree on {slot}"));
    }
    Ok(Status::Done)
}
