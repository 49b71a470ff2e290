//! A model of kube-apiserver, as far as the driver and these tests ask it: objects in memory, changed by JSON Patch.
//!
//! It stands in for a real one in the default tests. That it answers as a real one does is shown by `conversation`, which is held
//! with both. What it does not know, it answers with status 501, and no test expects that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// Who asks, where it is not the administrator.
    pub(crate) user: Option<String>,
    pub(crate) kind: String,
    pub(crate) body: Value,
}

/// What is answered: a status, and a body.
pub(crate) type Answer = (u16, Value);

/// A field, as the way that leads to it.
type Field = Vec<String>;

/// All that a server keeps.
#[derive(Default)]
pub(crate) struct Model {
    objects: BTreeMap<String, Value>,
    /// Of each object, who wrote which fields last.
    owners: BTreeMap<String, BTreeMap<String, BTreeSet<Field>>>,
    version: u64,
}

impl Model {
    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        let may = request.user.is_none();
        let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        match request.method.as_str() {
            "POST" if request.path == reviews => (201, json!({ "status": { "allowed": may } })),
            _ if !may => failure(403, "Forbidden"),
            "POST" => self.create(request),
            "GET" if request.query.contains_key("labelSelector") => self.list(request),
            "GET" => match self.objects.get(&request.path) {
                Some(object) => (200, object.clone()),
                None => failure(404, "NotFound"),
            },
            "PATCH" => self.patch(request),
            "DELETE" => self.delete(request),
            _ => failure(501, "the model knows no such request"),
        }
    }

    fn create(&mut self, request: &Request) -> Answer {
        let mut object = request.body.clone();
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("{}/{name}", request.path);
        if self.objects.contains_key(&path) {
            return failure(409, "AlreadyExists");
        }
        filled(&mut object);
        if let Err(refused) = valid(&object) {
            return refused;
        }
        if object["kind"] == "HTTPRoute" {
            object["metadata"]["generation"] = json!(1);
        }
        self.keep(&path, &Value::Null, object, manager(request));
        (201, self.objects[&path].clone())
    }

    fn list(&self, request: &Request) -> Answer {
        let wanted: Vec<(&str, &str)> = request.query["labelSelector"]
            .split(',')
            .filter_map(|label| label.split_once('='))
            .collect();
        let below = format!("{}/", request.path);
        let fits = |object: &Value| {
            let labels = &object["metadata"]["labels"];
            wanted.iter().all(|(key, value)| labels[key] == *value)
        };
        let items = self.objects.iter();
        let items: Vec<_> = items
            .filter(|(path, object)| path.starts_with(&below) && fits(object))
            .map(|(_, object)| object.clone())
            .collect();
        (200, json!({ "items": items }))
    }

    fn patch(&mut self, request: &Request) -> Answer {
        let (path, part) = match request.path.strip_suffix("/status") {
            Some(path) => (path, "status"),
            None => (request.path.as_str(), "spec"),
        };
        let Some(before) = self.objects.get(path).cloned() else {
            return failure(404, "NotFound");
        };
        let changed = match request.kind.as_str() {
            "application/json-patch+json" => changed(&before, &request.body),
            "application/merge-patch+json" if part == "status" => {
                let mut object = before.clone();
                object["status"] = request.body["status"].clone();
                Some(object)
            }
            _ => return failure(501, "the model knows no such patch"),
        };
        let Some(mut object) = changed else {
            return failure(422, "Invalid");
        };
        if let Err(refused) = valid(&object) {
            return refused;
        }
        if object["kind"] == "HTTPRoute" && object["spec"] != before["spec"] {
            let generation = before["metadata"]["generation"]
                .as_u64()
                .unwrap_or_default();
            object["metadata"]["generation"] = json!(generation + 1);
        }
        if request.query.contains_key("dryRun") || object == before {
            return (200, object);
        }
        self.keep(path, &before, object, manager(request));
        (200, self.objects[path].clone())
    }

    fn delete(&mut self, request: &Request) -> Answer {
        let gone = self.objects.remove(&request.path);
        let below = format!("{}/", request.path);
        self.objects.retain(|path, _| !path.starts_with(&below));
        match gone {
            Some(object) => (200, object),
            None => failure(404, "NotFound"),
        }
    }

    fn keep(&mut self, path: &str, before: &Value, mut object: Value, manager: &str) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let (old, new) = (owned(before), owned(&object));
        let written = new
            .iter()
            .filter(|(field, value)| old.get(*field) != Some(value));
        let written: BTreeSet<Field> = written.map(|(field, _)| field.clone()).collect();
        let owners = self.owners.entry(path.to_owned()).or_default();
        for fields in owners.values_mut() {
            fields.retain(|field| new.contains_key(field) && !written.contains(field));
        }
        owners
            .entry(manager.to_owned())
            .or_default()
            .extend(written);
        owners.retain(|_, fields| !fields.is_empty());
        let held = owners.iter().map(|(manager, fields)| {
            json!({ "manager": manager, "operation": "Update", "fieldsV1": nested(fields) })
        });
        object["metadata"]["managedFields"] = held.collect();
        self.objects.insert(path.to_owned(), object);
    }
}

fn manager(request: &Request) -> &str {
    let named = request.query.get("fieldManager");
    named.map_or("unknown", String::as_str)
}

/// The answer to what was not done.
fn failure(status: u16, reason: &str) -> Answer {
    let message = format!("the model says {reason}");
    (
        status,
        json!({ "kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": message }),
    )
}

/// What the definition of `HTTPRoute` fills in.
fn filled(object: &mut Value) {
    let rules = object["spec"]["rules"].as_array_mut();
    for rule in rules.into_iter().flatten() {
        let backends = rule["backendRefs"].as_array_mut();
        for backend in backends.into_iter().flatten() {
            if backend["weight"].is_null() {
                backend["weight"] = json!(1);
            }
        }
    }
}

/// What a server refuses whoever sends it.
fn valid(object: &Value) -> Result<(), Answer> {
    let values = object["spec"]["selector"].as_object();
    let label = |value: &Value| {
        let text = value.as_str().unwrap_or("/");
        text.len() <= 63
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if !values.is_none_or(|values| values.values().all(label)) {
        return Err(failure(422, "Invalid"));
    }
    let rules = object["spec"]["rules"].as_array();
    let backends = rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule["backendRefs"].as_array());
    let weighs = |backend: &Value| {
        backend["weight"]
            .as_u64()
            .is_some_and(|weight| weight <= 1_000_000)
    };
    if !backends.flatten().all(weighs) {
        return Err(failure(422, "Invalid"));
    }
    Ok(())
}

/// The object after a JSON Patch; `None` when one of its steps fails.
fn changed(before: &Value, steps: &Value) -> Option<Value> {
    let mut object = before.clone();
    for step in steps.as_array()? {
        let path = step["path"].as_str()?;
        let value = &step["value"];
        match step["op"].as_str()? {
            "test" => (object.pointer(path)? == value).then_some(())?,
            "replace" => *object.pointer_mut(path)? = value.clone(),
            "add" => {
                let (parent, key) = path.rsplit_once('/')?;
                let key = key.replace("~1", "/").replace("~0", "~");
                let parent = object.pointer_mut(parent)?.as_object_mut()?;
                parent.insert(key, value.clone());
            }
            _ => return None,
        }
    }
    Some(object)
}

/// The fields whose owners are kept here: labels of a selector, rules of a route, and annotations.
fn owned(object: &Value) -> BTreeMap<Field, Value> {
    let mut fields = BTreeMap::new();
    for way in [["spec", "selector"], ["metadata", "annotations"]] {
        let each = object[way[0]][way[1]].as_object();
        for (key, value) in each.into_iter().flatten() {
            let field = [way[0], way[1], key].map(|part| format!("f:{part}"));
            fields.insert(field.to_vec(), value.clone());
        }
    }
    if !object["spec"]["rules"].is_null() {
        let field = ["f:spec", "f:rules"].map(str::to_owned);
        fields.insert(field.to_vec(), object["spec"]["rules"].clone());
    }
    fields
}

/// Fields as `fieldsV1` has them.
fn nested(fields: &BTreeSet<Field>) -> Value {
    let mut tree = Map::new();
    for field in fields {
        let mut here = &mut tree;
        for part in field {
            let below = here.entry(part.clone()).or_insert_with(|| json!({}));
            let Some(below) = below.as_object_mut() else {
                break;
            };
            here = below;
        }
    }
    Value::Object(tree)
}
