//! `bgmigrate release`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::database::{Setup, refused, wait_for};
use super::{Global, Status, output, uses};
use crate::gate::{Command, MigrationId, Release, Shipped, State, decide};
use crate::plan::{FolderStep, spares};
use crate::report;
use crate::store::{Missing, Store, StoreError};
use crate::uses::Uses;

const EXAMPLES: &str = "\
Examples:
  bgmigrate release record v1 --slot blue --live      on adoption: v1 serves traffic already
  bgmigrate release record v2 --slot green            v2 is deployed, idle, in green
  bgmigrate release record v2 --slot green --uses .sqlx   … and uses what these queries name alone

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
    /// What it uses: SQL files, sqlx's offline query data, a plain list, or folders of them; all that it uses, for
    /// nothing else is kept for it [default: it uses everything]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    uses: Vec<PathBuf>,
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
    let reading = match &arguments.uses[..] {
        [] => None,
        files => Some(uses::read_all(shelf.reviewed(), shelf.engine(), files)?),
    };
    if let Some(reading) = &reading {
        uses::tell(global, reading);
    }
    let ships = FolderStep::ships(&steps);
    wait_for(async {
        let mut store = setup.store(Missing::Create).await?;
        let mut snapshot = setup.load_to_write(global, &mut store).await?;
        loop {
            let mut release = Release::shipping(ships.clone());
            if let Some(reading) = &reading {
                release.uses = Some(uses::as_recorded(reading)?);
                release.unharmed_by =
                    unharmed(&mut store, &snapshot.state, &ships, &reading.uses).await?;
            }
            let command = Command::Record {
                slot: slot.clone(),
                version: arguments.version.clone(),
                live: arguments.live,
                release,
            };
            let events = match decide(&snapshot.state, &command, &setup.sight(&snapshot)) {
                Ok(events) => events,
                Err(refusals) => return refused(global, &refusals),
            };
            match store.append(&mut snapshot, &events).await {
                Err(StoreError::Moved) => snapshot = store.load_or_init(&[]).await?,
                appended => break appended?,
            }
        }
        if setup.is_external() {
            setup
                .pin_for_another_runner(&shelf, &mut store, &snapshot.state)
                .await?;
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

/// The contract steps outside of what the release ships that ran already, and are proven by their texts to take nothing
/// that it uses. A step that another tool ran has left no text, and proves nothing.
async fn unharmed(
    store: &mut Store,
    state: &State,
    ships: &BTreeMap<MigrationId, Shipped>,
    uses: &Uses,
) -> Result<BTreeSet<MigrationId>> {
    let mut unharmed = BTreeSet::new();
    let ran = state.steps.iter();
    for (id, step) in ran.filter(|(_, step)| step.phase.gates_as_contract()) {
        if ships.contains_key(id) {
            continue;
        }
        let text = store.text_of(&step.checksum).await?;
        if text.is_some_and(|text| spares(uses, &text, store.dialect())) {
            unharmed.insert(id.clone());
        }
    }
    Ok(unharmed)
}
