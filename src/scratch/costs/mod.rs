//! Runs a migration and looks at what each of its statements costs.
//!
//! PostgreSQL's session asks for its own locks behind each statement, within the transaction that holds them. What runs
//! in no transaction is held back by another session for as long as it takes to look at it. MySQL is asked beforehand,
//! on a copy of the table. SQLite has one lock for all, and tells nothing.

mod mysql;

use std::time::{Duration, Instant};

use super::place::{Scratch, ScratchError, lines, one};
use crate::model::{Action, Dialect, Engine, Lock};
use crate::plan::{FolderStep, Manner, Statement};
use crate::proof::{Costed, Failure, Ledger, Seen, Taken};
use crate::store::{Connection, DatabaseError, Missing};

const RELATIONS: &str = include_str!("relations.sql");
const LOCKS: &str = include_str!("locks.sql");

/// How often a statement beside is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// For how long at most a statement is held back to be looked at.
const HELD_BACK: Duration = Duration::from_secs(2);

/// How a statement is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Within the transaction of the whole migration.
    Within,
    /// Within a transaction of its own.
    Alone,
    /// From another session: it runs in no transaction.
    Beside,
    /// Where the migration has a transaction of its own open.
    Own,
}

impl Scratch {
    /// Runs a migration as `apply` would: in one transaction where the engine and the file let it. What its statements
    /// cost stands beside what came of it.
    pub(super) async fn apply(
        &mut self,
        step: &FolderStep<'_>,
        engine: &Engine,
    ) -> Result<(Result<(), Failure>, Vec<Costed>), ScratchError> {
        let mut costs = Vec::new();
        let mut ledger = None;
        let whole = matches!(step.manner, Ok(Manner::Whole));
        let line = step.statements.first().map_or(1, |first| first.line);
        if whole && let Err(failure) = self.run_at("BEGIN", line).await {
            return Ok((Err(failure), costs));
        }
        let mut sent = Ok(());
        for statement in &step.statements {
            let (done, seen) = match self.dialect() {
                Dialect::Postgres => {
                    let look = look(step, statement);
                    self.watch(statement, look, &mut ledger).await?
                }
                Dialect::Mysql => {
                    let seen = self.best_way(statement, engine).await?;
                    (self.run_at(statement.sql, statement.line).await, seen)
                }
                Dialect::Sqlite => (self.run_at(statement.sql, statement.line).await, None),
            };
            costs.extend(seen.filter(|costed| !costed.is_free()));
            sent = done;
            if sent.is_err() {
                break;
            }
        }
        if whole && sent.is_ok() {
            sent = self.run_at("COMMIT", line).await;
        }
        if sent.is_err() {
            // Where it has transactions of its own, one may be open.
            self.rollback().await;
        }
        Ok((sent, costs))
    }

    /// Runs a statement of PostgreSQL's and sees which locks it takes.
    async fn watch(
        &mut self,
        statement: &Statement<'_>,
        look: Look,
        ledger: &mut Option<Ledger>,
    ) -> Result<(Result<(), Failure>, Option<Costed>), ScratchError> {
        let costed = |planned, seen| {
            Some(Costed {
                line: statement.line,
                kinds: statement
                    .changes
                    .iter()
                    .map(|it| it.action.kind())
                    .collect(),
                understood: statement.understood,
                planned,
                seen,
            })
        };
        if touches_nothing(statement.sql) {
            if let Some(ledger) = ledger.as_mut().filter(|_| look == Look::Own) {
                ledger.forget_locks();
            }
            return Ok((self.run_at(statement.sql, statement.line).await, None));
        }
        if look == Look::Alone {
            self.connection.run("BEGIN").await?;
        }
        // The first look is behind what the transaction says of itself, which has to come before any query.
        let ledger = self.counted(ledger, look).await?;
        let planned = ledger.planned(&statement.locks);
        if look == Look::Beside {
            let (sent, seen) = self.watch_beside(statement, &planned, ledger).await?;
            return Ok((sent, costed(planned, seen)));
        }
        if let Err(failure) = self.run_at(statement.sql, statement.line).await {
            return Ok((Err(failure), None));
        }
        let seen = if look == Look::Own && !self.is_in_transaction().await? {
            Seen::Not("the migration has transactions of its own, and it is in none".to_owned())
        } else {
            let query = LOCKS.replace("{pid}", "pg_catalog.pg_backend_pid()");
            let read = lines(&mut self.connection, &query).await?;
            let mut changes = statement.changes.iter();
            let empties = changes.any(|change| matches!(change.action, Action::Truncate { .. }));
            Seen::Locks(ledger.see(&read, &planned, empties)?)
        };
        // What it holds is in the ledger now, and no later statement's doing.
        if says_nothing_of_locks(statement) {
            return Ok((self.end(look, statement).await, None));
        }
        Ok((self.end(look, statement).await, costed(planned, seen)))
    }

    /// Ends the transaction that was opened to look at a statement.
    async fn end(&mut self, look: Look, statement: &Statement<'_>) -> Result<(), Failure> {
        match look {
            Look::Alone => self.run_at("COMMIT", statement.line).await,
            Look::Within | Look::Beside | Look::Own => Ok(()),
        }
    }

    /// The ledger as it has to be before a statement.
    async fn counted<'a>(
        &mut self,
        ledger: &'a mut Option<Ledger>,
        look: Look,
    ) -> Result<&'a mut Ledger, ScratchError> {
        if ledger.is_none() {
            let read = lines(&mut self.connection, RELATIONS).await?;
            return Ok(ledger.insert(Ledger::new(&read)?));
        }
        let ledger = ledger.get_or_insert_default();
        // What the transaction of the whole migration has read so far is in the ledger already.
        if look != Look::Within {
            let read = lines(&mut self.connection, RELATIONS).await?;
            ledger.count_scans(&read)?;
        }
        if matches!(look, Look::Alone | Look::Beside) {
            ledger.forget_locks();
        }
        Ok(ledger)
    }

    /// Within a transaction the time stands still.
    async fn is_in_transaction(&mut self) -> Result<bool, ScratchError> {
        let query = "SELECT (pg_catalog.now() < pg_catalog.statement_timestamp())::text";
        Ok(one(&mut self.connection, query).await? == "true")
    }

    /// Runs a statement that allows no transaction. A snapshot that another session holds, with its lock on each table,
    /// keeps it from ending before it was looked at.
    async fn watch_beside(
        &mut self,
        statement: &Statement<'_>,
        planned: &[Lock],
        ledger: &mut Ledger,
    ) -> Result<(Result<(), Failure>, Seen), ScratchError> {
        let pid = one(
            &mut self.connection,
            "SELECT pg_catalog.pg_backend_pid()::text",
        )
        .await?;
        let mut other = self.another().await?;
        let mut hold = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1".to_owned();
        for table in ledger.tables(planned) {
            hold += &format!("; SELECT FROM {table} LIMIT 0");
        }
        other.run(&hold).await?;
        let mut holding = true;
        let begun = Instant::now();
        let query = LOCKS.replace("{pid}", &pid);
        let mut all = Taken {
            work_unseen: true,
            ..Taken::default()
        };
        let sent = {
            let run = self.connection.run(statement.sql);
            tokio::pin!(run);
            loop {
                tokio::select! {
                    sent = &mut run => break sent,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
                // Asked first: what it holds while it waits is then there to be read.
                let waits = waits(&mut other, &pid).await?;
                let read = lines(&mut other, &query).await?;
                let taken = ledger.see(&read, planned, false)?;
                all.locks.extend(taken.locks);
                if holding && (waits || begun.elapsed() > HELD_BACK) {
                    other.run("COMMIT").await?;
                    holding = false;
                }
            }
        };
        other.close().await;
        let sent = sent.map_err(|error| Failure {
            line: statement.line,
            message: error.to_string(),
        });
        let seen = if all.locks.is_empty() && !planned.is_empty() {
            Seen::Not(
                "it runs in no transaction, and was over before it could be looked at".to_owned(),
            )
        } else {
            Seen::Locks(all)
        };
        Ok((sent, seen))
    }
}

/// Whether a session waits for another one.
async fn waits(other: &mut Connection, pid: &str) -> Result<bool, DatabaseError> {
    let query = format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE pid = {pid} AND NOT granted)::text"
    );
    Ok(one(other, &query).await? == "true")
}

fn look(step: &FolderStep<'_>, statement: &Statement<'_>) -> Look {
    match &step.manner {
        Ok(Manner::Whole) => Look::Within,
        // A block may end transactions itself.
        Ok(Manner::ByStatement) if !statement.in_transaction => Look::Beside,
        Ok(Manner::ByStatement) if statement.understood && !is_block(statement.sql) => Look::Alone,
        _ => Look::Own,
    }
}

/// The plan leaves out what a comment locks.
fn says_nothing_of_locks(statement: &Statement<'_>) -> bool {
    let mut changes = statement.changes.iter();
    let comments = changes.all(|change| matches!(change.action, Action::Comment { .. }));
    comments && statement.understood && !statement.changes.is_empty()
}

fn is_block(sql: &str) -> bool {
    begins_with(sql, &["do", "call"])
}

/// What a session says of itself locks nothing, and some of it has to come before any query.
fn touches_nothing(sql: &str) -> bool {
    const SESSION: &[&str] = &[
        "set",
        "reset",
        "show",
        "begin",
        "start",
        "commit",
        "end",
        "rollback",
        "savepoint",
        "release",
    ];
    begins_with(sql, SESSION)
}

fn begins_with(sql: &str, words: &[&str]) -> bool {
    let first = sql
        .split(|c: char| !c.is_ascii_alphabetic())
        .find(|word| !word.is_empty());
    first.is_some_and(|first| words.iter().any(|word| first.eq_ignore_ascii_case(word)))
}

impl Scratch {
    /// Another session in the scratch.
    async fn another(&self) -> Result<Connection, ScratchError> {
        match &self.address {
            Some((target, run)) => Ok(target.connect(run, Missing::Refuse).await?),
            None => Err(ScratchError::NoServer("SQLite has one session".to_owned())),
        }
    }
}
