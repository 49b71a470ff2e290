//! What a statement costs where it runs, held against what the plan says of it. A difference is a defect of the `cost`
//! room's tables, or of what the folder tells of the schema.

mod mysql;
mod postgres;

pub use mysql::{Trial, Way, trial, trials};
pub use postgres::Ledger;

use crate::cost::summary;
use crate::model::{Dialect, Lock, LockMode, LockWork, Name, Severity};

use super::outcome::Complaint;

/// One statement: what the plan says that it locks, and what was seen.
#[derive(Clone, Debug)]
pub struct Costed {
    /// Its line in its file, from 1.
    pub line: usize,
    /// The kinds of its changes, as `plan` calls them; none for a statement that was not understood.
    pub kinds: Vec<&'static str>,
    /// It was understood, so that the plan speaks of all that it does.
    pub understood: bool,
    /// What the plan says that it locks, of what was there before the migration.
    pub planned: Vec<Lock>,
    /// What was seen.
    pub seen: Seen,
}

/// What was seen of a statement.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Nothing could be seen; why.
    Not(String),
    /// The locks that it took.
    Locks(Taken),
    /// How a server of MySQL's goes about it.
    Way(Way),
}

/// The locks that a statement took on what was there before its migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Of each relation the strongest that it had not held before, with the work that was seen done on it.
    pub locks: Vec<Lock>,
    /// What earlier statements of the transaction had left it holding.
    pub held: Vec<(Name, LockMode)>,
    /// The indexes that it built on tables that were there before.
    pub indexes: Vec<String>,
    /// It was looked at from another session, which does not see how long a lock lasts.
    pub work_unseen: bool,
}

/// How what was seen compares to what the plan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostAgreement {
    /// The same locks, for as long in kind.
    Same,
    /// More than the plan says, in at least one lock.
    Heavier,
    /// Less than the plan says, and nothing more.
    Lighter,
    /// Nothing was seen.
    Unseen,
}

impl CostAgreement {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Heavier => "heavier",
            Self::Lighter => "lighter",
            Self::Unseen => "unseen",
        }
    }
}

/// One lock in which the views differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostDifference {
    /// More was seen than planned; else less.
    pub heavier: bool,
    /// An application feels it: reads or writes wait that the plan lets go on, or wait for longer in kind.
    pub felt: bool,
    /// What the plan says.
    pub planned: Option<Lock>,
    /// What was seen, in words.
    pub seen: Option<String>,
}

impl Costed {
    /// Where the views differ.
    pub fn differences(&self, dialect: Dialect) -> Vec<CostDifference> {
        match &self.seen {
            Seen::Not(_) => Vec::new(),
            Seen::Locks(taken) => taken.against(&self.planned, dialect),
            Seen::Way(way) => way.against(&self.planned).into_iter().collect(),
        }
    }

    /// Whether they differ.
    pub fn agreement(&self, dialect: Dialect) -> CostAgreement {
        if matches!(self.seen, Seen::Not(_)) {
            return CostAgreement::Unseen;
        }
        let differences = self.differences(dialect);
        if differences.iter().any(|one| one.heavier) {
            CostAgreement::Heavier
        } else if differences.is_empty() {
            CostAgreement::Same
        } else {
            CostAgreement::Lighter
        }
    }

    /// Nothing was planned and nothing was seen: there is nothing to compare.
    pub fn is_free(&self) -> bool {
        let unseen = match &self.seen {
            Seen::Not(_) => true,
            Seen::Locks(taken) => taken.locks.is_empty(),
            Seen::Way(_) => false,
        };
        self.planned.is_empty() && unseen
    }

    /// What there is to say. Nothing gates on a lock, so that no difference is an error.
    pub(super) fn complaint(&self, dialect: Dialect) -> Option<Complaint> {
        let differences = self.differences(dialect);
        let heavier: Vec<_> = differences.iter().filter(|one| one.heavier).collect();
        let (kind, message, shown) = if heavier.is_empty() {
            let message = "it costs less than the plan says";
            ("cost-cautious", message, differences.iter().collect())
        } else {
            let message = "it costs more than the plan says";
            ("cost-missed", message, heavier)
        };
        let first: &CostDifference = shown.first()?;
        let about = first.seen.clone().or_else(|| {
            let planned = first.planned.as_ref()?;
            Some(format!("nothing like {}", summary(planned, dialect)))
        })?;
        let felt = shown.iter().any(|one| one.heavier && one.felt);
        let details = shown.iter().flat_map(|one| {
            let planned = match &one.planned {
                Some(lock) => summary(lock, dialect),
                None if self.understood => "no such lock".to_owned(),
                None => "no such lock, as the statement was not understood".to_owned(),
            };
            let seen = one.seen.as_deref().unwrap_or("no such lock");
            [format!("plan: {planned}"), format!("seen: {seen}")]
        });
        Some(Complaint {
            severity: if felt {
                Severity::Warning
            } else {
                Severity::Note
            },
            kind,
            line: self.line,
            message: format!("{message}: {about}"),
            details: details.collect(),
        })
    }
}

impl Taken {
    /// Holds them against the plan, relation by relation.
    fn against(&self, planned: &[Lock], dialect: Dialect) -> Vec<CostDifference> {
        let mut differences = Vec::new();
        let locks = strongest(&self.locks);
        let most_work = locks.iter().map(|lock| lock.work).max();
        for mut planned in strongest(planned) {
            let seen = locks.iter().find(|seen| seen.on == planned.on);
            if self.work_unseen {
                planned.work = LockWork::Instant;
            }
            let held = self.held_on(planned.on.as_ref());
            // A lock that is held already is not taken again.
            let held = held.filter(|held| *held >= planned.mode);
            let mode = seen.map(|seen| seen.mode);
            let mode = mode.max(held.map(|_| planned.mode));
            let work = seen.map_or(LockWork::Instant, |seen| seen.work);
            let compared = difference(&planned, mode, work, most_work.unwrap_or(LockWork::Instant));
            let Some((heavier, felt)) = compared else {
                continue;
            };
            differences.push(CostDifference {
                heavier,
                felt,
                seen: seen.map(|seen| summary(seen, dialect)),
                planned: Some(planned),
            });
        }
        let unplanned = locks
            .iter()
            .filter(|seen| !planned.iter().any(|one| one.on == seen.on));
        differences.extend(unplanned.map(|seen| CostDifference {
            heavier: true,
            felt: stops(seen.mode) >= Stops::Writes,
            planned: None,
            seen: Some(summary(seen, dialect)),
        }));
        differences
    }

    fn held_on(&self, on: Option<&Name>) -> Option<LockMode> {
        let of_it = self.held.iter().filter(|(name, _)| Some(name) == on);
        of_it.map(|(_, mode)| *mode).max()
    }
}

/// Of each object one lock: the strongest mode and the most work.
fn strongest(locks: &[Lock]) -> Vec<Lock> {
    let mut all: Vec<Lock> = Vec::new();
    for lock in locks
        .iter()
        .filter(|lock| lock.mode > LockMode::AccessShare)
    {
        match all.iter_mut().find(|known| known.on == lock.on) {
            Some(known) => {
                known.mode = known.mode.max(lock.mode);
                known.work = known.work.max(lock.work);
            }
            None => all.push(lock.clone()),
        }
    }
    all
}

/// Whether what was seen is heavier (or else lighter) than this, and whether that is felt; `None` where it is the same.
fn difference(
    planned: &Lock,
    mode: Option<LockMode>,
    work: LockWork,
    most_work: LockWork,
) -> Option<(bool, bool)> {
    let Some(mode) = mode else {
        // A row that refers to nothing locks nothing, and the scratch may have none at all.
        return (planned.mode > LockMode::RowShare).then_some((false, false));
    };
    if mode > planned.mode {
        return Some((true, stops(mode) > stops(planned.mode)));
    }
    if mode < planned.mode {
        return Some((false, false));
    }
    // How many rows a write reads and changes hangs on the rows, and the scratch has few.
    if mode <= LockMode::RowExclusive {
        return None;
    }
    if work > planned.work {
        return Some((true, stops(mode) >= Stops::Writes));
    }
    // A lock lasts for as long as the statement works, on whichever of its tables.
    (planned.work > most_work).then_some((false, false))
}

/// What a lock stops of what applications do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stops {
    Nothing,
    SchemaChanges,
    Writes,
    All,
}

const fn stops(mode: LockMode) -> Stops {
    match mode {
        LockMode::AccessShare | LockMode::RowShare | LockMode::RowExclusive => Stops::Nothing,
        LockMode::ShareUpdateExclusive => Stops::SchemaChanges,
        LockMode::Share | LockMode::ShareRowExclusive | LockMode::Exclusive => Stops::Writes,
        LockMode::AccessExclusive | LockMode::DatabaseWrite => Stops::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ident;
    use crate::model::LockMode::{
        AccessExclusive, AccessShare, RowExclusive, Share, ShareRowExclusive, ShareUpdateExclusive,
    };
    use crate::model::LockWork::{Instant, Rewrite, Scan};

    fn lock(on: &str, mode: LockMode, work: LockWork) -> Lock {
        Lock {
            on: Some(Name::bare(Ident::folded(on))),
            mode,
            work,
        }
    }

    #[test]
    fn what_is_seen_is_held_against_the_plan() {
        let ax = |work| lock("t", AccessExclusive, work);
        let cases = [
            ("nothing at all", vec![], vec![], vec![], None),
            ("the same", vec![ax(Scan)], vec![ax(Scan)], vec![], None),
            (
                "a rewrite that was called instant",
                vec![ax(Instant)],
                vec![ax(Rewrite)],
                vec![],
                Some(("cost-missed", Severity::Warning)),
            ),
            (
                "a lock on another table",
                vec![ax(Instant)],
                vec![ax(Instant), lock("u", ShareRowExclusive, Instant)],
                vec![],
                Some(("cost-missed", Severity::Warning)),
            ),
            (
                "a lock that nobody feels",
                vec![],
                vec![lock("u", RowExclusive, Scan)],
                vec![],
                Some(("cost-missed", Severity::Note)),
            ),
            (
                "writes stop, where the plan stops writes too",
                vec![lock("t", Share, Scan)],
                vec![lock("t", ShareRowExclusive, Scan)],
                vec![],
                Some(("cost-missed", Severity::Note)),
            ),
            (
                "writes stop, where the plan lets them go on",
                vec![lock("t", ShareUpdateExclusive, Scan)],
                vec![lock("t", Share, Scan)],
                vec![],
                Some(("cost-missed", Severity::Warning)),
            ),
            (
                "less work",
                vec![ax(Rewrite)],
                vec![ax(Instant)],
                vec![],
                Some(("cost-cautious", Severity::Note)),
            ),
            (
                "a weaker lock",
                vec![ax(Instant)],
                vec![lock("t", Share, Instant)],
                vec![],
                Some(("cost-cautious", Severity::Note)),
            ),
            (
                "no lock",
                vec![ax(Instant)],
                vec![],
                vec![],
                Some(("cost-cautious", Severity::Note)),
            ),
            (
                "a lock that was held before is not taken again",
                vec![ax(Instant)],
                vec![],
                vec![("t", AccessExclusive)],
                None,
            ),
            (
                "one that was held more weakly is",
                vec![ax(Instant)],
                vec![],
                vec![("t", Share)],
                Some(("cost-cautious", Severity::Note)),
            ),
            (
                "the other end of a foreign key is held while this one is read",
                vec![
                    lock("t", ShareRowExclusive, Scan),
                    lock("u", ShareRowExclusive, Scan),
                ],
                vec![
                    lock("t", ShareRowExclusive, Scan),
                    lock("u", ShareRowExclusive, Instant),
                ],
                vec![],
                None,
            ),
            (
                "how many rows a write meets is the rows' own",
                vec![lock("t", RowExclusive, Rewrite)],
                vec![lock("t", RowExclusive, Scan)],
                vec![],
                None,
            ),
            (
                "what every query takes is left out",
                vec![lock("t", AccessShare, Instant)],
                vec![lock("u", AccessShare, Instant)],
                vec![],
                None,
            ),
            (
                "heavier and lighter is heavier",
                vec![ax(Rewrite)],
                vec![lock("u", AccessExclusive, Instant)],
                vec![],
                Some(("cost-missed", Severity::Warning)),
            ),
        ];
        for (what, planned, locks, held, expected) in cases {
            let held = held.into_iter();
            let costed = Costed {
                line: 1,
                kinds: Vec::new(),
                understood: true,
                planned,
                seen: Seen::Locks(Taken {
                    locks,
                    held: held
                        .map(|(name, mode)| (Name::bare(Ident::folded(name)), mode))
                        .collect(),
                    ..Taken::default()
                }),
            };
            let said = costed.complaint(Dialect::Postgres);
            let said = said.map(|one| (one.kind, one.severity));
            assert_eq!(said, expected, "{what}");
        }
    }

    #[test]
    fn what_was_not_seen_is_not_complained_of() {
        let unseen = Costed {
            line: 1,
            kinds: Vec::new(),
            understood: true,
            planned: vec![lock("t", AccessExclusive, Rewrite)],
            seen: Seen::Not("it was over too soon".to_owned()),
        };
        assert!(unseen.complaint(Dialect::Postgres).is_none());
        assert_eq!(unseen.agreement(Dialect::Postgres), CostAgreement::Unseen);
    }
}
