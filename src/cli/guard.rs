//! `bgmigrate guard`.

use std::time::Duration;

use anyhow::{Result, bail};

use super::database::{Setup, wait_for};
use super::{Global, Status, output};
use crate::guard::Tier;
use crate::guard::postgres::OVERRIDE_SETTING;
use crate::model::Dialect;
use crate::report;
use crate::store::{Missing, Store, Waiting};

const EXAMPLES: &str = "\
Examples:
  bgmigrate guard install                              the best that this account can install here
  bgmigrate guard install --for deployer               … for a tool that works as another role
  bgmigrate guard status --check                       for CI: on, and nothing broken past it
  bgmigrate guard allow --reason \"INC-7\" --for-minutes 5   one transaction passes
  bgmigrate guard disable --reason \"restoring a dump\"";

/// The guard: what the database refuses by itself
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Show how far the guard reaches, and what was broken past it
    Status {
        /// End with status 5 where no guard is on, or something was broken past it
        #[arg(long)]
        check: bool,
    },
    /// Install the guard, or bring an older one up to date, and pin the releases that stand in slots
    Install {
        /// triggers or views [default: the best that this account can install]
        #[arg(long, value_parser = tier)]
        tier: Option<Tier>,
        /// The role that this tool works as, where it is another than installs the guard; may be repeated
        #[arg(long = "for", value_name = "ROLE")]
        roles: Vec<String>,
    },
    /// Remove the guard and its pins; what it logged stays
    Remove(Reason),
    /// Switch the guard off
    Disable(Reason),
    /// Switch it on again
    Enable(Reason),
    /// Let one transaction pass, with a trace
    Allow {
        #[command(flatten)]
        reason: Reason,
        /// How long the permission lasts
        #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1440))]
        for_minutes: u16,
    },
    /// Take what was broken past the guard as it is
    Accept(Reason),
}

#[derive(clap::Args, Debug)]
struct Reason {
    /// Why; kept in the guard's log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

fn tier(text: &str) -> Result<Tier, String> {
    match Tier::named(text) {
        Some(tier @ (Tier::Triggers | Tier::Views)) => Ok(tier),
        _ => Err("it is triggers or views".to_owned()),
    }
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Status> {
    let setup = Setup::of(global, None)?;
    wait_for(async {
        let mut store = setup.store(Missing::Refuse).await?;
        let status = match &arguments.action {
            Action::Status { check } => status(global, &mut store, *check).await,
            Action::Install { tier, roles } => {
                install(global, &setup, &mut store, *tier, roles).await
            }
            Action::Remove(reason) => remove(global, &mut store, reason).await,
            Action::Disable(reason) => switch(global, &mut store, false, reason).await,
            Action::Enable(reason) => switch(global, &mut store, true, reason).await,
            Action::Allow {
                reason,
                for_minutes,
            } => allow(global, &mut store, reason, *for_minutes).await,
            Action::Accept(reason) => accept(global, &mut store, reason).await,
        }?;
        store.close().await;
        Ok(status)
    })
}

async fn status(global: &Global, store: &mut Store, check: bool) -> Result<Status> {
    let standing = store.guard().await?;
    let broken = if standing.is_some() {
        store.broken_pins().await?
    } else {
        Vec::new()
    };
    let dialect = store.dialect();
    let text = report::guard(
        standing.as_ref(),
        &broken,
        dialect,
        global.format,
        output::paint(),
    );
    output::answer(&output::suited(text, "guard status", global.format)?)?;
    let holds = standing.is_some_and(|standing| standing.watches) && broken.is_empty();
    Ok(if check && !holds {
        Status::Failed
    } else {
        Status::Done
    })
}

/// Installs the best guard, or the wanted one. Also what `init --guard` does.
pub(super) async fn install(
    global: &Global,
    setup: &Setup,
    store: &mut Store,
    wanted: Option<Tier>,
    roles: &[String],
) -> Result<Status> {
    let best = store.guard_tier().await?;
    let tier = match (wanted, best) {
        (_, Tier::Gates) => bail!(
            "no guard can be installed here: {}\n  {}",
            Tier::Gates.holds(store.dialect()),
            Tier::Gates.cannot_stop(store.dialect()).join("\n  ")
        ),
        (Some(Tier::Triggers), Tier::Views) if store.dialect() == Dialect::Sqlite => {
            bail!("SQLite has no event triggers: --tier views is what there is")
        }
        (Some(Tier::Triggers), Tier::Views) => bail!(
            "this account may not create event triggers: install the guard as one that may, with --for and the role of \
             this tool; or take --tier views"
        ),
        (wanted, best) => wanted.unwrap_or(best),
    };
    // The lock's line is in the record.
    let snapshot = store.load_or_init(&[]).await?;
    let waiting = Waiting {
        at_most: Duration::from_mins(1),
        tell: &mut |holder| output::talk(format_args!("waiting for {holder}")),
    };
    store.lock("bgmigrate guard install", waiting).await?;
    store.install_guard(tier).await?;
    if setup.is_external() {
        let shelf = setup.folder(global)?;
        setup
            .pin_for_another_runner(&shelf, store, &snapshot.state)
            .await?;
    }
    for role in roles {
        only_on_postgres(store, "roles to trust")?;
        store.trust(role).await?;
    }
    if !global.quiet {
        output::talk(format_args!("the guard is installed ({})", tier.name()));
        output::talk(tier.holds(store.dialect()));
        output::talk("`bgmigrate guard status` tells what it cannot stop");
    }
    Ok(Status::Done)
}

async fn remove(global: &Global, store: &mut Store, reason: &Reason) -> Result<Status> {
    let reason = said(reason)?;
    installed(store).await?;
    store.remove_guard(reason).await?;
    if !global.quiet {
        output::talk("the guard is removed; the gates of this tool still hold");
    }
    Ok(Status::Done)
}

async fn switch(global: &Global, store: &mut Store, on: bool, reason: &Reason) -> Result<Status> {
    let reason = said(reason)?;
    only_on_postgres(store, "switch")?;
    installed(store).await?;
    store.switch_guard(on, reason).await?;
    if !global.quiet {
        output::talk(if on {
            "the guard is on; `bgmigrate guard status` tells what was broken meanwhile"
        } else {
            "the guard is off: nothing but the gates of this tool refuses now. Back on: bgmigrate guard enable"
        });
    }
    Ok(Status::Done)
}

async fn allow(
    global: &Global,
    store: &mut Store,
    reason: &Reason,
    minutes: u16,
) -> Result<Status> {
    let reason = said(reason)?;
    only_on_postgres(store, "override")?;
    installed(store).await?;
    let token = store.allow_once(reason, i64::from(minutes) * 60).await?;
    output::answer(&format!("SET LOCAL {OVERRIDE_SETTING} = '{token}';\n"))?;
    if !global.quiet {
        output::talk(format_args!(
            "run this inside the transaction that shall pass, within {minutes} minutes; it serves once"
        ));
    }
    Ok(Status::Done)
}

async fn accept(global: &Global, store: &mut Store, reason: &Reason) -> Result<Status> {
    let reason = said(reason)?;
    only_on_postgres(store, "acceptance")?;
    installed(store).await?;
    let objects = store.accept_broken(reason).await?;
    if !global.quiet {
        output::talk(format_args!(
            "{objects} objects are taken as they are now; nobody is refused for them any more"
        ));
    }
    Ok(Status::Done)
}

fn said(reason: &Reason) -> Result<&str> {
    let text = reason.reason.trim();
    if text.is_empty() {
        bail!("--reason must say why");
    }
    Ok(text)
}

fn only_on_postgres(store: &Store, what: &str) -> Result<()> {
    if store.dialect() == Dialect::Postgres {
        return Ok(());
    }
    bail!(
        "the guard has no {what} on {}: `bgmigrate guard remove` takes it away, `install` brings it back",
        store.dialect()
    )
}

async fn installed(store: &mut Store) -> Result<()> {
    if store.guard().await?.is_none() {
        bail!(
            "no guard is installed in {}: bgmigrate guard install",
            store.target()
        );
    }
    Ok(())
}
