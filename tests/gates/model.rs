//! A team: what it may do, what the world does to it, and what must never come of it.

use std::collections::{BTreeMap, BTreeSet};

use bgmigrate::gate::{
    Candidate, Command, Direction, Event, MigrationId, Observed, Policy, Refusal, Release,
    Resolution, Role, Shipped, Sight, Slot, SlotId, State, Status,
};
use bgmigrate::model::FilePhase;
use chrono::{DateTime, TimeDelta, Utc};
use stateright::{Model, Property};

/// How commands are decided: the real core, or one that was weakened.
pub(crate) type Decide = fn(&State, &Command, &Sight) -> Result<Vec<Event>, Vec<Refusal>>;

const SLOTS: [&str; 2] = ["blue", "green"];

pub(crate) type Folder = &'static [(&'static str, FilePhase)];

/// The folder: `b` widens, `m` fills, `c` takes away what releases without it use.
pub(crate) const FOLDER: Folder = &[
    ("a", FilePhase::Expand),
    ("b", FilePhase::Expand),
    ("m", FilePhase::Migrate),
    ("c", FilePhase::Contract),
];

/// The least that a contract step can be told by.
pub(crate) const SMALL_FOLDER: Folder = &[("a", FilePhase::Expand), ("c", FilePhase::Contract)];

/// An application with its releases: each with how much of the folder it was built with. The first is live in blue
/// when the course begins.
pub(crate) type Service = (&'static str, &'static [(&'static str, usize)]);

/// The service that every team has.
pub(crate) const SHOP: Service = ("app", &[("v1", 1), ("v2", 2), ("v3", 4)]);
/// The same with fewer releases.
pub(crate) const SMALL_SHOP: Service = ("app", &[("v1", 1), ("v3", usize::MAX)]);
/// Another one on the same database.
pub(crate) const BILLING: Service = ("billing", &[("w1", 1), ("w2", usize::MAX)]);

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a trouble of its own"
)]
pub(crate) struct Team {
    pub(crate) decide: Decide,
    pub(crate) folder: Folder,
    pub(crate) services: &'static [Service],
    /// Rollback windows may pass.
    pub(crate) clock: bool,
    /// The contract step runs outside of a transaction: each effect apart, with a crash possible between any two.
    pub(crate) apart: bool,
    /// A cutover may take more than one attempt, or none that moves anything.
    pub(crate) attempts: bool,
    /// Somebody may move a router by hand.
    pub(crate) meddled: bool,
    /// A run that comes after a crash does not wait for the session that the crashed one left at the server.
    pub(crate) impatient: bool,
}

/// The record, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct World {
    pub(crate) state: State,
    /// Where traffic goes, for each service.
    pub(crate) routers: BTreeMap<&'static str, Router>,
    /// The rollback window of what stands by has passed.
    late: bool,
    /// For each service the release that was live before, in its slot: kept until it is retired or traffic is back.
    promises: BTreeMap<&'static str, (&'static str, String)>,
    /// What the contract step takes is gone, whatever the record says.
    taken: bool,
    /// The statement of the contract step.
    wire: Wire,
    /// Somebody has moved a router by hand: what is promised of traffic holds no more.
    meddled: bool,
    /// What must never have happened.
    robbed: bool,
    twice: bool,
}

/// What a router holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Router {
    pub(crate) slot: &'static str,
    epoch: Option<u64>,
}

/// Where the statement of the contract step is, when it runs outside of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    /// Nowhere.
    Idle,
    /// It was sent; client and server work.
    Sent,
    /// It ran; the client knows, the record does not.
    Ran,
    /// It was sent, and the client is dead; the server may still run it, and holds the lock as long as it may.
    Orphan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Record(usize, usize, &'static str),
    Apply(&'static str),
    Undo(&'static str),
    Cutover(usize, &'static str),
    Rollback(usize),
    Retire(usize, &'static str),
    RetireEarly(usize, &'static str),
    /// The router does what the attempt asks for; it may also never do so.
    RouterMoves(usize),
    /// The way back is taken, under a new epoch.
    TakeBack(usize),
    Settle(usize),
    /// The attempt has certainly moved nothing.
    Abandon(usize),
    TimePasses,
    /// The effects of a step that runs outside of a transaction, one by one.
    Begin,
    Send,
    ServerRuns,
    Acknowledge,
    ClientDies,
    ServerForgets,
    /// The next run finds what the dead one left, and looks at the catalog, which tells.
    Recover,
    /// Or does not tell: a person looks.
    Doubt,
    Resolve,
    MovedByHand(usize),
    Follow(usize),
    Enforce(usize),
}

impl Team {
    /// One service, all of it undisturbed.
    pub(crate) fn with(decide: Decide) -> Self {
        Self {
            decide,
            folder: FOLDER,
            services: &[SHOP],
            clock: true,
            apart: false,
            attempts: true,
            meddled: false,
            impatient: false,
        }
    }

    fn obey(&self, mut world: World, command: &Command) -> Option<World> {
        let sight = sight(&world);
        let events = (self.decide)(&world.state, command, &sight).ok()?;
        for event in &events {
            if let Event::CutoverCompleted { service } = event {
                // What was left because it failed is nobody's way back.
                let (service, _) = self.services.iter().find(|(name, _)| name == service)?;
                let cutover = world.state.cutovers.get(*service);
                let forward = cutover.filter(|cutover| cutover.direction == Direction::Forward);
                let left = forward.and_then(|cutover| cutover.from.clone());
                let promise = left.and_then(|left| promised(&world.state, service, &left));
                match promise {
                    Some(promise) => world.promises.insert(service, promise),
                    None => world.promises.remove(service),
                };
            }
            world.state = world.state.evolve(event, sight.now);
        }
        Some(world)
    }

    fn record(&self, service: usize, release: usize, slot: &str, live: bool) -> Command {
        let (name, releases) = self.services[service];
        let (version, many) = releases[release];
        Command::Record {
            slot: SlotId::new(name, slot),
            version: version.to_owned(),
            live,
            release: Release::shipping(self.ships(many)),
        }
    }

    fn ships(&self, many: usize) -> BTreeMap<MigrationId, Shipped> {
        let shipped = |(name, phase): &(&str, FilePhase)| {
            let shipped = Shipped {
                phase: *phase,
                after_cutover: false,
            };
            (id(name), shipped)
        };
        self.folder.iter().take(many).map(shipped).collect()
    }

    /// The release was built to use what the contract step took.
    fn misses(&self, world: &World, version: &str) -> bool {
        let mut releases = self.services.iter().flat_map(|(_, releases)| *releases);
        let many = releases.find(|(name, _)| *name == version);
        world.taken && many.is_some_and(|(_, many)| *many < self.folder.len())
    }

    /// Whether what is taken now is taken from a release that may run.
    fn robs(&self, world: &World) -> bool {
        let mut slots = world.state.slots.values();
        slots.any(|slot| self.misses(world, &slot.version))
    }

    fn command(&self, world: &World, act: Act) -> Option<Command> {
        let service = |at: usize| self.services[at].0;
        let epoch = |at: usize| world.state.epochs(service(at)).claimed;
        let slot = |at: usize, slot| SlotId::new(service(at), slot);
        Some(match act {
            Act::Record(at, release, to) => self.record(at, release, to, false),
            Act::Apply(name) => Command::Apply(candidate(name)),
            Act::Begin => Command::Begin(candidate("c")),
            Act::Undo(name) => Command::Undo {
                migration: id(name),
                dependents: Vec::new(),
                whole: true,
            },
            Act::Cutover(at, to) => Command::Cutover {
                to: slot(at, to),
                release: None,
                share: 100,
            },
            Act::Rollback(at) => Command::Rollback {
                service: service(at).to_owned(),
                after: None,
            },
            Act::TakeBack(at) => Command::Claim {
                service: service(at).to_owned(),
                epoch: epoch(at),
                share: 0,
            },
            Act::Settle(at) => Command::Settle {
                service: service(at).to_owned(),
                epoch: epoch(at),
            },
            Act::Abandon(at) if world.routers[service(at)].epoch != Some(epoch(at)) => {
                Command::Abandon {
                    service: service(at).to_owned(),
                    epoch: epoch(at),
                    reason: "refused".to_owned(),
                }
            }
            Act::Follow(at) => Command::Follow {
                service: service(at).to_owned(),
                restored: false,
            },
            Act::Enforce(at) => Command::Enforce {
                service: service(at).to_owned(),
            },
            Act::Retire(at, of) => Command::Retire {
                slot: slot(at, of),
                early: None,
            },
            Act::RetireEarly(at, of) => Command::Retire {
                slot: slot(at, of),
                early: Some("a reason".to_owned()),
            },
            _ => return None,
        })
    }

    /// What is no command, or is part of a run.
    fn effect(&self, world: &World, act: Act) -> Option<World> {
        let mut next = world.clone();
        let running = matches!(
            world.state.steps.get(&id("c")).map(|step| step.status),
            Some(Status::Begun { running: true, .. })
        );
        let free = world.wire == Wire::Idle || (self.impatient && world.wire == Wire::Orphan);
        match (act, world.wire) {
            (Act::TimePasses, _) if !world.late => next.late = true,
            (Act::RouterMoves(at), _) => {
                let service = self.services[at].0;
                let cutover = world.state.cutovers.get(service)?;
                let to = match cutover.share {
                    0 => cutover.from.as_ref()?,
                    _ => &cutover.to,
                };
                let slot = SLOTS.into_iter().find(|slot| slot == to)?;
                let epoch = Some(world.state.epochs(service).claimed);
                next.routers.insert(service, Router { slot, epoch });
            }
            (Act::MovedByHand(at), _) => {
                let service = self.services[at].0;
                let now = world.routers[service].slot;
                let slot = SLOTS.into_iter().find(|slot| *slot != now)?;
                next.routers.insert(service, Router { slot, epoch: None });
                next.meddled = true;
            }
            (Act::Send, _) if free => {
                let send = Command::Send {
                    migration: id("c"),
                    statement: 0,
                };
                next = self.obey(next, &send)?;
                // What runs now runs on what the gate has just seen.
                let then = World {
                    taken: true,
                    ..next.clone()
                };
                next.robbed |= self.robs(&then);
                next.wire = Wire::Sent;
            }
            (Act::ServerRuns, Wire::Sent | Wire::Orphan) => {
                next.twice |= world.taken;
                next.taken = true;
                next.wire = if world.wire == Wire::Sent {
                    Wire::Ran
                } else {
                    Wire::Idle
                };
            }
            (Act::ClientDies, Wire::Sent) => next.wire = Wire::Orphan,
            (Act::ServerForgets, Wire::Orphan) | (Act::ClientDies, Wire::Ran) => {
                next.wire = Wire::Idle;
            }
            (Act::Acknowledge, Wire::Ran) => {
                next = self.obey(next, &answered(true))?;
                next.wire = Wire::Idle;
            }
            (Act::Recover, _) if free && running => {
                next = self.obey(next, &answered(world.taken))?;
            }
            (Act::Doubt, _) if free && running => {
                let doubt = Command::Doubt {
                    migration: id("c"),
                    why: "nobody saw".to_owned(),
                };
                next = self.obey(next, &doubt)?;
            }
            (Act::Resolve, Wire::Idle) => {
                let how = if world.taken {
                    Resolution::Done
                } else {
                    Resolution::Retry
                };
                let resolve = Command::Resolve {
                    migration: id("c"),
                    how,
                    last: true,
                    reason: "looked".to_owned(),
                };
                next = self.obey(next, &resolve)?;
            }
            _ => return None,
        }
        Some(next)
    }

    /// Nothing is in flight, nothing half done, and router and record agree.
    pub(crate) fn is_at_rest(&self, world: &World) -> bool {
        let agrees = |(service, _): &Service| {
            let live = world.state.live(service);
            live.is_some_and(|(id, _)| id.slot == world.routers[service].slot)
        };
        let half = world
            .state
            .steps
            .values()
            .any(|step| step.status != Status::Applied);
        world.state.cutovers.is_empty()
            && world.wire == Wire::Idle
            && !half
            && self.services.iter().all(agrees)
    }
}

/// The answer to the statement of the contract step.
fn answered(ran: bool) -> Command {
    let (migration, statement) = (id("c"), 0);
    if ran {
        Command::Done {
            migration,
            statement,
            last: true,
        }
    } else {
        Command::Fail {
            migration,
            statement,
            error: "killed".to_owned(),
        }
    }
}

/// What stays where traffic leaves is promised to be there when it comes back.
fn promised(state: &State, service: &str, left: &str) -> Option<(&'static str, String)> {
    let slot = SLOTS.into_iter().find(|slot| *slot == left)?;
    let there = state.slots.get(&SlotId::new(service, slot))?;
    Some((slot, there.version.clone()))
}

/// Of epochs only their order counts: so that there are not endlessly many worlds, they are numbered from 1.
fn ranked(mut world: World) -> World {
    for (service, router) in &mut world.routers {
        let Some(epochs) = world.state.epochs.get_mut(*service) else {
            continue;
        };
        let mut known: BTreeSet<u64> = [router.epoch, epochs.settled]
            .into_iter()
            .flatten()
            .collect();
        if world.state.cutovers.contains_key(*service) {
            known.insert(epochs.claimed);
        }
        let rank = |epoch: u64| known.range(..=epoch).count() as u64;
        router.epoch = router.epoch.map(rank);
        epochs.claimed = rank(epochs.claimed);
        epochs.settled = epochs.settled.map(rank);
    }
    world
}

fn moment(late: bool) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(i64::from(late) * 2)
}

fn sight(world: &World) -> Sight {
    let routers = world.routers.iter();
    let seen = |(service, router): (&&str, &Router)| {
        let at = Observed::At {
            slot: router.slot.to_owned(),
            epoch: router.epoch,
        };
        ((*service).to_owned(), at)
    };
    Sight {
        policy: Policy::default(),
        routers: routers.map(seen).collect(),
        ..Sight::at(moment(world.late))
    }
}

fn id(name: &str) -> MigrationId {
    MigrationId::new(None, name)
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

impl Model for Team {
    type State = World;
    type Action = Act;

    /// The first release of each service serves from blue, on the table that `a` makes.
    fn init_states(&self) -> Vec<World> {
        let mut world = World {
            state: State::default(),
            routers: self
                .services
                .iter()
                .map(|(name, _)| {
                    let (slot, epoch) = ("blue", None);
                    (*name, Router { slot, epoch })
                })
                .collect(),
            late: false,
            promises: BTreeMap::new(),
            taken: false,
            wire: Wire::Idle,
            meddled: false,
            robbed: false,
            twice: false,
        };
        world = self.obey(world, &Command::Apply(candidate("a"))).unwrap();
        for at in 0..self.services.len() {
            let live = self.record(at, 0, "blue", true);
            world = self.obey(world, &live).unwrap();
        }
        vec![world]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        for (at, (_, releases)) in self.services.iter().enumerate() {
            for slot in SLOTS {
                acts.extend((0..releases.len()).map(|release| Act::Record(at, release, slot)));
                acts.extend([
                    Act::Cutover(at, slot),
                    Act::Retire(at, slot),
                    Act::RetireEarly(at, slot),
                ]);
            }
            acts.extend([Act::Rollback(at), Act::RouterMoves(at), Act::Settle(at)]);
            if self.attempts {
                acts.extend([Act::TakeBack(at), Act::Abandon(at)]);
            }
            if self.meddled {
                acts.extend([Act::Follow(at), Act::Enforce(at)]);
                if !world.meddled {
                    acts.push(Act::MovedByHand(at));
                }
            }
        }
        for (name, phase) in &self.folder[1..] {
            acts.push(Act::Undo(name));
            if !(self.apart && *phase == FilePhase::Contract) {
                acts.push(Act::Apply(name));
            }
        }
        if self.apart {
            acts.extend([
                Act::Begin,
                Act::Send,
                Act::ServerRuns,
                Act::Acknowledge,
                Act::ClientDies,
                Act::ServerForgets,
                Act::Recover,
                Act::Doubt,
                Act::Resolve,
            ]);
        }
        if self.clock {
            acts.push(Act::TimePasses);
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let Some(command) = self.command(world, act) else {
            return self.effect(world, act).map(ranked);
        };
        // One run at a time holds the lock; what changes no schema needs none.
        if matches!(act, Act::Begin | Act::Apply(_) | Act::Undo(_)) && world.wire != Wire::Idle {
            return None;
        }
        let mut next = self.obey(world.clone(), &command)?;
        if act == Act::Apply("c") && !world.state.is_applied(&id("c")) {
            next.taken = true;
            next.robbed |= self.robs(&next);
        }
        next.promises.retain(|service, (of, _)| match act {
            Act::RetireEarly(at, retired) => self.services[at].0 != *service || *of != retired,
            // Once the window has passed, the slot may be used for something else.
            Act::Retire(at, _) | Act::Record(at, ..) => {
                self.services[at].0 != *service || !world.late
            }
            _ => true,
        });
        Some(ranked(next))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("shape", |team: &Self, world: &World| {
                // A contract step takes nothing from what is deployed; and what is deployed later and was built to use
                // what is gone gets no traffic, and is nobody's way back.
                let mut slots = world.state.slots.iter();
                let stays_idle = |id: &SlotId, slot: &Slot| {
                    slot.role == Role::Staged
                        && (world.meddled || id.slot != world.routers[id.service.as_str()].slot)
                };
                !world.robbed
                    && slots.all(|(id, slot)| {
                        stays_idle(id, slot) || world.meddled || !team.misses(world, &slot.version)
                    })
            }),
            Property::always("needs", |team: &Self, world: &World| {
                // Where traffic is, everything that the release there was built on is in the database.
                world.meddled
                    || team.services.iter().all(|(service, releases)| {
                        let slot = SlotId::new(service, world.routers[service].slot);
                        let Some(serving) = world.state.slots.get(&slot) else {
                            return false;
                        };
                        let (_, many) = releases
                            .iter()
                            .find(|(version, _)| *version == serving.version)
                            .unwrap();
                        let mut needed = team.folder.iter().take(*many);
                        needed.all(|(name, phase)| {
                            *phase == FilePhase::Contract || world.state.is_applied(&id(name))
                        })
                    })
            }),
            Property::always("promise", |_, world: &World| {
                // A rollback finds what it left.
                world.meddled
                    || world.promises.iter().all(|(service, (slot, version))| {
                        let there = world.state.slots.get(&SlotId::new(service, slot));
                        there.is_some_and(|there| there.version == *version)
                    })
            }),
            Property::always("once", |_, world: &World| !world.twice),
            Property::always("truth", |_, world: &World| {
                world.taken || !world.state.is_applied(&id("c"))
            }),
            Property::sometimes("the column is dropped", |_, world: &World| {
                world.state.is_applied(&id("c"))
            }),
            Property::sometimes("a rollback leads back", |team: &Self, world: &World| {
                let (service, releases) = team.services[0];
                let there = world.state.slots.get(&SlotId::new(service, "blue"));
                world.routers[service].slot == "blue"
                    && there.is_some_and(|there| {
                        there.version == releases[0].0 && there.role == Role::Live
                    })
                    && world.state.of(service).count() == 2
            }),
        ]
    }
}
