//! What goes wrong between the driver and an API server.

use std::time::Duration;

use bgmigrate::router::{Aim, Deadline, Failure, Kubernetes, Router};
use serde_json::{Value, json};

use super::server::Fault;
use super::world::{JSON, JSON_PATCH, World, is_real};
use crate::contract::drive;

const SLOTS: [&str; 2] = ["blue", "green"];

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

fn seen(driver: &Kubernetes) -> (String, Option<u64>) {
    let reading = driver.observe(soon()).unwrap();
    (reading.weights.to_string(), reading.epoch)
}

fn wrongs(driver: &Kubernetes) -> Vec<String> {
    let remarks = driver.check(soon()).into_iter();
    remarks
        .filter(|remark| remark.wrong)
        .map(|remark| remark.text)
        .collect()
}

/// The model with something in the way; `None` before a real server, in whose way nothing can be put.
fn in_the_way(fault: Fault) -> Option<(World, Kubernetes)> {
    let world = World::with_service();
    let driver = world.service_driver(None, SLOTS);
    drive(&driver, &Aim::at("blue", 1)).unwrap();
    *world.model.as_ref()?.fault.lock().unwrap() = fault;
    Some((world, driver))
}

#[test]
fn an_answer_that_is_lost_is_neither_done_nor_refused() {
    for (fault, then) in [
        (Fault::LostAnswer, ("green", Some(2))),
        (Fault::Storage, ("blue", Some(1))),
        (Fault::Silence, ("blue", Some(1))),
    ] {
        let Some((_world, driver)) = in_the_way(fault) else {
            return;
        };
        let moved = driver.shift(
            &Aim::at("green", 2),
            Deadline::within(Duration::from_secs(1)),
        );
        assert!(
            matches!(moved, Err(Failure::Unknown(_))),
            "{fault:?}: {moved:?}"
        );
        assert_eq!(seen(&driver), (then.0.to_owned(), then.1), "{fault:?}");
    }
}

#[test]
fn whoever_comes_between_reading_and_writing_is_seen() {
    let aim = Aim::at("green", 5);
    let Some((_world, driver)) = in_the_way(Fault::Overtaken("blue=100:4")) else {
        return;
    };
    assert_eq!(
        driver.shift(&aim, soon()),
        Ok(()),
        "an older note is no reason to give up"
    );
    assert_eq!(seen(&driver), ("green".to_owned(), Some(5)));
    let Some((_world, driver)) = in_the_way(Fault::Overtaken("blue=100:6")) else {
        return;
    };
    assert_eq!(
        driver.shift(&aim, soon()),
        Err(Failure::Stale { epoch: 5, held: 6 })
    );
    assert_eq!(seen(&driver), ("blue".to_owned(), Some(6)));
}

#[test]
fn what_the_server_refuses_for_its_own_reasons_is_not_taken_for_a_race() {
    let Some((_world, driver)) = in_the_way(Fault::Denied) else {
        return;
    };
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(
        matches!(&moved, Err(Failure::Unmoved(why)) if why.contains("\"freeze\" denied")),
        "{moved:?}"
    );
    let told = wrongs(&driver);
    assert!(
        told.iter()
            .any(|why| why.contains("moving service/shop to green would fail")),
        "{told:?}"
    );
    assert_eq!(seen(&driver), ("blue".to_owned(), Some(1)));
}

#[test]
fn a_word_that_no_label_may_have_moves_nothing() {
    let world = World::with_service();
    let driver = world.service_driver(None, ["blue", "not a label!"]);
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(matches!(moved, Err(Failure::Unmoved(_))), "{moved:?}");
    assert_eq!(seen(&driver), ("blue".to_owned(), None));
}

#[test]
fn a_change_by_hand_has_no_epoch_and_its_author_is_named() {
    let world = World::with_service();
    let driver = world.service_driver(None, SLOTS);
    drive(&driver, &Aim::at("green", 2)).unwrap();
    let by_hand = json!([{ "op": "replace", "path": "/spec/selector/slot", "value": "blue" }]);
    world.change(
        &format!("{}/shop", world.all("services")),
        JSON_PATCH,
        &by_hand,
    );
    assert_eq!(seen(&driver), ("blue".to_owned(), None));
    let named = driver.check(soon()).iter().any(|remark| {
        remark
            .text
            .starts_with("`kubectl-edit` writes service/shop")
    });
    assert!(named);
    // Once it is settled, the field is ours again.
    drive(&driver, &Aim::at("green", 3)).unwrap();
    let named = driver
        .check(soon())
        .iter()
        .any(|remark| remark.text.contains("kubectl-edit"));
    assert!(!named);
}

#[test]
fn a_slot_without_a_ready_pod_gets_no_traffic() {
    let world = World::with_service();
    let driver = world.service_driver(None, SLOTS);
    let other = world.service_driver(None, ["blue", "violet"]);
    world.set_ready("shop-green", false);
    for driver in [driver, other] {
        let moved = driver.shift(&Aim::at("green", 2), soon());
        assert!(
            matches!(&moved, Err(Failure::Unmoved(why)) if why.contains("slot green: no pod with app=shop,slot=")),
            "{moved:?}"
        );
        assert_eq!(seen(&driver), ("blue".to_owned(), None));
        assert!(
            wrongs(&driver)
                .iter()
                .any(|why| why.contains("slot green: no pod"))
        );
    }
}

#[test]
fn whoever_may_not_is_told_what_is_missing() {
    let world = World::with_service();
    let driver = world.service_driver(Some("bgmigrate-test-nobody"), SLOTS);
    let wrongs = wrongs(&driver);
    for (wrong, verb) in wrongs
        .iter()
        .zip(["get services", "patch services", "list pods"])
    {
        assert!(
            wrong.contains(&format!("the server does not let us {verb}")),
            "{wrong}"
        );
    }
    assert_eq!(wrongs.len(), 3, "{wrongs:?}");
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(
        matches!(&moved, Err(Failure::Unmoved(why)) if why.contains("403")),
        "{moved:?}"
    );
}

#[test]
fn a_service_that_is_not_there_or_leads_elsewhere_is_told() {
    let world = World::with_service();
    let mut driver = world.service_driver(None, SLOTS);
    driver.targets = world.service_driver(None, ["azure", "green"]).targets;
    assert_eq!(seen(&driver), ("`blue`".to_owned(), None));
    assert!(
        wrongs(&driver)
            .iter()
            .any(|why| why.contains("sends traffic to `blue`, which is no slot"))
    );
    driver.access.namespace = Some("bgmigrate-test-nowhere".to_owned());
    let why = driver.observe(soon()).unwrap_err();
    assert!(
        why.contains("there is no service/shop in the namespace `bgmigrate-test-nowhere`"),
        "{why}"
    );
}

#[test]
fn a_server_that_is_not_there_moves_nothing_and_tells_nothing() {
    let world = World::with_service();
    let mut driver = world.service_driver(None, SLOTS);
    let nowhere = tempfile::NamedTempFile::new().unwrap();
    let mut config: Value =
        serde_json::from_str(&std::fs::read_to_string(world.kubeconfig(None)).unwrap()).unwrap();
    config["clusters"][0]["cluster"]["server"] = json!("http://127.0.0.1:1");
    std::fs::write(nowhere.path(), config.to_string()).unwrap();
    driver.access.kubeconfig = Some(nowhere.path().to_owned());
    let why = driver.observe(soon()).unwrap_err();
    assert!(why.contains("the API server does not answer"), "{why}");
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(matches!(moved, Err(Failure::Unmoved(_))), "{moved:?}");
    driver.access.context = Some("elsewhere".to_owned());
    let why = driver.observe(soon()).unwrap_err();
    assert!(why.contains("elsewhere"), "{why}");
}

/// The model has no roles, so that this one says nothing before it.
#[test]
#[ignore = "needs a real API server: scripts/kubernetes test"]
fn the_role_in_the_documentation_is_enough_before_a_real_api_server() {
    assert!(is_real(), "BGMIGRATE_KUBERNETES=real, and KUBECONFIG");
    let world = World::with_service();
    let user = "bgmigrate-test-deployer";
    let docs = include_str!("../../../docs/routers.md");
    let role = docs
        .split("```yaml")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let mut role: Value = serde_saphyr::from_str(role.unwrap()).unwrap();
    role["metadata"]["namespace"] = json!(world.namespace);
    let of = |plural: &str| {
        format!(
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/{plural}",
            world.namespace
        )
    };
    world.make(&of("roles"), &role);
    world.make(
        &of("rolebindings"),
        &json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": { "name": "bgmigrate" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role["metadata"]["name"] },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
        }),
    );
    let driver = world.service_driver(Some(user), SLOTS);
    // The server takes up a role when its own watch tells it so.
    let begun = std::time::Instant::now();
    while !wrongs(&driver).is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{:?}",
            wrongs(&driver)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    drive(&driver, &Aim::at("green", 2)).unwrap();
    let path = format!("{}/shop", world.all("services"));
    let (status, _) = world.ask(Some(user), "DELETE", &path, JSON, &Value::Null);
    assert_eq!(status, 403, "and for nothing else");
}
