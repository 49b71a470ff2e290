//! Envoy, by a file with its routes (RDS), read back over its admin interface.
//!
//! Envoy takes a file up when another is renamed into its place. That it did is no evidence that it works: a broken file
//! leaves the old routes with a counter raised, and weights for a cluster that does not exist are taken, and answered with
//! 503. So the clusters are asked for before, and the running routes after, whose metadata hold the note with the epoch.
//! (envoyproxy.io/docs, configuration of xDS by files; weighted clusters; admin interface)

use std::path::PathBuf;

use serde_json::{Value, json};

use super::api::{arrived, ask, text};
use super::fence::{Fence, folder_of, replace};
use super::note::Note;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};

/// Envoy.
#[derive(Clone, Debug)]
pub struct Envoy {
    /// The file of its route discovery, as JSON.
    pub rds_file: PathBuf,
    /// Where its admin interface answers: `http://127.0.0.1:9901`.
    pub admin: String,
    /// What it calls the slots' clusters.
    pub targets: Targets,
}

impl Router for Envoy {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            lossless: true,
            atomic: false,
            weighted: true,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        let mut remarks = vec![Remark::fine(
            "the workers of Envoy take new routes up one after the other, within milliseconds",
        )];
        let targets = self.targets.iter().map(|(_, target)| target);
        if let Err(why) = self.are_ready(targets, deadline) {
            remarks.push(Remark::wrong(why));
        }
        match self.observe(deadline) {
            Err(why) => remarks.push(Remark::wrong(why)),
            Ok(Reading {
                doubt: Some(doubt), ..
            }) => remarks.push(Remark::wrong(doubt)),
            Ok(_) => {}
        }
        let folder = folder_of(&self.rds_file);
        if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
            remarks.push(Remark::wrong(format!(
                "nothing can be written in {}: {error}; let this user write there",
                folder.display()
            )));
        }
        remarks
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        let written = self.written()?;
        let (weights, note) = self.told(&self.running(&written, deadline)?)?;
        let doubt = match self.told(&written["resources"]) {
            Ok(kept) if kept == (weights.clone(), note.clone()) => None,
            Ok((kept, by_whom)) => Some(format!(
                "Envoy has not taken {} up: it sends traffic to {weights}{}, and the file says {kept}{}; {}",
                self.rds_file.display(),
                by(note.as_ref()),
                by(by_whom.as_ref()),
                self.counters(deadline)
            )),
            Err(why) => Some(why),
        };
        let ours = note.filter(|note| note.weights().as_ref() == Some(&weights));
        Ok(Reading {
            weights,
            epoch: ours.and_then(|note| note.epoch),
            doubt,
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        let _fence = Fence::around(&self.rds_file, deadline)?;
        let mut routes = self.written().map_err(Failure::Unmoved)?;
        let running = self.running(&routes, deadline).map_err(Failure::Unmoved)?;
        for held in [&routes["resources"], &running] {
            let (_, note) = self.told(held).map_err(Failure::Unmoved)?;
            aim.yields_to(note.and_then(|note| note.epoch))?;
        }
        let text = self.text(&mut routes, aim, deadline);
        let text = text.map_err(Failure::Unmoved)?;
        if deadline.left().is_none() {
            return Err(Failure::Unmoved("the time was up".to_owned()));
        }
        replace(&self.rds_file, &text)
            .map_err(|error| Failure::Unmoved(format!("{}: {error}", self.rds_file.display())))
    }

    fn settle(&self, aim: &Aim, deadline: Deadline) -> Result<Reading, Failure> {
        arrived(self, aim, deadline)
    }
}

impl Envoy {
    fn admin(&self, path: &str) -> String {
        format!("{}{path}", self.admin.trim_end_matches('/'))
    }

    /// The file.
    fn written(&self) -> Result<Value, String> {
        let wrong = |error: &dyn std::fmt::Display| {
            format!(
                "{}: {error}; it has to be Envoy's route discovery as JSON, as docs/routers.md shows",
                self.rds_file.display()
            )
        };
        let text = std::fs::read_to_string(&self.rds_file).map_err(|error| wrong(&error))?;
        serde_json::from_str(&text).map_err(|error| wrong(&error))
    }

    /// The routes that run, of those that the file holds.
    fn running(&self, written: &Value, deadline: Deadline) -> Result<Value, String> {
        let names: Vec<_> = each(&written["resources"])
            .filter_map(|one| one["name"].as_str())
            .collect();
        let url = self.admin("/config_dump?resource=dynamic_route_configs");
        let dump = ask(&url, deadline)?.unwrap_or_default();
        let running: Vec<_> = each(&dump["configs"])
            .map(|config| &config["route_config"])
            .filter(|routes| {
                routes["name"]
                    .as_str()
                    .is_some_and(|name| names.contains(&name))
            })
            .cloned()
            .collect();
        if running.is_empty() {
            return Err(format!(
                "Envoy has none of the routes of {}: does a listener's `rds` name them, and this file?",
                self.rds_file.display()
            ));
        }
        Ok(Value::Array(running))
    }

    /// What routes say: how they share traffic between the slots, and by whose word. All of them have to do so alike.
    fn told(&self, routes: &Value) -> Result<(Weights, Option<Note>), String> {
        let mut found = Vec::new();
        self.visit(routes, &mut |entry| {
            let parts = each(&entry["route"]["weighted_clusters"]["clusters"]).map(|cluster| {
                let name = cluster["name"].as_str().unwrap_or_default();
                let weight = cluster["weight"].as_u64().unwrap_or(0);
                (self.targets.slot_of(name), weight)
            });
            let note = entry["metadata"]["filter_metadata"]["bgmigrate"]["state"].as_str();
            found.push((Weights::of_parts(parts), note.map(Note::read)));
        });
        let first = found.first().cloned().ok_or_else(|| self.no_routes())?;
        match found.iter().find(|other| **other != first) {
            None => Ok(first),
            Some(other) => Err(format!(
                "the routes of Envoy differ: one sends traffic to {}{}, another to {}{}",
                first.0,
                by(first.1.as_ref()),
                other.0,
                by(other.1.as_ref())
            )),
        }
    }

    fn no_routes(&self) -> String {
        let targets: Vec<_> = self.targets.iter().map(|(_, target)| target).collect();
        format!(
            "{} has no route whose `weighted_clusters` are `{}`; docs/routers.md shows one",
            self.rds_file.display(),
            targets.join("` and `")
        )
    }

    /// Looks at each route with weighted clusters in which a slot's is.
    fn visit(&self, value: &Value, look: &mut impl FnMut(&Value)) {
        match value {
            Value::Array(values) => values.iter().for_each(|one| self.visit(one, look)),
            Value::Object(_) if self.is_ours(value) => look(value),
            Value::Object(fields) => fields.values().for_each(|one| self.visit(one, look)),
            _ => {}
        }
    }

    /// Writes each such route anew; with how many there are.
    fn rewrite(&self, value: &mut Value, aim: &Aim) -> usize {
        match value {
            Value::Array(values) => values.iter_mut().map(|one| self.rewrite(one, aim)).sum(),
            Value::Object(_) if self.is_ours(value) => {
                let clusters = self.targets.iter().map(
                    |(slot, target)| json!({ "name": target, "weight": aim.weights.share(slot) }),
                );
                let note = Note::of(&aim.weights, aim.epoch).to_string();
                value["route"]["weighted_clusters"]["clusters"] = clusters.collect();
                value["metadata"]["filter_metadata"]["bgmigrate"] = json!({ "state": note });
                1
            }
            Value::Object(fields) => fields.values_mut().map(|one| self.rewrite(one, aim)).sum(),
            _ => 0,
        }
    }

    fn is_ours(&self, entry: &Value) -> bool {
        let clusters = each(&entry["route"]["weighted_clusters"]["clusters"]);
        let mut names = clusters.filter_map(|one| one["name"].as_str());
        names.any(|name| self.targets.iter().any(|(_, target)| target == name))
    }

    /// Whether Envoy knows these clusters: routes to one that it does not are answered with 503.
    fn are_ready<'a>(
        &self,
        targets: impl Iterator<Item = &'a str>,
        deadline: Deadline,
    ) -> Result<(), String> {
        let known = ask(&self.admin("/clusters?format=json"), deadline)?.unwrap_or_default();
        for target in targets {
            let Some(cluster) = each(&known["cluster_statuses"]).find(|one| one["name"] == target)
            else {
                return Err(format!(
                    "Envoy has no cluster `{target}`; `targets` in [router] names each slot's cluster"
                ));
            };
            if each(&cluster["host_statuses"]).next().is_none() {
                return Err(format!("the cluster `{target}` of Envoy has no host"));
            }
        }
        Ok(())
    }

    /// What Envoy counted of files that it could not use.
    fn counters(&self, deadline: Deadline) -> String {
        let url = self.admin("/stats?filter=%5C.rds%5C..*update_(failure|rejected)");
        match text(&url, deadline) {
            Ok(Some(counters)) => counters.trim().replace('\n', ", "),
            Ok(None) => "it tells no counters".to_owned(),
            Err(why) => why,
        }
    }

    /// The file for an aim: what is not ours in it stays.
    fn text(&self, routes: &mut Value, aim: &Aim, deadline: Deadline) -> Result<String, String> {
        let shares = aim.weights.iter();
        let wanted: Result<Vec<_>, _> = shares
            .map(|(slot, _)| {
                let target = self.targets.of_slot(slot);
                target.ok_or_else(|| format!("`{slot}` is no slot"))
            })
            .collect();
        self.are_ready(wanted?.into_iter(), deadline)?;
        if self.rewrite(&mut routes["resources"], aim) == 0 {
            return Err(self.no_routes());
        }
        // For people alone: Envoy passes over a file in which nothing but the version is new.
        routes["version_info"] = Note::of(&aim.weights, aim.epoch).to_string().into();
        let text = serde_json::to_string_pretty(&routes).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }
}

/// By whose word.
fn by(note: Option<&Note>) -> String {
    note.and_then(|note| note.epoch)
        .map_or(" (written by hand)".to_owned(), |epoch| {
            format!(" (epoch {epoch})")
        })
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
