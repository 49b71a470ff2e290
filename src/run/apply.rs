//! Applies the steps of a folder, in order, as the gates allow.

use std::collections::BTreeSet;
use std::time::Duration;

use thiserror::Error;

use super::backfill::Planned;
use super::blockers::blockers;
use super::outlook::Outlook;
use super::probe::{self, Seen};
use crate::backfill::{self, Pace};
use crate::gate::{
    Candidate, Command, Event, MigrationId, Refusal, Resolution, Sight, Status, decide,
};
use crate::guard::Touched;
use crate::model::{Dialect, FilePhase};
use crate::plan::{FolderStep, Manner, Statement, Unrunnable, Waiting, Way, candidate};
use crate::store::{DatabaseError, Snapshot, Store, StoreError};

/// What to apply.
pub struct Apply<'a> {
    /// The folder's steps, in order.
    pub steps: &'a [FolderStep<'a>],
    /// Only these phases; the others wait. A mixed file belongs to the contract steps.
    pub phases: BTreeSet<FilePhase>,
    /// The last step to look at.
    pub to: Option<usize>,
    /// Record nothing and run nothing: tell what would run.
    pub dry_run: bool,
    /// How backfills go about it.
    pub pace: Pace,
}

/// How statements are run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a statement may wait for a lock.
    pub lock_timeout: Duration,
    /// How long a migration that could not get its locks is tried again.
    pub retry_for: Duration,
}

impl Default for Settings {
    /// Two seconds: who waits for a lock makes everybody behind it wait too. Ten minutes of trying.
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(2),
            retry_for: Duration::from_mins(10),
        }
    }
}

/// What happens, as it happens.
pub trait Progress {
    /// A migration begins, or goes on where a run before this one was stopped.
    fn begins(&mut self, step: &FolderStep<'_>);
    /// It is applied.
    fn applied(&mut self, step: &FolderStep<'_>, took: Duration);
    /// Another batch of a backfill is committed, or it is held.
    fn batch(&mut self, migration: &MigrationId, progress: &backfill::Progress) {
        let _ = (migration, progress);
    }
    /// Something worth telling.
    fn note(&mut self, text: &str);
    /// Whether somebody asked to stop; looked at between statements.
    fn stopped(&self) -> bool;
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was applied, or with `dry_run` would be.
    pub applied: Vec<MigrationId>,
    /// What was held back by its phase or by a gate, with why.
    pub held: Vec<(MigrationId, Vec<Refusal>)>,
    /// Somebody asked to stop, and what is left was not looked at.
    pub stopped: bool,
}

/// Why a run ended early. What was applied before stays applied and is in the record.
#[derive(Debug, Error)]
pub enum RunError {
    /// The record, or the way to it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refused a statement, and did nothing of it.
    #[error("{file}:{line}: {error}\n  in migration {migration}; {state}")]
    Failed {
        /// Which.
        migration: MigrationId,
        /// Its file.
        file: String,
        /// The statement's line.
        line: usize,
        /// What the database said.
        error: Box<DatabaseError>,
        /// Where that leaves the database.
        state: String,
    },
    /// The migration cannot be run by us.
    #[error("{file}: {why}")]
    Unrunnable {
        /// Its file.
        file: String,
        /// Why.
        why: Unrunnable,
    },
    /// A migration that ran was edited since.
    #[error(
        "{file}: migration {migration} was applied with another text:\n{diff}restore it, and write a new migration for the change"
    )]
    Edited {
        /// Which.
        migration: MigrationId,
        /// Its file.
        file: String,
        /// From the text that ran to the one that is there.
        diff: String,
    },
    /// Nobody knows whether a statement ran.
    #[error(
        "{file}:{line}: nobody knows whether this statement of migration {migration} ran: {why}\n  look at the database, \
         then say `bgmigrate resolve {migration} --done`, `--retry` or `--skip`, with --reason"
    )]
    Unknown {
        /// Which.
        migration: MigrationId,
        /// Its file.
        file: String,
        /// The statement's line.
        line: usize,
        /// What was looked at.
        why: String,
    },
    /// An undo was killed, and nobody knows whether a statement of it ran.
    #[error(
        "{file}:{line}: an undo of migration {migration} was killed, and nobody knows whether this statement ran: {why}\n  \
         finish the way back by hand, then say `bgmigrate resolve {migration} --done`, with --reason"
    )]
    HalfUndone {
        /// Which.
        migration: MigrationId,
        /// The file of its way back.
        file: String,
        /// The statement's line.
        line: usize,
        /// What was looked at.
        why: String,
    },
    /// A backfill ended before its end, as it was told to.
    #[error("{migration}: {why}; {state}, and `bgmigrate apply` goes on from there")]
    Stopped {
        /// Which.
        migration: MigrationId,
        /// By whom.
        why: String,
        /// Where that leaves it.
        state: String,
    },
    /// No backfill of the migration is finished, or it does not tell which rows it has still to change.
    #[error(
        "{migration} has no finished backfill that tells which rows are still to be changed; `bgmigrate apply` runs \
         those that are not finished"
    )]
    NothingToSweep {
        /// Which.
        migration: MigrationId,
    },
    /// A gate refuses it.
    #[error("refused")]
    Refused(Vec<Refusal>),
}

impl From<DatabaseError> for RunError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// Applies what is wanted and allowed. The store holds the lock.
pub async fn apply(
    store: &mut Store,
    wanted: &Apply<'_>,
    outlook: &Outlook<'_>,
    settings: Settings,
    progress: &mut dyn Progress,
) -> Result<Outcome, RunError> {
    let also: Vec<&str> = wanted
        .steps
        .iter()
        .filter_map(|step| step.unused_since.as_deref())
        .collect();
    let mut run = Run {
        snapshot: Snapshot::default(),
        also,
        store,
        outlook,
        settings,
        progress,
        guarded: false,
        pace: wanted.pace.clone(),
    };
    run.snapshot = if wanted.dry_run {
        run.store.load(&run.also).await?.unwrap_or_default()
    } else {
        run.store.load_or_init(&run.also).await?
    };
    run.refuse_edits(wanted.steps).await?;
    if !wanted.dry_run {
        run.limit_waiting().await?;
        run.guarded = run.store.has_guard().await?;
        run.recover(wanted.steps).await?;
    }
    run.all(wanted).await
}

/// Finds out what became of statements that were sent by a run that was killed.
pub async fn recover(
    store: &mut Store,
    steps: &[FolderStep<'_>],
    outlook: &Outlook<'_>,
    progress: &mut dyn Progress,
) -> Result<(), RunError> {
    let snapshot = store.load_or_init(&[]).await?;
    let guarded = store.has_guard().await?;
    let mut run = Run {
        snapshot,
        also: Vec::new(),
        store,
        outlook,
        settings: Settings::default(),
        progress,
        guarded,
        pace: Pace::default(),
    };
    run.recover(steps).await
}

/// Settles a statement of which nobody knew how it went.
pub async fn resolve(
    store: &mut Store,
    step: &FolderStep<'_>,
    how: Resolution,
    reason: &str,
) -> Result<(), RunError> {
    let mut snapshot = store.load_or_init(&[]).await?;
    let done = snapshot
        .state
        .steps
        .get(&step.id)
        .map_or(0, |known| known.status.done());
    let command = Command::Resolve {
        migration: step.id.clone(),
        how,
        last: done + 1 >= step.statements.len(),
        reason: reason.to_owned(),
    };
    let sight = Sight::at(snapshot.now);
    let events = decide(&snapshot.state, &command, &sight).map_err(RunError::Refused)?;
    store.append(&mut snapshot, &events).await?;
    Ok(())
}

pub(super) struct Run<'a> {
    pub(super) store: &'a mut Store,
    pub(super) snapshot: Snapshot,
    /// Versions that directives name.
    pub(super) also: Vec<&'a str>,
    pub(super) outlook: &'a Outlook<'a>,
    pub(super) settings: Settings,
    pub(super) progress: &'a mut dyn Progress,
    /// There is a guard in the database, to be told of what the gates allow.
    pub(super) guarded: bool,
    /// How backfills go about it.
    pub(super) pace: Pace,
}

impl Run<'_> {
    async fn all(&mut self, wanted: &Apply<'_>) -> Result<Outcome, RunError> {
        let mut outcome = Outcome::default();
        let mut waiting = Waiting::default();
        let last = wanted.to.map_or(wanted.steps.len(), |to| to + 1);
        for (place, step) in wanted.steps[..last].iter().enumerate() {
            if self.snapshot.state.is_applied(&step.id) {
                continue;
            }
            if self.progress.stopped() {
                outcome.stopped = true;
                break;
            }
            let group = if step.phase == FilePhase::Mixed {
                FilePhase::Contract
            } else {
                step.phase
            };
            let held = if wanted.phases.contains(&group) {
                let behind = waiting.in_the_way(step.reviewed).into_iter();
                let behind = behind
                    .map(|(place, object)| (wanted.steps[place].id.clone(), object))
                    .collect();
                match self
                    .one(
                        step,
                        &candidate(step, &self.snapshot.state, behind),
                        wanted.dry_run,
                    )
                    .await
                {
                    Ok(()) => None,
                    Err(RunError::Refused(refusals)) => Some(refusals),
                    Err(error) => return Err(error),
                }
            } else {
                Some(Vec::new())
            };
            match held {
                None => outcome.applied.push(step.id.clone()),
                Some(refusals) => {
                    waiting.hold_all(place, step.reviewed);
                    outcome.held.push((step.id.clone(), refusals));
                }
            }
        }
        Ok(outcome)
    }

    async fn one(
        &mut self,
        step: &FolderStep<'_>,
        candidate: &Candidate,
        dry_run: bool,
    ) -> Result<(), RunError> {
        let manner = step.manner.clone().map_err(|why| RunError::Unrunnable {
            file: step.file.clone(),
            why,
        })?;
        let command = match manner {
            Manner::Whole => Command::Apply(candidate.clone()),
            Manner::ByStatement => Command::Begin(candidate.clone()),
        };
        let events = self.decide(&command).await?;
        self.look_up_keys(step, dry_run).await?;
        if dry_run {
            // What would follow is judged as if this had run.
            let whole = self.decide(&Command::Apply(candidate.clone())).await;
            for event in whole.unwrap_or(events) {
                self.snapshot.state =
                    std::mem::take(&mut self.snapshot.state).evolve(&event, self.snapshot.now);
            }
            return Ok(());
        }
        self.progress.begins(step);
        let started = std::time::Instant::now();
        match manner {
            Manner::Whole => self.whole(step, &command, events).await?,
            Manner::ByStatement => self.by_statement(step, events).await?,
        }
        self.progress.applied(step, started.elapsed());
        Ok(())
    }

    /// Whatever takes something is decided on by what is seen at this moment, and not by what was when the run began: a
    /// run can last for hours.
    pub(super) async fn decide(&mut self, command: &Command) -> Result<Vec<Event>, RunError> {
        let sight = if self.takes(command) {
            self.outlook.look(self.store, &self.snapshot).await
        } else {
            self.outlook.clock(&self.snapshot)
        };
        decide(&self.snapshot.state, command, &sight).map_err(RunError::Refused)
    }

    fn takes(&self, command: &Command) -> bool {
        match command {
            Command::Apply(candidate) | Command::Begin(candidate) => {
                candidate.phase.gates_as_contract()
            }
            Command::Send { migration, .. } => {
                let step = self.snapshot.state.steps.get(migration);
                step.is_some_and(|step| step.phase.gates_as_contract())
            }
            _ => false,
        }
    }

    /// Records what was decided on top of what it was decided on; where somebody else was faster, decides anew.
    pub(super) async fn record(&mut self, command: &Command) -> Result<(), RunError> {
        loop {
            let events = self.decide(command).await?;
            match self.store.append(&mut self.snapshot, &events).await {
                Err(StoreError::Moved) => self.reload().await?,
                appended => return Ok(appended?),
            }
        }
    }

    pub(super) async fn reload(&mut self) -> Result<(), RunError> {
        self.snapshot = self.store.load_or_init(&self.also).await?;
        Ok(())
    }

    /// All statements and the record in one transaction. One that could not get a lock in time is rolled back, so that
    /// nobody waits behind it, and tried again.
    async fn whole(
        &mut self,
        step: &FolderStep<'_>,
        command: &Command,
        mut events: Vec<Event>,
    ) -> Result<(), RunError> {
        let mut patience = Patience::new(self.settings.retry_for);
        loop {
            self.store.begin().await?;
            match self.attempt(step, command, &events).await {
                Ok(()) => {
                    let committed = self.store.commit().await;
                    return committed.map_err(|error| at_commit(step, error));
                }
                Err(error) => {
                    self.store.rollback().await;
                    let Some(pause) = self.pause(&mut patience, &error) else {
                        return Err(error);
                    };
                    self.wait(step, &error, pause).await;
                    self.reload().await?;
                    events = self.decide(command).await?;
                }
            }
        }
    }

    async fn attempt(
        &mut self,
        step: &FolderStep<'_>,
        command: &Command,
        events: &[Event],
    ) -> Result<(), RunError> {
        self.before(step, &step.statements).await?;
        for statement in &step.statements {
            if let Err(error) = self.store.connection().run(statement.sql).await {
                return Err(failed(
                    step,
                    statement,
                    error,
                    "all of it was rolled back: mend the file, and run this again",
                ));
            }
        }
        let text = [(step.checksum.as_str(), step.text.as_str())];
        let appended = self
            .store
            .append_within(&mut self.snapshot, events, &text)
            .await;
        match appended {
            // What was recorded meanwhile may forbid this step.
            Err(StoreError::Moved) => {
                self.store.keep_texts(&text).await?;
                self.record_within(command).await?;
            }
            appended => appended?,
        }
        self.after(&step.id, &step.statements).await
    }

    /// Decides and records inside the transaction that is open; nobody else can record anything until it ends.
    pub(super) async fn record_within(&mut self, command: &Command) -> Result<(), RunError> {
        self.snapshot = self.store.load_locked(&self.also).await?;
        let events = self.decide(command).await?;
        Ok(self
            .store
            .append_within(&mut self.snapshot, &events, &[])
            .await?)
    }

    async fn by_statement(
        &mut self,
        step: &FolderStep<'_>,
        begun: Vec<Event>,
    ) -> Result<(), RunError> {
        self.store
            .keep_texts(&[(&step.checksum, &step.text)])
            .await?;
        self.store.append(&mut self.snapshot, &begun).await?;
        let known = self.snapshot.state.steps.get(&step.id);
        let first = known.map_or(0, |known| known.status.done());
        for (at, statement) in step.statements.iter().enumerate().skip(first) {
            if self.progress.stopped() {
                let state = format!(
                    "{at} of its {} statements are done; `bgmigrate apply` goes on",
                    step.statements.len()
                );
                let stopped = DatabaseError::Lost("stopped on request".to_owned());
                return Err(failed(step, statement, stopped, &state));
            }
            self.statement(step, at, statement).await?;
        }
        Ok(())
    }

    /// One line of the journal before a statement is sent, one after. What can be part of a transaction is in one with
    /// the second line, so that there is never a doubt about it.
    async fn statement(
        &mut self,
        step: &FolderStep<'_>,
        at: usize,
        statement: &Statement<'_>,
    ) -> Result<(), RunError> {
        let migration = step.id.clone();
        let done = Command::Done {
            migration: migration.clone(),
            statement: at,
            last: at + 1 == step.statements.len(),
        };
        let mut patience = Patience::new(self.settings.retry_for);
        loop {
            for index in probe::drop_leftovers(self.store.connection(), statement).await? {
                self.progress.note(&format!(
                    "dropped the invalid index {index}, which an earlier attempt had left"
                ));
            }
            self.record(&Command::Send {
                migration: migration.clone(),
                statement: at,
            })
            .await?;
            let error = match self.send(step, at, statement, &done).await {
                Ok(()) => return Ok(()),
                Err(stopped @ RunError::Stopped { .. }) => {
                    let error = stopped.to_string();
                    self.record(&Command::Fail {
                        migration,
                        statement: at,
                        error,
                    })
                    .await?;
                    return Err(stopped);
                }
                Err(RunError::Store(StoreError::Database(
                    error @ DatabaseError::Refused { .. },
                ))) => error,
                Err(error) => return Err(error),
            };
            let text = error.to_string();
            self.record(&Command::Fail {
                migration: migration.clone(),
                statement: at,
                error: text,
            })
            .await?;
            if !statement.in_transaction {
                self.after(&migration, std::slice::from_ref(statement))
                    .await?;
            }
            let state = format!(
                "{at} of its {} statements are done and stay; mend what is left of the file or of the database, and run \
                 this again",
                step.statements.len()
            );
            let error = failed(step, statement, error, &state);
            let Some(pause) = self.pause(&mut patience, &error) else {
                return Err(error);
            };
            self.wait(step, &error, pause).await;
        }
    }

    async fn send(
        &mut self,
        step: &FolderStep<'_>,
        at: usize,
        statement: &Statement<'_>,
        done: &Command,
    ) -> Result<(), RunError> {
        if let Way::Batches(batches) = &statement.way
            && let Planned::Cut(cut, facts) = self.planned(step, statement, batches).await?
        {
            return self.in_batches(step, at, batches, (cut, facts), done).await;
        }
        let alone = std::slice::from_ref(statement);
        if !statement.in_transaction {
            self.before(step, alone).await?;
            self.store.connection().run(statement.sql).await?;
            return self.record_done(step, alone, done).await;
        }
        self.store.begin().await?;
        match self.send_within(step, alone, done).await {
            Ok(()) => Ok(self.store.commit().await?),
            Err(error) => {
                self.store.rollback().await;
                self.reload().await?;
                Err(error)
            }
        }
    }

    async fn send_within(
        &mut self,
        step: &FolderStep<'_>,
        alone: &[Statement<'_>],
        done: &Command,
    ) -> Result<(), RunError> {
        self.before(step, alone).await?;
        for statement in alone {
            self.store.connection().run(statement.sql).await?;
        }
        self.record_within(done).await?;
        self.after(&step.id, alone).await
    }

    /// Records that a statement outside of a transaction is done, together with what the guard holds from then on.
    async fn record_done(
        &mut self,
        step: &FolderStep<'_>,
        alone: &[Statement<'_>],
        done: &Command,
    ) -> Result<(), RunError> {
        if !self.guarded {
            return self.record(done).await;
        }
        self.store.begin().await?;
        let recorded = match self.record_within(done).await {
            Ok(()) => self.after(&step.id, alone).await,
            Err(error) => Err(error),
        };
        match recorded {
            Ok(()) => Ok(self.store.commit().await?),
            Err(error) => {
                self.store.rollback().await;
                Err(error)
            }
        }
    }

    /// How long to wait before another attempt, unless somebody asked to stop.
    pub(super) fn pause(&self, patience: &mut Patience, error: &RunError) -> Option<Duration> {
        let pause = patience.after(error);
        pause.filter(|_| !self.progress.stopped())
    }

    pub(super) async fn wait(&mut self, step: &FolderStep<'_>, error: &RunError, pause: Duration) {
        let seconds = pause.as_secs_f64();
        let error = error.to_string();
        let first = error.lines().next().unwrap_or_default();
        self.progress.note(&format!(
            "{}: {first}; trying again in {seconds:.1} s",
            step.id
        ));
        let touched = Touched::by(step.statements.iter().flat_map(|one| one.changes));
        for blocker in blockers(self.store.connection(), &touched).await {
            self.progress.note(&format!("  it is held by {blocker}"));
        }
        tokio::time::sleep(pause).await;
    }

    /// Every statement of the session waits for locks only this long.
    pub(super) async fn limit_waiting(&mut self) -> Result<(), RunError> {
        let ms = self.settings.lock_timeout.as_millis();
        let seconds = self.settings.lock_timeout.as_secs().max(1);
        let set = match self.store.dialect() {
            Dialect::Postgres => format!("SET lock_timeout = '{ms}ms'"),
            Dialect::Mysql => {
                format!(
                    "SET SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds}"
                )
            }
            Dialect::Sqlite => format!("PRAGMA busy_timeout = {ms}"),
        };
        Ok(self.store.connection().run(&set).await?)
    }

    /// A statement that was sent by a run that was killed did run, or did not, or nobody knows. The lock was the killed
    /// session's as long as the server still worked on it, and it is ours now.
    async fn recover(&mut self, steps: &[FolderStep<'_>]) -> Result<(), RunError> {
        for step in steps {
            let Some(known) = self.snapshot.state.steps.get(&step.id) else {
                continue;
            };
            let (at, running) = match known.status {
                Status::Begun { done, running } => (done, running),
                Status::Unknown { done } => (done, true),
                Status::Applied | Status::Undoing => continue,
            };
            let Some(statement) = step.statements.get(at).filter(|_| running) else {
                continue;
            };
            if matches!(known.status, Status::Unknown { .. }) {
                return Err(unknown(
                    step,
                    statement,
                    "an earlier run could not tell".to_owned(),
                ));
            }
            let seen = if statement.in_transaction {
                Seen::NotDone
            } else {
                probe::look(self.store.connection(), statement).await?
            };
            let migration = step.id.clone();
            let line = format!("{}:{}", step.file, statement.line);
            match seen {
                Seen::Done => {
                    self.progress.note(&format!(
                        "{line}: an earlier run was killed here; the statement had run"
                    ));
                    let last = at + 1 == step.statements.len();
                    let done = Command::Done {
                        migration,
                        statement: at,
                        last,
                    };
                    self.record_done(step, std::slice::from_ref(statement), &done)
                        .await?;
                }
                Seen::NotDone => {
                    let left = match &statement.way {
                        Way::Batches(_) => "its batches go on where they were",
                        Way::Whole | Way::Refused(_) => "the statement had not run",
                    };
                    self.progress
                        .note(&format!("{line}: an earlier run was killed here; {left}"));
                    let error = "the run was killed before it ran".to_owned();
                    self.record(&Command::Fail {
                        migration,
                        statement: at,
                        error,
                    })
                    .await?;
                    self.after(&step.id, std::slice::from_ref(statement))
                        .await?;
                }
                Seen::Unclear(why) => {
                    self.record(&Command::Doubt {
                        migration,
                        why: why.clone(),
                    })
                    .await?;
                    return Err(unknown(step, statement, why));
                }
            }
        }
        Ok(())
    }

    pub(super) async fn refuse_edits(&mut self, steps: &[FolderStep<'_>]) -> Result<(), RunError> {
        for step in steps {
            let Some(known) = self.snapshot.state.steps.get(&step.id) else {
                continue;
            };
            if known.checksum == step.checksum {
                continue;
            }
            let checksum = known.checksum.clone();
            let before = self.store.text_of(&checksum).await?;
            let diff = before.map_or_else(String::new, |before| difference(&before, &step.text));
            return Err(RunError::Edited {
                migration: step.id.clone(),
                file: step.file.clone(),
                diff,
            });
        }
        Ok(())
    }
}

/// What the guard, or a deferred constraint, refuses comes out at the commit.
fn at_commit(step: &FolderStep<'_>, error: StoreError) -> RunError {
    match (error, step.statements.last()) {
        (StoreError::Database(error @ DatabaseError::Refused { .. }), Some(last)) => failed(
            step,
            last,
            error,
            "all of it was rolled back when it was to be committed",
        ),
        (error, _) => RunError::Store(error),
    }
}

fn failed(
    step: &FolderStep<'_>,
    statement: &Statement<'_>,
    error: DatabaseError,
    state: &str,
) -> RunError {
    let mut state = state.to_owned();
    if let Some(why) = &statement.made {
        state.push_str(&format!("; nobody wrote this statement: it {why}"));
        state.push_str(may_not(&error));
    }
    RunError::Failed {
        migration: step.id.clone(),
        file: step.file.clone(),
        line: statement.line,
        error: Box::new(error),
        state,
    }
}

/// What MySQL's words for a missing right come to (MySQL manual, 27.9, "Stored Program Binary Logging").
fn may_not(error: &DatabaseError) -> &'static str {
    let text = error.to_string();
    if text.contains("log_bin_trust_function_creators") {
        "; where the server writes a binary log, a trigger takes SUPER, or log_bin_trust_function_creators = 1"
    } else if text.contains("TRIGGER command denied") {
        "; the role needs the TRIGGER privilege on the table"
    } else {
        ""
    }
}

fn unknown(step: &FolderStep<'_>, statement: &Statement<'_>, why: String) -> RunError {
    RunError::Unknown {
        migration: step.id.clone(),
        file: step.file.clone(),
        line: statement.line,
        why,
    }
}

/// From the text that ran to the one that is there, a line each.
fn difference(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(1).to_string()
}

/// How long somebody tries again who could not get a lock.
pub(super) struct Patience {
    started: std::time::Instant,
    at_most: Duration,
    next: Duration,
}

impl Patience {
    pub(super) fn new(at_most: Duration) -> Self {
        Self {
            started: std::time::Instant::now(),
            at_most,
            next: Duration::from_millis(500),
        }
    }

    /// How long to wait before the next attempt; `None` where another would not help, or the time is over.
    pub(super) fn after(&mut self, error: &RunError) -> Option<Duration> {
        let waits = match error {
            RunError::Failed { error, .. } => error.is_lock_timeout(),
            RunError::Store(error) => match error {
                StoreError::Moved => true,
                StoreError::Database(error) => error.is_lock_timeout(),
                _ => false,
            },
            _ => false,
        };
        if !waits || self.started.elapsed() + self.next > self.at_most {
            return None;
        }
        let pause = self.next;
        self.next = (self.next * 2).min(Duration::from_secs(30));
        Some(pause)
    }
}
