//! Caddy, by a file with the address of the live slot's upstream: `"dial": "{file./run/app/live}"`.
//!
//! Caddy reads the file for each request, so one rename moves all traffic. Its admin API would do as well, but each change of
//! its configuration replaces the listening sockets, and resets connections that wait in the old ones.
//! (caddyserver.com/docs/conventions, placeholders; 2.8 and later)

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use super::fence::{folder_of, replace};
use super::pointer::Pointer;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Targets, Weights};

/// A file with the address of an upstream.
#[derive(Clone, Debug)]
pub struct Caddy {
    pointer: Pointer,
    targets: Targets,
}

impl Caddy {
    /// The file at a path, and the slots' addresses.
    pub fn at(path: PathBuf, targets: Targets) -> Self {
        Self {
            pointer: Pointer { path },
            targets,
        }
    }
}

impl Router for Caddy {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            lossless: true,
            atomic: true,
            weighted: false,
        }
    }

    fn check(&self, deadline: Deadline) -> Vec<Remark> {
        let mut remarks = vec![Remark::fine(format!(
            "the upstream of Caddy (2.8 or later) has to be `\"dial\": \"{{file.{}}}\"`: nothing else of its configuration is looked \
             at",
            self.pointer.path.display()
        ))];
        for (slot, address) in self.targets.iter() {
            if let Err(why) = answers(address, deadline) {
                remarks.push(Remark::wrong(format!(
                    "slot {slot}: {why}; `targets` in [router] names each slot's address"
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
        let wrong = |error| format!("{}: {error}", self.pointer.path.display());
        let address = match std::fs::read_to_string(&self.pointer.path) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(wrong(error)),
        };
        if address.is_empty() {
            return Ok(Reading {
                weights: Weights::none(),
                epoch: None,
                doubt: None,
            });
        }
        let slot = self.targets.slot_of(&address);
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
            let address = self.targets.of_slot(slot);
            let address =
                address.ok_or_else(|| Failure::Unmoved(format!("`{slot}` is no slot")))?;
            answers(address, deadline).map_err(Failure::Unmoved)?;
        }
        self.pointer.shift(aim, deadline, |file, slot| {
            // The whole file is the address: a line's end would be part of it.
            replace(file, self.targets.of_slot(slot).unwrap_or(slot))
        })
    }
}

/// Whether somebody listens there. Names and paths that are Caddy's to make sense of pass.
fn answers(address: &str, deadline: Deadline) -> Result<(), String> {
    let Ok(addresses) = address.to_socket_addrs() else {
        return Ok(());
    };
    let left = deadline.left().unwrap_or(Duration::from_millis(1));
    let mut last = None;
    for one in addresses {
        match TcpStream::connect_timeout(&one, left) {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    let why = last.map_or("it has no address".to_owned(), |error| error.to_string());
    Err(format!("nobody answers on {address}: {why}"))
}
