//! The split of a mixed file: its statements sorted into one part for each phase, their order kept.

use serde::Serialize;

use crate::model::{Action, FilePhase, Migration, Phase};
use crate::sql::Statement;

/// One part of a split file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The part's phase.
    pub phase: FilePhase,
    /// A name for its migration, after the one that is split.
    pub name: String,
    /// Its statements.
    pub sql: String,
}

/// Splits a migration by phase. A neutral statement stays with the one after it that has a phase (a SET or
/// a comment belongs to what follows), or else with the one before.
pub fn split(migration: &Migration, statements: &[Statement], phases: &[Phase]) -> Vec<Part> {
    let mut phases: Vec<_> = phases.iter().map(|phase| file_phase(*phase)).collect();
    fill_from_the_right(&mut phases);
    let stem = if migration.name.is_empty() {
        &migration.id
    } else {
        &migration.name
    };
    [FilePhase::Expand, FilePhase::Migrate, FilePhase::Contract]
        .into_iter()
        .filter_map(|phase| {
            let own = statements.iter().zip(&phases).filter(|(statement, own)| {
                **own == Some(phase) && !is_transaction_control(statement)
            });
            let mut sql = String::new();
            for (statement, _) in own {
                if !sql.is_empty() {
                    sql.push('\n');
                }
                sql.push_str(statement.span.of(&migration.text));
                sql.push(';');
            }
            (!sql.is_empty()).then(|| Part {
                phase,
                name: format!("{stem}_{phase}"),
                sql,
            })
        })
        .collect()
}

const fn file_phase(phase: Phase) -> Option<FilePhase> {
    match phase {
        Phase::Neutral => None,
        Phase::Expand => Some(FilePhase::Expand),
        Phase::Migrate => Some(FilePhase::Migrate),
        Phase::Contract | Phase::Opaque => Some(FilePhase::Contract),
    }
}

fn fill_from_the_right(phases: &mut [Option<FilePhase>]) {
    let mut next = None;
    for phase in phases.iter_mut().rev() {
        match phase {
            Some(own) => next = Some(*own),
            None => *phase = next,
        }
    }
    let mut last = None;
    for phase in phases {
        match phase {
            Some(own) => last = Some(*own),
            None => *phase = last,
        }
    }
}

fn is_transaction_control(statement: &Statement) -> bool {
    !statement.changes.is_empty()
        && statement
            .changes
            .iter()
            .all(|change| matches!(change.action, Action::Transaction(_)))
}
