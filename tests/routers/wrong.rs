//! What goes wrong with each router without its saying so, and how the driver notices.

use std::fs;
use std::time::Duration;

use bgmigrate::router::{Aim, Deadline, Failure, Router};

use crate::contract::drive;
use crate::rigs;

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

/// Waits until something holds, as a reload ends when it likes.
fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_reload_of_haproxy_keeps_what_was_told_at_run_time() {
    for rig in [rigs::haproxy_map(), rigs::haproxy_weights()] {
        let driver = (rig.driver)();
        drive(&*driver, &Aim::at("green", 2)).unwrap();
        (rig.reload.as_ref().unwrap())();
        // The old process answers until the new one is there; both have to say green.
        let address = rig.address.as_deref().unwrap();
        for _ in 0..100 {
            assert_eq!(
                crate::load::ask_once(address).as_deref(),
                Ok("green"),
                "{}",
                rig.name
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        until("HAProxy answers", || driver.observe(soon()).is_ok());
        let reading = driver.observe(soon()).unwrap();
        assert_eq!(
            (
                reading.weights.to_string().as_str(),
                reading.epoch,
                reading.doubt
            ),
            ("green", Some(2), None),
            "{}",
            rig.name
        );
    }
}

#[test]
fn a_map_file_that_somebody_put_back_is_a_doubt() {
    let rig = rigs::haproxy_map();
    let driver = (rig.driver)();
    drive(&*driver, &Aim::at("green", 2)).unwrap();
    fs::write(rig.home.path().join("live.map"), "app be_blue:1\n").unwrap();
    let doubt = driver.observe(soon()).unwrap().doubt.unwrap();
    assert!(
        doubt.contains("a reload of HAProxy would bring something else"),
        "{doubt}"
    );
    let settled = driver.settle(&Aim::at("green", 2), soon());
    assert!(matches!(settled, Err(Failure::Unknown(_))), "{settled:?}");
}

#[test]
fn other_entries_of_a_map_stay() {
    let rig = rigs::haproxy_map();
    drive(&*(rig.driver)(), &Aim::at("green", 2)).unwrap();
    let kept = fs::read_to_string(rig.home.path().join("live.map")).unwrap();
    assert_eq!(kept, "# what is live\nother be_blue\napp be_green:2\n");
}

#[test]
fn haproxy_without_that_map_or_without_an_answer_is_no_empty_one() {
    let rig = rigs::haproxy_map();
    let at = rig.home.path();
    let mut driver = bgmigrate::router::Haproxy {
        socket: at.join("admin.sock").display().to_string(),
        map: at.join("other.map"),
        key: "app".to_owned(),
        shared: None,
        targets: bgmigrate::router::Targets::default(),
    };
    let why = driver.observe(soon()).unwrap_err();
    assert!(why.contains("HAProxy uses no map"), "{why}");
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(matches!(moved, Err(Failure::Unmoved(_))), "{moved:?}");
    driver.socket = at.join("gone.sock").display().to_string();
    let why = driver.observe(soon()).unwrap_err();
    assert!(why.contains("does not answer"), "{why}");
    let wrong = driver.check(soon()).iter().any(|remark| remark.wrong);
    assert!(wrong);
}

#[test]
fn weights_that_somebody_sets_by_hand_have_no_epoch() {
    let rig = rigs::haproxy_weights();
    let driver = (rig.driver)();
    drive(&*driver, &Aim::at("green", 2)).unwrap();
    let socket = rig.home.path().join("admin.sock");
    let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
    std::io::Write::write_all(
        &mut stream,
        b"set server app/blue weight 100; set server app/green weight 0\n",
    )
    .unwrap();
    std::io::Read::read_to_end(&mut stream, &mut Vec::new()).unwrap();
    let reading = driver.observe(soon()).unwrap();
    assert_eq!(
        (reading.weights.to_string().as_str(), reading.epoch),
        ("blue", None)
    );
    assert!(
        reading
            .doubt
            .is_some_and(|doubt| doubt.contains("other weights"))
    );
}

#[test]
fn a_reload_of_nginx_that_ends_well_and_does_nothing_is_seen() {
    let rig = rigs::nginx();
    let driver = (rig.driver)();
    // Only the master meets a port that is taken: `nginx -t` and `nginx -s reload` both end with 0.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let config = rig.home.path().join("nginx.conf");
    let text = fs::read_to_string(&config).unwrap();
    let other = format!("server {{ listen 127.0.0.1:{port}; }}\n  include live.conf;");
    fs::write(&config, text.replace("include live.conf;", &other)).unwrap();
    let aim = Aim::at("green", 2);
    match driver.shift(&aim, soon()) {
        // nginx -t binds as well where it may.
        Err(Failure::Unmoved(why)) => assert!(why.contains("ended with"), "{why}"),
        shifted => {
            assert_eq!(shifted, Ok(()));
            let settled = driver.settle(&aim, Deadline::within(Duration::from_millis(500)));
            assert!(matches!(settled, Err(Failure::Unknown(_))), "{settled:?}");
            let doubt = driver.observe(soon()).unwrap().doubt.unwrap();
            assert!(
                doubt.contains("a reload of nginx would bring something else"),
                "{doubt}"
            );
        }
    }
    assert_eq!(
        crate::load::ask_once(rig.address.as_deref().unwrap()).as_deref(),
        Ok("blue")
    );
}

#[test]
fn a_configuration_that_nginx_refuses_is_put_back() {
    let rig = rigs::nginx();
    let driver = (rig.driver)();
    let config = rig.home.path().join("nginx.conf");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        text.replace("include live.conf;", "include live.conf; nonsense;"),
    )
    .unwrap();
    let before = fs::read_to_string(rig.home.path().join("live.conf")).unwrap();
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(
        matches!(&moved, Err(Failure::Unmoved(why)) if why.contains("nonsense")),
        "{moved:?}"
    );
    assert_eq!(
        fs::read_to_string(rig.home.path().join("live.conf")).unwrap(),
        before
    );
}

#[test]
fn traffic_is_not_sent_where_nobody_answers() {
    let rig = rigs::caddy();
    let slots = ["blue", "green"].map(str::to_owned);
    let words = [("green".to_owned(), "127.0.0.1:1".to_owned())].into();
    let driver = bgmigrate::router::Caddy::at(
        rig.home.path().join("live"),
        bgmigrate::router::Targets::of(&slots, &words),
    );
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(
        matches!(&moved, Err(Failure::Unmoved(why)) if why.contains("nobody answers")),
        "{moved:?}"
    );
    assert_eq!(
        crate::load::ask_once(rig.address.as_deref().unwrap()).as_deref(),
        Ok("blue")
    );
}

#[test]
fn a_command_that_says_nothing_sensible_is_no_answer() {
    for (observe, words) in [
        ("echo green", "has to print"),
        ("exit 4", "ended with"),
        (
            "echo '{\"slot\":\"green\",\"weights\":{\"blue\":1}}'",
            "one of the two",
        ),
    ] {
        let shell = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
        let driver = bgmigrate::router::Commands {
            folder: std::path::PathBuf::new(),
            service: "app".to_owned(),
            apply: shell("true"),
            observe: shell(observe),
            check: None,
        };
        let why = driver.observe(soon()).unwrap_err();
        assert!(why.contains(words), "{why}");
        let moved = driver.shift(&Aim::at("green", 2), soon());
        assert!(matches!(moved, Err(Failure::Unmoved(_))), "{moved:?}");
    }
}

#[test]
fn what_an_apply_command_says_by_its_status_decides_what_may_follow() {
    let shell = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
    for (apply, unmoved) in [
        ("exit 3", true),
        ("exit 1", false),
        ("sleep 30", false),
        ("/nonexistent/program", false),
    ] {
        let driver = bgmigrate::router::Commands {
            folder: std::path::PathBuf::new(),
            service: "app".to_owned(),
            apply: shell(apply),
            observe: shell("echo '{}'"),
            check: None,
        };
        let moved = driver.shift(
            &Aim::at("green", 2),
            Deadline::within(Duration::from_secs(1)),
        );
        assert_eq!(
            matches!(moved, Err(Failure::Unmoved(_))),
            unmoved,
            "{apply}: {moved:?}"
        );
        assert!(moved.is_err());
    }
}

#[test]
fn envoy_is_given_no_weights_for_a_cluster_that_it_does_not_have() {
    let rig = rigs::envoy_calling(["be_blue", "green"]);
    let driver = (rig.driver)();
    let moved = driver.shift(&Aim::at("green", 2), soon());
    let Err(Failure::Unmoved(why)) = moved else {
        panic!("{moved:?}");
    };
    assert!(why.contains("Envoy has no cluster `green`"), "{why}");
    assert_eq!(driver.observe(soon()).unwrap().weights.to_string(), "blue");
}

#[test]
fn routes_that_envoy_cannot_use_are_a_doubt_with_its_counters() {
    let rig = rigs::envoy();
    let driver = (rig.driver)();
    let file = rig.home.path().join("live.json");
    let broken = rigs::envoy_routes("green=100:2", r#"{"name": "be_green", "weight": "many"}"#);
    replace(&file, &broken);
    // It is not the file that counts.
    until("Envoy has read it", || {
        let doubt = driver.observe(soon()).unwrap().doubt.unwrap_or_default();
        doubt.contains("update_failure: 1") || doubt.contains("update_rejected: 1")
    });
    let reading = driver.observe(soon()).unwrap();
    assert_eq!(reading.weights.to_string(), "blue");
    let settled = driver.settle(
        &Aim::at("green", 2),
        Deadline::within(Duration::from_millis(200)),
    );
    assert!(matches!(settled, Err(Failure::Unknown(_))), "{settled:?}");
}

#[test]
fn what_else_is_in_the_routes_of_envoy_stays() {
    let rig = rigs::envoy();
    drive(&*(rig.driver)(), &Aim::at("green", 2)).unwrap();
    let text = fs::read_to_string(rig.home.path().join("live.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    let route = &kept["resources"][0];
    assert_eq!(
        route["request_headers_to_add"][0]["header"]["key"],
        "x-kept"
    );
    assert_eq!(
        route["virtual_hosts"][0]["routes"][0]["route"]["timeout"],
        "30s"
    );
    assert_eq!(kept["version_info"], "green=100:2");
}

#[test]
fn routes_of_envoy_that_somebody_wrote_have_no_epoch() {
    let rig = rigs::envoy();
    let driver = (rig.driver)();
    let by_hand = rigs::envoy_routes("mine", r#"{"name": "be_green", "weight": 1}"#);
    replace(&rig.home.path().join("live.json"), &by_hand);
    until("Envoy has read it", || {
        driver.observe(soon()).unwrap().weights.to_string() == "green"
    });
    assert_eq!(driver.observe(soon()).unwrap().epoch, None);
    // The note alone is no evidence either: with other weights it is not what was written.
    let kept_note = rigs::envoy_routes("blue=100:9", r#"{"name": "be_green", "weight": 1}"#);
    replace(&rig.home.path().join("live.json"), &kept_note);
    until("Envoy has read it", || {
        driver.observe(soon()).unwrap().doubt.is_none()
    });
    assert_eq!(driver.observe(soon()).unwrap().epoch, None);
}

#[test]
fn traefik_is_given_no_weights_for_a_service_that_it_does_not_have() {
    let rig = rigs::traefik_calling(["be_blue", "green"]);
    let driver = (rig.driver)();
    let moved = driver.shift(&Aim::at("green", 2), soon());
    let Err(Failure::Unmoved(why)) = moved else {
        panic!("{moved:?}");
    };
    assert!(why.contains("Traefik has no service `green`"), "{why}");
    let address = rig.address.as_deref().unwrap();
    assert_eq!(crate::load::ask_once(address).as_deref(), Ok("blue"));
    assert_eq!(driver.observe(soon()).unwrap().weights.to_string(), "blue");
}

#[test]
fn a_file_that_traefik_cannot_use_is_a_doubt() {
    let rig = rigs::traefik();
    let driver = (rig.driver)();
    replace(
        &rig.home.path().join("dynamic/live.yml"),
        "{ this is: [no YAML",
    );
    let settled = driver.settle(
        &Aim::at("green", 2),
        Deadline::within(Duration::from_secs(1)),
    );
    let Err(Failure::Unknown(why)) = settled else {
        panic!("{settled:?}");
    };
    assert!(why.contains("the router sends traffic to blue"), "{why}");
    let doubt = driver.observe(soon()).unwrap().doubt.unwrap();
    assert!(doubt.contains("its log tells why"), "{doubt}");
}

#[test]
fn weights_for_a_service_that_traefik_does_not_have_are_no_answer() {
    let rig = rigs::traefik();
    let driver = (rig.driver)();
    replace(
        &rig.home.path().join("dynamic/live.yml"),
        "{\"http\": {\"services\": {\"app\": {\"weighted\": {\"services\": [{\"name\": \"nobody\", \"weight\": 100}]}}}}}",
    );
    until("Traefik has switched it off", || {
        let seen = driver.observe(soon());
        seen.is_err_and(|why| why.contains("Traefik has switched the service `app` off"))
    });
}

/// Puts a file in another's place, as somebody with an editor does.
fn replace(path: &std::path::Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(&beside, path).unwrap();
}
