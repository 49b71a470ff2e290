//! `bgmigrate gate`.

use anyhow::{Result, bail};

use super::database::{Setup, place, refused, wait_for};
use super::{Global, Status, output};
use crate::gate::{
    Command, Direction, MigrationId, Refusal, Rule, Sight, SlotId, State, contract_gate,
    cutover_gate, decide,
};
use crate::plan::{FolderStep, candidate};
use crate::run::failing_checks;
use crate::store::{Missing, Snapshot};

const EXAMPLES: &str = "\
Examples:
  bgmigrate gate cutover --to green           may traffic move to green now?
  bgmigrate gate contract                     may the pending contract steps run now?
  bgmigrate gate contract --migration 0004    may this one?
  bgmigrate gate rollback                     is the way back open?

Ends with 0 or 3, and changes nothing: the line for CI.";

/// What is said where no release is known, since then nothing is in the way of anything.
const NOBODY: &str = "no release is recorded in any slot, so there is none to protect; with one: bgmigrate release record \
VERSION --slot SLOT --live";

/// Ask whether something may happen now.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What is asked for
    #[arg(value_enum)]
    gate: Gate,
    /// The slot that traffic shall move to, or the version in it
    #[arg(long, value_name = "SLOT|VERSION")]
    to: Option<String>,
    /// The contract step that shall run [default: all that are pending]
    #[arg(long, value_name = "ID")]
    migration: Option<String>,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// Traffic moves to another slot
    Cutover,
    /// Contract steps run
    Contract,
    /// Traffic moves back to the standby
    Rollback,
}

impl Gate {
    /// What is asked for, in words.
    const fn words(self) -> &'static str {
        match self {
            Self::Cutover => "cutover",
            Self::Contract => "contract steps",
            Self::Rollback => "rollback",
        }
    }
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    match (arguments.gate, &arguments.to, &arguments.migration) {
        (Gate::Cutover, None, _) => bail!("`gate cutover` needs --to SLOT"),
        (Gate::Contract, Some(_), _) => {
            bail!("`gate contract` asks about migrations; --to is for cutover and rollback")
        }
        (Gate::Cutover | Gate::Rollback, _, Some(_)) => bail!("--migration is for `gate contract`"),
        _ => {}
    }
    let shelf = match arguments.gate {
        Gate::Contract => Some(setup.folder(global)?),
        Gate::Cutover | Gate::Rollback => None,
    };
    let subjects = shelf
        .as_ref()
        .map(super::database::Shelf::subjects)
        .unwrap_or_default();
    let steps = shelf
        .as_ref()
        .map(|shelf| shelf.steps(&subjects, &setup))
        .unwrap_or_default();
    let asked = match (&arguments.migration, &shelf) {
        (Some(id), Some(_)) => Some(place(&subjects, &steps, id)?),
        _ => None,
    };
    let (snapshot, sight, failing) = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let also: Vec<&str> = steps
            .iter()
            .filter_map(|step| step.unused_since.as_deref())
            .collect();
        let snapshot = setup.load(global, &mut store, &also).await?;
        let sight = match (&snapshot, arguments.gate) {
            (Some(snapshot), Gate::Contract) => {
                Some(setup.outlook().look(&mut store, snapshot).await)
            }
            _ => None,
        };
        let failing = match (&snapshot, arguments.gate) {
            (Some(snapshot), Gate::Cutover) => failing_checks(&mut store, &snapshot.state).await?,
            _ => Vec::new(),
        };
        store.close().await;
        Ok((snapshot, sight, failing))
    })?;
    // A gate that asks the wrong database must not be taken for an open one.
    let Some(snapshot) = snapshot else {
        let missing = Refusal::new(
            Rule::Record,
            arguments.gate.words(),
            format!(
                "{} has no record: nobody said which release runs where",
                setup.target()
            ),
            "name the database that has it with --database-url, or begin one: bgmigrate init",
        );
        return refused(global, &[missing]);
    };
    let refusals = match (arguments.gate, sight) {
        (Gate::Contract, Some(sight)) => contract(&snapshot, &sight, &steps, asked),
        _ => moves(&setup, &snapshot, failing, arguments)?,
    };
    if refusals.is_empty() {
        if !global.quiet {
            output::talk("allowed");
            if arguments.gate == Gate::Contract && snapshot.state.slots.is_empty() {
                output::talk(NOBODY);
            }
        }
        return match global.format {
            crate::report::Format::Human => Ok(Status::Done),
            _ => refused(global, &[]).map(|_| Status::Done),
        };
    }
    refused(global, &refusals)
}

fn contract(
    snapshot: &Snapshot,
    sight: &Sight,
    steps: &[FolderStep<'_>],
    asked: Option<usize>,
) -> Vec<Refusal> {
    let pending = steps.iter().enumerate().filter(|(at, step)| match asked {
        Some(asked) => asked == *at,
        None => step.phase.gates_as_contract(),
    });
    let pending = pending.filter(|(_, step)| !snapshot.state.is_applied(&step.id));
    pending
        .flat_map(|(_, step)| {
            contract_gate(
                &snapshot.state,
                &candidate(step, &snapshot.state, Vec::new()),
                sight,
            )
        })
        .collect()
}

fn moves(
    setup: &Setup,
    snapshot: &Snapshot,
    failing_checks: Vec<(MigrationId, String)>,
    arguments: &Arguments,
) -> Result<Vec<Refusal>> {
    let state = &snapshot.state;
    let sight = Sight {
        failing_checks,
        ..setup.sight(snapshot)
    };
    let command = match (arguments.gate, &arguments.to) {
        (Gate::Rollback, None) => Command::Rollback {
            service: setup.service.clone(),
            after: None,
        },
        (Gate::Rollback, Some(to)) => {
            let to = named(setup, state, to)?;
            return Ok(cutover_gate(state, &to, Direction::Back, &sight));
        }
        (_, to) => Command::Cutover {
            to: named(setup, state, to.as_deref().unwrap_or_default())?,
            release: None,
            share: 100,
        },
    };
    Ok(decide(state, &command, &sight).err().unwrap_or_default())
}

/// A slot by its name, or by the version that it holds.
fn named(setup: &Setup, state: &State, name: &str) -> Result<SlotId> {
    let slots = &setup.slots;
    if slots.iter().any(|slot| slot == name) {
        return Ok(SlotId::new(&setup.service, name));
    }
    let holding = state
        .of(&setup.service)
        .find(|(_, slot)| slot.version == name);
    match holding {
        Some((id, _)) => Ok(id.clone()),
        None => bail!(
            "`{name}` is no slot ({}), and no slot holds a version of that name",
            slots.join(", ")
        ),
    }
}
