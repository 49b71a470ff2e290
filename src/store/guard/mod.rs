//! The guard, kept in step with the record: a release is pinned in the transaction that records it, and let go of in the
//! one that retires it.
//!
//! What the guard is made of lies in the room of that name; here is when which part of it is sent.

mod postgres;
mod sqlite;

use serde::Deserialize;

use super::{Snapshot, Store, StoreError};
use crate::gate::{Event, Release, ReleaseId, SlotId};
use crate::guard::{Broken, Standing, Tier, Touched, Uses};
use crate::model::Dialect;

/// A release in a slot.
struct Occupant<'a> {
    slot: &'a SlotId,
    version: &'a str,
    /// As it is recorded; `None` where nothing is known of it.
    release: Option<&'a Release>,
}

impl Occupant<'_> {
    /// What it relies on. Nothing said is everything, and so is what cannot be read.
    fn uses(&self) -> Uses {
        pins_of(self.release.and_then(|release| release.uses.as_ref()))
    }
}

/// What has to be held for a release with these recorded uses. Nothing said is everything, and so is what cannot be
/// read.
fn pins_of(recorded: Option<&serde_json::Value>) -> Uses {
    let uses = recorded.map(crate::uses::Uses::deserialize);
    match uses {
        Some(Ok(uses)) => uses.pins(),
        _ => Uses::default(),
    }
}

impl Store {
    /// The guard of this database; `None` where none is installed.
    pub async fn guard(&mut self) -> Result<Option<Standing>, StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.guard_of_postgres().await,
            Dialect::Sqlite => self.guard_of_sqlite().await,
            Dialect::Mysql => Ok(None),
        }
    }

    /// The best guard that this account can install here.
    pub async fn guard_tier(&mut self) -> Result<Tier, StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.tier_of_postgres().await,
            Dialect::Sqlite => Ok(Tier::Views),
            Dialect::Mysql => Ok(Tier::Gates),
        }
    }

    /// Installs the guard, or brings an older one up to date, and pins every release that stands in a slot. The store
    /// holds the lock, so that no migration runs meanwhile.
    pub async fn install_guard(&mut self, tier: Tier) -> Result<(), StoreError> {
        self.load_or_init(&[]).await?;
        self.begin().await?;
        match self.install_within(tier).await {
            Ok(()) => self.commit().await,
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    async fn install_within(&mut self, tier: Tier) -> Result<(), StoreError> {
        let snapshot = self.load_locked(&[]).await?;
        match self.dialect() {
            Dialect::Postgres => self.install_on_postgres(tier).await?,
            Dialect::Sqlite => self.install_on_sqlite().await?,
            Dialect::Mysql => return Ok(()),
        }
        for (slot, held) in &snapshot.state.slots {
            let occupant = Occupant {
                slot,
                version: &held.version,
                release: snapshot.state.release_in(slot, held),
            };
            self.pin(&occupant).await?;
        }
        Ok(())
    }

    /// Removes guard and pins. Its log on `PostgreSQL` stays, and has a last line.
    pub async fn remove_guard(&mut self, reason: &str) -> Result<(), StoreError> {
        self.begin().await?;
        let removed = match self.dialect() {
            Dialect::Postgres => self.remove_from_postgres(reason).await,
            Dialect::Sqlite => self.remove_from_sqlite().await,
            Dialect::Mysql => Ok(()),
        };
        match removed {
            Ok(()) => self.commit().await,
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    /// What is broken, past the guard.
    pub async fn broken_pins(&mut self) -> Result<Vec<Broken>, StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.broken_on_postgres().await,
            Dialect::Sqlite => self.broken_on_sqlite().await,
            Dialect::Mysql => Ok(Vec::new()),
        }
    }

    /// Has the pins follow an event, in the transaction that records it.
    pub(super) async fn follow(
        &mut self,
        event: &Event,
        before: &Snapshot,
    ) -> Result<(), StoreError> {
        let (slot, arrives) = match event {
            Event::ReleaseRecorded {
                slot,
                version,
                release,
                ..
            } => (slot, Some((version, release))),
            Event::Retired { slot, .. } => (slot, None),
            _ => return Ok(()),
        };
        if !self.has_guard().await? {
            return Ok(());
        }
        if let Some(held) = before.state.slots.get(slot) {
            let leaves = Occupant {
                slot,
                version: &held.version,
                release: None,
            };
            self.unpin(&leaves).await?;
        }
        if let Some((version, release)) = arrives {
            let arrives = Occupant {
                slot,
                version,
                release: Some(release),
            };
            self.pin(&arrives).await?;
        }
        Ok(())
    }

    /// Whether there is a guard to be told; where there is, it is one that this build knows.
    pub async fn has_guard(&mut self) -> Result<bool, StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.postgres_has_guard().await,
            Dialect::Sqlite => self.sqlite_has_guard().await,
            Dialect::Mysql => Ok(false),
        }
    }

    async fn pin(&mut self, occupant: &Occupant<'_>) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.pin_on_postgres(occupant).await,
            Dialect::Sqlite => self.pin_on_sqlite(occupant).await,
            Dialect::Mysql => Ok(()),
        }
    }

    async fn unpin(&mut self, occupant: &Occupant<'_>) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.unpin_on_postgres(occupant).await,
            Dialect::Sqlite => self.unpin_on_sqlite(occupant).await,
            Dialect::Mysql => Ok(()),
        }
    }

    /// Before a step that the gates allow: these releases do not mind what it does to what it touches.
    pub async fn let_go(
        &mut self,
        releases: &[ReleaseId],
        touched: &Touched,
    ) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.let_go_on_postgres(releases, touched).await,
            Dialect::Sqlite => self.let_go_on_sqlite().await,
            Dialect::Mysql => Ok(()),
        }
    }

    /// Pins a release anew, as everything is now, but for what is touched.
    pub async fn pin_but_for(
        &mut self,
        release: &ReleaseId,
        touched: &Touched,
    ) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.pin_but_for_on_postgres(release, touched).await,
            Dialect::Sqlite => self.pin_but_for_on_sqlite(release, touched).await,
            Dialect::Mysql => Ok(()),
        }
    }

    /// After it: these releases rely on what it touched as it is now.
    pub async fn rely(
        &mut self,
        releases: &[ReleaseId],
        touched: &Touched,
    ) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Postgres => self.rely_on_postgres(releases, touched).await,
            Dialect::Sqlite => self.rely_on_sqlite(releases).await,
            Dialect::Mysql => Ok(()),
        }
    }
}
