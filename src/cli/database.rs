//! What the commands with a database share: configuration, folder, connection, and the same words for a refusal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;

use super::lint::reviewed;
use super::source::{Home, Source, whole_folder};
use super::{Global, Status, output};
use crate::config::Slots;
use crate::gate::{Observed, Policy, Refusal, Sight, SlotId};
use crate::model::{Dialect, Engine, Migration};
use crate::plan::{FolderStep, Subject, steps};
use crate::report;
use crate::review::Reviewed;
use crate::router::{self, Deadline, Router, Surroundings, Targets};
use crate::run::{Mark, Outlook};
use crate::store::{Missing, Origin, Snapshot, Store, Target};

/// The slots of a service that configures none.
const SLOTS: [&str; 2] = ["blue", "green"];

/// The configuration, as far as databases go.
pub(super) struct Setup {
    pub home: Home,
    pub target: Target,
    pub service: String,
    pub slots: Vec<String>,
    pub policy: Policy,
    /// How the sessions of each slot are told from others.
    marks: Vec<Mark>,
}

impl Setup {
    /// Finds the configuration and the database that it names.
    pub(super) fn of(global: &Global, service: Option<&str>) -> Result<Self> {
        let home = Home::find(global)?;
        let Some(url) = url(global, &home)? else {
            bail!(
                "no database is named: give --database-url, set DATABASE_URL, or write `database_url` into bgmigrate.toml"
            );
        };
        Self::with(home, &url, service)
    }

    /// The same, for what goes on without a database: where none is named, or its name is to come from a variable that
    /// is not set.
    pub(super) fn if_named(global: &Global, service: Option<&str>) -> Result<Option<Self>> {
        let home = Home::find(global)?;
        match url(global, &home) {
            Ok(Some(url)) => Self::with(home, &url, service).map(Some),
            Ok(None) => Ok(None),
            Err(error) => {
                if !global.quiet {
                    output::talk(format_args!("no database was asked: {error:#}"));
                }
                Ok(None)
            }
        }
    }

    fn with(home: Home, url: &str, service: Option<&str>) -> Result<Self> {
        let target: Target = url.parse().map_err(crate::store::StoreError::Database)?;
        let config = &home.config;
        let window = config
            .rollback_window_ms()
            .and_then(|ms| i64::try_from(ms).ok());
        let policy = Policy {
            rollback_window: window
                .map_or(Policy::default().rollback_window, TimeDelta::milliseconds),
            smoke: !config.smoke.is_empty(),
        };
        let service = service
            .or(config.service.as_deref())
            .unwrap_or("app")
            .to_owned();
        let slots = config.slots.as_ref();
        let marks = marks(&service, slots, target.dialect())?;
        let named = slots.map(|slots| slots.0.iter().map(|(name, _)| name.clone()).collect());
        Ok(Self {
            service,
            marks,
            slots: named.unwrap_or_else(|| SLOTS.map(str::to_owned).to_vec()),
            target,
            policy,
            home,
        })
    }

    /// A slot of the service, which must be configured.
    pub(super) fn slot(&self, name: &str) -> Result<SlotId> {
        if self.slots.iter().any(|slot| slot == name) {
            return Ok(SlotId::new(&self.service, name));
        }
        bail!(
            "there is no slot `{name}`; the slots are {} (`slots` in bgmigrate.toml)",
            self.slots.join(", ")
        )
    }

    /// What tells the sessions of a slot from others, where that is configured.
    pub(super) fn mark_of(&self, slot: &SlotId) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.slot == *slot)
    }

    /// A folder for another engine is not what this database keeps.
    pub(super) fn fits(&self, folder: Dialect) -> Result<()> {
        let dialect = self.target.dialect();
        if folder != dialect {
            bail!(
                "the folder is {folder}, and {} is {dialect}: one of the two is not what was meant",
                self.target
            );
        }
        Ok(())
    }

    /// Reads the folder in the database's dialect.
    pub(super) fn folder(&self, global: &Global) -> Result<Shelf> {
        let dialect = self.target.dialect();
        let said = global.dialect.or(self.home.config.dialect);
        if let Some(said) = said {
            self.fits(said)?;
        }
        let global = Global {
            dialect: Some(dialect),
            ..global.clone()
        };
        let source = whole_folder(&self.home, &global)?;
        let reviewed = reviewed(&source)?;
        let asks = reviewed
            .iter()
            .find(|one| one.beside.iter().any(|beside| beside.made.begins));
        if self.is_external()
            && let Some(one) = asks
        {
            bail!(
                "{}: another tool applies the migrations (`runner = \"external\"`), and makes no triggers for `sync=`; \
                 `bgmigrate new rename-column` and its kin write them out",
                source.path(&source.folder.migrations[one.index])
            );
        }
        Ok(Shelf { source, reviewed })
    }

    /// The configured router.
    pub(super) fn router(&self) -> Option<Box<dyn Router>> {
        let configured = self.home.config.router.as_ref()?;
        // What the configuration says of it was looked at when it was read.
        let driver = configured.driver().ok()?;
        let surroundings = Surroundings {
            folder: &self.home.folder,
            service: &self.service,
            targets: Targets::of(&self.slots, &configured.targets),
        };
        Some(router::build(driver, surroundings))
    }

    /// How long the router may take for an answer, and for an attempt to move it.
    pub(super) fn attempt_timeout(&self) -> Duration {
        let configured = self.home.config.router.clone().unwrap_or_default();
        Duration::from_millis(configured.attempt_timeout_ms())
    }

    /// How long the router may take until its old state answers no more.
    pub(super) fn settle_timeout(&self) -> Duration {
        let configured = self.home.config.router.clone().unwrap_or_default();
        Duration::from_millis(configured.settle_timeout_ms())
    }

    /// What stands before the ids of this folder.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.home.config.namespace.as_deref()
    }

    /// The database, as people shall read it.
    pub(super) fn target(&self) -> String {
        self.target.to_string()
    }

    /// Connects to the record.
    pub(super) async fn store(&self, missing: Missing) -> Result<Store> {
        Ok(Store::open(self.target.clone(), origin(), missing).await?)
    }

    /// What is seen now of the router; for what is connected to the database, see [`Self::outlook`].
    pub(super) fn sight(&self, snapshot: &Snapshot) -> Sight {
        Sight {
            policy: self.policy,
            routers: self.routers(),
            ..Sight::at(snapshot.now)
        }
    }

    /// The world beside the record, to be looked at whenever something is decided that depends on it.
    pub(super) fn outlook(&self) -> Outlook<'_> {
        Outlook {
            policy: self.policy,
            routers: Box::new(|| self.routers()),
            marks: self.marks.clone(),
        }
    }

    fn routers(&self) -> BTreeMap<String, Observed> {
        let router = self.router().map(|router| {
            let answer = router.observe(Deadline::within(self.attempt_timeout()));
            (self.service.clone(), router::seen(answer))
        });
        router.into_iter().collect()
    }
}

/// The folder, read and reviewed.
pub(super) struct Shelf {
    source: Source,
    reviewed: Vec<Reviewed>,
}

impl Shelf {
    /// Its migrations, as people shall read them.
    pub(super) fn subjects(&self) -> Vec<Subject<'_>> {
        let each = self.reviewed.iter().map(|reviewed| {
            let migration = &self.source.folder.migrations[reviewed.index];
            Subject {
                migration,
                reviewed,
                file: self.source.path(migration),
            }
        });
        each.collect()
    }

    /// Its steps.
    pub(super) fn steps<'a>(
        &self,
        subjects: &'a [Subject<'a>],
        setup: &Setup,
    ) -> Vec<FolderStep<'a>> {
        steps(subjects, setup.namespace(), self.dialect())
    }

    /// The folder's migrations, in its order.
    pub(super) fn migrations(&self) -> &[Migration] {
        &self.source.folder.migrations
    }

    /// What was said of each.
    pub(super) fn reviewed(&self) -> &[Reviewed] {
        &self.reviewed
    }

    /// The engine that it is read for.
    pub(super) const fn engine(&self) -> &Engine {
        &self.source.settings.engine
    }

    /// The path of one of its files, as people shall read it.
    pub(super) fn path_of(&self, file: &str) -> String {
        self.source.path_of(file)
    }

    const fn dialect(&self) -> Dialect {
        self.source.settings.engine.dialect
    }
}

/// The dialect of the database that is named, where one is, and its URL says it.
pub(super) fn dialect_of_database(global: &Global, home: &Home) -> Option<Dialect> {
    let target: Target = url(global, home).ok()??.parse().ok()?;
    Some(target.dialect())
}

/// What tells the sessions of each slot from others, which not every engine keeps.
fn marks(service: &str, slots: Option<&Slots>, dialect: Dialect) -> Result<Vec<Mark>> {
    let mut marks = Vec::new();
    for (name, slot) in slots.iter().flat_map(|slots| &slots.0) {
        let (application_name, user) = (slot.application_name.clone(), slot.user.clone());
        let kept = match dialect {
            Dialect::Postgres => true,
            Dialect::Mysql => application_name.is_none(),
            Dialect::Sqlite => application_name.is_none() && user.is_none(),
        };
        if !kept {
            bail!(
                "`[slots.{name}]`: {dialect} does not tell sessions by that{}",
                if dialect == Dialect::Mysql {
                    "; give each slot a `user` of its own in place of `application_name`"
                } else {
                    ", nor at all"
                }
            );
        }
        if application_name.is_some() || user.is_some() {
            let slot = SlotId::new(service, name);
            marks.push(Mark {
                slot,
                application_name,
                user,
            });
        }
    }
    Ok(marks)
}

/// The database that is named: the command line beats the environment beats the configuration.
fn url(global: &Global, home: &Home) -> Result<Option<String>> {
    let variable = |name: &str| std::env::var(name).ok();
    let said = global.database_url.clone();
    if let Some(url) = said.or_else(|| variable("DATABASE_URL")) {
        return Ok(Some(url));
    }
    let configured = home.config.database_url(variable);
    let configured = configured.map_err(anyhow::Error::msg);
    let configured = configured.context("reading `database_url` of bgmigrate.toml")?;
    Ok(configured.map(|url| from_file(&home.folder, url)))
}

/// The URL of a file of SQLite is relative to the configuration that says it, as every other path there.
fn from_file(folder: &Path, url: String) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.starts_with(['/', ':']) => {
            format!("sqlite:{}", folder.join(path).display())
        }
        _ => url,
    }
}

/// The place of a migration among the steps, by its id in the record, its id in the folder, or its file.
pub(super) fn place(
    subjects: &[Subject<'_>],
    steps: &[FolderStep<'_>],
    named: &str,
) -> Result<usize> {
    let matches = |at: &usize| {
        let step = &steps[*at];
        let migration = subjects[*at].migration;
        // Layouts number 0003 as 3; people write what they see.
        let plain = named.trim_start_matches('0');
        [step.id.as_str(), &migration.id, &step.file, &migration.file].contains(&named)
            || migration.id == plain
    };
    let found = (0..steps.len()).find(matches);
    found.with_context(|| format!("no migration of the folder has the id or the file `{named}`"))
}

/// Runs what talks to a database, on this thread.
pub(super) fn wait_for<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.context("starting the runtime")?.block_on(work)
}

/// Prints refusals, and ends with their status.
pub(super) fn refused(global: &Global, refusals: &[Refusal]) -> Result<Status> {
    let text = report::refusals(refusals, global.format, output::paint());
    output::answer(&output::suited(text, "gate", global.format)?)?;
    Ok(Status::Refused)
}

/// A flag that Ctrl-C and SIGTERM raise. A second one has the server stop the statement, a third one ends the process.
pub(super) async fn stop_flag(store: &mut Store) -> Result<Arc<AtomicBool>> {
    let canceller = store.canceller().await?;
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    tokio::spawn(async move {
        asked_to_stop().await;
        raised.store(true, Ordering::Relaxed);
        output::talk("stopping after the statement that runs; once more to stop the statement");
        asked_to_stop().await;
        if let Some(canceller) = canceller {
            output::talk("telling the server to stop; once more to leave at once");
            if let Err(error) = canceller.cancel().await {
                output::talk(format_args!("the server was not told to stop: {error}"));
            }
            asked_to_stop().await;
        }
        output::talk(
            "left at once; the server may still work on the statement. `bgmigrate apply` finds out what became of it",
        );
        std::process::exit(Status::Unknown as i32);
    });
    Ok(flag)
}

#[cfg(unix)]
pub(super) async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
pub(super) async fn asked_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Who does this, from where, as the environment tells.
pub(super) fn origin() -> Origin {
    let variable = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| std::env::var(name).ok());
        values.find(|value| !value.is_empty())
    };
    let job = match (
        variable(&["GITHUB_REPOSITORY"]),
        variable(&["GITHUB_RUN_ID"]),
    ) {
        (Some(repository), Some(run)) => Some(format!("github:{repository}/actions/runs/{run}")),
        _ => variable(&[
            "CI_JOB_URL",
            "BUILD_URL",
            "CIRCLE_BUILD_URL",
            "BUILDKITE_BUILD_URL",
        ]),
    };
    let host = variable(&["HOSTNAME"])
        .or_else(host_name)
        .unwrap_or_else(|| "unknown".to_owned());
    let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let started_us = started.map_or(0, |elapsed| elapsed.as_micros());
    Origin {
        actor: variable(&[
            "GITHUB_ACTOR",
            "GITLAB_USER_LOGIN",
            "BUILD_USER_ID",
            "USER",
            "LOGNAME",
            "USERNAME",
        ])
        .unwrap_or_else(|| "unknown".to_owned()),
        host,
        job,
        git_commit: variable(&[
            "GITHUB_SHA",
            "CI_COMMIT_SHA",
            "GIT_COMMIT",
            "CIRCLE_SHA1",
            "BUILDKITE_COMMIT",
        ]),
        tool: concat!("bgmigrate ", env!("CARGO_PKG_VERSION")).to_owned(),
        run: format!("{started_us:x}-{:x}", std::process::id()),
    }
}

/// The name that a shell without `HOSTNAME` does not export.
fn host_name() -> Option<String> {
    let file = PathBuf::from("/etc/hostname");
    let name = crate::files::read_file(&file).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
