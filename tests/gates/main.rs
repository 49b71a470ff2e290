//! The decision core against every course that two slots, three releases and four migrations can take.
//!
//! What must never happen is said here in other words than the gates': by what is in the database, and where traffic is.
//! So that the model is known to see something, it is also run on gates that were weakened on purpose, one way each: it
//! has to find every one of them out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod lockstep;
mod model;
mod mutants;
mod script;
mod table;

use std::collections::{HashMap, HashSet, VecDeque};

use model::{BILLING, SHOP, SMALL_FOLDER, SMALL_SHOP, Team, World};
use stateright::{Checker, HasDiscoveries, Model};

const REAL: model::Decide = bgmigrate::gate::decide;

/// Small enough to be gone through at each run of the tests, each with what it has that the others have not.
fn teams() -> [(&'static str, Team); 3] {
    [
        ("one service", Team::with(REAL)),
        (
            "two services",
            Team {
                folder: SMALL_FOLDER,
                services: &[SMALL_SHOP, BILLING],
                clock: false,
                attempts: false,
                ..Team::with(REAL)
            },
        ),
        (
            "crashes and meddling",
            Team {
                services: &[SMALL_SHOP],
                apart: true,
                meddled: true,
                ..Team::with(REAL)
            },
        ),
    ]
}

fn holds(name: &str, team: Team) {
    let checker = team.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    // All that there are: nothing was left out.
    assert!(checker.is_done());
    println!("{name}: {} states", checker.unique_state_count());
    assert!(checker.unique_state_count() > 1_000, "{name}");
}

#[test]
fn no_course_breaks_a_release_that_may_run() {
    for (name, team) in teams() {
        holds(name, team);
    }
}

/// There are more courses than memory holds: these are the shortest.
/// `cargo test --release --test gates -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; the smaller ones above are run each time"]
fn no_short_course_of_two_whole_services_breaks_a_release_that_may_run() {
    let team = Team {
        services: &[SHOP, BILLING],
        apart: true,
        meddled: true,
        ..Team::with(REAL)
    };
    let checker = team.checker().threads(2).target_state_count(2_000_000);
    let checker = checker.spawn_bfs().join();
    for property in ["shape", "needs", "promise", "once", "truth"] {
        checker.assert_no_discovery(property);
    }
    println!(
        "{} states, courses of up to {} acts",
        checker.unique_state_count(),
        checker.max_depth()
    );
}

/// From every state some course leads back to one in which nothing is half done, and router and record agree.
#[test]
fn there_is_always_a_way_out() {
    for (name, team) in teams() {
        let mut before: HashMap<World, Vec<World>> = HashMap::new();
        let mut open: VecDeque<World> = team.init_states().into();
        let mut seen: HashSet<World> = open.iter().cloned().collect();
        while let Some(world) = open.pop_front() {
            for next in team.next_states(&world) {
                before.entry(next.clone()).or_default().push(world.clone());
                if seen.insert(next.clone()) {
                    open.push_back(next);
                }
            }
        }
        let at_rest = seen.iter().filter(|world| team.is_at_rest(world));
        let mut leads_out: HashSet<&World> = at_rest.collect();
        let mut open: Vec<&World> = leads_out.iter().copied().collect();
        while let Some(world) = open.pop() {
            for earlier in before.get(world).into_iter().flatten() {
                if leads_out.insert(earlier) {
                    open.push(earlier);
                }
            }
        }
        let stuck = seen.iter().find(|world| !leads_out.contains(world));
        assert!(stuck.is_none(), "{name}: nothing leads out of {stuck:#?}");
    }
}

/// A model that finds nothing wrong with this sees nothing: whoever does not wait until the server has let go of a dead
/// run's session sends its statement again.
#[test]
fn a_run_that_does_not_wait_for_the_dead_ones_session_is_found_out() {
    let team = Team {
        apart: true,
        impatient: true,
        ..Team::with(REAL)
    };
    let checker = team.checker().spawn_bfs().join();
    assert!(checker.discovery("once").is_some());
}

#[test]
fn every_weakened_gate_is_found_out() {
    let unseen: Vec<_> = mutants::ALL
        .iter()
        .filter(|(_, decide)| {
            let checker = Team::with(*decide).checker();
            let checker = checker
                .finish_when(HasDiscoveries::AnyFailures)
                .spawn_bfs()
                .join();
            ["shape", "needs", "promise"]
                .iter()
                .all(|name| checker.discovery(name).is_none())
        })
        .map(|(name, _)| name)
        .collect();
    assert!(mutants::ALL.len() >= 10);
    assert!(
        unseen.is_empty(),
        "nothing was found wrong with gates that {unseen:?}"
    );
}

#[test]
fn gates_that_look_at_one_service_alone_are_found_out() {
    let team = Team {
        folder: SMALL_FOLDER,
        services: &[SMALL_SHOP, BILLING],
        clock: false,
        attempts: false,
        ..Team::with(mutants::ONE_SERVICE)
    };
    let checker = team.checker();
    let checker = checker
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    assert!(checker.discovery("shape").is_some());
}
