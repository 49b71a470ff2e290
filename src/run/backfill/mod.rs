//! Runs a statement in batches, each in a transaction of its own together with how far it is.

mod catalog;
mod signals;
mod walk;

use super::apply::{Progress, Run, RunError, Settings};
use super::outlook::Outlook;
use crate::backfill::{self, Cut, Facts, Pace, Verb};
use crate::plan::{Batches, FolderStep, Statement, Unrunnable, Way};
use crate::store::Store;

/// How the engine is told of one statement of a step.
pub(super) enum Planned {
    /// In one go: it names one row, or its table is not there, which the database says best itself.
    Whole,
    /// In batches.
    Cut(Cut, Facts),
}

/// Goes through the tables of a migration's finished backfills once more, for rows that were written since; gives how
/// many rows are still not as they leave them. The store holds the lock.
pub async fn sweep(
    store: &mut Store,
    step: &FolderStep<'_>,
    outlook: &Outlook<'_>,
    pace: Pace,
    progress: &mut dyn Progress,
) -> Result<u64, RunError> {
    let snapshot = store.load_or_init(&[]).await?;
    let mut run = Run {
        snapshot,
        also: Vec::new(),
        store,
        outlook,
        settings: Settings::default(),
        progress,
        guarded: false,
        pace,
    };
    run.refuse_edits(std::slice::from_ref(step)).await?;
    run.limit_waiting().await?;
    let mut remaining = None;
    if run.snapshot.state.is_applied(&step.id) {
        for (at, statement) in step.statements.iter().enumerate() {
            if let Way::Batches(batches) = &statement.way
                && batches.shape.tells_open_rows()
                && batches.shape.verb != Verb::Delete
            {
                let left = run.sweep(step, at, statement, batches).await?;
                remaining = Some(remaining.unwrap_or(0) + left);
            }
        }
    }
    remaining.ok_or_else(|| RunError::NothingToSweep {
        migration: step.id.clone(),
    })
}

impl Run<'_> {
    /// Looks up by which keys the statements of a step are cut, and refuses those that no key cuts before any runs.
    pub(super) async fn look_up_keys(
        &mut self,
        step: &FolderStep<'_>,
        tell: bool,
    ) -> Result<(), RunError> {
        for statement in &step.statements {
            let Way::Batches(batches) = &statement.way else {
                continue;
            };
            let planned = self.planned(step, statement, batches).await?;
            if !tell {
                continue;
            }
            let line = format!("{}:{}", step.file, statement.line);
            self.progress.note(&match planned {
                Planned::Cut(cut, facts) => {
                    let about = facts
                        .estimate
                        .map_or_else(String::new, |rows| format!(", about {rows} rows"));
                    let table = &batches.shape.table;
                    format!("{line}: in batches {} of {table}{about}", cut.how)
                }
                Planned::Whole => format!("{line}: in one go"),
            });
        }
        Ok(())
    }

    pub(super) async fn planned(
        &mut self,
        step: &FolderStep<'_>,
        statement: &Statement<'_>,
        batches: &Batches,
    ) -> Result<Planned, RunError> {
        let shape = &batches.shape;
        let Some(facts) = catalog::facts(self.store.connection(), &shape.table).await? else {
            return Ok(Planned::Whole);
        };
        let chosen = backfill::choose(shape, &facts, batches.key.as_deref(), self.store.dialect());
        match chosen {
            Ok(Some(cut)) => Ok(Planned::Cut(cut, facts)),
            Ok(None) => Ok(Planned::Whole),
            Err(why) => Err(RunError::Unrunnable {
                file: step.file.clone(),
                why: Unrunnable::NoKey {
                    line: statement.line,
                    why,
                },
            }),
        }
    }
}
