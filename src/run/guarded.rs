//! What the guard of the database is told around a step, so that it lets pass what the gates allow, and holds what
//! the step left from then on.

use super::apply::{Run, RunError};
use crate::gate::{MigrationId, ReleaseId};
use crate::guard::Touched;
use crate::plan::{FolderStep, Statement};

/// What statements touch; what was not understood may touch everything.
fn touched(statements: &[Statement<'_>]) -> Touched {
    let mut touched = Touched::by(statements.iter().flat_map(|statement| statement.changes));
    touched.everything |= statements.iter().any(|statement| !statement.understood);
    touched
}

impl Run<'_> {
    /// Before statements of a step that a gate has allowed: each release in P ships it, or is proven not to mind.
    pub(super) async fn before(
        &mut self,
        step: &FolderStep<'_>,
        statements: &[Statement<'_>],
    ) -> Result<(), RunError> {
        let releases = if step.phase.gates_as_contract() {
            self.serving()
        } else {
            Vec::new()
        };
        self.excuse(&releases, statements).await
    }

    /// Before the way back of a step, which no release in P ships.
    pub(super) async fn before_undo(
        &mut self,
        statements: &[Statement<'_>],
    ) -> Result<(), RunError> {
        let releases = self.serving();
        self.excuse(&releases, statements).await
    }

    async fn excuse(
        &mut self,
        releases: &[ReleaseId],
        statements: &[Statement<'_>],
    ) -> Result<(), RunError> {
        let touched = touched(statements);
        if self.guarded && !touched.is_nothing() {
            self.store.let_go(releases, &touched).await?;
        }
        Ok(())
    }

    /// After them: the releases that ship the step rely on what it left.
    pub(super) async fn after(
        &mut self,
        migration: &MigrationId,
        statements: &[Statement<'_>],
    ) -> Result<(), RunError> {
        let touched = touched(statements);
        if self.guarded && !touched.is_nothing() {
            let mut releases = self.serving();
            releases.retain(|release| self.snapshot.state.ships(release, migration));
            self.store.rely(&releases, &touched).await?;
        }
        Ok(())
    }

    /// The releases in P.
    fn serving(&self) -> Vec<ReleaseId> {
        let serving = self.snapshot.state.serving();
        serving
            .map(|(id, slot)| ReleaseId::new(&id.service, &slot.version))
            .collect()
    }
}
