//! The hooks of a command: called before it changes anything, and after that is recorded.

use anyhow::{Result, bail};

use super::database::{Setup, origin};
use super::{Global, output};
use crate::gate::{Event, SlotId};
use crate::hook::{Hook, Occasion, Place, Stage};
use crate::run::call_hook;
use crate::store::{Snapshot, Store, StoreError};

/// The hooks that a command may have to call.
pub(super) struct Hooks<'a> {
    pub(super) global: &'a Global,
    setup: &'a Setup,
    called: Vec<Hook>,
    /// The names of those that cannot be called, when that would be, and why not.
    lame: Vec<(String, Vec<Stage>, String)>,
}

impl<'a> Hooks<'a> {
    /// Those of these stages, with the values of the variables that they name: one that is not set is found before
    /// anything was done.
    pub(super) fn of(global: &'a Global, setup: &'a Setup, stages: &[Stage]) -> Result<Self> {
        let mut hooks = Self {
            global,
            setup,
            called: Vec::new(),
            lame: Vec::new(),
        };
        hooks.may_call(stages);
        match hooks.lame.first() {
            Some((name, _, why)) => bail!("the hook `{name}` in bgmigrate.toml: {why}"),
            None => Ok(hooks),
        }
    }

    /// Those of these stages too. One that cannot be called, for a variable that it names is not set, has failed when
    /// its stage comes.
    pub(super) fn may_call(&mut self, stages: &[Stage]) {
        let variable = |name: &str| std::env::var(name).ok();
        for hook in &self.setup.home.config.hook {
            let at = hook.stages().iter().copied();
            let at: Vec<_> = at.filter(|stage| stages.contains(stage)).collect();
            if at.is_empty() {
                continue;
            }
            match hook.filled(&variable) {
                Ok(filled) => self.called.push(Hook {
                    stages: at,
                    ..filled
                }),
                Err(why) => self.lame.push((hook.name(), at, why)),
            }
        }
    }

    /// Whether any is called then.
    pub(super) fn has(&self, stage: Stage) -> bool {
        self.at(stage).next().is_some()
    }

    /// What hooks are told of a release in a slot.
    pub(super) fn occasion(&self, slot: &SlotId, version: &str, snapshot: &Snapshot) -> Occasion {
        let origin = origin();
        let variable = |name: &str| std::env::var(name).ok();
        // An address whose variable is not set is told by those who need it.
        let url = self.setup.home.config.url_of(&slot.slot, &variable);
        Occasion {
            service: slot.service.clone(),
            place: Place {
                slot: slot.slot.clone(),
                release: version.to_owned(),
            },
            url: url.ok().flatten(),
            from: None,
            at: snapshot.now,
            actor: origin.actor,
            host: origin.host,
            job: origin.job,
            automatic: false,
            passed: None,
            failed: Vec::new(),
            early: None,
        }
    }

    /// Calls the hooks before something, one after the other, and stops at the first that fails: nothing may be done
    /// then, and false says so.
    pub(super) async fn before(
        &self,
        stage: Stage,
        occasion: &Occasion,
        store: &mut Store,
        snapshot: &mut Snapshot,
    ) -> bool {
        for hook in self.at(stage) {
            if let Err(error) = self.call(hook, stage, occasion) {
                output::talk(format_args!(
                    "nothing was changed: the hook `{}` ({stage}) failed: {error}",
                    hook.name
                ));
                keep(&hook.name, stage, occasion, &error, store, snapshot).await;
                return false;
            }
        }
        true
    }

    /// Calls the hooks after something, all of them. What was done is done: one that fails is told, and recorded.
    pub(super) async fn after(
        &self,
        stage: Stage,
        occasion: &Occasion,
        store: &mut Store,
        snapshot: &mut Snapshot,
    ) {
        let lame = self.lame.iter().filter(|(_, at, _)| at.contains(&stage));
        let mut failed: Vec<_> = lame
            .map(|(name, _, why)| (name.as_str(), why.clone()))
            .collect();
        for hook in self.at(stage) {
            if let Err(error) = self.call(hook, stage, occasion) {
                failed.push((&hook.name, error));
            }
        }
        for (name, error) in failed {
            output::talk(format_args!(
                "the hook `{name}` ({stage}) failed, which changes nothing of what was done: {error}"
            ));
            keep(name, stage, occasion, &error, store, snapshot).await;
        }
    }

    fn at(&self, stage: Stage) -> impl Iterator<Item = &Hook> {
        let hooks = self.called.iter();
        hooks.filter(move |hook| hook.stages.contains(&stage))
    }

    fn call(&self, hook: &Hook, stage: Stage, occasion: &Occasion) -> Result<(), String> {
        if self.global.verbose {
            output::talk(format_args!("calling the hook `{}` ({stage})", hook.name));
        }
        call_hook(hook, stage, occasion, &self.setup.home.folder)
    }
}

/// Writes a failure into the history. It was told; that it cannot be kept as well must not undo what was done.
async fn keep(
    hook: &str,
    stage: Stage,
    occasion: &Occasion,
    error: &str,
    store: &mut Store,
    snapshot: &mut Snapshot,
) {
    let event = Event::HookFailed {
        service: occasion.service.clone(),
        stage: stage.name().to_owned(),
        hook: hook.to_owned(),
        error: error.to_owned(),
    };
    let kept = loop {
        match store.append(snapshot, std::slice::from_ref(&event)).await {
            Err(StoreError::Moved) => match store.load_or_init(&[]).await {
                Ok(read) => *snapshot = read,
                Err(error) => break Err(error),
            },
            appended => break appended,
        }
    };
    if let Err(error) = kept {
        output::talk(format_args!(
            "that it failed could not be recorded: {error}"
        ));
    }
}
