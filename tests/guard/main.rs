//! The in-database guard, on real servers.

#[path = "../servers/mod.rs"]
mod servers;

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
