//! One look at everything that a board shows.

use anyhow::Result;
use serde_json::Value;

use super::Global;
use super::database::{Setup, Shelf};
use crate::gate::Sight;
use crate::guard::Standing;
use crate::report::Board;
use crate::store::{Snapshot, Store};

/// What was seen at one moment.
pub(super) struct Looked<'a> {
    setup: &'a Setup,
    shelf: Shelf,
    snapshot: Snapshot,
    sight: Sight,
    standing: Option<Standing>,
    holder: Option<String>,
    /// The last events of the history, the newest last.
    pub recent: Vec<Value>,
}

/// Looks at the record, the folder and the router, and changes nothing; `None` where there is no record. `recent` is how
/// many of the last events are wanted.
pub(super) async fn look<'a>(
    global: &Global,
    setup: &'a Setup,
    store: &mut Store,
    recent: i64,
) -> Result<Option<Looked<'a>>> {
    let shelf = setup.folder(global)?;
    let Some(snapshot) = setup.load(global, store, &[]).await? else {
        return Ok(None);
    };
    let entries = match recent {
        0 => Vec::new(),
        recent => store.history((snapshot.head - recent).max(0)).await?,
    };
    Ok(Some(Looked {
        sight: setup.sight(&snapshot),
        standing: store.guard().await?,
        holder: store.at_work().await?,
        recent: entries
            .iter()
            .map(|entry| serde_json::json!(entry))
            .collect(),
        setup,
        shelf,
        snapshot,
    }))
}

impl Looked<'_> {
    /// Shows it in some form.
    pub(super) fn shown<T>(&self, show: impl FnOnce(&Board<'_>) -> T) -> T {
        let subjects = self.shelf.subjects();
        let steps = self.shelf.steps(&subjects, self.setup);
        let target = self.setup.target.to_string();
        show(&Board {
            target: &target,
            state: &self.snapshot.state,
            steps: &steps,
            sight: &self.sight,
            guard: (self.standing.as_ref(), self.setup.target.dialect()),
            holder: self.holder.as_deref(),
            events: self.snapshot.head,
        })
    }
}
