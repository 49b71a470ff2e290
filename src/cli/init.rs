//! `bgmigrate init`.

use anyhow::{Result, bail};

use super::database::{Setup, place, wait_for};
use super::runner::{adopted, keep_texts, look};
use super::{Global, Status, output};
use crate::adopt::{Tool, Wanted};
use crate::gate::{Adopted, Command, decide};
use crate::report::count;
use crate::run::elsewhere;
use crate::store::{Missing, Store};

const EXAMPLES: &str = "\
Examples:
  bgmigrate init                        make the record in the database
  bgmigrate init --from flyway          take over what this tool's table says is applied
  bgmigrate init --baseline 0042        take everything up to 0042 for applied
  bgmigrate init --guard                and have the database refuse by itself what breaks a release

Where the database has the table of sqlx, Flyway, golang-migrate, goose, dbmate, diesel, refinery or
Prisma, what it says is applied is taken over; running this again takes over what came since.";

/// Make the record.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Another tool has applied the migrations up to this id or file: record them without running them
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "from_table"])]
    baseline: Option<String>,
    /// The tool that has applied the folder so far [default: the one whose table is there]
    #[arg(long, value_name = "TOOL")]
    from: Option<Tool>,
    /// That tool's table, where it is not its usual one
    #[arg(long, value_name = "TABLE", requires = "from")]
    from_table: Option<String>,
    /// Install the guard too, the best that this account can install here
    #[arg(long)]
    guard: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    wait_for(async {
        let mut store = setup.store(Missing::Create).await?;
        let migrations = match &arguments.baseline {
            Some(last) => baseline(global, &setup, last)?,
            None => taken_over(global, arguments, &setup, &mut store).await?,
        };
        let mut snapshot = store.load_or_init(&[]).await?;
        let Ok(events) = decide(
            &snapshot.state,
            &Command::Adopt {
                migrations,
                gone: Vec::new(),
            },
            &setup.sight(&snapshot),
        ) else {
            bail!("the migrations to adopt were refused");
        };
        let before = snapshot.state.steps.len();
        store.append(&mut snapshot, &events).await?;
        if !events.is_empty() {
            keep_texts(&setup.folder(global)?, &setup, &mut store, &events).await?;
        }
        if !global.quiet {
            let added = snapshot.state.steps.len() - before;
            output::talk(format_args!(
                "the record is in {}; {} adopted",
                store.target(),
                count(added, "migration")
            ));
        }
        if arguments.guard {
            super::guard::install(global, &setup, &mut store, None, &[]).await?;
        }
        store.close().await;
        Ok(Status::Done)
    })
}

/// The folder's migrations up to one.
fn baseline(global: &Global, setup: &Setup, last: &str) -> Result<Vec<Adopted>> {
    let shelf = setup.folder(global)?;
    let subjects = shelf.subjects();
    let steps = shelf.steps(&subjects, setup);
    let last = place(&subjects, &steps, last)?;
    Ok(steps[..=last].iter().map(adopted).collect())
}

/// Those that another tool says it has applied; none where no tool has a table here.
async fn taken_over(
    global: &Global,
    arguments: &Arguments,
    setup: &Setup,
    store: &mut Store,
) -> Result<Vec<Adopted>> {
    let wanted = Wanted {
        tool: arguments.from,
        table: arguments.from_table.as_deref(),
    };
    // A database that no tool has migrated needs no folder yet.
    if elsewhere(store, &wanted)
        .await
        .is_ok_and(|found| found.is_none())
    {
        return Ok(Vec::new());
    }
    let shelf = setup.folder(global)?;
    let Some(found) = look(setup, &shelf, store, &wanted).await? else {
        return Ok(Vec::new());
    };
    if !global.quiet {
        let applied = found.applied.len();
        output::talk(format_args!(
            "{} says that {} of the folder {} applied",
            found.history,
            count(applied, "migration"),
            if applied == 1 { "is" } else { "are" }
        ));
    }
    if !found.unknown.is_empty() {
        output::talk(format_args!(
            "it also names what the folder does not have: {}",
            found.unknown.join(", ")
        ));
    }
    Ok(found.applied)
}
