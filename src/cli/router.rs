//! `bgmigrate router`: where traffic really goes, and which of the two gives way where the record says otherwise.

use anyhow::{Result, bail};

use super::cutover::{configured, record};
use super::database::{Setup, refused, wait_for};
use super::{Global, Status, output};
use crate::gate::{Command, Observed};
use crate::router::{File, Router as _};
use crate::store::{Missing, Snapshot};

const EXAMPLES: &str = "\
Examples:
  bgmigrate router check      does the router send traffic where the record says?
  bgmigrate router enforce    the record is right: point the router at the slot that it has live
  bgmigrate router adopt      the router is right: record the slot that it sends traffic to as live

`check` ends with status 3 where the two differ.";

/// Ask the router; settle where it and the record differ.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What to do
    what: What,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum What {
    /// Ask it, and change nothing
    Check,
    /// The router is right: the record follows it
    Adopt,
    /// The record is right: the router follows it
    Enforce,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let router = configured(&setup)?;
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let mut snapshot = setup.load_to_write(global, &mut store).await?;
        let status = match arguments.what {
            What::Check => Ok(check(global, &setup, &snapshot, &router)),
            What::Enforce => enforce(global, &setup, &snapshot, &router),
            What::Adopt => {
                let service = setup.service.clone();
                let command = Command::Follow { service };
                match record(&setup, &mut store, &mut snapshot, &command).await? {
                    Ok(_) => Ok(check(global, &setup, &snapshot, &router)),
                    Err(refusals) => refused(global, &refusals),
                }
            }
        };
        store.close().await;
        status
    })
}

fn check(global: &Global, setup: &Setup, snapshot: &Snapshot, router: &File) -> Status {
    let service = &setup.service;
    let recorded = snapshot.state.live(service).map(|(id, _)| id.slot.as_str());
    let named = recorded.unwrap_or("no slot");
    let seen = match router.observe() {
        Observed::At(slot) if Some(slot.as_str()) == recorded => {
            if !global.quiet {
                output::talk(format_args!("the router and the record agree on {slot}"));
            }
            return Status::Done;
        }
        Observed::At(slot) | Observed::Elsewhere(slot) => slot,
        Observed::Unreadable(why) => {
            output::talk(format_args!("the router could not be asked: {why}"));
            return Status::Unreachable;
        }
    };
    output::talk(format_args!(
        "the router of {service} sends traffic to {seen}, and the record has {named} live\n  to go on: bgmigrate router \
         enforce, or bgmigrate router adopt"
    ));
    Status::Refused
}

fn enforce(global: &Global, setup: &Setup, snapshot: &Snapshot, router: &File) -> Result<Status> {
    let service = &setup.service;
    if snapshot.state.cutovers.contains_key(service) {
        bail!("a cutover of {service} is in flight: `bgmigrate resume` settles it");
    }
    let Some((live, _)) = snapshot.state.live(service) else {
        bail!(
            "the record has no live release of {service}: `bgmigrate cutover --to SLOT` makes one"
        );
    };
    if let Err(error) = router.point(&live.slot) {
        output::talk(format_args!("the router did not take the order: {error}"));
        return Ok(Status::Unreachable);
    }
    Ok(check(global, setup, snapshot, router))
}
