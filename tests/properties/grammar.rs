//! Statements of every kind over one small schema, and the ways to spell each.
//!
//! A template's words stand apart by single spaces. A word in capitals is a keyword, `<word>` a name, anything else
//! stands as it is. No template puts back what another one takes away (a view of the same name, a default of the same
//! column): that is a replacement, and rightly safer than the taking away alone. What is renamed on MySQL is not what is
//! dropped: no server takes a file that renames a dropped table, and nothing is promised of it.

use bgmigrate::model::Dialect;
use proptest::prelude::*;

/// What was released before.
pub(crate) const BASE: &str =
    "CREATE TABLE users (id integer PRIMARY KEY, name varchar(50) NOT NULL,
    email varchar(100), age integer DEFAULT 18);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL, total integer);
CREATE TABLE quotes (id integer PRIMARY KEY);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX orders_user_idx ON orders (user_id);
CREATE VIEW adults AS SELECT id, name FROM users WHERE age > 17;
";

const EVERYWHERE: &[&str] = &[
    "CREATE TABLE <notes> ( <id> integer PRIMARY KEY , <body> text NOT NULL )",
    "CREATE TABLE IF NOT EXISTS <logs> ( <id> integer PRIMARY KEY , <at> timestamp DEFAULT CURRENT_TIMESTAMP )",
    "CREATE TABLE <lines> ( <id> integer PRIMARY KEY , <order_id> integer REFERENCES <orders> ( <id> ) )",
    "DROP TABLE <orders>",
    "DROP TABLE IF EXISTS <orders>",
    "ALTER TABLE <users> RENAME TO <people>",
    "ALTER TABLE <users> ADD COLUMN <bio> text",
    "ALTER TABLE <users> ADD COLUMN <level> integer NOT NULL DEFAULT 0",
    "ALTER TABLE <users> ADD <nick> varchar(20)",
    "ALTER TABLE <users> DROP COLUMN <age>",
    "ALTER TABLE <users> RENAME COLUMN <age> TO <years>",
    "CREATE INDEX <users_age_idx> ON <users> ( <age> )",
    "CREATE INDEX <users_name_age_idx> ON <users> ( <name> , <age> )",
    "CREATE UNIQUE INDEX <users_name_key> ON <users> ( <name> )",
    "CREATE VIEW <minors> AS SELECT <id> , <name> FROM <users> WHERE <age> < 18",
    "DROP VIEW <adults>",
    "INSERT INTO <orders> ( <id> , <user_id> ) VALUES ( 1 , 2 )",
    "INSERT INTO <orders> ( <id> , <user_id> ) SELECT <id> , <id> FROM <users>",
    "UPDATE <users> SET <age> = 18 WHERE <age> IS NULL",
    "UPDATE <orders> SET <total> = 0",
    "DELETE FROM <orders> WHERE <total> = 0",
    "DELETE FROM <orders>",
    "SELECT <id> FROM <users> WHERE <name> = 'x'",
];

const POSTGRES: &[&str] = &[
    "ALTER TABLE <users> ALTER COLUMN <email> SET NOT NULL",
    "ALTER TABLE <users> ALTER COLUMN <name> DROP NOT NULL",
    "ALTER TABLE <orders> ALTER COLUMN <total> SET DEFAULT 0",
    "ALTER TABLE <users> ALTER COLUMN <age> DROP DEFAULT",
    "ALTER TABLE <users> ALTER COLUMN <age> TYPE bigint",
    "ALTER TABLE <users> ALTER COLUMN <name> TYPE varchar(80)",
    "ALTER TABLE <orders> ADD CONSTRAINT <orders_user_fk> FOREIGN KEY ( <user_id> ) REFERENCES <users> ( <id> )",
    "ALTER TABLE <orders> ADD CONSTRAINT <orders_user_fk> FOREIGN KEY ( <user_id> ) REFERENCES <users> ( <id> ) NOT VALID",
    "ALTER TABLE <orders> ADD CONSTRAINT <orders_total_check> CHECK ( <total> >= 0 )",
    "ALTER TABLE <users> ADD CONSTRAINT <users_name_unique> UNIQUE ( <name> )",
    "ALTER TABLE <orders> DROP CONSTRAINT <orders_pkey>",
    "ALTER TABLE <orders> SET SCHEMA <archive>",
    "ALTER TABLE <orders> ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE <orders> OWNER TO <admin>",
    "CREATE INDEX CONCURRENTLY <orders_total_idx> ON <orders> ( <total> )",
    "DROP INDEX <users_email_key>",
    "DROP INDEX CONCURRENTLY IF EXISTS <orders_user_idx>",
    "CREATE TYPE <mood> AS ENUM ( 'sad' , 'happy' )",
    "CREATE SEQUENCE <numbers>",
    "CREATE SCHEMA <billing>",
    "CREATE EXTENSION IF NOT EXISTS <pgcrypto>",
    "CREATE MATERIALIZED VIEW <totals> AS SELECT <user_id> FROM <orders>",
    "TRUNCATE TABLE <orders>",
    "GRANT SELECT ON <users> TO <reader>",
    "REVOKE SELECT ON <users> FROM <reader>",
    "COMMENT ON TABLE <users> IS 'people'",
    "ANALYZE <users>",
    "LOCK TABLE <users> IN EXCLUSIVE MODE",
    "DROP SCHEMA <old> CASCADE",
];

const MYSQL: &[&str] = &[
    "ALTER TABLE <users> MODIFY COLUMN <email> varchar(100) NOT NULL",
    "ALTER TABLE <users> MODIFY <name> varchar(80) NOT NULL",
    "ALTER TABLE <users> CHANGE COLUMN <age> <years> integer",
    "ALTER TABLE <orders> ALTER COLUMN <total> SET DEFAULT 0",
    "ALTER TABLE <users> ALTER COLUMN <age> DROP DEFAULT",
    "ALTER TABLE <orders> ADD CONSTRAINT <orders_user_fk> FOREIGN KEY ( <user_id> ) REFERENCES <users> ( <id> )",
    "ALTER TABLE <users> ADD UNIQUE KEY <users_name_unique> ( <name> )",
    "ALTER TABLE <users> ADD COLUMN <rank> integer AFTER <name>",
    "ALTER TABLE <orders> DROP PRIMARY KEY",
    "ALTER TABLE <users> DROP INDEX <users_email_key>",
    "ALTER TABLE <orders> CONVERT TO CHARACTER SET utf8mb4",
    "ALTER TABLE <orders> ENGINE = InnoDB",
    "DROP INDEX <orders_user_idx> ON <orders>",
    "RENAME TABLE <quotes> TO <offers>",
    "TRUNCATE TABLE <orders>",
    "LOCK TABLES <orders> WRITE",
    "ANALYZE TABLE <users>",
];

const SQLITE: &[&str] = &[
    "DROP INDEX <users_email_key>",
    "DROP INDEX IF EXISTS <orders_user_idx>",
    "CREATE TABLE <tags> ( <id> integer PRIMARY KEY , <name> text ) STRICT",
    "CREATE VIRTUAL TABLE <words> USING fts5 ( <body> )",
    "ANALYZE",
    "REINDEX <users>",
    "PRAGMA foreign_keys = OFF",
];

/// A statement's template.
pub(crate) fn template(dialect: Dialect) -> impl Strategy<Value = &'static str> {
    let own = match dialect {
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MYSQL,
        Dialect::Sqlite => SQLITE,
    };
    let all: Vec<_> = EVERYWHERE.iter().chain(own).copied().collect();
    proptest::sample::select(all)
}

/// The statement as a person would write it.
pub(crate) fn plain(template: &str) -> String {
    let words: Vec<_> = template
        .split(' ')
        .map(|word| name(word).unwrap_or(word))
        .collect();
    words.join(" ")
}

fn name(word: &str) -> Option<&str> {
    word.strip_prefix('<')?.strip_suffix('>')
}

/// Some other spelling of the same statement: white space, comments, the case of keywords, quotes around names.
pub(crate) fn respelt(template: &'static str, dialect: Dialect) -> impl Strategy<Value = String> {
    let words: Vec<_> = template.split(' ').collect();
    let choices = proptest::collection::vec((0..GAPS.len(), 0..3_usize, 0..4_usize), words.len());
    choices.prop_map(move |choices| {
        let mut text = String::new();
        for (at, (word, (gap, case, quotes))) in words.iter().zip(choices).enumerate() {
            text.push_str(if at == 0 { "" } else { GAPS[gap] });
            text.push_str(&spelt(word, case, quotes, dialect));
        }
        text
    })
}

const GAPS: &[&str] = &[
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    " /* why; */ ",
    " -- why;\n",
    "\n\n",
];

fn spelt(word: &str, case: usize, quotes: usize, dialect: Dialect) -> String {
    if let Some(name) = name(word) {
        return match (dialect, quotes) {
            (Dialect::Postgres | Dialect::Sqlite, 1) => format!("\"{name}\""),
            (Dialect::Mysql | Dialect::Sqlite, 2) => format!("`{name}`"),
            (Dialect::Sqlite, 3) => format!("[{name}]"),
            _ => name.to_owned(),
        };
    }
    let is_keyword = word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    match case {
        1 if is_keyword => word.to_ascii_lowercase(),
        2 if is_keyword => {
            let (first, rest) = word.split_at(1);
            first.to_owned() + &rest.to_ascii_lowercase()
        }
        _ => word.to_owned(),
    }
}
