//! Traffic on its way between two releases: what a team has called before and after, what is watched meanwhile, and the
//! way back that nobody has to ask for.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::database::{Setup, refused};
use super::hooks::Hooks;
use super::lockstep::{Answer, Attempt, Lockstep};
use super::smoke::record;
use super::suite::Suite;
use super::{Global, Status, output};
use crate::gate::{Command, Cutover, Direction, Event, SlotId};
use crate::hook::{Occasion, Place, Stage};
use crate::run::{Look, Vigil, Wall, watch};
use crate::smoke::Tested;

/// How often a release that takes traffic is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// A run that moves traffic between releases.
pub(super) struct Movement<'a> {
    pub(super) lockstep: Lockstep<'a>,
    hooks: Hooks<'a>,
    /// What the release is asked that takes traffic, where it is watched.
    suite: Option<Suite>,
    /// Traffic goes back by itself.
    automatic: bool,
}

impl<'a> Movement<'a> {
    /// Connects to the record.
    pub(super) async fn open(global: &'a Global, setup: &'a Setup) -> Result<Self> {
        let stages = [
            Stage::BeforeCutover,
            Stage::AfterCutover,
            Stage::AfterRollback,
        ];
        Self::with(Hooks::of(global, setup, &stages)?, setup).await
    }

    /// The same for who wants away from a release: of the hooks after it, one that cannot be called holds nothing up.
    pub(super) async fn open_to_rescue(
        global: &'a Global,
        setup: &'a Setup,
        before: Option<Stage>,
    ) -> Result<Self> {
        let hooks = Hooks::of(global, setup, before.as_slice());
        let mut hooks = hooks
            .context("the hooks before it cannot be called, and --skip-hooks does without them")?;
        hooks.may_call(&[Stage::AfterCutover, Stage::AfterRollback]);
        Self::with(hooks, setup).await
    }

    async fn with(hooks: Hooks<'a>, setup: &'a Setup) -> Result<Self> {
        Ok(Self {
            lockstep: Lockstep::open(hooks.global, setup).await?,
            hooks,
            suite: None,
            automatic: false,
        })
    }

    /// The release in a slot is going to be watched. What cannot be asked is found before traffic moves.
    pub(super) fn prepare_to_watch(&mut self, slot: &SlotId) -> Result<()> {
        let Some(version) = self.lockstep.version(&slot.slot) else {
            return Ok(());
        };
        let suite = Suite::of(self.lockstep.setup, slot, version)?;
        suite.warn();
        if suite.asks_nothing() && !self.lockstep.global.quiet {
            output::talk(
                "warning: no [[smoke.http]] or [[smoke.command]] is configured: while it is watched, the release is asked \
                 nothing but the checks of its migrations",
            );
        }
        self.suite = Some(suite);
        Ok(())
    }

    /// Asks the gate, has the hooks before called, and claims the first attempt. A status where there is none to make.
    pub(super) async fn begin(
        &mut self,
        command: &Command,
        before: Option<Stage>,
    ) -> Result<std::result::Result<Attempt, Status>> {
        if let Some(stage) = before.filter(|stage| self.hooks.has(*stage)) {
            let intended = match self.lockstep.would(command).await? {
                Ok(events) => events,
                Err(refusals) => return Ok(Err(refused(self.lockstep.global, &refusals)?)),
            };
            let intended = intended.into_iter().find_map(|event| match event {
                Event::CutoverIntended { from, to, .. } => Some((from, to)),
                _ => None,
            });
            if let Some((from, to)) = intended
                && !self.let_by_hooks(stage, from.as_deref(), &to).await?
            {
                return Ok(Err(Status::Failed));
            }
        }
        Ok(match self.lockstep.claim(command).await? {
            Ok(Some(attempt)) => Ok(attempt),
            Ok(None) => Err(Status::Done),
            Err(refusals) => Err(refused(self.lockstep.global, &refusals)?),
        })
    }

    /// Has the hooks before called, and reads the record anew: it may say something else by then.
    async fn let_by_hooks(&mut self, stage: Stage, from: Option<&str>, to: &str) -> Result<bool> {
        let Some(occasion) = self.occasion(from, to) else {
            return Ok(true);
        };
        let lockstep = &mut self.lockstep;
        let (store, snapshot) = (&mut lockstep.store, &mut lockstep.snapshot);
        let passed = self.hooks.before(stage, &occasion, store, snapshot).await;
        *snapshot = store.load_or_init(&[]).await?;
        Ok(passed)
    }

    /// Goes through the steps of a cutover: each but the last is watched for a while before the next comes.
    pub(super) async fn walk(
        &mut self,
        first: Attempt,
        later: &[u8],
        interval: Duration,
    ) -> Result<Status> {
        let mut attempt = Some(first);
        for share in later {
            let Some(step) = &attempt else { break };
            match self.lockstep.drive(step) {
                Ok(reading) if !self.lockstep.global.quiet => {
                    output::talk(format_args!("traffic goes to {}", reading.weights));
                }
                Ok(_) => {}
                Err(failure) => return self.lockstep.conclude(Err(failure)).await,
            }
            match self.watched(interval).await? {
                Look::Fine => {}
                Look::Failed(unfit) => return self.go_back(unfit).await,
                Look::Over(why) => {
                    output::talk(why);
                    return Ok(Status::Refused);
                }
            }
            match self.lockstep.claim_next(*share).await? {
                Ok(next) => attempt = next,
                Err(refusals) => return refused(self.lockstep.global, &refusals),
            }
        }
        self.carry_out(Ok(attempt)).await
    }

    /// Watches the release that is live in this slot by now, and rolls back when it is not fit.
    pub(super) async fn stay(&mut self, to: &SlotId, span: Duration) -> Result<Status> {
        if !self.lockstep.global.quiet {
            output::talk(format_args!("watching {to} for {span:?}"));
        }
        match self.watched(span).await? {
            Look::Fine => Ok(Status::Done),
            Look::Failed(unfit) => self.roll_back(unfit).await,
            Look::Over(why) => {
                output::talk(why);
                Ok(Status::Refused)
            }
        }
    }

    /// Makes an attempt that was claimed, records what it came to, and has the hooks after called.
    pub(super) async fn carry_out(&mut self, claimed: Answer<Option<Attempt>>) -> Result<Status> {
        let moving = self.lockstep.cutover().filter(|_| claimed.is_ok()).cloned();
        let status = self.lockstep.carry_out(claimed).await?;
        if let Some(moving) = moving.filter(|_| self.lockstep.cutover().is_none()) {
            self.tell(&moving).await;
        }
        Ok(status)
    }

    /// Traffic returns to the slot that it came from, before all of it has moved.
    async fn go_back(&mut self, unfit: Tested) -> Result<Status> {
        self.automatic = true;
        say_why_back(&unfit);
        let claimed = self.lockstep.claim_next(0).await?;
        let status = self.carry_out(claimed).await?;
        self.keep(unfit).await?;
        Ok(match status {
            Status::Unreachable => Status::Failed,
            other => other,
        })
    }

    /// Traffic returns after all of it has moved.
    async fn roll_back(&mut self, unfit: Tested) -> Result<Status> {
        self.automatic = true;
        say_why_back(&unfit);
        let command = Command::Rollback {
            service: self.lockstep.setup.service.clone(),
            after: Some(self.lockstep.epoch()),
        };
        let status = match self.begin(&command, None).await? {
            Ok(attempt) => self.carry_out(Ok(Some(attempt))).await?,
            Err(status) => status,
        };
        self.keep(unfit).await?;
        Ok(match status {
            Status::Done => Status::Failed,
            other => other,
        })
    }

    /// The test that it passed before traffic came counts no more.
    async fn keep(&mut self, unfit: Tested) -> Result<()> {
        let lockstep = &mut self.lockstep;
        let held = lockstep.snapshot.state.slots.get(&unfit.slot).cloned();
        if let Some(slot) = held.filter(|slot| slot.version == unfit.version) {
            let (store, snapshot) = (&mut lockstep.store, &mut lockstep.snapshot);
            if let Err(refusals) = record(lockstep.setup, store, snapshot, &unfit, &slot).await? {
                refused(lockstep.global, &refusals)?;
            }
        }
        Ok(())
    }

    /// Looks again and again for so long.
    async fn watched(&mut self, span: Duration) -> Result<Look<Tested>> {
        let of = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let vigil = Vigil {
            for_ms: of(span),
            every_ms: of(span.min(EVERY)),
        };
        let epoch = self.lockstep.epoch();
        let seen = watch(vigil, &mut Wall::start(), async |_| self.look(epoch).await).await;
        seen.context("the release could not be watched any more, and traffic stays where it is: bgmigrate status")
    }

    /// Whether the release that traffic has come to is fit, and whether it is still this run that moves it.
    async fn look(&mut self, epoch: u64) -> Result<Look<Tested>> {
        let lockstep = &mut self.lockstep;
        lockstep.snapshot = lockstep.store.load_or_init(&[]).await?;
        let service = &lockstep.setup.service;
        if lockstep.epoch() != epoch {
            return Ok(Look::Over(format!(
                "another run moves the traffic of {service} by now: bgmigrate status shows where it goes"
            )));
        }
        let state = &lockstep.snapshot.state;
        let Some(suite) = &self.suite else {
            return Ok(Look::Over(format!("no release of {service} is watched")));
        };
        let (slot, version) = (suite.slot(), suite.version());
        if state.slots.get(slot).map(|held| held.version.as_str()) != Some(version) {
            return Ok(Look::Over(format!(
                "{slot} does not hold {version} any more, which was watched: bgmigrate status"
            )));
        }
        let tested = suite
            .ask(lockstep.global, &mut lockstep.store, state)
            .await?;
        // Where nothing is asked, nothing is wrong: who waits for a while between steps looks for himself.
        Ok(if tested.failed().next().is_none() {
            Look::Fine
        } else {
            Look::Failed(tested)
        })
    }

    /// Has the hooks after called, once a cutover has ended that has moved traffic.
    async fn tell(&mut self, ended: &Cutover) {
        let service = &self.lockstep.setup.service;
        let arrived = self.lockstep.live() == Some(&SlotId::new(service, &ended.to));
        let from = ended.from.as_deref();
        let (stage, from, to) = match (arrived, ended.direction, from) {
            (true, Direction::Forward, from) => (Stage::AfterCutover, from, ended.to.as_str()),
            (true, Direction::Back, from) => (Stage::AfterRollback, from, ended.to.as_str()),
            (false, _, Some(from)) if ended.share == 0 => {
                (Stage::AfterRollback, Some(ended.to.as_str()), from)
            }
            // No traffic has moved.
            (false, _, _) => return,
        };
        let Some(mut occasion) = self.occasion(from, to) else {
            return;
        };
        occasion.automatic = self.automatic;
        let lockstep = &mut self.lockstep;
        self.hooks
            .after(
                stage,
                &occasion,
                &mut lockstep.store,
                &mut lockstep.snapshot,
            )
            .await;
    }

    /// What hooks are told of traffic that moves.
    fn occasion(&self, from: Option<&str>, to: &str) -> Option<Occasion> {
        let lockstep = &self.lockstep;
        let id = SlotId::new(&lockstep.setup.service, to);
        let version = lockstep.version(to)?;
        let mut occasion = self.hooks.occasion(&id, version, &lockstep.snapshot);
        occasion.from = from.and_then(|slot| {
            Some(Place {
                slot: slot.to_owned(),
                release: lockstep.version(slot)?.to_owned(),
            })
        });
        Some(occasion)
    }
}

fn say_why_back(unfit: &Tested) {
    let failed: Vec<_> = unfit.failed().map(|one| one.name.as_str()).collect();
    output::talk(format_args!(
        "traffic goes back: {} in {} failed: {}",
        unfit.version,
        unfit.slot,
        failed.join(", ")
    ));
}
