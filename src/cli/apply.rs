//! `bgmigrate apply`.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail};

use super::database::{Setup, place, refused, stop_flag, wait_for};
use super::progress::Talk;
use super::{Global, Status, output};
use crate::backfill::Pace;
use crate::gate::Refusal;
use crate::model::FilePhase;
use crate::plan::FolderStep;
use crate::report::{self, Ran};
use crate::run::{Apply, Outcome, RunError, Settings, apply};
use crate::store::{Missing, Waiting};

const EXAMPLES: &str = "\
Examples:
  bgmigrate apply                          expand and migrate steps: before the cutover
  bgmigrate apply --phase contract         contract steps that no rollback can miss any more
  bgmigrate apply --phase all --dry-run    print what would run, and what would be refused

A run that was killed is found out about by the next one: each statement ends as done, not done, or unknown.";

/// Run what the gates allow, in order.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Run the steps of these phases only; `all` for every one [default: expand and migrate]
    #[arg(long, value_enum, value_delimiter = ',')]
    phase: Vec<Wanted>,
    /// The last migration to look at, by its id or file
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// Print what would run; change nothing
    #[arg(long)]
    dry_run: bool,
    /// How long to wait for another run, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    lock_wait: u64,
    /// How long a statement waits for a lock before it is rolled back and tried again, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    lock_timeout: u64,
    /// How long a migration that gets no lock is tried again, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    retry_for: u64,
    /// How long a backfill rests after a batch, as a multiple of the time that it took; 0 for no rest [default:
    /// configured, or 0.5]
    #[arg(long, value_name = "RATIO")]
    nice: Option<f64>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Expand steps
    Expand,
    /// Migrate steps
    Migrate,
    /// Contract steps, and files that mix phases
    Contract,
    /// Every step
    All,
}

impl Arguments {
    fn phases(&self) -> BTreeSet<FilePhase> {
        use FilePhase::{Contract, Expand, Migrate};
        let each = self.phase.iter().flat_map(|wanted| match wanted {
            Wanted::Expand => vec![Expand],
            Wanted::Migrate => vec![Migrate],
            Wanted::Contract => vec![Contract],
            Wanted::All => vec![Expand, Migrate, Contract],
        });
        let phases: BTreeSet<_> = each.collect();
        if phases.is_empty() {
            BTreeSet::from([Expand, Migrate])
        } else {
            phases
        }
    }
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    setup.refuse_external("bgmigrate apply")?;
    let shelf = setup.folder(global)?;
    let subjects = shelf.subjects();
    let steps = shelf.steps(&subjects, &setup);
    let to = arguments
        .to
        .as_deref()
        .map(|id| place(&subjects, &steps, id))
        .transpose()?;
    let wanted = Apply {
        steps: &steps,
        phases: arguments.phases(),
        to,
        dry_run: arguments.dry_run,
        pace: pace(&setup, arguments.nice)?,
    };
    let settings = Settings {
        lock_timeout: Duration::from_millis(arguments.lock_timeout),
        retry_for: Duration::from_secs(arguments.retry_for),
    };
    let outcome = wait_for(async {
        let missing = if wanted.dry_run {
            Missing::Refuse
        } else {
            Missing::Create
        };
        let mut store = setup.store(missing).await?;
        let snapshot = if wanted.dry_run {
            store.load(&[]).await?.unwrap_or_default()
        } else {
            let snapshot = store.load_or_init(&[]).await?;
            let waiting = Waiting {
                at_most: Duration::from_secs(arguments.lock_wait),
                tell: &mut |holder| output::talk(format_args!("waiting for {holder}")),
            };
            store.lock("bgmigrate apply", waiting).await?;
            snapshot
        };
        let is_open = |step: &&FolderStep<'_>| !snapshot.state.is_applied(&step.id);
        let open = steps.iter().filter(is_open).count();
        let mut talk = Talk::new(global, stop_flag(&mut store).await?, open);
        let outcome = apply(&mut store, &wanted, &setup.outlook(), settings, &mut talk).await;
        store.close().await;
        Ok(outcome)
    })?;
    match outcome {
        Err(RunError::Refused(refusals)) => refused(global, &refusals),
        Err(error) => Err(error.into()),
        Ok(outcome) => told(global, &wanted, &outcome),
    }
}

/// How backfills go about it: the flag beats the configuration.
pub(super) fn pace(setup: &Setup, nice: Option<f64>) -> Result<Pace> {
    let mut pace = setup.home.config.backfill.pace(setup.target.dialect())?;
    if let Some(nice) = nice {
        if !(0.0..=1000.0).contains(&nice) {
            bail!("--nice {nice}: write a number from 0, for no rest, to 1000");
        }
        pace.nice = nice;
    }
    Ok(pace)
}

/// Held back by a gate is a refusal; held back by its phase, which nobody asked for, is not.
fn told(global: &Global, wanted: &Apply<'_>, outcome: &Outcome) -> Result<Status> {
    let refusals: Vec<Refusal> = outcome
        .held
        .iter()
        .flat_map(|(_, refusals)| refusals.clone())
        .collect();
    let ran = Ran {
        applied: &outcome.applied,
        held: &outcome.held,
        dry_run: wanted.dry_run,
        stopped: outcome.stopped,
    };
    let text = report::applied(&ran, wanted.steps, global.format, output::paint());
    output::answer(&output::suited(text, "apply", global.format)?)?;
    Ok(if outcome.stopped {
        Status::Failed
    } else if refusals.is_empty() {
        Status::Done
    } else {
        Status::Refused
    })
}
