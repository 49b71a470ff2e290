//! Asks a slot what its smoke test wants to know.

use std::path::Path;
use std::time::Duration;

use super::Clock;
use crate::call::{Command, Request, Tls, fetch};
use crate::smoke::{Check, Http, Kind, Mismatch, Outcome, Question, Seen};

/// Where a slot is, and what whoever asks it has to know.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// The slot's own address, past the router. Checks over HTTP need one.
    pub url: Option<&'a str>,
    /// Whom to believe over TLS.
    pub tls: &'a Tls,
    /// Where commands run.
    pub folder: &'a Path,
    /// What commands are told.
    pub environment: &'a [(String, String)],
}

/// Asks all of it, one check after the other; a failed one does not keep the others from being asked. `tell` hears of
/// each attempt that is going to be repeated.
pub fn ask_slot(
    checks: &[Check],
    address: &Address<'_>,
    clock: &mut impl Clock,
    tell: &mut dyn FnMut(&Check, u32, &[Mismatch]),
) -> Vec<Outcome> {
    let each = checks.iter();
    each.map(|check| {
        tried(check, clock, tell, |check| {
            let timeout = Duration::from_millis(check.patience.timeout_ms);
            match &check.question {
                Question::Http(http) => ask(http, address, timeout),
                Question::Command { words } => run(words, address, timeout),
            }
        })
    })
    .collect()
}

/// Tries a check until it passes, or its attempts are used up.
fn tried(
    check: &Check,
    clock: &mut impl Clock,
    tell: &mut dyn FnMut(&Check, u32, &[Mismatch]),
    mut attempt: impl FnMut(&Check) -> Vec<Mismatch>,
) -> Outcome {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let started_ms = clock.now_ms();
        let mismatches = attempt(check);
        let took_ms = clock.now_ms() - started_ms;
        let pause_ms = check.patience.pause_after_ms(attempts);
        if let Some(pause_ms) = pause_ms.filter(|_| !mismatches.is_empty()) {
            tell(check, attempts, &mismatches);
            clock.wait_ms(pause_ms);
            continue;
        }
        return Outcome {
            name: check.name.clone(),
            kind: match check.question {
                Question::Http(_) => Kind::Http,
                Question::Command { .. } => Kind::Command,
            },
            attempts,
            took_ms,
            mismatches,
        };
    }
}

fn ask(http: &Http, address: &Address<'_>, timeout: Duration) -> Vec<Mismatch> {
    let Some(base) = address.url else {
        return vec![Mismatch::new(
            "an address of the slot",
            "none is configured: write `url = \"http://…\"` below `[slots.NAME]`",
        )];
    };
    let url = format!("{}{}", base.trim_end_matches('/'), http.path);
    let request = Request {
        method: &http.method,
        url: &url,
        headers: &http.headers,
        body: http.body.as_deref().map(str::as_bytes),
        timeout,
    };
    match fetch(&request, address.tls) {
        Ok(answer) => http.expect.judge(&Seen {
            status: answer.status,
            headers: &answer.headers,
            body: &answer.body,
            took_ms: u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
        }),
        Err(error) => vec![Mismatch::new(
            format!("an answer from {url}"),
            error.message,
        )],
    }
}

fn run(words: &[String], address: &Address<'_>, timeout: Duration) -> Vec<Mismatch> {
    let command = Command {
        words,
        folder: address.folder,
        environment: address.environment,
        input: b"",
        timeout,
    };
    let got = match command.run() {
        Ok(ended) if ended.status.success() => return Vec::new(),
        Ok(ended) => ended.told(),
        Err(error) => error.to_string(),
    };
    vec![Mismatch::new("exit status 0", got)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::Patience;

    /// A clock whose time passes at once; an attempt takes a millisecond.
    #[derive(Default)]
    struct Told {
        now_ms: std::cell::Cell<u64>,
        waited_ms: Vec<u64>,
    }

    impl Clock for Told {
        fn now_ms(&self) -> u64 {
            self.now_ms.set(self.now_ms.get() + 1);
            self.now_ms.get()
        }

        fn wait_ms(&mut self, ms: u64) {
            self.waited_ms.push(ms);
        }
    }

    /// Passes at the attempt of this number.
    fn passing_at(number: u32, attempts: u32) -> (Outcome, Vec<u64>, usize) {
        let check = Check {
            name: "up".to_owned(),
            question: Question::Command {
                words: vec!["true".to_owned()],
            },
            patience: Patience {
                timeout_ms: 1,
                attempts,
                backoff_ms: 100,
            },
        };
        let mut clock = Told::default();
        let (mut tried_so_far, mut told) = (0, 0);
        let outcome = tried(&check, &mut clock, &mut |_, _, _| told += 1, |_| {
            tried_so_far += 1;
            match tried_so_far {
                so_far if so_far < number => vec![Mismatch::new("yes", "no")],
                _ => Vec::new(),
            }
        });
        (outcome, clock.waited_ms, told)
    }

    #[test]
    fn it_is_tried_until_it_passes() {
        let (outcome, waited_ms, told) = passing_at(3, 5);
        assert!(outcome.passed());
        assert_eq!((outcome.attempts, outcome.took_ms), (3, 1));
        assert_eq!(waited_ms, [100, 200]);
        assert_eq!(told, 2);
    }

    #[test]
    fn it_has_failed_after_its_last_attempt_which_nobody_waits_after() {
        let (outcome, waited_ms, told) = passing_at(4, 3);
        assert_eq!(outcome.mismatches, [Mismatch::new("yes", "no")]);
        assert_eq!((outcome.attempts, waited_ms.len(), told), (3, 2, 2));
    }
}
