//! How large a batch is, and how long to rest after it.

use std::collections::VecDeque;

/// How a backfill goes about it: as configured. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// How long to rest after a batch, as a multiple of the time that it took; 0 for no rest.
    pub nice: f64,
    /// How long a batch should take.
    pub target_ms: f64,
    /// How many rows the first batch has.
    pub first_rows: u64,
    /// How far replicas may be behind; PostgreSQL alone can be asked.
    pub max_lag_ms: Option<u64>,
    /// How many sessions may be working at once.
    pub max_running: Option<u64>,
    /// A query that has to find nothing, or a single 0 or false.
    pub query: Option<String>,
    /// An address that has to answer with status 200.
    pub http: Option<String>,
}

impl Default for Pace {
    /// Batches of 200 ms: whoever waits for a row waits no longer. A third of the time is the application's.
    fn default() -> Self {
        Self {
            nice: 0.5,
            target_ms: 200.0,
            first_rows: 500,
            max_lag_ms: None,
            max_running: None,
            query: None,
            http: None,
        }
    }
}

/// No batch is smaller: the way to the server would be most of it.
const FLOOR: f64 = 10.0;
/// No batch is larger, however quick: it holds as many locks.
const CEILING: f64 = 20_000.0;
/// As many batches are looked back at.
const LOOKED_AT: usize = 10;
/// A batch that takes so many times the target was no chance.
const PANIC: f64 = 5.0;
/// There is always a moment for somebody else.
const SHORTEST_REST_MS: f64 = 10.0;

/// Steers the size of batches by how long they take.
#[derive(Clone, Debug)]
pub struct Steer {
    rows: f64,
    fixed: bool,
    target_ms: f64,
    nice: f64,
    took_ms: VecDeque<f64>,
}

impl Steer {
    /// At `rows` a batch, which never grows where a directive says how many.
    pub fn new(pace: &Pace, rows: u64, fixed: bool) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "no batch has 2^53 rows")]
        Self {
            rows: rows as f64,
            fixed,
            target_ms: pace.target_ms.max(1.0),
            nice: pace.nice.max(0.0),
            took_ms: VecDeque::new(),
        }
    }

    /// How many rows the next batch has.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is kept between 1 and the ceiling"
    )]
    pub fn rows(&self) -> u64 {
        self.rows.max(1.0) as u64
    }

    /// A batch took so long: towards the target by the slowest but one of the last ten, by half at most.
    pub fn took(&mut self, ms: f64) {
        if self.fixed {
            return;
        }
        if ms > self.target_ms * PANIC {
            self.set(self.rows / 10.0);
            return;
        }
        self.took_ms.push_back(ms.max(0.1));
        if self.took_ms.len() > LOOKED_AT {
            self.took_ms.pop_front();
        }
        let mut sorted: Vec<f64> = self.took_ms.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let p90 = sorted[(sorted.len() * 9).div_ceil(10) - 1];
        let factor = (self.target_ms / p90).clamp(0.5, 1.5);
        self.rows = (self.rows * factor).clamp(FLOOR, CEILING);
        // What earlier batches took is scaled to the new size, so that it is not counted twice.
        for one in &mut self.took_ms {
            *one *= factor;
        }
    }

    /// A batch waited too long for a lock, or ran too long, and was rolled back: a smaller one meets fewer others.
    pub fn stumbled(&mut self) {
        if self.fixed {
            return;
        }
        self.set(self.rows / 2.0);
    }

    /// How long to rest after a batch, in milliseconds.
    pub fn rest_ms(&self, took_ms: f64) -> f64 {
        if self.nice == 0.0 {
            return 0.0;
        }
        (took_ms * self.nice).max(SHORTEST_REST_MS)
    }

    fn set(&mut self, rows: f64) {
        self.rows = rows.clamp(FLOOR, CEILING);
        self.took_ms.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steer() -> Steer {
        let pace = Pace::default();
        Steer::new(&pace, pace.first_rows, false)
    }

    /// Batches of a table in which each row takes so long; the sizes.
    fn sizes(row_ms: f64, batches: usize) -> Vec<u64> {
        let mut steer = steer();
        let mut sizes = Vec::new();
        for _ in 0..batches {
            sizes.push(steer.rows());
            #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
            steer.took(steer.rows() as f64 * row_ms);
        }
        sizes
    }

    #[test]
    fn a_batch_comes_to_take_the_target() {
        for (row_ms, rows) in [(0.1, 2000), (0.4, 500), (2.0, 100), (50.0, 10)] {
            let last = *sizes(row_ms, 40).last().unwrap();
            assert!(
                last.abs_diff(rows) <= rows / 10 + 1,
                "{row_ms} ms a row: {last} rows"
            );
        }
    }

    #[test]
    fn a_batch_grows_by_half_at_most_and_has_a_ceiling_and_a_floor() {
        let grown = sizes(0.000_1, 40);
        for pair in grown.windows(2) {
            assert!(pair[1] <= pair[0] * 3 / 2 + 1, "{pair:?}");
        }
        assert_eq!(grown.last(), Some(&20_000));
        assert_eq!(sizes(500.0, 5).last(), Some(&10));
    }

    #[test]
    fn a_batch_that_takes_five_times_the_target_makes_the_next_a_tenth() {
        let mut steer = steer();
        steer.took(1001.0);
        assert_eq!(steer.rows(), 50);
    }

    #[test]
    fn a_batch_that_waited_in_vain_makes_the_next_half_as_large() {
        let mut steer = steer();
        steer.stumbled();
        assert_eq!(steer.rows(), 250);
    }

    #[test]
    fn a_size_that_a_directive_says_stays() {
        let mut steer = Steer::new(&Pace::default(), 7, true);
        for ms in [0.1, 5000.0] {
            steer.took(ms);
        }
        steer.stumbled();
        assert_eq!(steer.rows(), 7);
    }

    #[test]
    fn the_rest_is_a_share_of_the_work_and_never_nothing_unless_asked_for() {
        let rest = |nice, took_ms| {
            let pace = Pace {
                nice,
                ..Pace::default()
            };
            Steer::new(&pace, 500, false).rest_ms(took_ms)
        };
        for (nice, took_ms, rested_ms) in [
            (0.5, 200.0, 100.0),
            (0.5, 2.0, 10.0),
            (2.0, 100.0, 200.0),
            (0.0, 200.0, 0.0),
        ] {
            assert!(
                (rest(nice, took_ms) - rested_ms).abs() < 1e-9,
                "{nice} {took_ms}"
            );
        }
    }
}
