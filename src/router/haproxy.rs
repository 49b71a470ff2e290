//! `HAProxy`, told over its runtime socket: nothing is reloaded, and no request is lost.
//!
//! One entry of a map holds the slot together with the epoch, `app green:7`, so that both change at one moment:
//! `use_backend %[str(app),map(/etc/haproxy/live.map),field(1,:)]`. Where traffic is shared, the weights of a backend's
//! servers decide, and the entry says what they were set to, and by which epoch.
//!
//! What the runtime is told a reload forgets. So the map file is written too, and the servers' state; what is read back is
//! the running process, and a file that says something else is a doubt.
//! (docs.haproxy.org/2.6/management.html, section 9.3)

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fence::{Fence, folder_of, replace};
use super::note::Note;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};

/// `HAProxy`.
#[derive(Clone, Debug)]
pub struct Haproxy {
    /// Its runtime socket: a path, or `host:port`.
    pub socket: String,
    /// The map file, by the name that it has in `HAProxy`'s configuration.
    pub map: PathBuf,
    /// The entry of it that is ours.
    pub key: String,
    /// The backend whose servers share the traffic, and where their weights are kept for a reload.
    pub shared: Option<(String, PathBuf)>,
    /// Its backends, or the servers of that backend.
    pub targets: Targets,
}

impl Router for Haproxy {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            lossless: true,
            atomic: true,
            weighted: self.shared.is_some(),
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        let version = match self.ask("show info", deadline) {
            Err(silent) => {
                return vec![Remark::wrong(format!(
                    "{silent}; look at `socket`, and at `stats socket` in HAProxy's configuration"
                ))];
            }
            Ok(info) => info
                .lines()
                .find_map(|line| line.strip_prefix("Version: "))
                .unwrap_or("of an unknown version")
                .to_owned(),
        };
        let mut remarks = vec![Remark::fine(format!(
            "HAProxy {version} answers on {}",
            self.socket
        ))];
        match self.ask("show cli level", deadline) {
            Ok(level) if level.trim() == "admin" => {}
            Ok(level) => remarks.push(Remark::wrong(format!(
                "the socket has the level `{}`: write `level admin` after its `stats socket`",
                level.trim()
            ))),
            Err(silent) => remarks.push(Remark::wrong(silent.to_string())),
        }
        for (slot, target) in self.targets.iter() {
            if let Err(why) = self.serves(target, deadline) {
                remarks.push(Remark::wrong(format!("slot {slot}: {why}")));
            }
        }
        match self.observe(deadline) {
            Err(why) => remarks.push(Remark::wrong(why)),
            Ok(Reading {
                doubt: Some(doubt), ..
            }) => remarks.push(Remark::wrong(doubt)),
            Ok(_) => {}
        }
        for file in self.files() {
            if let Err(error) = tempfile::NamedTempFile::new_in(folder_of(file)) {
                remarks.push(Remark::wrong(format!(
                    "nothing can be written beside {}: {error}; let this user write there",
                    file.display()
                )));
            }
        }
        if let Some((_, state)) = &self.shared {
            remarks.push(Remark::fine(format!(
                "the weights outlast a reload only with `server-state-file {}` and `load-server-state-from-file global` in \
                 HAProxy's configuration",
                state.display()
            )));
        }
        remarks
    }

    fn observe(&self, deadline: Deadline) -> Result<Reading, String> {
        let note = self.note(deadline)?;
        let Some((backend, state)) = &self.shared else {
            let weights = match &note {
                Some(note) => Weights::all(&self.targets.slot_of(&note.said)),
                None => Weights::none(),
            };
            return Ok(Reading {
                weights,
                epoch: note.as_ref().and_then(|note| note.epoch),
                doubt: self.forgotten(note.as_ref()),
            });
        };
        let running = self
            .ask("show servers state", deadline)
            .map_err(|silent| silent.to_string())?;
        let weights = self.weights(backend, &running, "srv_uweight")?;
        let epoch = note.as_ref().and_then(|note| {
            // Whoever sets weights by hand does not touch the note: it then speaks of others.
            (note.weights().as_ref() == Some(&weights))
                .then_some(note.epoch)
                .flatten()
        });
        let kept = std::fs::read_to_string(state).unwrap_or_default();
        let kept = match self.weights(backend, &kept, "srv_uweight") {
            Ok(kept) => kept,
            // Nothing is kept yet: a reload brings what the configuration begins with.
            Err(_) => self.weights(backend, &running, "srv_iweight")?,
        };
        let doubt = (kept != weights).then(|| {
            format!(
                "a reload of HAProxy would bring other weights: {kept}, by {}",
                state.display()
            )
        });
        Ok(Reading {
            weights,
            epoch,
            doubt: doubt.or_else(|| self.forgotten(note.as_ref())),
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        let _fence = Fence::around(&self.map, deadline)?;
        let note = self.note(deadline).map_err(Failure::Unmoved)?;
        aim.yields_to(note.as_ref().and_then(|note| note.epoch))?;
        for (slot, _) in aim.weights.iter() {
            let target = self.targets.of_slot(slot);
            let target = target.ok_or_else(|| Failure::Unmoved(format!("`{slot}` is no slot")))?;
            self.serves(target, deadline).map_err(Failure::Unmoved)?;
        }
        match &self.shared {
            None => self.point(aim, note.is_some(), deadline),
            Some((backend, state)) => self.share(aim, (backend, state), note.is_some(), deadline),
        }
    }
}

impl Haproxy {
    /// All traffic to one backend.
    fn point(&self, aim: &Aim, known: bool, deadline: Deadline) -> Result<(), Failure> {
        let Some(target) = aim
            .weights
            .whole()
            .and_then(|slot| self.targets.of_slot(slot))
        else {
            return Err(Failure::Unmoved(
                "a map sends all traffic to one backend; to share it, write `backend` and `state_file` in [router]"
                    .to_owned(),
            ));
        };
        let value = format!("{target}:{}", aim.epoch);
        let reply = self
            .ask(&self.entry(&value, known), deadline)
            .map_err(Silent::failure)?;
        if !reply.trim().is_empty() {
            return Err(Failure::Unmoved(format!("HAProxy says: {}", reply.trim())));
        }
        self.keep(&value)
    }

    /// Each server its share.
    fn share(
        &self,
        aim: &Aim,
        (backend, state): (&str, &Path),
        known: bool,
        deadline: Deadline,
    ) -> Result<(), Failure> {
        let mut shares: Vec<_> = self
            .targets
            .iter()
            .map(|(slot, target)| (aim.weights.share(slot), target))
            .collect();
        // The greatest first, so that at no moment there is nobody to serve.
        shares.sort_by_key(|(share, _)| std::cmp::Reverse(*share));
        let mut line = String::new();
        for (share, server) in shares {
            line.push_str(&format!("set server {backend}/{server} weight {share}; "));
        }
        let value = Note::of(&aim.weights, aim.epoch).to_string();
        line.push_str(&self.entry(&value, known));
        let reply = self.ask(&line, deadline).map_err(Silent::failure)?;
        if !reply.trim().is_empty() {
            // Some of it may have been done.
            return Err(Failure::Unknown(format!("HAProxy says: {}", reply.trim())));
        }
        let running = self.ask("show servers state", deadline);
        let running = running.map_err(|silent| Failure::Unknown(silent.to_string()))?;
        replace(state, &running).map_err(|error| not_kept(state, &error))?;
        self.keep(&value)
    }

    /// What sets our entry of the map.
    fn entry(&self, value: &str, known: bool) -> String {
        let verb = if known { "set" } else { "add" };
        format!("{verb} map {} {} {value}", self.map.display(), self.key)
    }

    /// Writes our entry into the map file; what else is in it stays.
    fn keep(&self, value: &str) -> Result<(), Failure> {
        let kept = std::fs::read_to_string(&self.map);
        let kept = kept.map_err(|error| not_kept(&self.map, &error))?;
        let ours = format!("{} {value}", self.key);
        let mut lines: Vec<&str> = kept
            .lines()
            .filter(|line| self.value_in(line).is_none())
            .collect();
        lines.push(&ours);
        replace(&self.map, &(lines.join("\n") + "\n")).map_err(|error| not_kept(&self.map, &error))
    }

    /// The value of our entry, if this line is it.
    fn value_in<'a>(&self, line: &'a str) -> Option<&'a str> {
        let (key, value) = line.trim().split_once(char::is_whitespace)?;
        (key == self.key).then(|| value.trim())
    }

    /// Why a reload would bring something else than what runs.
    fn forgotten(&self, running: Option<&Note>) -> Option<String> {
        let kept = match std::fs::read_to_string(&self.map) {
            Ok(kept) => kept,
            Err(error) => return Some(format!("{}: {error}", self.map.display())),
        };
        let kept = kept
            .lines()
            .find_map(|line| self.value_in(line))
            .map(Note::read);
        (kept.as_ref() != running).then(|| {
            let kept = kept.map_or("nothing".to_owned(), |kept| kept.to_string());
            format!(
                "a reload of HAProxy would bring something else: {} says {kept}",
                self.map.display()
            )
        })
    }

    /// Our entry of the map, as the running process has it.
    fn note(&self, deadline: Deadline) -> Result<Option<Note>, String> {
        let map = self.map.display();
        let entries = self
            .ask(&format!("show map {map}"), deadline)
            .map_err(|silent| silent.to_string())?;
        if entries.starts_with("Unknown map") {
            return Err(format!(
                "HAProxy uses no map {map}: docs/routers.md shows the line that does"
            ));
        }
        let mut lines = entries.lines();
        Ok(lines.find_map(|line| {
            // An address stands before each.
            let (_, entry) = line.split_once(' ')?;
            self.value_in(entry).map(Note::read)
        }))
    }

    /// Refuses a backend or a server that is not there, or that is down: all its requests would fail.
    fn serves(&self, target: &str, deadline: Deadline) -> Result<(), String> {
        let (proxy, what) = match &self.shared {
            None => ((target, "BACKEND"), format!("backend `{target}`")),
            Some((backend, _)) => (
                (backend.as_str(), target),
                format!("server `{backend}/{target}`"),
            ),
        };
        let stat = self
            .ask("show stat", deadline)
            .map_err(|silent| silent.to_string())?;
        let mut rows = stat.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let status = rows
            .next()
            .and_then(|head| head.iter().position(|name| *name == "status"));
        let row = rows.find(|row| row.starts_with(&[proxy.0, proxy.1]));
        match (row, status) {
            (None, _) => Err(format!(
                "HAProxy has no {what}; `targets` in [router] says what it calls each slot"
            )),
            (Some(row), Some(at))
                if row.get(at).is_some_and(|status| {
                    status.starts_with("DOWN") || status.starts_with("MAINT")
                }) =>
            {
                Err(format!("HAProxy says that {what} is {}", row[at]))
            }
            (Some(_), _) => Ok(()),
        }
    }

    /// How the servers of a backend share the traffic, by this column of `show servers state`.
    fn weights(&self, backend: &str, state: &str, weight: &str) -> Result<Weights, String> {
        let mut lines = state
            .lines()
            .map(|line| line.trim_start_matches("# ").split(' ').collect::<Vec<_>>());
        let strange = || "HAProxy's `show servers state` has no columns that are known".to_owned();
        let head = lines
            .find(|row| row.first() == Some(&"be_id"))
            .ok_or_else(strange)?;
        let column = |name: &str| {
            head.iter()
                .position(|column| *column == name)
                .ok_or_else(strange)
        };
        let (be, server) = (column("be_name")?, column("srv_name")?);
        let (weight, admin) = (column(weight)?, column("srv_admin_state")?);
        let mut parts = Vec::new();
        for row in lines.filter(|row| row.get(be) == Some(&backend)) {
            // Maintenance and drain take a server out, whatever its weight.
            let out = row.get(admin) != Some(&"0");
            let part = row
                .get(weight)
                .and_then(|part| part.parse().ok())
                .ok_or_else(strange)?;
            let name = row.get(server).ok_or_else(strange)?;
            parts.push((self.targets.slot_of(name), if out { 0 } else { part }));
        }
        Ok(Weights::of_parts(parts))
    }

    fn files(&self) -> Vec<&Path> {
        let state = self.shared.iter().map(|(_, state)| state.as_path());
        std::iter::once(self.map.as_path()).chain(state).collect()
    }

    /// Says one line, and gives all that is answered.
    fn ask(&self, line: &str, deadline: Deadline) -> Result<String, Silent> {
        let left = deadline
            .left()
            .ok_or_else(|| self.silent(false, &"the time was up"))?;
        let connected = if self.socket.contains('/') {
            UnixStream::connect(&self.socket).and_then(|stream| {
                stream.set_read_timeout(Some(left))?;
                stream.set_write_timeout(Some(left))?;
                Ok(Box::new(stream) as Box<dyn Stream>)
            })
        } else {
            self.over_tcp(left)
        };
        let mut stream = connected.map_err(|error| self.silent(false, &error))?;
        let said = writeln!(stream, "{line}").and_then(|()| stream.flush());
        said.map_err(|error| self.silent(true, &error))?;
        let mut reply = Vec::new();
        match stream.read_to_end(&mut reply) {
            Ok(_) => Ok(String::from_utf8_lossy(&reply).into_owned()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(self.silent(true, &format!("no answer within {} ms", left.as_millis())))
            }
            Err(error) => Err(self.silent(true, &error)),
        }
    }

    fn over_tcp(&self, left: Duration) -> std::io::Result<Box<dyn Stream>> {
        let mut last = None;
        for address in self.socket.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(left))?;
                    stream.set_write_timeout(Some(left))?;
                    return Ok(Box::new(stream));
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::AddrNotAvailable.into()))
    }

    fn silent(&self, sent: bool, why: &dyn std::fmt::Display) -> Silent {
        Silent {
            sent,
            why: format!("HAProxy does not answer on {}: {why}", self.socket),
        }
    }
}

/// Either kind of socket.
trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// No answer.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
struct Silent {
    /// Whether `HAProxy` may have got the order.
    sent: bool,
    why: String,
}

impl Silent {
    fn failure(self) -> Failure {
        if self.sent {
            return Failure::Unknown(self.why);
        }
        Failure::Unmoved(self.why)
    }
}

fn not_kept(file: &Path, error: &std::io::Error) -> Failure {
    Failure::Unknown(format!(
        "traffic moved, but {} could not be written ({error}): a reload of HAProxy would undo it",
        file.display()
    ))
}
