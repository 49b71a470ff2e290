//! `bgmigrate retire`.

use anyhow::{Result, bail};

use super::database::{Setup, refused, wait_for};
use super::hooks::Hooks;
use super::{Global, Status, output};
use crate::gate::{Command, Event, Refusal, Role, SlotId, decide};
use crate::hook::Stage;
use crate::store::{Missing, Snapshot, Store, StoreError};

const EXAMPLES: &str = "\
Examples:
  bgmigrate retire blue                                       once its rollback window has passed
  bgmigrate retire blue --early --reason \"hotfix is out\"      before
  bgmigrate retire --expired                                  whatever may be retired: for a nightly job

From then on a rollback to it is refused, and the contract steps that waited for it may run. Then the
hooks `after-retire` are called, which tear down what ran there.";

/// Close the rollback to a slot's release.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The slot
    #[arg(required_unless_present = "expired")]
    slot: Option<String>,
    /// Every standby whose rollback window has passed
    #[arg(long, conflicts_with_all = ["slot", "early", "reason"])]
    expired: bool,
    /// Before its rollback window has passed
    #[arg(long, requires = "reason")]
    early: bool,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The service [default: configured, or app]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, arguments.service.as_deref())?;
    let named = arguments.slot.as_deref();
    let named = named.map(|slot| setup.slot(slot)).transpose()?;
    let early = arguments.reason.clone().filter(|_| arguments.early);
    if early
        .as_deref()
        .is_some_and(|reason| reason.trim().is_empty())
    {
        bail!("--reason must say why");
    }
    let hooks = Hooks::of(global, &setup, &[Stage::BeforeRetire, Stage::AfterRetire])?;
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let mut snapshot = setup.load_to_write(global, &mut store).await?;
        let slots = match named {
            Some(slot) => vec![slot],
            None => expired(&setup, &snapshot),
        };
        if slots.is_empty() && !global.quiet {
            output::talk("no standby is past its rollback window");
        }
        let mut worst = Status::Done;
        for slot in slots {
            let early = early.clone();
            let command = Command::Retire { slot, early };
            let ended =
                match retire(global, &setup, &hooks, &mut store, &mut snapshot, &command).await? {
                    Ok(status) => status,
                    Err(refusals) => refused(global, &refusals)?,
                };
            if ended != Status::Done {
                worst = ended;
            }
        }
        store.close().await;
        Ok(worst)
    })
}

/// The standbys of the service whose rollback window has passed.
fn expired(setup: &Setup, snapshot: &Snapshot) -> Vec<SlotId> {
    let slots = snapshot.state.of(&setup.service);
    let past = slots.filter(|(_, slot)| {
        let until = slot.since + setup.policy.rollback_window;
        slot.role == Role::Standby && until <= snapshot.now
    });
    past.map(|(id, _)| id.clone()).collect()
}

async fn retire(
    global: &Global,
    setup: &Setup,
    hooks: &Hooks<'_>,
    store: &mut Store,
    snapshot: &mut Snapshot,
    command: &Command,
) -> Result<Result<Status, Vec<Refusal>>> {
    let allowed = match decide(&snapshot.state, command, &setup.sight(snapshot)) {
        Ok(events) => events,
        Err(refusals) => return Ok(Err(refusals)),
    };
    let Some(Event::Retired {
        slot,
        version,
        early,
    }) = allowed.into_iter().next()
    else {
        if let Command::Retire { slot, .. } = command
            && !global.quiet
        {
            output::talk(format_args!("{slot} was retired before"));
        }
        return Ok(Ok(Status::Done));
    };
    let mut occasion = hooks.occasion(&slot, &version, snapshot);
    occasion.early = early;
    if !hooks
        .before(Stage::BeforeRetire, &occasion, store, snapshot)
        .await
    {
        return Ok(Ok(Status::Failed));
    }
    loop {
        let events = match decide(&snapshot.state, command, &setup.sight(snapshot)) {
            Ok(events) => events,
            Err(refusals) => return Ok(Err(refusals)),
        };
        // While hooks ran, or another run wrote, somebody may have deployed there: that release was not meant.
        let meant =
            |event: &Event| matches!(event, Event::Retired { version: now, .. } if *now == version);
        if !events.iter().all(meant) {
            output::talk(format_args!(
                "nothing was retired: {slot} does not hold {version} any more"
            ));
            return Ok(Ok(Status::Refused));
        }
        match store.append(snapshot, &events).await {
            Err(StoreError::Moved) => *snapshot = store.load_or_init(&[]).await?,
            appended => {
                appended?;
                break;
            }
        }
    }
    if !global.quiet {
        output::talk(format_args!("{slot} is retired"));
    }
    occasion.at = snapshot.now;
    hooks
        .after(Stage::AfterRetire, &occasion, store, snapshot)
        .await;
    Ok(Ok(Status::Done))
}
