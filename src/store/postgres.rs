//! `PostgreSQL`: the record lives in a schema of its own.

use super::engine::Engine;

pub(super) const ENGINE: Engine = Engine {
    prefix: "bgmigrate.",
    now: r#"to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#,
    begin: "BEGIN",
    for_update: " FOR UPDATE",
    layouts: &[&[
        "CREATE SCHEMA IF NOT EXISTS bgmigrate",
        "CREATE TABLE IF NOT EXISTS bgmigrate.record (id int PRIMARY KEY CHECK (id = 1), layout int NOT NULL, \
         head bigint NOT NULL, epoch bigint NOT NULL, holder text)",
        "CREATE TABLE IF NOT EXISTS bgmigrate.event (id bigint PRIMARY KEY, at text NOT NULL, actor text NOT NULL, \
         host text NOT NULL, job text, git_commit text, tool text NOT NULL, run text NOT NULL, body text NOT NULL)",
        "CREATE TABLE IF NOT EXISTS bgmigrate.slot (service text, slot text, version text NOT NULL, \
         role text NOT NULL, since text NOT NULL, smoked text, PRIMARY KEY (service, slot))",
        "CREATE TABLE IF NOT EXISTS bgmigrate.retired (service text, slot text, version text NOT NULL, \
         retired_at text NOT NULL, PRIMARY KEY (service, slot))",
        "CREATE TABLE IF NOT EXISTS bgmigrate.cutover (service text PRIMARY KEY, from_slot text, \
         to_slot text NOT NULL, direction text NOT NULL, since text NOT NULL, share integer NOT NULL, \
         retried integer NOT NULL)",
        "CREATE TABLE IF NOT EXISTS bgmigrate.router (service text NOT NULL PRIMARY KEY, claimed bigint NOT NULL, settled text)",
        "CREATE TABLE IF NOT EXISTS bgmigrate.folder (digest text PRIMARY KEY, ships text NOT NULL)",
        "CREATE TABLE IF NOT EXISTS bgmigrate.release (service text, version text, folder text NOT NULL, \
         uses text, unharmed_by text NOT NULL, PRIMARY KEY (service, version))",
        "CREATE TABLE IF NOT EXISTS bgmigrate.migration (id text PRIMARY KEY, phase text NOT NULL, \
         checksum text NOT NULL, status text NOT NULL, done bigint NOT NULL, unused_by text NOT NULL, \
         unused_since text, changed_at text NOT NULL)",
        "CREATE TABLE IF NOT EXISTS bgmigrate.text (digest text PRIMARY KEY, body text NOT NULL)",
        "CREATE TABLE IF NOT EXISTS bgmigrate.backfill (migration text, statement bigint, wanted text NOT NULL, wanted_by text, \
         wanted_since text, epoch bigint NOT NULL, body text NOT NULL, PRIMARY KEY (migration, statement))",
    ]],
};
