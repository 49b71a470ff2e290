//! `bgmigrate retire`.

use anyhow::{Result, bail};

use super::database::{Setup, refused, wait_for};
use super::{Global, Status, output};
use crate::gate::{Command, decide};
use crate::store::{Missing, StoreError};

const EXAMPLES: &str = "\
Examples:
  bgmigrate retire blue                                       once its rollback window has passed
  bgmigrate retire blue --early --reason \"hotfix is out\"      before

From then on a rollback to it is refused, and the contract steps that waited for it may run.";

/// Close the rollback to a slot's release.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The slot
    slot: String,
    /// Before its rollback window has passed
    #[arg(long, requires = "reason")]
    early: bool,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let slot = setup.slot(&arguments.slot)?;
    let early = arguments.reason.clone().filter(|_| arguments.early);
    if early
        .as_deref()
        .is_some_and(|reason| reason.trim().is_empty())
    {
        bail!("--reason must say why");
    }
    let command = Command::Retire {
        slot: slot.clone(),
        early,
    };
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let mut snapshot = setup.load_to_write(global, &mut store).await?;
        let events = loop {
            let events = match decide(&snapshot.state, &command, &setup.sight(&snapshot)) {
                Ok(events) => events,
                Err(refusals) => return refused(global, &refusals),
            };
            match store.append(&mut snapshot, &events).await {
                Err(StoreError::Moved) => snapshot = store.load_or_init(&[]).await?,
                appended => {
                    appended?;
                    break events;
                }
            }
        };
        if !global.quiet {
            let done = if events.is_empty() {
                "was retired before"
            } else {
                "is retired"
            };
            output::talk(format_args!("{slot} {done}"));
        }
        store.close().await;
        Ok(Status::Done)
    })
}
