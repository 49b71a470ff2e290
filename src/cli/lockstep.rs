//! One run that moves a router, in lockstep with the record: an attempt is claimed, made, read back, and settled.
//!
//! What nobody can tell stays open in the record: nothing is retried blindly, and nothing else moves until `resume` has
//! looked.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;

use super::database::{Setup, refused};
use super::{Global, Status, output};
use crate::gate::{Command, Cutover, Event, Observed, Refusal, Sight, SlotId, decide};
use crate::router::{self, Aim, Deadline, Failure, Reading, Router, Weights};
use crate::run::failing_checks;
use crate::store::{Missing, Snapshot, Store, StoreError};

/// A run that moves the router of a service.
pub(super) struct Lockstep<'a> {
    pub(super) global: &'a Global,
    pub(super) setup: &'a Setup,
    pub(super) router: Box<dyn Router>,
    pub(super) store: Store,
    pub(super) snapshot: Snapshot,
}

/// An attempt that the record knows of; nothing of it is sent after its deadline.
pub(super) struct Attempt {
    aim: Aim,
    deadline: Deadline,
}

/// What a command came to: either it was let, or this stands in its way.
pub(super) type Answer<T> = std::result::Result<T, Vec<Refusal>>;

impl<'a> Lockstep<'a> {
    /// Connects to the record.
    pub(super) async fn open(global: &'a Global, setup: &'a Setup) -> Result<Self> {
        let router = configured(setup)?;
        let mut store = setup.store(Missing::Refuse).await?;
        let snapshot = setup.load_to_write(global, &mut store).await?;
        Ok(Self {
            global,
            setup,
            router,
            store,
            snapshot,
        })
    }

    /// Claims an attempt; `None` where there is nothing to move.
    pub(super) async fn claim(&mut self, command: &Command) -> Result<Answer<Option<Attempt>>> {
        // From before the claim: a run that was held up after it must not send what another has since taken over.
        let deadline = Deadline::within(self.setup.attempt_timeout());
        match self.record(command, None).await? {
            Ok(events) if events.is_empty() => Ok(Ok(None)),
            Ok(_) => {
                let aim = self.aim().context("a claim makes an attempt")?;
                Ok(Ok(Some(Attempt { aim, deadline })))
            }
            Err(refusals) => Ok(Err(refusals)),
        }
    }

    /// Claims the next attempt of the cutover in flight: with this share of the traffic for the new slot, in per cent.
    pub(super) async fn claim_next(&mut self, share: u8) -> Result<Answer<Option<Attempt>>> {
        let command = Command::Claim {
            service: self.setup.service.clone(),
            epoch: self.epoch(),
            share,
        };
        self.claim(&command).await
    }

    /// What a command would come to now; nothing is recorded.
    pub(super) async fn would(&mut self, command: &Command) -> Result<Answer<Vec<Event>>> {
        let sight = self.seen(command).await?;
        Ok(decide(&self.snapshot.state, command, &sight))
    }

    /// Moves the router, and waits until nothing but the new state answers. That an answer was lost on its way is no
    /// failure when the router is then seen to have got the order.
    pub(super) fn drive(&self, attempt: &Attempt) -> Result<Reading, Failure> {
        let shifted = self.router.shift(&attempt.aim, attempt.deadline);
        if let Err(error @ (Failure::Unmoved(_) | Failure::Stale { .. })) = shifted {
            return Err(error);
        }
        let patience = Deadline::within(self.setup.settle_timeout());
        let settled = self.router.settle(&attempt.aim, patience);
        settled.map_err(|error| shifted.err().unwrap_or(error))
    }

    /// Makes an attempt that was claimed, and records what it came to.
    pub(super) async fn carry_out(&mut self, claimed: Answer<Option<Attempt>>) -> Result<Status> {
        match claimed {
            Err(refusals) => refused(self.global, &refusals),
            Ok(None) => Ok(Status::Done),
            Ok(Some(attempt)) => {
                let driven = self.drive(&attempt);
                self.conclude(driven).await
            }
        }
    }

    /// Records what an attempt came to.
    pub(super) async fn conclude(&mut self, driven: Result<Reading, Failure>) -> Result<Status> {
        let service = self.setup.service.clone();
        let epoch = self.epoch();
        let (command, reading) = match driven {
            Ok(reading) => (Command::Settle { service, epoch }, Some(reading)),
            Err(Failure::Unknown(why)) => {
                output::talk(format_args!(
                    "the router of {service}: {}\nthe cutover stays open, and nothing else moves: look at the router, then \
                     bgmigrate resume",
                    Failure::Unknown(why)
                ));
                return Ok(Status::Unknown);
            }
            Err(error @ (Failure::Unmoved(_) | Failure::Stale { .. })) => {
                let reason = error.to_string();
                let command = Command::Abandon {
                    service,
                    epoch,
                    reason,
                };
                (command, None)
            }
        };
        match self.record(&command, reading).await? {
            Ok(events) => Ok(self.tell(&events)),
            Err(refusals) => {
                refused(self.global, &refusals)?;
                Ok(Status::Unknown)
            }
        }
    }

    /// The state that the router is in, as the gates see it.
    pub(super) fn observe(&self) -> Observed {
        let deadline = Deadline::within(self.setup.attempt_timeout());
        router::seen(self.router.observe(deadline))
    }

    /// The cutover in flight.
    pub(super) fn cutover(&self) -> Option<&Cutover> {
        self.snapshot.state.cutovers.get(&self.setup.service)
    }

    /// The slot that is live.
    pub(super) fn live(&self) -> Option<&SlotId> {
        let live = self.snapshot.state.live(&self.setup.service);
        live.map(|(id, _)| id)
    }

    /// The version that a slot holds.
    pub(super) fn version(&self, slot: &str) -> Option<&String> {
        let id = SlotId::new(&self.setup.service, slot);
        self.snapshot.state.slots.get(&id).map(|slot| &slot.version)
    }

    /// The epoch of the last attempt.
    pub(super) fn epoch(&self) -> u64 {
        self.snapshot.state.epochs(&self.setup.service).claimed
    }

    /// A router that cannot refuse a late attempt is left alone until none can come any more: an attempt ends at its
    /// deadline, and as much again is allowed for what was on its way then.
    pub(super) async fn wait_for_the_last_attempt(&mut self) -> Result<()> {
        if self.router.promises().fenced {
            return Ok(());
        }
        let patience = self.setup.attempt_timeout() * 2;
        let patience = TimeDelta::from_std(patience).context("attempt_timeout")?;
        while let Some(cutover) = self.cutover() {
            let Ok(left) = (cutover.since + patience - self.snapshot.now).to_std() else {
                return Ok(());
            };
            output::talk(format_args!(
                "an attempt of before may still reach the router: waiting for {} s",
                left.as_secs() + 1
            ));
            tokio::time::sleep(left + Duration::from_millis(10)).await;
            self.snapshot = self.store.load_or_init(&[]).await?;
        }
        Ok(())
    }

    /// Decides on what the record and the router say now, and records it. `reading` is what the router was just seen to
    /// do, if it was.
    pub(super) async fn record(
        &mut self,
        command: &Command,
        mut reading: Option<Reading>,
    ) -> Result<Answer<Vec<Event>>> {
        loop {
            let sight = match reading.take() {
                Some(reading) => self.sight(reading),
                None => self.seen(command).await?,
            };
            let events = match decide(&self.snapshot.state, command, &sight) {
                Ok(events) => events,
                Err(refusals) => return Ok(Err(refusals)),
            };
            match self.store.append(&mut self.snapshot, &events).await {
                Err(StoreError::Moved) => self.snapshot = self.store.load_or_init(&[]).await?,
                appended => {
                    appended?;
                    return Ok(Ok(events));
                }
            }
        }
    }

    /// What a command is decided on, beside the record.
    async fn seen(&mut self, command: &Command) -> Result<Sight> {
        let mut sight = self.setup.sight(&self.snapshot);
        if matches!(command, Command::Cutover { .. }) {
            sight.failing_checks = failing_checks(&mut self.store, &self.snapshot.state).await?;
        }
        Ok(sight)
    }

    fn sight(&self, reading: Reading) -> Sight {
        let seen = router::seen(Ok(reading));
        Sight {
            policy: self.setup.policy,
            routers: [(self.setup.service.clone(), seen)].into(),
            ..Sight::at(self.snapshot.now)
        }
    }

    /// What the cutover in flight aims at.
    fn aim(&self) -> Option<Aim> {
        let cutover = self.cutover()?;
        let share = cutover.share;
        let weights = match &cutover.from {
            Some(from) if *from != cutover.to => {
                let rest = 100_u8.checked_sub(share)?;
                Weights::shares([(from.as_str(), rest), (cutover.to.as_str(), share)])?
            }
            _ => Weights::all(&cutover.to),
        };
        Some(Aim {
            weights,
            epoch: self.epoch(),
        })
    }

    fn tell(&self, events: &[Event]) -> Status {
        for event in events {
            match event {
                Event::CutoverCompleted { service } => {
                    let live = self.snapshot.state.live(service);
                    if let Some((id, slot)) = live.filter(|_| !self.global.quiet) {
                        output::talk(format_args!("{} is live in {id}", slot.version));
                    }
                }
                Event::CutoverAbandoned { reason, .. } => {
                    output::talk(format_args!("nothing was moved: {reason}"));
                    return Status::Unreachable;
                }
                _ => {}
            }
        }
        Status::Done
    }
}

/// The configured router, or what to write to have one.
pub(super) fn configured(setup: &Setup) -> Result<Box<dyn Router>> {
    setup.router().context(
        "no router is configured: write `[router]` with `driver` into bgmigrate.toml, as docs/routers.md shows",
    )
}
