//! An Application Load Balancer, by the weights of a listener's default action or a rule's.
//!
//! There is no conditional write, and no place inside an action for an epoch. So a tag beside it says what is written, and by
//! which epoch, and is written first: who may not write it moves nothing, an attempt that comes late and looks finds it, and
//! an epoch counts for the weights only that its tag tells. But the tag is a call of its own, and no fence: between the last look and
//! the write anything may happen, which is why a take-over waits until no attempt can come any more.
//! (docs.aws.amazon.com/elasticloadbalancing, API reference 2015-12-01)

use super::super::note::Note;
use super::super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets};
use super::call::{Api, Form, Service};
use super::forward::{self, Action};
use super::trouble::Trouble;
use super::{Environment, open, xml};
use crate::config::{AlbAction, AwsAccess};

const VERSION: &str = "2015-12-01";

/// The tag that says what was written last, and by which epoch: `blue=95 green=5:7`.
const TAG: &str = "bgmigrate/state";

/// An Application Load Balancer.
#[derive(Clone, Debug)]
pub struct AwsAlb {
    /// What is written.
    pub action: AlbAction,
    /// Who asks, and where.
    pub access: AwsAccess,
    /// What the credentials are looked for in.
    pub environment: Environment,
    /// The target groups of the slots, by ARN.
    pub targets: Targets,
}

/// What was read.
struct Held {
    actions: Vec<Action>,
    note: Option<Note>,
}

impl Router for AwsAlb {
    fn promises(&self) -> Promises {
        Promises {
            fenced: false,
            // Both are for the nodes of the load balancer to say.
            lossless: false,
            atomic: false,
            weighted: true,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        let mut remarks = vec![Remark::fine(
            "the nodes of the load balancer follow within seconds, and nothing in its API says when the last one has. AWS \
             rehearses nothing: whether we may write shows when we do",
        )];
        match self.open(deadline) {
            Ok(api) => remarks.extend(self.look(&api, deadline)),
            Err(why) => remarks.push(Remark::wrong(why)),
        }
        remarks
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        let held = self.read(&self.open(deadline)?, deadline)?;
        let weights = forward::weights(&held.actions, &self.targets);
        let weights = weights.map_err(|why| self.told(why))?;
        let note = held
            .note
            .filter(|note| note.weights().as_ref() == Some(&weights));
        Ok(Reading {
            weights,
            epoch: note.and_then(|note| note.epoch),
            doubt: None,
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        let api = self.open(deadline).map_err(Failure::Unmoved)?;
        let held = self.read(&api, deadline).map_err(Failure::Unmoved)?;
        aim.yields_to(held.note.as_ref().and_then(|note| note.epoch))?;
        forward::drivable(&held.actions, &self.targets)
            .map_err(|why| Failure::Unmoved(self.told(why)))?;
        for (slot, _) in aim.weights.iter() {
            self.serves(&api, slot, deadline)
                .map_err(Failure::Unmoved)?;
        }
        let note = Note::of(&aim.weights, aim.epoch);
        match self.tag(&api, &note, deadline) {
            Err(trouble) if trouble.is_refusal() => {
                return Err(Failure::Unmoved(self.told(trouble)));
            }
            // Nothing was moved, but the tag may tell of it: whoever takes over writes both anew.
            Err(trouble) => return Err(Failure::Unknown(self.told(trouble))),
            Ok(()) => {}
        }
        match self.modify(&api, &held, aim, deadline) {
            Ok(()) => Ok(()),
            Err(trouble) if trouble.is_refusal() => {
                Err(self.take_back(&api, &held, &trouble, deadline))
            }
            Err(trouble) => Err(Failure::Unknown(self.told(trouble))),
        }
    }
}

impl AwsAlb {
    fn open(&self, deadline: Deadline) -> Result<Api, String> {
        open(
            Service::LoadBalancing,
            &self.access,
            &self.environment,
            deadline,
        )
    }

    fn arn(&self) -> &str {
        match &self.action {
            AlbAction::Listener(arn) | AlbAction::Rule(arn) => arn,
        }
    }

    /// With the thing that it is about.
    fn told(&self, why: impl std::fmt::Display) -> String {
        let kind = match self.action {
            AlbAction::Listener(_) => "listener",
            AlbAction::Rule(_) => "rule",
        };
        format!("the {kind} {}: {why}", self.arn())
    }

    /// The actions, and then the tag: what is written meanwhile makes the two differ, and never agree.
    fn read(&self, api: &Api, deadline: Deadline) -> Result<Held, String> {
        let actions = self.actions(api, deadline)?;
        let mut form = Form::of("DescribeTags", VERSION);
        form.add("ResourceArns.member.1", self.arn());
        let answer = api.call(&form, deadline);
        let answer = answer.map_err(|trouble| self.told(format_args!("its tags: {trouble}")))?;
        let document = xml::document(&answer)?;
        let note = document
            .descendants()
            .filter(|node| node.tag_name().name() == "member")
            .find(|node| xml::text(*node, "Key") == Some(TAG))
            .and_then(|tag| xml::text(tag, "Value"));
        Ok(Held {
            actions,
            note: note.map(|text| Note::read(&text.replace(' ', ","))),
        })
    }

    fn actions(&self, api: &Api, deadline: Deadline) -> Result<Vec<Action>, String> {
        let (action, parameter, list) = match self.action {
            AlbAction::Listener(_) => (
                "DescribeListeners",
                "ListenerArns.member.1",
                "DefaultActions",
            ),
            AlbAction::Rule(_) => ("DescribeRules", "RuleArns.member.1", "Actions"),
        };
        let mut form = Form::of(action, VERSION);
        form.add(parameter, self.arn());
        let answer = api
            .call(&form, deadline)
            .map_err(|trouble| self.told(trouble))?;
        let document = xml::document(&answer)?;
        let list =
            xml::find(&document, list).ok_or_else(|| self.told("AWS tells no actions of it"))?;
        Ok(xml::elements(list).map(Action::read).collect())
    }

    fn tag(&self, api: &Api, note: &Note, deadline: Deadline) -> Result<(), Trouble> {
        let mut form = Form::of("AddTags", VERSION);
        form.add("ResourceArns.member.1", self.arn());
        form.add("Tags.member.1.Key", TAG);
        // A tag may hold no comma.
        form.add("Tags.member.1.Value", &note.to_string().replace(',', " "));
        api.call(&form, deadline).map(|_| ())
    }

    fn modify(&self, api: &Api, held: &Held, aim: &Aim, deadline: Deadline) -> Result<(), Trouble> {
        let (action, parameter, list) = match self.action {
            AlbAction::Listener(_) => ("ModifyListener", "ListenerArn", "DefaultActions"),
            AlbAction::Rule(_) => ("ModifyRule", "RuleArn", "Actions"),
        };
        let mut form = Form::of(action, VERSION);
        form.add(parameter, self.arn());
        forward::write(
            &held.actions,
            (&self.targets, &aim.weights),
            list,
            &mut form,
        );
        api.call(&form, deadline).map(|_| ())
    }

    /// Nothing was moved, so the tag has to say again what it said: otherwise the weights would be nobody's.
    fn take_back(&self, api: &Api, held: &Held, why: &Trouble, deadline: Deadline) -> Failure {
        let told = self.told(why);
        let before = held.note.clone().unwrap_or_else(|| Note {
            said: "by hand".to_owned(),
            epoch: None,
        });
        Failure::Unmoved(match self.tag(api, &before, deadline) {
            Ok(()) => told,
            Err(trouble) => format!(
                "{told}. And its tag `{TAG}` tells of this attempt still ({trouble}): bgmigrate router enforce sets it right"
            ),
        })
    }

    /// Refuses a slot whose target group has no healthy target: all its requests would fail.
    fn serves(&self, api: &Api, slot: &str, deadline: Deadline) -> Result<(), String> {
        let group = self.targets.of_slot(slot);
        let group = group.ok_or_else(|| format!("`{slot}` is no slot"))?;
        let told =
            |why: &dyn std::fmt::Display| format!("slot {slot}: the target group {group}: {why}");
        let mut form = Form::of("DescribeTargetHealth", VERSION);
        form.add("TargetGroupArn", group);
        let answer = api.call(&form, deadline);
        let answer = answer.map_err(|trouble| told(&trouble))?;
        let document = xml::document(&answer)?;
        let states: Vec<_> = document
            .descendants()
            .filter(|node| node.tag_name().name() == "TargetHealth")
            .map(|health| (xml::text(health, "State"), xml::text(health, "Reason")))
            .collect();
        let is_served = states.iter().any(|state| {
            matches!(
                state,
                (Some("healthy"), _) | (Some("unavailable"), Some("Target.HealthCheckDisabled"))
            )
        });
        if is_served {
            return Ok(());
        }
        let all: Vec<_> = states.iter().filter_map(|(state, _)| *state).collect();
        Err(told(&match all.as_slice() {
            [] => "it has no target".to_owned(),
            all if all.contains(&"unused") => {
                "no listener uses it, so that nobody checks its targets; bgmigrate router enforce brings the target groups of \
                 all slots into the action, with no traffic for this one"
                    .to_owned()
            }
            all => format!("no target is healthy, but {}", all.join(", ")),
        }))
    }

    /// All that a shift would need.
    fn look(&self, api: &Api, deadline: Deadline) -> Vec<Remark> {
        let held = match self.read(api, deadline) {
            Ok(held) => held,
            Err(why) => return vec![Remark::wrong(why)],
        };
        let mut remarks = Vec::new();
        if let Err(why) = forward::drivable(&held.actions, &self.targets) {
            remarks.push(Remark::wrong(self.told(why)));
        }
        for (slot, group) in self.targets.iter() {
            if let Err(why) = self.serves(api, slot, deadline) {
                remarks.push(Remark::wrong(why));
            }
            match Self::deregistration_delay(api, group, deadline) {
                Ok(Some(delay)) => remarks.push(Remark::fine(format!(
                    "slot {slot}: targets that are deregistered get {delay} s to end what they do (deregistration_delay): \
                     allow for that when the slot is taken down"
                ))),
                Ok(None) => {}
                Err(trouble) => remarks.push(Remark::wrong(format!(
                    "slot {slot}: the attributes of the target group {group}: {trouble}"
                ))),
            }
        }
        remarks
    }

    fn deregistration_delay(
        api: &Api,
        group: &str,
        deadline: Deadline,
    ) -> Result<Option<String>, Trouble> {
        let mut form = Form::of("DescribeTargetGroupAttributes", VERSION);
        form.add("TargetGroupArn", group);
        let answer = api.call(&form, deadline)?;
        let document = xml::document(&answer).map_err(Trouble::Lost)?;
        let mut attributes = document.descendants();
        let delay = attributes
            .find(|node| xml::text(*node, "Key") == Some("deregistration_delay.timeout_seconds"));
        Ok(delay
            .and_then(|delay| xml::text(delay, "Value"))
            .map(str::to_owned))
    }
}
