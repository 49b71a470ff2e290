//! Clients that work without pause, and expect to read what they wrote, whichever release answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Users that are there from the beginning, `1` to so many, are called `u1`, `u2`, …
pub(crate) fn first_name(id: usize) -> String {
    format!("u{id}")
}

/// What became of the requests.
#[derive(Default, Debug)]
pub(crate) struct Tally {
    /// How many each release has answered as it should.
    pub(crate) answered: BTreeMap<String, usize>,
    /// What went wrong, each.
    pub(crate) failed: Vec<String>,
}

impl Tally {
    pub(crate) fn requests(&self) -> usize {
        self.answered.values().sum::<usize>() + self.failed.len()
    }
}

/// Clients at work.
pub(crate) struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Tally>>,
}

impl Clients {
    /// Starts so many, each with users of its own; half of them make a connection for each request.
    pub(crate) fn start(address: &str, clients: usize, users: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (1..=clients).map(|number| {
            let (stop, address) = (Arc::clone(&stop), address.to_owned());
            thread::spawn(move || {
                let mut client = Client::new(&address, number % 2 == 0);
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    client.round(number * 10_000_000, users, round);
                }
                client.tally
            })
        });
        let threads = threads.collect();
        Self { stop, threads }
    }

    /// Ends it, and gives what became of the requests.
    pub(crate) fn end(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for thread in self.threads {
            let tally = thread.join().unwrap();
            for (release, answered) in tally.answered {
                *all.answered.entry(release).or_default() += answered;
            }
            all.failed.extend(tally.failed);
        }
        all
    }
}

struct Client {
    agent: ureq::Agent,
    address: String,
    fresh: bool,
    tally: Tally,
}

impl Client {
    fn new(address: &str, fresh: bool) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false);
        Self {
            agent: config.build().into(),
            address: address.to_owned(),
            fresh,
            tally: Tally::default(),
        }
    }

    /// Somebody comes or is renamed, and is looked at; so is one who was there before.
    fn round(&mut self, own: usize, users: usize, round: usize) {
        let id = own + round % 50;
        let name = format!("n{id}-{round}");
        self.put(id, &name);
        self.expect(id, &name);
        let old = 1 + round * 7919 % users;
        self.expect(old, &first_name(old));
        thread::sleep(Duration::from_millis(2));
    }

    fn put(&mut self, id: usize, name: &str) {
        let mut request = self.agent.put(self.url(id));
        if self.fresh {
            request = request.header("connection", "close");
        }
        let answer = request.send(name);
        self.count(&format!("PUT {id}"), answer, "");
    }

    fn expect(&mut self, id: usize, name: &str) {
        let mut request = self.agent.get(self.url(id));
        if self.fresh {
            request = request.header("connection", "close");
        }
        let answer = request.call();
        self.count(&format!("GET {id}"), answer, name);
    }

    fn url(&self, id: usize) -> String {
        format!("http://{}/users/{id}", self.address)
    }

    fn count(
        &mut self,
        asked: &str,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
        expected: &str,
    ) {
        let read = answer.and_then(|mut answer| {
            let release = answer.headers().get("x-release");
            let release = release.and_then(|release| release.to_str().ok());
            let release = release.unwrap_or("nobody").to_owned();
            let body = answer.body_mut().read_to_string()?;
            Ok((release, answer.status(), body))
        });
        match read {
            Ok((release, status, body)) if status.is_success() && body == expected => {
                *self.tally.answered.entry(release).or_default() += 1;
            }
            Ok((release, status, body)) => self.tally.failed.push(format!(
                "{asked}: {release} answered {status} `{body}`, and not `{expected}`"
            )),
            Err(error) => self.tally.failed.push(format!("{asked}: {error}")),
        }
    }
}
