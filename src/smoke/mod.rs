//! What a slot has to answer before traffic may come to it, and whether what it answered is that.
//!
//! Values and judgements only: whoever asks, how often and over what, hands in what came back.

mod expect;
mod outcome;

pub use expect::{Expect, Pattern, Pointer, Seen, Statuses};
pub use outcome::{Kind, Mismatch, Outcome, Tested};

/// Something that a slot is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What people call it.
    pub name: String,
    /// What is asked.
    pub question: Question,
    /// How long and how often.
    pub patience: Patience,
}

/// What is asked of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A request to the slot's address.
    Http(Box<Http>),
    /// A command that must end with status 0.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
    },
}

/// A request, and the answer that it has to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// `GET`, `POST`, …
    pub method: String,
    /// Below the slot's address; begins with `/`.
    pub path: String,
    /// What to send besides.
    pub headers: Vec<(String, String)>,
    /// What to send as the body.
    pub body: Option<String>,
    /// What has to come back.
    pub expect: Expect,
}

/// How long and how often something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long one attempt may take, in milliseconds.
    pub timeout_ms: u64,
    /// After how many attempts it has failed; at least one.
    pub attempts: u32,
    /// How long to wait before the second attempt, in milliseconds; each later wait is twice as long.
    pub backoff_ms: u64,
}

/// The longest wait between two attempts, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 10_000;

impl Patience {
    /// How long to wait after this attempt, counted from 1, in milliseconds; `None` when it was the last.
    pub fn pause_after_ms(&self, attempt: u32) -> Option<u64> {
        if attempt >= self.attempts {
            return None;
        }
        let doubled = 1_u64.checked_shl(attempt.saturating_sub(1));
        let pause_ms = self.backoff_ms.saturating_mul(doubled.unwrap_or(u64::MAX));
        Some(pause_ms.min(LONGEST_PAUSE_MS.max(self.backoff_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_as_long_until_the_attempts_are_used_up() {
        let patience = |attempts, backoff_ms| Patience {
            timeout_ms: 1,
            attempts,
            backoff_ms,
        };
        let waits = |patience: Patience| -> Vec<_> {
            (1..).map_while(|at| patience.pause_after_ms(at)).collect()
        };
        assert_eq!(waits(patience(1, 500)), [0_u64; 0]);
        assert_eq!(waits(patience(5, 500)), [500, 1_000, 2_000, 4_000]);
        assert_eq!(waits(patience(4, 6_000)), [6_000, 10_000, 10_000]);
        assert_eq!(waits(patience(3, 60_000)), [60_000, 60_000]);
        assert_eq!(patience(200, 1).pause_after_ms(150), Some(10_000));
    }
}
