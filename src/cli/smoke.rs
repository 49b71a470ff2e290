//! `bgmigrate smoke`.

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};

use super::database::{Setup, refused, wait_for};
use super::hooks::Hooks;
use super::suite::Suite;
use super::{Global, Status, output};
use crate::gate::{Command, Event, Refusal, Slot, SlotId, decide};
use crate::hook::Stage;
use crate::report;
use crate::smoke::Tested;
use crate::store::{Missing, Snapshot, Store, StoreError};

const EXAMPLES: &str = "\
Examples:
  bgmigrate smoke --slot green
  bgmigrate smoke --slot green --format junit > smoke.xml

Asks the slot what `[[smoke.http]]` and `[[smoke.command]]` in bgmigrate.toml say, and the database what
the migrations of its release ask by `check=…`. The result is recorded for this release in this slot:
the next deployment there needs a test of its own. Ends with status 5 when a check fails.";

/// Test the release in a slot, and record the result.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The slot
    #[arg(long, value_name = "SLOT")]
    slot: String,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let id = setup.slot(&arguments.slot)?;
    let hooks = Hooks::of(global, &setup, &[Stage::BeforeSmoke, Stage::AfterSmoke])?;
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let mut snapshot = setup.load_to_write(global, &mut store).await?;
        let held = snapshot.state.slots.get(&id).cloned();
        let suite = Suite::of(&setup, &id, held.as_ref().map_or("", |slot| &slot.version))?;
        let Some(slot) = held else {
            let command = result(&id, "", snapshot.now, Vec::new());
            let refusals = decide(&snapshot.state, &command, &setup.sight(&snapshot));
            return refused(global, &refusals.err().unwrap_or_default());
        };
        let mut occasion = hooks.occasion(&id, &slot.version, &snapshot);
        let before = Stage::BeforeSmoke;
        if !hooks
            .before(before, &occasion, &mut store, &mut snapshot)
            .await
        {
            return Ok(Status::Failed);
        }
        suite.warn();
        let tested = suite.ask(global, &mut store, &snapshot.state).await?;
        if tested.outcomes.is_empty() {
            bail!(
                "nothing is configured that could be tested: write `[[smoke.http]]` or `[[smoke.command]]` into bgmigrate.toml"
            );
        }
        let text = report::smoke(&tested, global.format, output::paint());
        let text = output::suited(text, "smoke", global.format)?;
        let recorded = record(&setup, &mut store, &mut snapshot, &tested, &slot).await?;
        if let Err(refusals) = recorded {
            return refused(global, &refusals);
        }
        output::answer(&text)?;
        occasion.at = snapshot.now;
        occasion.passed = Some(tested.passed());
        occasion.failed = tested.failed().map(|one| one.name.clone()).collect();
        let after = Stage::AfterSmoke;
        hooks
            .after(after, &occasion, &mut store, &mut snapshot)
            .await;
        store.close().await;
        Ok(if tested.passed() {
            Status::Done
        } else {
            Status::Failed
        })
    })
}

/// Records how a test went, for what the slot held when it began.
pub(super) async fn record(
    setup: &Setup,
    store: &mut Store,
    snapshot: &mut Snapshot,
    tested: &Tested,
    slot: &Slot,
) -> Result<Result<Vec<Event>, Vec<Refusal>>> {
    let failed = tested.failed().map(|one| one.name.clone()).collect();
    let command = result(&tested.slot, &tested.version, slot.since, failed);
    loop {
        let events = match decide(&snapshot.state, &command, &setup.sight(snapshot)) {
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

fn result(slot: &SlotId, version: &str, since: DateTime<Utc>, failed: Vec<String>) -> Command {
    Command::Smoke {
        slot: slot.clone(),
        version: version.to_owned(),
        since,
        failed,
    }
}
