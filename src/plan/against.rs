//! What the record says of the steps of a plan: applied, allowed today, or refused, and until when.

use super::disuse::proofs;
use super::touch::Held;
use super::{FolderStep, Status};
use crate::gate::{Candidate, Command, MigrationId, Refusal, Rule, Sight, State, decide};

/// The record that a plan is judged against. It is read once, and nothing is written.
pub struct Against<'a> {
    /// What is recorded.
    pub state: &'a State,
    /// What is seen beside it: the time, the routers.
    pub sight: &'a Sight,
    /// The steps of the same migrations as the plan's subjects, in the same order.
    pub steps: &'a [FolderStep<'a>],
}

impl<'a> Against<'a> {
    /// The steps as the record sees them, in their order.
    pub(super) fn statuses(&self) -> Vec<(Status, Vec<Refusal>)> {
        let mut held = Held::default();
        let judged = self.steps.iter().enumerate().map(|(place, step)| {
            let (status, refusals) = self.status(step, &held);
            if matches!(status, Status::Waiting | Status::Refused) {
                held.hold_all(place, step.reviewed);
            }
            (status, refusals)
        });
        judged.collect()
    }

    fn status(&self, step: &'a FolderStep<'a>, held: &Held<'a>) -> (Status, Vec<Refusal>) {
        let behind = held.in_the_way(step.reviewed).into_iter();
        let behind = behind.map(|(place, object)| (self.steps[place].id.clone(), object));
        let candidate = candidate(step, self.state, behind.collect());
        match decide(self.state, &Command::Apply(candidate), self.sight) {
            Ok(_) if self.state.is_applied(&step.id) => (Status::Applied, Vec::new()),
            Ok(_) => (Status::Ready, Vec::new()),
            Err(refusals) => {
                let waits = refusals.iter().all(|refusal| opens_by_itself(refusal.rule));
                let status = if waits {
                    Status::Waiting
                } else {
                    Status::Refused
                };
                (status, refusals)
            }
        }
    }
}

/// Refused today by where releases stand; the file may stay as it is.
const fn opens_by_itself(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::ContractGate | Rule::Order | Rule::Lockstep | Rule::RollbackWindow
    )
}

/// A step as the gates are asked about it. `behind` are those before it that wait, with the object that both change.
pub fn candidate(
    step: &FolderStep<'_>,
    state: &State,
    behind: Vec<(MigrationId, String)>,
) -> Candidate {
    Candidate {
        migration: step.id.clone(),
        phase: step.phase,
        checksum: step.checksum.clone(),
        unused_by: proofs(step, state),
        unused_since: step.unused_since.clone(),
        behind,
    }
}

/// The steps behind one that build on what it made.
pub fn dependents(steps: &[FolderStep<'_>], of: usize) -> Vec<MigrationId> {
    let mut held = Held::default();
    held.hold_all(of, steps[of].reviewed);
    let later = steps[of + 1..].iter();
    let touching = later.filter(|step| held.is_built_on_by(step.reviewed));
    touching.map(|step| step.id.clone()).collect()
}
