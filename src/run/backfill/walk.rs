//! The way of one statement through its table.

use std::time::{Duration, Instant};

use chrono::Utc;

use super::{Planned, signals};
use crate::backfill::{
    self, Cut, Facts, Hold, Pace, Progress, Range, Reading, Shape, Stage, Steer, Throttle, Verb,
    Verified,
};
use crate::gate::{Command, MigrationId};
use crate::model::Dialect;
use crate::plan::{Batches, FolderStep, Statement};
use crate::run::apply::{Patience, Run, RunError};
use crate::run::check::number;
use crate::store::{Backfill, DatabaseError, StoreError, Wanted};

/// How often signals are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// No batch runs longer; one that would is rolled back and made smaller.
const LONGEST_BATCH: Duration = Duration::from_secs(10);
/// As often the table is swept for rows that were written while it was walked.
const SWEEPS: u32 = 3;
/// After as many batches SQLite's log is written back, so that it does not grow with the backfill.
const CHECKPOINT_EVERY: u64 = 50;

/// What is walked.
struct Walk<'a> {
    migration: &'a MigrationId,
    statement: usize,
    shape: &'a Shape,
    cut: Cut,
    facts: Facts,
    pace: Pace,
    steer: Steer,
    throttle: Throttle,
    looked: Option<Instant>,
    progress: Progress,
}

/// What became of an attempt at a batch.
enum Batch {
    /// There may be more.
    Committed { took_ms: f64 },
    /// It was the last of this way through the table.
    Last,
    /// Nothing was done: this is wanted instead.
    Wanted(Backfill),
}

impl Run<'_> {
    /// Runs a statement in batches from where it is, and records that it is done.
    pub(in crate::run) async fn in_batches(
        &mut self,
        step: &FolderStep<'_>,
        at: usize,
        batches: &Batches,
        planned: (Cut, Facts),
        done: &Command,
    ) -> Result<(), RunError> {
        let mut walk = self.walk(step, at, batches, planned).await?;
        self.limit_batches(true).await?;
        let walked = self.walk_to_the_end(&mut walk).await;
        // What ended the way may have ended the session too, and then there is nothing to set.
        let limited = self.limit_batches(false).await;
        walked?;
        limited?;
        self.finish(step, at, &mut walk, done).await
    }

    /// Goes through the table of an applied backfill once more, for rows that were written since.
    pub(in crate::run) async fn sweep(
        &mut self,
        step: &FolderStep<'_>,
        at: usize,
        statement: &Statement<'_>,
        batches: &Batches,
    ) -> Result<u64, RunError> {
        let Planned::Cut(cut, facts) = self.planned(step, statement, batches).await? else {
            return Err(StoreError::Damaged("there is nothing to walk".to_owned()).into());
        };
        let mut walk = self.walk(step, at, batches, (cut, facts)).await?;
        walk.progress.stage = Stage::Sweeping;
        self.begin_anew(&mut walk).await?;
        self.limit_batches(true).await?;
        let walked = self.through(&mut walk).await;
        let limited = self.limit_batches(false).await;
        walked?;
        limited?;
        self.verify(&mut walk).await?;
        walk.progress.stage = Stage::Done;
        self.keep(&walk).await?;
        Ok(walk.progress.verified.map_or(0, |found| found.remaining))
    }

    /// Takes the backfill over where it is, or begins it.
    async fn walk<'b>(
        &mut self,
        step: &'b FolderStep<'_>,
        at: usize,
        batches: &'b Batches,
        (cut, facts): (Cut, Facts),
    ) -> Result<Walk<'b>, RunError> {
        let shape = &batches.shape;
        let pace = self.pace.clone();
        let rows = batches.rows.map_or(pace.first_rows, u64::from);
        let fresh = self.fresh(shape, &cut, &facts, rows).await?;
        let body = serde_json::to_string(&fresh).unwrap_or_default();
        let taken = self.store.take_backfill(&step.id, at, &body).await?;
        let progress: Progress = serde_json::from_str(&taken.body)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        let mut walk = Walk {
            migration: &step.id,
            statement: at,
            shape,
            cut,
            facts,
            steer: Steer::new(
                &pace,
                batches.rows.map_or(progress.batch_rows, u64::from),
                batches.rows.is_some(),
            ),
            pace,
            throttle: Throttle::default(),
            looked: None,
            progress,
        };
        self.agree_on_the_key(&mut walk, fresh, batches)?;
        if walk.progress.batches > 0 && walk.progress.stage == Stage::Running {
            self.progress.note(&format!(
                "{}: goes on after {} rows",
                step.id, walk.progress.examined
            ));
        }
        Ok(walk)
    }

    /// A cursor is a place in one key, and in one file: elsewhere it means nothing.
    fn agree_on_the_key(
        &mut self,
        walk: &mut Walk<'_>,
        fresh: Progress,
        batches: &Batches,
    ) -> Result<(), RunError> {
        if walk.progress.how == fresh.how && walk.progress.file == fresh.file {
            return Ok(());
        }
        if batches.key.is_none() {
            let dialect = self.store.dialect();
            let others = walk.facts.keys.iter().filter_map(|key| {
                let columns: Vec<_> = key.columns.iter().map(|one| one.name.clone()).collect();
                backfill::choose(walk.shape, &walk.facts, Some(&columns), dialect)
                    .ok()
                    .flatten()
            });
            let same = others.into_iter().find(|cut| cut.how == walk.progress.how);
            if let Some(cut) = same {
                walk.cut = cut;
                return Ok(());
            }
        }
        if walk.shape.tells_open_rows() {
            self.progress.note(&format!(
                "{}: it was walked {}, which is not what it was: it begins anew, and passes over what is done",
                walk.migration, walk.progress.how
            ));
            walk.progress = Progress {
                changed: walk.progress.changed,
                started: walk.progress.started,
                ..fresh
            };
            return Ok(());
        }
        Err(StoreError::Damaged(format!(
            "the backfill of {} was begun {}, and is to go on {}: name the first with `key=`, or give that key back",
            walk.migration, walk.progress.how, fresh.how
        ))
        .into())
    }

    async fn fresh(
        &mut self,
        shape: &Shape,
        cut: &Cut,
        facts: &Facts,
        rows: u64,
    ) -> Result<Progress, RunError> {
        let (first, bound) = self.edges(cut, facts).await?;
        let now = Utc::now();
        Ok(Progress {
            stage: Stage::Running,
            table: shape.table.to_string(),
            how: cut.how.clone(),
            file: cut.file.clone(),
            first,
            bound,
            cursor: None,
            estimate: facts.estimate,
            examined: 0,
            changed: 0,
            batches: 0,
            batch_rows: rows,
            worked_ms: 0.0,
            held_ms: 0.0,
            rows_per_s: 0.0,
            started: now,
            updated: now,
            held: None,
            verified: None,
            // Rows that come later and are to be deleted too are no mistake of the backfill.
            remaining_query: shape.remaining().filter(|_| shape.verb != Verb::Delete),
        })
    }

    /// The first and the last place; none in a table without rows.
    async fn edges(
        &mut self,
        cut: &Cut,
        facts: &Facts,
    ) -> Result<(Option<Vec<String>>, Option<Vec<String>>), RunError> {
        if let backfill::Rows::Pages { count, .. } = facts.rows
            && cut.file.is_some()
        {
            let last = (count > 0).then(|| vec![count.to_string()]);
            return Ok((Some(vec!["0".to_owned()]), last));
        }
        let mut edges = [None, None];
        for (edge, last) in edges.iter_mut().zip([false, true]) {
            if let Some(query) = cut.edge(last) {
                let rows = self.store.connection().ask(&query).await?;
                *edge = rows.into_iter().next().map(place);
            }
        }
        let [first, bound] = edges;
        Ok((first, bound))
    }

    /// Through the table once, and again for what was written meanwhile.
    async fn walk_to_the_end(&mut self, walk: &mut Walk<'_>) -> Result<(), RunError> {
        if walk.progress.stage == Stage::Running {
            self.through(walk).await?;
        }
        for _ in 0..SWEEPS {
            self.verify(walk).await?;
            if walk
                .progress
                .verified
                .is_none_or(|found| found.remaining == 0)
            {
                return Ok(());
            }
            walk.progress.stage = Stage::Sweeping;
            self.begin_anew(walk).await?;
            self.through(walk).await?;
        }
        self.verify(walk).await
    }

    async fn begin_anew(&mut self, walk: &mut Walk<'_>) -> Result<(), RunError> {
        let facts = super::catalog::facts(self.store.connection(), &walk.shape.table).await?;
        walk.facts = facts.unwrap_or_default();
        let (_, bound) = self.edges(&walk.cut, &walk.facts).await?;
        walk.progress.cursor = None;
        walk.progress.bound = bound;
        Ok(())
    }

    /// Batch after batch, until the last.
    async fn through(&mut self, walk: &mut Walk<'_>) -> Result<(), RunError> {
        if walk.progress.bound.is_none() {
            return Ok(());
        }
        let mut patience = Patience::new(self.settings.retry_for);
        loop {
            self.refuse_to_go_on_when_stopped(walk)?;
            self.wait_for_signals(walk).await?;
            match self.batch(walk).await {
                Ok(Batch::Last) => return Ok(()),
                Ok(Batch::Committed { took_ms }) => {
                    patience = Patience::new(self.settings.retry_for);
                    self.rest(walk, took_ms).await?;
                }
                Ok(Batch::Wanted(backfill)) => self.obey(walk, &backfill).await?,
                Err(error) => {
                    self.store.rollback().await;
                    let pause = if is_too_slow(&error) && !self.progress.stopped() {
                        Some(Duration::from_millis(100))
                    } else {
                        self.pause(&mut patience, &error)
                    };
                    let Some(pause) = pause else {
                        return Err(error);
                    };
                    walk.steer.stumbled();
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// One batch: the place, the rows and how far it is, in one transaction.
    async fn batch(&mut self, walk: &mut Walk<'_>) -> Result<Batch, RunError> {
        let started = Instant::now();
        self.store.begin().await?;
        let known = self
            .store
            .lock_backfill(walk.migration, walk.statement)
            .await?;
        if known.wanted != Wanted::Run {
            self.store.rollback().await;
            return Ok(Batch::Wanted(known));
        }
        let rows = walk.steer.rows();
        let progress = &walk.progress;
        let bound = progress.bound.as_deref();
        let open = Range {
            after: progress.cursor.as_deref(),
            upto: bound,
        };
        let end = match walk.cut.end_of_batch(open, rows) {
            Some(query) => {
                let found = self.store.connection().ask(&query).await?;
                found.into_iter().next().map(place)
            }
            None => bound.and_then(|bound| walk.cut.end_of_pages(open.after, bound, rows)),
        };
        let range = Range {
            upto: end.as_deref().or(bound),
            ..open
        };
        // A range of pages, and the last of a key, hold fewer rows than were asked for.
        let passed = if end.is_some() && walk.cut.file.is_none() {
            rows
        } else {
            self.count(walk, range).await?
        };
        let sql = match progress.stage {
            Stage::Running => walk.shape.batch(&walk.cut, range),
            Stage::Sweeping | Stage::Done => walk.shape.sweep(&walk.cut, range).unwrap_or_default(),
        };
        let changed = self.store.connection().change(&sql).await?;
        let mut next = progress.clone();
        let took_ms = started.elapsed().as_secs_f64() * 1000.0;
        let rest_ms = walk.steer.rest_ms(took_ms);
        match progress.stage {
            Stage::Running => next.add(passed, changed, took_ms, rest_ms),
            Stage::Sweeping | Stage::Done => next.changed += changed,
        }
        let is_last = end.is_none() || end.as_deref() == bound;
        next.cursor = end.or_else(|| progress.bound.clone());
        walk.steer.took(took_ms);
        next.batch_rows = walk.steer.rows();
        next.updated = Utc::now();
        next.held = None;
        if is_last && next.stage == Stage::Running && walk.shape.tells_open_rows() {
            next.stage = Stage::Sweeping;
        }
        let body = serde_json::to_string(&next).unwrap_or_default();
        self.store
            .keep_backfill(walk.migration, walk.statement, &body)
            .await?;
        self.store.commit().await?;
        walk.progress = next;
        self.progress.batch(walk.migration, &walk.progress);
        Ok(if is_last {
            Batch::Last
        } else {
            Batch::Committed { took_ms }
        })
    }

    async fn count(&mut self, walk: &Walk<'_>, range: Range<'_>) -> Result<u64, RunError> {
        let rows = self.store.connection().ask(&walk.cut.count(range)).await?;
        Ok(number(rows))
    }

    async fn rest(&mut self, walk: &Walk<'_>, took_ms: f64) -> Result<(), RunError> {
        if self.store.dialect() == Dialect::Sqlite
            && walk.progress.batches.is_multiple_of(CHECKPOINT_EVERY)
        {
            self.store
                .connection()
                .run("PRAGMA wal_checkpoint(PASSIVE)")
                .await?;
        }
        let rest_ms = walk.steer.rest_ms(took_ms);
        tokio::time::sleep(Duration::from_secs_f64(rest_ms / 1000.0)).await;
        Ok(())
    }

    /// Waits for as long as a signal holds, and says which and since when.
    async fn wait_for_signals(&mut self, walk: &mut Walk<'_>) -> Result<(), RunError> {
        if walk
            .looked
            .is_some_and(|looked| looked.elapsed() < LOOK_EVERY)
        {
            return Ok(());
        }
        let began = Instant::now();
        let mut told = None;
        loop {
            let readings = signals::readings(self.store, &walk.pace).await;
            let hold = walk.throttle.look(readings, Utc::now()).cloned();
            walk.looked = Some(Instant::now());
            let Some(hold) = hold else { break };
            self.tell_hold(walk, &hold, &mut told).await?;
            self.refuse_to_go_on_when_stopped(walk)?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.tell_end_of_hold(walk, told, began);
        Ok(())
    }

    /// Waits for as long as somebody wants it to.
    async fn obey(&mut self, walk: &mut Walk<'_>, wanted: &Backfill) -> Result<(), RunError> {
        let began = Instant::now();
        let mut told = None;
        let mut wanted = wanted.clone();
        while wanted.wanted != Wanted::Run {
            let by = wanted.wanted_by.as_deref().unwrap_or("somebody");
            if wanted.wanted == Wanted::Stop {
                return Err(stopped(
                    walk,
                    &format!(
                        "stopped by {by}; `bgmigrate backfill resume {}` lets it run again",
                        walk.migration
                    ),
                ));
            }
            let readings = vec![(
                "pause".to_owned(),
                Reading::Over(format!("asked for by {by}")),
            )];
            let hold = walk.throttle.look(readings, Utc::now()).cloned();
            if let Some(hold) = hold {
                self.tell_hold(walk, &hold, &mut told).await?;
            }
            self.refuse_to_go_on_when_stopped(walk)?;
            tokio::time::sleep(LOOK_EVERY).await;
            self.store.begin().await?;
            let looked = self
                .store
                .lock_backfill(walk.migration, walk.statement)
                .await;
            self.store.rollback().await;
            wanted = looked?;
        }
        self.tell_end_of_hold(walk, told, began);
        Ok(())
    }

    async fn tell_hold(
        &mut self,
        walk: &mut Walk<'_>,
        hold: &Hold,
        told: &mut Option<String>,
    ) -> Result<(), RunError> {
        if told.as_ref() == Some(&hold.signal) {
            return Ok(());
        }
        *told = Some(hold.signal.clone());
        self.progress.note(&format!(
            "{}: held by {} since {}: {}",
            walk.migration,
            hold.signal,
            hold.since.format("%H:%M:%S UTC"),
            hold.why
        ));
        walk.progress.held = Some(hold.clone());
        self.keep(walk).await
    }

    fn tell_end_of_hold(&mut self, walk: &mut Walk<'_>, told: Option<String>, began: Instant) {
        if let Some(signal) = told {
            walk.progress.held = None;
            walk.progress.held_ms += began.elapsed().as_secs_f64() * 1000.0;
            self.progress
                .note(&format!("{}: {signal} holds it no longer", walk.migration));
        }
    }

    /// Writes how far it is in a transaction of its own, where no rows are changed.
    async fn keep(&mut self, walk: &Walk<'_>) -> Result<(), RunError> {
        let body = serde_json::to_string(&walk.progress).unwrap_or_default();
        self.store.begin().await?;
        let kept = match self
            .store
            .lock_backfill(walk.migration, walk.statement)
            .await
        {
            Ok(_) => {
                self.store
                    .keep_backfill(walk.migration, walk.statement, &body)
                    .await
            }
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) => Ok(self.store.commit().await?),
            Err(error) => {
                self.store.rollback().await;
                Err(error.into())
            }
        }
    }

    /// Counts the rows that there is still something to do to.
    async fn verify(&mut self, walk: &mut Walk<'_>) -> Result<(), RunError> {
        let Some(query) = walk.shape.remaining() else {
            return Ok(());
        };
        self.limit_batches(false).await?;
        let asked = self.store.connection().ask(&query).await;
        self.limit_batches(true).await?;
        walk.progress.verified = match asked {
            Ok(rows) => Some(Verified {
                remaining: number(rows),
                at: Utc::now(),
            }),
            Err(error @ DatabaseError::Refused { .. }) => {
                walk.progress.remaining_query = None;
                self.progress.note(&format!(
                    "{}: what is left cannot be counted ({error}); write a check= that can",
                    walk.migration
                ));
                None
            }
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    /// That the statement is done and how it ended, in one transaction.
    async fn finish(
        &mut self,
        step: &FolderStep<'_>,
        at: usize,
        walk: &mut Walk<'_>,
        done: &Command,
    ) -> Result<(), RunError> {
        walk.progress.stage = Stage::Done;
        walk.progress.updated = Utc::now();
        let body = serde_json::to_string(&walk.progress).unwrap_or_default();
        self.store.begin().await?;
        let recorded = async {
            self.store.lock_backfill(&step.id, at).await?;
            self.store.keep_backfill(&step.id, at, &body).await?;
            self.record_within(done).await
        }
        .await;
        if let Err(error) = recorded {
            self.store.rollback().await;
            self.reload().await?;
            return Err(error);
        }
        self.store.commit().await?;
        let Progress {
            examined,
            changed,
            batches,
            verified,
            ..
        } = &walk.progress;
        let left = match verified {
            Some(found) if found.remaining > 0 => format!(
                "; {} are not as it leaves rows, and the cutover waits for them: `bgmigrate backfill sweep {}`",
                rows(found.remaining),
                step.id
            ),
            Some(_) => "; verified, none is left".to_owned(),
            None => String::new(),
        };
        self.progress.note(&format!(
            "{}: {} passed, {changed} changed, in {batches} batches{left}",
            step.id,
            rows(*examined)
        ));
        Ok(())
    }

    fn refuse_to_go_on_when_stopped(&self, walk: &Walk<'_>) -> Result<(), RunError> {
        if self.progress.stopped() {
            return Err(stopped(walk, "stopped on request"));
        }
        Ok(())
    }

    /// A batch that runs away is ended by the server, for as long as this is on.
    async fn limit_batches(&mut self, on: bool) -> Result<(), RunError> {
        let seconds = if on { LONGEST_BATCH.as_secs() } else { 0 };
        let connection = self.store.connection();
        match connection.dialect() {
            Dialect::Postgres if on => {
                connection
                    .run(&format!(
                        "SET statement_timeout = '{seconds}s'; SET idle_in_transaction_session_timeout = '30s'"
                    ))
                    .await?;
            }
            Dialect::Postgres => {
                connection
                    .run("RESET statement_timeout; RESET idle_in_transaction_session_timeout")
                    .await?;
            }
            Dialect::Mysql => {
                // MariaDB's own; MySQL limits queries alone.
                let set = format!("SET SESSION max_statement_time = {seconds}");
                match connection.run(&set).await {
                    Err(DatabaseError::Refused { .. }) => {}
                    set => set?,
                }
            }
            Dialect::Sqlite => {}
        }
        Ok(())
    }
}

/// The run ends here, and what was done stays.
fn stopped(walk: &Walk<'_>, why: &str) -> RunError {
    RunError::Stopped {
        migration: walk.migration.clone(),
        why: why.to_owned(),
        state: format!("{} are done and stay", rows(walk.progress.examined)),
    }
}

/// The server ended the batch because it took too long.
fn is_too_slow(error: &RunError) -> bool {
    let RunError::Store(StoreError::Database(DatabaseError::Refused { code, .. })) = error else {
        return false;
    };
    matches!(code.as_str(), "57014" | "1969" | "3024")
}

fn place(row: crate::store::Row) -> Vec<String> {
    row.into_iter().flatten().collect()
}

fn rows(count: u64) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}
