//! A team: what it may do, what the world does to it, and what must never come of it.

use std::collections::{BTreeMap, BTreeSet};

use bgmigrate::gate::{
    Candidate, Command, Direction, Event, MigrationId, Observed, Policy, Refusal, Release, Role,
    Shipped, Sight, Slot, SlotId, State,
};
use bgmigrate::model::FilePhase;
use chrono::{DateTime, TimeDelta, Utc};
use stateright::{Model, Property};

/// How commands are decided: the real core, or one that was weakened.
pub(crate) type Decide = fn(&State, &Command, &Sight) -> Result<Vec<Event>, Vec<Refusal>>;

pub(crate) const SERVICE: &str = "app";
const SLOTS: [&str; 2] = ["blue", "green"];

/// The folder: `b` widens, `m` fills, `c` takes away what releases without it use.
const FOLDER: [(&str, FilePhase); 4] = [
    ("a", FilePhase::Expand),
    ("b", FilePhase::Expand),
    ("m", FilePhase::Migrate),
    ("c", FilePhase::Contract),
];

/// Each release with how much of the folder it was built with.
const RELEASES: [(&str, usize); 3] = [("v1", 1), ("v2", 2), ("v3", 4)];

pub(crate) struct Team {
    decide: Decide,
}

/// The record, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    state: State,
    /// The slot that gets traffic.
    router: &'static str,
    /// The rollback window of what stands by has passed.
    late: bool,
    /// The release that was live before, in its slot, since when: kept until it is retired or traffic is back at it.
    promise: Option<(&'static str, String)>,
    /// A contract step ran while a release was deployed that was built to use what it took.
    robbed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Record(&'static str, &'static str),
    Apply(&'static str),
    Undo(&'static str),
    Cutover(&'static str),
    Rollback,
    Retire(&'static str),
    RetireEarly(&'static str),
    /// The router does what was intended; it may also never do so.
    RouterMoves,
    Settle,
    TimePasses,
}

impl Team {
    pub(crate) fn with(decide: Decide) -> Self {
        Self { decide }
    }

    fn obey(&self, mut world: World, command: &Command) -> Option<World> {
        let sight = sight(&world);
        let events = (self.decide)(&world.state, command, &sight).ok()?;
        for event in &events {
            if let Event::CutoverCompleted { .. } = event {
                // What was left because it failed is nobody's way back.
                let cutover = world.state.cutovers.get(SERVICE);
                let forward = cutover.filter(|cutover| cutover.direction == Direction::Forward);
                let left = forward.and_then(|cutover| cutover.from.clone());
                world.promise = left.and_then(|left| promised(&world.state, &left));
            }
            world.state = world.state.evolve(event, sight.now);
        }
        Some(world)
    }
}

/// What stays where traffic leaves is promised to be there when it comes back.
fn promised(state: &State, left: &str) -> Option<(&'static str, String)> {
    let slot = SLOTS.into_iter().find(|slot| *slot == left)?;
    let there = state.slots.get(&SlotId::new(SERVICE, slot))?;
    Some((slot, there.version.clone()))
}

fn moment(late: bool) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(i64::from(late) * 2)
}

fn sight(world: &World) -> Sight {
    Sight {
        policy: Policy::default(),
        routers: BTreeMap::from([(SERVICE.to_owned(), Observed::At(world.router.to_owned()))]),
        ..Sight::at(moment(world.late))
    }
}

fn id(name: &str) -> MigrationId {
    MigrationId::new(None, name)
}

fn ships(version: &str) -> BTreeMap<MigrationId, Shipped> {
    let (_, many) = RELEASES.iter().find(|(name, _)| *name == version).unwrap();
    let shipped = |(name, phase): &(&str, FilePhase)| {
        let shipped = Shipped {
            phase: *phase,
            after_cutover: false,
        };
        (id(name), shipped)
    };
    FOLDER[..*many].iter().map(shipped).collect()
}

/// The release was built to use what a contract step took.
fn misses(state: &State, version: &str) -> bool {
    state.is_applied(&id("c")) && !ships(version).contains_key(&id("c"))
}

fn candidate(name: &str) -> Candidate {
    let (_, phase) = FOLDER.iter().find(|(own, _)| *own == name).unwrap();
    Candidate {
        migration: id(name),
        phase: *phase,
        checksum: name.to_owned(),
        unused_by: BTreeSet::new(),
        unused_since: None,
        behind: Vec::new(),
    }
}

fn record(version: &str, slot: &str, live: bool) -> Command {
    Command::Record {
        slot: SlotId::new(SERVICE, slot),
        version: version.to_owned(),
        live,
        release: Release::shipping(ships(version)),
    }
}

impl Model for Team {
    type State = World;
    type Action = Act;

    /// v1 serves from blue, on the table that `a` makes.
    fn init_states(&self) -> Vec<World> {
        let world = World {
            state: State::default(),
            router: "blue",
            late: false,
            promise: None,
            robbed: false,
        };
        let applied = self.obey(world, &Command::Apply(candidate("a"))).unwrap();
        vec![self.obey(applied, &record("v1", "blue", true)).unwrap()]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        for slot in SLOTS {
            acts.extend(RELEASES.map(|(version, _)| Act::Record(version, slot)));
            acts.extend([
                Act::Cutover(slot),
                Act::Retire(slot),
                Act::RetireEarly(slot),
            ]);
        }
        for (name, _) in &FOLDER[1..] {
            acts.extend([Act::Apply(name), Act::Undo(name)]);
        }
        acts.extend([Act::Rollback, Act::RouterMoves, Act::Settle]);
        if !world.late {
            acts.push(Act::TimePasses);
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let slot = |slot| SlotId::new(SERVICE, slot);
        let command = match act {
            Act::TimePasses => {
                return Some(World {
                    late: true,
                    ..world.clone()
                });
            }
            Act::RouterMoves => {
                let to = &world.state.cutovers.get(SERVICE)?.to;
                let router = SLOTS.into_iter().find(|slot| slot == to)?;
                return Some(World {
                    router,
                    ..world.clone()
                });
            }
            Act::Record(version, to) => record(version, to, false),
            Act::Apply(name) => Command::Apply(candidate(name)),
            Act::Undo(name) => Command::Undo {
                migration: id(name),
                dependents: Vec::new(),
                whole: true,
            },
            Act::Cutover(to) => Command::Cutover { to: slot(to) },
            Act::Rollback => Command::Rollback {
                service: SERVICE.to_owned(),
            },
            Act::Settle => Command::Settle {
                service: SERVICE.to_owned(),
            },
            Act::Retire(of) => Command::Retire {
                slot: slot(of),
                early: None,
            },
            Act::RetireEarly(of) => Command::Retire {
                slot: slot(of),
                early: Some("a reason".to_owned()),
            },
        };
        let mut next = self.obey(world.clone(), &command)?;
        if act == Act::Apply("c") && !world.state.is_applied(&id("c")) {
            next.robbed |= next
                .state
                .slots
                .values()
                .any(|slot| misses(&next.state, &slot.version));
        }
        let kept = next.promise.take();
        next.promise = kept.filter(|(of, _)| match act {
            Act::RetireEarly(retired) => *of != retired,
            // Once the window has passed, the slot may be used for something else.
            Act::Retire(_) | Act::Record(..) => !world.late,
            _ => true,
        });
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("shape", |_, world: &World| {
                // A contract step takes nothing from what is deployed; and what is deployed later and was built to use
                // what is gone gets no traffic, and is nobody's way back.
                let mut slots = world.state.slots.iter();
                let stays_idle =
                    |id: &SlotId, slot: &Slot| slot.role == Role::Staged && id.slot != world.router;
                !world.robbed
                    && slots.all(|(id, slot)| {
                        stays_idle(id, slot) || !misses(&world.state, &slot.version)
                    })
            }),
            Property::always("needs", |_, world: &World| {
                // Where traffic is, everything that the release there was built on is in the database.
                let Some(serving) = world.state.slots.get(&SlotId::new(SERVICE, world.router))
                else {
                    return false;
                };
                let ships = ships(&serving.version);
                let mut needed = ships
                    .iter()
                    .filter(|(_, shipped)| shipped.phase != FilePhase::Contract);
                needed.all(|(id, _)| world.state.is_applied(id))
            }),
            Property::always("promise", |_, world: &World| {
                // A rollback finds what it left.
                world.promise.as_ref().is_none_or(|(slot, version)| {
                    let there = world.state.slots.get(&SlotId::new(SERVICE, slot));
                    there.is_some_and(|there| there.version == *version)
                })
            }),
            Property::sometimes("the column is dropped", |_, world: &World| {
                world.state.is_applied(&id("c"))
            }),
            Property::sometimes("a rollback leads back", |_, world: &World| {
                let there = world.state.slots.get(&SlotId::new(SERVICE, "blue"));
                world.router == "blue"
                    && there.is_some_and(|there| there.version == "v1")
                    && world.state.is_applied(&id("b"))
                    && world
                        .state
                        .live(SERVICE)
                        .is_some_and(|(id, _)| id.slot == "blue")
                    && world.state.slots.len() == 2
            }),
        ]
    }
}
