//! A symbolic link to the unix socket of the live slot, for any proxy that connects to the link anew for each request or
//! connection: nginx (`proxy_pass http://unix:/run/app/live.sock`), Caddy without upstream keep-alive.
//!
//! One rename moves all traffic: no reload, no lost request, no moment in which both sides answer.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::fence::folder_of;
use super::pointer::Pointer;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};

/// A link to the live slot's socket.
#[derive(Clone, Debug)]
pub struct Symlink {
    pointer: Pointer,
    targets: Targets,
}

impl Symlink {
    /// The link at a path, and the slots' sockets.
    pub fn at(path: PathBuf, targets: Targets) -> Self {
        Self {
            pointer: Pointer { path },
            targets,
        }
    }

    /// The socket that the link leads to in the end.
    fn leads_to(&self) -> std::io::Result<Option<PathBuf>> {
        let mut path = self.pointer.path.clone();
        // The link, and the marked one that it leads to.
        for _ in 0..2 {
            match std::fs::read_link(&path) {
                Ok(next) => path = folder_of(&path).join(next),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Some(path))
    }
}

impl Router for Symlink {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            lossless: true,
            atomic: true,
            weighted: false,
        }
    }

    fn check(&self, _: Deadline) -> Vec<Remark> {
        let mut remarks = vec![Remark::fine(format!(
            "the proxy has to connect to {} without keeping connections to it open (nginx: no `keepalive` in the upstream), \
             or they stay where they are",
            self.pointer.path.display()
        ))];
        for (slot, socket) in self.targets.iter() {
            if let Err(error) = UnixStream::connect(socket) {
                remarks.push(Remark::wrong(format!(
                    "slot {slot} does not answer on {socket}: {error}; `targets` in [router] names each slot's socket"
                )));
            }
        }
        let folder = folder_of(&self.pointer.path);
        if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
            remarks.push(Remark::wrong(format!(
                "nothing can be written in {}: {error}; let this user write there",
                folder.display()
            )));
        }
        remarks
    }

    fn observe(&self, _: Deadline) -> Result<Reading, String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", self.pointer.path.display());
        let Some(socket) = self.leads_to().map_err(wrong)? else {
            return Ok(Reading {
                weights: Weights::none(),
                epoch: None,
                doubt: None,
            });
        };
        let slot = self.targets.slot_of(&socket.to_string_lossy());
        let mark = self.pointer.mark().map_err(wrong)?;
        let mark = mark.filter(|mark| mark.slot == slot);
        Ok(Reading {
            weights: Weights::all(&slot),
            epoch: mark.map(|mark| mark.epoch),
            doubt: None,
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        for (slot, _) in aim.weights.iter() {
            let socket = self.targets.of_slot(slot);
            let socket = socket.ok_or_else(|| Failure::Unmoved(format!("`{slot}` is no slot")))?;
            // Behind a link that leads nowhere every request would fail.
            UnixStream::connect(socket).map_err(|error| {
                Failure::Unmoved(format!("nobody answers on {socket}: {error}"))
            })?;
        }
        self.pointer.shift(aim, deadline, |marked, slot| {
            let socket = self.targets.of_slot(slot).unwrap_or(slot);
            symlink(Path::new(socket), marked)
        })
    }
}
