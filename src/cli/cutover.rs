//! `bgmigrate cutover`, `rollback` and `resume`: intent, flip, read back, record.

use anyhow::{Context, Result, bail};

use super::database::{Setup, refused, wait_for};
use super::{Global, Status, output};
use crate::gate::{Command, Event, Refusal, decide};
use crate::router::{File, Router};
use crate::run::failing_checks;
use crate::store::{Missing, Snapshot, Store, StoreError};

const CUTOVER_EXAMPLES: &str = "\
Examples:
  bgmigrate cutover --to green

The intent is recorded before the router is touched, and the outcome after it was read back:
whatever happens in between, `bgmigrate resume` finishes or undoes it.";

/// Move traffic to a slot.
#[derive(clap::Args, Debug)]
#[command(after_help = CUTOVER_EXAMPLES)]
pub(super) struct Cutover {
    /// The slot
    #[arg(long, value_name = "SLOT")]
    to: String,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

/// Move traffic back to the standby, at once.
#[derive(clap::Args, Debug)]
pub(super) struct Rollback {
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

/// Finish or undo an interrupted cutover.
#[derive(clap::Args, Debug)]
pub(super) struct Resume {
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Cutover) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let to = setup.slot(&arguments.to)?;
    flip(global, &setup, &Command::Cutover { to })
}

pub(super) fn rollback(global: &Global, arguments: &Rollback) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let service = setup.service.clone();
    flip(global, &setup, &Command::Rollback { service })
}

pub(super) fn resume(global: &Global, arguments: &Resume) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    configured(&setup)?;
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let mut snapshot = setup.load_to_write(global, &mut store).await?;
        let status = settle(global, &setup, &mut store, &mut snapshot).await;
        store.close().await;
        status
    })
}

fn flip(global: &Global, setup: &Setup, command: &Command) -> Result<Status> {
    let router = configured(setup)?;
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let mut snapshot = setup.load_to_write(global, &mut store).await?;
        let intended = match record(setup, &mut store, &mut snapshot, command).await? {
            Ok(events) => events,
            Err(refusals) => return refused(global, &refusals),
        };
        for event in &intended {
            let Event::CutoverIntended { to, .. } = event else {
                continue;
            };
            if let Err(error) = router.point(to) {
                output::talk(format_args!("the router did not take the order: {error}"));
            }
        }
        let status = settle(global, setup, &mut store, &mut snapshot).await;
        store.close().await;
        status
    })
}

/// What is recorded is what the router shows, whether or not it answered.
async fn settle(
    global: &Global,
    setup: &Setup,
    store: &mut Store,
    snapshot: &mut Snapshot,
) -> Result<Status> {
    let service = setup.service.clone();
    let settled = match record(setup, store, snapshot, &Command::Settle { service }).await? {
        Ok(events) => events,
        Err(refusals) => {
            refused(global, &refusals)?;
            return Ok(Status::Unknown);
        }
    };
    for event in &settled {
        match event {
            Event::CutoverCompleted { service } => {
                let live = snapshot.state.live(service);
                let (id, slot) = live.context("a completed cutover leaves a live slot")?;
                if !global.quiet {
                    output::talk(format_args!("{} is live in {id}", slot.version));
                }
            }
            Event::CutoverAbandoned { reason, .. } => {
                output::talk(format_args!("nothing was moved: {reason}"));
                return Ok(Status::Unreachable);
            }
            _ => {}
        }
    }
    if settled.is_empty() && !global.quiet {
        output::talk("no cutover is in flight");
    }
    Ok(Status::Done)
}

/// Decides on what the record and the router say now, and records it.
pub(super) async fn record(
    setup: &Setup,
    store: &mut Store,
    snapshot: &mut Snapshot,
    command: &Command,
) -> Result<Result<Vec<Event>, Vec<Refusal>>> {
    loop {
        let mut sight = setup.sight(snapshot);
        if matches!(command, Command::Cutover { .. }) {
            sight.failing_checks = failing_checks(store, &snapshot.state).await?;
        }
        let events = match decide(&snapshot.state, command, &sight) {
            Ok(events) => events,
            Err(refusals) => return Ok(Err(refusals)),
        };
        match store.append(snapshot, &events).await {
            Err(StoreError::Moved) => *snapshot = store.load_or_init(&[]).await?,
            appended => {
                appended?;
                return Ok(Ok(events));
            }
        }
    }
}

/// The configured router, or what to write to have one.
pub(super) fn configured(setup: &Setup) -> Result<File> {
    match setup.router() {
        Some(router) => Ok(router),
        None => bail!(
            "no router is configured: write `[router]` with `file = \"PATH\"` into bgmigrate.toml"
        ),
    }
}
