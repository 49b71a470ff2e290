//! `bgmigrate status`.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::Result;

use super::database::{Setup, wait_for};
use super::look::look;
use super::{Global, Status, output};
use crate::report;
use crate::store::Missing;

const EXAMPLES: &str = "\
Examples:
  bgmigrate status                    slots, rollback windows, and what is pending in which phase
  bgmigrate status --format json
  bgmigrate status --watch            the same, kept up to date
  bgmigrate status --check            hold the record's tables against its history
  bgmigrate status --check --repair   … and write them anew from it";

/// Show where everything stands.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Hold the record's tables against its history; what differs ends with status 5
    #[arg(long)]
    check: bool,
    /// Show it again and again
    #[arg(long, conflicts_with = "check")]
    watch: bool,
    /// How often, with --watch
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = crate::config::duration_ms, requires = "watch")]
    every: u64,
    /// Write the tables anew from the history
    #[arg(long, requires = "check")]
    repair: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    if arguments.check {
        return check(global, &setup, arguments.repair);
    }
    if arguments.watch {
        return watch(global, &setup, Duration::from_millis(arguments.every));
    }
    let looked = wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let looked = look(global, &setup, &mut store, 0).await?;
        store.close().await;
        Ok(looked)
    })?;
    let Some(looked) = looked else {
        if !global.quiet {
            output::talk(no_record(&setup));
        }
        return Ok(Status::Done);
    };
    let text = looked.shown(|board| report::status(board, global.format, output::paint()));
    output::answer(&output::suited(text, "status", global.format)?)?;
    Ok(Status::Done)
}

fn no_record(setup: &Setup) -> String {
    format!(
        "{} has no record yet: bgmigrate init, or bgmigrate apply, makes it",
        setup.target
    )
}

/// Shows it again and again, until somebody ends it: in place on a terminal, elsewhere whenever something is new.
fn watch(global: &Global, setup: &Setup, every: Duration) -> Result<Status> {
    let in_place = std::io::stdout().is_terminal();
    let mut shown = String::new();
    loop {
        let text = wait_for(async {
            let mut store = setup.store(Missing::Refuse).await?;
            let looked = look(global, setup, &mut store, 0).await?;
            store.close().await;
            Ok(looked)
        });
        let text = match text {
            Ok(Some(looked)) => {
                let text =
                    looked.shown(|board| report::status(board, global.format, output::paint()));
                output::suited(text, "status", global.format)?
            }
            Ok(None) => format!("{}\n", no_record(setup)),
            // What is watched may be away for a while.
            Err(error) if Status::of(&error) == Status::Unreachable => format!("{error:#}\n"),
            Err(error) => return Err(error),
        };
        if in_place {
            let now = chrono::Utc::now().format("%H:%M:%S UTC");
            output::answer(&format!(
                "\x1b[H\x1b[J{} at {now}, every {} s; Ctrl-C ends it\n\n{text}",
                setup.target,
                every.as_secs()
            ))?;
        } else if text != shown {
            output::answer(&text)?;
        }
        shown = text;
        std::thread::sleep(every);
    }
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
