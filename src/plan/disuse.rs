//! Proofs that a release does not use what a contract step takes.

use std::collections::BTreeSet;

use super::FolderStep;
use crate::gate::{Proof, Release, ReleaseId, State};
use crate::model::{Dialect, Engine, Phase, Span};
use crate::sql::read;
use crate::uses::Uses;

/// The releases in P that were built without a step, and that are proven by their recorded uses not to mind it.
pub(super) fn proofs(step: &FolderStep<'_>, state: &State) -> BTreeSet<Proof> {
    if !step.phase.gates_as_contract() || state.is_applied(&step.id) {
        return BTreeSet::new();
    }
    let serving = state.serving();
    let proofs = serving.filter_map(|(id, slot)| {
        let release = ReleaseId::new(&id.service, &slot.version);
        if state.ships(&release, &step.id) {
            return None;
        }
        let uses = uses(state.releases.get(&release)?)?;
        if minds(&uses, step) {
            return None;
        }
        state.proof(&release)
    });
    proofs.collect()
}

/// Whether a migration that ran, of which only the text is left, is proven to take nothing that a release uses.
pub fn spares(uses: &Uses, text: &str, dialect: Dialect) -> bool {
    let script = read(
        text,
        &[Span::new(0, text.len())],
        &Engine::default_for(dialect),
    );
    script.statements.iter().all(|statement| {
        statement.opaque.is_none() && !statement.changes.iter().any(|change| uses.minds(change))
    })
}

/// What a release relies on; `None` where nobody said. Uses that cannot be read are everything, so nothing is proven.
pub fn uses(release: &Release) -> Option<Uses> {
    let recorded = release.uses.clone()?;
    serde_json::from_value(recorded).ok()
}

fn minds(uses: &Uses, step: &FolderStep<'_>) -> bool {
    let reviewed = step.reviewed;
    let statements = reviewed.script.statements.iter().zip(&reviewed.judged);
    let mut contracting = statements
        .zip(&reviewed.phases)
        .filter(|(_, phase)| phase.gates_as_contract());
    contracting.any(|((statement, judged), _)| {
        let mut lasting = statement
            .changes
            .iter()
            .zip(&judged.changes)
            .filter(|(_, judged)| judged.verdict.phase != Phase::Neutral);
        statement.opaque.is_some() || lasting.any(|(change, _)| uses.minds(change))
    })
}
