//! Traefik, by a file of its file provider with a weighted service, read back over its API.
//!
//! The rename of the file only begins it: Traefik takes the file up some time later (two seconds by its default), and what it
//! cannot use it drops with a line in its log. So every shift is over when the API shows the weights *and* the note with
//! the epoch, which travels as a middleware that no route uses.
//! (doc.traefik.io/traefik, file provider; weighted round robin)

use std::path::PathBuf;

use serde_json::{Value, json};

use super::api::{arrived, ask};
use super::fence::{Fence, folder_of, replace};
use super::note::Note;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};

/// The header of the middleware that carries the note.
const HEADER: &str = "X-Bgmigrate";

/// Traefik.
#[derive(Clone, Debug)]
pub struct Traefik {
    /// The file, in the folder that the file provider watches; ours alone.
    pub file: PathBuf,
    /// Where its API answers: `http://127.0.0.1:8080`.
    pub api: String,
    /// The weighted service that is written.
    pub service: String,
    /// What it calls the slots' services.
    pub targets: Targets,
}

impl Router for Traefik {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            lossless: true,
            atomic: true,
            weighted: true,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        let mut remarks = vec![Remark::fine(format!(
            "routes have to name the service `{}@file`; Traefik takes a file up after `providersThrottleDuration`, 2 s by \
             default",
            self.service
        ))];
        for (_, target) in self.targets.iter() {
            if let Err(why) = self.is_ready(target, deadline) {
                remarks.push(Remark::wrong(why));
            }
        }
        match self.observe(deadline) {
            Err(why) => remarks.push(Remark::wrong(why)),
            Ok(Reading {
                doubt: Some(doubt), ..
            }) => remarks.push(Remark::wrong(doubt)),
            Ok(_) => {}
        }
        let folder = folder_of(&self.file);
        if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
            remarks.push(Remark::wrong(format!(
                "nothing can be written in {}: {error}; let this user write there",
                folder.display()
            )));
        }
        remarks
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        let weights = self.running(deadline)?.unwrap_or_else(Weights::none);
        let note = self.note(deadline)?;
        let kept = self.written()?;
        let doubt = (kept != note).then(|| {
            let told = |note: &Option<Note>| {
                note.as_ref()
                    .map_or("nothing of ours".to_owned(), ToString::to_string)
            };
            format!(
                "Traefik has not taken {} up: it runs with {}, and the file says {}; its log tells why",
                self.file.display(),
                told(&note),
                told(&kept)
            )
        });
        let ours = note.filter(|note| note.weights().as_ref() == Some(&weights));
        Ok(Reading {
            weights,
            epoch: ours.and_then(|note| note.epoch),
            doubt,
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        let _fence = Fence::around(&self.file, deadline)?;
        let kept = self.written().map_err(Failure::Unmoved)?;
        aim.yields_to(kept.and_then(|note| note.epoch))?;
        let running = self.note(deadline).map_err(Failure::Unmoved)?;
        aim.yields_to(running.and_then(|note| note.epoch))?;
        let text = self.text(aim, deadline).map_err(Failure::Unmoved)?;
        if deadline.left().is_none() {
            return Err(Failure::Unmoved("the time was up".to_owned()));
        }
        replace(&self.file, &text)
            .map_err(|error| Failure::Unmoved(format!("{}: {error}", self.file.display())))
    }

    fn settle(&self, aim: &Aim, deadline: Deadline) -> Result<Reading, Failure> {
        arrived(self, aim, deadline)
    }
}

impl Traefik {
    /// What the API says of something that the file provider brought.
    fn of_file(&self, kind: &str, name: &str, deadline: Deadline) -> Result<Option<Value>, String> {
        let name = match name.split_once('@') {
            Some(_) => name.to_owned(),
            None => format!("{name}@file"),
        };
        let url = format!("{}/api/http/{kind}/{name}", self.api.trim_end_matches('/'));
        ask(&url, deadline)
    }

    /// Whether Traefik knows a slot's service: with weights for one that it does not, it answers 404 to everybody.
    fn is_ready(&self, target: &str, deadline: Deadline) -> Result<(), String> {
        let Some(service) = self.of_file("services", target, deadline)? else {
            return Err(format!(
                "Traefik has no service `{target}`; `targets` in [router] names each slot's service"
            ));
        };
        if service["status"] == "enabled" {
            return Ok(());
        }
        Err(format!(
            "Traefik has switched the service `{target}` off: {}",
            service["error"]
        ))
    }

    /// How the weighted service shares traffic now; `None` before there is one.
    fn running(&self, deadline: Deadline) -> Result<Option<Weights>, String> {
        let Some(service) = self.of_file("services", &self.service, deadline)? else {
            return Ok(None);
        };
        if service["status"] != "enabled" {
            return Err(format!(
                "Traefik has switched the service `{}` off: {}",
                self.service, service["error"]
            ));
        }
        let Some(parts) = service["weighted"]["services"].as_array() else {
            return Err(format!(
                "the service `{}` of Traefik is not a weighted one",
                self.service
            ));
        };
        let parts = parts.iter().map(|part| {
            let name = part["name"].as_str().unwrap_or_default();
            (self.slot_of(name), part["weight"].as_u64().unwrap_or(0))
        });
        Ok(Some(Weights::of_parts(parts)))
    }

    /// The API names the provider of a service also where the file does not.
    fn slot_of(&self, name: &str) -> String {
        let plain = name.strip_suffix("@file").unwrap_or(name);
        let known = self.targets.iter();
        let mut known = known.filter(|(_, target)| {
            *target == name || target.strip_suffix("@file").unwrap_or(target) == plain
        });
        known
            .next()
            .map_or_else(|| format!("`{name}`"), |(slot, _)| slot.to_owned())
    }

    fn note(&self, deadline: Deadline) -> Result<Option<Note>, String> {
        let middleware = self.of_file("middlewares", &self.carrier(), deadline)?;
        let note = middleware.and_then(|middleware| {
            let headers = &middleware["headers"]["customRequestHeaders"];
            headers[HEADER].as_str().map(Note::read)
        });
        Ok(note)
    }

    /// The note in the file.
    fn written(&self) -> Result<Option<Note>, String> {
        let text = match std::fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", self.file.display())),
        };
        // What somebody else wrote there, in YAML say, is nothing of ours.
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let headers = &value["http"]["middlewares"][&self.carrier()]["headers"];
        let note = headers["customRequestHeaders"][HEADER].as_str();
        Ok(note.map(Note::read))
    }

    /// The middleware that carries the note.
    fn carrier(&self) -> String {
        format!("bgmigrate-{}", self.service)
    }

    /// The file for an aim. It is JSON, which is YAML too.
    fn text(&self, aim: &Aim, deadline: Deadline) -> Result<String, String> {
        let mut parts = Vec::new();
        for (slot, _) in aim.weights.iter() {
            let target = self.targets.of_slot(slot);
            self.is_ready(
                target.ok_or_else(|| format!("`{slot}` is no slot"))?,
                deadline,
            )?;
        }
        for (slot, target) in self.targets.iter() {
            parts.push(json!({ "name": target, "weight": aim.weights.share(slot) }));
        }
        let note = Note::of(&aim.weights, aim.epoch).to_string();
        let carrier = json!({ "headers": { "customRequestHeaders": { HEADER: note } } });
        let file = json!({
            "http": {
                "services": { &self.service: { "weighted": { "services": parts } } },
                "middlewares": { self.carrier(): carrier },
            }
        });
        let text = serde_json::to_string_pretty(&file).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }
}
