//! `MySQL` and `MariaDB`: the record lives in tables of its own beside the application's.

use super::engine::Engine;

pub(super) const ENGINE: Engine = Engine {
    prefix: "bgmigrate_",
    now: "concat(left(date_format(utc_timestamp(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')",
    begin: "START TRANSACTION",
    for_update: " FOR UPDATE",
    layouts: &[&[
        "CREATE TABLE IF NOT EXISTS bgmigrate_record (id int PRIMARY KEY CHECK (id = 1), layout int NOT NULL, \
         head bigint NOT NULL, epoch bigint NOT NULL, holder text) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_event (id bigint PRIMARY KEY, at text NOT NULL, actor text NOT NULL, \
         host text NOT NULL, job text, git_commit text, tool text NOT NULL, run text NOT NULL, body longtext NOT NULL) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_slot (service varchar(190) NOT NULL, slot varchar(190) NOT NULL, version varchar(190) NOT NULL, \
         role text NOT NULL, since text NOT NULL, smoked text, PRIMARY KEY (service, slot)) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_retired (service varchar(190) NOT NULL, slot varchar(190) NOT NULL, \
         version varchar(190) NOT NULL, retired_at text NOT NULL, PRIMARY KEY (service, slot)) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_cutover (service varchar(190) NOT NULL PRIMARY KEY, from_slot text, \
         to_slot text NOT NULL, direction text NOT NULL, since text NOT NULL, share int NOT NULL, \
         retried int NOT NULL) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_router (service varchar(190) NOT NULL PRIMARY KEY, claimed bigint NOT NULL, settled text) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_folder (digest varchar(190) NOT NULL PRIMARY KEY, ships longtext NOT NULL) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_release (service varchar(190) NOT NULL, version varchar(190) NOT NULL, \
         folder varchar(190) NOT NULL, uses longtext, unharmed_by longtext NOT NULL, PRIMARY KEY (service, version)) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_migration (id varchar(255) NOT NULL PRIMARY KEY, phase text NOT NULL, \
         checksum text NOT NULL, status text NOT NULL, done bigint NOT NULL, unused_by longtext NOT NULL, \
         unused_since text, changed_at text NOT NULL) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_text (digest varchar(190) NOT NULL PRIMARY KEY, body longtext NOT NULL) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE IF NOT EXISTS bgmigrate_backfill (migration varchar(255) NOT NULL, statement bigint NOT NULL, wanted text NOT NULL, \
         wanted_by text, wanted_since text, epoch bigint NOT NULL, body longtext NOT NULL, \
         PRIMARY KEY (migration, statement)) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    ]],
};
