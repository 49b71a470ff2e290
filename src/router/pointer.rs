//! A name in the file system that stands for a slot, and carries the epoch of who put it there.
//!
//! `live` is a symbolic link to `live.7.green`, which says in its own name which slot it is and by which epoch: one rename
//! changes both, so there is no moment in which a reader could see the slot of one attempt under the epoch of another.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::fence::{Fence, folder_of};
use super::{Aim, Deadline, Failure};

/// The name that the router, or whoever watches, looks at.
#[derive(Clone, Debug)]
pub(super) struct Pointer {
    pub(super) path: PathBuf,
}

/// What the name says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) slot: String,
    pub(super) epoch: u64,
}

impl Pointer {
    /// What the link says; `None` when it is no link of ours.
    pub(super) fn mark(&self) -> io::Result<Option<Mark>> {
        match fs::read_link(&self.path) {
            Ok(target) => Ok(self.read_mark(&target)),
            // A plain file, or nothing at all.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn read_mark(&self, target: &Path) -> Option<Mark> {
        let target = target.to_str()?;
        let own = self.path.file_name()?.to_str()?;
        let (epoch, slot) = target
            .strip_prefix(own)?
            .strip_prefix('.')?
            .split_once('.')?;
        Some(Mark {
            slot: slot.to_owned(),
            epoch: epoch.parse().ok()?,
        })
    }

    /// Makes what the link shall lead to, by `make`, and moves the link there.
    pub(super) fn shift(
        &self,
        aim: &Aim,
        deadline: Deadline,
        make: impl Fn(&Path, &str) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let Some(slot) = aim.weights.whole() else {
            return Err(Failure::Unmoved(
                "this driver sends all traffic to one slot; driver `haproxy` shares it".to_owned(),
            ));
        };
        let _fence = Fence::around(&self.path, deadline)?;
        let unmoved =
            |error: io::Error| Failure::Unmoved(format!("{}: {error}", self.path.display()));
        let before = self.mark().map_err(unmoved)?;
        aim.yields_to(before.map(|mark| mark.epoch))?;
        let name = self.name_of(aim.epoch, slot);
        self.move_to(&name, slot, make).map_err(unmoved)?;
        self.sweep(&name);
        Ok(())
    }

    fn name_of(&self, epoch: u64, slot: &str) -> String {
        let own = self.path.file_name().unwrap_or_default();
        format!("{}.{epoch}.{slot}", own.display())
    }

    fn move_to(
        &self,
        name: &str,
        slot: &str,
        make: impl Fn(&Path, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        let folder = folder_of(&self.path);
        let target = folder.join(name);
        remove(&target)?;
        make(&target, slot)?;
        let fresh = folder.join(format!("{name}.new"));
        remove(&fresh)?;
        std::os::unix::fs::symlink(name, &fresh)?;
        fs::rename(&fresh, &self.path)?;
        fs::File::open(folder)?.sync_all()
    }

    /// Removes what earlier links led to. Nobody needs it, so that it cannot be removed is no failure.
    fn sweep(&self, keep: &str) {
        let Ok(entries) = fs::read_dir(folder_of(&self.path)) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name != keep && self.read_mark(Path::new(&name)).is_some() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
