//! The decision core against every course that two slots, three releases and four migrations can take.
//!
//! What must never happen is said here in other words than the gates': by what is in the database, and where traffic is.
//! So that the model is known to see something, it is also run on gates that were weakened on purpose, one way each: it
//! has to find every one of them out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod model;
mod mutants;
mod script;
mod table;

use model::Team;
use stateright::{Checker, Model};

#[test]
fn no_course_breaks_a_release_that_may_run() {
    let checker = Team::with(bgmigrate::gate::decide)
        .checker()
        .spawn_bfs()
        .join();
    checker.assert_properties();
    // All that there are: nothing was left out.
    assert!(checker.is_done());
    assert!(
        checker.unique_state_count() > 1_000,
        "{} states",
        checker.unique_state_count()
    );
    println!("{} states", checker.unique_state_count());
}

#[test]
fn every_weakened_gate_is_found_out() {
    let unseen: Vec<_> = mutants::ALL
        .iter()
        .filter(|(_, decide)| {
            let checker = Team::with(*decide).checker().spawn_bfs().join();
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
