//! `bgmigrate release`.

use anyhow::{Result, bail};

use super::database::{Setup, refused, wait_for};
use super::{Global, Status, output};
use crate::gate::{Command, decide};
use crate::plan::FolderStep;
use crate::report;
use crate::store::{Missing, StoreError};

const EXAMPLES: &str = "\
Examples:
  bgmigrate release record v1 --slot blue --live      on adoption: v1 serves traffic already
  bgmigrate release record v2 --slot green            v2 is deployed, idle, in green

The release ships the migration folder as it is now: run this from the checkout that was deployed.";

/// Record releases.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Action {
    /// Record that a version is deployed in a slot
    #[command(after_help = EXAMPLES)]
    Record(Arguments),
}

/// Record that a version is deployed in a slot.
#[derive(clap::Args, Debug)]
pub(super) struct Arguments {
    /// The version: a tag, a commit hash, a build number
    version: String,
    /// The slot that it is deployed in
    #[arg(long)]
    slot: String,
    /// It serves traffic already: on adoption, or because it replaced the live release in place
    #[arg(long)]
    live: bool,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(super) fn run(global: &Global, action: &Action) -> Result<Status> {
    let Action::Record(arguments) = action;
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let slot = setup.slot(&arguments.slot)?;
    if arguments.version.trim().is_empty() {
        bail!("a release needs a version");
    }
    let shelf = setup.folder(global)?;
    let subjects = shelf.subjects();
    let steps = shelf.steps(&subjects, &setup);
    let command = Command::Record {
        slot: slot.clone(),
        version: arguments.version.clone(),
        live: arguments.live,
        ships: FolderStep::ships(&steps),
    };
    wait_for(async {
        let mut store = setup.store(Missing::Create).await?;
        let mut snapshot = store.load_or_init(&[]).await?;
        loop {
            let events = match decide(&snapshot.state, &command, &setup.sight(&snapshot)) {
                Ok(events) => events,
                Err(refusals) => return refused(global, &refusals),
            };
            match store.append(&mut snapshot, &events).await {
                Err(StoreError::Moved) => snapshot = store.load_or_init(&[]).await?,
                appended => break appended?,
            }
        }
        if !global.quiet {
            let role = snapshot
                .state
                .slots
                .get(&slot)
                .map_or("gone", |slot| slot.role.name());
            output::talk(format_args!(
                "{} is {role} in {slot}, shipping {}",
                arguments.version,
                report::count(steps.len(), "migration")
            ));
        }
        store.close().await;
        Ok(Status::Done)
    })
}
