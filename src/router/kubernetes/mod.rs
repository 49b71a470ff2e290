//! Kubernetes, by the selector of a Service or the weights of an `HTTPRoute`.
//!
//! Both are changed by a JSON Patch, which the server does as a whole or not at all: it tests that our note and what is
//! replaced are what was read, and sets both. So an attempt that comes late finds another note, and is refused.
//! (RFC 6902; kubernetes.io/docs/reference/using-api/api-concepts, patch)

mod api;
mod object;
mod service;

use std::time::Duration;

use api::{Api, Trouble};
use object::{Carrier, note_of, other_managers, patch, reading, ready_pods};
use serde_json::Value;
use service::Service;

use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};
use crate::config::{Access, Object};

/// How often an attempt is made anew after somebody else changed the object meanwhile.
const TRIES: usize = 8;

/// How long it is between two looks at whether traffic follows.
const PAUSE: Duration = Duration::from_millis(100);

/// An object of a cluster that says where traffic goes.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    /// The cluster.
    pub access: Access,
    /// The object.
    pub object: Object,
    /// What it calls the slots: values of the label, or names of Services.
    pub targets: Targets,
}

impl Router for Kubernetes {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            // Both are for the nodes, or the gateway, to say.
            lossless: false,
            atomic: false,
            weighted: false,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        apart(|| {
            let mut remarks = vec![Remark::fine(self.carrier().nature())];
            match Api::open(&self.access) {
                Ok(api) => remarks.extend(self.look(&api, deadline)),
                Err(why) => remarks.push(Remark::wrong(why)),
            }
            remarks
        })
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        apart(|| {
            let api = Api::open(&self.access)?;
            reading(&*self.carrier(), &self.read(&api, deadline)?)
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        apart(|| {
            let api = Api::open(&self.access).map_err(Failure::Unmoved)?;
            let mut object = self.read(&api, deadline).map_err(Failure::Unmoved)?;
            for (slot, _) in aim.weights.iter() {
                self.serves(&api, &object, slot, deadline)
                    .map_err(Failure::Unmoved)?;
            }
            for _ in 0..TRIES {
                let refused = match self.attempt(&api, &object, aim, deadline)? {
                    Ok(()) => return Ok(()),
                    Err(refused) => refused,
                };
                let fresh = self.read(&api, deadline).map_err(Failure::Unmoved)?;
                aim.yields_to(note_of(&fresh).and_then(|note| note.epoch))?;
                // The server does not say which step it refused. If all that was tested is as it was, it was none of those.
                let carrier = self.carrier();
                if patch(&*carrier, &fresh, aim) == patch(&*carrier, &object, aim) {
                    return Err(Failure::Unmoved(refused.to_string()));
                }
                object = fresh;
            }
            Err(Failure::Unmoved(format!(
                "somebody else changed {} each of the {TRIES} times that this was tried",
                self.carrier().title()
            )))
        })
    }

    fn settle(&self, aim: &Aim, deadline: Deadline) -> Result<Reading, Failure> {
        apart(|| {
            let api = Api::open(&self.access).map_err(Failure::Unknown)?;
            loop {
                let carrier = self.carrier();
                let object = self.read(&api, deadline).map_err(Failure::Unknown)?;
                let reading = reading(&*carrier, &object).map_err(Failure::Unknown)?;
                reading.is(aim).map_err(Failure::Unknown)?;
                match (carrier.followed(&object), deadline.left()) {
                    (Ok(()), _) => return Ok(reading),
                    (Err(why), None) => return Err(Failure::Unknown(why)),
                    (Err(_), Some(left)) => std::thread::sleep(PAUSE.min(left)),
                }
            }
        })
    }
}

impl Kubernetes {
    fn carrier(&self) -> Box<dyn Carrier + '_> {
        let targets = &self.targets;
        match &self.object {
            Object::Service { name, label } => Box::new(Service {
                name,
                label,
                targets,
            }),
        }
    }

    fn read(&self, api: &Api, deadline: Deadline) -> Result<Value, String> {
        let carrier = self.carrier();
        let read = api.read(&carrier.path(&api.namespace), deadline);
        read.map_err(|trouble| match trouble {
            Trouble::Refused { status: 404, .. } => format!(
                "there is no {} in the namespace `{}`; `object`, `namespace` and `context` in [router] say where to look: {trouble}",
                carrier.title(),
                api.namespace
            ),
            trouble => format!("{}: {trouble}", carrier.title()),
        })
    }

    /// Sends the patch; the refusal where the object may have been another one than was read.
    fn attempt(
        &self,
        api: &Api,
        object: &Value,
        aim: &Aim,
        deadline: Deadline,
    ) -> Result<Result<(), Trouble>, Failure> {
        aim.yields_to(note_of(object).and_then(|note| note.epoch))?;
        let carrier = self.carrier();
        let steps = patch(&*carrier, object, aim).map_err(Failure::Unmoved)?;
        match api.patch(&carrier.path(&api.namespace), &steps, deadline) {
            Ok(_) => Ok(Ok(())),
            Err(trouble) if trouble.is_conflict() => Ok(Err(trouble)),
            Err(trouble) if trouble.is_refusal() => Err(Failure::Unmoved(trouble.to_string())),
            Err(trouble) => Err(Failure::Unknown(trouble.to_string())),
        }
    }

    /// Refuses a slot without a pod that is ready: all its requests would fail.
    fn serves(
        &self,
        api: &Api,
        object: &Value,
        slot: &str,
        deadline: Deadline,
    ) -> Result<(), String> {
        if self.targets.of_slot(slot).is_none() {
            return Err(format!("`{slot}` is no slot"));
        }
        let Some(labels) = self.carrier().pods(api, object, slot, deadline)? else {
            return Ok(());
        };
        match ready_pods(api, &labels, deadline)? {
            0 => Err(format!(
                "slot {slot}: no pod with {labels} is ready in the namespace `{}`",
                api.namespace
            )),
            _ => Ok(()),
        }
    }

    /// All that a shift would need.
    fn look(&self, api: &Api, deadline: Deadline) -> Vec<Remark> {
        let forbidden = self.forbidden(api, deadline);
        if !forbidden.is_empty() {
            return forbidden;
        }
        let object = match self.read(api, deadline) {
            Ok(object) => object,
            Err(why) => return vec![Remark::wrong(why)],
        };
        let carrier = self.carrier();
        let mut wrong: Vec<String> = Vec::new();
        wrong.extend(self.unknown(&object).err());
        wrong.extend(carrier.followed(&object).err());
        for (slot, _) in self.targets.iter() {
            wrong.extend(self.serves(api, &object, slot, deadline).err());
            wrong.extend(self.rehearse(api, &object, slot, deadline).err());
        }
        let others = other_managers(&*carrier, &object).into_iter().map(|manager| {
            Remark::fine(format!(
                "`{manager}` writes {} too, and may put back what it knows of; let it leave alone what bgmigrate writes",
                carrier.title()
            ))
        });
        wrong.into_iter().map(Remark::wrong).chain(others).collect()
    }

    /// What of our work the server would not let us do.
    fn forbidden(&self, api: &Api, deadline: Deadline) -> Vec<Remark> {
        let carrier = self.carrier();
        let (resource, name) = carrier.resource();
        let needs = [
            ("get", resource, name),
            ("patch", resource, name),
            ("list", ("", "pods"), ""),
        ];
        let mut remarks = Vec::new();
        for (verb, resource, name) in needs {
            let what = format!("{verb} {} in the namespace `{}`", resource.1, api.namespace);
            match api.may(verb, resource, name, deadline) {
                Ok(true) => {}
                Ok(false) => remarks.push(Remark::wrong(format!(
                    "the server does not let us {what}; docs/routers.md has the role that does"
                ))),
                Err(trouble) => {
                    remarks.push(Remark::wrong(format!("whether we may {what}: {trouble}")));
                    break;
                }
            }
        }
        remarks
    }

    /// Refuses an object that sends traffic where no slot is.
    fn unknown(&self, object: &Value) -> Result<(), String> {
        let weights = self.carrier().weights(object)?;
        let known = |slot: &str| self.targets.of_slot(slot).is_some();
        match weights.iter().find(|(slot, _)| !known(slot)) {
            None => Ok(()),
            Some((other, _)) => Err(format!(
                "{} sends traffic to {other}, which is no slot; `targets` in [router] says what it calls each slot",
                self.carrier().title()
            )),
        }
    }

    /// Has the server look at a shift without doing it: schema, quotas and admission webhooks would refuse it now.
    fn rehearse(
        &self,
        api: &Api,
        object: &Value,
        slot: &str,
        deadline: Deadline,
    ) -> Result<(), String> {
        let carrier = self.carrier();
        let held = note_of(object).and_then(|note| note.epoch);
        let aim = Aim {
            weights: Weights::all(slot),
            epoch: held.unwrap_or_default(),
        };
        let steps = patch(&*carrier, object, &aim)?;
        let answer = api.rehearse(&carrier.path(&api.namespace), &steps, deadline);
        let told = |trouble| format!("moving {} to {slot} would fail: {trouble}", carrier.title());
        answer.map(|_| ()).map_err(told)
    }
}

/// Runs on a thread of its own: whoever calls may run on an event loop already, and one may not wait inside another.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let done = scope.spawn(work).join();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
