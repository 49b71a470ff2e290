//! The checks of a slot, as they are configured, and asked.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use anyhow::{Context, Result, bail};

use super::database::Setup;
use super::{Global, output};
use crate::call::Tls;
use crate::gate::{Release, SlotId, State};
use crate::run::{Address, Checked, Wall, ask_slot, checks};
use crate::smoke::{Check, Kind, Mismatch, Outcome, Question, Tested};
use crate::store::Store;

/// All that a slot is asked.
pub(super) struct Suite {
    slot: SlotId,
    version: String,
    checks: Vec<Check>,
    url: Option<String>,
    tls: Tls,
    folder: std::path::PathBuf,
    environment: Vec<(String, String)>,
}

impl Suite {
    /// The configured checks, for the version that a slot holds.
    pub(super) fn of(setup: &Setup, slot: &SlotId, version: &str) -> Result<Self> {
        let config = &setup.home.config;
        let mut told = BTreeMap::from([
            ("BGMIGRATE_SERVICE", slot.service.clone()),
            ("BGMIGRATE_SLOT", slot.slot.clone()),
            ("BGMIGRATE_VERSION", version.to_owned()),
        ]);
        let url = {
            let variable =
                |name: &str| told.get(name).cloned().or_else(|| std::env::var(name).ok());
            config.url_of(&slot.slot, &variable)
        };
        let url = url.map_err(anyhow::Error::msg);
        let url = url.with_context(|| format!("the `url` of the slot `{}`", slot.slot))?;
        told.extend(url.clone().map(|url| ("BGMIGRATE_URL", url)));
        let variable = |name: &str| told.get(name).cloned().or_else(|| std::env::var(name).ok());
        let checks = config.smoke.checks(&variable).map_err(anyhow::Error::msg);
        let checks = checks.context("the checks below `[smoke]`")?;
        let asks_http = checks
            .iter()
            .any(|check| matches!(check.question, Question::Http(_)));
        if asks_http && url.is_none() {
            bail!(
                "the slot `{0}` has no address to be tested at: write `url = \"http://…\"` below `[slots.{0}]` in bgmigrate.toml",
                slot.slot
            );
        }
        let environment = told.into_iter();
        Ok(Self {
            slot: slot.clone(),
            version: version.to_owned(),
            checks,
            url,
            tls: setup.tls(),
            folder: setup.home.folder.clone(),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }

    /// Where it is.
    pub(super) fn slot(&self) -> &SlotId {
        &self.slot
    }

    /// What is meant to be there.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Nothing is configured that could be asked.
    pub(super) fn asks_nothing(&self) -> bool {
        self.checks.is_empty()
    }

    /// Says what is believed without being checked.
    pub(super) fn warn(&self) {
        if self.is_insecure() {
            output::talk(
                "warning: certificates are NOT checked (`insecure = true` below `[smoke.tls]`): whoever answers is believed",
            );
        }
    }

    /// Asks the slot, and asks the database what the migrations want to know that its release ships.
    pub(super) async fn ask(
        &self,
        global: &Global,
        store: &mut Store,
        state: &State,
    ) -> Result<Tested> {
        let address = Address {
            url: self.url.as_deref(),
            tls: &self.tls,
            folder: &self.folder,
            environment: &self.environment,
        };
        let talkative = !global.quiet && (global.verbose || std::io::stderr().is_terminal());
        let mut tell = |check: &Check, attempt: u32, wrong: &[Mismatch]| {
            if let Some(first) = wrong.first().filter(|_| talkative) {
                output::talk(format_args!(
                    "{}: attempt {attempt} of {}: expected {}, got {}",
                    check.name, check.patience.attempts, first.expected, first.got
                ));
            }
        };
        let mut outcomes = ask_slot(&self.checks, &address, &mut Wall::start(), &mut tell);
        let asked = checks(store, state).await?;
        let held = state.slots.get(&self.slot);
        let release = held.and_then(|held| state.release_in(&self.slot, held));
        outcomes.extend(of_migrations(asked, release));
        Ok(Tested {
            slot: self.slot.clone(),
            version: self.version.clone(),
            insecure: self.is_insecure(),
            outcomes,
        })
    }

    fn is_insecure(&self) -> bool {
        let asks_https = self
            .url
            .as_deref()
            .is_some_and(|url| url.starts_with("https:"));
        self.tls.insecure && asks_https
    }
}

/// What the migrations ask that the release ships: all of them, where nobody knows which those are.
fn of_migrations(asked: Vec<Checked>, release: Option<&Release>) -> impl Iterator<Item = Outcome> {
    let ships = move |check: &Checked| {
        release.is_none_or(|release| release.ships.contains_key(&check.migration))
    };
    asked.into_iter().filter(ships).map(|check| Outcome {
        name: format!("check of {}", check.migration),
        kind: Kind::Migration,
        attempts: 1,
        took_ms: check.took_ms,
        mismatches: check
            .seen
            .map(|seen| Mismatch::new(format!("no row, or 0, from {}", check.query), seen))
            .into_iter()
            .collect(),
    })
}

impl Setup {
    /// Whom to believe over TLS, with its path from the configuration's folder.
    fn tls(&self) -> Tls {
        let written = &self.home.config.smoke.tls;
        Tls {
            ca_file: written
                .ca_file
                .as_ref()
                .map(|file| self.home.folder.join(file)),
            server_name: written.server_name.clone(),
            insecure: written.insecure,
        }
    }
}
