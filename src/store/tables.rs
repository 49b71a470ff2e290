//! The record's tables: what is in them, and how a state becomes rows and rows a state.
//!
//! `event` is the truth; all other tables say what it comes to, for people, for the guard and for a quick start. They
//! are written in the transaction that appends the events, and `status --check` rebuilds them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};

use super::connection::{Row, Value};
use super::error::StoreError;
use crate::gate::{
    Cutover, Direction, Epochs, Event, MigrationId, Proof, Release, ReleaseId, Retired, Role,
    Shipped, Slot, SlotId, State, Status, Step, digest,
};
use crate::model::FilePhase;

/// A table of the record that is kept by key: its name, its key columns, the others.
pub(super) struct Keyed {
    pub(super) name: &'static str,
    pub(super) key: &'static [&'static str],
    pub(super) rest: &'static [&'static str],
}

pub(super) const SLOT: Keyed = Keyed {
    name: "slot",
    key: &["service", "slot"],
    rest: &["version", "role", "since", "smoked"],
};
pub(super) const RETIRED: Keyed = Keyed {
    name: "retired",
    key: &["service", "slot"],
    rest: &["version", "retired_at"],
};
pub(super) const CUTOVER: Keyed = Keyed {
    name: "cutover",
    key: &["service"],
    rest: &[
        "from_slot",
        "to_slot",
        "direction",
        "since",
        "share",
        "retried",
    ],
};
pub(super) const ROUTER: Keyed = Keyed {
    name: "router",
    key: &["service"],
    rest: &["claimed", "settled"],
};
pub(super) const FOLDER: Keyed = Keyed {
    name: "folder",
    key: &["digest"],
    rest: &["ships"],
};
pub(super) const RELEASE: Keyed = Keyed {
    name: "release",
    key: &["service", "version"],
    rest: &["folder", "uses", "unharmed_by"],
};
pub(super) const MIGRATION: Keyed = Keyed {
    name: "migration",
    key: &["id"],
    rest: &[
        "phase",
        "checksum",
        "status",
        "done",
        "unused_by",
        "unused_since",
        "changed_at",
    ],
};

/// The texts of the migrations that ran. No event tells them; nothing is decided by them.
pub(super) const TEXT: Keyed = Keyed {
    name: "text",
    key: &["digest"],
    rest: &["body"],
};

/// Those that the history tells; rows are removed in this order and come back in this order.
pub(super) const KEYED: [&Keyed; 7] = [
    &SLOT, &RETIRED, &CUTOVER, &ROUTER, &FOLDER, &RELEASE, &MIGRATION,
];

/// A row of a keyed table, as it shall be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// There, with these values: the key's first.
    Put(&'static str, Vec<Value>),
    /// Gone: the key's values.
    Remove(&'static str, Vec<Value>),
}

/// The rows that an event changes, as they are in the state after it.
pub(super) fn writes(event: &Event, state: &State, at: DateTime<Utc>) -> Vec<Write> {
    match event {
        Event::ReleaseRecorded { slot, version, .. } => {
            let id = ReleaseId::new(&slot.service, version);
            let mut writes = release(state, &id);
            writes.extend([slot_row(state, slot), retired_row(state, slot)]);
            writes
        }
        Event::SmokeTested { slot, .. } => vec![slot_row(state, slot)],
        Event::HookFailed { .. } => Vec::new(),
        Event::Retired { slot, .. } => vec![slot_row(state, slot), retired_row(state, slot)],
        Event::Adopted { migrations } => {
            let each = migrations.iter();
            each.map(|one| migration_row(state, &one.migration, at))
                .collect()
        }
        Event::StepBegun { migration, .. }
        | Event::StatementSent { migration, .. }
        | Event::StatementDone { migration, .. }
        | Event::StatementFailed { migration, .. }
        | Event::OutcomeUnknown { migration, .. }
        | Event::Resolved { migration, .. }
        | Event::StepApplied { migration, .. }
        | Event::UndoBegun { migration }
        | Event::Undone { migration } => vec![migration_row(state, migration, at)],
        Event::CutoverIntended { service, .. }
        | Event::CutoverClaimed { service, .. }
        | Event::CutoverAbandoned { service, .. } => {
            vec![cutover_row(state, service), router_row(state, service)]
        }
        Event::CutoverCompleted { service } => {
            let mut writes = vec![cutover_row(state, service), router_row(state, service)];
            writes.extend(state.of(service).map(|(id, _)| slot_row(state, id)));
            writes
        }
    }
}

fn slot_row(state: &State, id: &SlotId) -> Write {
    let key = vec![id.service.as_str().into(), id.slot.as_str().into()];
    match state.slots.get(id) {
        None => Write::Remove(SLOT.name, key),
        Some(slot) => put(
            &SLOT,
            key,
            [
                slot.version.as_str().into(),
                slot.role.name().into(),
                time(slot.since).into(),
                slot.smoked.map(time).into(),
            ],
        ),
    }
}

fn retired_row(state: &State, id: &SlotId) -> Write {
    let key = vec![id.service.as_str().into(), id.slot.as_str().into()];
    match state.retired.get(id) {
        None => Write::Remove(RETIRED.name, key),
        Some(retired) => put(
            &RETIRED,
            key,
            [retired.version.as_str().into(), time(retired.at).into()],
        ),
    }
}

fn cutover_row(state: &State, service: &str) -> Write {
    let key = vec![service.into()];
    match state.cutovers.get(service) {
        None => Write::Remove(CUTOVER.name, key),
        Some(cutover) => put(
            &CUTOVER,
            key,
            [
                cutover.from.as_deref().into(),
                cutover.to.as_str().into(),
                direction_name(cutover.direction).into(),
                time(cutover.since).into(),
                i64::from(cutover.share).into(),
                i64::from(cutover.retried).into(),
            ],
        ),
    }
}

fn router_row(state: &State, service: &str) -> Write {
    let key = vec![service.into()];
    let number = |epoch: u64| i64::try_from(epoch).unwrap_or(i64::MAX);
    match state.epochs.get(service) {
        None => Write::Remove(ROUTER.name, key),
        Some(epochs) => {
            let settled = epochs.settled.map(|epoch| number(epoch).to_string());
            put(
                &ROUTER,
                key,
                [number(epochs.claimed).into(), settled.into()],
            )
        }
    }
}

/// Releases that were built with the same folder share its row.
fn release(state: &State, id: &ReleaseId) -> Vec<Write> {
    let Some(release) = state.releases.get(id) else {
        return Vec::new();
    };
    let ships = json(&release.ships);
    let digest = digest(&ships);
    vec![
        put(&FOLDER, vec![digest.as_str().into()], [ships.into()]),
        put(
            &RELEASE,
            vec![id.service.as_str().into(), id.version.as_str().into()],
            [
                digest.into(),
                release.uses.as_ref().map(ToString::to_string).into(),
                json(&release.unharmed_by).into(),
            ],
        ),
    ]
}

fn migration_row(state: &State, id: &MigrationId, at: DateTime<Utc>) -> Write {
    let key = vec![id.as_str().into()];
    let Some(step) = state.steps.get(id) else {
        return Write::Remove(MIGRATION.name, key);
    };
    let done = i64::try_from(step.status.done()).unwrap_or(i64::MAX);
    put(
        &MIGRATION,
        key,
        [
            step.phase.name().into(),
            step.checksum.as_str().into(),
            status_name(step.status).into(),
            done.into(),
            json(&step.unused_by).into(),
            step.unused_since.as_deref().into(),
            time(at).into(),
        ],
    )
}

fn put<const N: usize>(table: &Keyed, mut key: Vec<Value>, rest: [Value; N]) -> Write {
    debug_assert_eq!(table.rest.len(), N, "columns of {}", table.name);
    key.extend(rest);
    Write::Put(table.name, key)
}

/// A time as the record writes it: RFC 3339 in UTC, to the millisecond, so that text sorts as time does.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => "forward",
        Direction::Back => "back",
    }
}

const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Applied => "applied",
        Status::Begun { running: false, .. } => "begun",
        Status::Begun { running: true, .. } => "running",
        Status::Unknown { .. } => "unknown",
        Status::Undoing => "undoing",
    }
}

/// One query that reads the whole state, so that a gate is one round trip. Each row begins with the table's name.
/// `also` is how many versions are asked for besides those that a slot holds.
pub(super) fn load_query(also: usize) -> String {
    let named = if also == 0 {
        String::new()
    } else {
        format!(" OR r.version IN ({})", vec!["?"; also].join(", "))
    };
    format!(
        "SELECT 'record', concat('', layout), concat('', head), concat('', epoch), holder, @now, NULL, NULL FROM @record \
         UNION ALL SELECT 'slot', service, slot, version, role, since, smoked, NULL FROM @slot \
         UNION ALL SELECT 'retired', service, slot, version, retired_at, NULL, NULL, NULL FROM @retired \
         UNION ALL SELECT 'cutover', service, from_slot, to_slot, direction, since, concat('', share), concat('', retried) \
         FROM @cutover \
         UNION ALL SELECT 'router', service, concat('', claimed), settled, NULL, NULL, NULL, NULL FROM @router \
         UNION ALL SELECT 'migration', id, phase, checksum, status, concat('', done), unused_by, unused_since \
         FROM @migration \
         UNION ALL SELECT 'release', r.service, r.version, f.ships, r.uses, r.unharmed_by, NULL, NULL \
         FROM @release r JOIN @folder f ON f.digest = r.folder \
         WHERE EXISTS (SELECT 1 FROM @slot s WHERE s.service = r.service AND s.version = r.version){named}"
    )
}

/// What is read of the record row.
pub(super) struct Header {
    pub(super) layout: i64,
    pub(super) head: i64,
    pub(super) epoch: i64,
    pub(super) holder: Option<String>,
    pub(super) now: DateTime<Utc>,
}

/// The state that rows of [`load_query`] tell.
pub(super) fn read(rows: Vec<Row>) -> Result<(Header, State), StoreError> {
    let mut header = None;
    let mut state = State::default();
    // Many releases ship the same folder.
    let mut folders: BTreeMap<String, BTreeMap<MigrationId, Shipped>> = BTreeMap::new();
    for row in rows {
        let mut fields = Fields::of(row);
        match fields.text()?.as_str() {
            "record" => header = Some(read_header(&mut fields)?),
            "slot" => {
                let id = SlotId::new(&fields.text()?, &fields.text()?);
                let slot = Slot {
                    version: fields.text()?,
                    role: read_role(&fields.text()?)?,
                    since: fields.time()?,
                    smoked: fields.optional().map(|text| read_time(&text)).transpose()?,
                };
                state.slots.insert(id, slot);
            }
            "retired" => {
                let id = SlotId::new(&fields.text()?, &fields.text()?);
                let version = fields.text()?;
                let at = fields.time()?;
                state.retired.insert(id, Retired { version, at });
            }
            "cutover" => {
                let service = fields.text()?;
                let cutover = Cutover {
                    from: fields.optional(),
                    to: fields.text()?,
                    direction: read_direction(&fields.text()?)?,
                    since: fields.time()?,
                    share: fields.count()?,
                    retried: fields.number()? != 0,
                };
                state.cutovers.insert(service, cutover);
            }
            "router" => {
                let service = fields.text()?;
                let claimed = fields.count()?;
                let settled = fields
                    .optional()
                    .map(|text| read_count(&text))
                    .transpose()?;
                state.epochs.insert(service, Epochs { claimed, settled });
            }
            "migration" => {
                let id = MigrationId::from(fields.text()?.as_str());
                state.steps.insert(id, read_step(&mut fields)?);
            }
            "release" => {
                let id = ReleaseId::new(&fields.text()?, &fields.text()?);
                let ships = fields.text()?;
                let release = Release {
                    ships: match folders.get(&ships) {
                        Some(known) => known.clone(),
                        None => from_json(&ships)?,
                    },
                    uses: fields.optional().map(|text| from_json(&text)).transpose()?,
                    unharmed_by: from_json(&fields.text()?)?,
                };
                folders.insert(ships, release.ships.clone());
                state.releases.insert(id, release);
            }
            other => return Err(StoreError::Damaged(format!("a row of `{other}`"))),
        }
    }
    let header =
        header.ok_or_else(|| StoreError::Damaged("its first row is missing".to_owned()))?;
    Ok((header, state))
}

fn read_header(fields: &mut Fields) -> Result<Header, StoreError> {
    Ok(Header {
        layout: fields.number()?,
        head: fields.number()?,
        epoch: fields.number()?,
        holder: fields.optional(),
        now: fields.time()?,
    })
}

fn read_step(fields: &mut Fields) -> Result<Step, StoreError> {
    let phase = read_phase(&fields.text()?)?;
    let checksum = fields.text()?;
    let status = fields.text()?;
    let done = fields.number()?;
    let done = usize::try_from(done)
        .map_err(|_| StoreError::Damaged(format!("{done} statements done")))?;
    Ok(Step {
        phase,
        checksum,
        status: match status.as_str() {
            "applied" => Status::Applied,
            "begun" => Status::Begun {
                done,
                running: false,
            },
            "running" => Status::Begun {
                done,
                running: true,
            },
            "unknown" => Status::Unknown { done },
            "undoing" => Status::Undoing,
            other => return Err(StoreError::Damaged(format!("status `{other}`"))),
        },
        unused_by: from_json::<BTreeSet<Proof>>(&fields.text()?)?,
        unused_since: fields.optional(),
    })
}

fn read_phase(text: &str) -> Result<FilePhase, StoreError> {
    let all = [
        FilePhase::Expand,
        FilePhase::Migrate,
        FilePhase::Contract,
        FilePhase::Mixed,
    ];
    let known = all.into_iter().find(|phase| phase.name() == text);
    known.ok_or_else(|| StoreError::Damaged(format!("phase `{text}`")))
}

fn read_role(text: &str) -> Result<Role, StoreError> {
    let known = [Role::Staged, Role::Live, Role::Standby]
        .into_iter()
        .find(|role| role.name() == text);
    known.ok_or_else(|| StoreError::Damaged(format!("role `{text}`")))
}

fn read_direction(text: &str) -> Result<Direction, StoreError> {
    let known = [Direction::Forward, Direction::Back]
        .into_iter()
        .find(|one| direction_name(*one) == text);
    known.ok_or_else(|| StoreError::Damaged(format!("direction `{text}`")))
}

pub(super) fn read_time(text: &str) -> Result<DateTime<Utc>, StoreError> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc())
        .map_err(|error| StoreError::Damaged(format!("time `{text}`: {error}")))
}

fn read_count<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    let count = text.parse();
    count.map_err(|_| StoreError::Damaged(format!("number `{text}`")))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The columns of a row, one after the other.
struct Fields(std::vec::IntoIter<Option<String>>);

impl Fields {
    fn of(row: Row) -> Self {
        Self(row.into_iter())
    }

    fn optional(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    fn text(&mut self) -> Result<String, StoreError> {
        self.optional()
            .ok_or_else(|| StoreError::Damaged("a value is missing".to_owned()))
    }

    fn number(&mut self) -> Result<i64, StoreError> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| StoreError::Damaged(format!("number `{text}`")))
    }

    fn count<T: std::str::FromStr>(&mut self) -> Result<T, StoreError> {
        read_count(&self.text()?)
    }

    fn time(&mut self) -> Result<DateTime<Utc>, StoreError> {
        read_time(&self.text()?)
    }
}
