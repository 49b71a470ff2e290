//! The database refuses too: text of SQL and data by which an engine guards what the releases in service rely on.
//!
//! Gates can only refuse what is asked through this tool. Where the engine has a hook, the pins of every release that
//! traffic may reach lie in the database, and DDL that breaks one is refused whoever sends it. This room only gives the
//! SQL and says what it can and cannot do; the store runs it, in the transaction that changes the record.

pub mod postgres;
pub mod sqlite;

mod standing;
mod touched;
mod uses;

pub use standing::{Broken, Standing};
pub use touched::Touched;
pub use uses::{Object, Use, Uses};

use crate::model::Dialect;

/// How far a database refuses by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Event triggers look at every DDL (PostgreSQL).
    Triggers,
    /// Views on what is pinned, which the engine does not let lose their columns (PostgreSQL, SQLite).
    Views,
    /// Nothing in the database: only the gates of this tool refuse.
    Gates,
}

impl Tier {
    /// The word used in output and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Triggers => "triggers",
            Self::Views => "views",
            Self::Gates => "gates",
        }
    }

    /// The tier of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Triggers, Self::Views, Self::Gates]
            .into_iter()
            .find(|tier| tier.name() == name)
    }

    /// One sentence that says what holds.
    pub const fn holds(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::Triggers, _) => {
                "The database refuses, from whoever sends it, DDL that breaks what a release in service relies on."
            }
            (Self::Views, Dialect::Sqlite) => {
                "The database refuses to drop a column that a release in service relies on."
            }
            (Self::Views, _) => {
                "The database refuses to drop or retype a column, and to drop a table, that a release in service \
                 relies on, unless told CASCADE."
            }
            (Self::Gates, _) => {
                "The database refuses nothing by itself: the gates of this tool do, for what is asked through it."
            }
        }
    }

    /// What gets past this tier, a sentence each, the weightiest first.
    pub const fn cannot_stop(self, dialect: Dialect) -> &'static [&'static str] {
        match (self, dialect) {
            (Self::Triggers, _) => PAST_TRIGGERS,
            (Self::Views, Dialect::Sqlite) => sqlite::PAST_VIEWS,
            (Self::Views, _) => PAST_VIEWS,
            (Self::Gates, Dialect::Mysql) => PAST_GRANTS,
            (Self::Gates, _) => PAST_GATES,
        }
    }
}

const PAST_TRIGGERS: &[&str] = &[
    "TRUNCATE, DELETE and UPDATE: no event trigger fires for what happens to rows.",
    "A superuser, or who owns the guard, can switch it off, edit the pins, or write into the catalog.",
    "DROP DATABASE, and commands on roles, databases and tablespaces, fire no event trigger.",
    "What a new or replaced function, trigger, rule or view does to rows cannot be told from the catalog.",
    "ALTER SEQUENCE … RESTART and setval change no catalog.",
    "PostgreSQL 17 and later: a superuser can set event_triggers = off.",
];

const PAST_VIEWS: &[&str] = &[
    "DROP … CASCADE takes the pin views along; `bgmigrate status` reports it afterwards.",
    "Renames of tables and columns: the views follow them; `bgmigrate status` reports it afterwards.",
    "SET NOT NULL, new constraints and unique indexes, a dropped default, required new columns, row security, REVOKE.",
    "Dropped indexes, functions, types, views and triggers.",
    "TRUNCATE, DELETE and UPDATE.",
];

const PAST_GATES: &[&str] = &["Whatever is not sent through this tool."];

const PAST_GRANTS: &[&str] = &[
    "Whatever is not sent through this tool, by an account that may ALTER, DROP, INDEX or CREATE: MySQL and MariaDB \
     have no trigger for DDL, and a view there does not hold what it reads.",
    "So give the application's accounts, and people's, SELECT, INSERT, UPDATE and DELETE only, and the others to the \
     account of this tool alone.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_known_by_the_name_that_the_database_has_of_it() {
        for tier in [Tier::Triggers, Tier::Views, Tier::Gates] {
            assert_eq!(Tier::named(tier.name()), Some(tier));
        }
        assert_eq!(Tier::named("hope"), None);
    }

    #[test]
    fn every_tier_says_what_gets_past_it() {
        for tier in [Tier::Triggers, Tier::Views, Tier::Gates] {
            for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
                assert!(tier.holds(dialect).ends_with('.'));
                let sentences = tier.cannot_stop(dialect);
                assert!(!sentences.is_empty());
                assert!(sentences.iter().all(|sentence| sentence.ends_with('.')));
            }
        }
    }
}
