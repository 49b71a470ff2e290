//! The time that passes here, as a parameter of whatever waits: a test lets it pass without waiting.

use std::time::{Duration, Instant};

/// A clock that can be waited on.
pub trait Clock {
    /// The milliseconds since some moment.
    fn now_ms(&self) -> u64;

    /// Lets so many milliseconds pass.
    fn wait_ms(&mut self, ms: u64);
}

/// The clock of this machine, which nobody can set back.
#[derive(Clone, Copy, Debug)]
pub struct Wall(Instant);

impl Wall {
    /// Begins to count.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Wall {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn wait_ms(&mut self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}
