//! `bgmigrate undo`.

use std::time::Duration;

use anyhow::{Context, Result};

use super::database::{Setup, place, refused, stop_flag, wait_for};
use super::progress::Talk;
use super::{Global, Status, output};
use crate::plan::{Back, dependents};
use crate::run::{RunError, Settings, Undo, undo};
use crate::store::{Missing, Waiting};

const EXAMPLES: &str = "\
Examples:
  bgmigrate undo 0002               run its way down; or the inverse, where that is certain
  bgmigrate undo 0002 --dry-run     print what would run

Only an expand step is undone, and only while no release that may run or be rolled back to ships it: move traffic away,
retire the release, then undo. What the migration made is dropped, with the rows that are in it.";

/// Take an expand step back.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The migration, by its id or file
    migration: String,
    /// Print what would run; change nothing, ask no gate
    #[arg(long)]
    dry_run: bool,
    /// How long to wait for another run, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    lock_wait: u64,
    /// How long a statement waits for a lock before it is rolled back and tried again, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    lock_timeout: u64,
    /// How long an undo that gets no lock is tried again, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    retry_for: u64,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    setup.refuse_external("bgmigrate undo")?;
    let shelf = setup.folder(global)?;
    let subjects = shelf.subjects();
    let steps = shelf.steps(&subjects, &setup);
    let at = place(&subjects, &steps, &arguments.migration)?;
    let step = &steps[at];
    let back = Back::of(subjects[at].migration, step, shelf.engine())
        .with_context(|| format!("{}: migration {} cannot be undone", step.file, step.id))?;
    let file = if back.inverse {
        step.file.clone()
    } else {
        shelf.path_of(&back.file)
    };
    let statements = back.statements(shelf.engine().dialect);
    if arguments.dry_run {
        let each = statements
            .iter()
            .map(|statement| format!("{};\n", statement.sql.trim_end_matches(';')));
        output::answer(&each.collect::<String>())?;
        return Ok(Status::Done);
    }
    let wanted = Undo {
        step,
        file: &file,
        statements: &statements,
        dependents: dependents(&steps, at),
    };
    let settings = Settings {
        lock_timeout: Duration::from_millis(arguments.lock_timeout),
        retry_for: Duration::from_secs(arguments.retry_for),
    };
    let undone = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        store.load_or_init(&[]).await?;
        let waiting = Waiting {
            at_most: Duration::from_secs(arguments.lock_wait),
            tell: &mut |holder| output::talk(format_args!("waiting for {holder}")),
        };
        store.lock("bgmigrate undo", waiting).await?;
        let mut talk = Talk::new(global, stop_flag(&mut store).await?, 1);
        let undone = undo(&mut store, &wanted, &setup.outlook(), settings, &mut talk).await;
        store.close().await;
        Ok(undone)
    })?;
    match undone {
        Err(RunError::Refused(refusals)) => refused(global, &refusals),
        Err(error) => Err(error.into()),
        Ok(()) => {
            if !global.quiet {
                output::talk(format_args!("{} is undone", step.id));
            }
            Ok(Status::Done)
        }
    }
}
