//! A conversation with an API server, recorded from a real one, that the model has to hold as well.
//!
//! `recorded.json` is what kube-apiserver 1.20.2 answered; `scripts/kubernetes record` writes it anew.

use std::path::Path;

use serde_json::{Value, json};

use super::model::Answer;
use super::world::{JSON, JSON_PATCH, MERGE_PATCH, World, pod, readiness, service};

/// What is asked, with `{ns}` for the namespace and `{version}` for the last version that was seen.
struct Turn {
    user: Option<&'static str>,
    method: &'static str,
    path: String,
    kind: &'static str,
    body: Value,
}

const SERVICE: &str = "/api/v1/namespaces/{ns}/services/shop";
const NOTE: &str = "/metadata/annotations/bgmigrate~1state";

#[test]
fn the_model_of_an_api_server_answers_as_the_recorded_one_did() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/routers/kubernetes/recorded.json");
    let world = World::empty();
    let held: Vec<Value> = turns()
        .iter()
        .scan(String::new(), |version, turn| {
            Some(take(&world, turn, version))
        })
        .collect();
    if std::env::var("BGMIGRATE_KUBERNETES").is_ok_and(|how| how == "record") {
        let text = serde_json::to_string_pretty(&held)
            .unwrap()
            .replace(&world.namespace, "{ns}");
        std::fs::write(&path, text + "\n").unwrap();
    }
    let recorded: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(
        held.len(),
        recorded.len(),
        "the recording is of another conversation"
    );
    for (held, recorded) in held.iter().zip(&recorded) {
        assert_eq!(
            held["asked"], recorded["asked"],
            "the recording is of another conversation"
        );
        assert_eq!(
            essence(&held["answer"]),
            essence(&recorded["answer"]),
            "to {}",
            held["asked"]
        );
    }
}

fn turns() -> Vec<Turn> {
    let mut turns = vec![
        post(
            "/api/v1/namespaces/{ns}/services",
            service("shop", &json!({ "app": "shop", "slot": "blue" })),
        ),
        get(SERVICE),
        get("/api/v1/namespaces/{ns}/services/other"),
    ];
    // Our first write finds no note; whoever wrote in between makes it fail.
    let first = |version: &str| {
        json!([
            { "op": "test", "path": "/metadata/resourceVersion", "value": version },
            { "op": "add", "path": "/metadata/annotations", "value": {} },
            { "op": "add", "path": NOTE, "value": "green=100:1" },
            { "op": "test", "path": "/spec/selector/slot", "value": "blue" },
            { "op": "add", "path": "/spec/selector/slot", "value": "green" },
        ])
    };
    turns.push(patch(SERVICE, first("{version}")));
    turns.push(patch(SERVICE, first("1")));
    let next = |held: &str, from: &str, note: &str, to: &str| {
        json!([
            { "op": "test", "path": NOTE, "value": held },
            { "op": "add", "path": NOTE, "value": note },
            { "op": "test", "path": "/spec/selector/slot", "value": from },
            { "op": "add", "path": "/spec/selector/slot", "value": to },
        ])
    };
    for body in [
        next("green=100:1", "green", "blue=100:2", "blue"),
        // The same again, which finds another note.
        next("green=100:1", "green", "blue=100:2", "blue"),
        // Another selector than was read.
        next("blue=100:2", "green", "green=100:3", "green"),
        // No label may be written so.
        next("blue=100:2", "blue", "green=100:3", "not a label!"),
        // Nothing changes.
        next("blue=100:2", "blue", "blue=100:2", "blue"),
    ] {
        turns.push(patch(SERVICE, body));
        turns.push(get(SERVICE));
    }
    let rehearsed = next("blue=100:2", "blue", "green=100:3", "green");
    turns.push(Turn {
        path: format!("{SERVICE}?dryRun=All&fieldManager=bgmigrate"),
        ..patch(SERVICE, rehearsed)
    });
    turns.push(get(SERVICE));
    // By hand, and back.
    let by_hand = json!([{ "op": "replace", "path": "/spec/selector/slot", "value": "green" }]);
    turns.push(Turn {
        path: format!("{SERVICE}?fieldManager=kubectl-edit"),
        ..patch(SERVICE, by_hand)
    });
    turns.push(patch(
        SERVICE,
        next("blue=100:2", "green", "blue=100:3", "blue"),
    ));
    for slot in ["blue", "green"] {
        let name = format!("shop-{slot}");
        turns.push(post(
            "/api/v1/namespaces/{ns}/pods",
            pod(&name, &json!({ "app": "shop", "slot": slot })),
        ));
    }
    turns.push(Turn {
        path: "/api/v1/namespaces/{ns}/pods/shop-green/status?fieldManager=kubelet".to_owned(),
        kind: MERGE_PATCH,
        ..patch("", readiness("True"))
    });
    for slot in ["blue", "green", "purple"] {
        turns.push(get(&format!(
            "/api/v1/namespaces/{{ns}}/pods?labelSelector=app%3Dshop%2Cslot%3D{slot}"
        )));
    }
    for user in [None, Some("bgmigrate-test-nobody")] {
        turns.push(Turn {
            user,
            ..review("patch", "services", "shop")
        });
        turns.push(Turn {
            user,
            ..review("list", "pods", "")
        });
        turns.push(Turn {
            user,
            ..get(SERVICE)
        });
        turns.push(Turn {
            user,
            ..patch(SERVICE, next("blue=100:3", "blue", "green=100:4", "green"))
        });
    }
    turns
}

fn get(path: &str) -> Turn {
    Turn {
        user: None,
        method: "GET",
        path: path.to_owned(),
        kind: JSON,
        body: Value::Null,
    }
}

fn post(path: &str, body: Value) -> Turn {
    let path = format!("{path}?fieldManager=kubectl-create");
    Turn {
        user: None,
        method: "POST",
        path,
        kind: JSON,
        body,
    }
}

fn patch(path: &str, body: Value) -> Turn {
    let path = format!("{path}?fieldManager=bgmigrate");
    Turn {
        user: None,
        method: "PATCH",
        path,
        kind: JSON_PATCH,
        body,
    }
}

fn review(verb: &str, resource: &str, name: &str) -> Turn {
    let asked = json!({ "namespace": "{ns}", "verb": verb, "group": "", "resource": resource, "name": name });
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": { "resourceAttributes": asked },
    });
    Turn {
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned(),
        ..post("", body)
    }
}

/// One turn, as it is recorded.
fn take(world: &World, turn: &Turn, version: &mut String) -> Value {
    let path = turn.path.replace("{ns}", &world.namespace);
    let body = turn.body.to_string();
    let body = body
        .replace("{ns}", &world.namespace)
        .replace("{version}", version);
    let body = serde_json::from_str(&body).unwrap();
    let (status, answer): Answer = world.ask(turn.user, turn.method, &path, turn.kind, &body);
    if let Some(seen) = answer["metadata"]["resourceVersion"].as_str() {
        seen.clone_into(version);
    }
    json!({
        "asked": { "as": turn.user, "method": turn.method, "path": turn.path, "type": turn.kind, "body": turn.body },
        "answer": { "status": status, "body": answer },
    })
}

/// What of an answer the driver looks at: the rest differs from run to run, and from server to server.
fn essence(answer: &Value) -> Value {
    let body = &answer["body"];
    let failed = body["kind"] == "Status";
    let conditions = |pod: &Value| {
        let conditions = pod["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        conditions
            .iter()
            .map(|one| json!([one["type"], one["status"]]))
            .collect::<Value>()
    };
    json!({
        "status": answer["status"],
        "reason": if failed { body["reason"].clone() } else { Value::Null },
        "name": if failed { Value::Null } else { body["metadata"]["name"].clone() },
        "annotations": body["metadata"]["annotations"],
        "selector": body["spec"]["selector"],
        "rules": body["spec"]["rules"],
        "generation": body["metadata"]["generation"],
        "allowed": body["status"]["allowed"],
        "items": body["items"].as_array().map(|items| {
            items.iter().map(|pod| json!([pod["metadata"]["name"], conditions(pod)])).collect::<Value>()
        }),
        "managers": managers(&body["metadata"]["managedFields"]),
    })
}

/// Who holds which of the fields that a shift writes.
fn managers(managed: &Value) -> Vec<Value> {
    let mut managers = Vec::new();
    for held in managed.as_array().into_iter().flatten() {
        let fields = &held["fieldsV1"];
        let selector = &fields["f:spec"]["f:selector"];
        let whole = selector.as_object().is_some_and(serde_json::Map::is_empty);
        for (what, holds) in [
            ("slot", whole || !selector["f:slot"].is_null()),
            ("rules", !fields["f:spec"]["f:rules"].is_null()),
            (
                "note",
                !fields["f:metadata"]["f:annotations"]["f:bgmigrate/state"].is_null(),
            ),
        ] {
            if holds {
                managers.push(json!([held["manager"], held["operation"], what]));
            }
        }
    }
    managers.sort_by_key(Value::to_string);
    managers
}
