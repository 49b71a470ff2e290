//! `bgmigrate status`.

use anyhow::Result;

use super::database::{Setup, wait_for};
use super::{Global, Status, output};
use crate::report;
use crate::store::Missing;

const EXAMPLES: &str = "\
Examples:
  bgmigrate status                    slots, rollback windows, and what is pending in which phase
  bgmigrate status --format json
  bgmigrate status --check            hold the record's tables against its history
  bgmigrate status --check --repair   … and write them anew from it";

/// Show where everything stands.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Hold the record's tables against its history; what differs ends with status 5
    #[arg(long)]
    check: bool,
    /// Write the tables anew from the history
    #[arg(long, requires = "check")]
    repair: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    if arguments.check {
        return check(global, &setup, arguments.repair);
    }
    let shelf = setup.folder(global)?;
    let subjects = shelf.subjects();
    let steps = shelf.steps(&subjects, &setup);
    let (snapshot, standing, target) = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let snapshot = setup.load(global, &mut store, &[]).await?;
        let standing = store.guard().await?;
        let target = store.target();
        store.close().await;
        Ok((snapshot, standing, target))
    })?;
    let Some(snapshot) = snapshot else {
        if !global.quiet {
            output::talk(format_args!(
                "{target} has no record yet: bgmigrate init, or bgmigrate apply, makes it"
            ));
        }
        return Ok(Status::Done);
    };
    let sight = setup.sight(&snapshot);
    let text = report::status(
        &snapshot.state,
        &steps,
        &sight,
        (standing.as_ref(), setup.target.dialect()),
        global.format,
        output::paint(),
    );
    output::answer(&output::suited(text, "status", global.format)?)?;
    Ok(Status::Done)
}

fn check(global: &Global, setup: &Setup, repair: bool) -> Result<Status> {
    let differences = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let differences = match store.load(&[]).await? {
            Some(_) => store.differences().await?,
            None => Vec::new(),
        };
        if repair && !differences.is_empty() {
            store.rebuild().await?;
        }
        store.close().await;
        Ok(differences)
    })?;
    for one in &differences {
        output::answer(&format!(
            "{}: the history comes to {}; the tables say {}\n",
            one.what, one.history, one.tables
        ))?;
    }
    let said = match (differences.is_empty(), repair) {
        (true, _) => "the record's tables are what its history comes to",
        (false, true) => "the tables were written anew from the history",
        (false, false) => "the tables differ from the history; --repair writes them anew",
    };
    if !global.quiet {
        output::talk(said);
    }
    Ok(if differences.is_empty() || repair {
        Status::Done
    } else {
        Status::Failed
    })
}
