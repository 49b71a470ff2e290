//! `bgmigrate backfill`.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::apply::pace;
use super::database::{Setup, place, stop_flag, wait_for};
use super::progress::Talk;
use super::{Global, Status, output};
use crate::backfill::Stage;
use crate::report::{self, BackfillShown};
use crate::run::sweep;
use crate::store::{Backfill, Missing, Store, Waiting, Wanted};

const EXAMPLES: &str = "\
Examples:
  bgmigrate backfill status            how far each is, how fast, what holds it
  bgmigrate backfill pause             all wait after their batch, from any machine
  bgmigrate backfill resume 0003       one runs again
  bgmigrate backfill stop 0003         the run at it ends; `apply` does not take it up until it is resumed
  bgmigrate backfill sweep 0003        through the table once more, for rows that were written since";

/// Backfills: changes of many rows that `apply` runs in batches
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Show how far backfills are
    Status(Which),
    /// Have them wait, and the runs that are at them too
    Pause(Which),
    /// Have them run again
    Resume(Which),
    /// Have the runs that are at them end after their batch
    Stop(Which),
    /// Go through the table of a finished backfill once more, and count what is left
    Sweep {
        /// The migration, by its id or file
        migration: String,
        /// How long to rest after a batch, as a multiple of the time that it took; 0 for no rest [default:
        /// configured, or 0.5]
        #[arg(long, value_name = "RATIO")]
        nice: Option<f64>,
        /// How long to wait for another run, in seconds
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        lock_wait: u64,
    },
}

#[derive(clap::Args, Debug)]
struct Which {
    /// The migration, by its id in the record [default: all]
    migration: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    match &arguments.action {
        Action::Status(which) => status(global, &setup, which),
        Action::Pause(which) => want(global, &setup, which, Wanted::Pause),
        Action::Resume(which) => want(global, &setup, which, Wanted::Run),
        Action::Stop(which) => want(global, &setup, which, Wanted::Stop),
        Action::Sweep {
            migration,
            nice,
            lock_wait,
        } => sweep_one(global, &setup, migration, *nice, *lock_wait),
    }
}

fn status(global: &Global, setup: &Setup, which: &Which) -> Result<Status> {
    let found = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let found = known(&mut store, which).await;
        store.close().await;
        found
    })?;
    if found.is_empty() && !global.quiet {
        output::talk(format_args!("no backfill was begun in {}", setup.target));
    }
    let shown = found
        .into_iter()
        .map(shown)
        .collect::<Result<Vec<BackfillShown>>>()?;
    let text = report::backfills(&shown, global.format, output::paint());
    output::answer(&output::suited(text, "backfill status", global.format)?)?;
    Ok(Status::Done)
}

fn shown(backfill: Backfill) -> Result<BackfillShown> {
    let progress = serde_json::from_str(&backfill.body);
    let progress = progress
        .with_context(|| format!("reading how far the backfill of {} is", backfill.migration))?;
    let wanted = (backfill.wanted != Wanted::Run).then(|| {
        let by = backfill.wanted_by.as_deref().unwrap_or("somebody");
        let since = backfill.wanted_since.as_deref().unwrap_or("unknown");
        (backfill.wanted.name(), format!("{by} since {since}"))
    });
    Ok(BackfillShown {
        migration: backfill.migration,
        statement: backfill.statement,
        wanted,
        progress,
    })
}

/// Those that are meant, which have to be there where one is named.
async fn known(store: &mut Store, which: &Which) -> Result<Vec<Backfill>> {
    let mut all = store.backfills().await?;
    if let Some(named) = &which.migration {
        all.retain(|one| one.migration.as_str() == named);
        if all.is_empty() {
            bail!(
                "no backfill of a migration `{named}` was begun; `bgmigrate backfill status` shows those that were"
            );
        }
    }
    Ok(all)
}

/// Takes no lock: whoever is at the backfill has it, and reads this before its next batch.
fn want(global: &Global, setup: &Setup, which: &Which, wanted: Wanted) -> Result<Status> {
    let count = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let mut open = BTreeSet::new();
        for one in known(&mut store, which).await? {
            let one = shown(one)?;
            if one.progress.stage != Stage::Done {
                open.insert(one.migration);
            }
        }
        let mut count = 0;
        for migration in &open {
            count += store.want_backfill(migration, wanted).await?;
        }
        store.close().await;
        Ok(count)
    })?;
    if !global.quiet {
        output::talk(match (count, wanted) {
            (0, _) => "no unfinished backfill is there".to_owned(),
            (count, Wanted::Run) => format!(
                "{} may run; `bgmigrate apply` goes on where none is at it",
                several(count)
            ),
            (count, Wanted::Pause) => format!("{} waits after its batch", several(count)),
            (count, Wanted::Stop) => format!(
                "{} ends after its batch, and stays where it is",
                several(count)
            ),
        });
    }
    Ok(Status::Done)
}

fn several(count: u64) -> String {
    match count {
        1 => "1 backfill".to_owned(),
        count => format!("each of {count} backfills"),
    }
}

fn sweep_one(
    global: &Global,
    setup: &Setup,
    migration: &str,
    nice: Option<f64>,
    lock_wait: u64,
) -> Result<Status> {
    setup.refuse_external("bgmigrate backfill sweep")?;
    let pace = pace(setup, nice)?;
    let shelf = setup.folder(global)?;
    let subjects = shelf.subjects();
    let steps = shelf.steps(&subjects, setup);
    let step = &steps[place(&subjects, &steps, migration)?];
    let remaining = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        store.load_or_init(&[]).await?;
        let waiting = Waiting {
            at_most: Duration::from_secs(lock_wait),
            tell: &mut |holder| output::talk(format_args!("waiting for {holder}")),
        };
        store.lock("bgmigrate backfill sweep", waiting).await?;
        let mut talk = Talk::new(global, stop_flag(&mut store).await?, 1);
        let swept = sweep(&mut store, step, &setup.outlook(), pace, &mut talk).await;
        drop(talk);
        store.close().await;
        Ok(swept?)
    })?;
    if !global.quiet {
        output::talk(match remaining {
            0 => format!("{}: every row is as the backfill leaves it", step.id),
            left => format!(
                "{}: {left} rows are not as the backfill leaves them",
                step.id
            ),
        });
    }
    Ok(if remaining == 0 {
        Status::Done
    } else {
        Status::Failed
    })
}
