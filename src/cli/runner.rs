//! What another tool has applied: taken over once by `init`, or with `runner = "external"` whenever the record is asked.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::Global;
use super::database::{Setup, Shelf};
use crate::adopt::{AdoptError, History, Wanted};
use crate::config::Runner;
use crate::gate::{Adopted, Command, Event, MigrationId, ReleaseId, State, decide};
use crate::guard::Touched;
use crate::plan::{FolderStep, Subject};
use crate::run::{TakeoverError, applied_elsewhere, elsewhere};
use crate::store::{Snapshot, Store, StoreError};

/// What another tool's table says of the folder.
pub(super) struct Elsewhere {
    /// Whose table.
    pub history: History,
    /// The folder's migrations that it says are applied.
    pub applied: Vec<Adopted>,
    /// Those that it does not name.
    pub open: Vec<MigrationId>,
    /// What it names and the folder does not have.
    pub unknown: Vec<String>,
}

/// Asks the table of the wanted tool, or of the one that has left one; `None` where none has.
pub(super) async fn look(
    setup: &Setup,
    folder: &Shelf,
    store: &mut Store,
    wanted: &Wanted<'_>,
) -> Result<Option<Elsewhere>> {
    let Some(history) = elsewhere(store, wanted).await.map_err(with_advice)? else {
        return Ok(None);
    };
    let subjects = folder.subjects();
    let steps = folder.steps(&subjects, setup);
    let said = applied_elsewhere(store, &history, folder.migrations()).await?;
    let is_applied = |subject: &Subject<'_>| {
        let id = &subject.migration.id;
        said.applied.iter().any(|one| one.id == *id)
    };
    let (applied, open): (Vec<_>, Vec<_>) = subjects
        .iter()
        .zip(&steps)
        .partition(|(subject, _)| is_applied(subject));
    Ok(Some(Elsewhere {
        history,
        applied: applied.iter().map(|(_, step)| adopted(step)).collect(),
        open: open.iter().map(|(_, step)| step.id.clone()).collect(),
        unknown: said.unknown.into_iter().map(|one| one.id).collect(),
    }))
}

fn with_advice(error: TakeoverError) -> anyhow::Error {
    let several = matches!(error, TakeoverError::Adopt(AdoptError::Several { .. }));
    let error = anyhow::Error::from(error);
    if several {
        error.context(
            "several tools left a table: say which with --from TOOL, or `tool` below `[external]` in bgmigrate.toml",
        )
    } else {
        error
    }
}

/// A step as applied by another tool.
pub(super) fn adopted(step: &FolderStep<'_>) -> Adopted {
    Adopted {
        migration: step.id.clone(),
        phase: step.phase,
        checksum: step.checksum.clone(),
    }
}

/// Keeps the texts of what was taken over: checks are asked and proofs made by them.
pub(super) async fn keep_texts(
    folder: &Shelf,
    setup: &Setup,
    store: &mut Store,
    events: &[Event],
) -> Result<()> {
    let subjects = folder.subjects();
    let steps = folder.steps(&subjects, setup);
    let mut taken: BTreeSet<&MigrationId> = BTreeSet::new();
    for event in events {
        if let Event::Adopted { migrations } = event {
            taken.extend(migrations.iter().map(|one| &one.migration));
        }
    }
    let texts: Vec<_> = steps
        .iter()
        .filter(|step| taken.contains(&step.id))
        .map(|step| (step.checksum.as_str(), step.text.as_str()))
        .collect();
    Ok(store.keep_texts(&texts).await?)
}

impl Setup {
    /// Whether another tool applies the migrations.
    pub(super) fn is_external(&self) -> bool {
        self.home.config.runner == Some(Runner::External)
    }

    /// Refuses what is the other tool's to do.
    pub(super) fn refuse_external(&self, command: &str) -> Result<()> {
        if self.is_external() {
            bail!(
                "`runner = \"external\"` in bgmigrate.toml: another tool applies the migrations, so `{command}` does not. \
                 Ask `bgmigrate gate contract --migration ID` first, then run that tool"
            );
        }
        Ok(())
    }

    /// The record, and on top of it what another tool has applied since; writes nothing.
    pub(super) async fn load(
        &self,
        global: &Global,
        store: &mut Store,
        also: &[&str],
    ) -> Result<Option<Snapshot>> {
        let loaded = store.load(also).await?;
        if !self.is_external() {
            return Ok(loaded);
        }
        let mut snapshot = loaded.unwrap_or_default();
        let folder = self.folder(global)?;
        for event in self.ran_elsewhere(&folder, store, &snapshot.state).await? {
            snapshot.evolve(&event);
        }
        Ok(Some(snapshot))
    }

    /// The record, which is made if there is none, with what another tool has applied since written into it.
    pub(super) async fn load_to_write(
        &self,
        global: &Global,
        store: &mut Store,
    ) -> Result<Snapshot> {
        loop {
            let mut snapshot = store.load_or_init(&[]).await?;
            if !self.is_external() {
                return Ok(snapshot);
            }
            let folder = self.folder(global)?;
            let events = self.ran_elsewhere(&folder, store, &snapshot.state).await?;
            match store.append(&mut snapshot, &events).await {
                Err(StoreError::Moved) => continue,
                appended => appended?,
            }
            if !events.is_empty() {
                keep_texts(&folder, self, store, &events).await?;
                self.pin_for_another_runner(&folder, store, &snapshot.state)
                    .await?;
            }
            return Ok(snapshot);
        }
    }

    async fn ran_elsewhere(
        &self,
        folder: &Shelf,
        store: &mut Store,
        state: &State,
    ) -> Result<Vec<Event>> {
        let external = self.home.config.external.as_ref();
        let wanted = Wanted {
            tool: external.and_then(|external| external.tool),
            table: external.and_then(|external| external.table.as_deref()),
        };
        let found = look(self, folder, store, &wanted).await?;
        let Some(Elsewhere { applied, open, .. }) = found else {
            if state.steps.is_empty() {
                return Ok(Vec::new());
            }
            bail!(
                "`runner = \"external\"`, and {} has no table of a migration tool, though the record knows {} migrations: \
                 is it the database that the tool works on?",
                store.target(),
                state.steps.len()
            );
        };
        let command = Command::Adopt {
            migrations: applied,
            gone: open,
        };
        let sight = self.sight(&Snapshot::default());
        Ok(decide(state, &command, &sight).unwrap_or_default())
    }

    /// Has the guard let pass what the other tool may do, as far as the gates would let it: a release relies on what is
    /// there now, but not on what contract steps take that it was built with. Our own runner tells the guard itself.
    pub(super) async fn pin_for_another_runner(
        &self,
        folder: &Shelf,
        store: &mut Store,
        state: &State,
    ) -> Result<()> {
        if !self.is_external() || !store.has_guard().await? {
            return Ok(());
        }
        let subjects = folder.subjects();
        let steps = folder.steps(&subjects, self);
        for (id, slot) in state.serving() {
            let release = ReleaseId::new(&id.service, &slot.version);
            let known_to_it = steps.iter().filter(|step| {
                step.phase.gates_as_contract()
                    && !state.is_applied(&step.id)
                    && state.ships(&release, &step.id)
            });
            let changes = known_to_it
                .flat_map(|step| &step.statements)
                .flat_map(|one| one.changes);
            let touched = Touched::by(changes);
            store.pin_but_for(&release, &touched).await?;
        }
        Ok(())
    }
}
