//! Takes an expand step back, under the undo gate.

use std::time::Duration;

use super::apply::{Patience, Progress, Run, RunError, Settings};
use super::outlook::Outlook;
use super::probe::{self, Seen};
use crate::gate::{Command, Event, MigrationId, Status};
use crate::plan::{FolderStep, Statement};
use crate::store::{DatabaseError, Store, StoreError};

/// What to take back.
pub struct Undo<'a> {
    /// The migration.
    pub step: &'a FolderStep<'a>,
    /// The file of its way back.
    pub file: &'a str,
    /// The way back.
    pub statements: &'a [Statement<'a>],
    /// Those behind it in the folder that touch the same objects; an applied one among them forbids the undo.
    pub dependents: Vec<MigrationId>,
}

impl Undo<'_> {
    fn failed(&self, statement: &Statement<'_>, error: DatabaseError, state: &str) -> RunError {
        RunError::Failed {
            migration: self.step.id.clone(),
            file: self.file.to_owned(),
            line: statement.line,
            error: Box::new(error),
            state: state.to_owned(),
        }
    }
}

/// Takes it back. The store holds the lock.
///
/// One transaction with its line in the record where the engine lets us; else the undo is announced, each statement
/// sent, and its end recorded. A run that was killed between is gone on with: the catalog tells of each definition
/// whether it ran.
pub async fn undo(
    store: &mut Store,
    wanted: &Undo<'_>,
    outlook: &Outlook<'_>,
    settings: Settings,
    progress: &mut dyn Progress,
) -> Result<(), RunError> {
    let snapshot = store.load_or_init(&[]).await?;
    let guarded = store.has_guard().await?;
    let mut run = Run {
        snapshot,
        also: Vec::new(),
        store,
        outlook,
        settings,
        progress,
        pace: crate::backfill::Pace::default(),
        guarded,
    };
    run.refuse_edits(std::slice::from_ref(wanted.step)).await?;
    run.limit_waiting().await?;
    let known = run.snapshot.state.steps.get(&wanted.step.id);
    let resumed = known.is_some_and(|step| step.status == Status::Undoing);
    let mut statements = wanted.statements.iter();
    let whole = !resumed && statements.all(|statement| statement.in_transaction);
    let command = Command::Undo {
        migration: wanted.step.id.clone(),
        dependents: wanted.dependents.clone(),
        whole,
    };
    let events = run.decide(&command).await?;
    if whole {
        run.undo_whole(wanted, &command, events).await
    } else {
        run.undo_by_statement(wanted, &events, resumed).await
    }
}

impl Run<'_> {
    async fn undo_whole(
        &mut self,
        wanted: &Undo<'_>,
        command: &Command,
        mut events: Vec<Event>,
    ) -> Result<(), RunError> {
        let mut patience = Patience::new(self.settings.retry_for);
        loop {
            self.store.begin().await?;
            let error = match self.undo_attempt(wanted, command, &events).await {
                Ok(()) => return Ok(self.store.commit().await?),
                Err(error) => error,
            };
            self.store.rollback().await;
            let Some(pause) = self.pause(&mut patience, &error) else {
                return Err(error);
            };
            self.wait(wanted.step, &error, pause).await;
            self.reload().await?;
            events = self.decide(command).await?;
        }
    }

    async fn undo_attempt(
        &mut self,
        wanted: &Undo<'_>,
        command: &Command,
        events: &[Event],
    ) -> Result<(), RunError> {
        self.before_undo(wanted.statements).await?;
        for statement in wanted.statements {
            let sent = self.store.connection().run(statement.sql).await;
            sent.map_err(|error| {
                wanted.failed(
                    statement,
                    error,
                    "all of the undo was rolled back; the migration is still applied",
                )
            })?;
        }
        match self
            .store
            .append_within(&mut self.snapshot, events, &[])
            .await
        {
            Err(StoreError::Moved) => self.record_within(command).await?,
            appended => appended?,
        }
        self.after(&wanted.step.id, wanted.statements).await
    }

    async fn undo_by_statement(
        &mut self,
        wanted: &Undo<'_>,
        begun: &[Event],
        resumed: bool,
    ) -> Result<(), RunError> {
        self.store.append(&mut self.snapshot, begun).await?;
        for statement in wanted.statements {
            let seen = if resumed {
                probe::look(self.store.connection(), statement).await?
            } else {
                Seen::NotDone
            };
            match seen {
                Seen::Done => {}
                Seen::NotDone => self.undo_statement(wanted, statement).await?,
                Seen::Unclear(why) => {
                    return Err(RunError::HalfUndone {
                        migration: wanted.step.id.clone(),
                        file: wanted.file.to_owned(),
                        line: statement.line,
                        why,
                    });
                }
            }
        }
        self.record(&Command::Undone {
            migration: wanted.step.id.clone(),
        })
        .await?;
        self.after(&wanted.step.id, wanted.statements).await
    }

    async fn undo_statement(
        &mut self,
        wanted: &Undo<'_>,
        statement: &Statement<'_>,
    ) -> Result<(), RunError> {
        let mut patience = Patience::new(self.settings.retry_for);
        self.before_undo(std::slice::from_ref(statement)).await?;
        loop {
            let Err(error) = self.store.connection().run(statement.sql).await else {
                return Ok(());
            };
            let error = wanted.failed(
                statement,
                error,
                "its undo was begun; mend what is in the way, and run `bgmigrate undo` again: it goes on here",
            );
            let Some(pause): Option<Duration> = self.pause(&mut patience, &error) else {
                return Err(error);
            };
            self.wait(wanted.step, &error, pause).await;
        }
    }
}
