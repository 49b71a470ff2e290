//! `SQLite`: the record lives in tables of its own beside the application's.

use super::engine::Engine;

pub(super) const ENGINE: Engine = Engine {
    prefix: "bgmigrate_",
    now: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    // A transaction that only reads at first could not become a writer once another has written.
    begin: "BEGIN IMMEDIATE",
    for_update: "",
    layouts: &[&[
        "CREATE TABLE IF NOT EXISTS bgmigrate_record (id integer PRIMARY KEY CHECK (id = 1), layout integer NOT NULL, \
         head integer NOT NULL, epoch integer NOT NULL, holder text)",
        "CREATE TABLE IF NOT EXISTS bgmigrate_event (id integer PRIMARY KEY, at text NOT NULL, actor text NOT NULL, \
         host text NOT NULL, job text, git_commit text, tool text NOT NULL, run text NOT NULL, body text NOT NULL)",
        "CREATE TABLE IF NOT EXISTS bgmigrate_slot (service text NOT NULL, slot text NOT NULL, version text NOT NULL, \
         role text NOT NULL, since text NOT NULL, smoked text, PRIMARY KEY (service, slot)) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_retired (service text NOT NULL, slot text NOT NULL, \
         version text NOT NULL, retired_at text NOT NULL, PRIMARY KEY (service, slot)) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_cutover (service text NOT NULL PRIMARY KEY, from_slot text, \
         to_slot text NOT NULL, direction text NOT NULL, since text NOT NULL, share integer NOT NULL, \
         retried integer NOT NULL) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_router (service text NOT NULL PRIMARY KEY, claimed integer NOT NULL, \
         settled text) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_folder (digest text NOT NULL PRIMARY KEY, ships text NOT NULL) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_release (service text NOT NULL, version text NOT NULL, \
         folder text NOT NULL, uses text, unharmed_by text NOT NULL, PRIMARY KEY (service, version)) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_migration (id text NOT NULL PRIMARY KEY, phase text NOT NULL, \
         checksum text NOT NULL, status text NOT NULL, done integer NOT NULL, unused_by text NOT NULL, \
         unused_since text, changed_at text NOT NULL) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_text (digest text NOT NULL PRIMARY KEY, body text NOT NULL) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS bgmigrate_backfill (migration text NOT NULL, statement integer NOT NULL, wanted text NOT NULL, \
         wanted_by text, wanted_since text, epoch integer NOT NULL, body text NOT NULL, \
         PRIMARY KEY (migration, statement)) WITHOUT ROWID",
    ]],
};
