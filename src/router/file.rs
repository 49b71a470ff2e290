//! A file that holds the name of the live slot: the embedded default, for a proxy or a script that reads it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::fence::{folder_of, replace};
use super::pointer::Pointer;
use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router, Weights};

/// A file with one word in it.
#[derive(Clone, Debug)]
pub struct File {
    pointer: Pointer,
}

impl File {
    /// The file at a path; it need not be there yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            pointer: Pointer { path: path.into() },
        }
    }

    fn path(&self) -> &Path {
        &self.pointer.path
    }
}

impl Router for File {
    fn promises(&self) -> Promises {
        Promises {
            fenced: true,
            lossless: true,
            atomic: true,
            weighted: false,
        }
    }

    fn check(&self, _: Deadline) -> Vec<Remark> {
        let folder = folder_of(self.path());
        let mut remarks = vec![Remark::fine(format!(
            "a file is all that is written: {} has to be watched by whatever sends the traffic",
            self.path().display()
        ))];
        if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
            remarks.push(Remark::wrong(format!(
                "nothing can be written in {}: {error}; let this user write there",
                folder.display()
            )));
        }
        remarks
    }

    fn observe(&self, _: Deadline) -> Result<Reading, String> {
        let wrong = |error| format!("{}: {error}", self.path().display());
        let word = match std::fs::read_to_string(self.path()) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(wrong(error)),
        };
        // Whoever edits the file by hand writes through the link: the mark then tells of another slot, and not of him.
        let mark = self.pointer.mark().map_err(wrong)?;
        let mark = mark.filter(|mark| mark.slot == word);
        Ok(Reading {
            weights: match word.as_str() {
                "" => Weights::none(),
                slot => Weights::all(slot),
            },
            epoch: mark.map(|mark| mark.epoch),
            doubt: None,
        })
    }

    fn shift(&self, aim: &Aim, deadline: Deadline) -> Result<(), Failure> {
        self.pointer.shift(aim, deadline, |target, slot| {
            replace(target, &format!("{slot}\n"))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::within(Duration::from_secs(5))
    }

    fn seen(router: &File) -> (String, Option<u64>) {
        let reading = router.observe(soon()).unwrap();
        (reading.weights.to_string(), reading.epoch)
    }

    #[test]
    fn what_it_was_pointed_at_is_what_it_shows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("live");
        let router = File::at(&path);
        assert_eq!(seen(&router), ("no slot".to_owned(), None));
        router.shift(&Aim::at("green", 3), soon()).unwrap();
        assert_eq!(seen(&router), ("green".to_owned(), Some(3)));
        router.shift(&Aim::at("blue", 4), soon()).unwrap();
        assert_eq!(seen(&router), ("blue".to_owned(), Some(4)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "blue\n");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 3, "the link, what it leads to, and the lock");
    }

    #[test]
    fn a_write_of_an_older_epoch_is_refused_and_one_by_hand_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("live");
        let router = File::at(&path);
        router.shift(&Aim::at("green", 7), soon()).unwrap();
        let stale = router.shift(&Aim::at("blue", 6), soon());
        assert_eq!(stale, Err(Failure::Stale { epoch: 6, held: 7 }));
        assert_eq!(seen(&router), ("green".to_owned(), Some(7)));
        std::fs::write(&path, "blue\n").unwrap();
        assert_eq!(seen(&router), ("blue".to_owned(), None));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "green\n").unwrap();
        assert_eq!(seen(&router), ("green".to_owned(), None));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let router = File::at(folder.path());
        assert!(router.observe(soon()).is_err());
    }
}
