//! `bgmigrate init`.

use anyhow::{Result, bail};

use super::database::{Setup, place, wait_for};
use super::{Global, Status, output};
use crate::gate::{Adopted, Command, decide};
use crate::store::Missing;

const EXAMPLES: &str = "\
Examples:
  bgmigrate init                        make the record in the database
  bgmigrate init --baseline 0042        … and take everything up to 0042 for applied already

Every command that writes makes the record by itself; running this again changes nothing.";

/// Make the record.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Another tool has applied the migrations up to this id or file: record them without running them
    #[arg(long, value_name = "ID")]
    baseline: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    let adopted = match &arguments.baseline {
        None => Vec::new(),
        Some(last) => {
            let shelf = setup.folder(global)?;
            let subjects = shelf.subjects();
            let steps = shelf.steps(&subjects, &setup);
            let last = place(&subjects, &steps, last)?;
            let each = steps[..=last].iter().map(|step| Adopted {
                migration: step.id.clone(),
                phase: step.phase,
                checksum: step.checksum.clone(),
            });
            each.collect()
        }
    };
    wait_for(async {
        let mut store = setup.store(Missing::Create).await?;
        let mut snapshot = store.load_or_init(&[]).await?;
        let command = Command::Adopt {
            migrations: adopted,
        };
        let Ok(events) = decide(&snapshot.state, &command, &setup.sight(&snapshot)) else {
            bail!("the baseline was refused");
        };
        let before = snapshot.state.steps.len();
        store.append(&mut snapshot, &events).await?;
        if !global.quiet {
            let added = snapshot.state.steps.len() - before;
            output::talk(format_args!(
                "the record is in {}; {added} migrations adopted",
                store.target()
            ));
        }
        store.close().await;
        Ok(Status::Done)
    })
}
