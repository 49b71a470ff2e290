//! What the two kinds have in common: our note in an annotation, and who else writes the object.

use serde_json::{Value, json};

use super::super::note::Note;
use super::super::{Aim, Deadline, Reading, Weights};
use super::api::{Api, MANAGER};

/// What differs between the objects that traffic can be moved by.
pub(super) trait Carrier {
    /// `service/shop`, as `kubectl` writes it.
    fn title(&self) -> String;

    /// Where the server keeps it.
    fn path(&self, namespace: &str) -> String;

    /// Its group and resource, and its name.
    fn resource(&self) -> ((&'static str, &'static str), &str);

    /// Where its traffic goes.
    ///
    /// # Errors
    /// When it says nothing about our slots.
    fn weights(&self, object: &Value) -> Result<Weights, String>;

    /// The steps of a patch that moves traffic, each after a test that what it replaces is what was read.
    ///
    /// # Errors
    /// When it cannot be moved there.
    fn steps(&self, object: &Value, weights: &Weights) -> Result<Vec<Value>, String>;

    /// By which labels the pods of a slot are chosen; `None` where that is not for labels to say.
    ///
    /// # Errors
    /// When nobody can tell.
    fn pods(
        &self,
        api: &Api,
        object: &Value,
        slot: &str,
        deadline: Deadline,
    ) -> Result<Option<String>, String>;

    /// Whether what is written is what traffic follows.
    ///
    /// # Errors
    /// With what is still missing, or wrong.
    fn followed(&self, object: &Value) -> Result<(), String>;

    /// Whether these fields, as a manager of the object holds them, are those that a shift writes.
    fn drives(&self, fields: &Value) -> bool;

    /// What a person should know of this kind.
    fn nature(&self) -> &'static str;
}

/// The annotation that says what was written last, and by which epoch: `green=100:7`.
const ANNOTATION: &str = "bgmigrate/state";

/// What the annotation says.
pub(super) fn note_of(object: &Value) -> Option<Note> {
    let text = object["metadata"]["annotations"][ANNOTATION].as_str()?;
    Some(Note::read(text))
}

/// What an object tells. The epoch counts for the weights only that it was written with.
pub(super) fn reading(carrier: &dyn Carrier, object: &Value) -> Result<Reading, String> {
    let weights = carrier.weights(object)?;
    let note = note_of(object).filter(|note| note.weights().as_ref() == Some(&weights));
    Ok(Reading {
        weights,
        epoch: note.and_then(|note| note.epoch),
        doubt: None,
    })
}

/// The whole patch: it does nothing unless the note and all that it replaces are as they were read.
pub(super) fn patch(
    carrier: &dyn Carrier,
    object: &Value,
    aim: &Aim,
) -> Result<Vec<Value>, String> {
    let mut steps = carrier.steps(object, &aim.weights)?;
    steps.splice(0..0, annotate(object, &Note::of(&aim.weights, aim.epoch)));
    Ok(steps)
}

fn annotate(object: &Value, note: &Note) -> Vec<Value> {
    let annotations = &object["metadata"]["annotations"];
    // RFC 6901: a `/` in a name is written `~1`.
    let path = format!("/metadata/annotations/{}", ANNOTATION.replace('/', "~1"));
    let mut steps = match annotations.get(ANNOTATION) {
        Some(held) => vec![test(&path, held)],
        // That there is none cannot be tested. Nobody may have touched the object at all.
        None => vec![test(
            "/metadata/resourceVersion",
            &object["metadata"]["resourceVersion"],
        )],
    };
    if annotations.is_null() {
        steps.push(set("/metadata/annotations", json!({})));
    }
    steps.push(set(&path, note.to_string()));
    steps
}

/// The step that fails, and the patch with it, unless this is what is there.
pub(super) fn test(path: &str, value: &Value) -> Value {
    json!({ "op": "test", "path": path, "value": value })
}

/// The step that puts a value there, whether or not there was one.
pub(super) fn set(path: &str, value: impl Into<Value>) -> Value {
    json!({ "op": "add", "path": path, "value": value.into() })
}

/// The others who write what a shift writes, or who apply the whole object again and again.
pub(super) fn other_managers(carrier: &dyn Carrier, object: &Value) -> Vec<String> {
    let managers = object["metadata"]["managedFields"].as_array();
    let mut others: Vec<String> = managers
        .into_iter()
        .flatten()
        .filter(|held| held["operation"] == "Apply" || carrier.drives(&held["fieldsV1"]))
        .filter_map(|held| Some(held["manager"].as_str()?.to_owned()))
        .filter(|manager| manager != MANAGER)
        .collect();
    others.sort();
    others.dedup();
    others
}

/// How many of the pods with these labels are ready.
pub(super) fn ready_pods(api: &Api, labels: &str, deadline: Deadline) -> Result<usize, String> {
    let path = format!(
        "/api/v1/namespaces/{}/pods?labelSelector={}",
        api.namespace,
        encoded(labels)
    );
    let listed = api.read(&path, deadline);
    let listed = listed.map_err(|trouble| format!("the pods with {labels}: {trouble}"))?;
    let pods = listed["items"].as_array();
    let ready = pods.into_iter().flatten().filter(|pod| is_ready(pod));
    Ok(ready.count())
}

fn is_ready(pod: &Value) -> bool {
    let leaves = !pod["metadata"]["deletionTimestamp"].is_null();
    let ready = condition(&pod["status"]["conditions"], "Ready");
    !leaves && ready.is_some_and(|ready| ready["status"] == "True")
}

/// The condition of a type.
pub(super) fn condition<'a>(conditions: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut conditions = conditions.as_array()?.iter();
    conditions.find(|condition| condition["type"] == kind)
}

/// `app=shop,slot=green`, from labels as an object of JSON.
pub(super) fn selection(labels: &serde_json::Map<String, Value>) -> String {
    let labels = labels
        .iter()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    labels.collect::<Vec<_>>().join(",")
}

/// As part of a URL.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                encoded.push(byte.into());
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
