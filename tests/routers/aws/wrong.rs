//! What goes wrong between the drivers and AWS, on the strict double.

use std::time::Duration;

use bgmigrate::router::{Aim, AwsAlb, AwsEnvironment, Deadline, Failure, Router, Weights};

use super::double::Fault;
use super::world::{
    BLUE, GREEN, LISTENER, OTHER, RULE, World, fields, listener, marker, record, rule, targets,
};
use crate::contract::drive;

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

fn seen(driver: &dyn Router) -> (String, Option<u64>) {
    let reading = driver.observe(soon()).unwrap();
    (reading.weights.to_string(), reading.epoch)
}

fn at(slot: &str, epoch: u64) -> (String, Option<u64>) {
    (slot.to_owned(), Some(epoch))
}

/// Every driver in a world of its own, at blue by the epoch 1.
fn each(test: impl Fn(&str, &World, &dyn Router)) {
    for name in ["listener", "rule", "records"] {
        let world = World::strict();
        let driver: Box<dyn Router> = match name {
            "listener" => Box::new(world.alb(listener())),
            "rule" => Box::new(world.alb(rule())),
            _ => Box::new(world.records()),
        };
        drive(&*driver, &Aim::at("blue", 1)).unwrap();
        test(name, &world, &*driver);
    }
}

fn unmoved(moved: &Result<(), Failure>, why: &str) {
    assert!(
        matches!(moved, Err(Failure::Unmoved(told)) if told.contains(why)),
        "{why}: {moved:?}"
    );
}

#[test]
fn strict_double_an_answer_that_is_lost_is_neither_done_nor_refused() {
    each(|name, world, driver| {
        world.fault(Fault::LostAnswer);
        let moved = driver.shift(&Aim::at("green", 2), soon());
        assert!(
            matches!(moved, Err(Failure::Unknown(_))),
            "{name}: {moved:?}"
        );
        assert_eq!(seen(driver), at("green", 2), "{name}: it was done");
        world.fault(Fault::Unavailable);
        let moved = driver.shift(&Aim::at("blue", 3), soon());
        assert!(
            matches!(moved, Err(Failure::Unknown(_))),
            "{name}: {moved:?}"
        );
        let (slot, epoch) = seen(driver);
        assert_eq!(slot, "green", "{name}: it was not");
        assert_ne!(epoch, Some(3), "{name}: and is not taken for it");
        // Whoever takes over gets there.
        world.fault(Fault::None);
        drive(driver, &Aim::at("blue", 4)).unwrap();
        assert_eq!(seen(driver), at("blue", 4), "{name}");
    });
}

#[test]
fn strict_double_nobody_there_is_nothing_moved() {
    each(|name, world, _| {
        let nowhere = Some("http://127.0.0.1:1".to_owned());
        let driver: Box<dyn Router> = if name == "records" {
            let mut driver = world.records();
            driver.access.endpoint_url = nowhere;
            Box::new(driver)
        } else {
            let mut driver = world.alb(listener());
            driver.access.endpoint_url = nowhere;
            Box::new(driver)
        };
        let why = driver.observe(soon()).unwrap_err();
        assert!(
            why.contains("http://127.0.0.1:1: the connection was refused"),
            "{why}"
        );
        unmoved(
            &driver.shift(&Aim::at("green", 2), soon()),
            "the connection was refused",
        );
    });
}

#[test]
fn strict_double_what_comes_too_soon_is_sent_again_until_the_time_is_up() {
    each(|name, world, driver| {
        world.fault(Fault::Throttled(3));
        drive(driver, &Aim::at("green", 2)).unwrap_or_else(|error| panic!("{name}: {error}"));
        world.fault(Fault::Throttled(u32::MAX));
        let short = Deadline::within(Duration::from_millis(700));
        unmoved(
            &driver.shift(&Aim::at("blue", 3), short),
            "Rate exceeded (Throttling",
        );
        world.fault(Fault::None);
        assert_eq!(seen(driver), at("green", 2), "{name}");
    });
}

#[test]
fn strict_double_who_may_not_write_moves_nothing_and_leaves_the_epoch() {
    each(|name, world, driver| {
        world.fault(Fault::Denied);
        let moved = driver.shift(&Aim::at("green", 2), soon());
        unmoved(&moved, "docs/routers.md has the policy");
        assert_eq!(
            seen(driver),
            at("blue", 1),
            "{name}: what the tag says was taken back"
        );
    });
}

#[test]
fn strict_double_credentials_that_do_not_hold_are_told_and_never_shown() {
    each(|name, world, driver| {
        world.change(|model| model.keys.get_mut("AKIDTEST").unwrap().expired = true);
        unmoved(&driver.shift(&Aim::at("green", 2), soon()), "sign in again");
        world.change(|model| {
            let key = model.keys.get_mut("AKIDTEST").unwrap();
            (key.expired, key.secret) = (false, "another one");
        });
        let why = driver.observe(soon()).unwrap_err();
        assert!(
            why.contains("the secret key is another one's"),
            "{name}: {why}"
        );
        assert!(!why.contains("SECRET"), "{name}: {why}");
        world.change(|model| model.keys.clear());
        let why = driver.observe(soon()).unwrap_err();
        assert!(
            why.contains("AWS does not know these credentials"),
            "{name}: {why}"
        );
        for remark in driver.check(soon()) {
            assert!(!remark.text.contains("a secret of the test"), "{name}");
        }
    });
    let shown = format!("{:?}", World::strict().alb(listener()));
    assert!(!shown.contains("a secret of the test"), "{shown}");
}

#[test]
fn strict_double_another_region_has_no_such_listener() {
    let world = World::strict();
    let mut driver = world.alb(listener());
    driver.access.region = Some("us-east-2".to_owned());
    unmoved(
        &driver.shift(&Aim::at("green", 1), soon()),
        "SignatureDoesNotMatch",
    );
}

fn alb_with(change: &[(&str, &str)]) -> (World, AwsAlb) {
    let world = World::strict();
    world.change(|model| {
        let actions = model.load_balancing.actions.get_mut(RULE).unwrap();
        actions.extend(fields(change));
    });
    let driver = world.alb(rule());
    (world, driver)
}

#[test]
fn strict_double_what_the_weights_would_not_decide_is_refused() {
    const GROUPS: &str = "1.ForwardConfig.TargetGroups.member";
    let third = [
        (format!("{GROUPS}.3.TargetGroupArn"), OTHER),
        (format!("{GROUPS}.3.Weight"), "0"),
    ];
    let third = third
        .each_ref()
        .map(|(name, value)| (name.as_str(), *value));
    let sticky = [
        (
            "1.ForwardConfig.TargetGroupStickinessConfig.Enabled",
            "true",
        ),
        (
            "1.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds",
            "60",
        ),
    ];
    for (change, why) in [
        (third.as_slice(), "which is no slot's"),
        (&sticky, "stickiness is on"),
        (
            &[("1.Type", "fixed-response")],
            "forwards to no target group",
        ),
    ] {
        let (world, driver) = alb_with(change);
        let before = world.served.model.lock().unwrap().load_balancing.actions[RULE].clone();
        unmoved(&driver.shift(&Aim::at("green", 2), soon()), why);
        let wrong = driver
            .check(soon())
            .into_iter()
            .filter(|remark| remark.wrong);
        assert!(
            wrong.into_iter().any(|remark| remark.text.contains(why)),
            "{why}"
        );
        let model = world.served.model.lock().unwrap();
        assert_eq!(model.load_balancing.actions[RULE], before);
        assert!(model.load_balancing.tags.is_empty(), "not even the tag");
    }
}

#[test]
fn strict_double_a_slot_without_a_healthy_target_gets_no_traffic() {
    let world = World::strict();
    let driver = world.alb(listener());
    for (states, why) in [
        (
            vec!["unhealthy", "draining"],
            "no target is healthy, but unhealthy, draining",
        ),
        (vec!["initial"], "no target is healthy, but initial"),
        (vec![], "it has no target"),
    ] {
        world.change(|model| {
            model.load_balancing.groups.insert(GREEN.to_owned(), states);
        });
        unmoved(&driver.shift(&Aim::at("green", 2), soon()), why);
        let told = driver.check(soon()).into_iter().any(|remark| {
            remark.wrong && remark.text.starts_with("slot green:") && remark.text.contains(why)
        });
        assert!(told, "{why}");
        // Where traffic is, it may stay.
        drive(&driver, &Aim::at("blue", 2)).unwrap();
    }
}

#[test]
fn strict_double_the_short_form_is_taken_up_by_enforcing_where_traffic_is() {
    let world = World::strict();
    world.change(|model| {
        let short = fields(&[("1.Type", "forward"), ("1.TargetGroupArn", BLUE)]);
        // Neither may use the other group, or it would be looked at.
        model
            .load_balancing
            .actions
            .insert(LISTENER.to_owned(), short.clone());
        model.load_balancing.actions.insert(RULE.to_owned(), short);
    });
    let driver = world.alb(listener());
    assert_eq!(seen(&driver), ("blue".to_owned(), None));
    let moved = driver.shift(&Aim::at("green", 1), soon());
    unmoved(
        &moved,
        "bgmigrate router enforce brings the target groups of all slots into the action",
    );
    drive(&driver, &Aim::at("blue", 2)).unwrap();
    drive(&driver, &Aim::at("green", 3)).unwrap();
    assert_eq!(seen(&driver), at("green", 3));
}

#[test]
fn strict_double_a_listener_keeps_what_comes_before_the_forwarding() {
    let world = World::strict();
    let driver = world.alb(listener());
    let before = world.served.model.lock().unwrap().load_balancing.actions[LISTENER].clone();
    let weights = Weights::shares([("blue", 95), ("green", 5)]).unwrap();
    drive(&driver, &Aim { weights, epoch: 2 }).unwrap();
    let model = world.served.model.lock().unwrap();
    let after = &model.load_balancing.actions[LISTENER];
    let mut changed: Vec<_> = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    changed.sort();
    assert_eq!(
        changed,
        [
            "member.1.AuthenticateOidcConfig.UseExistingClientSecret=true",
            "member.2.ForwardConfig.TargetGroups.member.1.Weight=95",
            "member.2.ForwardConfig.TargetGroups.member.2.Weight=5",
        ]
    );
    assert!(
        before.keys().all(|name| after.contains_key(name)),
        "{after:?}"
    );
}

/// What a run leaves that was killed between its two calls, and what a person does.
#[test]
fn strict_double_a_tag_that_tells_of_other_weights_is_no_epoch() {
    let world = World::strict();
    let driver = world.alb(listener());
    drive(&driver, &Aim::at("blue", 6)).unwrap();
    let key = (LISTENER.to_owned(), "bgmigrate/state".to_owned());
    let say = |note: &str| {
        world.change(|model| {
            model
                .load_balancing
                .tags
                .insert(key.clone(), note.to_owned());
        });
    };
    for note in [
        "green=100:7",
        "blue=95 green=5:7",
        "by hand",
        "",
        "blue=100",
    ] {
        say(note);
        assert_eq!(seen(&driver), ("blue".to_owned(), None), "{note}");
    }
    say("green=100:7");
    let late = driver.shift(&Aim::at("green", 6), soon());
    assert_eq!(late, Err(Failure::Stale { epoch: 6, held: 7 }));
    drive(&driver, &Aim::at("blue", 8)).unwrap();
    assert_eq!(seen(&driver), at("blue", 8));
}

#[test]
fn strict_double_the_tag_is_written_first_and_who_may_not_write_it_moves_nothing() {
    let world = World::strict();
    let driver = world.alb(rule());
    world.fault(Fault::NoTags);
    let moved = driver.shift(&Aim::at("green", 2), soon());
    unmoved(&moved, "not authorized to perform: AddTags");
    assert_eq!(seen(&driver), ("blue".to_owned(), None));
    world.fault(Fault::LostTag);
    let moved = driver.shift(&Aim::at("green", 2), soon());
    assert!(matches!(moved, Err(Failure::Unknown(_))), "{moved:?}");
    assert_eq!(seen(&driver), ("blue".to_owned(), None));
    let asked = world.served.model.lock().unwrap().asked.clone();
    assert!(
        !asked.iter().any(|action| action == "ModifyRule"),
        "{asked:?}"
    );
}

#[test]
fn strict_double_whoever_comes_between_reading_and_writing_records_is_seen() {
    let aim = Aim::at("green", 5);
    each(|name, world, driver| {
        if name != "records" {
            return;
        }
        world.fault(Fault::Overtaken(marker("blue=100:4")));
        assert_eq!(
            driver.shift(&aim, soon()),
            Ok(()),
            "an older note is no reason to give up"
        );
        assert_eq!(seen(driver), at("green", 5));
        drive(driver, &Aim::at("blue", 6)).unwrap();
        world.fault(Fault::Overtaken(marker("blue=100:9")));
        let late = driver.shift(&Aim::at("green", 7), soon());
        assert_eq!(late, Err(Failure::Stale { epoch: 7, held: 9 }));
        assert_eq!(seen(driver), at("blue", 9));
        // A value that somebody changes meanwhile is not put back.
        world.fault(Fault::Overtaken(record("A", "green", "0", "10.9.9.9")));
        drive(driver, &Aim::at("green", 10)).unwrap();
        let zone = &world.served.model.lock().unwrap().zone;
        assert!(
            zone.all()
                .contains(&record("A", "green", "100", "10.9.9.9")),
            "{:?}",
            zone.all()
        );
    });
}

#[test]
fn strict_double_records_keep_all_but_their_weights_and_all_types_move_together() {
    let world = World::strict();
    let alias = "<ResourceRecordSet><Name>shop.example.org.</Name><Type>HTTPS</Type><SetIdentifier>SLOT</SetIdentifier><Weight>WEIGHT</Weight>\
        <AliasTarget><HostedZoneId>Z2</HostedZoneId><DNSName>lb.example.org.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>";
    let alias = |slot: &str, weight: &str| alias.replace("SLOT", slot).replace("WEIGHT", weight);
    let other = record("A", "blue", "7", "10.0.1.9").replace("shop.", "shop2.");
    world.change(|model| {
        model.zone.put(&alias("blue", "1"));
        model.zone.put(&alias("green", "0"));
        model.zone.put(&other);
    });
    let driver = world.records();
    drive(&driver, &Aim::at("green", 2)).unwrap();
    let mut expected = vec![
        record("A", "blue", "0", "10.0.1.1"),
        record("A", "green", "100", "10.0.2.1"),
        record("AAAA", "blue", "0", "fd00::1"),
        record("AAAA", "green", "100", "fd00::2"),
        alias("blue", "0"),
        alias("green", "100"),
        marker("green=100:2"),
        other,
    ];
    let mut all = world.served.model.lock().unwrap().zone.all();
    expected.sort();
    all.sort();
    assert_eq!(all, expected);
    let health = driver
        .check(soon())
        .into_iter()
        .any(|remark| remark.text.contains("checked for health"));
    assert!(health);
}

#[test]
fn strict_double_records_that_a_shift_would_leave_out_are_refused() {
    for (extra, words, why) in [
        (
            record("A", "violet", "0", "10.0.3.1"),
            ["blue", "green"],
            "`violet`, which is no slot's",
        ),
        (
            record("TXT", "blue", "9", "\"x\""),
            ["blue", "green"],
            "slot green has no weighted TXT",
        ),
        (
            String::new(),
            ["blue", "teal"],
            "`green`, which is no slot's",
        ),
    ] {
        let world = World::strict();
        if !extra.is_empty() {
            world.change(|model| model.zone.put(&extra));
        }
        let mut driver = world.records();
        driver.targets = targets(words);
        let before = world.served.model.lock().unwrap().zone.all();
        unmoved(&driver.shift(&Aim::at("blue", 2), soon()), why);
        assert!(
            driver
                .check(soon())
                .iter()
                .any(|remark| remark.wrong && remark.text.contains(why))
        );
        assert_eq!(world.served.model.lock().unwrap().zone.all(), before);
        // The type that is named is looked at alone.
        driver.kind = Some("AAAA".to_owned());
        assert_eq!(
            driver.shift(&Aim::at("blue", 2), soon()).is_ok(),
            words[1] == "green"
        );
    }
}

#[test]
fn strict_double_types_that_differ_are_told_and_enforced_alike() {
    let world = World::strict();
    world.change(|model| {
        model.zone.put(&record("AAAA", "blue", "0", "fd00::1"));
        model.zone.put(&record("AAAA", "green", "1", "fd00::2"));
    });
    let driver = world.records();
    let why = driver.observe(soon()).unwrap_err();
    assert!(
        why.contains("those of type A lead to blue, those of type AAAA to green"),
        "{why}"
    );
    drive(&driver, &Aim::at("blue", 2)).unwrap();
    assert_eq!(seen(&driver), at("blue", 2));
}

#[test]
fn strict_double_a_change_is_done_when_it_is_everywhere_and_not_before() {
    let world = World::strict();
    let driver = world.records();
    let aim = Aim::at("green", 2);
    driver.shift(&aim, soon()).unwrap();
    let settled = driver.settle(&aim, Deadline::within(Duration::from_millis(300)));
    assert!(
        matches!(&settled, Err(Failure::Unknown(why)) if why.contains("still bringing it")),
        "{settled:?}"
    );
    assert!(driver.settle(&aim, soon()).is_ok());
    // Another run does not know which change it was.
    let other = world.records().settle(&aim, soon());
    assert!(
        matches!(&other, Err(Failure::Unknown(why)) if why.contains("which change it is")),
        "{other:?}"
    );
}

#[test]
fn a_name_or_a_listener_that_is_not_there_is_told() {
    let world = World::strict();
    let mut records = world.records();
    records.name = "nowhere.example.org".to_owned();
    let why = records.observe(soon()).unwrap_err();
    assert!(why.contains("none has a weight"), "{why}");
    records.zone = "Z9".to_owned();
    let why = records.observe(soon()).unwrap_err();
    assert!(why.contains("NoSuchHostedZone"), "{why}");
    let mut alb = world.alb(rule());
    alb.action = bgmigrate::config::AlbAction::Rule(RULE.replace("9683", "0000"));
    let why = alb.observe(soon()).unwrap_err();
    assert!(why.contains("RuleNotFound"), "{why}");
    alb.environment = AwsEnvironment::of([("AWS_EC2_METADATA_DISABLED", "true")]);
    let why = alb.observe(soon()).unwrap_err();
    assert!(why.starts_with("there are no credentials for AWS"), "{why}");
}
