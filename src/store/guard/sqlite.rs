//! The guard of `SQLite`: for each release and table a view that names its columns, see [`crate::guard::sqlite`].
//!
//! A view would be in the way of our own steps as well, so they are taken down for the length of a step's transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use super::super::{Row, Store, StoreError, Value};
use super::Occupant;
use crate::gate::{ReleaseId, SlotId};
use crate::guard::sqlite::{drop_pin_view, pin_view};
use crate::guard::{Broken, Standing, Tier, Touched, Uses};
use crate::model::{Ident, Name};

/// What is pinned: the columns as JSON, in the table's order.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS bgmigrate_pin (service TEXT NOT NULL, version TEXT NOT NULL, slot TEXT \
                     NOT NULL, name TEXT NOT NULL, columns TEXT NOT NULL, PRIMARY KEY (service, slot, name)) STRICT";

/// One row a column of the tables that are not ours.
const COLUMNS: &str = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' \
                       AND t.name NOT LIKE 'sqlite@_%' ESCAPE '@' AND t.name NOT LIKE 'bgmigrate@_%' ESCAPE '@' \
                       AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, c.cid";

const INSTALLED: &str =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'bgmigrate_pin'";

const READ: &str =
    "SELECT service, version, slot, name, columns FROM bgmigrate_pin ORDER BY service, slot, name";

/// The tables that are there, each with its columns.
type Tables = BTreeMap<String, Vec<String>>;

/// One table that is pinned for a release.
struct Pin {
    service: String,
    version: String,
    slot: String,
    table: String,
    columns: Vec<String>,
}

impl Pin {
    /// What stands in the view's name: it is all that a refusal of `SQLite` says of the reason.
    fn release(&self) -> String {
        format!("{}_{}_{}", self.service, self.slot, self.version)
    }

    fn drop_view(&self) -> String {
        drop_pin_view(&self.release(), &name(&self.table))
    }

    fn create_view(&self) -> String {
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|column| Ident::folded(column))
            .collect();
        pin_view(&self.release(), &name(&self.table), &columns)
    }
}

impl Store {
    pub(super) async fn sqlite_has_guard(&mut self) -> Result<bool, StoreError> {
        Ok(!self.connection.read(INSTALLED, &[]).await?.is_empty())
    }

    pub(super) async fn guard_of_sqlite(&mut self) -> Result<Option<Standing>, StoreError> {
        if !self.sqlite_has_guard().await? {
            return Ok(None);
        }
        let pins = self.pins().await?;
        let releases: BTreeSet<_> = pins.iter().map(Pin::release).collect();
        let count = |number| i64::try_from(number).unwrap_or(i64::MAX);
        Ok(Some(Standing {
            tier: Tier::Views,
            watches: true,
            releases: count(releases.len()),
            pins: count(pins.len()),
            owner: None,
        }))
    }

    pub(super) async fn install_on_sqlite(&mut self) -> Result<(), StoreError> {
        self.connection.run(TABLE).await?;
        for pin in self.pins().await? {
            self.connection.run(&pin.drop_view()).await?;
        }
        Ok(self.connection.run("DELETE FROM bgmigrate_pin").await?)
    }

    pub(super) async fn remove_from_sqlite(&mut self) -> Result<(), StoreError> {
        self.let_go_on_sqlite().await?;
        Ok(self
            .connection
            .run("DROP TABLE IF EXISTS bgmigrate_pin")
            .await?)
    }

    pub(super) async fn pin_on_sqlite(
        &mut self,
        occupant: &Occupant<'_>,
    ) -> Result<(), StoreError> {
        let uses = occupant.uses();
        self.pin_tables(occupant.slot, occupant.version, &uses)
            .await
    }

    pub(super) async fn unpin_on_sqlite(
        &mut self,
        occupant: &Occupant<'_>,
    ) -> Result<(), StoreError> {
        let slot = occupant.slot;
        let pins = self.pins().await?.into_iter();
        for pin in pins.filter(|pin| pin.service == slot.service && pin.slot == slot.slot) {
            self.connection.run(&pin.drop_view()).await?;
        }
        let values = [slot.service.as_str(), slot.slot.as_str()].map(Value::from);
        let forget = "DELETE FROM bgmigrate_pin WHERE service = ? AND slot = ?";
        self.connection.write(forget, &values).await?;
        Ok(())
    }

    pub(super) async fn let_go_on_sqlite(&mut self) -> Result<(), StoreError> {
        for pin in self.pins().await? {
            self.connection.run(&pin.drop_view()).await?;
        }
        Ok(())
    }

    pub(super) async fn rely_on_sqlite(
        &mut self,
        releases: &[ReleaseId],
    ) -> Result<(), StoreError> {
        let tables = self.tables().await?;
        let pins = self.pins().await?;
        self.connection.run("DELETE FROM bgmigrate_pin").await?;
        let mut known: BTreeSet<(String, String, String)> = BTreeSet::new();
        for mut pin in pins {
            let release = ReleaseId::new(&pin.service, &pin.version);
            if releases.contains(&release) {
                known.insert((pin.service, pin.version, pin.slot));
                continue;
            }
            let Some(there) = tables.get(&pin.table) else {
                continue;
            };
            pin.columns.retain(|column| there.contains(column));
            if !pin.columns.is_empty() {
                self.keep(&pin).await?;
            }
        }
        for (service, version, slot) in known {
            let uses = self.recorded_uses(&service, &version).await?;
            let slot = SlotId::new(&service, &slot);
            self.pin_tables(&slot, &version, &uses).await?;
        }
        Ok(())
    }

    pub(super) async fn pin_but_for_on_sqlite(
        &mut self,
        release: &ReleaseId,
        touched: &Touched,
    ) -> Result<(), StoreError> {
        self.begin().await?;
        match self.repin_within(release, touched).await {
            Ok(()) => self.commit().await,
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    async fn repin_within(
        &mut self,
        release: &ReleaseId,
        touched: &Touched,
    ) -> Result<(), StoreError> {
        self.let_go_on_sqlite().await?;
        self.rely_on_sqlite(slice::from_ref(release)).await?;
        for mut pin in self.pins().await? {
            if ReleaseId::new(&pin.service, &pin.version) != *release || touched.everything {
                continue;
            }
            let before = pin.columns.len();
            pin.columns
                .retain(|column| !is_touched(touched, &pin.table, column));
            if pin.columns.len() < before {
                self.connection.run(&pin.drop_view()).await?;
                let values = [&pin.service, &pin.slot, &pin.table];
                let values = values.map(|value| Value::from(value.as_str()));
                let forget =
                    "DELETE FROM bgmigrate_pin WHERE service = ? AND slot = ? AND name = ?";
                self.connection.write(forget, &values).await?;
                if !pin.columns.is_empty() {
                    self.keep(&pin).await?;
                }
            }
        }
        Ok(())
    }

    async fn pin_tables(
        &mut self,
        slot: &SlotId,
        version: &str,
        uses: &Uses,
    ) -> Result<(), StoreError> {
        for (table, mut columns) in self.tables().await? {
            columns.retain(|column| relied_on(uses, &table, column));
            if columns.is_empty() {
                continue;
            }
            let pin = Pin {
                service: slot.service.clone(),
                version: version.to_owned(),
                slot: slot.slot.clone(),
                table,
                columns,
            };
            self.keep(&pin).await?;
        }
        Ok(())
    }

    async fn recorded_uses(&mut self, service: &str, version: &str) -> Result<Uses, StoreError> {
        let query = "SELECT uses FROM bgmigrate_release WHERE service = ? AND version = ?";
        let values = [service, version].map(Value::from);
        let rows = self.connection.read(query, &values).await?;
        let text = rows.into_iter().flatten().next().flatten();
        let recorded = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(super::pins_of(recorded.as_ref()))
    }

    /// What is pinned and is not there any more.
    pub(super) async fn broken_on_sqlite(&mut self) -> Result<Vec<Broken>, StoreError> {
        let tables = self.tables().await?;
        let mut broken = Vec::new();
        for pin in self.pins().await? {
            let complaints = match tables.get(&pin.table) {
                None => vec!["it is gone".to_owned()],
                Some(there) => {
                    let gone = pin.columns.iter().filter(|column| !there.contains(column));
                    gone.map(|column| format!("column {column} is gone"))
                        .collect()
                }
            };
            broken.extend(complaints.into_iter().map(|complaint| Broken {
                service: pin.service.clone(),
                release: pin.version.clone(),
                slot: pin.slot.clone(),
                object: format!("table {}", pin.table),
                complaint,
            }));
        }
        Ok(broken)
    }

    async fn keep(&mut self, pin: &Pin) -> Result<(), StoreError> {
        let columns = serde_json::to_string(&pin.columns).unwrap_or_default();
        let values = [&pin.service, &pin.version, &pin.slot, &pin.table, &columns];
        let values = values.map(|value| Value::from(value.as_str()));
        let insert = "INSERT INTO bgmigrate_pin (service, version, slot, name, columns) VALUES (?, ?, ?, ?, ?)";
        self.connection.write(insert, &values).await?;
        self.connection.run(&pin.drop_view()).await?;
        Ok(self.connection.run(&pin.create_view()).await?)
    }

    async fn pins(&mut self) -> Result<Vec<Pin>, StoreError> {
        if !self.sqlite_has_guard().await? {
            return Ok(Vec::new());
        }
        let rows = self.connection.read(READ, &[]).await?;
        let read = |row: Row| {
            let mut columns = row.into_iter();
            let mut next = || columns.next().flatten().unwrap_or_default();
            Ok(Pin {
                service: next(),
                version: next(),
                slot: next(),
                table: next(),
                columns: serde_json::from_str(&next())
                    .map_err(|error| StoreError::Damaged(format!("a pin of it: {error}")))?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    async fn tables(&mut self) -> Result<Tables, StoreError> {
        let mut tables = Tables::new();
        for row in self.connection.read(COLUMNS, &[]).await? {
            if let [Some(table), Some(column)] = &row[..] {
                let columns = tables.entry(table.clone()).or_default();
                columns.push(column.clone());
            }
        }
        Ok(tables)
    }
}

fn is_touched(touched: &Touched, table: &str, column: &str) -> bool {
    touched.objects.iter().any(|object| {
        let mut columns = object.columns.iter().flatten();
        object.name.eq_ignore_ascii_case(table)
            && (object.columns.is_none() || columns.any(|one| one.eq_ignore_ascii_case(column)))
    })
}

fn relied_on(uses: &Uses, table: &str, column: &str) -> bool {
    let Some(tables) = &uses.tables else {
        return true;
    };
    tables.iter().any(|one| {
        let columns = one.columns.as_ref();
        let mut listed = columns.into_iter().flatten();
        one.name.eq_ignore_ascii_case(table)
            && (columns.is_none() || listed.any(|one| one.eq_ignore_ascii_case(column)))
    })
}

fn name(table: &str) -> Name {
    Name::bare(Ident::folded(table))
}
