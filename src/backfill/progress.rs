//! How far a backfill is: kept in the record, and written in each batch's own transaction.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::throttle::Hold;

/// How far a backfill is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What it is at.
    pub stage: Stage,
    /// The table that it walks.
    pub table: String,
    /// How: `by key (id)`.
    pub how: String,
    /// What the cursor's meaning hangs on, where something may change it: the node of the table's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The first key when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Vec<String>>,
    /// The last key when it began; rows that come later are the application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Vec<String>>,
    /// The last key that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Vec<String>>,
    /// How many rows the table had, as the engine's statistics said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<u64>,
    /// Rows that were passed.
    pub examined: u64,
    /// Rows that were changed.
    pub changed: u64,
    /// Batches that were committed.
    pub batches: u64,
    /// How many rows the next batch has.
    pub batch_rows: u64,
    /// The time that batches took, in milliseconds.
    pub worked_ms: f64,
    /// The time that signals held it, in milliseconds.
    pub held_ms: f64,
    /// Rows passed in a second, of late, with rests and without the time that signals held it.
    pub rows_per_s: f64,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When this was written.
    pub updated: DateTime<Utc>,
    /// What holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Hold>,
    /// What was found after its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// Asks how many rows there is still something to do to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_query: Option<String>,
}

/// What a backfill is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// On its way through the table.
    Running,
    /// Through again, for rows that were written meanwhile.
    Sweeping,
    /// At its end.
    Done,
}

impl Stage {
    /// The word used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sweeping => "sweeping",
            Self::Done => "done",
        }
    }
}

/// What was found after the end of a backfill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How many rows there was still something to do to.
    pub remaining: u64,
    /// When they were counted.
    pub at: DateTime<Utc>,
}

/// How much the newest batch counts in the rate.
const WEIGHT: f64 = 0.1;

impl Progress {
    /// Another batch: so many rows passed and changed, with so much work and rest, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "no batch has 2^53 rows")]
    pub fn add(&mut self, examined: u64, changed: u64, worked_ms: f64, rested_ms: f64) {
        let seconds = (worked_ms + rested_ms).max(0.001) / 1000.0;
        let rate = examined as f64 / seconds;
        self.rows_per_s = if self.batches == 0 {
            rate
        } else {
            self.rows_per_s * (1.0 - WEIGHT) + rate * WEIGHT
        };
        self.examined += examined;
        self.changed += changed;
        self.batches += 1;
        self.worked_ms += worked_ms;
    }

    /// Which part of the way is done, from 0 to 1; `None` where nothing tells.
    ///
    /// By the place of the cursor where the key is a number, else by the engine's estimate of the rows.
    #[expect(clippy::cast_precision_loss, reason = "it is a share")]
    pub fn share(&self) -> Option<f64> {
        if self.stage != Stage::Running {
            return Some(1.0);
        }
        let number = |place: &Option<Vec<String>>| match place.as_deref() {
            Some([only]) => only.parse::<f64>().ok(),
            _ => None,
        };
        if let (Some(first), Some(bound)) = (number(&self.first), number(&self.bound))
            && bound > first
        {
            let at = number(&self.cursor).unwrap_or(first);
            return Some(((at - first) / (bound - first)).clamp(0.0, 1.0));
        }
        let estimate = self.estimate.filter(|rows| *rows > 0)?;
        // Statistics lag behind: nothing is done before it is.
        Some((self.examined as f64 / estimate as f64).min(0.99))
    }

    /// How long it will take from here, in seconds, without the time that signals may hold it.
    #[expect(clippy::cast_precision_loss, reason = "it is a guess")]
    pub fn left_s(&self) -> Option<f64> {
        let share = self.share()?;
        if self.stage != Stage::Running || share <= 0.0 || self.rows_per_s <= 0.0 {
            return None;
        }
        let all = self.examined as f64 / share;
        Some((all - self.examined as f64).max(0.0) / self.rows_per_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            stage: Stage::Running,
            table: "users".to_owned(),
            how: "by key (id)".to_owned(),
            file: None,
            first: Some(vec!["1".to_owned()]),
            bound: Some(vec!["1001".to_owned()]),
            cursor: None,
            estimate: Some(1000),
            examined: 0,
            changed: 0,
            batches: 0,
            batch_rows: 100,
            worked_ms: 0.0,
            held_ms: 0.0,
            rows_per_s: 0.0,
            started: DateTime::UNIX_EPOCH,
            updated: DateTime::UNIX_EPOCH,
            held: None,
            verified: None,
            remaining_query: None,
        }
    }

    #[test]
    fn the_share_is_the_cursors_where_the_key_is_a_number_and_the_rows_elsewhere() {
        let mut numeric = progress();
        numeric.cursor = Some(vec!["251".to_owned()]);
        assert_eq!(numeric.share(), Some(0.25));
        let mut other = progress();
        other.first = Some(vec!["a".to_owned()]);
        other.bound = Some(vec!["z".to_owned()]);
        other.examined = 500;
        assert_eq!(other.share(), Some(0.5));
        other.examined = 5000;
        assert_eq!(other.share(), Some(0.99));
        other.estimate = None;
        assert_eq!(other.share(), None);
    }

    #[test]
    fn what_is_left_is_told_by_the_rate_without_the_time_it_was_held() {
        let mut progress = progress();
        progress.cursor = Some(vec!["501".to_owned()]);
        progress.add(500, 400, 100.0, 400.0);
        progress.held_ms = 60_000.0;
        assert!((progress.rows_per_s - 1000.0).abs() < 1e-6);
        assert!((progress.left_s().unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(
            (progress.examined, progress.changed, progress.batches),
            (500, 400, 1)
        );
    }
}
