//! What `pg_locks` and `pg_class` show of a statement, as locks in the words of the plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use super::Taken;
use crate::model::{Dialect, Ident, Lock, LockMode, LockWork, Name};

/// A relation as it was before the migration.
#[derive(Clone, Debug, Deserialize)]
struct Relation {
    oid: u32,
    schema: String,
    name: String,
    /// `pg_class.relkind`.
    kind: char,
    temporary: bool,
    /// `pg_class.relfilenode`: another one afterwards is another file.
    file: u32,
    space: u32,
    /// How often it was read from end to end so far: of earlier transactions too, until the server has counted them.
    scans: u64,
    /// The table that an index, a TOAST table, a sequence or a partition is part of.
    part_of: Option<u32>,
}

/// What the session holds on a relation, and what became of it.
#[derive(Clone, Debug, Deserialize)]
struct Reading {
    oid: u32,
    /// In `pg_locks`' words.
    modes: BTreeSet<String>,
    /// As it is called now; nothing once it is dropped.
    schema: Option<String>,
    name: Option<String>,
    file: Option<u32>,
    space: Option<u32>,
    /// How often the transaction has begun to read it from end to end.
    scans: u64,
    /// The table that it is an index of.
    index_of: Option<u32>,
}

/// What a migration finds, and what its transaction holds already.
#[derive(Debug, Default)]
pub struct Ledger {
    relations: HashMap<u32, Relation>,
    held: BTreeMap<u32, BTreeSet<LockMode>>,
    scans: HashMap<u32, u64>,
    indexes: BTreeSet<u32>,
}

impl Ledger {
    /// The relations that are there before a migration, one JSON object a line.
    pub fn new(lines: &str) -> serde_json::Result<Self> {
        let relations = read(lines)?.into_iter();
        let relations: HashMap<_, _> = relations.map(|one: Relation| (one.oid, one)).collect();
        Ok(Self {
            scans: relations.values().map(|one| (one.oid, one.scans)).collect(),
            relations,
            ..Self::default()
        })
    }

    /// A transaction has ended: nothing is held.
    pub fn forget_locks(&mut self) {
        self.held.clear();
    }

    /// Takes note of what was read so far, as [`Self::new`] does.
    pub fn count_scans(&mut self, lines: &str) -> serde_json::Result<()> {
        let relations = read(lines)?.into_iter();
        self.scans = relations
            .map(|one: Relation| (one.oid, one.scans))
            .collect();
        Ok(())
    }

    /// Of what was planned that which is there, under the name that it has now: on what the migration itself makes nobody
    /// waits, and what is not there is not locked.
    pub fn planned(&self, locks: &[Lock]) -> Vec<Lock> {
        let there = locks.iter().filter_map(|lock| {
            let relation = self.find(lock.on.as_ref()?)?;
            Some(Lock {
                on: Some(relation.name()),
                ..lock.clone()
            })
        });
        there.collect()
    }

    /// The tables among these, quoted.
    pub fn tables(&self, locks: &[Lock]) -> Vec<String> {
        let found = locks.iter().filter_map(|lock| self.find(lock.on.as_ref()?));
        let tables = found.filter(|relation| matches!(relation.kind, 'r' | 'p' | 'm'));
        tables
            .map(|relation| relation.name().sql(Dialect::Postgres))
            .collect()
    }

    fn find(&self, name: &Name) -> Option<&Relation> {
        let called =
            |relation: &&Relation| relation.name == name.name.as_str() && !relation.temporary;
        let mut all = self.relations.values().filter(called);
        match &name.schema {
            Some(schema) => all.find(|relation| relation.schema == schema.as_str()),
            // A search_path may have led elsewhere than to `public`.
            None => all.min_by_key(|relation| (relation.schema != "public", relation.oid)),
        }
    }

    /// What a statement has taken of which this was planned, as read right behind it. `empties` says that it gives tables
    /// a new file because it empties them.
    pub fn see(
        &mut self,
        lines: &str,
        planned: &[Lock],
        empties: bool,
    ) -> serde_json::Result<Taken> {
        let readings: Vec<Reading> = read(lines)?;
        let held: Vec<_> = self
            .held
            .iter()
            .filter_map(|(oid, modes)| Some((self.relations.get(oid)?.name(), *modes.last()?)))
            .collect();
        let mut taken = Taken {
            held,
            ..Taken::default()
        };
        let mut felt = Vec::new();
        for reading in &readings {
            if let Some(built) = self.built(reading) {
                taken.indexes.push(built);
            }
            let Some(relation) = self.relations.get(&reading.oid) else {
                continue;
            };
            let before = self.held.get(&reading.oid);
            let modes = reading.modes.iter().filter_map(|mode| lock_mode(mode));
            // Every query takes the weakest.
            let modes = modes.filter(|mode| *mode > LockMode::AccessShare);
            let fresh = modes.filter(|mode| !before.is_some_and(|held| held.contains(mode)));
            let work = self.work(relation, reading, empties);
            // Work under a lock that was there before is work all the same.
            let again = || {
                let on = relation.name();
                let same = planned.iter().find(|lock| lock.on.as_ref() == Some(&on))?;
                let held = before?.contains(&same.mode);
                (held && work > LockWork::Instant).then_some(same.mode)
            };
            let mode = fresh.max().or_else(again);
            if let Some(mode) = mode.filter(|_| !relation.temporary) {
                felt.push((reading.oid, mode, work));
            }
        }
        for (oid, mode, work) in felt {
            let on = self.relations.get(&oid).map(Relation::name);
            let named = planned.iter().any(|lock| lock.on == on);
            if named || !self.goes_with_its_table(oid, mode, &readings) {
                taken.locks.push(Lock { on, mode, work });
            }
        }
        taken
            .locks
            .sort_by_key(|lock| lock.on.as_ref().map(ToString::to_string));
        self.remember(readings);
        Ok(taken)
    }

    /// An index, a TOAST table, a sequence or a partition is locked with the table that it is part of.
    fn goes_with_its_table(&self, oid: u32, mode: LockMode, readings: &[Reading]) -> bool {
        let mut at = oid;
        // As deep as partitions of partitions may go; a circle cannot hold us.
        for _ in 0..16 {
            let Some(whole) = self.relations.get(&at).and_then(|it| it.part_of) else {
                return false;
            };
            let reading = readings.iter().find(|reading| reading.oid == whole);
            let held =
                reading.and_then(|it| it.modes.iter().filter_map(|mode| lock_mode(mode)).max());
            if held.is_some_and(|held| held >= mode) {
                return true;
            }
            at = whole;
        }
        false
    }

    /// The index that came to a table that was there before.
    fn built(&self, reading: &Reading) -> Option<String> {
        let on_old = self.relations.contains_key(&reading.index_of?);
        let fresh =
            !self.relations.contains_key(&reading.oid) && !self.indexes.contains(&reading.oid);
        reading.name.clone().filter(|_| on_old && fresh)
    }

    fn work(&self, relation: &Relation, reading: &Reading, empties: bool) -> LockWork {
        // The indexes of an emptied table are built from nothing.
        if empties || !matches!(relation.kind, 'r' | 'p' | 'm') {
            return LockWork::Instant;
        }
        let scanned = reading.scans > self.scans.get(&reading.oid).copied().unwrap_or(0);
        let other_file = reading.file.is_some_and(|file| file != relation.file);
        let elsewhere = reading.space.is_some_and(|space| space != relation.space);
        // A table that is written anew is read for it; one that a routine empties is not.
        if other_file && (scanned || elsewhere || relation.kind == 'm') {
            LockWork::Rewrite
        } else if scanned {
            LockWork::Scan
        } else {
            LockWork::Instant
        }
    }

    fn remember(&mut self, readings: Vec<Reading>) {
        for reading in readings {
            let modes = reading.modes.iter().filter_map(|mode| lock_mode(mode));
            self.held.entry(reading.oid).or_default().extend(modes);
            self.scans.insert(reading.oid, reading.scans);
            if reading.index_of.is_some() {
                self.indexes.insert(reading.oid);
            }
            let Some(relation) = self.relations.get_mut(&reading.oid) else {
                continue;
            };
            // The next statement calls it by its new name, and another file is news once.
            relation.schema = reading.schema.unwrap_or_default();
            relation.name = reading.name.unwrap_or_default();
            relation.file = reading.file.unwrap_or(relation.file);
            relation.space = reading.space.unwrap_or(relation.space);
        }
    }
}

impl Relation {
    fn name(&self) -> Name {
        Name::qualified(
            Ident::folded(&self.schema),
            Ident::folded(&self.name),
            Dialect::Postgres,
        )
    }
}

fn read<T: serde::de::DeserializeOwned>(lines: &str) -> serde_json::Result<Vec<T>> {
    lines.lines().map(serde_json::from_str).collect()
}

/// A mode in `pg_locks`' words.
fn lock_mode(word: &str) -> Option<LockMode> {
    Some(match word {
        "AccessShareLock" => LockMode::AccessShare,
        "RowShareLock" => LockMode::RowShare,
        "RowExclusiveLock" => LockMode::RowExclusive,
        "ShareUpdateExclusiveLock" => LockMode::ShareUpdateExclusive,
        "ShareLock" => LockMode::Share,
        "ShareRowExclusiveLock" => LockMode::ShareRowExclusive,
        "ExclusiveLock" => LockMode::Exclusive,
        "AccessExclusiveLock" => LockMode::AccessExclusive,
        _ => return None,
    })
}
