//! How long something may take.

use std::time::{Duration, Instant};

/// The moment after which nothing more is sent, and no answer is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// That long from now.
    pub fn within(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// How long it is until then; `None` once it has passed.
    pub fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}
