//! One writer at a time, for routers whose state is in files of this host.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::{Deadline, Failure};

/// A lock beside a file, held until it is dropped; the system releases it when the process dies, whatever kills it.
pub(super) struct Fence {
    _lock: File,
}

impl Fence {
    /// Waits for the lock. Whoever holds it and reads the epoch of what stands there decides, and nobody comes between.
    pub(super) fn around(path: &Path, deadline: Deadline) -> Result<Self, Failure> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let fail = |error: &dyn std::fmt::Display| {
            Failure::Unmoved(format!("{}: {error}", name.display()))
        };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(|error| fail(&error))?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { _lock: lock }),
                Err(TryLockError::WouldBlock) if deadline.left().is_some() => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => return Err(fail(&"another run holds it")),
                Err(TryLockError::Error(error)) => return Err(fail(&error)),
            }
        }
    }
}

/// Puts a file in another's place: readers see the old one or the new one, never a part, and after a crash of the host one
/// of the two is there.
pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = folder_of(path);
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    if let Ok(before) = std::fs::metadata(path) {
        beside.as_file().set_permissions(before.permissions())?;
    } else {
        readable(beside.as_file())?;
    }
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// The router often runs as another user, and a temporary file is nobody's but ours.
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    folder
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_waits_for_the_first_and_gives_up_at_its_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("live");
        let held = Fence::around(&path, Deadline::within(Duration::from_secs(1)));
        assert!(held.is_ok());
        let refused = Fence::around(&path, Deadline::within(Duration::from_millis(20)));
        assert!(matches!(refused, Err(Failure::Unmoved(why)) if why.contains("another run")));
        drop(held);
        assert!(Fence::around(&path, Deadline::within(Duration::from_millis(20))).is_ok());
    }
}
