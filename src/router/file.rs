//! A file that holds the name of the live slot: the embedded default, for a proxy or a script that reads it.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use super::Router;
use crate::gate::Observed;

/// A file with one word in it.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
}

impl Router for File {
    fn observe(&self) -> Observed {
        match std::fs::read_to_string(&self.path) {
            Ok(text) if text.trim().is_empty() => Observed::Elsewhere("no slot".to_owned()),
            Ok(text) => Observed::At(text.trim().to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Observed::Elsewhere("no slot".to_owned())
            }
            Err(error) => Observed::Unreadable(format!("{}: {error}", self.path.display())),
        }
    }

    /// Readers see the old word or the new one, never a part: the file is written beside and renamed over.
    fn point(&self, slot: &str) -> std::io::Result<()> {
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut beside = tempfile::NamedTempFile::new_in(folder.unwrap_or(".".as_ref()))?;
        writeln!(beside, "{slot}")?;
        beside.as_file().sync_all()?;
        beside.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_was_pointed_at_is_what_it_shows() {
        let folder = tempfile::tempdir().unwrap();
        let router = File {
            path: folder.path().join("live"),
        };
        assert_eq!(router.observe(), Observed::Elsewhere("no slot".to_owned()));
        router.point("green").unwrap();
        assert_eq!(router.observe(), Observed::At("green".to_owned()));
        router.point("blue").unwrap();
        assert_eq!(router.observe(), Observed::At("blue".to_owned()));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let router = File {
            path: folder.path().to_owned(),
        };
        assert!(matches!(router.observe(), Observed::Unreadable(_)));
    }
}
