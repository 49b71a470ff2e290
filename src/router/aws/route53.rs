//! Route 53, by the weights of record sets, with a record beside them that carries the epoch.
//!
//! A batch of changes is done as a whole or not at all, and to delete a record set takes all of it as it is. So each shift
//! deletes what was read and creates what shall be, the marker included: an attempt that comes late finds another marker, and
//! nothing of it is done. (docs.aws.amazon.com/Route53, API reference 2013-04-01, `ChangeResourceRecordSets`)

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use super::super::note::Note;
use super::super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};
use super::call::{Api, Service, encoded};
use super::records::{Record, escaped, normal, page};
use super::trouble::Trouble;
use super::{Environment, open, xml};
use crate::config::AwsAccess;

/// How often a batch is made anew after somebody else changed the records meanwhile.
const TRIES: usize = 8;

/// How long it is between two looks at a change. An account has five requests a second.
const PAUSE: Duration = Duration::from_secs(1);

/// How long an answer may take that was asked for at the last moment.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// How long resolvers keep the marker, in seconds. Nobody asks them for it.
const MARKER_TTL_S: u32 = 60;

/// Weighted record sets of a hosted zone.
#[derive(Debug)]
pub struct AwsRoute53 {
    /// The hosted zone, by its id.
    pub zone: String,
    /// The name of the records.
    pub name: String,
    /// Their type; without it, all types that this name has for a slot.
    pub kind: Option<String>,
    /// Who asks, and where.
    pub access: AwsAccess,
    /// What the credentials are looked for in.
    pub environment: Environment,
    /// What tells the slots' records apart: their set identifiers.
    pub targets: Targets,
    /// The change that an epoch made, to ask how far it is.
    pub change: Mutex<Option<(u64, String)>>,
}

/// What was read.
#[derive(PartialEq, Eq)]
struct Held {
    records: Vec<Record>,
    marker: Option<Record>,
}

impl Held {
    fn note(&self) -> Option<Note> {
        let text = self.marker.as_ref()?.value.as_deref()?;
        Some(Note::read(text.trim_matches('"')))
    }
}

impl Router for AwsRoute53 {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            // Resolvers and clients move when they ask again.
            lossless: false,
            atomic: false,
            weighted: true,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        match self.open(deadline) {
            Ok(api) => self.look(&api, deadline),
            Err(why) => vec![Remark::wrong(why)],
        }
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        self.reading(&self.open(deadline)?, deadline)
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        let api = self.open(deadline).map_err(Failure::Unmoved)?;
        let mut held = self.read(&api, deadline).map_err(Failure::Unmoved)?;
        for _ in 0..TRIES {
            aim.yields_to(held.note().and_then(|note| note.epoch))?;
            let batch = self.batch(&held, aim).map_err(Failure::Unmoved)?;
            let path = format!("{}/rrset", self.path());
            let refused = match api.post(&path, &batch, deadline) {
                Ok(answer) => {
                    self.keep(aim.epoch, &answer);
                    return Ok(());
                }
                Err(trouble) if !trouble.is_refusal() => {
                    return Err(Failure::Unknown(self.told(trouble)));
                }
                Err(trouble) if !trouble.has_code(&["InvalidChangeBatch"]) => {
                    return Err(Failure::Unmoved(self.told(trouble)));
                }
                Err(trouble) => trouble,
            };
            let fresh = self.read(&api, deadline).map_err(Failure::Unmoved)?;
            aim.yields_to(fresh.note().and_then(|note| note.epoch))?;
            // If all is as it was, it was not refused because somebody else was first.
            if fresh == held {
                return Err(Failure::Unmoved(self.told(refused)));
            }
            held = fresh;
        }
        Err(Failure::Unmoved(self.told(format_args!(
            "somebody else changed them each of the {TRIES} times that this was tried"
        ))))
    }

    /// Waits until every name server of Route 53 has it. What resolvers keep, they keep for as long as the records' TTL after that.
    fn settle(&self, aim: &Aim, deadline: Deadline) -> Result<Reading, Failure> {
        let api = self.open(deadline).map_err(Failure::Unknown)?;
        let known = self.change.lock().map_or(None, |change| change.clone());
        let Some((_, change)) = known.filter(|(epoch, _)| *epoch == aim.epoch) else {
            return Err(Failure::Unknown(self.told(
                "Route 53 did not say which change it is, so nobody can ask it how far the change is",
            )));
        };
        while let Some(left) = deadline.left() {
            // A look that fails is no reason to give up.
            if let Ok(true) = is_everywhere(&api, &change, deadline) {
                let last = Deadline::within(left.max(LAST_ANSWER));
                let reading = self.reading(&api, last).map_err(Failure::Unknown)?;
                reading.is(aim).map_err(Failure::Unknown)?;
                return Ok(reading);
            }
            std::thread::sleep(PAUSE.min(left));
        }
        Err(Failure::Unknown(self.told(format_args!(
            "Route 53 has taken the change {change}, and was still bringing it to its name servers when the time was up; \
             `settle_timeout` in [router] says how long to wait"
        ))))
    }
}

impl AwsRoute53 {
    fn open(&self, deadline: Deadline) -> Result<Api, String> {
        open(Service::Route53, &self.access, &self.environment, deadline)
    }

    fn path(&self) -> String {
        let zone = self.zone.trim_start_matches("/hostedzone/");
        format!("/2013-04-01/hostedzone/{}", encoded(zone))
    }

    fn marker(&self) -> String {
        format!("_bgmigrate.{}.", self.name.trim_end_matches('.'))
    }

    /// With the thing that it is about.
    fn told(&self, why: impl std::fmt::Display) -> String {
        format!(
            "the records of {} in the zone {}: {why}",
            self.name, self.zone
        )
    }

    fn reading(&self, api: &Api, deadline: Deadline) -> Result<Reading, String> {
        let held = self.read(api, deadline)?;
        let weights = self.weights(&held.records)?;
        let note = held
            .note()
            .filter(|note| note.weights().as_ref() == Some(&weights));
        Ok(Reading {
            weights,
            epoch: note.and_then(|note| note.epoch),
            doubt: None,
        })
    }

    /// The records, and then the marker: what is written meanwhile makes the two differ, and a batch is refused then.
    fn read(&self, api: &Api, deadline: Deadline) -> Result<Held, String> {
        let mut records = self.list(api, &self.name, None, deadline)?;
        records.retain(|record| {
            self.kind.as_ref().is_none_or(|kind| *kind == record.kind) && record.weight.is_some()
        });
        let marker = self.list(api, &self.marker(), Some("TXT"), deadline)?;
        let marker = marker.into_iter().find(|record| record.kind == "TXT");
        Ok(Held { records, marker })
    }

    /// All record sets of a name, page by page.
    fn list(
        &self,
        api: &Api,
        name: &str,
        kind: Option<&str>,
        deadline: Deadline,
    ) -> Result<Vec<Record>, String> {
        let wanted = normal(name);
        let mut query = format!("name={}", encoded(&wanted));
        if let Some(kind) = kind {
            query.push_str(&format!("&type={kind}"));
        }
        let mut all = Vec::new();
        loop {
            let path = format!("{}/rrset?{query}", self.path());
            let answer = api.read(&path, deadline);
            let answer = answer.map_err(|trouble| self.told(trouble))?;
            let (records, next) = page(&answer)?;
            all.extend(records.into_iter().filter(|record| record.name == wanted));
            match next.filter(|next| normal(&next.name) == wanted) {
                None => return Ok(all),
                Some(next) => {
                    query = format!("name={}&type={}", encoded(&next.name), encoded(&next.kind));
                    if let Some(identifier) = next.identifier {
                        query.push_str(&format!("&identifier={}", encoded(&identifier)));
                    }
                }
            }
        }
    }

    /// The types of record that share traffic.
    fn kinds(records: &[Record]) -> BTreeSet<&str> {
        records.iter().map(|record| record.kind.as_str()).collect()
    }

    /// How they share traffic. All types of them have to do so alike.
    fn weights(&self, records: &[Record]) -> Result<Weights, String> {
        let mut found: Option<(&str, Weights)> = None;
        for kind in Self::kinds(records) {
            let parts = records
                .iter()
                .filter(|record| record.kind == kind)
                .map(|record| {
                    let identifier = record.identifier.as_deref().unwrap_or_default();
                    (self.targets.slot_of(identifier), record.weight.unwrap_or(0))
                });
            let weights = Weights::of_parts(parts);
            match &found {
                Some((first, others)) if *others != weights => {
                    return Err(self.told(format_args!(
                        "those of type {first} lead to {others}, those of type {kind} to {weights}; bgmigrate router enforce \
                         makes them alike"
                    )));
                }
                _ => found = Some((kind, weights)),
            }
        }
        found.map(|(_, weights)| weights).ok_or_else(|| {
            self.told("none has a weight; each slot needs one, with the set identifier that `targets` in [router] names")
        })
    }

    /// Whether a shift would leave nothing out: one record for each slot and type, and none besides.
    fn complete(&self, records: &[Record]) -> Result<(), String> {
        self.targets.iter().next().ok_or("there are no slots")?;
        let kinds = Self::kinds(records);
        if kinds.is_empty() {
            self.weights(records)?;
        }
        for record in records {
            let identifier = record.identifier.as_deref().unwrap_or_default();
            if !self.targets.iter().any(|(_, ours)| ours == identifier) {
                return Err(self.told(format_args!(
                    "there is a weighted {} `{identifier}`, which is no slot's; `targets` in [router] names each slot's",
                    record.kind
                )));
            }
        }
        for kind in kinds {
            for (slot, identifier) in self.targets.iter() {
                let is_there = records.iter().any(|record| {
                    record.kind == kind && record.identifier.as_deref() == Some(identifier)
                });
                if !is_there {
                    return Err(self.told(format_args!(
                        "slot {slot} has no weighted {kind} with the set identifier `{identifier}`"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The changes from what was read to what shall be.
    fn batch(&self, held: &Held, aim: &Aim) -> Result<String, String> {
        self.complete(&held.records)?;
        if let Some((other, _)) = aim
            .weights
            .iter()
            .find(|(slot, _)| self.targets.of_slot(slot).is_none())
        {
            return Err(format!("`{other}` is no slot"));
        }
        let mut changes = String::new();
        let mut change = |action: &str, record: &str| {
            changes.push_str(&format!(
                "<Change><Action>{action}</Action>{record}</Change>"
            ));
        };
        for (slot, identifier) in self.targets.iter() {
            // Weights go to 255, so that a per cent is one.
            let weight = aim.weights.share(slot);
            let of_slot = held
                .records
                .iter()
                .filter(|record| record.identifier.as_deref() == Some(identifier));
            for record in of_slot.filter(|record| record.weight != Some(weight.into())) {
                change("DELETE", record.source());
                change("CREATE", &record.weighing(weight));
            }
        }
        if let Some(marker) = &held.marker {
            change("DELETE", marker.source());
        }
        let note = Note::of(&aim.weights, aim.epoch);
        change(
            "CREATE",
            &format!(
                "<ResourceRecordSet><Name>{}</Name><Type>TXT</Type><TTL>{MARKER_TTL_S}</TTL><ResourceRecords><ResourceRecord>\
                 <Value>\"{}\"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>",
                escaped(&self.marker()),
                escaped(&note.to_string())
            ),
        );
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>\
             <Comment>bgmigrate {}</Comment><Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
            escaped(&note.to_string())
        ))
    }

    /// Keeps which change it was.
    fn keep(&self, epoch: u64, answer: &str) {
        let document = xml::document(answer).ok();
        let id = document.as_ref().and_then(|document| {
            let info = xml::find(document, "ChangeInfo")?;
            Some(
                xml::text(info, "Id")?
                    .trim_start_matches("/change/")
                    .to_owned(),
            )
        });
        if let (Some(id), Ok(mut change)) = (id, self.change.lock()) {
            *change = Some((epoch, id));
        }
    }

    /// All that a shift would need.
    fn look(&self, api: &Api, deadline: Deadline) -> Vec<Remark> {
        let held = match self.read(api, deadline) {
            Ok(held) => held,
            Err(why) => return vec![Remark::wrong(why)],
        };
        let ttl_s = held.records.iter().filter_map(|record| record.ttl_s).max();
        let kept = ttl_s.map_or("60 s or what their alias says".to_owned(), |ttl_s| {
            format!("{ttl_s} s")
        });
        let mut remarks = vec![Remark::fine(format!(
            "a name is moved, not a request: resolvers may answer as before for {kept} after Route 53 has the change everywhere, and \
             clients may keep what they were told for longer. AWS rehearses nothing: whether we may write shows when we do"
        ))];
        if held.records.iter().any(|record| record.is_checked) {
            remarks.push(Remark::fine(
                "these records are checked for health: when none that gets traffic is well, Route 53 answers with one whose \
                 weight is 0",
            ));
        }
        let wrong = [
            self.complete(&held.records).err(),
            self.weights(&held.records).err(),
        ];
        let mut wrong: Vec<_> = wrong.into_iter().flatten().collect();
        wrong.dedup();
        remarks.extend(wrong.into_iter().map(Remark::wrong));
        remarks
    }
}

/// Whether all name servers have a change.
fn is_everywhere(api: &Api, change: &str, deadline: Deadline) -> Result<bool, Trouble> {
    let answer = api.read(&format!("/2013-04-01/change/{}", encoded(change)), deadline)?;
    let document = xml::document(&answer).map_err(Trouble::Lost)?;
    let info = xml::find(&document, "ChangeInfo");
    Ok(info.and_then(|info| xml::text(info, "Status")) == Some("INSYNC"))
}
