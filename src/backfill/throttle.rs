//! Whether there may be another batch now.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What a signal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Go on.
    Fine,
    /// Hold: what was seen.
    Over(String),
    /// It could not be read.
    Unreadable(String),
}

/// What holds a backfill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which signal: `replica lag`, `pause`.
    pub signal: String,
    /// What it says.
    pub why: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What the signals said so far.
#[derive(Clone, Debug, Default)]
pub struct Throttle {
    /// Each signal with what it last said, and when.
    last: BTreeMap<String, (Reading, DateTime<Utc>)>,
    held: Option<Hold>,
}

/// A signal that cannot be read counts as it did when it last could, but no longer than this, in seconds.
const BLIND_FOR_S: i64 = 15;

impl Throttle {
    /// What holds, after these signals were looked at; the first of several. What holds on keeps the time since when.
    pub fn look(&mut self, readings: Vec<(String, Reading)>, now: DateTime<Utc>) -> Option<&Hold> {
        let mut holds = None;
        for (signal, reading) in readings {
            let said = self.said(&signal, reading, now);
            if let (None, Some(why)) = (&holds, said) {
                holds = Some((signal, why));
            }
        }
        self.held = holds.map(|(signal, why)| {
            let before = self.held.take().filter(|held| held.signal == signal);
            Hold {
                since: before.map_or(now, |held| held.since),
                signal,
                why,
            }
        });
        self.held.as_ref()
    }

    /// Why a signal holds, if it does.
    fn said(&mut self, signal: &str, reading: Reading, now: DateTime<Utc>) -> Option<String> {
        let blind = match &reading {
            Reading::Unreadable(why) => Some(format!("it cannot be read: {why}")),
            _ => None,
        };
        let Some(blind) = blind else {
            self.last.insert(signal.to_owned(), (reading.clone(), now));
            return over(reading);
        };
        match self.last.get(signal) {
            Some((reading, at)) if now - at < TimeDelta::seconds(BLIND_FOR_S) => {
                over(reading.clone())
            }
            _ => Some(blind),
        }
    }
}

fn over(reading: Reading) -> Option<String> {
    match reading {
        Reading::Over(why) => Some(why),
        Reading::Fine | Reading::Unreadable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn unreadable() -> Reading {
        Reading::Unreadable("gone".to_owned())
    }

    fn over() -> Reading {
        Reading::Over("3 s behind".to_owned())
    }

    fn look(throttle: &mut Throttle, signal: &str, reading: Reading, now: i64) -> Option<i64> {
        let held = throttle.look(vec![(signal.to_owned(), reading)], at(now))?;
        Some((held.since - at(0)).num_seconds())
    }

    #[test]
    fn a_signal_that_was_never_read_holds_at_once() {
        let mut throttle = Throttle::default();
        assert_eq!(look(&mut throttle, "lag", unreadable(), 3), Some(3));
        let held = throttle.held.unwrap();
        assert_eq!(held.why, "it cannot be read: gone");
    }

    #[test]
    fn a_signal_that_goes_blind_holds_after_fifteen_seconds() {
        let mut throttle = Throttle::default();
        assert_eq!(look(&mut throttle, "lag", Reading::Fine, 0), None);
        assert_eq!(look(&mut throttle, "lag", unreadable(), 14), None);
        assert_eq!(look(&mut throttle, "lag", unreadable(), 15), Some(15));
        assert_eq!(look(&mut throttle, "lag", Reading::Fine, 16), None);
    }

    #[test]
    fn a_signal_that_held_and_goes_blind_holds_on() {
        let mut throttle = Throttle::default();
        assert_eq!(look(&mut throttle, "lag", over(), 0), Some(0));
        assert_eq!(look(&mut throttle, "lag", unreadable(), 5), Some(0));
        assert_eq!(look(&mut throttle, "lag", unreadable(), 50), Some(0));
    }

    #[test]
    fn what_holds_says_since_when_and_another_signal_begins_anew() {
        let mut throttle = Throttle::default();
        assert_eq!(look(&mut throttle, "lag", over(), 2), Some(2));
        assert_eq!(look(&mut throttle, "lag", over(), 9), Some(2));
        assert_eq!(look(&mut throttle, "query", over(), 12), Some(12));
        assert_eq!(look(&mut throttle, "query", Reading::Fine, 13), None);
        assert_eq!(look(&mut throttle, "query", over(), 14), Some(14));
    }

    #[test]
    fn of_several_the_first_is_named_and_all_have_to_be_fine() {
        let mut throttle = Throttle::default();
        let both = |first: Reading, second: Reading| {
            vec![("a".to_owned(), first), ("b".to_owned(), second)]
        };
        assert_eq!(
            throttle.look(both(over(), over()), at(0)).unwrap().signal,
            "a"
        );
        assert_eq!(
            throttle
                .look(both(Reading::Fine, over()), at(1))
                .unwrap()
                .signal,
            "b"
        );
        assert_eq!(
            throttle.look(both(Reading::Fine, Reading::Fine), at(2)),
            None
        );
    }
}
