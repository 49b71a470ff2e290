//! The protocol by which a router is moved, on the real decisions: two operators, and writes on their way to the router
//! that come late, twice, or never, also after whoever sent them is dead.
//!
//! It has to hold where the router can refuse a late write, and where nobody takes over before none can come any more. So
//! that the model is known to see something, the protocols that must break are kept beside it.

use std::collections::{BTreeMap, BTreeSet};

use bgmigrate::gate::{
    Candidate, Command, Event, MigrationId, Observed, Release, Shipped, Sight, SlotId, State,
    decide,
};
use bgmigrate::model::FilePhase;
use chrono::{DateTime, Utc};
use stateright::{Checker, HasDiscoveries, Model, Property};

const SERVICE: &str = "app";
const OLD: &str = "blue";
const NEW: &str = "green";

/// Which writes a router takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Those of a greater epoch than it holds.
    Newer,
    /// Those whose sender saw what it holds: the slot and the epoch.
    IfUnchanged,
    /// Those whose sender saw the slot that it holds.
    IfSameSlot,
    /// All.
    Anything,
}

/// What an operator asks of the router before it records that it obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadsBack {
    SlotAndEpoch,
    SlotAlone,
    Nothing,
}

#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that a protocol may leave out"
)]
struct Protocol {
    takes: Takes,
    reads_back: ReadsBack,
    /// Who sees a greater epoch than its own in the router writes nothing.
    looks_before: bool,
    /// Nobody takes over while a write of before is on its way, or may still be sent: an attempt has a deadline, which
    /// counts from before its claim.
    waits: bool,
    /// A write may come twice.
    twice: bool,
    /// The intent is recorded before the router is touched.
    intent_first: bool,
    /// Once, somebody moves the router by hand.
    by_hand: bool,
    /// How many attempts there are in one course.
    epochs: u64,
}

/// What drivers of fenced routers do.
const FENCED: Protocol = Protocol {
    takes: Takes::Newer,
    reads_back: ReadsBack::SlotAndEpoch,
    looks_before: true,
    waits: false,
    twice: true,
    intent_first: true,
    by_hand: false,
    epochs: 3,
};

/// What drivers of routers do that take everything.
const UNFENCED: Protocol = Protocol {
    takes: Takes::Anything,
    waits: true,
    twice: false,
    ..FENCED
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Held {
    slot: &'static str,
    epoch: Option<u64>,
}

/// A write on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Write {
    slot: &'static str,
    epoch: u64,
    /// What its sender saw before.
    seen: Held,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Operator {
    Idle,
    /// It has claimed an attempt, to send traffic there.
    Claimed(u64, &'static str),
    /// It has written before it claims.
    Hasty(&'static str),
    /// It has written, and waits for what becomes of it.
    Sent(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    state: State,
    router: Held,
    under_way: BTreeSet<Write>,
    operators: [Operator; 2],
    moved_by_hand: bool,
    /// It was recorded that traffic is where it was not.
    lied: bool,
    refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// The command of an operator who finds nothing in flight.
    Cutover(usize),
    Rollback(usize),
    /// `resume`: with all traffic for the new slot, or none.
    TakeOver(usize, u8),
    Send(usize),
    SendHastily(usize, &'static str),
    Settle(usize),
    /// Nothing was sent, for certain.
    GiveBack(usize),
    /// It does not wait any longer, or is killed.
    Leave(usize),
    Lands(Write),
    LandsAndComesAgain(Write),
    IsLost(Write),
    Retire,
    Contract,
    ByHand,
}

fn slot(name: &str) -> SlotId {
    SlotId::new(SERVICE, name)
}

fn id(name: &str) -> MigrationId {
    MigrationId::new(None, name)
}

fn contract() -> Candidate {
    Candidate {
        migration: id("c"),
        phase: FilePhase::Contract,
        checksum: "c".to_owned(),
        unused_by: BTreeSet::new(),
        unused_since: None,
        behind: Vec::new(),
    }
}

fn deployed(version: &str, at: &str, live: bool, ships: &[&str]) -> Command {
    let shipped = Shipped {
        phase: FilePhase::Contract,
        after_cutover: true,
    };
    let ships: BTreeMap<_, _> = ships.iter().map(|name| (id(name), shipped)).collect();
    Command::Record {
        slot: slot(at),
        version: version.to_owned(),
        live,
        release: Release::shipping(ships),
    }
}

impl World {
    fn sight(&self) -> Sight {
        let at = Observed::At {
            slot: self.router.slot.to_owned(),
            epoch: self.router.epoch,
        };
        Sight {
            routers: [(SERVICE.to_owned(), at)].into(),
            ..Sight::at(DateTime::<Utc>::UNIX_EPOCH)
        }
    }

    fn claimed(&self) -> u64 {
        self.state.epochs(SERVICE).claimed
    }

    fn obey(&self, command: &Command, sight: &Sight) -> Option<Self> {
        let events = decide(&self.state, command, sight).ok()?;
        let mut next = self.clone();
        for event in &events {
            next.state = next.state.evolve(event, sight.now);
            if let Event::CutoverCompleted { .. } = event {
                let (live, _) = next.state.live(SERVICE)?;
                next.lied |= live.slot != next.router.slot;
            }
        }
        (!events.is_empty()).then_some(next)
    }

    /// Where the attempt under way sends traffic.
    fn aim(&self) -> Option<&'static str> {
        let cutover = self.state.cutovers.get(SERVICE)?;
        let to = match cutover.share {
            0 => cutover.from.as_ref()?,
            _ => &cutover.to,
        };
        [OLD, NEW].into_iter().find(|slot| slot == to)
    }

    /// The operator who has just claimed the attempt.
    fn claims(&self) -> Option<Operator> {
        Some(Operator::Claimed(self.claimed(), self.aim()?))
    }

    fn may_still_land(&self) -> bool {
        let mut operators = self.operators.iter();
        !self.under_way.is_empty() || operators.any(|one| matches!(one, Operator::Claimed(..)))
    }

    fn is_at_rest(&self) -> bool {
        self.state.cutovers.is_empty()
            && self.under_way.is_empty()
            && self.operators == [Operator::Idle; 2]
    }
}

impl Protocol {
    fn takes(self, held: Held, write: Write) -> bool {
        match self.takes {
            Takes::Newer => held.epoch.is_none_or(|held| held < write.epoch),
            Takes::IfUnchanged => held == write.seen,
            Takes::IfSameSlot => held.slot == write.seen.slot,
            Takes::Anything => true,
        }
    }

    fn settles(self, world: &World, epoch: u64) -> Option<World> {
        let mut sight = world.sight();
        let service = SERVICE.to_owned();
        let slot = match self.reads_back {
            ReadsBack::SlotAndEpoch => None,
            ReadsBack::SlotAlone => Some(world.router.slot),
            ReadsBack::Nothing => world.aim(),
        };
        if let Some(slot) = slot {
            let at = Observed::At {
                slot: slot.to_owned(),
                epoch: Some(epoch),
            };
            sight.routers.insert(service.clone(), at);
        }
        world.obey(&Command::Settle { service, epoch }, &sight)
    }

    fn next(self, world: &World, act: Act) -> Option<World> {
        let sight = world.sight();
        let service = || SERVICE.to_owned();
        let mut next = world.clone();
        match act {
            Act::Cutover(at) | Act::Rollback(at) => {
                let to = match world.operators[at] {
                    Operator::Idle if self.intent_first => None,
                    Operator::Hasty(to) => Some(to),
                    _ => return None,
                };
                let forward = matches!(act, Act::Cutover(_));
                if to.is_some_and(|to| (to == NEW) != forward) {
                    return None;
                }
                let command = if forward {
                    Command::Cutover {
                        to: slot(NEW),
                        release: None,
                        share: 100,
                    }
                } else {
                    Command::Rollback {
                        service: service(),
                        after: None,
                    }
                };
                let mut sight = sight;
                if to.is_some() {
                    // Whoever writes first cannot look at whether anybody else wrote.
                    sight.routers.clear();
                }
                next = world.obey(&command, &sight)?;
                next.operators[at] = if to.is_some() {
                    Operator::Sent(next.claimed())
                } else {
                    next.claims()?
                };
            }
            Act::TakeOver(at, share) => {
                if world.operators[at] != Operator::Idle || (self.waits && world.may_still_land()) {
                    return None;
                }
                let command = Command::Claim {
                    service: service(),
                    epoch: world.claimed(),
                    share,
                };
                next = world.obey(&command, &sight)?;
                next.operators[at] = next.claims()?;
            }
            Act::Send(at) => {
                // An operator that was overtaken does not know it, unless the router tells.
                let Operator::Claimed(epoch, slot) = world.operators[at] else {
                    return None;
                };
                if self.looks_before && world.router.epoch > Some(epoch) {
                    return None;
                }
                next.under_way.insert(Write {
                    slot,
                    epoch,
                    seen: world.router,
                });
                next.operators[at] = Operator::Sent(epoch);
            }
            Act::SendHastily(at, slot) => {
                if self.intent_first || world.operators[at] != Operator::Idle {
                    return None;
                }
                next.under_way.insert(Write {
                    slot,
                    epoch: world.claimed() + 1,
                    seen: world.router,
                });
                next.operators[at] = Operator::Hasty(slot);
            }
            Act::Settle(at) => {
                let Operator::Sent(epoch) = world.operators[at] else {
                    return None;
                };
                next = self.settles(world, epoch)?;
                next.operators[at] = Operator::Idle;
            }
            Act::GiveBack(at) => {
                let Operator::Claimed(epoch, _) = world.operators[at] else {
                    return None;
                };
                let command = Command::Abandon {
                    service: service(),
                    epoch,
                    reason: "refused".to_owned(),
                };
                next = world.obey(&command, &sight)?;
                next.operators[at] = Operator::Idle;
            }
            Act::Leave(at) => {
                if world.operators[at] == Operator::Idle {
                    return None;
                }
                next.operators[at] = Operator::Idle;
            }
            Act::Lands(write) | Act::LandsAndComesAgain(write) => {
                if self.takes(world.router, write) {
                    next.router = Held {
                        slot: write.slot,
                        epoch: Some(write.epoch),
                    };
                } else {
                    next.refused = true;
                }
                if act == Act::Lands(write) {
                    next.under_way.remove(&write);
                }
            }
            Act::IsLost(write) => {
                next.under_way.remove(&write);
            }
            Act::Retire => {
                let command = Command::Retire {
                    slot: slot(OLD),
                    early: Some("a reason".to_owned()),
                };
                next = world.obey(&command, &sight)?;
            }
            Act::Contract => next = world.obey(&Command::Apply(contract()), &sight)?,
            Act::ByHand => {
                if world.moved_by_hand {
                    return None;
                }
                next.moved_by_hand = true;
                next.router = Held {
                    slot: if world.router.slot == OLD { NEW } else { OLD },
                    epoch: None,
                };
            }
        }
        // One operator is as good as the other.
        next.operators.sort_unstable();
        (next.claimed() <= self.epochs).then_some(next)
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        let world = World {
            state: State::default(),
            router: Held {
                slot: OLD,
                epoch: None,
            },
            under_way: BTreeSet::new(),
            operators: [Operator::Idle; 2],
            moved_by_hand: false,
            lied: false,
            refused: false,
        };
        let begun = [
            deployed("v1", OLD, true, &[]),
            deployed("v2", NEW, false, &["c"]),
        ];
        let begun = begun.iter().fold(world, |world, command| {
            let sight = world.sight();
            world.obey(command, &sight).unwrap()
        });
        vec![begun]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        for at in 0..2 {
            acts.extend([
                Act::Cutover(at),
                Act::Rollback(at),
                Act::TakeOver(at, 0),
                Act::TakeOver(at, 100),
                Act::Send(at),
                Act::SendHastily(at, OLD),
                Act::SendHastily(at, NEW),
                Act::Settle(at),
                Act::GiveBack(at),
                Act::Leave(at),
            ]);
        }
        for write in &world.under_way {
            acts.extend([Act::Lands(*write), Act::IsLost(*write)]);
            if self.twice {
                acts.push(Act::LandsAndComesAgain(*write));
            }
        }
        acts.extend([Act::Retire, Act::Contract]);
        if self.by_hand {
            acts.push(Act::ByHand);
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        self.next(world, act)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::always("taken", |_: &Self, world: &World| {
                // No traffic comes to who was built without the contract step.
                !world.state.is_applied(&id("c")) || world.router.slot == NEW
            }),
            Property::always("told", |_, world: &World| !world.lied),
            Property::always("agreed", |_, world: &World| {
                let live = world.state.live(SERVICE).map(|(id, _)| id.slot.as_str());
                !world.is_at_rest() || live == Some(world.router.slot)
            }),
            Property::always("known", |protocol: &Self, world: &World| {
                // Who writes first has written what the record does not know yet.
                !protocol.intent_first || world.router.epoch.unwrap_or(0) <= world.claimed()
            }),
            Property::always("open", |protocol: &Self, world: &World| {
                // What nobody works on can be taken over.
                let stuck = !world.state.cutovers.is_empty()
                    && world.operators == [Operator::Idle; 2]
                    && world.under_way.is_empty()
                    && world.claimed() < protocol.epochs;
                !stuck || protocol.next(world, Act::TakeOver(0, 100)).is_some()
            }),
            Property::sometimes("the contract step ran", |_, world: &World| {
                world.state.is_applied(&id("c"))
            }),
            Property::sometimes("traffic went back", |_, world: &World| {
                world.is_at_rest() && world.router.slot == OLD && world.claimed() > 1
            }),
        ];
        if self.takes != Takes::Anything {
            all.push(Property::sometimes(
                "a write was refused",
                |_, world: &World| world.refused,
            ));
        }
        all
    }
}

const HOLD: [(&str, Protocol); 3] = [
    ("fenced by the epoch", FENCED),
    (
        "compare-and-set of slot and epoch",
        Protocol {
            takes: Takes::IfUnchanged,
            ..FENCED
        },
    ),
    ("unfenced, waiting before a take-over", UNFENCED),
];

fn holds(epochs: u64) {
    for (name, protocol) in HOLD {
        let protocol = Protocol { epochs, ..protocol };
        let checker = protocol.checker().threads(2).spawn_bfs().join();
        println!("{name}: {} states", checker.unique_state_count());
        assert!(checker.is_done(), "{name}");
        checker.assert_properties();
    }
}

#[test]
fn a_router_follows_the_record_whatever_comes_late() {
    holds(3);
}

/// `cargo test --release --test gates lockstep -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; the smaller one above is run each time"]
fn a_router_follows_the_record_through_five_attempts() {
    holds(5);
}

/// What each of them lets happen.
#[test]
fn a_protocol_that_leaves_something_out_is_found_out() {
    let broken = [
        (
            "taken over at once, and nothing refused",
            Protocol {
                waits: false,
                ..UNFENCED
            },
            &["taken", "agreed"][..],
        ),
        (
            "waiting, but a write comes again after it was seen to land",
            Protocol {
                twice: true,
                ..UNFENCED
            },
            &["taken", "agreed"],
        ),
        (
            "compare-and-set by who does not look whether it was overtaken",
            Protocol {
                takes: Takes::IfUnchanged,
                looks_before: false,
                ..FENCED
            },
            &["agreed"],
        ),
        (
            "compare-and-set of the slot alone",
            Protocol {
                takes: Takes::IfSameSlot,
                ..FENCED
            },
            &["taken", "agreed"],
        ),
        (
            "nothing read back",
            Protocol {
                reads_back: ReadsBack::Nothing,
                ..FENCED
            },
            &["told", "agreed"],
        ),
        (
            "the slot read back without its epoch",
            Protocol {
                reads_back: ReadsBack::SlotAlone,
                ..FENCED
            },
            &["agreed"],
        ),
        (
            "the router touched before the intent is recorded",
            Protocol {
                intent_first: false,
                ..FENCED
            },
            &["agreed"],
        ),
        (
            "a person who moves the router: nobody can fence one",
            Protocol {
                by_hand: true,
                ..FENCED
            },
            &["taken", "agreed"],
        ),
    ];
    for (name, protocol, breaks) in broken {
        let enough = HasDiscoveries::AllOf(breaks.iter().copied().collect());
        let checker = protocol.checker().threads(2).finish_when(enough);
        let checker = checker.spawn_bfs().join();
        let found = checker.discoveries();
        let found: BTreeSet<_> = found.keys().copied().collect();
        println!("{name}: {} states, {found:?}", checker.unique_state_count());
        for property in breaks {
            assert!(
                found.contains(property),
                "{name}: {property} was not broken"
            );
        }
    }
}
