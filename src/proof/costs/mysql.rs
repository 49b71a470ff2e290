//! How a server of MySQL's goes about a definition: it says so when it is asked for ways that it refuses.

use super::{CostDifference, stops};
use crate::model::{Action, Change, Lock, LockMode, LockWork, Name, TableChange};

/// The weakest `ALGORITHM` and `LOCK` that the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The table.
    pub on: Name,
    /// The algorithm.
    pub algorithm: &'static str,
    /// The lock while it works.
    pub lock: &'static str,
    /// The server tells an index that is built from a table that is rebuilt: MariaDB does.
    pub exact: bool,
}

/// A definition that can be tried on a copy of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The table, as the statement writes it.
    pub table: String,
    /// The table, as the plan calls it.
    pub on: Name,
    /// The statement on the copy.
    on_copy: String,
    /// What stands between a clause and the way: a comma in ALTER TABLE.
    joint: &'static str,
}

impl Trial {
    /// The statement on the copy, done this way.
    pub fn sql(&self, algorithm: &str, lock: &str) -> String {
        let Self { on_copy, joint, .. } = self;
        let lock = if lock.is_empty() {
            String::new()
        } else {
            format!("{joint} LOCK={lock}")
        };
        format!("{on_copy}{joint} ALGORITHM={algorithm}{lock}")
    }
}

/// Every way, the cheapest first. The servers that know no `NOCOPY` refuse the word, and MySQL takes no `LOCK` with
/// `INSTANT`.
pub const fn trials(mariadb: bool) -> &'static [(&'static str, &'static str)] {
    const MARIADB: &[(&str, &str)] = &[
        ("INSTANT", ""),
        ("NOCOPY", "NONE"),
        ("NOCOPY", "SHARED"),
        ("INPLACE", "NONE"),
        ("INPLACE", "SHARED"),
        ("COPY", "NONE"),
        ("COPY", "SHARED"),
        ("COPY", "EXCLUSIVE"),
    ];
    const MYSQL: &[(&str, &str)] = &[
        ("INSTANT", ""),
        ("INPLACE", "NONE"),
        ("INPLACE", "SHARED"),
        ("COPY", "SHARED"),
        ("COPY", "EXCLUSIVE"),
    ];
    if mariadb { MARIADB } else { MYSQL }
}

/// The definition in a statement on `copy`; `None` for one that defines nothing of one table, or says itself how it is
/// to be done.
pub fn trial(sql: &str, changes: &[Change], copy: &str) -> Option<Trial> {
    let mut on: Option<&Name> = None;
    for change in changes {
        let table = match &change.action {
            Action::AlterTable { change, .. } if matches!(**change, TableChange::Demand { .. }) => {
                return None;
            }
            Action::AlterTable { table, .. } => table,
            Action::CreateIndex(create) => &create.table,
            Action::Drop { object, .. } | Action::Rename { object, .. } => object.table.as_ref()?,
            _ => return None,
        };
        if on.is_some_and(|known| known != table) {
            return None;
        }
        on = Some(table);
    }
    let on = on?.clone();
    let sql = sql.trim().trim_end_matches(';').trim_end();
    let lower = sql.to_ascii_lowercase();
    let (table, on_copy, joint) = if lower.starts_with("alter") {
        let third = sql.split_whitespace().nth(2)?;
        let rest = &sql[sql.find(third)? + third.len()..];
        (third, format!("ALTER TABLE {copy} {}", rest.trim()), ",")
    } else {
        let at = lower.split_whitespace().position(|word| word == "on")?;
        let mut before = sql;
        for _ in 0..=at {
            before = before.trim_start();
            before = &before[before.find(char::is_whitespace)?..];
        }
        let rest = before.trim_start();
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '(')
            .unwrap_or(rest.len());
        let (table, columns) = rest.split_at(end);
        let head = &sql[..sql.len() - rest.len()];
        (table, format!("{}{copy} {}", head, columns.trim()), "")
    };
    let names_it = |word: &str| {
        let bare = word.replace('`', "");
        let bare = bare.rsplit('.').next().unwrap_or_default();
        bare.eq_ignore_ascii_case(on.name.as_str())
    };
    names_it(table).then(|| Trial {
        table: table.to_owned(),
        on: on.clone(),
        on_copy: on_copy.trim_end().to_owned(),
        joint,
    })
}

impl Way {
    /// The least and the most work that the algorithm may mean.
    fn work(&self) -> (LockWork, LockWork) {
        match (self.algorithm, self.exact) {
            ("INSTANT", _) => (LockWork::Instant, LockWork::Instant),
            // Writers wait for nothing less than an index that is built.
            ("NOCOPY", _) if self.lock != "NONE" => (LockWork::Scan, LockWork::Scan),
            ("NOCOPY", _) => (LockWork::Instant, LockWork::Scan),
            ("INPLACE", false) => (LockWork::Instant, LockWork::Rewrite),
            _ => (LockWork::Rewrite, LockWork::Rewrite),
        }
    }

    /// What the server holds while it works.
    fn mode(&self) -> LockMode {
        match self.lock {
            "NONE" => LockMode::ShareUpdateExclusive,
            "SHARED" => LockMode::Share,
            _ => LockMode::AccessExclusive,
        }
    }

    /// In the server's words.
    pub fn told(&self) -> String {
        let lock = if self.lock.is_empty() {
            String::new()
        } else {
            format!(", LOCK={}", self.lock)
        };
        format!("ALGORITHM={}{lock} on {}", self.algorithm, self.on)
    }

    /// Holds it against what the plan says of the same table.
    pub(super) fn against(&self, planned: &[Lock]) -> Option<CostDifference> {
        let of_it = planned
            .iter()
            .filter(|lock| lock.on.as_ref() == Some(&self.on));
        let most = of_it.max_by_key(|lock| (lock.work, lock.mode));
        let (least_work, most_work) = self.work();
        let planned_work = most.map_or(LockWork::Instant, |lock| lock.work);
        let planned_mode = most.map_or(LockMode::AccessShare, |lock| lock.mode);
        let works = planned_work > LockWork::Instant && most_work > LockWork::Instant;
        let heavier =
            most.is_none() || least_work > planned_work || works && self.mode() > planned_mode;
        let lighter = most_work < planned_work || works && self.mode() < planned_mode;
        (heavier || lighter).then(|| CostDifference {
            heavier,
            felt: stops(self.mode()) >= super::Stops::Writes
                || most.is_none()
                || least_work > planned_work,
            planned: most.cloned(),
            seen: Some(self.told()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LockMode::{AccessExclusive, Share, ShareUpdateExclusive};
    use crate::model::LockWork::{Instant, Rewrite, Scan};
    use crate::model::{Dialect, Engine, Ident, Span};

    #[test]
    fn a_definition_is_tried_on_a_copy_in_each_way() {
        let cases = [
            (
                "ALTER TABLE `t` ADD a INT, DROP b;",
                Some("ALTER TABLE c ADD a INT, DROP b, ALGORITHM=COPY, LOCK=SHARED"),
            ),
            (
                "CREATE UNIQUE INDEX i ON t(a)",
                Some("CREATE UNIQUE INDEX i ON c (a) ALGORITHM=COPY LOCK=SHARED"),
            ),
            (
                "DROP INDEX i ON t",
                Some("DROP INDEX i ON c ALGORITHM=COPY LOCK=SHARED"),
            ),
            ("ALTER TABLE t ADD a INT, ALGORITHM=INPLACE", None),
            ("DROP TABLE t", None),
            ("UPDATE t SET a = 1", None),
        ];
        let engine = Engine::default_for(Dialect::Mysql);
        for (sql, expected) in cases {
            let script = crate::sql::read(sql, &[Span::new(0, sql.len())], &engine);
            let found = trial(sql, &script.statements[0].changes, "c");
            let found = found.map(|trial| trial.sql("COPY", "SHARED"));
            assert_eq!(found.as_deref(), expected, "{sql}");
        }
    }

    #[test]
    fn a_way_is_held_against_the_plan() {
        let on = || Name::bare(Ident::folded("t"));
        let lock = |mode, work| Lock {
            on: Some(on()),
            mode,
            work,
        };
        let instant = || vec![lock(AccessExclusive, Instant)];
        let and = |mode, work| vec![lock(AccessExclusive, Instant), lock(mode, work)];
        let cases = [
            (instant(), "INSTANT", "", None),
            (instant(), "NOCOPY", "NONE", None),
            (instant(), "NOCOPY", "SHARED", Some(true)),
            (instant(), "INPLACE", "NONE", Some(true)),
            (and(ShareUpdateExclusive, Scan), "NOCOPY", "NONE", None),
            (
                and(ShareUpdateExclusive, Scan),
                "NOCOPY",
                "SHARED",
                Some(true),
            ),
            (and(ShareUpdateExclusive, Scan), "INSTANT", "", Some(false)),
            (
                and(ShareUpdateExclusive, Rewrite),
                "NOCOPY",
                "NONE",
                Some(false),
            ),
            (and(ShareUpdateExclusive, Rewrite), "INPLACE", "NONE", None),
            (and(Share, Rewrite), "INPLACE", "NONE", Some(false)),
            (and(Share, Rewrite), "COPY", "SHARED", None),
            (and(Share, Rewrite), "COPY", "EXCLUSIVE", Some(true)),
            (Vec::new(), "INSTANT", "", Some(true)),
        ];
        for (planned, algorithm, lock, expected) in cases {
            let way = Way {
                on: on(),
                algorithm,
                lock,
                exact: true,
            };
            let found = way.against(&planned).map(|one| one.heavier);
            assert_eq!(found, expected, "{planned:?} and {}", way.told());
        }
    }

    #[test]
    fn mysql_does_not_tell_an_index_from_a_rebuild() {
        let way = Way {
            on: Name::bare(Ident::folded("t")),
            algorithm: "INPLACE",
            lock: "NONE",
            exact: false,
        };
        for work in [Instant, Scan, Rewrite] {
            let planned = [Lock {
                on: Some(way.on.clone()),
                mode: ShareUpdateExclusive,
                work,
            }];
            assert!(way.against(&planned).is_none(), "{work:?}");
        }
    }
}
