//! The guard of `PostgreSQL`: event triggers and pins, see [`crate::guard::postgres`].

use std::slice;

use super::super::{DatabaseError, Row, Store, StoreError, Value};
use super::Occupant;
use crate::gate::ReleaseId;
use crate::guard::postgres::{
    ACCEPT, ALLOW, CHECK, INSTALLED, LET_GO, PIN, PROBE, REMOVE, REPIN, STATUS, SWITCH, TRUST,
    UNPIN, VERSION, install,
};
use crate::guard::{Broken, Object, Standing, Tier, Touched};
use crate::model::{Dialect, Name};

/// Pinning waits for DDL that is not committed yet; whoever records a release rather says so than waits for long.
const IMPATIENT: &str = "SET LOCAL lock_timeout = '10s'";

/// Pins a release again, whatever it relied on before, as everything is now.
const PIN_AGAIN: &str = "SELECT bgmigrate.guard_pin(service, release, slot, uses) FROM bgmigrate.pin_release \
                         WHERE service = ? AND release = ?";

/// The table of an index.
const TABLE_OF_INDEX: &str = "SELECT n.nspname::text, t.relname::text, i.relname::text FROM pg_catalog.pg_index x \
     JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_class t ON t.oid = x.indrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace WHERE x.indexrelid = pg_catalog.to_regclass(?)";

impl Store {
    pub(super) async fn postgres_has_guard(&mut self) -> Result<bool, StoreError> {
        Ok(self.guard_of_postgres().await?.is_some())
    }

    pub(super) async fn guard_of_postgres(&mut self) -> Result<Option<Standing>, StoreError> {
        let is_there = self
            .connection
            .read(
                &format!("SELECT CASE WHEN ({INSTALLED}) THEN 'yes' ELSE 'no' END"),
                &[],
            )
            .await?;
        if word(is_there.first(), 0) != "yes" {
            return Ok(None);
        }
        let query = format!(
            "SELECT version::text, tier, watches::text, releases::text, pins::text, owner FROM ({STATUS}) standing"
        );
        let rows = self.connection.read(&query, &[]).await;
        let rows = rows.map_err(distrusted)?;
        let row = rows.first();
        let version: i32 = word(row, 0).parse().unwrap_or(i32::MAX);
        if version > VERSION {
            return Err(StoreError::NewerGuard {
                found: version,
                known: VERSION,
            });
        }
        let tier = Tier::named(word(row, 1))
            .ok_or_else(|| StoreError::Damaged("its guard has an unknown tier".to_owned()))?;
        let number = |at| word(row, at).parse().unwrap_or(0);
        Ok(Some(Standing {
            tier,
            watches: tier == Tier::Views || word(row, 2) == "true",
            releases: number(3),
            pins: number(4),
            owner: Some(word(row, 5).to_owned()),
        }))
    }

    pub(super) async fn tier_of_postgres(&mut self) -> Result<Tier, StoreError> {
        let rows = self.connection.ask(PROBE).await?;
        let best = rows.last().and_then(|row| row.first()?.as_deref());
        Ok(best.and_then(Tier::named).unwrap_or(Tier::Gates))
    }

    pub(super) async fn install_on_postgres(&mut self, tier: Tier) -> Result<(), StoreError> {
        self.connection.run(IMPATIENT).await?;
        Ok(self.connection.run(&install(tier)).await?)
    }

    pub(super) async fn remove_from_postgres(&mut self, reason: &str) -> Result<(), StoreError> {
        self.connection.run(IMPATIENT).await?;
        self.connection.run(REMOVE).await?;
        let log = "INSERT INTO bgmigrate.guard_log (what, actor, reason) VALUES ('remove', ?, ?)";
        let values = [self.origin.actor.as_str(), reason].map(Value::from);
        self.connection.write(log, &values).await?;
        Ok(())
    }

    pub(super) async fn pin_on_postgres(
        &mut self,
        occupant: &Occupant<'_>,
    ) -> Result<(), StoreError> {
        self.connection.run(IMPATIENT).await?;
        let mut values = named(occupant);
        values.push(occupant.uses().json().into());
        self.call(PIN, &values).await?;
        Ok(())
    }

    pub(super) async fn unpin_on_postgres(
        &mut self,
        occupant: &Occupant<'_>,
    ) -> Result<(), StoreError> {
        self.connection.run(IMPATIENT).await?;
        self.call(UNPIN, &named(occupant)).await?;
        Ok(())
    }

    pub(super) async fn let_go_on_postgres(
        &mut self,
        releases: &[ReleaseId],
        touched: &Touched,
    ) -> Result<(), StoreError> {
        let mut objects = touched.objects.clone();
        for index in &touched.indexes {
            objects.extend(self.table_of(index).await?);
        }
        self.tell(LET_GO, releases, &objects).await
    }

    pub(super) async fn rely_on_postgres(
        &mut self,
        releases: &[ReleaseId],
        touched: &Touched,
    ) -> Result<(), StoreError> {
        if !touched.everything && touched.indexes.is_empty() {
            return self.tell(REPIN, releases, &touched.objects).await;
        }
        for release in releases {
            let values = [release.service.as_str(), release.version.as_str()].map(Value::from);
            self.call(PIN_AGAIN, &values).await?;
        }
        Ok(())
    }

    pub(super) async fn pin_but_for_on_postgres(
        &mut self,
        release: &ReleaseId,
        touched: &Touched,
    ) -> Result<(), StoreError> {
        self.begin().await?;
        let pinned = match self
            .rely_on_postgres(slice::from_ref(release), &Touched::all())
            .await
        {
            Ok(()) => {
                self.let_go_on_postgres(slice::from_ref(release), touched)
                    .await
            }
            Err(error) => Err(error),
        };
        match pinned {
            Ok(()) => self.commit().await,
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    async fn tell(
        &mut self,
        what: &str,
        releases: &[ReleaseId],
        objects: &[Object],
    ) -> Result<(), StoreError> {
        if objects.is_empty() {
            return Ok(());
        }
        let objects = Object::list(objects);
        for release in releases {
            let values = [&release.service, &release.version, &objects];
            let values = values.map(|value| Value::from(value.as_str()));
            self.call(what, &values).await?;
        }
        Ok(())
    }

    /// Calls a function of the guard, which only its owner and whom it trusts may.
    async fn call(&mut self, function: &str, values: &[Value]) -> Result<(), StoreError> {
        let called = self.connection.write(function, values).await;
        called.map(|_| ()).map_err(distrusted)
    }

    /// The unique index as its table's.
    async fn table_of(&mut self, index: &Name) -> Result<Option<Object>, DatabaseError> {
        let name = Value::from(index.sql(Dialect::Postgres));
        let rows = self.connection.read(TABLE_OF_INDEX, &[name]).await?;
        let object = rows.first().map(|row| Object {
            schema: Some(word(Some(row), 0).to_owned()),
            name: word(Some(row), 1).to_owned(),
            columns: None,
            constraints: Some(vec![word(Some(row), 2).to_owned()]),
        });
        Ok(object)
    }

    pub(super) async fn broken_on_postgres(&mut self) -> Result<Vec<Broken>, StoreError> {
        let rows = self.connection.read(CHECK, &[]).await?;
        let broken = rows.iter().map(|row| Broken {
            service: word(Some(row), 0).to_owned(),
            release: word(Some(row), 1).to_owned(),
            slot: word(Some(row), 2).to_owned(),
            object: format!(
                "{} {}.{}",
                word(Some(row), 3),
                word(Some(row), 4),
                word(Some(row), 5)
            ),
            complaint: word(Some(row), 6).to_owned(),
        });
        Ok(broken.collect())
    }

    /// Switches the event triggers of `PostgreSQL` off or on.
    pub async fn switch_guard(&mut self, on: bool, reason: &str) -> Result<(), StoreError> {
        let on = if on { "true" } else { "false" };
        let switch = SWITCH.replacen("$1", on, 1);
        let switch = switch.replace("$2", "$1").replace("$3", "$2");
        let values = [self.origin.actor.as_str(), reason].map(Value::from);
        self.call(&switch, &values).await?;
        Ok(())
    }

    /// Lets one transaction of `PostgreSQL` pass, until `seconds` from now; gives the token that it has to set.
    pub async fn allow_once(&mut self, reason: &str, seconds: i64) -> Result<String, StoreError> {
        let token = "SELECT md5(random()::text || clock_timestamp()::text) || md5(random()::text || pg_backend_pid()::text)";
        let rows = self.connection.read(token, &[]).await?;
        let token = word(rows.first(), 0).to_owned();
        let actor = self.origin.actor.clone();
        let values = [
            token.clone().into(),
            actor.into(),
            reason.into(),
            Value::Integer(seconds),
        ];
        self.call(ALLOW, &values).await?;
        Ok(token)
    }

    /// Takes what is broken as it is; gives how many objects that were.
    pub async fn accept_broken(&mut self, reason: &str) -> Result<String, StoreError> {
        let accept = format!("SELECT taken.n::text FROM ({ACCEPT} AS n) taken");
        let values = [self.origin.actor.as_str(), reason].map(Value::from);
        let rows = self.connection.read(&accept, &values).await?;
        Ok(word(rows.first(), 0).to_owned())
    }

    /// Lets another role pin and let go, so that the tool need not work as who installed the guard.
    pub async fn trust(&mut self, role: &str) -> Result<(), StoreError> {
        self.connection.write(TRUST, &[role.into()]).await?;
        Ok(())
    }
}

fn distrusted(error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::Refused { code, message, .. } if code == "42501" => {
            StoreError::Distrusted(message)
        }
        error => error.into(),
    }
}

fn named(occupant: &Occupant<'_>) -> Vec<Value> {
    let Occupant { slot, version, .. } = occupant;
    [slot.service.as_str(), version, slot.slot.as_str()]
        .map(Value::from)
        .to_vec()
}

fn word(row: Option<&Row>, at: usize) -> &str {
    let column = row.and_then(|row| row.get(at)?.as_deref());
    column.unwrap_or_default()
}
