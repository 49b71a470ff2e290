//! Flips under load: what is lost, and what is still answered by the old side once a flip is said to be done.
//!
//! Short here; at full length: `FLIPS=200 cargo test --release --test routers flips -- --nocapture --test-threads=1`.

use std::time::{Duration, Instant};

use bgmigrate::router::Aim;

use crate::contract::drive;
use crate::load::{Flip, Load, Tally, tally};
use crate::rigs::{self, Rig};

fn flips() -> u64 {
    std::env::var("FLIPS")
        .ok()
        .and_then(|flips| flips.parse().ok())
        .unwrap_or(10)
}

/// Flips to and fro under load.
fn flip_under_load(rig: &Rig) -> Tally {
    let address = rig.address.as_deref().unwrap();
    let driver = (rig.driver)();
    let load = Load::start(address, 12, 4);
    let mut flips_made: Vec<Flip> = Vec::new();
    let mut took = Vec::new();
    for epoch in 2..2 + flips() {
        std::thread::sleep(Duration::from_millis(300));
        let to = rigs::SLOTS[usize::try_from((epoch + 1) % 2).unwrap()];
        let begun = Instant::now();
        if let Some(last) = flips_made.last_mut() {
            last.until = begun;
        }
        drive(&*driver, &Aim::at(to, epoch))
            .unwrap_or_else(|error| panic!("{}: {error}", rig.name));
        let done = Instant::now();
        took.push((done - begun).as_secs_f64() * 1000.0);
        flips_made.push(Flip {
            to: to.to_owned(),
            done,
            until: done + Duration::from_hours(1),
        });
    }
    std::thread::sleep(Duration::from_millis(300));
    let tally = tally(&load.end(), &flips_made);
    took.sort_by(f64::total_cmp);
    println!(
        "{}: {} flips, {} requests, {} lost, {} late; a flip took {:.1} ms, at most {:.1} ms",
        rig.name,
        flips_made.len(),
        tally.requests,
        tally.lost,
        tally.late,
        took[took.len() / 2],
        took[took.len() - 1]
    );
    tally
}

#[test]
fn what_is_called_lossless_loses_nothing_and_leaves_nothing_behind() {
    for rig in [
        rigs::haproxy_map,
        rigs::haproxy_weights,
        rigs::symlink,
        rigs::caddy,
        rigs::envoy,
        rigs::traefik,
    ] {
        let rig = rig();
        let promises = (rig.driver)().promises();
        assert!(promises.lossless, "{}", rig.name);
        let tally = flip_under_load(&rig);
        assert!(tally.requests > 100, "{}: {tally:?}", rig.name);
        assert_eq!((tally.lost, tally.late), (0, 0), "{}: {tally:?}", rig.name);
    }
}

#[test]
fn a_reload_of_nginx_is_done_when_no_worker_of_before_answers_any_more() {
    let rig = rigs::nginx();
    let promises = (rig.driver)().promises();
    assert!(!promises.lossless && !promises.atomic);
    let tally = flip_under_load(&rig);
    assert!(tally.requests > 100, "{tally:?}");
    assert_eq!(tally.late, 0, "{tally:?}");
}
