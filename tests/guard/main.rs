//! The in-database guard, on real servers: PostgreSQL as it is installed, and PostgreSQL 18.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../servers/mod.rs"]
mod servers;

mod agreement;
mod cases;
mod lifecycle;
mod matrix;
mod sqlite;
mod world;

#[test]
fn every_server_gives_each_test_a_database_of_its_own() {
    for server in [
        servers::postgres(),
        servers::postgres_18(),
        servers::mariadb(),
    ] {
        assert_ne!(server.url("guard"), server.url("guard"));
    }
}
