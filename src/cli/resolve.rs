//! `bgmigrate resolve`.

use std::time::Duration;

use anyhow::{Result, bail};

use super::database::{Setup, place, refused, wait_for};
use super::{Global, Status, output};
use crate::gate::Resolution;
use crate::run::{RunError, resolve};
use crate::store::{Missing, Waiting};

const EXAMPLES: &str = "\
Examples:
  bgmigrate resolve 0007 --done --reason \"the index is there and valid\"
  bgmigrate resolve 0007 --retry --reason \"nothing of it is there\"
  bgmigrate resolve 0007 --skip --reason \"made by hand\"";

/// Settle a statement of which nobody knows whether it ran.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("how").required(true).args(["done", "retry", "skip"]))]
pub(super) struct Arguments {
    /// The migration, by its id or file
    migration: String,
    /// The statement ran
    #[arg(long)]
    done: bool,
    /// It did not run, and shall with the next `apply`
    #[arg(long)]
    retry: bool,
    /// It did not run, and shall not
    #[arg(long)]
    skip: bool,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    if arguments.reason.trim().is_empty() {
        bail!("--reason must say what was looked at");
    }
    let setup = Setup::of(global, None)?;
    let shelf = setup.folder(global)?;
    let subjects = shelf.subjects();
    let steps = shelf.steps(&subjects, &setup);
    let step = &steps[place(&subjects, &steps, &arguments.migration)?];
    let how = match (arguments.done, arguments.retry) {
        (true, _) => Resolution::Done,
        (_, true) => Resolution::Retry,
        _ => Resolution::Skip,
    };
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        store.load_or_init(&[]).await?;
        let waiting = Waiting {
            at_most: Duration::from_mins(1),
            tell: &mut |holder| output::talk(format_args!("waiting for {holder}")),
        };
        store.lock("bgmigrate resolve", waiting).await?;
        let settled = resolve(&mut store, step, how, &arguments.reason).await;
        store.close().await;
        match settled {
            Err(RunError::Refused(refusals)) => refused(global, &refusals),
            settled => {
                settled?;
                if !global.quiet {
                    output::talk(format_args!(
                        "{} is settled; `bgmigrate apply` goes on",
                        step.id
                    ));
                }
                Ok(Status::Done)
            }
        }
    })
}
